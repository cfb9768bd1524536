"""Tickets that wait: for a customer who stays silent, for people's votes, and for what the customer says meanwhile."""

import pytest

from service.errors import ApprovalSuperseded
from service.store.people import Role
from service.sweeps import Sweeps
from tests.conftest import StandingClock
from tests.durability.test_every_boundary import Deaths, Died
from tests.journeys.honesty import books_agree
from tests.journeys.looking import kinds, later, newest_reply, statuses
from tests.rig import Rig, rig, rig_settings


def sweeps(service: Rig) -> Sweeps:
    """The sweeps of this service; the engine behind them is not running."""
    s = service.services

    async def nothing() -> int:
        return 0

    return Sweeps(s.db, s.engine, s.wakeups, s.clock, nothing, s.approvals.expire)


async def wants_749_back(service: Rig) -> dict:
    """A refund above the cap, asked for and confirmed."""
    await service.say("The espresso machine from order D-100004 arrived broken, I want my money back.")
    ticket = await later(service, "yes please")
    assert (ticket["status"], statuses(ticket)) == ("waiting_approval", ["proposed"])
    assert ticket["approvals"][0]["rule"] == "refund.per_call_cap"
    assert "Nothing has moved yet" in await newest_reply(service, ticket)
    return ticket


async def test_a_customer_who_stays_silent_is_told_that_nothing_was_done(service: Rig) -> None:
    ticket = await service.say("Please cancel my order D-100003")
    service.clock.advance(hours=47)
    assert await sweeps(service).ring_timers() == 0
    service.clock.advance(hours=1, minutes=1)
    assert await sweeps(service).ring_timers() == 1
    assert await sweeps(service).ring_timers() == 0
    await service.work()
    ticket = await service.ticket(ticket["id"])
    assert (ticket["status"], ticket["question"], statuses(ticket)) == ("resolved", None, ["expired"])
    assert "not heard back from you" in await newest_reply(service, ticket)
    assert (await kinds(service, ticket)).count("question.expired") == 1
    # "Just reply when you would like to go on": the old offer is dead, and a new one waits for a yes of its own.
    late = await later(service, "yes please")
    assert (statuses(late), late["question"]["kind"]) == (["expired", "proposed"], "confirm")
    assert await service.books() == []


async def test_an_answer_that_comes_with_the_timer_too_late_confirms_nothing(service: Rig) -> None:
    ticket = await service.say("Please cancel my order D-100003")
    service.clock.advance(hours=49)
    await service.hear("yes please")
    await sweeps(service).ring_timers()
    await service.work()
    ticket = await service.ticket(ticket["id"])
    assert ticket["question"] is None
    assert statuses(ticket)[0] in ("superseded", "expired")
    assert await service.books() == []


async def test_a_timer_that_rings_after_the_answer_changes_nothing(service: Rig) -> None:
    ticket = await service.say("Please cancel my order D-100003")
    service.clock.advance(hours=47, minutes=59)
    await service.say("yes please")
    said = await service.said(ticket["id"])
    service.clock.advance(hours=2)
    await sweeps(service).ring_timers()
    await service.work()
    ticket = await service.ticket(ticket["id"])
    assert (ticket["status"], statuses(ticket), await service.said(ticket["id"])) == ("resolved", ["succeeded"], said)


@pytest.mark.parametrize("boundary", ["after_claim", "before_outcome", "after_outcome"])
async def test_a_silent_customer_is_told_even_if_the_process_dies_while_the_timer_rings(
    sqlite_url: str, clock: StandingClock, boundary: str
) -> None:
    settings = rig_settings(sqlite_url)
    async with rig(sqlite_url, clock, settings=settings) as service:
        ticket = await service.say("Please cancel my order D-100003")
        clock.advance(hours=49)
        await sweeps(service).ring_timers()
    async with rig(sqlite_url, clock, settings=settings, seed=False, crashpoint=Deaths(boundary)) as service:
        with pytest.raises(Died):
            await service.work()
    async with rig(sqlite_url, clock, settings=settings, seed=False) as service:
        await service.work()
        ticket = await service.ticket(ticket["id"])
        assert (ticket["status"], ticket["question"], statuses(ticket)) == ("resolved", None, ["expired"])
        told = [text for text in await service.said(ticket["id"]) if "not heard back from you" in text]
        assert len(told) == 1
        assert (await kinds(service, ticket)).count("question.expired") == 1
        await books_agree(service)


