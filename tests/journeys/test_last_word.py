"""A person takes a ticket and resolves it while the machine is still at work on it: the last word stays theirs."""

from typing import Any

from agent.model import ModelReply, ModelRequest
from agent.scripted import ScriptedModel
from service.store.people import Role
from tests.conftest import StandingClock
from tests.journeys.doubt import AWAY, BROKEN, LONG, Doubt, doubt
from tests.journeys.honesty import books_agree
from tests.journeys.looking import later, newest_reply, statuses
from tests.rig import Rig
from tools.backends.shop import Fault

LAST = "I have looked after it myself. All is well now."
CHARGED = "I was charged twice for my last order!! Please check."


async def resolves(service: Rig, ticket_id: str) -> None:
    """Ann takes the ticket over, answers it and resolves it."""
    desk, ann = service.services.desk, await service.person("ann", Role.AGENT)
    await desk.resolve(ann, await desk.take_over(ann, ticket_id), LAST)


def resolved_while_the_shop_works(shop: Doubt, call: str, ticket_id: str) -> None:
    """The next `call` to the shop takes so long that Ann resolves the ticket in the meantime."""
    shop.faulty.script(call, Fault(before=lambda: resolves(shop.service, ticket_id)))


class OvertakenModel(ScriptedModel):
    """The offline model, while whose last answer is on its way Ann resolves the ticket."""

    def __init__(self, service: Rig, ticket_id: str) -> None:
        super().__init__()
        self._service, self._ticket = service, ticket_id

    async def complete(self, request: ModelRequest) -> ModelReply:
        reply = await super().complete(request)
        if reply.stop_reason == "end_turn":
            await resolves(self._service, self._ticket)
        return reply


def how_it_stands(ticket: dict[str, Any]) -> tuple[str, str, Any]:
    return ticket["status"], ticket["escalation"]["state"], ticket["question"]


async def test_an_answer_of_a_flow_does_not_follow_the_last_word_of_a_person(database_url: str, clock: StandingClock) -> None:
    async with doubt(database_url, clock) as shop:
        service = shop.service
        accepted = await service.hear("Where is my order D-100001?")
        resolved_while_the_shop_works(shop, "find_orders", accepted.ticket_id)
        await service.work()
        ticket = await service.ticket(accepted.ticket_id)
        assert await service.said(accepted.ticket_id) == [LAST]
        assert how_it_stands(ticket) == ("resolved", "resolved", None)
        # Whoever resolved it can read what the bot would have said.
        assert [one["author"] for one in ticket["messages"]].count("note") == 1
        await service.verify_journals()


async def test_a_flow_asks_nothing_after_the_last_word_of_a_person(database_url: str, clock: StandingClock) -> None:
    async with doubt(database_url, clock) as shop:
        service = shop.service
        accepted = await service.hear(BROKEN)
        resolved_while_the_shop_works(shop, "get_order", accepted.ticket_id)
        await service.work()
        ticket = await service.ticket(accepted.ticket_id)
        assert await service.said(accepted.ticket_id) == [LAST]
        assert how_it_stands(ticket) == ("resolved", "resolved", None)
        assert statuses(ticket) == ["superseded"]
        await later(service, "yes please")
        assert await service.books() == []


async def test_an_agents_last_answer_does_not_follow_the_last_word_of_a_person(database_url: str, clock: StandingClock) -> None:
    async with doubt(database_url, clock) as shop:
        service = shop.service
        accepted = await service.hear(CHARGED)
        model = OvertakenModel(service, accepted.ticket_id)
        service.services.agents.model_for = lambda tenant: model  # type: ignore[method-assign]
        await service.work()
        ticket = await service.ticket(accepted.ticket_id)
        assert await service.said(accepted.ticket_id) == [LAST]
        assert how_it_stands(ticket) == ("resolved", "resolved", None)


async def test_money_that_goes_out_while_a_person_resolves_the_ticket_is_told_to_them_alone(
    database_url: str, clock: StandingClock
) -> None:
    async with doubt(database_url, clock) as shop:
        service = shop.service
        ticket = await service.say(BROKEN)
        asked = await service.said(ticket["id"])
        resolved_while_the_shop_works(shop, "refund", ticket["id"])
        ticket = await later(service, "yes please")
        assert [entry.kind for entry in await service.books()] == ["refund"]
        assert await service.said(ticket["id"]) == [*asked, LAST]
        assert how_it_stands(ticket) == ("resolved", "resolved", None)
        reference = (await service.books())[0].receipt.reference
        assert any(one["author"] == "note" and reference in one["text"] for one in ticket["messages"])
        await books_agree(service)


async def test_what_a_person_must_look_after_reaches_people_though_one_has_resolved_the_ticket(
    database_url: str, clock: StandingClock
) -> None:
    async with doubt(database_url, clock) as shop:
        service = shop.service
        ticket = await service.say(BROKEN)
        asked = await service.said(ticket["id"])
        shop.faulty.script("refund", Fault("lost_request", before=lambda: resolves(service, ticket["id"])))
        shop.faulty.script("find_effect", *[AWAY] * LONG)
        ticket = await later(service, "yes please")
        assert statuses(ticket) == ["unknown"]
        assert (ticket["status"], ticket["escalation"]["reason"]) == ("escalated", "outcome_unknown")
        assert await service.said(ticket["id"]) == [*asked, LAST]


async def test_a_message_that_a_person_resolved_before_its_turn_began_is_answered_and_the_next_one_is_heard(
    database_url: str, clock: StandingClock
) -> None:
    async with doubt(database_url, clock) as shop:
        service = shop.service
        for _ in range(2):
            accepted = await service.hear("Where is my order D-100001?")
            await resolves(service, accepted.ticket_id)
            await service.work()
            ticket = await service.ticket(accepted.ticket_id)
            assert await newest_reply(service, ticket) == LAST
            assert how_it_stands(ticket) == ("resolved", "resolved", None)
        ticket = await later(service, "Where is my order D-100001?")
        assert (ticket["status"], ticket["lane"]) == ("resolved", "workflow")
        assert "77120791907919" in await newest_reply(service, ticket)
