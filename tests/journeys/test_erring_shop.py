"""A customer's refund at a shop that errs: whatever it does, the ticket ends, and says what is not known."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from service.store.reconcile import reconcile
from service.store.tenancy import across_tenants
from tests.conftest import StandingClock
from tests.journeys.honesty import books_agree
from tests.journeys.looking import newest_reply
from tests.rig import Rig, rig
from tests.service.machine import with_faulty_shop
from tests.tools.test_careless import FAULTS, garbled
from tools.backends.shop import Fault, Faulty, Shop
from tools.backends.shop import load as load_shop
from tools.backends.shop.seed import demo_data

BROKEN = "The kettle from order D-100002 arrived broken, I want my money back."


@asynccontextmanager
async def erring(url: str, clock: StandingClock, *faults: Fault, forgets_keys: bool = False) -> AsyncIterator[Rig]:
    """A service over a shop whose next refunds go wrong; the customer has said yes to one."""
    shops: dict[str, Faulty] = {}
    async with rig(url, clock, commerce_for=lambda tenant: shops[tenant]) as service:
        shop = shops["default"] = Faulty(Shop(service.services.shop_engine, "default", clock), forgets_keys)
        shop.script("refund", *faults)
        await service.say(BROKEN)
        clock.advance(minutes=5)
        await service.say("Yes please")
        yield service


async def sweep(service: Rig) -> None:
    """What a worker does some minutes later."""
    s = service.services
    service.clock.advance(minutes=5)
    with across_tenants():
        await reconcile(s.db, s.book, s.runner, service.clock)
    await service.work()


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("forgets_keys", [False, True], ids=["keeps_keys", "forgets_keys"])
async def test_a_ticket_at_a_shop_that_errs_ends_and_says_what_is_unknown(
    sqlite_url: str, clock: StandingClock, fault: str, forgets_keys: bool
) -> None:
    async with erring(sqlite_url, clock, *FAULTS[fault], forgets_keys=forgets_keys) as service:
        await sweep(service)
        ticket = await service.ticket_called("T-1")
        (action,) = ticket["actions"]
        paid = [payment for payment in (await service.order("D-100002"))["payments"] if payment["kind"] == "refund"]
        assert len(paid) == len(await service.books()) <= 1
        told = await newest_reply(service, ticket)
        if action["status"] == "succeeded":
            # A sweep that finds it out late still tells the customer, while the person's case stays open.
            assert (len(paid), ticket["status"] in ("resolved", "escalated")) == (1, True)
            assert "I have refunded $89.00" in told
        elif action["status"] == "unknown":
            assert (ticket["status"], ticket["escalation"]["reason"]) == ("escalated", "outcome_unknown")
            assert "did not get a clear answer" in told
            assert [one["action_id"] for one in ticket["escalation"]["brief"]["open"]] == [action["id"]]
        else:
            assert (action["status"], paid, ticket["status"]) == ("failed", [], "escalated")
            assert "I have refunded" not in told
        await service.verify_journals()


@pytest.mark.parametrize("odd", ["\x00", "\ud800"], ids=["NUL", "half a character"])
async def test_a_shop_that_writes_what_no_database_keeps_leaves_nobody_without_their_money(
    database_url: str, clock: StandingClock, tmp_path: Path, odd: str
) -> None:
    """In the names of its goods and cards, as far as the shop itself keeps it, and in its receipts."""
    data = json.dumps(demo_data(clock()))
    for name in ("Espresso Machine", "mastercard"):
        data = data.replace(name, f"{name[:4]}\\u0000{name[4:]}")
    async with with_faulty_shop(database_url, clock, tmp_path) as (service, shop):
        await load_shop(service.services.shop_engine, "default", json.loads(data))
        shop.script("refund", garbled(data={"note": f"paid{odd}back"}))
        await service.say("The machine from order D-100004 arrived broken, I want my money back.")
        clock.advance(minutes=5)
        ticket = await service.say("yes please")
        await service.approve(await service.person("sue"), ticket["approvals"][0])
        await service.work()
        ticket = await service.ticket(ticket["id"])
        (entry,) = await service.books()
        assert (entry.amount_minor, ticket["actions"][0]["status"], ticket["status"]) == (74_900, "succeeded", "resolved")
        await books_agree(service)
