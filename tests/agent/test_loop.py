"""How runs end: each ending of the agent, and nothing answered that should not be."""

import pytest

from agent.loop import work
from agent.model import ModelInterrupted, ModelOverflow, ModelRejected, ModelReply, ModelUnavailable, Usage
from agent.run import Stop
from agent.scripted import PlayedModel, call, say
from tests.agent.support import TOOLBOX, MemoryRun, Shop, order, settings, texts_of, ticket
from tools.errors import RunSuperseded
from tools.ports import Json
from workflows.outcome import AskCustomer, AwaitApproval, Escalate, Outcome, Reason, Reply
from workflows.ticket import QuestionKind, Spending

REFUND = {"order_id": "D-100001", "amount_minor": 4_500, "currency": "USD", "reason": "damaged"}
LOOK = ("get_order", {"order_id": "D-100001"})


def shop() -> Shop:
    return Shop(orders={"D-100001": order()})


async def play(*script: ModelReply | Exception, run: MemoryRun | None = None, **changes: Json) -> tuple[Outcome, PlayedModel]:
    """Work a ticket with a model that says these things."""
    model = PlayedModel(script)
    outcome = await work(ticket(), run or MemoryRun(shop()), model, TOOLBOX, settings(**changes))
    return outcome, model


def reason_of(outcome: Outcome) -> Reason:
    assert isinstance(outcome, Escalate), outcome
    return outcome.reason


async def test_a_question_is_looked_up_and_answered() -> None:
    run = MemoryRun(shop())
    outcome, _ = await play(call(LOOK), say("Your order D-100001 has arrived."), run=run)
    assert outcome == Reply("Your order D-100001 has arrived.", resolves=True)
    assert run.shop.asked == [LOOK]


async def test_an_answer_that_asks_something_leaves_the_ticket_open() -> None:
    outcome, _ = await play(say("Which of the two lamps is this about?"))
    assert outcome == Reply("Which of the two lamps is this about?", resolves=False)


async def test_a_polite_closing_question_does_not_keep_the_ticket_open() -> None:
    outcome, _ = await play(say("Your order is here. Is there anything else I can do for you?"))
    assert isinstance(outcome, Reply)
    assert outcome.resolves


async def test_without_a_model_a_person_gets_the_ticket() -> None:
    outcome = await work(ticket("Hello?"), MemoryRun(), None, TOOLBOX, settings())
    assert reason_of(outcome) is Reason.MODEL_NOT_CONFIGURED
    assert 'The customer wrote: "Hello?"' in outcome.summary  # type: ignore[union-attr]


async def test_money_waits_for_the_customers_yes_in_words_that_the_model_did_not_write() -> None:
    run = MemoryRun(shop())
    outcome, _ = await play(call(("issue_refund", REFUND)), run=run)
    assert isinstance(outcome, AskCustomer)
    assert (outcome.kind, outcome.action_id) == (QuestionKind.CONFIRM, "act_1")
    assert "refund $45.00 on order D-100001 to Visa ending 4242" in outcome.text
    assert run.shop.effects == []


async def test_calls_behind_the_one_that_needs_a_yes_are_not_made() -> None:
    run = MemoryRun(shop())
    await play(call(LOOK, ("issue_refund", REFUND), ("issue_refund", {**REFUND, "amount_minor": 100})), run=run)
    assert [tool for tool, _ in run.shop.asked] == ["get_order", "issue_refund"]


async def test_a_large_refund_waits_for_a_colleague() -> None:
    outcome, _ = await play(call(("issue_refund", {**REFUND, "amount_minor": 60_000})))
    assert isinstance(outcome, AwaitApproval)
    assert "approval" in outcome.text
    assert outcome.action_id == "act_1"


async def test_a_refused_proposal_goes_back_to_the_model_with_its_reason() -> None:
    outcome, model = await play(
        call(("issue_refund", {**REFUND, "amount_minor": 99_999})), say("That is more than you paid for the order.")
    )
    assert isinstance(outcome, Reply)
    told = texts_of(model.requests[1].messages)
    assert "over_refund" in told
    assert "refund.conservation" in told
    assert "That is more than was paid." in told


async def test_a_lost_answer_of_the_shop_goes_to_a_person_and_is_not_tried_again() -> None:
    outcome, _ = await play(call(("issue_refund", REFUND)), run=MemoryRun(Shop(silent=True)))
    assert reason_of(outcome) is Reason.OUTCOME_UNKNOWN