async def test_a_denied_refund_is_told_plainly_and_the_ticket_goes_on(service: Rig) -> None:
    ticket = await wants_749_back(service)
    await service.approve(await service.person("sue"), ticket["approvals"][0], "deny")
    await service.work()
    ticket = await service.ticket(ticket["id"])
    assert (ticket["status"], statuses(ticket)) == ("resolved", ["refused"])
    assert ticket["approvals"][0]["state"] == "denied"
    assert "could not approve it. Nothing has been done" in await newest_reply(service, ticket)
    ticket = await later(service, "Where is my order D-100001?")
    assert (ticket["status"], ticket["flow"]) == ("resolved", "order_status")
    assert await service.books() == []


async def test_a_refund_that_nobody_decides_on_expires_and_may_be_asked_for_again(service: Rig) -> None:
    ticket = await wants_749_back(service)
    service.clock.advance(hours=71)
    assert await service.services.approvals.expire() == 0
    service.clock.advance(hours=2)
    await sweeps(service).ring_timers()
    assert await service.services.approvals.expire() == 1
    await service.work()
    ticket = await service.ticket(ticket["id"])
    assert (ticket["status"], statuses(ticket), ticket["approvals"][0]["state"]) == ("resolved", ["expired"], "expired")
    assert "was not decided in time, so nothing has been done" in await newest_reply(service, ticket)
    ticket = await wants_749_back_again(service)
    assert statuses(ticket) == ["expired", "proposed"]
    assert await service.books() == []


async def wants_749_back_again(service: Rig) -> dict:
    ticket = await later(service, "The espresso machine from order D-100004 arrived broken, I want my money back.")
    assert ticket["question"]["kind"] == "confirm"
    return ticket


async def test_a_request_that_nobody_decided_on_starts_again_with_a_word(service: Rig) -> None:
    ticket = await wants_749_back(service)
    service.clock.advance(hours=73)
    assert await service.services.approvals.expire() == 1
    await service.work()
    ticket = await later(service, "I still want it")
    assert (statuses(ticket), ticket["question"]["kind"]) == (["expired", "proposed"], "confirm")
    assert "Refund: $749.00" in await newest_reply(service, ticket)
    assert await service.books() == []


async def test_an_approved_refund_is_paid_and_told_with_its_receipt(service: Rig) -> None:
    ticket = await wants_749_back(service)
    await service.approve(await service.person("sue"), ticket["approvals"][0])
    await service.work()
    ticket = await service.ticket(ticket["id"])
    (entry,) = await service.books()
    assert (entry.kind, entry.amount_minor) == ("refund", 74900)
    assert (ticket["status"], statuses(ticket), ticket["approvals"][0]["state"]) == ("resolved", ["succeeded"], "used")
    assert entry.receipt.reference in await newest_reply(service, ticket)


async def test_a_customer_who_takes_it_back_while_people_decide_supersedes_it(service: Rig) -> None:
    ticket = await wants_749_back(service)
    asked = ticket["approvals"][0]
    ticket = await later(service, "never mind, please")
    assert (ticket["status"], statuses(ticket)) == ("resolved", ["superseded"])
    assert ticket["approvals"][0]["state"] == "superseded"
    assert "left everything as it is" in await newest_reply(service, ticket)
    with pytest.raises(ApprovalSuperseded):
        await service.approve(await service.person("sue", Role.SUPERVISOR), asked)
    await service.work()
    assert await service.books() == []
    # The flow has let go of it too: it asks for a cause again, and does not take the fault that was taken back.
    ticket = await later(service, "I would like to return the espresso machine from order D-100004")
    assert (ticket["question"]["kind"], statuses(ticket)) == ("slot", ["superseded"])
    assert "why you would like to return" in await newest_reply(service, ticket)


async def test_a_question_while_people_decide_is_answered_and_the_votes_still_count(service: Rig) -> None:
    ticket = await wants_749_back(service)
    ticket = await later(service, "Where is my order D-100001?")
    assert (ticket["status"], statuses(ticket)) == ("waiting_approval", ["proposed"])
    assert "D-100001" in await newest_reply(service, ticket)
    ticket = await later(service, "ok thank you")
    assert ticket["status"] == "waiting_approval"
    await service.approve(await service.person("sue"), ticket["approvals"][0])
    await service.work()
    ticket = await service.ticket(ticket["id"])
    assert (ticket["status"], statuses(ticket)) == ("resolved", ["succeeded"])


