"""Customers who want something done: it is shown first, done once after a yes, and told with its receipt."""

import pytest

from tests.journeys.looking import later, newest_reply, statuses
from tests.rig import Rig


async def test_an_order_is_cancelled_after_a_yes_and_the_money_goes_back(service: Rig) -> None:
    ticket = await service.say("Please cancel my order D-100003")
    assert (ticket["status"], ticket["question"]["kind"]) == ("waiting_customer", "confirm")
    shown = await newest_reply(service, ticket)
    assert "$83.00" in shown
    assert "Mastercard ending 2161" in shown
    assert await service.books() == []
    ticket = await later(service, "Yes please")
    (entry,) = await service.books()
    assert (entry.kind, entry.order_id, entry.amount_minor) == ("cancel_order", "D-100003", 8300)
    assert (await service.order("D-100003"))["status"] == "cancelled"
    told = await newest_reply(service, ticket)
    assert entry.receipt.reference in told
    (action,) = ticket["actions"]
    assert (action["status"], action["amount"]) == ("succeeded", {"amount_minor": 8300, "currency": "USD"})
    assert (ticket["status"], ticket["question"]) == ("resolved", None)
    again = await later(service, "yes please")
    assert statuses(again) == ["succeeded"]
    assert len(await service.books()) == 1


@pytest.mark.parametrize("more", ["Actually no, keep the kettle", "But only the blue mug", "no wait", "Keep one mug"])
async def test_a_yes_taken_back_below_the_thanks_moves_no_money(service: Rig, more: str) -> None:
    await service.say("Please cancel my order D-100003")
    ticket = await later(service, f"Yes please\n\nThanks\n{more}")
    assert await service.books() == []
    assert (await service.order("D-100003"))["status"] == "pending"
    assert "succeeded" not in statuses(ticket)


async def test_a_yes_with_the_reason_cancels_and_a_yes_with_a_change_of_mind_is_asked_again(service: Rig) -> None:
    await service.say("Please cancel my order D-100003")
    ticket = await later(service, "Yes please cancel it, I changed my mind")
    assert (ticket["status"], statuses(ticket)) == ("waiting_customer", ["proposed"])
    ticket = await later(service, "Yes, I don't need it anymore.")
    assert (ticket["status"], statuses(ticket)) == ("resolved", ["succeeded"])
    assert [entry.order_id for entry in await service.books()] == ["D-100003"]


async def test_a_shipped_order_is_not_cancelled_and_the_customer_is_told_what_they_can_do(service: Rig) -> None:
    ticket = await service.say("Please cancel my order D-100001")
    assert (ticket["status"], ticket["actions"]) == ("resolved", [])
    assert "has left our hands" in await newest_reply(service, ticket)
    assert (await service.order("D-100001"))["status"] == "shipped"


async def test_a_return_is_accepted_and_the_money_promised(service: Rig) -> None:
    wish = "I want to return the kettle from order D-100002, I changed my mind"
    ticket = await service.say(wish)
    assert "$89.00" in await newest_reply(service, ticket)
    ticket = await later(service, "yes, go ahead")
    (entry,) = await service.books()
    assert (entry.kind, entry.order_id, entry.amount_minor) == ("return_items", "D-100002", 8900)
    order = await service.order("D-100002")
    assert order["status"] == "return_requested"
    assert [item["name"] for item in order["items"] if item["id"] in order["return"]["item_ids"]] == ["Pour-Over Kettle"]
    assert entry.receipt.reference in await newest_reply(service, ticket)
    assert (ticket["status"], statuses(ticket)) == ("resolved", ["succeeded"])


async def test_an_order_goes_to_the_address_that_the_customer_saw_and_confirmed(service: Rig) -> None:
    how = {"customer": "cus_2"}
    ticket = await service.say("Please change the delivery address of order D-100008", **how)
    assert (ticket["question"]["kind"], ticket["actions"]) == ("slot", [])
    ticket = await later(service, "12 Harbour Street, Boston, MA 02110, United States", **how)
    assert ticket["question"]["kind"] == "confirm"
    assert "12 Harbour Street\nBoston MA 02110" in await newest_reply(service, ticket)
    before = (await service.order("D-100008"))["address"]
    assert before["line1"] != "12 Harbour Street"
    ticket = await later(service, "yes, please", **how)
    address = (await service.order("D-100008"))["address"]
    assert (address["line1"], address["city"], address["postal_code"], address["country"]) == (
        "12 Harbour Street",
        "Boston",
        "02110",
        "US",
    )
    (entry,) = await service.books()
    assert (entry.kind, entry.amount_minor) == ("change_order_address", 0)
    assert (ticket["status"], statuses(ticket)) == ("resolved", ["succeeded"])


async def test_a_change_of_mind_that_comes_too_late_goes_to_a_person(service: Rig) -> None:
    await service.say("Please cancel my order D-100003")
    ticket = await later(service, "yess!!")
    assert statuses(ticket) == ["succeeded"]
    again = await later(service, "yes")
    assert (again["status"], len(await service.said(ticket["id"]))) == ("resolved", 2)
    ticket = await later(service, "no wait, don't cancel it!")
    assert (ticket["status"], ticket["lane"]) == ("escalated", "human")
    assert "has been done already, and I cannot take it back by myself" in await newest_reply(service, ticket)
    assert len(await service.books()) == 1


async def test_a_no_leaves_everything_as_it_is(service: Rig) -> None:
    await service.say("Please cancel my order D-100003")
    ticket = await later(service, "No, thanks")
    assert (ticket["status"], statuses(ticket), ticket["question"]) == ("resolved", ["superseded"], None)
    assert "left everything as it is" in await newest_reply(service, ticket)
    assert await service.books() == []
    assert (await service.order("D-100003"))["status"] == "pending"