async def test_after_the_customers_yes_the_model_tells_what_was_done() -> None:
    run = MemoryRun(shop())
    await play(call(("issue_refund", REFUND)), run=run)
    result = run.shop.confirm("act_1")
    model = PlayedModel([say("I have refunded $45.00 to your Visa.")])
    outcome = await work(ticket("My lamp is broken"), MemoryRun(run.shop), model, TOOLBOX, settings(), confirmed=result)
    assert outcome == Reply("I have refunded $45.00 to your Visa.", receipts=("rcp_1",))
    assert "rcp_1" in texts_of(model.requests[0].messages)


async def test_a_confirmed_action_that_needs_votes_waits_without_asking_the_model() -> None:
    big = Shop(orders={"D-100001": order()})
    result = big.call("issue_refund", {**REFUND, "amount_minor": 60_000}, "1:x")
    outcome = await work(ticket(), MemoryRun(big), PlayedModel([]), TOOLBOX, settings(), confirmed=result)
    assert isinstance(outcome, AwaitApproval)


async def test_the_agent_can_ask_for_a_person() -> None:
    outcome, _ = await play(call(("escalate", {"reason": "customer_asked", "summary": "She wants to talk."})))
    assert reason_of(outcome) is Reason.CUSTOMER_ASKED
    assert "Written by the model, unchecked: She wants to talk." in outcome.summary  # type: ignore[union-attr]


async def test_a_model_cannot_choose_a_reason_that_is_not_its_own() -> None:
    outcome, _ = await play(call(("escalate", {"reason": "killed", "summary": "x"})))
    assert reason_of(outcome) is Reason.OUT_OF_SCOPE


@pytest.mark.parametrize(
    ("stop", "reason"),
    [
        (Stop.TAKEN_OVER, Reason.TAKEN_OVER),
        (Stop.KILLED, Reason.KILLED),
        (Stop.COST_CAP, Reason.BUDGET_EXHAUSTED),
        (Stop.MAX_STEPS, Reason.BUDGET_EXHAUSTED),
    ],
)
async def test_what_happens_between_steps_ends_the_run(stop: Stop, reason: Reason) -> None:
    run = MemoryRun(shop(), stop_at={2: stop})
    outcome, model = await play(call(LOOK), run=run)
    assert reason_of(outcome) is reason
    assert len(model.requests) == 1
    assert "get_order" in outcome.summary  # type: ignore[union-attr]


async def test_a_newer_message_ends_the_run_without_an_outcome() -> None:
    with pytest.raises(RunSuperseded):
        await play(call(LOOK), run=MemoryRun(shop(), stop_at={2: Stop.NEWER_MESSAGE}))


async def test_a_run_that_only_looks_is_stopped_at_its_last_step() -> None:
    looks = [call(("get_order", {"order_id": f"D-{n}"})) for n in range(9)]
    granted = Spending(steps=3, tokens=60_000, microusd=250_000, seconds=180, tool_calls=20)
    outcome, model = await play(*looks, granted=granted)
    assert reason_of(outcome) is Reason.BUDGET_EXHAUSTED
    assert len(model.requests) == 3


async def test_the_same_answer_three_times_is_no_progress() -> None:
    outcome, model = await play(*[call(LOOK, seed=str(n)) for n in range(5)])
    assert reason_of(outcome) is Reason.NO_PROGRESS
    assert len(model.requests) == 3


async def test_an_identical_read_is_asked_of_the_shop_once() -> None:
    run = MemoryRun(shop())
    await play(call(LOOK, seed="1"), call(LOOK, seed="2"), say("It has arrived."), run=run)
    assert run.shop.asked == [LOOK]


async def test_a_read_is_made_again_after_a_change() -> None:
    run = MemoryRun(shop())
    note = ("add_note", {"text": "seen"})
    await play(call(LOOK, seed="1"), call(note), call(LOOK, seed="2"), say("It has arrived."), run=run)
    assert [tool for tool, _ in run.shop.asked] == ["get_order", "add_note", "get_order"]


async def test_an_unreachable_shop_ends_the_run_soon() -> None:
    outcome, model = await play(*[call(LOOK, seed=str(n)) for n in range(4)], run=MemoryRun(Shop(away=True)))
    assert reason_of(outcome) is Reason.BACKEND_UNAVAILABLE
    assert len(model.requests) == 2


async def test_too_many_refused_calls_end_the_run() -> None:
    wrong = [call(*[("get_order", {"order_id": f"D-{step}{n}"}) for n in range(3)]) for step in range(4)]
    outcome, model = await play(*wrong)
    assert reason_of(outcome) is Reason.TOOL_FAILED
    assert len(model.requests) == 2


