"""Customers who want several things: in one message, one after the other, or one in the middle of the other."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from service.store.people import Role
from tests.conftest import StandingClock
from tests.journeys.honesty import books_agree
from tests.journeys.looking import later, newest_reply, statuses
from tests.rig import Rig, rig
from tools.backends.shop import Shop


async def test_two_wishes_of_one_message_are_both_answered_the_question_first(service: Rig) -> None:
    ticket = await service.say("Please cancel order D-100003. And where is order D-100001?")
    reply = await newest_reply(service, ticket)
    assert reply.index("Order D-100001 (Trail Running Shoes and 1 more) is on its way") < reply.index(
        "Shall I cancel the order?"
    )
    assert reply.count("Hi Ada") == 1
    assert (ticket["status"], ticket["lane"], ticket["question"]["kind"]) == ("waiting_customer", "workflow", "confirm")
    assert ticket["route_reason"] == "The customer wants several things, each is clear, and a flow serves each."
    # Only the question itself was asked: an order that is named around it is no part of it.
    assert "D-100001" not in ticket["question"]["text"]
    ticket = await later(service, "yes please")
    assert (ticket["status"], statuses(ticket)) == ("resolved", ["succeeded"])
    assert [entry.order_id for entry in await service.books()] == ["D-100003"]


async def test_the_numbered_wishes_of_one_line_are_told_apart(service: Rig) -> None:
    wish = "Two things: 1) change the address of D-100003 to 12 Elm Street, Dayton, OH 45402, US 2) where is my order D-100001?"
    ticket = await service.say(wish)
    reply = await newest_reply(service, ticket)
    assert "Order D-100001 (Trail Running Shoes and 1 more) is on its way" in reply
    assert "I can send order D-100003 to this address" in reply
    assert ticket["question"]["kind"] == "confirm"


async def test_whoever_was_told_of_one_order_may_just_ask_whether_the_other_was_delivered(service: Rig) -> None:
    await service.say("Where is my order D-100001?")
    ticket = await later(service, "Ok thank you. And what about D-100002, was that delivered?")
    assert (ticket["status"], ticket["lane"], ticket["flow"]) == ("resolved", "workflow", "order_status")
    assert "Order D-100002" in await newest_reply(service, ticket)


async def test_of_two_wishes_for_money_each_has_its_own_question_and_its_own_yes(service: Rig) -> None:
    wish = "Please cancel order D-100003. Also I want to return the kettle from order D-100002, I changed my mind."
    ticket = await service.say(wish)
    assert [action["args"]["order_id"] for action in ticket["actions"]] == ["D-100003"]
    assert "I have not forgotten the other thing" in await newest_reply(service, ticket)
    ticket = await later(service, "yes please")
    assert statuses(ticket) == ["succeeded", "proposed"]
    told = await newest_reply(service, ticket)
    assert told.index("Order D-100003 is now cancelled") < told.index("Shall I set up this return?")
    ticket = await later(service, "no thanks")
    assert (ticket["status"], statuses(ticket)) == ("resolved", ["succeeded", "superseded"])
    assert [entry.kind for entry in await service.books()] == ["cancel_order"]


async def test_a_no_to_the_first_wish_leads_on_to_the_second(service: Rig) -> None:
    wish = "Please cancel order D-100003. Also I want to return the kettle from order D-100002, I changed my mind."
    await service.say(wish)
    ticket = await later(service, "no")
    assert statuses(ticket) == ["superseded", "proposed"]
    assert "left everything as it is" in await newest_reply(service, ticket)
    await later(service, "yes")
    assert [entry.kind for entry in await service.books()] == ["return_items"]


async def test_a_wish_that_no_flow_serves_takes_the_whole_message_to_the_agent(service: Rig) -> None:
    ticket = await service.say("Where is order D-100001? And please send me the invoice for order D-100002.")
    assert (ticket["lane"], ticket["status"], ticket["actions"]) == ("human", "escalated", [])
    assert ticket["route_reason"] == "The customer wants several things at once."
    (wants,) = ticket["escalation"]["brief"]["wants"]
    assert "D-100001" in wants
    assert "D-100002" in wants


async def test_what_is_wanted_only_in_one_case_is_not_begun(service: Rig) -> None:
    ticket = await service.say("Where is order D-100003? If it has not been sent yet, please cancel order D-100003.")
    assert (ticket["lane"], ticket["actions"]) == ("human", [])


async def test_a_person_among_several_wishes_is_a_person(service: Rig) -> None:
    ticket = await service.say("Where is order D-100001? And let a real employee contact me please.")
    assert (ticket["status"], ticket["escalation"]["reason"]) == ("escalated", "customer_asked")


async def test_two_orders_are_cancelled_one_after_the_other(service: Rig) -> None:
    how = {"customer": "cus_9"}
    await service.say("please cancel D-100053 and D-100103", **how)
    await later(service, "yes", **how)
    ticket = await later(service, "yes", **how)
    assert (ticket["status"], statuses(ticket)) == ("resolved", ["succeeded", "succeeded"])
    assert [entry.order_id for entry in await service.books()] == ["D-100053", "D-100103"]


async def test_one_more_order_is_noted_while_the_first_waits_for_its_yes(service: Rig) -> None:
    how = {"customer": "cus_9"}
    first = await service.say("please cancel D-100053", **how)
    ticket = await later(service, "also D-100103 please", **how)
    assert (ticket["question"]["action_id"], statuses(ticket)) == (first["actions"][0]["id"], ["proposed"])
    assert "I have noted that too" in await newest_reply(service, ticket)
    ticket = await later(service, "yes", **how)
    assert statuses(ticket) == ["succeeded", "proposed"]
    assert ticket["actions"][1]["args"]["order_id"] == "D-100103"


async def test_a_question_in_between_that_needs_an_answer_of_its_own_leads_back(service: Rig) -> None:
    how = {"customer": "cus_8"}
    await service.say("Please cancel order D-100113", **how)
    ticket = await later(service, "Where is my other order?", **how)
    assert (ticket["question"]["kind"], ticket["flow"], statuses(ticket)) == ("slot", "order_status", ["superseded"])
    assert "put what we were doing aside, and nothing of it has been done" in await newest_reply(service, ticket)
    ticket = await later(service, "D-100052", **how)
    told = await newest_reply(service, ticket)
    assert told.index("Order D-100052") < told.index("Shall I cancel the order?")
    assert (ticket["flow"], ticket["state"], statuses(ticket)) == ("cancel_order", "confirming", ["superseded", "proposed"])
    ticket = await later(service, "yes", **how)
    assert (ticket["status"], statuses(ticket)) == ("resolved", ["superseded", "succeeded"])
    assert [entry.order_id for entry in await service.books()] == ["D-100113"]


async def test_dropping_the_question_in_between_drops_only_that(service: Rig) -> None:
    how = {"customer": "cus_8"}
    await service.say("Please cancel order D-100113", **how)
    await later(service, "Where is my other order?", **how)
    ticket = await later(service, "never mind", **how)
    assert (ticket["flow"], ticket["question"]["kind"], statuses(ticket)) == (
        "cancel_order",
        "confirm",
        ["superseded", "proposed"],
    )


async def test_votes_are_waited_for_again_after_a_question_in_between(service: Rig) -> None:
    await service.say("The espresso machine from order D-100004 arrived broken, I want my money back.")
    await later(service, "yes please")
    ticket = await later(service, "And where is my other order?")
    assert (ticket["status"], ticket["question"]["kind"], statuses(ticket)) == ("waiting_customer", "slot", ["proposed"])
    ticket = await later(service, "D-100001")
    assert (ticket["status"], ticket["flow"], statuses(ticket)) == ("waiting_approval", "return_refund", ["proposed"])
    ticket = await later(service, "any news?")
    assert "refund $749.00 on order D-100004" in await newest_reply(service, ticket)
    await service.approve(await service.person("sue"), ticket["approvals"][0])
    await service.work()
    assert statuses(await service.ticket(ticket["id"])) == ["succeeded"]


async def test_another_wish_comes_first_and_the_one_before_is_not_forgotten(service: Rig) -> None:
    await service.say("The kettle from order D-100002 arrived broken, I want my money back.")
    ticket = await later(service, "Please also cancel my order D-100003")
    assert (ticket["flow"], statuses(ticket)) == ("cancel_order", ["superseded", "proposed"])
    ticket = await later(service, "yes")
    assert (ticket["flow"], statuses(ticket)) == ("return_refund", ["superseded", "succeeded", "proposed"])
    await later(service, "yes")
    assert [entry.kind for entry in await service.books()] == ["cancel_order", "refund"]


async def test_a_wish_instead_of_another_takes_its_place(service: Rig) -> None:
    await service.say("please cancel order D-100003")
    address = "12 Harbour Street, Boston, MA 02110, United States"
    ticket = await later(service, f"no, change the delivery address of D-100003 to {address} instead")
    assert (ticket["flow"], statuses(ticket)) == ("change_address", ["superseded", "proposed"])
    ticket = await later(service, "yes")
    assert (ticket["status"], statuses(ticket)) == ("resolved", ["superseded", "succeeded"])


async def test_a_person_who_takes_over_ends_what_was_still_to_come(service: Rig) -> None:
    desk, ann = service.services.desk, await service.person("ann", Role.AGENT)
    wish = "Please cancel order D-100003. Also I want to return the kettle from order D-100002, I changed my mind."
    ticket = await service.say(wish)
    await desk.take_over(ann, ticket["id"])
    service.clock.advance(minutes=1)
    case = (await service.ticket(ticket["id"]))["escalation"]["id"]
    await desk.resolve(ann, case, "I have looked after both.")
    ticket = await later(service, "Where is my order D-100001?")
    assert (ticket["status"], ticket["question"], statuses(ticket)) == ("resolved", None, ["superseded"])


class Chatty:
    """The customer writes again while the shop cancels their order."""

    def __init__(self, shop: Any) -> None:
        self._shop = shop
        self.meanwhile: Callable[[], Awaitable[object]] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._shop, name)

    async def cancel_order(self, *args: Any, **named: Any) -> Any:
        done = await self._shop.cancel_order(*args, **named)
        if self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            await meanwhile()
        return done


async def test_a_message_that_comes_between_two_wishes_loses_neither_the_receipt_nor_the_second_wish(
    sqlite_url: str, clock: StandingClock
) -> None:
    shops: dict[str, Any] = {}
    async with rig(sqlite_url, clock, commerce_for=lambda tenant: shops[tenant]) as service:
        shop = shops["default"] = Chatty(Shop(service.services.shop_engine, "default", clock))
        wish = "Please cancel order D-100003. Also I want to return the kettle from order D-100002, I changed my mind."
        await service.say(wish)
        shop.meanwhile = lambda: service.hear("Where is my order D-100001?")
        ticket = await later(service, "yes please")
        first, second = (await service.said(ticket["id"]))[-2:]
        assert (await service.books())[0].receipt.reference in first
        assert second.index("Order D-100001") < second.index("Shall I set up this return?")
        assert (ticket["question"]["kind"], statuses(ticket)) == ("confirm", ["succeeded", "proposed"])
        await later(service, "yes")
        assert [entry.kind for entry in await service.books()] == ["cancel_order", "return_items"]
        await books_agree(service)


async def test_whoever_would_return_what_was_not_sent_yet_needs_only_a_yes_to_have_it_cancelled(service: Rig) -> None:
    ticket = await service.say("I want to return order D-100003, I changed my mind")
    told = await newest_reply(service, ticket)
    assert told.index("there is nothing to return") < told.index("Shall I cancel the order?")
    assert "other thing" not in told
    ticket = await later(service, "yes please")
    assert (ticket["status"], statuses(ticket)) == ("resolved", ["succeeded"])
    assert [(entry.kind, entry.order_id) for entry in await service.books()] == [("cancel_order", "D-100003")]


async def test_a_no_to_cancelling_instead_leaves_the_order_alone(service: Rig) -> None:
    await service.say("I want to return order D-100003, I changed my mind")
    ticket = await later(service, "no")
    assert (ticket["status"], statuses(ticket), await service.books()) == ("resolved", ["superseded"], [])


async def test_whoever_would_cancel_twice_learns_where_the_money_is(service: Rig) -> None:
    await service.say("please cancel order D-100003")
    await later(service, "yes")
    ticket = await later(service, "please cancel order D-100003")
    told = await newest_reply(service, ticket)
    assert told.index("was cancelled already") < told.index("has gone back to you on order D-100003")
    assert len(await service.books()) == 1


@pytest.mark.parametrize("limit", ["no wait, only D-100053", "yes, but not D-100103", "yes but not the other one"])
async def test_who_keeps_one_of_two_orders_after_all_is_not_asked_about_it_again(service: Rig, limit: str) -> None:
    how = {"customer": "cus_9"}
    await service.say("Cancel D-100053 and D-100103 please", **how)
    ticket = await later(service, limit, **how)
    assert "I can cancel order D-100053" in ticket["question"]["text"]
    ticket = await later(service, "yes", **how)
    assert (ticket["status"], statuses(ticket)) == ("resolved", ["succeeded"])
    assert (await service.order("D-100053"))["status"] == "cancelled"
    assert (await service.order("D-100103"))["status"] == "pending"


async def test_the_other_of_two_orders_is_asked_about_once_when_only_that_is_wanted(service: Rig) -> None:
    how = {"customer": "cus_9"}
    await service.say("Cancel D-100053 and D-100103 please", **how)
    ticket = await later(service, "no, only D-100103", **how)
    assert "I can cancel order D-100103" in ticket["question"]["text"]
    ticket = await later(service, "yes", **how)
    assert (ticket["status"], statuses(ticket)) == ("resolved", ["superseded", "succeeded"])


async def test_a_question_about_another_order_beside_a_yes_is_no_wish_to_cancel_that_one_too(service: Rig) -> None:
    how = {"customer": "cus_9"}
    await service.say("Cancel D-100053", **how)
    ticket = await later(service, "yes, and also where is D-100103?", **how)
    assert "Order D-100103" in await newest_reply(service, ticket)
    assert "I can cancel order D-100053" in ticket["question"]["text"]
    ticket = await later(service, "yes", **how)
    assert (ticket["status"], statuses(ticket)) == ("resolved", ["succeeded"])
