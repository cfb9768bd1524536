"""Two merchants never meet, and another customer's things are exactly like things that do not exist."""

import json

import pytest

from service.errors import NotFound
from service.store.people import Role
from tests.conftest import StandingClock
from tests.journeys.honesty import books_agree
from tests.journeys.looking import kinds, newest_reply
from tests.rig import Rig, rig
from tools.backends.shop.data import load
from tools.backends.shop.seed import demo_data

PARCEL, OTHER_PARCEL = "77120791907919", "99120791907919"


async def test_two_merchants_with_the_same_ids_never_see_each_other(database_url: str, clock: StandingClock) -> None:
    async with rig(database_url, clock, tenants=("default", "acme")) as service:
        # Acme's shop has the same customers and orders, with parcels of its own.
        data = json.loads(json.dumps(demo_data(clock())).replace(PARCEL, OTHER_PARCEL))
        await load(service.services.shop_engine, "acme", data)
        same = {"message": "m-1", "webhook": "wh-1"}
        here = await service.say("Where is my order D-100001?", **same)
        there = await service.say("Where is my order D-100001?", tenant="acme", **same)
        assert here["external_id"] == there["external_id"]
        assert here["id"] != there["id"]
        assert here["customer"]["id"] != there["customer"]["id"]
        assert PARCEL in await newest_reply(service, here)
        assert OTHER_PARCEL in await newest_reply(service, there)
        assert len(here["messages"]) == len(there["messages"]) == 2
        await nobody_of_one_touches_the_other(service, here["id"])
        for text in ("Please cancel my order D-100003", "yes please"):
            await service.say(text, tenant="acme", ticket="T-2")
        assert [entry.order_id for entry in await service.books("acme")] == ["D-100003"]
        assert await service.books() == []
        assert (await service.order("D-100003"))["status"] == "pending"
        await books_agree(service)
        await books_agree(service, "acme")


async def nobody_of_one_touches_the_other(service: Rig, ticket_id: str) -> None:
    desk = service.services.desk
    stranger = await service.person("eve", Role.SUPERVISOR, "acme")
    with pytest.raises(NotFound):
        await desk.take_over(stranger, ticket_id)
    with pytest.raises(NotFound):
        await desk.write(stranger, ticket_id, "Hello", note=True)
    with pytest.raises(NotFound):
        await service.ticket(ticket_id, "acme")


@pytest.mark.parametrize(
    ("wish", "theirs"),
    [
        ("Where is my order {}?", "D-100009"),
        ("Where is the refund for order {}?", "D-100010"),
        ("Please cancel my order {}", "D-100008"),
        ("I want to return order {}, I changed my mind", "D-100010"),
        ("Please change the delivery address of order {} to 12 Harbour Street, Boston, MA 02110, United States", "D-100008"),
        ("I was charged twice for order {}!! Please check.", "D-100009"),
    ],
    ids=["status", "refund", "cancel", "return", "address", "agent"],
)
async def test_another_customers_order_is_answered_exactly_as_an_unknown_one(
    sqlite_url: str, clock: StandingClock, wish: str, theirs: str
) -> None:
    unknown = "D-999999"
    async with rig(sqlite_url, clock) as service:
        before = await service.shop()
        asked = {order: await service.say(wish.format(order), ticket=f"T-{order}") for order in (theirs, unknown)}
        told = {order: await service.said(ticket["id"]) for order, ticket in asked.items()}
        assert [text.replace(theirs, unknown) for text in told[theirs]] == told[unknown]
        assert told[unknown] != []
        known, other = (asked[order] for order in (theirs, unknown))
        for field in ("status", "lane", "flow", "state", "intent", "actions", "approvals"):
            assert known[field] == other[field], field
        assert (known["question"] or {}).get("kind") == (other["question"] or {}).get("kind")
        assert await kinds(service, known) == await kinds(service, other)
        assert (await service.shop(), await service.books()) == (before, [])


async def test_a_customer_who_insists_on_another_customers_order_gets_nothing_of_it(
    sqlite_url: str, clock: StandingClock
) -> None:
    async with rig(sqlite_url, clock) as service:
        order = await service.order("D-100008")
        (owner,) = [one for one in (await service.shop())["customers"] if one["id"] == order["customer_id"]]
        facts = [item["name"] for item in order["items"]] + [owner["email"], owner["name"]["last"], order["address"]["line1"]]
        for text in (
            "Please cancel my order D-100008",
            "D-100008",
            "It is mine, my name is Marcus Okafor, D-100008, yes, cancel it",
            "yes please",
        ):
            service.clock.advance(minutes=1)
            ticket = await service.say(text)
        said = "\n".join(await service.said(ticket["id"]))
        assert [fact for fact in facts if fact in said] == []
        assert ticket["actions"] == []
        assert (await service.order("D-100008"))["status"] == "pending"
        assert await service.books() == []