async def test_a_call_cut_off_by_the_limit_is_never_run() -> None:
    run = MemoryRun(shop())
    outcome, model = await play(
        call(("issue_refund", REFUND), stop_reason="max_tokens"), say("Your order has arrived."), run=run
    )
    assert isinstance(outcome, Reply)
    assert run.shop.asked == []
    assert "cut off" in texts_of(model.requests[1].messages)


async def test_half_a_sentence_is_no_answer() -> None:
    halves = [say("Your order is", stop_reason="max_tokens") for _ in range(3)]
    outcome, model = await play(*halves)
    assert reason_of(outcome) is Reason.NO_PROGRESS
    assert len(model.requests) == 3


@pytest.mark.parametrize("nothing", ["", " \n ", "\x1b", "\u200b\u2060"])
async def test_an_empty_reply_gets_one_more_chance(nothing: str) -> None:
    outcome, _ = await play(say(nothing), say("It has arrived."))
    assert outcome == Reply("It has arrived.")
    outcome, _ = await play(say(""), say(nothing))
    assert reason_of(outcome) is Reason.NO_PROGRESS


async def test_a_paused_turn_goes_on() -> None:
    outcome, model = await play(say("Still looking.", stop_reason="pause_turn"), say("It has arrived."))
    assert outcome == Reply("It has arrived.")
    assert model.requests[1].messages[-1]["role"] == "assistant"


async def test_a_refusal_goes_to_a_person_without_its_text() -> None:
    outcome, _ = await play(say("I would rather", stop_reason="refusal"))
    assert reason_of(outcome) is Reason.MODEL_REFUSED
    assert "rather" not in outcome.text  # type: ignore[union-attr]


async def test_a_full_context_is_shortened_once() -> None:
    full = say("I ran out of", stop_reason="model_context_window_exceeded")
    outcome, _ = await play(full, say("It has arrived."))
    assert outcome == Reply("It has arrived.")
    outcome, _ = await play(full, full)
    assert reason_of(outcome) is Reason.BUDGET_EXHAUSTED


async def test_a_request_too_large_for_the_server_is_shortened_once() -> None:
    outcome, _ = await play(ModelOverflow("request_too_large"), say("It has arrived."))
    assert outcome == Reply("It has arrived.")
    outcome, _ = await play(ModelOverflow("request_too_large"), ModelOverflow("request_too_large"))
    assert reason_of(outcome) is Reason.BUDGET_EXHAUSTED


async def test_many_orders_that_pass_the_token_limit_are_shortened_once() -> None:
    orders = {f"D-10{n:04}": {**order(f"D-10{n:04}"), "gift_message": "x" * 500} for n in range(50)}
    granted = Spending(steps=12, tokens=30_000, microusd=250_000, seconds=180, tool_calls=20)
    run = MemoryRun(Shop(orders=orders), granted=granted)
    opening = (("find_orders", {}),)
    outcome, model = await play(say("Your order D-100001 has arrived."), run=run, granted=granted, opening=opening)
    assert outcome == Reply("Your order D-100001 has arrived.")
    assert "… 47 more" in texts_of(model.requests[0].messages)


async def test_an_unavailable_model_goes_to_a_person_and_costs_nothing() -> None:
    run = MemoryRun(shop())
    outcome, _ = await play(ModelUnavailable("status_529"), run=run)
    assert reason_of(outcome) is Reason.MODEL_UNAVAILABLE
    assert (run.journal.spent.tokens, run.journal.spent.microusd, run.journal.reserved) == (0, 0, Spending())


async def test_a_rejected_request_goes_to_a_person() -> None:
    outcome, _ = await play(ModelRejected("spend_limit"))
    assert reason_of(outcome) is Reason.MODEL_UNAVAILABLE


async def test_a_lost_answer_of_the_model_is_asked_again_and_counts_as_paid() -> None:
    run = MemoryRun(shop())
    outcome, model = await play(ModelInterrupted("connection_lost"), say("It has arrived."), run=run)
    assert outcome == Reply("It has arrived.")
    assert [request.attempt for request in model.requests] == [0, 1]
    assert run.journal.spent.tokens > 2_000
    assert run.journal.spent.steps == 2


async def test_a_model_whose_answers_are_always_lost_is_given_up() -> None:
    outcome, model = await play(*[ModelInterrupted("connection_lost")] * 5)
    assert reason_of(outcome) is Reason.MODEL_UNAVAILABLE
    assert len(model.requests) == 3


