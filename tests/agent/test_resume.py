"""A run that dies anywhere and is run again: nothing recorded is asked twice, no effect happens twice, and it ends the same."""

from collections import Counter

import pytest

from agent.loop import work
from agent.model import Model, ModelReply, ModelRequest, Usage
from agent.scripted import PlayedModel, call, say
from tests.agent.support import TOOLBOX, Died, MemoryRun, Shop, order, settings, ticket
from workflows.outcome import AskCustomer, Outcome, Reply

REFUND = {"order_id": "D-100001", "amount_minor": 4_500, "currency": "USD", "reason": "damaged"}
ORDERS = {"D-100001": order(), "D-100002": order("D-100002", "shipped")}
OPENING = (("get_customer", {}), ("find_orders", {}))
ANSWERED = (
    call(("get_order", {"order_id": "D-100001"}), ("get_order", {"order_id": "D-100002"}), seed="a"),
    call(("add_note", {"text": "Asked about both."}), seed="b"),
    say("I have refunded $45.00 to you."),
    say("Order D-100001 has arrived, and D-100002 is on its way."),
)
ASKED = (*ANSWERED[:2], call(("get_order", {"order_id": "D-100002"}), ("issue_refund", REFUND), seed="c"))


class Patient:
    """A model that answers by how far the conversation is, as a real one would, and keeps what it was asked."""

    names = ("scripted",)

    def __init__(self, script: tuple[ModelReply, ...]) -> None:
        self._script = script
        self.asked: list[ModelRequest] = []

    async def complete(self, request: ModelRequest) -> ModelReply:
        self.asked.append(request)
        return self._script[sum(message["role"] == "assistant" for message in request.messages)]


async def run_to_the_end(model: Model, run: MemoryRun) -> Outcome:
    return await work(ticket("Where are my lamps?"), run, model, TOOLBOX, settings(opening=OPENING))


def boundaries(script: tuple[ModelReply, ...]) -> int:
    """How many boundaries an undisturbed run passes: those of two reads, and of each step its two commits and its calls."""
    calls = sum(block["type"] == "tool_use" for reply in script for block in reply.content)
    return 2 * (2 + 2 * len(script) + calls)


@pytest.mark.parametrize("script", [ANSWERED, ASKED], ids=["answered", "asked"])
async def test_the_boundaries_are_all_visited(script: tuple[ModelReply, ...]) -> None:
    run = MemoryRun(Shop(orders=ORDERS))
    await run_to_the_end(Patient(script), run)
    # The read of D-100002 in the last step comes after a note, so it is made again.
    assert run.passed == boundaries(script)


@pytest.mark.parametrize("death", range(boundaries(ANSWERED)))
async def test_a_run_killed_anywhere_answers_as_if_nothing_had_happened(death: int) -> None:
    model, run = Patient(ANSWERED), MemoryRun(Shop(orders=ORDERS), die_at=death)
    with pytest.raises(Died):
        await run_to_the_end(model, run)
    settled = set(run.journal.replies)
    before = len(model.asked)
    outcome = await run_to_the_end(model, run.resumed())
    assert outcome == Reply("Order D-100001 has arrived, and D-100002 is on its way.", receipts=("rcp_1",))
    assert run.shop.effects == [("add_note", run.shop.actions["act_1"].key)]
    assert len(model.asked) - before == len(ANSWERED) - len(settled)


@pytest.mark.parametrize("death", range(boundaries(ASKED)))
async def test_a_run_killed_anywhere_asks_the_customer_about_one_action(death: int) -> None:
    model, run = Patient(ASKED), MemoryRun(Shop(orders=ORDERS), die_at=death)
    with pytest.raises(Died):
        await run_to_the_end(model, run)
    outcome = await run_to_the_end(model, run.resumed())
    assert isinstance(outcome, AskCustomer)
    assert Counter(action.tool for action in run.shop.actions.values()) == {"add_note": 1, "issue_refund": 1}


@pytest.mark.parametrize("death", range(0, boundaries(ANSWERED), 3))
async def test_a_run_killed_twice_still_spends_within_its_grant(death: int) -> None:
    model, run = Patient(ANSWERED), MemoryRun(Shop(orders=ORDERS), die_at=death)
    with pytest.raises(Died):
        await run_to_the_end(model, run)
    again = run.resumed()
    again.die_at = 3
    with pytest.raises(Died):
        await run_to_the_end(model, again)
    outcome = await run_to_the_end(model, run.resumed())
    assert isinstance(outcome, Reply)
    spent, granted = run.journal.spent, run.granted
    assert spent.tokens <= granted.tokens
    assert spent.microusd <= granted.microusd


async def test_a_resumed_run_sends_the_model_the_same_conversation() -> None:
    whole, part = Patient(ANSWERED), Patient(ANSWERED)
    await run_to_the_end(whole, MemoryRun(Shop(orders=ORDERS)))
    run = MemoryRun(Shop(orders=ORDERS), die_at=boundaries(ANSWERED) - 2)
    with pytest.raises(Died):
        await run_to_the_end(part, run)
    await run_to_the_end(part, run.resumed())
    assert part.asked[-1].messages == whole.asked[-1].messages


async def test_a_reply_that_was_lost_with_its_process_counts_as_paid() -> None:
    reply = say("It has arrived.").model_copy(update={"usage": Usage(input_tokens=900, output_tokens=9)})
    run = MemoryRun(Shop(orders=ORDERS), die_at=6)
    with pytest.raises(Died):
        await run_to_the_end(PlayedModel([reply]), run)
    lost = run.journal.reserved
    assert lost.tokens > 909
    await run_to_the_end(PlayedModel([reply]), run.resumed())
    assert run.journal.spent.tokens == lost.tokens + 909