async def test_a_customer_who_asks_for_news_is_told_since_when_and_until_when_people_decide(service: Rig) -> None:
    ticket = await wants_749_back(service)
    since = "20 November 2026, 12:05 UTC"
    for nudge in ("Any news?", "hello??", "When will I get my money back?"):
        ticket = await later(service, nudge)
        assert (ticket["status"], ticket["lane"], statuses(ticket)) == ("waiting_approval", "workflow", ["proposed"])
        told = await newest_reply(service, ticket)
        assert "refund $749.00 on order D-100004 to Mastercard ending 2161" in told
        assert f"waiting for that since {since}" in told
        assert "by 23 November 2026, 12:05 UTC at the latest" in told
    await service.approve(await service.person("sue"), ticket["approvals"][0])
    await service.work()
    ticket = await service.ticket(ticket["id"])
    assert (ticket["status"], statuses(ticket)) == ("resolved", ["succeeded"])


async def test_votes_that_come_in_while_another_question_is_open_do_not_close_that_question(service: Rig) -> None:
    ticket = await wants_749_back(service)
    ticket = await later(service, "Please also cancel my order D-100003")
    assert (ticket["question"]["kind"], statuses(ticket)) == ("confirm", ["proposed", "proposed"])
    await service.approve(await service.person("sue"), ticket["approvals"][0])
    await service.work()
    ticket = await service.ticket(ticket["id"])
    refund = (await service.books())[0]
    assert (refund.kind, refund.amount_minor) == ("refund", 74900)
    reply = await newest_reply(service, ticket)
    assert refund.receipt.reference in reply
    assert "Shall I cancel the order?" in reply
    assert (ticket["status"], statuses(ticket)) == ("waiting_customer", ["succeeded", "proposed"])
    await later(service, "yes please")
    assert [entry.kind for entry in await service.books()] == ["refund", "cancel_order"]


async def test_whoever_never_answers_what_the_agent_asked_is_told_that_it_ends(service: Rig) -> None:
    ticket = await service.say("The courier lost my parcel?? Nothing has arrived, what happens now", customer="cus_6")
    assert (ticket["status"], ticket["lane"], ticket["question"]) == ("waiting_customer", "agent", None)
    assert "Which of your orders is this about" in await newest_reply(service, ticket)
    service.clock.advance(hours=47)
    assert await sweeps(service).ring_timers() == 0
    service.clock.advance(hours=1, minutes=1)
    assert await sweeps(service).ring_timers() == 1
    await service.work()
    ticket = await service.ticket(ticket["id"])
    assert (ticket["status"], ticket["lane"]) == ("resolved", "agent")
    assert "not heard back from you" in await newest_reply(service, ticket)
    assert await sweeps(service).ring_timers() == 0


async def test_an_answer_to_what_the_agent_asked_leaves_no_timer_that_says_nobody_answered(service: Rig) -> None:
    await service.say("The courier lost my parcel?? Nothing has arrived, what happens now", customer="cus_6")
    service.clock.advance(hours=47)
    answered = await service.say("The courier lost my parcel, I mean D-100013", customer="cus_6")
    service.clock.advance(hours=2)
    await sweeps(service).ring_timers()
    await service.work()
    ticket = await service.ticket(answered["id"])
    assert "not heard back" not in " ".join(await service.said(ticket["id"]))


@pytest.mark.parametrize("wish", ["Please cancel my order", "Please cancel my order D-100003"])
async def test_an_out_of_office_reply_to_a_question_gets_no_answer_and_changes_nothing(service: Rig, wish: str) -> None:
    ticket = await service.say(wish)
    said, question = await service.said(ticket["id"]), ticket["question"]
    assert question is not None
    for _ in range(2):
        ticket = await later(service, "I am out of the office until Monday. This is an automatic reply.")
    assert (ticket["status"], ticket["question"]) == ("waiting_customer", question)
    assert await service.said(ticket["id"]) == said


async def test_an_order_can_still_be_cancelled_after_an_out_of_office_reply(service: Rig) -> None:
    await service.say("Please cancel my order D-100003")
    await later(service, "I am out of the office until Monday. This is an automatic reply.")
    ticket = await later(service, "yes please")
    assert (ticket["status"], statuses(ticket)) == ("resolved", ["succeeded"])
