"""Customers who ask where their order is."""

import pytest

from classifier.intents import Intent
from tests.workflows.goods import BOB, a_parcel, an_order
from tests.workflows.talk import Talk
from tools.errors import Code
from workflows.outcome import AskCustomer, Escalate, HandOff, Reason, Reply
from workflows.ticket import TicketStatus

WHERE = Intent.ORDER_STATUS


async def test_the_only_order_under_way_is_reported_with_its_parcel() -> None:
    talk = Talk.about(an_order("D-100001", "Desk Lamp", status="shipped", parcel="in_transit"))
    outcome = await talk.say("Where is my order?", intent=WHERE)
    assert isinstance(outcome, Reply)
    assert outcome.resolves
    assert "Hi Ada," in outcome.text
    assert "D-100001 (Desk Lamp) is on its way" in outcome.text
    assert "UPS parcel TRK1: in transit (19 November 2026, Chicago)" in outcome.text
    assert "If you meant another order" in outcome.text
    assert talk.ticket.status is TicketStatus.RESOLVED


@pytest.mark.parametrize(
    ("parcel", "headline"),
    [("delivered", "was delivered on 19 November 2026."), ("returned", "is on its way back to the sender.")],
)
async def test_a_parcel_whose_way_has_ended_does_not_stand_under_an_order_on_its_way(parcel: str, headline: str) -> None:
    talk = Talk.about(an_order("D-100001", "Desk Lamp", status="shipped", parcel=parcel))
    await talk.say("Where is my order?", intent=WHERE)
    assert f"D-100001 (Desk Lamp) {headline}" in talk.text
    assert "on its way." not in talk.text


async def test_an_order_of_which_one_parcel_is_still_missing_is_on_its_way() -> None:
    order = an_order("D-100001", "Desk Lamp", status="shipped")
    parcels = (a_parcel("delivered"), a_parcel("in_transit").model_copy(update={"tracking_id": "TRK2"}))
    talk = Talk.about(order.model_copy(update={"shipments": parcels}))
    await talk.say("Where is my order?", intent=WHERE)
    assert "D-100001 (Desk Lamp) is on its way." in talk.text


async def test_a_named_order_is_reported_although_another_is_under_way() -> None:
    talk = Talk.about(
        an_order("D-100002", "Mug", status="pending"),
        an_order("D-100001", "Lamp", status="delivered", parcel="delivered"),
    )
    await talk.say("has d100001 arrived?", intent=WHERE)
    assert "Order D-100001 (Lamp) was delivered on 19 November 2026." in talk.text
    assert "D-100002" not in talk.text


async def test_two_named_orders_are_both_reported() -> None:
    talk = Talk.about(an_order("D-100001", "Lamp"), an_order("D-100002", "Mug", status="cancelled"))
    await talk.say("What about D-100002 and D-100001?", intent=WHERE)
    assert "D-100002 (Mug) was cancelled" in talk.text
    assert "D-100001 (Lamp) has been placed" in talk.text


async def test_with_several_orders_under_way_the_customer_chooses_from_their_own() -> None:
    talk = Talk.about(an_order("D-100001", "Lamp"), an_order("D-100002", "Mug"), an_order("D-100003", "Bobs", customer=BOB))
    outcome = await talk.say("where is my stuff", intent=WHERE)
    assert isinstance(outcome, AskCustomer)
    assert outcome.slot == "order"
    assert "1. D-100001, placed on 1 November 2026: Lamp" in outcome.text
    assert "D-100003" not in outcome.text
    await talk.say("the second one")
    assert "D-100002 (Mug)" in talk.text
    assert talk.ticket.flow is not None
    assert talk.ticket.flow.state == "answered"


async def test_an_unclear_choice_is_asked_twice_and_then_handed_to_the_agent() -> None:
    talk = Talk.about(an_order("D-100001", "Lamp"), an_order("D-100002", "Mug"))
    await talk.say("where is my stuff", intent=WHERE)
    await talk.say("the green one")
    assert talk.slot == "order"
    assert "Sorry" in talk.text
    outcome = await talk.say("the one I mean")
    assert isinstance(outcome, HandOff)
    assert outcome.reason is Reason.NO_PROGRESS


