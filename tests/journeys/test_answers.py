"""Customers who want to know something, and messages that want nothing at all."""

from tests.journeys.looking import kinds, later, newest_reply
from tests.rig import Rig


async def test_a_customer_learns_where_the_parcel_is(service: Rig) -> None:
    shipped = await service.order("D-100001")
    (parcel,) = shipped["shipments"]
    ticket = await service.say("Where is my order D-100001?")
    assert (ticket["status"], ticket["lane"], ticket["flow"], ticket["state"]) == (
        "resolved",
        "workflow",
        "order_status",
        "answered",
    )
    reply = await newest_reply(service, ticket)
    assert "D-100001" in reply
    assert parcel["tracking_id"] in reply
    assert parcel["carrier"] in reply
    assert "in transit" in reply
    others = [s["tracking_id"] for o in (await service.shop())["orders"] for s in o["shipments"] if o["id"] != "D-100001"]
    assert not [tracking_id for tracking_id in others if tracking_id in reply]
    assert (ticket["actions"], ticket["cost_microusd"], ticket["question"]) == ([], 0, None)


async def test_a_customer_learns_when_and_where_the_money_went(service: Rig) -> None:
    cancelled = await service.order("D-100006")
    (refund,) = [payment for payment in cancelled["payments"] if payment["kind"] == "refund"]
    ticket = await service.say("Where is the refund for order D-100006?")
    assert (ticket["status"], ticket["flow"]) == ("resolved", "refund_status")
    reply = await newest_reply(service, ticket)
    assert f"${refund['amount_minor'] / 100:.2f}" in reply
    assert "Mastercard ending 2161" in reply
    none_yet = await later(service, "And where is the refund for my order D-100002?", ticket="T-2")
    assert "No refund has been made on order D-100002" in await newest_reply(service, none_yet)


async def test_a_thank_you_and_an_absence_note_are_closed_without_a_word(service: Rig) -> None:
    thanks = await service.say("Thank you so much!", ticket="T-1")
    absent = await later(
        service,
        "I am out of the office until Monday and will answer when I am back.",
        ticket="T-2",
        subject="Automatic reply: Your order",
    )
    for ticket in (thanks, absent):
        assert (ticket["status"], await service.said(ticket["id"])) == ("closed", [])


async def test_a_customer_who_names_the_mail_undelivered_order_is_answered(service: Rig) -> None:
    ticket = await service.say("Where is my order D-100001?", subject="Undelivered order")
    assert ticket["status"] != "closed"
    assert len(await service.said(ticket["id"])) == 1


async def test_a_thank_you_leaves_an_answered_ticket_resolved_and_a_question_reopens_it(service: Rig) -> None:
    ticket = await service.say("Where is my order D-100001?")
    assert len(await service.said(ticket["id"])) == 1
    ticket = await later(service, "Thanks a lot!")
    assert (ticket["status"], len(await service.said(ticket["id"]))) == ("resolved", 1)
    ticket = await later(service, "Where is the refund for order D-100006?")
    assert (ticket["status"], ticket["flow"], ticket["intent"]) == ("resolved", "refund_status", "refund_status")
    assert "D-100006" in await newest_reply(service, ticket)
    # Resolved, worked on again, resolved again; the thank-you moved nothing.
    written = await kinds(service, ticket)
    assert (written.count("ticket.moved"), written.count("message.received")) == (4, 3)


async def test_a_greeting_is_greeted_back_and_the_talk_begins(service: Rig) -> None:
    ticket = await service.say("Hi!")
    assert (ticket["status"], ticket["escalation"]) == ("resolved", None)
    assert "What can I do for you?" in await newest_reply(service, ticket)
    ticket = await later(service, "where is D-100001")
    assert (ticket["status"], ticket["flow"]) == ("resolved", "order_status")


async def test_a_question_about_no_business_of_ours_goes_to_a_person_who_is_told_why(service: Rig) -> None:
    ticket = await service.say("What do you think of the weather on the moon?")
    assert (ticket["status"], ticket["lane"], ticket["escalation"]["reason"]) == ("escalated", "human", "out_of_scope")
    assert len(await service.said(ticket["id"])) == 1
    assert ticket["due_at"] is not None


async def test_a_customer_who_wants_nothing_more_is_left_in_peace(service: Rig) -> None:
    ticket = await service.say("Where is my order D-100001?")
    for last in ("never mind", "ok", "no, that's all, thanks", "👍 great"):
        ticket = await later(service, last)
        assert (ticket["status"], ticket["lane"], len(await service.said(ticket["id"]))) == ("resolved", "workflow", 1)
