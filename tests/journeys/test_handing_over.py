"""Who works a ticket: from a flow to the agent once, from the agent to people, and what people do with it."""

import pytest

from service.errors import Forbidden
from service.store.callers import machine_for
from service.store.people import Role
from tests.conftest import StandingClock
from tests.journeys.doubt import doubt
from tests.journeys.honesty import books_agree
from tests.journeys.looking import kinds, later, newest_reply, statuses
from tests.rig import Rig, rig, rig_settings
from tools.backends.shop import Fault


async def stuck_in_a_cancellation(service: Rig) -> dict:
    await service.say("Please cancel my order D-100003")
    for unclear in ("bananas grow on trees", "the weather is odd", "purple is a colour"):
        ticket = await later(service, unclear)
    return ticket


async def test_without_a_model_key_flows_still_run_and_the_rest_goes_to_people(sqlite_url: str, clock: StandingClock) -> None:
    settings = rig_settings(sqlite_url, model_provider="anthropic", anthropic_api_key=None)
    async with rig(sqlite_url, clock, settings=settings) as service:
        answered = await service.say("Where is my order D-100001?", ticket="T-1")
        assert (answered["status"], answered["lane"]) == ("resolved", "workflow")
        charged = await service.say("I was charged twice for my last order!! Please check.", ticket="T-2")
        stuck = await stuck_in_a_cancellation(service)
        for ticket in (charged, stuck):
            assert (ticket["status"], ticket["lane"]) == ("escalated", "human")
            assert ticket["escalation"]["reason"] == "model_not_configured"
            assert "colleague" in await newest_reply(service, ticket)
        assert stuck["cost_microusd"] == 0
        await books_agree(service)


async def test_a_model_without_a_price_leaves_the_rest_to_people(sqlite_url: str, clock: StandingClock) -> None:
    settings = rig_settings(sqlite_url, model_provider="anthropic", anthropic_api_key="a-key", fallback_model="dear-model")
    async with rig(sqlite_url, clock, settings=settings) as service:
        ticket = await service.say("I was charged twice for my last order!! Please check.")
        assert ticket["escalation"]["reason"] == "model_not_configured"


async def test_a_flow_hands_its_ticket_to_the_agent_once_and_then_to_a_person(service: Rig) -> None:
    ticket = await stuck_in_a_cancellation(service)
    written = await kinds(service, ticket)
    assert written.index("ticket.handed_over") < written.index("ticket.escalated")
    assert (ticket["lane"], statuses(ticket)) == ("human", ["superseded"])
    assert ticket["escalation"]["brief"]["wants"][-1] == "purple is a colour"
    # The agent is told that a flow got stuck, and not only what was said last.
    assert ticket["escalation"]["reason"] == "no_progress"


async def test_whose_account_was_hacked_stands_before_whoever_only_asks_something_odd(service: Rig) -> None:
    odd = await service.say("Bananas are my favourite fruit.", ticket="T-1")
    hacked = await service.say("My account was hacked and somebody ordered stuff with my card!!", ticket="T-2")
    assert (odd["escalation"]["risk"], hacked["escalation"]["risk"]) == ("low", "high")
    assert hacked["escalation"]["due_at"] < odd["escalation"]["due_at"]


async def test_a_message_on_a_persons_ticket_is_appended_and_nothing_else(service: Rig) -> None:
    ann = await service.person("ann", Role.AGENT)
    ticket = await service.say("I want to talk to a person")
    await service.services.desk.claim(ann, ticket["escalation"]["id"])
    said = await service.said(ticket["id"])
    ticket = await later(service, "Where is my order D-100001? And please cancel D-100003.")
    assert (ticket["status"], ticket["lane"], ticket["escalation"]["state"]) == ("escalated", "human", "claimed")
    assert await service.said(ticket["id"]) == said
    assert ticket["messages"][-1]["text"].startswith("Where is my order")
    assert (ticket["actions"], ticket["question"]) == ([], None)


