"""What the agent's run reads of its ticket: the budget, and the switches that stop it."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.money_schema import switches
from service.store.schema import tickets
from tools.ports import Caller, Lane


async def budget_of(conn: AsyncConnection, ticket_id: str) -> dict[str, Any]:
    """What the ticket has spent and holds reserved."""
    return (await conn.execute(select(tickets.c.budget).where(tickets.c.id == ticket_id))).scalar_one()


async def is_stopped(conn: AsyncConnection, caller: Caller) -> bool:
    """Whether a switch stops the tenant, the agent's lane or the ticket's intent."""
    thrown = await conn.execute(
        select(switches.c.scope, switches.c.name).where(switches.c.tenant == caller.tenant, switches.c.on)
    )
    stops = {("tenant", caller.tenant), ("lane", Lane.AGENT), ("intent", caller.intent)}
    return any((switch.scope, switch.name) in stops for switch in thrown)
