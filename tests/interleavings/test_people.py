"""People who act while the machine does: votes, claims, take-overs and switches in the middle of everything."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from agent.model import ModelReply, ModelRequest
from agent.scripted import ScriptedModel
from service.errors import AlreadyDecided, Refused
from service.store.people import Role
from tests.conftest import StandingClock
from tests.durability.stories import says, wants_refund
from tests.durability.test_every_boundary import Deaths, Died
from tests.rig import Rig, rig, rig_settings

pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("postgres")]


async def waiting_for_approval(service: Rig) -> dict:
    await wants_refund(service, above_minor=50_000, below_minor=500_000)
    await service.work()
    await says(service, "yes please")
    await service.work()
    ticket = await service.ticket_called("T-1")
    assert ticket["status"] == "waiting_approval"
    return ticket


async def test_an_approval_on_a_persons_ticket_pays_and_leaves_them_a_note(postgres_url: str, clock: StandingClock) -> None:
    async with rig(postgres_url, clock) as service:
        ticket = await waiting_for_approval(service)
        owner, sue = await service.person("ann", Role.AGENT), await service.person("sue")
        await service.services.desk.take_over(owner, ticket["id"])
        await service.approve(sue, ticket["approvals"][0])
        before = await service.said(ticket["id"])
        await service.work()
        ticket = await service.ticket_called("T-1")
        assert [entry.kind for entry in await service.books()] == ["refund"]
        assert (ticket["status"], ticket["lane"]) == ("escalated", "human")
        assert await service.said(ticket["id"]) == before
        reference = (await service.books())[0].receipt.reference
        assert any(m["author"] == "note" and reference in m["text"] for m in ticket["messages"])


async def test_two_approvers_at_once_pay_once(postgres_url: str, clock: StandingClock) -> None:
    async with rig(postgres_url, clock) as service:
        ticket = await waiting_for_approval(service)
        people = [await service.person(name) for name in ("sue", "tom", "uma", "vic")]
        votes = (service.approve(person, ticket["approvals"][0]) for person in people)
        outcomes = await asyncio.gather(*votes, return_exceptions=True)
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["AlreadyDecided"] * 3 + ["NoneType"]
        assert all(outcome is None or isinstance(outcome, AlreadyDecided) for outcome in outcomes)
        await service.work()
        assert [entry.kind for entry in await service.books()] == ["refund"]


async def test_a_switch_thrown_between_reservation_and_sending_stops_the_money(postgres_url: str, clock: StandingClock) -> None:
    settings = rig_settings(postgres_url)
    async with rig(postgres_url, clock, settings=settings, crashpoint=Deaths("before_sent")) as service:
        await wants_refund(service)
        await service.work()
        await says(service, "yes please")
        with pytest.raises(Died):
            await service.work()
    async with rig(postgres_url, clock, settings=settings, seed=False) as service:
        admin = await service.person("ada", Role.ADMIN)
        _, in_flight = await service.services.switches.throw(
            admin.tenant, "tool", "issue_refund", True, "fraud alarm", admin.id
        )
        assert [action.status for action in in_flight] == ["reserved"]
        await service.work()
        ticket = await service.ticket_called("T-1")
        (action,) = ticket["actions"]
        assert (action["status"], action["code"]) == ("refused", "killed")
        assert await service.books() == []
        assert ticket["escalation"]["reason"] == "killed"


class InterruptedModel:
    """The offline model, in the middle of whose first answer somebody does something."""

    names = ("scripted",)

    def __init__(self, interruption: Callable[[], Awaitable[None]]) -> None:
        self._model = ScriptedModel()
        self._interruption = interruption
        self.asked = 0

    async def complete(self, request: ModelRequest) -> ModelReply:
        self.asked += 1
        if self.asked == 1:
            await self._interruption()
        return await self._model.complete(request)


async def test_a_person_who_takes_over_during_a_model_call_is_not_talked_over(postgres_url: str, clock: StandingClock) -> None:
    async with rig(postgres_url, clock) as service:
        ann = await service.person("ann", Role.AGENT)
        accepted = await service.hear("I was charged twice for my last order!! Please check.")

        async def take_over() -> None:
            await service.services.desk.take_over(ann, accepted.ticket_id)

        model = InterruptedModel(take_over)
        service.services.agents.model_for = lambda tenant: model  # type: ignore[method-assign]
        await service.work()
        ticket = await service.ticket(accepted.ticket_id)
        assert model.asked == 1
        assert await service.said(accepted.ticket_id) == []
        assert (ticket["lane"], ticket["status"], ticket["escalation"]["state"]) == ("human", "escalated", "claimed")
        with pytest.raises(Refused):
            await service.services.desk.take_over(await service.person("bob", Role.AGENT), accepted.ticket_id)


async def test_a_ticket_that_a_person_took_and_resolved_during_a_model_call_stays_resolved(
    postgres_url: str, clock: StandingClock
) -> None:
    async with rig(postgres_url, clock) as service:
        desk, ann = service.services.desk, await service.person("ann", Role.AGENT)
        accepted = await service.hear("I was charged twice for my last order!! Please check.")

        async def take_over_and_resolve() -> None:
            case = await desk.take_over(ann, accepted.ticket_id)
            await desk.resolve(ann, case, "I have looked at it: you were charged once.")

        model = InterruptedModel(take_over_and_resolve)
        service.services.agents.model_for = lambda tenant: model  # type: ignore[method-assign]
        await service.work()
        ticket = await service.ticket(accepted.ticket_id)
        assert model.asked == 1
        assert await service.said(accepted.ticket_id) == ["I have looked at it: you were charged once."]
        assert (ticket["status"], ticket["escalation"]["state"]) == ("resolved", "resolved")


async def test_a_newer_message_ends_an_agents_run_and_is_read_with_the_older_one(
    postgres_url: str, clock: StandingClock
) -> None:
    async with rig(postgres_url, clock) as service:
        accepted = await service.hear("I was charged twice for my last order!! Please check.")

        async def write_again() -> None:
            await service.hear("Sorry, forgot to say: it is about the order of this week.")

        model = InterruptedModel(write_again)
        service.services.agents.model_for = lambda tenant: model  # type: ignore[method-assign]
        await service.work()
        ticket = await service.ticket(accepted.ticket_id)
        assert [message["author"] for message in ticket["messages"]].count("bot") == 1
        assert ticket["status"] in ("resolved", "waiting_customer")