async def test_a_held_back_draft_may_be_written_once_more() -> None:
    outcome, model = await play(say("I have refunded $45.00 to you."), say("Your order has arrived."))
    assert outcome == Reply("Your order has arrived.")
    assert "no receipt" in texts_of(model.requests[1].messages)


async def test_a_second_bad_draft_goes_to_a_person_and_not_to_the_customer() -> None:
    outcome, _ = await play(say("I have refunded $45.00 to you."), say("Your refund has been issued."))
    assert reason_of(outcome) is Reason.GUARD
    assert "refund" not in outcome.text  # type: ignore[union-attr]
    assert "Written by the model, unchecked: Your refund" in outcome.summary  # type: ignore[union-attr]


async def test_what_was_checked_is_what_is_sent() -> None:
    outcome, _ = await play(say("It has arr\u200bived.\u202e"))
    assert outcome == Reply("It has arrived.")


async def test_a_call_of_an_unknown_tool_is_answered_and_the_run_goes_on() -> None:
    run = MemoryRun(shop())
    outcome, model = await play(call(("send_money", {})), say("It has arrived."), run=run)
    assert isinstance(outcome, Reply)
    assert run.shop.asked == []
    assert "no tool of that name" in texts_of(model.requests[1].messages)


@pytest.mark.parametrize(
    "args", ["D-100001", ["D-100001"], None, {"order_id": "D-100001", "as_admin": True}, {"x": "y" * 20_000}]
)
async def test_arguments_that_make_no_sense_are_answered_and_change_nothing(args: Json) -> None:
    outcome, _ = await play(call(("get_order", args)), say("It has arrived."))
    assert isinstance(outcome, Reply)


async def test_a_model_that_keeps_talking_nonsense_is_given_up() -> None:
    outcome, model = await play(*[call(("send_money", {"n": n})) for n in range(5)])
    assert reason_of(outcome) is Reason.NO_PROGRESS
    assert len(model.requests) == 3


async def test_of_fifty_calls_at_once_only_some_are_run_one_after_another() -> None:
    orders = {f"D-1000{n:02}": order(f"D-1000{n:02}") for n in range(50)}
    run = MemoryRun(Shop(orders=orders))
    many = call(*[("get_order", {"order_id": name}) for name in orders])
    outcome, model = await play(many, say("They have arrived."), run=run)
    assert isinstance(outcome, Reply)
    assert [args["order_id"] for _, args in run.shop.asked] == list(orders)[:8]
    results = [block for block in model.requests[1].messages[-1]["content"] if block["type"] == "tool_result"]
    assert len(results) == 50


async def test_the_tickets_tool_calls_are_counted_before_they_are_made() -> None:
    granted = Spending(steps=12, tokens=60_000, microusd=250_000, seconds=180, tool_calls=3)
    orders = {f"D-10000{n}": order(f"D-10000{n}") for n in range(9)}
    run = MemoryRun(Shop(orders=orders), granted=granted)
    two = [call(*[("get_order", {"order_id": f"D-10000{2 * step + n}"}) for n in range(2)]) for step in range(4)]
    outcome, _ = await play(*two, run=run, granted=granted)
    assert reason_of(outcome) is Reason.BUDGET_EXHAUSTED
    assert len(run.shop.asked) == 3
    assert run.journal.spent.tool_calls == 3


async def test_a_person_can_be_asked_for_when_no_tool_call_is_left() -> None:
    granted = Spending(steps=12, tokens=60_000, microusd=250_000, seconds=180, tool_calls=0)
    outcome, _ = await play(call(("escalate", {"reason": "policy", "summary": "x"})), granted=granted)
    assert reason_of(outcome) is Reason.POLICY


async def test_an_id_that_a_model_repeats_does_not_answer_a_new_call_with_an_old_effect() -> None:
    run = MemoryRun(shop())
    note = call(("add_note", {"text": "one"}))
    other = note.model_copy(update={"content": ({**note.content[0], "input": {"text": "two"}},)})
    await play(note, other, say("It has arrived."), run=run)
    assert [args for _, args in run.shop.asked] == [{"text": "one"}, {"text": "two"}]
    assert len(run.shop.effects) == 2


async def test_a_reply_with_blocks_of_a_kind_we_do_not_know_is_kept_for_the_model() -> None:
    thought = {"type": "thinking", "thinking": "hm", "signature": "s"}
    look = call(LOOK)
    reply = ModelReply(content=(thought, *look.content), stop_reason="tool_use", usage=Usage(), model="scripted")
    _, model = await play(reply, say("It has arrived."))
    assert model.requests[1].messages[1]["content"][0] == thought
