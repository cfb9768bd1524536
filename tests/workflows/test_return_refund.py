"""Customers whose goods should not stay with them."""

from dataclasses import replace

import pytest

from classifier.intents import Intent
from tests.workflows.fake_run import CREDIT
from tests.workflows.goods import BOB, an_order
from tests.workflows.talk import Talk
from tools.errors import Code
from workflows.catalogue import FLOWS
from workflows.flow import Ended
from workflows.outcome import AskCustomer, AwaitApproval, Escalate, HandOff, Reason, Reply
from workflows.ticket import FlowState, QuestionKind, TicketStatus
from workflows.understanding import CancelFlow, Correction, NewTopic, SlotAnswer, ThanksOnly, WantsPerson

BACK = Intent.RETURN_REFUND
YES_NO = "Please reply yes or no."


async def test_a_broken_article_is_refunded_after_a_yes_with_everything_shown_before() -> None:
    talk = Talk.about(an_order("D-100001", "Desk Lamp", status="delivered"))
    outcome = await talk.say("My lamp arrived broken, I want my money back", intent=BACK)
    assert isinstance(outcome, AskCustomer)
    assert outcome.kind is QuestionKind.CONFIRM
    for shown in ("Refund: $25.00", "Desk Lamp, order D-100001", "it is damaged or faulty", "To: Visa ending 4242", YES_NO):
        assert shown in outcome.text
    assert talk.run.effects == []
    outcome = await talk.say("👍")
    assert isinstance(outcome, Reply)
    assert "I have refunded $25.00 for Desk Lamp (order D-100001) to Visa ending 4242" in outcome.text
    assert outcome.receipts == ("rcp_1",)
    assert talk.run.effects == ["issue_refund"]
    args = {"order_id": "D-100001", "amount_minor": 2500, "currency": "USD", "reason": "damaged"}
    assert talk.run.called("issue_refund") == [args]


async def test_a_change_of_mind_is_a_return_and_its_money_waits_for_the_goods() -> None:
    talk = Talk.about(an_order("D-100001", "Desk Lamp", status="delivered"))
    await talk.say("I changed my mind about the lamp and want to send it back", intent=BACK)
    assert "Return: Desk Lamp, order D-100001" in talk.text
    outcome = await talk.say("yes please")
    assert isinstance(outcome, Reply)
    assert "is accepted" in outcome.text
    assert "As soon as we have received and checked the goods, $25.00 goes back to Visa ending 4242" in outcome.text
    args = {"order_id": "D-100001", "item_ids": ["D-100001-1"], "refund_to": "pm_visa"}
    assert talk.run.called("return_items") == [args]


async def test_order_items_and_reason_are_asked_one_by_one() -> None:
    talk = Talk.about(
        an_order("D-100001", "Cotton Shirt", "Linen Shirt", status="delivered"),
        an_order("D-100002", "Mug", status="delivered"),
        an_order("D-100003", "Chair", status="pending"),
    )
    await talk.say("I want to return something", intent=BACK)
    assert talk.slot == "order"
    assert "D-100003" not in talk.text
    await talk.say("D-100001")
    assert isinstance(talk.heard, SlotAnswer)
    assert talk.slot == "items"
    assert "- Cotton Shirt" in talk.text
    await talk.say("the linen one")
    assert talk.slot == "cause"
    await talk.say("it is the wrong size", intent=Intent.EXCHANGE)
    assert talk.slot == "confirm"
    assert "For: Linen Shirt, order D-100001" in talk.text
    await talk.say("ok do it")
    assert talk.run.called("issue_refund")[-1]["amount_minor"] == 2500


async def test_items_named_before_the_order_was_clear_are_not_asked_for_again() -> None:
    talk = Talk.about(
        an_order("D-100001", "Red Mug", "Lamp", status="delivered"),
        an_order("D-100002", "Blue Mug", "Chair", status="delivered"),
    )
    await talk.say("my mug came broken", intent=BACK)
    assert talk.slot == "order"
    await talk.say("D-100002")
    assert talk.slot == "confirm"
    assert "For: Blue Mug, order D-100002" in talk.text


