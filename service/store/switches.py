"""Kill switches: rows that always exist, so that a decision can hold them with a share lock while it commits."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import and_, bindparam, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.errors import Invalid, NotFound
from service.payload import kept_text
from service.store.database import Database
from service.store.journal import Entry, append_to_tenant
from service.store.money_schema import actions, switches
from service.store.upsert import insert_into
from tools.catalogue import CATALOGUE
from tools.ports import ActionId, ActionStatus, Clock, Effect, Lane, PersonId, Switch, TenantName, TicketId

Scope = Literal["tenant", "effect", "lane", "tool", "intent"]

IN_FLIGHT = (ActionStatus.RESERVED, ActionStatus.SENT, ActionStatus.UNKNOWN)
"""What a switch can no longer stop for certain."""

EFFECTS = (Effect.WRITE, Effect.MONEY)
"""The effects that can be switched off, each for all tools at once; without both, all can be read and nothing changed."""

_STOPPABLE = tuple(spec.name for spec in CATALOGUE.values() if spec.stoppable)


@dataclass(frozen=True, slots=True)
class SwitchRow:
    """A switch as it stands; `by` is `person:<id>`, None when nobody has ever touched it.

    `in_flight` is what was under way when it was thrown, as long as it is on.
    """

    scope: Scope
    name: str
    on: bool
    reason: str
    by: str | None
    at: datetime | None
    in_flight: "tuple[InFlight, ...]" = ()


@dataclass(frozen=True, slots=True)
class InFlight:
    """An action that was under way, and its status, when its switch was thrown; `now` is what has become of it since."""

    id: ActionId
    ticket: TicketId
    tool: str
    status: ActionStatus
    now: ActionStatus


@dataclass(frozen=True, slots=True)
class Who:
    """What a switch can stop a call by."""

    tenant: TenantName
    lane: str
    tool: str
    intent: str | None

    @property
    def names(self) -> list[tuple[str, str]]:
        """The switches that stop it, as scope and name."""
        return sorted((scope, name) for scope, name in self.values.items() if name)

    @property
    def values(self) -> dict[str, str | None]:
        """The names by scope, as a statement takes them."""
        effect = CATALOGUE[self.tool].effect
        return {
            "tenant": self.tenant,
            "effect": effect if effect in EFFECTS else None,
            "lane": self.lane,
            "tool": self.tool,
            "intent": self.intent,
        }


_STOPPING = select(switches.c.scope, switches.c.name, switches.c.on, switches.c.reason).where(
    switches.c.tenant == bindparam("tenant"),
    or_(*(and_(switches.c.scope == scope, switches.c.name == bindparam(scope)) for scope in get_args(Scope))),
)
_HOLD = _STOPPING.order_by(switches.c.scope, switches.c.name).with_for_update(read=True)
_PEEK = _STOPPING.where(switches.c.on)


class Switches:
    """Throws switches and lists them."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def throw(
        self, tenant: TenantName, scope: str, name: str, on: bool, reason: str, person: PersonId
    ) -> tuple[SwitchRow, tuple[InFlight, ...]]:
        """Turn a switch on or off; returns it and the actions in flight that it concerns.

        From the commit on, nothing that it stops is decided or sent any more. Raises `NotFound` for no such switch, and
        `Invalid` for one that is thrown without a reason.
        """
        if not _exists(tenant, scope, name):
            raise NotFound
        reason = kept_text(reason)
        if on and not reason.strip():
            raise Invalid("Say why; whoever sees the banner needs the reason.")
        by, now = f"person:{person}", self._clock()
        async with self._database.begin() as conn:
            await ensure(conn, tenant, [(scope, name)])
            mine = (switches.c.tenant == tenant, switches.c.scope == scope, switches.c.name == name)
            change = {"on": on, "reason": reason, "by": by, "at": now, "version": switches.c.version + 1}
            # From this statement on no decision commits, so what is under way now is all that ever will be.
            await conn.execute(update(switches).where(*mine).values(change))
            running = await _in_flight(conn, tenant, scope, name)
            await conn.execute(update(switches).where(*mine).values(in_flight=[_kept(one) for one in running] if on else []))
            data = {"scope": scope, "name": name, "on": on, "reason": reason, "in_flight": [one.id for one in running]}
            await append_to_tenant(conn, tenant, [Entry("switch.thrown", by, data)], now)
        return SwitchRow(scope, name, on, reason, by, now, running if on else ()), running  # type: ignore[arg-type]

    async def all(self, tenant: TenantName) -> tuple[SwitchRow, ...]:
        """The tenant's switches: its own, its effects, lanes and tools, and every intent that was ever switched."""
        async with self._database.reading() as conn:
            rows = (await conn.execute(select(switches).where(switches.c.tenant == tenant))).all()
            now = await _statuses(conn, tenant, (one["id"] for row in rows for one in row.in_flight))
        known = {(row.scope, row.name): _row(row, now) for row in rows}
        fixed: Sequence[tuple[Scope, str]] = (
            ("tenant", tenant),
            *(("effect", effect.value) for effect in EFFECTS),
            *(("lane", lane.value) for lane in Lane),
            *(("tool", name) for name in _STOPPABLE),
        )
        for scope, name in fixed:
            known.setdefault((scope, name), SwitchRow(scope, name, False, "", None, None))
        return tuple(known[key] for key in sorted(known))


