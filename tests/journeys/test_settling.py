"""Nobody knows whether the shop paid: a person finds out, says so, and the ticket, the money and the customer follow."""

import asyncio
from typing import Any

import pytest

from service.store import audit, tenancy
from service.store.erasure import erase
from service.store.invariants.checking import broken, recomputed
from service.store.people import Role
from service.store.verification import verify_tenant
from tests.conftest import StandingClock
from tests.journeys.doubt import AWAY, BROKEN, KETTLE, Doubt, doubt
from tests.journeys.honesty import books_agree
from tests.journeys.looking import kinds, newest_reply
from tools.backends.shop import Fault
from tools.commerce import OrderId, RefundLeg
from tools.ports import TenantName

LAMP = "The desk lamp from order D-100011 arrived broken, I want my money back."


async def kept(shop: Doubt) -> None:
    """The books agree, and every promise holds."""
    await books_agree(shop.service)
    s = shop.service.services
    with tenancy.within("default"):
        async with s.db.reading() as conn:
            assert await broken(conn, "default", s.policy_for("default")) == ()
            assert await recomputed(conn, "default") == ()


async def in_audit(shop: Doubt) -> list[Any]:
    """What the tenant's audit says of words about unknown outcomes."""
    async with shop.service.services.db.reading() as conn:
        return [one for one in await audit.newest(conn, "default", None, 100) if one.kind == "outcome.stated"]


async def test_a_refund_that_never_happened_is_settled_by_hand_and_frees_the_money(
    database_url: str, clock: StandingClock
) -> None:
    async with doubt(database_url, clock) as shop:
        ticket = await shop.unknown()
        (action,) = ticket["actions"]
        assert await shop.balances() == {"merchant_funds": -KETTLE, "refunds_reserved": KETTLE}
        answer = await shop.settles(action["id"], "not_happened", reason="No such payment in their list.")
        assert (answer.status_code, answer.json()["status"], answer.json()["code"]) == (200, "failed", "not_done")
        assert await shop.balances() == {}
        ticket = await shop.service.ticket(ticket["id"])
        assert (ticket["status"], ticket["lane"]) == ("escalated", "human")
        told = await newest_reply(shop.service, ticket)
        assert "it did not go through" in told
        assert "$89.00 has not been sent to you" in told
        grace = await shop.service.person("grace")
        (entry,) = await in_audit(shop)
        assert entry.data is not None
        assert (entry.actor, entry.at, entry.data["reason"]) == (
            f"person:{grace.id}",
            clock(),
            "No such payment in their list.",
        )
        assert (entry.data["action_id"], entry.data["ticket_id"]) == (action["id"], ticket["id"])
        shop.comes_back()
        before = await kinds(shop.service, ticket)
        await shop.sweep()
        assert await kinds(shop.service, ticket) == before, "The sweep has nothing to find out any more."
        assert await shop.service.books() == []
        await kept(shop)


async def test_a_refund_that_happened_is_settled_by_hand_with_the_shops_reference(
    database_url: str, clock: StandingClock
) -> None:
    async with doubt(database_url, clock) as shop:
        ticket = await shop.unknown(lost="lost_answer")
        (action,) = ticket["actions"]
        paid = (await shop.service.order("D-100002"))["payments"][-1]["id"]
        answer = await shop.settles(action["id"], "happened", reference=paid)
        assert (answer.status_code, answer.json()["status"]) == (200, "succeeded")
        assert answer.json()["receipt"] == paid
        assert await shop.balances() == {"merchant_funds": -KETTLE, "refunds_paid": KETTLE}
        ticket = await shop.service.ticket(ticket["id"])
        assert "I have refunded $89.00" in await newest_reply(shop.service, ticket)
        assert paid in await newest_reply(shop.service, ticket)
        await kept(shop)


async def test_what_the_shops_books_say_by_now_comes_before_a_persons_word(sqlite_url: str, clock: StandingClock) -> None:
    async with doubt(sqlite_url, clock) as shop:
        ticket = await shop.unknown(lost="lost_answer")
        shop.comes_back()
        answer = await shop.settles(ticket["actions"][0]["id"], "not_happened")
        assert (answer.status_code, answer.json()["code"]) == (409, "not_unknown")
        ticket = await shop.service.ticket(ticket["id"])
        assert ticket["actions"][0]["status"] == "succeeded"
        assert "I have refunded $89.00" in await newest_reply(shop.service, ticket)
        assert await in_audit(shop) == []
        await kept(shop)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AGENT, Role.AUDITOR])