@pytest.mark.parametrize("answer", ["both", "all of them", "everything please"])
async def test_all_items_are_refunded_together(answer: str) -> None:
    talk = Talk.about(an_order("D-100001", "Mug", "Lamp", status="delivered"))
    await talk.say("my order came damaged", intent=BACK)
    assert talk.slot == "items"
    await talk.say(answer)
    assert "Refund: $50.00" in talk.text
    assert "For: Mug and Lamp" in talk.text


async def test_a_mug_that_does_not_work_at_all_is_not_a_refund_of_the_lamp_too() -> None:
    talk = Talk.about(an_order("D-100001", "Mug", "Lamp", status="delivered"))
    await talk.say("I want my money back for the mug", intent=BACK)
    assert talk.slot == "cause"
    await talk.say("It doesn't work at all")
    assert "Refund: $25.00" in talk.text
    assert "For: Mug, order D-100001" in talk.text


async def test_no_more_is_offered_than_is_left_of_what_was_paid() -> None:
    talk = Talk.about(an_order("D-100001", "Mug", "Lamp", status="delivered", refunded=4000))
    await talk.say("both the mug and the lamp came broken", intent=BACK)
    assert "Refund: $10.00" in talk.text


async def test_an_order_that_was_refunded_in_full_is_not_refunded_again() -> None:
    talk = Talk.about(an_order("D-100001", "Mug", status="delivered", refunded=2500))
    outcome = await talk.say("my mug came broken", intent=BACK)
    assert isinstance(outcome, Reply)
    assert "nothing left to refund" in outcome.text
    assert talk.run.called("issue_refund") == []


async def test_the_other_item_is_a_correction_and_the_yes_covers_only_the_new_offer() -> None:
    talk = Talk.about(an_order("D-100001", "Mug", "Lamp", status="delivered"))
    await talk.say("the mug came broken", intent=BACK)
    await talk.say("yes, but only the lamp")
    assert isinstance(talk.heard, Correction)
    assert talk.run.effects == []
    assert "For: Lamp, order D-100001" in talk.text
    await talk.say("yes")
    assert [action.status for action in talk.run.actions.values()] == ["superseded", "succeeded"]


async def test_what_the_customer_broke_themselves_goes_to_a_person_and_is_not_paid() -> None:
    talk = Talk.about(an_order("D-100001", "Mug", status="delivered"))
    outcome = await talk.say("I want my money back for the mug, I dropped it and it cracked", intent=BACK)
    assert isinstance(outcome, HandOff)
    assert outcome.reason is Reason.POLICY
    assert talk.run.actions == {}


async def test_whoever_wants_another_size_sends_the_shirt_back_first() -> None:
    talk = Talk.about(an_order("D-100001", "Shirt", status="delivered"))
    await talk.say("I want to return the shirt, I need a different size", intent=BACK)
    assert "Return: Shirt, order D-100001" in talk.text
    assert talk.run.called("issue_refund") == []


async def test_another_order_resets_the_items() -> None:
    talk = Talk.about(
        an_order("D-100001", "Mug", "Lamp", status="delivered"), an_order("D-100002", "Chair", status="delivered")
    )
    await talk.say("the mug of D-100001 came broken", intent=BACK)
    await talk.say("no, I meant D-100002")
    assert "For: Chair, order D-100002" in talk.text


@pytest.mark.parametrize(("goods", "slot"), [(("Chair", "Mug"), "confirm"), (("Chair", "Sofa"), "items")])
async def test_items_are_looked_for_by_name_in_the_corrected_order(goods: tuple[str, str], slot: str) -> None:
    first, second = an_order("D-100001", "Mug", "Lamp", status="delivered"), an_order("D-100002", *goods, status="delivered")
    # Some shops number the lines of every order alike.
    lines = [line.model_copy(update={"id": other.id}) for line, other in zip(second.items, first.items, strict=True)]
    talk = Talk.about(first, second.model_copy(update={"items": tuple(lines)}))
    await talk.say("the mug of D-100001 came broken", intent=BACK)
    await talk.say("no, I meant D-100002")
    assert talk.slot == slot
    assert "For: Chair" not in talk.text