async def test_a_person_takes_over_answers_and_hands_back_and_the_rails_go_on(service: Rig) -> None:
    desk, ann, bob = service.services.desk, await service.person("ann", Role.AGENT), await service.person("bob", Role.AGENT)
    ticket = await service.say("Please cancel my order D-100003")
    await desk.take_over(ann, ticket["id"])
    ticket = await service.ticket(ticket["id"])
    assert (ticket["status"], ticket["lane"], ticket["question"], statuses(ticket)) == (
        "escalated",
        "human",
        None,
        ["superseded"],
    )
    assert (ticket["escalation"]["reason"], ticket["escalation"]["state"]) == ("taken_over", "claimed")
    with pytest.raises(Forbidden):
        await desk.write(bob, ticket["id"], "I am not the owner.", note=False)
    await desk.write(bob, ticket["id"], "A note is everybody's right.", note=True)
    await desk.write(ann, ticket["id"], "Hello, this is Ann. Are you sure?", note=False)
    await later(service, "yes please")
    assert await service.books() == []
    ticket = await service.ticket(ticket["id"])
    authors = [message["author"] for message in ticket["messages"]]
    assert authors == ["customer", "bot", "note", "human", "customer"]
    await desk.hand_back(ann, ticket["id"])
    await service.work()
    ticket = await service.ticket(ticket["id"])
    assert ticket["escalation"]["state"] in ("resolved", "open")
    assert await service.books() == []


async def test_a_ticket_that_is_handed_back_answered_is_at_rest_until_the_customer_writes(service: Rig) -> None:
    desk, ann = service.services.desk, await service.person("ann", Role.AGENT)
    ticket = await service.say("I want to talk to a person")
    await desk.claim(ann, ticket["escalation"]["id"])
    service.clock.advance(minutes=1)
    await desk.write(ann, ticket["id"], "Here I am, and all is done.", note=False)
    await desk.hand_back(ann, ticket["id"])
    await service.work()
    ticket = await service.ticket(ticket["id"])
    assert (ticket["status"], ticket["lane"], ticket["escalation"]["state"]) == ("closed", "workflow", "resolved")
    ticket = await later(service, "Where is my order D-100001?")
    assert (ticket["status"], ticket["flow"]) == ("resolved", "order_status")


async def test_what_the_customer_wrote_to_a_person_is_routed_when_the_ticket_is_handed_back(service: Rig) -> None:
    desk, ann = service.services.desk, await service.person("ann", Role.AGENT)
    ticket = await service.say("I want to talk to a person")
    await desk.claim(ann, ticket["escalation"]["id"])
    service.clock.advance(minutes=1)
    await desk.write(ann, ticket["id"], "Here I am.", note=False)
    await later(service, "Where is my order D-100001?")
    await desk.hand_back(ann, ticket["id"])
    await service.work()
    ticket = await service.ticket(ticket["id"])
    assert (ticket["status"], ticket["lane"], ticket["flow"]) == ("resolved", "workflow", "order_status")
    assert "77120791907919" in await newest_reply(service, ticket)


async def test_a_message_that_comes_with_the_hand_back_does_not_bury_the_one_before(service: Rig) -> None:
    desk, ann = service.services.desk, await service.person("ann", Role.AGENT)
    ticket = await service.say("I want to talk to a person")
    await desk.claim(ann, ticket["escalation"]["id"])
    service.clock.advance(minutes=1)
    await desk.write(ann, ticket["id"], "Here I am.", note=False)
    await later(service, "Please cancel my order D-100003")
    await desk.hand_back(ann, ticket["id"])
    await later(service, "Where is my order D-100001?")
    ticket = await service.ticket(ticket["id"])
    assert (ticket["status"], ticket["question"]["kind"]) == ("waiting_customer", "confirm")
    told = "\n".join(await service.said(ticket["id"]))
    assert "77120791907919" in told
    assert told.count("cancel order D-100003") == 1
    await later(service, "yes please")
    assert [entry.order_id for entry in await service.books()] == ["D-100003"]