async def test_only_supervisors_and_admins_settle(sqlite_url: str, clock: StandingClock, role: Role) -> None:
    async with doubt(sqlite_url, clock) as shop:
        ticket = await shop.unknown()
        refused = await shop.settles(ticket["actions"][0]["id"], "not_happened", by="bob", role=role)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
        assert await shop.balances() == {"merchant_funds": -KETTLE, "refunds_reserved": KETTLE}
        assert (await shop.settles(ticket["actions"][0]["id"], "not_happened", by="eve", role=Role.ADMIN)).status_code == 200


async def test_nobody_settles_money_that_they_asked_for(sqlite_url: str, clock: StandingClock) -> None:
    async with doubt(sqlite_url, clock) as shop:
        service = shop.service
        ticket = await service.say("Let me talk to a person please.")
        shop.faulty.script("refund", Fault("lost_request"))
        shop.faulty.script("find_effect", *[Fault("unreachable")] * 9)
        args = {"order_id": "D-100002", "amount_minor": KETTLE, "currency": "USD", "reason": "damaged"}
        body = {"tool": "issue_refund", "args": args, "customer_confirmed": True}
        path = f"/v1/tickets/{ticket['id']}/actions"
        called = await shop.http.post(path, json=body, headers=await shop.key("grace"))
        assert (called.status_code, called.json()["status"]) == (202, "unknown")
        own = await shop.settles(called.json()["id"], "not_happened", by="grace")
        assert (own.status_code, "Somebody else" in own.json()["detail"]) == (403, True)
        assert (await shop.settles(called.json()["id"], "not_happened", by="ann")).status_code == 200
        await kept(shop)


async def test_a_word_needs_its_reason_and_what_happened_a_reference_of_its_own(sqlite_url: str, clock: StandingClock) -> None:
    async with doubt(sqlite_url, clock) as shop:
        await shop.service.say(LAMP, ticket="T-0", customer="cus_4")
        clock.advance(minutes=5)
        done = await shop.service.say("yes", ticket="T-0", customer="cus_4")
        ticket = await shop.unknown(lost="lost_answer")
        action, taken = ticket["actions"][0]["id"], done["actions"][0]["receipt"]
        for reason, reference in ((" ", "rf_1"), ("I looked.", " "), ("I looked.", "x" * 201)):
            refused = await shop.settles(action, "happened", reason=reason, reference=reference)
            assert refused.status_code == 422, (reason, reference)
        used = await shop.settles(action, "happened", reference=taken)
        assert (used.status_code, used.json()["code"]) == (409, "reference_used")
        other = await shop.settles(done["actions"][0]["id"], "not_happened")
        assert (other.status_code, other.json()["code"]) == (409, "not_unknown")
        assert (await shop.settles("act_x", "not_happened")).status_code == 404
        assert (await shop.service.ticket(ticket["id"]))["actions"][0]["status"] == "unknown"


async def test_of_two_who_settle_at_once_the_first_wins(database_url: str, clock: StandingClock) -> None:
    async with doubt(database_url, clock) as shop:
        ticket = await shop.unknown()
        action = ticket["actions"][0]["id"]
        ann, eve = await shop.key("ann"), await shop.key("eve")
        path, why = f"/v1/actions/{action}/settlement", {"reason": "I looked."}
        answers = await asyncio.gather(
            shop.http.post(path, json={"outcome": "happened", "reference": "rf_9", **why}, headers=ann),
            shop.http.post(path, json={"outcome": "not_happened", **why}, headers=eve),
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        assert len(await in_audit(shop)) == 1
        told = await kinds(shop.service, ticket)
        assert told.count("action.succeeded") + told.count("action.failed") == 1


async def test_while_the_sweep_tries_once_more_nobody_settles(database_url: str, clock: StandingClock) -> None:
    async with doubt(database_url, clock) as shop:
        ticket = await shop.unknown()
        shop.comes_back()
        answers: list[Any] = []

        async def somebody_settles() -> None:
            answers.append(await shop.settles(ticket["actions"][0]["id"], "not_happened"))

        shop.faulty.script("refund", Fault("none", before=somebody_settles))
        await shop.sweep()
        assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(409, "being_tried")]
        assert (await shop.service.ticket(ticket["id"]))["actions"][0]["status"] == "succeeded"
        await kept(shop)


async def test_what_a_person_settled_while_the_sweep_was_looking_is_not_sent_again(
    database_url: str, clock: StandingClock
) -> None:
    async with doubt(database_url, clock) as shop:
        ticket = await shop.unknown()
        shop.comes_back()
        answers: list[Any] = []

        async def somebody_settles() -> None:
            answers.append(await shop.settles(ticket["actions"][0]["id"], "not_happened"))

        shop.faulty.script("find_effect", Fault("none", after=somebody_settles))
        await shop.sweep()
        assert [answer.status_code for answer in answers] == [200]
        assert await shop.service.books() == [], "The money was free again, so nothing may be sent."
        assert await shop.balances() == {}
        await kept(shop)


