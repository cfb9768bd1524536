"""What a tenant's mode leaves to the machine, and that it takes nothing from people."""

from dataclasses import replace

import pytest

from service.store.callers import caller_for, machine_for
from service.store.people import Role
from service.store.tenancy import within
from tests.conftest import StandingClock
from tests.rig import rig, rig_settings, tenant_file
from tools.ports import Lane

CANCEL = {"order_id": "D-100003", "reason": "ordered_by_mistake"}


@pytest.mark.parametrize(
    ("mode", "refused"),
    [
        ("normal", set()),
        ("workflows_only", {("agent", "find_orders"), ("agent", "cancel_order")}),
        ("read_only", {("agent", "cancel_order"), ("workflow", "cancel_order")}),
    ],
)
async def test_a_mode_takes_tools_from_the_machine_and_none_from_people(
    sqlite_url: str, clock: StandingClock, mode: str, refused: set[tuple[str, str]]
) -> None:
    settings = rig_settings(sqlite_url, file=tenant_file(mode=mode))
    async with rig(sqlite_url, clock, settings=settings) as service:
        ticket, bob = await service.say("Where is my order D-100001?"), await service.person("bob", Role.AGENT)
        async with service.services.db.reading() as conn:
            machine = await machine_for(conn, "default", ticket["id"], None)
            person = await caller_for(conn, "default", ticket["id"], bob.id)
        found = set()
        for lane in (Lane.AGENT, Lane.WORKFLOW):
            for tool, args in (("find_orders", {}), ("cancel_order", CANCEL)):
                caller = replace(machine, lane=lane)
                result = await service.services.runner.call(caller, tool, args, f"{lane}:{tool}")
                if result.refused:
                    assert (result.code, result.rule) == ("not_granted", "tool.granted")
                    found.add((str(lane), tool))
        assert found == refused
        done = await service.services.runner.call(person, "cancel_order", CANCEL, "desk:1", confirmed=True)
        assert done.ok


async def test_a_change_that_waits_for_votes_is_not_made_by_the_machine_once_it_may_only_read(
    sqlite_url: str, clock: StandingClock
) -> None:
    async with rig(sqlite_url, clock) as service:
        await service.say("Please cancel my order D-100008", customer="cus_2")
        clock.advance(minutes=1)
        waiting = await service.say("yes please", customer="cus_2")
        assert waiting["status"] == "waiting_approval"
    settings = rig_settings(sqlite_url, file=tenant_file(mode="read_only"))
    async with rig(sqlite_url, clock, settings=settings, seed=False) as service:
        await service.approve(await service.person("ann"), waiting["approvals"][0])
        await service.work()
        after = await service.ticket(waiting["id"])
        assert [(one["status"], one["code"]) for one in after["actions"]] == [("refused", "not_granted")]
        assert (after["status"], await service.books()) == ("escalated", [])


async def test_a_switch_that_was_thrown_before_a_customer_wrote_stops_what_their_flow_reads(
    database_url: str, clock: StandingClock
) -> None:
    async with rig(database_url, clock) as service:
        admin = await service.person("ada", Role.ADMIN)
        throw = service.services.switches.throw
        with within("default"):
            await throw(admin.tenant, "tool", "find_orders", True, "the shop is being moved", admin.id)
        stopped = await service.say("Where is my order D-100001?", ticket="T-1")
        assert (stopped["status"], stopped["lane"]) == ("escalated", "human")
        with within("default"):
            await throw(admin.tenant, "tool", "find_orders", False, "moved", admin.id)
        answered = await service.say("Where is my order D-100001?", ticket="T-2")
        assert answered["status"] == "resolved"
