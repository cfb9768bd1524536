"""What a customer meets when the machine may not act alone yet: people decide, and nobody is told of what has not happened."""

from service.store.people import Role
from tests.journeys.looking import later, newest_reply, statuses
from tests.rig import Rig
from tools.autonomy import Level
from tools.ports import TenantName

WISH = "Please cancel my order D-100003"


async def put(service: Rig, level: Level) -> None:
    """An admin sets how far cancelling may go."""
    admin, policy = await service.person("root", Role.ADMIN), service.services.policy_for(TenantName("default"))
    await service.services.autonomy.change(admin, policy, "cancel_order", level, "We decided so.")


async def test_a_watched_wish_goes_to_people_and_the_customer_is_promised_nothing(service: Rig) -> None:
    await put(service, Level.OBSERVE)
    ticket = await service.say(WISH)
    (action,) = ticket["actions"]
    assert (action["status"], action["rule"], action["code"]) == ("refused", "autonomy.observe", "approval_required")
    assert (ticket["status"], ticket["escalation"]["reason"], ticket["question"]) == ("escalated", "policy", None)
    (line,) = ticket["escalation"]["brief"]["refused"]
    assert (line["tool"], line["rule"], line["amount"]["amount_minor"]) == ("cancel_order", "autonomy.observe", 8300)
    told = await newest_reply(service, ticket)
    assert "colleague" in told
    assert "cancelled" not in told
    assert await service.books() == []


async def test_a_yes_that_comes_after_a_tool_was_put_under_watch_moves_nothing(service: Rig) -> None:
    ticket = await service.say(WISH)
    assert ticket["question"]["kind"] == "confirm"
    await put(service, Level.OBSERVE)
    ticket = await later(service, "Yes please")
    assert (ticket["status"], statuses(ticket)) == ("escalated", ["refused"])
    assert await service.books() == []
    assert (await service.order("D-100003"))["status"] == "pending"


async def test_a_small_wish_waits_for_a_vote_and_is_then_done(service: Rig) -> None:
    await put(service, Level.APPROVE_ALL)
    await service.say(WISH)
    ticket = await later(service, "Yes please")
    assert (ticket["status"], await service.books()) == ("waiting_approval", [])
    (approval,) = ticket["approvals"]
    assert (approval["rule"], approval["votes_needed"]) == ("autonomy.approve_all", 1)
    await service.approve(await service.person("sam"), approval)
    await service.work()
    ticket = await service.ticket(ticket["id"])
    (entry,) = await service.books()
    assert (ticket["status"], statuses(ticket)) == ("resolved", ["succeeded"])
    assert entry.receipt.reference in await newest_reply(service, ticket)
