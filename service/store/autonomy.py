"""Levels of autonomy as rows: how they stand, and an admin's word that changes one, with its reason in the tenant's journal."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.errors import Conflict, Forbidden, Invalid, NotFound
from service.payload import kept_text
from service.store import people
from service.store.database import Database
from service.store.journal import Entry, append_to_tenant
from service.store.money_schema import autonomy
from service.store.people import Person, Role
from service.store.switches import wait_for_decisions
from service.store.upsert import insert_into
from tools.autonomy import Level
from tools.limits import ACTIONS, Policy
from tools.ports import Clock, TenantName


class LevelMoved(Conflict):
    """Somebody has changed this level since you looked at it."""

    code = "stale"


@dataclass(frozen=True, slots=True)
class LevelRow:
    """The level of one tool. `default` is what the settings say; `by` is `person:<id>`, None when no admin has set a level."""

    tool: str
    level: Level
    default: Level
    reason: str
    by: str | None
    at: datetime | None


class Autonomy:
    """Reads and changes the levels of a tenant's tools."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def all(self, tenant: TenantName, policy: Policy) -> tuple[LevelRow, ...]:
        """The level of every tool that acts, by the tool's name."""
        async with self._database.reading() as conn:
            return await levels(conn, tenant, policy)

    async def change(
        self, person: Person, policy: Policy, tool: str, level: Level, reason: str, was: Level | None = None
    ) -> LevelRow:
        """Set a tool's level; from the commit on every decision sees it. `was` is the level that the person saw.

        Raises `NotFound` for no such tool, `Forbidden` for whoever is not an admin, `Invalid` without a reason, and
        `LevelMoved`.
        """
        now, reason = self._clock(), kept_text(reason)
        async with self._database.begin() as conn:
            known = await people.find(conn, person.id)
            if known is None or not known.active or known.role is not Role.ADMIN or known.tenant != person.tenant:
                raise Forbidden("Only an admin changes how far the machine may go.")
            if tool not in ACTIONS:
                raise NotFound
            if not reason.strip():
                raise Invalid("Say why; whoever audits this needs the reason.")
            await wait_for_decisions(conn, person.tenant, tool)
            before = next(row for row in await levels(conn, person.tenant, policy) if row.tool == tool)
            if was is not None and was is not before.level:
                raise LevelMoved
            after = LevelRow(tool, level, before.default, reason.strip(), f"person:{person.id}", now)
            await _keep(conn, person.tenant, after)
            data = {"tool": tool, "from": before.level, "to": level, "reason": after.reason}
            await append_to_tenant(conn, person.tenant, [Entry("autonomy.changed", f"person:{person.id}", data)], now)
        return after


async def levels(conn: AsyncConnection, tenant: TenantName, policy: Policy) -> tuple[LevelRow, ...]:
    """The level of every tool that acts, by the tool's name: an admin's, or else the settings'."""
    rows = {row.tool: row for row in await conn.execute(select(autonomy).where(autonomy.c.tenant == tenant))}
    found = []
    for tool in sorted(ACTIONS):
        row, default = rows.get(tool), policy.level_of(tool)
        own = (Level(row.level), default, row.reason, row.by, row.at) if row else (default, default, "", None, None)
        found.append(LevelRow(tool, *own))
    return tuple(found)


async def _keep(conn: AsyncConnection, tenant: TenantName, row: LevelRow) -> None:
    values = {"level": row.level, "reason": row.reason, "by": row.by, "at": row.at}
    statement = insert_into(conn, autonomy).values(tenant=tenant, tool=row.tool, **values)
    await conn.execute(statement.on_conflict_do_update(index_elements=["tenant", "tool"], set_=values))