async def test_money_goes_back_the_way_it_came_whatever_the_text_says() -> None:
    talk = Talk.about(an_order("D-100001", "Mug", status="delivered"))
    await talk.say("my mug is broken. Refund it to my other card, IBAN DE89370400440532013000", intent=BACK)
    assert "Money can only go back the way you paid." in talk.text
    assert "To: Visa ending 4242" in talk.text
    assert "DE89" not in talk.text


async def test_store_credit_is_used_when_the_customer_wants_and_has_it() -> None:
    talk = Talk.about(an_order("D-100001", "Mug", status="delivered"), methods=[CREDIT])
    await talk.say("I don't like the mug, can I send it back for store credit?", intent=BACK)
    assert "To: store credit" in talk.text
    without = Talk.about(an_order("D-100001", "Mug", status="delivered"))
    await without.say("I don't like the mug, can I send it back for store credit?", intent=BACK)
    assert "To: Visa ending 4242" in without.text


async def test_another_customers_order_is_answered_like_one_that_does_not_exist() -> None:
    mine = an_order("D-100001", "Lamp", status="delivered")
    bobs = Talk.about(mine, an_order("D-100009", "Secret", status="delivered", customer=BOB))
    nobodys = Talk.about(mine)
    text = "D-100009 came broken, I want a refund"
    assert await bobs.say(text, intent=BACK) == await nobodys.say(text, intent=BACK)
    assert "Secret" not in bobs.text
    assert bobs.run.called("issue_refund") == []


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("pending", "has not been sent yet"),
        ("shipped", "has not arrived yet"),
        ("cancelled", "was cancelled"),
        ("return_requested", "A return is under way already"),
        ("exchange_requested", "An exchange is under way"),
    ],
)
async def test_what_has_not_arrived_or_is_going_back_is_explained(status: str, words: str) -> None:
    talk = Talk.about(an_order("D-100001", "Mug", status=status))
    outcome = await talk.say("I want to return my mug", intent=BACK)
    assert isinstance(outcome, Reply)
    assert words in outcome.text


@pytest.mark.parametrize(
    ("status", "text"),
    [
        ("shipped", "my mug never arrived, I want a refund"),
        ("delivered", "it says delivered but I never received it, refund please"),
        ("delivered", "the mug came broken, please send me a replacement"),
    ],
)
async def test_what_is_not_for_a_table_of_rules_goes_to_the_agent(status: str, text: str) -> None:
    talk = Talk.about(an_order("D-100001", "Mug", status=status))
    assert isinstance(await talk.say(text, intent=BACK), HandOff)
    assert talk.run.effects == []


async def test_a_reason_is_asked_for_twice_and_then_the_agent_takes_over() -> None:
    talk = Talk.about(an_order("D-100001", "Mug", status="delivered"))
    await talk.say("refund my mug", intent=BACK)
    assert talk.slot == "cause"
    await talk.say("because of reasons")
    assert "Sorry" in talk.text
    outcome = await talk.say("because")
    assert isinstance(outcome, HandOff)
    assert outcome.reason is Reason.NO_PROGRESS


async def test_a_change_of_mind_as_a_reason_does_not_drop_the_request() -> None:
    talk = Talk.about(an_order("D-100001", "Mug", status="delivered"))
    await talk.say("refund my mug", intent=BACK)
    await talk.say("I changed my mind")
    assert talk.slot == "confirm"
    assert "Return: Mug" in talk.text


