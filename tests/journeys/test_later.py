"""What merchants' systems tell later: refunds that come back, work that takes long, and goods that arrive."""

from typing import Any

from sqlalchemy import update

from service.store.callers import caller_for
from service.store.money_schema import actions
from service.store.people import Role
from service.store.reconcile import reconcile
from tests.conftest import StandingClock
from tests.journeys.honesty import books_agree
from tests.journeys.looking import kinds, newest_reply
from tests.journeys.merchant import Merchant, merchant, slow
from tests.rig import SECRET, Rig

BROKEN = "The kettle from order D-100002 arrived broken, I want my money back."
KETTLE = 8_900


async def refunded(service: Rig) -> dict[str, Any]:
    """A customer whose kettle was broken has said yes to the refund."""
    await service.say(BROKEN)
    service.clock.advance(minutes=5)
    return await service.say("Yes please")


async def comes_back(shop: Merchant, key: str, **how: Any) -> Any:
    """The bank returns the refund to the shop, and the shop tells us; then the ticket is worked on."""
    await shop.shop.fail_refund(key, "The card's account is closed.")
    answer = await shop.tells("effect.failed", key, **how)
    await shop.service.work()
    return answer


async def test_a_refund_that_comes_back_is_compensated_and_brings_the_ticket_to_a_person_who_is_shown_it(
    database_url: str, clock: StandingClock
) -> None:
    async with merchant(database_url, clock) as shop:
        service = shop.service
        ticket = await refunded(service)
        (action,) = ticket["actions"]
        assert (ticket["status"], action["status"]) == ("resolved", "succeeded")
        assert await shop.balances() == {"merchant_funds": -KETTLE, "refunds_paid": KETTLE}
        clock.advance(days=3)
        answer = await comes_back(shop, action["idempotency_key"])
        assert (answer.status_code, answer.json()["status"]) == (202, "failed")
        ticket = await service.ticket(ticket["id"])
        (action,) = ticket["actions"]
        assert (action["status"], action["code"], action["receipt"]) == ("failed", "reversed", None)
        assert (ticket["status"], ticket["lane"]) == ("escalated", "human")
        assert (ticket["escalation"]["reason"], ticket["escalation"]["risk"]) == ("reversed", "high")
        (failed,) = ticket["escalation"]["brief"]["failed"]
        assert (failed["tool"], failed["amount"], failed["code"]) == (
            "issue_refund",
            {"amount_minor": KETTLE, "currency": "USD"},
            "reversed",
        )
        told = await newest_reply(service, ticket)
        assert "$89.00 could not be paid out to you" in told
        assert "action.reversed" in await kinds(service, ticket)
        assert await shop.balances() == {}
        assert (await service.order("D-100002"))["payments"][-1]["kind"] == "capture"
        await service.verify_journals()


async def test_a_refund_that_came_back_stands_as_reversed_in_the_record_of_the_tool(
    database_url: str, clock: StandingClock
) -> None:
    async with merchant(database_url, clock) as shop:
        ticket = await refunded(shop.service)
        assert await record(shop) == (1, 0)
        await comes_back(shop, ticket["actions"][0]["idempotency_key"])
        assert await record(shop) == (1, 1)


async def test_the_same_news_again_changes_nothing(database_url: str, clock: StandingClock) -> None:
    async with merchant(database_url, clock) as shop:
        ticket = await refunded(shop.service)
        key = ticket["actions"][0]["idempotency_key"]
        await comes_back(shop, key)
        before = (await shop.service.ticket(ticket["id"]), await shop.balances(), await kinds(shop.service, ticket))
        again = await shop.tells("effect.failed", key)
        assert (again.status_code, again.json()["duplicate"]) == (200, True)
        for other, kind in (("evt-2", "effect.failed"), ("evt-3", "effect.settled")):
            assert (await shop.tells(kind, key, webhook=other)).status_code == 202
        await shop.service.work()
        assert (await shop.service.ticket(ticket["id"]), await shop.balances(), await kinds(shop.service, ticket)) == before
        conflict = await shop.tells("effect.settled", key, webhook="evt-1")
        assert (conflict.status_code, conflict.json()["code"]) == (409, "webhook_id_conflict")


async def test_an_event_that_the_shops_books_do_not_bear_out_changes_nothing(sqlite_url: str, clock: StandingClock) -> None:
    async with merchant(sqlite_url, clock) as shop:
        ticket = await refunded(shop.service)
        answer = await shop.tells("effect.failed", ticket["actions"][0]["idempotency_key"])
        await shop.service.work()
        assert (answer.status_code, answer.json()["status"]) == (202, "succeeded")
        assert (await shop.service.ticket(ticket["id"]))["status"] == "resolved"
        await books_agree(shop.service)


async def test_only_the_merchants_own_system_is_heard(sqlite_url: str, clock: StandingClock) -> None:
    async with merchant(sqlite_url, clock) as shop:
        ticket = await refunded(shop.service)
        key = ticket["actions"][0]["idempotency_key"]
        await shop.shop.fail_refund(key, "closed")
        from_help_desk = await shop.tells("effect.failed", key, secret=SECRET)
        elsewhere = await shop.tells("effect.failed", key, tenant="acme")
        unknown = await shop.tells("effect.failed", "0" * 64)
        assert [answer.status_code for answer in (from_help_desk, elsewhere, unknown)] == [401, 401, 404]
        assert (await shop.service.ticket(ticket["id"]))["actions"][0]["status"] == "succeeded"