async def test_a_ticket_that_is_handed_back_without_a_word_goes_on_where_it_stood(service: Rig) -> None:
    desk, ann = service.services.desk, await service.person("ann", Role.AGENT)
    ticket = await service.say("Please cancel my order D-100003")
    await desk.take_over(ann, ticket["id"])
    service.clock.advance(minutes=1)
    await desk.hand_back(ann, ticket["id"])
    await service.work()
    ticket = await service.ticket(ticket["id"])
    # What the person's taking over had ended is offered anew, and only a new yes confirms it.
    assert (ticket["status"], ticket["question"]["kind"]) == ("waiting_customer", "confirm")
    assert statuses(ticket) == ["superseded", "proposed"]
    await later(service, "yes please")
    assert [entry.order_id for entry in await service.books()] == ["D-100003"]


async def test_a_customer_who_was_only_passed_on_is_not_left_when_the_ticket_is_handed_back(service: Rig) -> None:
    desk, ann = service.services.desk, await service.person("ann", Role.AGENT)
    ticket = await service.say("I want to talk to a person")
    told = await service.said(ticket["id"])
    first = ticket["escalation"]["id"]
    await desk.claim(ann, first)
    service.clock.advance(minutes=1)
    await desk.hand_back(ann, ticket["id"])
    await service.work()
    ticket = await service.ticket(ticket["id"])
    # The rails cannot be the person that was asked for, so people have it again; the customer knows, and hears it once.
    assert (ticket["status"], ticket["lane"], ticket["escalation"]["state"]) == ("escalated", "human", "open")
    assert ticket["escalation"]["id"] != first
    assert await service.said(ticket["id"]) == told


async def test_what_a_person_resolved_without_a_word_is_not_taken_up_again(service: Rig) -> None:
    desk, ann = service.services.desk, await service.person("ann", Role.AGENT)
    ticket = await service.say("Where is your shop on the moon?")
    await desk.claim(ann, ticket["escalation"]["id"])
    await desk.resolve(ann, ticket["escalation"]["id"])
    ticket = await later(service, "Where is my order D-100001?")
    await desk.take_over(ann, ticket["id"])
    await desk.hand_back(ann, ticket["id"])
    await service.work()
    ticket = await service.ticket(ticket["id"])
    assert (ticket["status"], ticket["lane"]) == ("closed", "workflow")


async def test_a_person_resolves_with_a_last_word_and_the_next_message_starts_anew(service: Rig) -> None:
    desk, ann = service.services.desk, await service.person("ann", Role.AGENT)
    ticket = await service.say("I want to talk to a person")
    await desk.claim(ann, ticket["escalation"]["id"])
    await desk.resolve(ann, ticket["escalation"]["id"], "All done, have a good day.")
    ticket = await service.ticket(ticket["id"])
    assert (ticket["status"], ticket["escalation"]["state"], ticket["due_at"]) == ("resolved", "resolved", None)
    assert await newest_reply(service, ticket) == "All done, have a good day."
    ticket = await later(service, "Please cancel my order D-100003")
    assert (ticket["status"], ticket["lane"], ticket["question"]["kind"]) == ("waiting_customer", "workflow", "confirm")
    ticket = await later(service, "yes please")
    assert (ticket["status"], statuses(ticket)) == ("resolved", ["succeeded"])


