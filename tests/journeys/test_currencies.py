"""Currencies with other digits than two, from the wish to the ledger, and one that nobody has set limits for."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import select

from service.store.callers import caller_for
from service.store.money_schema import ledger
from service.store.tenancy import within
from tests.conftest import StandingClock
from tests.journeys.honesty import books_agree
from tests.journeys.looking import later, newest_reply
from tests.rig import Rig, rig, rig_settings, tenant_file
from tools.backends.shop import demo_data, load
from tools.limits import MoneyLimits, Policy

BROKEN = "The kettle from order D-100002 arrived broken, I want my money back."
DIGITS = {"JPY": "¥8,900", "KWD": "KWD8.900", "RSD": "RSD89.00", "USD": "$89.00"}


@asynccontextmanager
async def shop_in(currency: str, url: str, clock: StandingClock, limits: dict[str, MoneyLimits]) -> AsyncIterator[Rig]:
    """A service whose shop sells in this currency; its prices are the demo's in minor units."""
    settings = rig_settings(url, file=tenant_file(currency=currency, policy=Policy(limits=limits)))
    async with rig(url, clock, settings=settings, seed=False) as service:
        await load(service.services.shop_engine, "default", demo_data(clock()) | {"currency": currency})
        yield service
        await books_agree(service)


@pytest.mark.parametrize("currency", DIGITS)
async def test_a_refund_is_shown_paid_and_booked_in_the_currencys_own_digits(
    sqlite_url: str, clock: StandingClock, currency: str
) -> None:
    async with shop_in(currency, sqlite_url, clock, {currency: MoneyLimits()}) as service:
        ticket = await service.say(BROKEN)
        assert DIGITS[currency] in (await newest_reply(service, ticket))
        ticket = await later(service, "Yes please")
        assert DIGITS[currency] in (await newest_reply(service, ticket))
        assert ticket["actions"][0]["amount"] == {"amount_minor": 8_900, "currency": currency}
        with within("default"):
            async with service.services.db.reading() as conn:
                rows = (await conn.execute(select(ledger.c.currency, ledger.c.amount_minor))).all()
        assert {row.currency for row in rows} == {currency}


async def test_the_caps_count_minor_units_of_their_own_currency(sqlite_url: str, clock: StandingClock) -> None:
    limits = {"KWD": MoneyLimits(one_vote_above=8_899, window_cap=1_000_000)}
    async with shop_in("KWD", sqlite_url, clock, limits) as service:
        await service.say(BROKEN)
        ticket = await later(service, "Yes please")
        assert (ticket["status"], ticket["actions"][0]["rule"]) == ("waiting_approval", "refund.per_call_cap")
        assert "KWD8.900" in (await newest_reply(service, ticket))


async def test_a_currency_without_limits_needs_a_vote_for_every_amount(sqlite_url: str, clock: StandingClock) -> None:
    async with shop_in("JPY", sqlite_url, clock, {"USD": MoneyLimits()}) as service:
        await service.say(BROKEN)
        ticket = await later(service, "Yes please")
        assert (ticket["status"], ticket["actions"][0]["rule"]) == ("waiting_approval", "currency.listed")
        (approval,) = ticket["approvals"]
        await service.approve(await service.person("grace"), approval)
        await service.work()
        assert (await service.ticket(ticket["id"]))["actions"][0]["status"] == "succeeded"


async def test_a_refund_in_another_currency_than_the_order_is_refused(sqlite_url: str, clock: StandingClock) -> None:
    async with shop_in("JPY", sqlite_url, clock, {"JPY": MoneyLimits()}) as service:
        ticket = await service.say("Where is my order D-100001?")
        person = await service.person("grace")
        with within("default"):
            async with service.services.db.reading() as conn:
                caller = await caller_for(conn, "default", ticket["id"], person.id)
            args = {"order_id": "D-100002", "amount_minor": 100, "currency": "USD", "reason": "goodwill"}
            result = await service.services.runner.call(caller, "issue_refund", args, "r-1", confirmed=True)
        assert result.code == "currency_mismatch"