async def test_books_that_contradict_a_person_bring_the_ticket_back_to_people_once(
    sqlite_url: str, clock: StandingClock
) -> None:
    async with doubt(sqlite_url, clock) as shop:
        ticket = await shop.unknown(lost="lost_answer")
        (action,) = ticket["actions"]
        await shop.settles(action["id"], "not_happened")
        case = (await shop.service.ticket(ticket["id"]))["escalation"]
        ann = await shop.service.person("ann")
        await shop.service.services.desk.claim(ann, case["id"])
        await shop.service.services.desk.resolve(ann, case["id"], "I have sent it by hand.")
        shop.comes_back()
        told = await shop.tells("effect.settled", action["idempotency_key"])
        await shop.service.work()
        assert (told.status_code, told.json()["status"]) == (202, "failed")
        ticket = await shop.service.ticket(ticket["id"])
        assert (ticket["status"], ticket["escalation"]["reason"]) == ("escalated", "outcome_unknown")
        assert "has happened after all" in str(ticket["escalation"]["brief"])
        assert (await kinds(shop.service, ticket)).count("outcome.contradicted") == 1
        case = ticket["escalation"]
        await shop.service.services.desk.claim(ann, case["id"])
        await shop.service.services.desk.resolve(ann, case["id"], "It is paid twice, and that is fine.")
        assert (await shop.tells("effect.settled", action["idempotency_key"], webhook="evt-2")).status_code == 202
        await shop.service.work()
        ticket = await shop.service.ticket(ticket["id"])
        assert (ticket["status"], (await kinds(shop.service, ticket)).count("outcome.contradicted")) == ("resolved", 1)


async def test_a_refund_that_was_given_up_and_was_paid_after_all_is_told_to_people_once(
    database_url: str, clock: StandingClock
) -> None:
    async with doubt(database_url, clock) as shop:
        service = shop.service
        shop.faulty.script("refund", AWAY, AWAY)
        await service.say(BROKEN)
        clock.advance(minutes=5)
        ticket = await service.say("Yes please")
        (action,) = ticket["actions"]
        assert (action["status"], action["code"]) == ("failed", "backend_unavailable")
        ann = await service.person("ann")
        await service.services.desk.claim(ann, ticket["escalation"]["id"])
        await service.services.desk.resolve(ann, ticket["escalation"]["id"], "I will look into it.")
        # A request that the shop's own gateway had kept acts when the shop is back.
        card = (await service.order("D-100002"))["payments"][0]["method_id"]
        leg = RefundLeg(method_id=card, amount_minor=KETTLE)
        await shop.shop.refund(OrderId("D-100002"), [leg], "damaged", 0, action["idempotency_key"])
        for webhook in ("evt-1", "evt-2"):
            told = await shop.tells("effect.settled", action["idempotency_key"], webhook=webhook)
            assert (told.status_code, told.json()["status"]) == (202, "failed")
            await service.work()
        ticket = await service.ticket(ticket["id"])
        assert (ticket["status"], ticket["escalation"]["reason"]) == ("escalated", "outcome_unknown")
        assert "has happened after all; it stands here as failed" in str(ticket["escalation"]["brief"])
        assert (await kinds(service, ticket)).count("outcome.contradicted") == 1


async def test_what_each_look_has_said_is_kept_for_people(sqlite_url: str, clock: StandingClock) -> None:
    async with doubt(sqlite_url, clock, forgets_keys=True) as shop:
        shop.faulty.script("get_order", *[Fault()] * 3)
        ticket = await shop.unknown()
        await shop.sweep()
        await shop.sweep()
        shop.comes_back()
        await shop.sweep()
        await shop.sweep()
        looks = (await shop.service.ticket(ticket["id"]))["actions"][0]["looks"]
        assert [(look["answer"], look["times"]) for look in looks] == [("unreachable", 3), ("nothing", 2)]
        assert looks[0]["since"] < looks[0]["last"] < looks[1]["since"]


async def test_a_persons_words_leave_no_card_number_and_go_with_the_customer(sqlite_url: str, clock: StandingClock) -> None:
    async with doubt(sqlite_url, clock) as shop:
        ticket = await shop.unknown()
        why = "Ada rang about her card 4111 1111 1111 1111; Zebulon's list lacks it."
        await shop.settles(ticket["actions"][0]["id"], "not_happened", reason=why)
        (entry,) = await in_audit(shop)
        assert "[card ending 1111]" in str(entry.data)
        s = shop.service.services
        async with s.db.begin() as conn:
            await erase(conn, TenantName("default"), "cus_1", "operator", clock())
        (entry,) = await in_audit(shop)
        assert entry.data is None
        async with s.db.reading() as conn:
            verified = await verify_tenant(conn, "default")
        assert (verified.findings, verified.erased > 0) == ((), True)