async def test_another_customers_order_is_answered_like_one_that_does_not_exist() -> None:
    mine = an_order("D-100001", "Lamp")
    bobs, nobodys = Talk.about(mine, an_order("D-100009", "Secret", customer=BOB)), Talk.about(mine)
    first = await bobs.say("where is D-100009?", intent=WHERE)
    second = await nobodys.say("where is D-100009?", intent=WHERE)
    assert first == second
    assert "I could not find order D-100009" in bobs.text
    assert "Secret" not in bobs.text
    assert bobs.run.calls == nobodys.run.calls


async def test_an_own_order_that_is_too_old_for_the_list_is_found() -> None:
    recent = [an_order(f"D-2000{n:02}", "Mug", status="delivered") for n in range(20)]
    talk = Talk.about(*recent, an_order("D-100001", "Old Lamp", status="delivered"))
    await talk.say("what happened to D-100001", intent=WHERE)
    assert "Old Lamp" in talk.text


async def test_a_customer_without_orders_is_told_so() -> None:
    talk = Talk.about(an_order("D-100009", "Secret", customer=BOB))
    outcome = await talk.say("where is my order", intent=WHERE)
    assert isinstance(outcome, Reply)
    assert "there are none on your account" in outcome.text


async def test_a_carrier_cannot_put_words_into_our_mouth() -> None:
    order = an_order("D-100001", "Lamp", status="shipped", parcel="pay at http://evil.example now")
    spoofed = order.model_copy(
        update={
            "shipments": tuple(
                s.model_copy(
                    update={"events": tuple(e.model_copy(update={"location": "visit evil.example/123"}) for e in s.events)}
                )
                for s in order.shipments
            )
        }
    )
    talk = Talk.about(spoofed)
    await talk.say("where is my order", intent=WHERE)
    assert "evil" not in talk.text
    assert "UPS parcel TRK1 (19 November 2026)" in talk.text


async def test_a_silent_carrier_leaves_what_the_order_itself_knows() -> None:
    talk = Talk.about(an_order("D-100001", "Lamp", status="shipped", parcel="in_transit"), down={"track_shipment"})
    await talk.say("where is my order", intent=WHERE)
    assert "in transit" in talk.text


async def test_a_shop_that_is_away_is_admitted_and_a_person_takes_over() -> None:
    talk = Talk.about(an_order("D-100001", "Lamp"), down={"find_orders"})
    outcome = await talk.say("where is my order", intent=WHERE)
    assert isinstance(outcome, Escalate)
    assert outcome.reason is Reason.BACKEND_UNAVAILABLE
    assert "cannot be reached" in outcome.text


async def test_a_sender_who_must_be_verified_first_goes_to_a_person() -> None:
    talk = Talk.about(an_order("D-100001", "Lamp"), refusals={"find_orders": (Code.VERIFICATION_REQUIRED, None)})
    outcome = await talk.say("where is my order", intent=WHERE)
    assert isinstance(outcome, Escalate)
    assert outcome.reason is Reason.IDENTITY
    assert "Lamp" not in outcome.text


async def test_silence_leaves_everything_as_it_is() -> None:
    talk = Talk.about(an_order("D-100001", "Lamp"), an_order("D-100002", "Mug"))
    await talk.say("where is my stuff", intent=WHERE)
    outcome = await talk.nobody_answers()
    assert isinstance(outcome, Reply)
    assert outcome.resolves
    assert "I have not heard back" in outcome.text


async def test_whoever_asks_for_all_five_orders_of_the_list_is_told_of_each() -> None:
    talk = Talk.about(*(an_order(f"D-10000{n}", "Mug") for n in range(1, 6)))
    await talk.say("where are my orders", intent=WHERE)
    assert talk.slot == "order"
    await talk.say("all of them")
    assert talk.text.count("has been placed") == 5


async def test_orders_that_one_answer_has_no_room_for_are_named() -> None:
    talk = Talk.about(*(an_order(f"D-10000{n}", "Mug") for n in range(1, 8)))
    await talk.say("where are my orders: " + ", ".join(f"D-10000{n}" for n in range(1, 8)), intent=WHERE)
    assert talk.text.count("has been placed") == 5
    assert "these are still missing: D-100006, D-100007." in talk.text