async def hold(conn: AsyncConnection, who: Who) -> Switch | None:
    """The thrown switch that stops this, read under a share lock that lasts until the transaction ends."""
    rows = (await conn.execute(_HOLD, who.values)).all()
    if len(rows) < len(who.names):
        await ensure(conn, who.tenant, who.names)
        rows = (await conn.execute(_HOLD, who.values)).all()
    return next((Switch(row.scope, row.name, row.reason) for row in rows if row.on), None)


async def wait_for_decisions(conn: AsyncConnection, tenant: TenantName, tool: str) -> None:
    """Wait until every decision on a tool that is being made has committed, and let none begin before this transaction ends."""
    await ensure(conn, tenant, [("tool", tool)])
    row = switches.c.tenant == tenant, switches.c.scope == "tool", switches.c.name == tool
    await conn.execute(select(switches.c.name).where(*row).with_for_update())


async def peek(conn: AsyncConnection, who: Who, scopes: Sequence[Scope] = get_args(Scope)) -> Switch | None:
    """The thrown switch that stops this, read without a lock."""
    rows = await conn.execute(_PEEK, who.values)
    return next((Switch(row.scope, row.name, row.reason) for row in rows if row.scope in scopes), None)


async def ensure(conn: AsyncConnection, tenant: TenantName, names: Sequence[tuple[str, str]]) -> None:
    """Make the rows of these switches, by scope and name, unless they are there."""
    rows = [{"tenant": tenant, "scope": scope, "name": name} for scope, name in names]
    await conn.execute(insert_into(conn, switches).values(rows).on_conflict_do_nothing())


async def _in_flight(conn: AsyncConnection, tenant: TenantName, scope: str, name: str) -> tuple[InFlight, ...]:
    columns = {"effect": actions.c.effect, "lane": actions.c.lane, "tool": actions.c.tool, "intent": actions.c.intent}
    column = columns.get(scope, actions.c.tenant)
    query = select(actions).where(actions.c.tenant == tenant, actions.c.status.in_(IN_FLIGHT), column == name)
    rows = await conn.execute(query.order_by(actions.c.created_at))
    return tuple(_flying(row.id, row.ticket_id, row.tool, row.status, row.status) for row in rows)


def _flying(action: str, ticket: str, tool: str, status: str, now: str) -> InFlight:
    return InFlight(ActionId(action), TicketId(ticket), tool, ActionStatus(status), ActionStatus(now))


def _kept(one: InFlight) -> dict[str, str]:
    return {"id": one.id, "ticket": one.ticket, "tool": one.tool, "status": one.status}


def _row(row: Any, now: Mapping[str, str]) -> SwitchRow:
    flying = tuple(
        _flying(one["id"], one["ticket"], one["tool"], one["status"], now.get(one["id"], one["status"]))
        for one in row.in_flight
    )
    return SwitchRow(row.scope, row.name, row.on, row.reason, row.by, row.at, flying)


async def _statuses(conn: AsyncConnection, tenant: TenantName, ids: Iterable[str]) -> dict[str, str]:
    wanted = list(ids)
    if not wanted:
        return {}
    query = select(actions.c.id, actions.c.status).where(actions.c.tenant == tenant, actions.c.id.in_(wanted))
    return {row.id: row.status for row in await conn.execute(query)}


def _exists(tenant: TenantName, scope: str, name: str) -> bool:
    known = {
        "tenant": name == tenant,
        "effect": name in set(EFFECTS),
        "lane": name in set(Lane),
        "tool": name in _STOPPABLE,
        "intent": 0 < len(name) <= 64 and name.isidentifier(),
    }
    return known.get(scope, False)