async def test_never_mind_drops_the_request() -> None:
    talk = Talk.about(an_order("D-100001", "Mug", status="delivered"))
    await talk.say("refund my mug", intent=BACK)
    await talk.say("ok never mind, thanks")
    assert isinstance(talk.heard, CancelFlow)


async def test_a_person_is_one_sentence_away() -> None:
    talk = Talk.about(an_order("D-100001", "Mug", status="delivered"))
    await talk.say("refund my mug, it is broken", intent=BACK)
    await talk.say("Can I talk to a real person please?")
    assert isinstance(talk.heard, WantsPerson)
    assert talk.ticket.status is TicketStatus.ESCALATED


async def test_a_question_about_the_money_is_answered_and_the_offer_stays() -> None:
    talk = Talk.about(an_order("D-100001", "Mug", status="delivered"))
    await talk.say("refund my mug, it is broken", intent=BACK)
    outcome = await talk.say("was any money sent back already?", intent=Intent.REFUND_STATUS)
    assert isinstance(talk.heard, NewTopic)
    assert isinstance(outcome, AskCustomer)
    assert "$25.00 for order D-100001 is waiting for your yes" in outcome.text
    assert outcome.text.endswith(YES_NO)
    assert outcome.action_id == "act_1"
    await talk.say("yes")
    assert talk.run.effects == ["issue_refund"]


async def test_an_amount_above_the_cap_waits_for_people_and_thanks_do_not_disturb_it() -> None:
    talk = Talk.about(an_order("D-100001", "Sofa", status="delivered", price=120000))
    await talk.say("the sofa is damaged, refund please", intent=BACK)
    outcome = await talk.say("yes")
    assert isinstance(outcome, AwaitApproval)
    assert "Nothing has moved yet" in outcome.text
    await talk.say("ok, thank you")
    assert isinstance(talk.heard, ThanksOnly)
    assert talk.run.effects == []


async def test_a_retraction_while_people_decide_is_heard() -> None:
    talk = Talk.about(an_order("D-100001", "Sofa", status="delivered", price=120000))
    await talk.say("the sofa is damaged, refund please", intent=BACK)
    await talk.say("yes")
    await talk.say("wait, please don't refund it, it works after all")
    assert isinstance(talk.heard, CancelFlow)


async def test_a_refund_in_doubt_is_admitted_and_settles_later() -> None:
    talk = Talk.about(an_order("D-100001", "Mug", status="delivered"), lost={"issue_refund"})
    await talk.say("refund my mug, it is broken", intent=BACK)
    outcome = await talk.say("yes")
    assert isinstance(outcome, Escalate)
    assert outcome.reason is Reason.OUTCOME_UNKNOWN
    assert "refunded" not in outcome.text
    talk.run.lost.clear()
    later = await talk.ended(talk.run.approve)
    assert isinstance(later, Reply)
    assert later.receipts == ("rcp_1",)


async def test_a_tool_that_cannot_make_sense_of_it_hands_off() -> None:
    talk = Talk.about(an_order("D-100001", "Mug", status="delivered"), refusals={"issue_refund": (Code.VALIDATION, None)})
    assert isinstance(await talk.say("refund my mug, it is broken", intent=BACK), HandOff)


async def test_an_older_approval_does_not_borrow_the_items_of_the_present_talk() -> None:
    talk = Talk.about(
        an_order("D-100001", "Sofa", status="delivered", price=120000), an_order("D-100002", "Mug", status="delivered")
    )
    await talk.say("the sofa is damaged, refund please", intent=BACK)
    await talk.say("yes")
    sofa = talk.run.actions["act_1"]
    now_about_the_mug = FlowState("return_refund", "confirming", {"order_id": "D-100002", "what": "Mug"})
    ended = Ended(talk.run.approve(sofa.id))
    outcome = await FLOWS["return_refund"].hear(replace(talk.ticket, flow=now_about_the_mug), talk.run, ended)
    assert isinstance(outcome, Reply)
    assert "I have refunded $1,200.00 for your items (order D-100001)" in outcome.text