async def test_after_a_refund_came_back_the_money_may_be_refunded_again(sqlite_url: str, clock: StandingClock) -> None:
    async with merchant(sqlite_url, clock) as shop:
        ticket = await refunded(shop.service)
        await comes_back(shop, ticket["actions"][0]["idempotency_key"])
        clock.advance(hours=2)
        person = await shop.service.person("grace")
        runner, order = shop.service.services.runner, await shop.service.order("D-100002")
        paid = sum(payment["amount_minor"] for payment in order["payments"] if payment["kind"] == "capture")
        args = {"order_id": "D-100002", "amount_minor": paid, "currency": "USD", "reason": "damaged"}
        result = await runner.call(await _as_person(shop.service, ticket["id"], person), "issue_refund", args, "r-1", True)
        assert result.ok, result
        assert await shop.balances() == {"merchant_funds": -paid, "refunds_paid": paid}


async def test_work_that_takes_long_is_told_so_and_ends_by_the_shops_event(database_url: str, clock: StandingClock) -> None:
    async with merchant(database_url, clock, shop=slow("refund")) as shop:
        service = shop.service
        ticket = await refunded(service)
        (action,) = ticket["actions"]
        assert (action["status"], action["code"], ticket["lane"]) == ("sent", None, "workflow")
        assert "is working on it" in await newest_reply(service, ticket)
        assert await service.books() == []
        assert await shop.balances() == {"merchant_funds": -KETTLE, "refunds_reserved": KETTLE}
        clock.advance(hours=5)
        await shop.slow.finish(action["idempotency_key"])
        assert (await shop.tells("effect.settled", action["idempotency_key"])).json()["status"] == "succeeded"
        await service.work()
        ticket = await service.ticket(ticket["id"])
        assert (ticket["status"], ticket["actions"][0]["status"]) == ("resolved", "succeeded")
        assert "I have refunded $89.00" in await newest_reply(service, ticket)
        await books_agree(service)


async def test_work_whose_event_was_lost_is_found_by_the_sweep(database_url: str, clock: StandingClock) -> None:
    async with merchant(database_url, clock, shop=slow("refund")) as shop:
        service, s = shop.service, shop.service.services
        ticket = await refunded(service)
        found = await reconcile(s.db, s.book, s.runner, clock)
        assert (found.settled, found.unknown) == (0, 1)
        await shop.slow.finish(ticket["actions"][0]["idempotency_key"])
        await _leases_end(shop)
        assert (await reconcile(s.db, s.book, s.runner, clock)).settled == 1
        await service.work()
        ticket = await service.ticket(ticket["id"])
        assert (ticket["status"], ticket["actions"][0]["status"]) == ("resolved", "succeeded")
        await books_agree(service)


async def test_work_that_the_shop_gives_up_is_told_and_frees_the_money(sqlite_url: str, clock: StandingClock) -> None:
    async with merchant(sqlite_url, clock, shop=slow("refund")) as shop:
        ticket = await refunded(shop.service)
        key = ticket["actions"][0]["idempotency_key"]
        await shop.slow.fail(key, "The bank refused it.")
        await shop.tells("effect.failed", key)
        await shop.service.work()
        ticket = await shop.service.ticket(ticket["id"])
        assert (ticket["status"], ticket["escalation"]["reason"]) == ("escalated", "reversed")
        assert "could not carry out your request for order D-100002" in await newest_reply(shop.service, ticket)
        assert await shop.balances() == {}
        await books_agree(shop.service)


async def test_work_that_never_ends_goes_to_a_person_as_unknown(sqlite_url: str, clock: StandingClock) -> None:
    async with merchant(sqlite_url, clock, shop=slow("refund")) as shop:
        service, s = shop.service, shop.service.services
        ticket = await refunded(service)
        clock.advance(hours=73)
        await reconcile(s.db, s.book, s.runner, clock)
        await service.work()
        ticket = await service.ticket(ticket["id"])
        assert (ticket["status"], ticket["escalation"]["reason"]) == ("escalated", "outcome_unknown")
        assert ticket["actions"][0]["status"] == "unknown"
        assert await shop.balances() == {"merchant_funds": -KETTLE, "refunds_reserved": KETTLE}


async def test_a_person_who_took_the_ticket_finds_the_settled_work_as_a_note(sqlite_url: str, clock: StandingClock) -> None:
    async with merchant(sqlite_url, clock, shop=slow("refund")) as shop:
        service = shop.service
        ticket = await refunded(service)
        key = ticket["actions"][0]["idempotency_key"]
        await service.services.desk.take_over(await service.person("grace"), ticket["id"])
        await shop.slow.finish(key)
        await shop.tells("effect.settled", key)
        await service.work()
        ticket = await service.ticket(ticket["id"])
        assert (ticket["lane"], ticket["actions"][0]["status"]) == ("human", "succeeded")
        assert (ticket["messages"][-1]["author"], "I have refunded $89.00" in ticket["messages"][-1]["text"]) == ("note", True)


async def _as_person(service: Rig, ticket_id: str, person: Any) -> Any:
    async with service.services.db.reading() as conn:
        return await caller_for(conn, "default", ticket_id, person.id)


async def record(shop: Merchant) -> tuple[int, int]:
    """How many refunds the machine made alone, and how many were reversed, as an admin is shown."""
    key = await shop.key("root", Role.ADMIN)
    levels = (await shop.http.get("/v1/autonomy", headers=key)).json()["items"]
    (refunds,) = [one["record"] for one in levels if one["tool"] == "issue_refund"]
    return refunds["alone"], refunds["reversed"]


async def _leases_end(shop: Merchant) -> None:
    async with shop.service.services.db.begin() as conn:
        await conn.execute(update(actions).values(lease_until=None))