async def test_votes_pay_after_the_ticket_was_taken_over_and_handed_back(service: Rig) -> None:
    desk, ann, sue = service.services.desk, await service.person("ann", Role.AGENT), await service.person("sue")
    await service.say("The espresso machine from order D-100004 arrived broken, I want my money back.")
    ticket = await later(service, "yes please")
    await desk.take_over(ann, ticket["id"])
    await desk.hand_back(ann, ticket["id"])
    await service.work()
    ticket = await service.ticket(ticket["id"])
    assert (ticket["status"], statuses(ticket), ticket["approvals"][0]["state"]) == (
        "waiting_approval",
        ["proposed"],
        "pending",
    )
    await service.approve(sue, ticket["approvals"][0])
    await service.work()
    ticket = await service.ticket(ticket["id"])
    assert (ticket["status"], statuses(ticket)) == ("resolved", ["succeeded"])
    assert (await service.books())[0].receipt.reference in await newest_reply(service, ticket)


async def test_a_yes_whose_agent_cannot_speak_is_told_what_it_has_done(sqlite_url: str, clock: StandingClock) -> None:
    async with rig(sqlite_url, clock) as service:
        ticket = await service.say("The courier lost my parcel?? Nothing has arrived, what happens now", customer="cus_6")
        async with service.services.db.reading() as conn:
            machine = await machine_for(conn, "default", ticket["id"], None)
        refund = {"order_id": "D-100013", "amount_minor": 1_000, "currency": "USD", "reason": "late"}
        await service.services.runner.call(machine, "issue_refund", refund, "mcp:1")
        await service.work()
        ticket = await service.ticket(ticket["id"])
        assert (ticket["lane"], ticket["question"]["kind"]) == ("agent", "confirm")
    settings = rig_settings(sqlite_url, model_provider="anthropic", anthropic_api_key=None)
    async with rig(sqlite_url, clock, settings=settings, seed=False) as service:
        ticket = await later(service, "yes please", customer="cus_6")
        assert (ticket["status"], ticket["escalation"]["reason"]) == ("escalated", "model_not_configured")
        (entry,) = await service.books()
        told = await newest_reply(service, ticket)
        assert (entry.amount_minor, statuses(ticket)) == (1_000, ["succeeded"])
        assert f"and that is done. The reference is {entry.receipt.reference}." in told
        assert "I am passing it to a colleague" in told
        await books_agree(service)


async def test_a_question_that_a_person_took_over_before_it_was_asked_is_none(sqlite_url: str, clock: StandingClock) -> None:
    async with doubt(sqlite_url, clock) as shop:
        service, desk = shop.service, shop.service.services.desk
        ann = await service.person("ann", Role.AGENT)
        heard = await service.hear("Please cancel my order D-100003")

        async def take_over() -> None:
            await desk.take_over(ann, heard.ticket_id)

        shop.faulty.script("get_order", Fault("none", after=take_over))
        await service.work()
        ticket = await service.ticket(heard.ticket_id)
        assert [message["author"] for message in ticket["messages"]] == ["customer", "note"]
        assert (ticket["status"], ticket["question"], statuses(ticket)) == ("escalated", None, ["superseded"])
        await later(service, "yes please")
        await desk.hand_back(ann, heard.ticket_id)
        await service.work()
        assert await service.books() == []
        await books_agree(service)


@pytest.mark.parametrize(
    "wish", ["Please cancel my order D-100003", "The kettle in order D-100002 never arrived, I want my money back"]
)
async def test_a_ticket_taken_over_while_a_flow_works_stays_the_persons(
    wish: str, sqlite_url: str, clock: StandingClock
) -> None:
    async with doubt(sqlite_url, clock) as shop:
        service, desk = shop.service, shop.service.services.desk
        ann = await service.person("ann", Role.AGENT)
        heard = await service.hear(wish)

        async def take_over() -> None:
            await desk.take_over(ann, heard.ticket_id)

        shop.faulty.script("find_orders", Fault("none", after=take_over))
        await service.work()
        ticket = await later(service, "Where is my order D-100001?")
        assert (ticket["status"], ticket["lane"], ticket["escalation"]["state"]) == ("escalated", "human", "claimed")
        assert await service.said(heard.ticket_id) == []
        await desk.hand_back(ann, heard.ticket_id)
        await service.work()
        assert await service.said(heard.ticket_id) != []
        await books_agree(service)
