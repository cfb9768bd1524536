"""A customer was erased, and what they had begun goes on: people hear of it, and nobody writes to the customer any more."""

from typing import Any

from service.store.callers import machine_for
from service.store.erasure import ERASED, erase
from service.store.people import Role
from tests.conftest import StandingClock
from tests.journeys.looking import newest_reply, statuses
from tests.journeys.merchant import Merchant, merchant
from tests.journeys.test_later import KETTLE, comes_back, refunded
from tests.journeys.test_promised_money import pays_by_hand, sends_the_kettle_back
from tests.rig import Rig
from tools.commerce import OrderId
from tools.ports import TenantName


async def forgotten(service: Rig) -> None:
    """Ada asks to be erased, and is."""
    async with service.services.db.begin() as conn:
        await erase(conn, TenantName("default"), "cus_1", "operator", service.clock())


async def goods_arrive(shop: Merchant, ticket: dict[str, Any]) -> dict[str, Any]:
    """The goods that Ada sent back arrive, and the shop tells us; then the ticket is worked on."""
    await shop.shop.settle_arrival(OrderId("D-100002"))
    await shop.tells("effect.settled", ticket["actions"][0]["idempotency_key"])
    await shop.service.work()
    return await shop.service.ticket(ticket["id"])


def texts(ticket: dict[str, Any]) -> set[str]:
    """What stands on the ticket, notes included."""
    return {message["text"] for message in ticket["messages"]}


async def test_an_erased_customer_is_not_told_that_money_has_gone_out(database_url: str, clock: StandingClock) -> None:
    async with merchant(database_url, clock) as shop:
        ticket = await sends_the_kettle_back(shop.service)
        await forgotten(shop.service)
        ticket = await goods_arrive(shop, ticket)
        assert (ticket["status"], texts(ticket)) == ("closed", {ERASED})
        assert await shop.balances() == {"merchant_funds": -KETTLE, "refunds_paid": KETTLE}
        await shop.service.verify_journals()


async def test_people_hear_that_less_went_out_than_an_erased_customer_was_promised(
    database_url: str, clock: StandingClock
) -> None:
    async with merchant(database_url, clock) as shop:
        ticket = await sends_the_kettle_back(shop.service)
        await forgotten(shop.service)
        await pays_by_hand(shop, 4_000)
        ticket = await goods_arrive(shop, ticket)
        assert (ticket["status"], ticket["escalation"]["reason"]) == ("escalated", "paid_less")
        assert texts(ticket) == {ERASED}


async def test_people_hear_that_the_money_of_an_erased_customer_came_back_and_the_customer_does_not(
    database_url: str, clock: StandingClock
) -> None:
    async with merchant(database_url, clock) as shop:
        service = shop.service
        ticket = await refunded(service)
        await forgotten(service)
        await comes_back(shop, ticket["actions"][0]["idempotency_key"])
        ticket = await service.ticket(ticket["id"])
        assert (ticket["status"], ticket["escalation"]["reason"]) == ("escalated", "reversed")
        assert texts(ticket) == {ERASED}
        # The rails get it back without having anything to say either.
        ann = await service.person("ann", Role.AGENT)
        await service.services.desk.claim(ann, ticket["escalation"]["id"])
        await service.services.desk.hand_back(ann, ticket["id"])
        await service.work()
        ticket = await service.ticket(ticket["id"])
        assert (ticket["status"], texts(ticket)) == ("closed", {ERASED})


async def test_a_machine_that_works_on_an_erased_customers_ticket_asks_them_nothing(
    database_url: str, clock: StandingClock
) -> None:
    async with merchant(database_url, clock) as shop:
        service = shop.service
        ticket = await service.say("Where is my order D-100003?")
        await forgotten(service)
        async with service.services.db.reading() as conn:
            machine = await machine_for(conn, "default", ticket["id"], None)
        wanted = {"order_id": "D-100003", "reason": "no_longer_needed"}
        await service.services.runner.call(machine, "cancel_order", wanted, "a-request")
        await service.work()
        ticket = await service.ticket(ticket["id"])
        assert (ticket["status"], ticket["question"], statuses(ticket)) == ("closed", None, ["superseded"])
        assert texts(ticket) == {ERASED}


async def test_a_customer_who_writes_again_after_being_erased_is_told_what_happens_then(
    database_url: str, clock: StandingClock
) -> None:
    async with merchant(database_url, clock) as shop:
        service = shop.service
        ticket = await sends_the_kettle_back(service)
        await forgotten(service)
        await service.say("Where is my order D-100001?")
        ticket = await goods_arrive(shop, ticket)
        assert "$89.00 is on its way" in await newest_reply(service, ticket)
