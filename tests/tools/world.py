"""A small world for tests of the tool layer: our database, the embedded shop, tickets, people, and the runner over them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service import ids
from service.store import journal, people
from service.store.actions import SqlActionBook
from service.store.approvals import Approvals
from service.store.database import Database
from service.store.money_schema import actions, approvals, ledger
from service.store.people import Person, Role
from service.store.schema import customers, events, messages, questions, tenants, tickets
from service.store.switches import Switches
from service.store.wakeups import EventKind, Wakeups
from tests.tools.goods import SHOP
from tools.backends.shop import BookEntry, Faulty, Shop, create_tables, load, open_engine, read_books
from tools.commerce import Commerce, CustomerId
from tools.execution import Crashpoint, go_on
from tools.limits import Policy
from tools.ports import (
    Action,
    ActionId,
    ApprovalId,
    Caller,
    Clock,
    Lane,
    PersonId,
    TenantName,
    TicketId,
    ToolResult,
    Verification,
)
from tools.runner import ToolRunner

Json = Mapping[str, Any]


class Died(BaseException):
    """The process was killed here."""


@dataclass
class World:
    """Everything that a call needs. `woken` collects the drains that were enqueued."""

    database: Database
    shop_engine: AsyncEngine
    clock: Clock
    policy: Policy = field(default_factory=Policy)
    woken: list[str] = field(default_factory=list)
    shops: dict[str, Faulty] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.wakeups = Wakeups(self._enqueue, self.clock)
        self.book = SqlActionBook(self.database, self.wakeups, self.policy_for, self.clock)
        self.approvals = Approvals(self.database, self.wakeups, self.clock)
        self.switches = Switches(self.database, self.clock)
        self.runner = self.runner_that(go_on)

    async def _enqueue(self, conn: AsyncConnection, tenant: str, ticket_id: str, wake: int, queue: str) -> None:
        self.woken.append(ticket_id)

    def policy_for(self, tenant: TenantName) -> Policy:
        return self.policy

    def shop_of(self, tenant: str) -> Commerce:
        return self.shops[tenant]

    def runner_that(self, crashpoint: Crashpoint) -> ToolRunner:
        """A runner as a process of its own would build it."""
        return ToolRunner(self.shop_of, self.book, self.policy_for, self.clock, crashpoint)

    def process(self, connections: int) -> "World":
        """Another process over the same databases, with a pool of its own for ours; it closes what it opened itself."""
        url = self.database.url.render_as_string(hide_password=False)
        other = World(Database(url, connections), self.shop_engine, self.clock, self.policy)
        other.shops = {name: Faulty(Shop(self.shop_engine, name, self.clock)) for name in self.shops}
        return other

    def runner_that_dies_at(self, boundary: str) -> ToolRunner:
        def crash(reached: str) -> None:
            if reached == boundary:
                raise Died

        return self.runner_that(crash)

    async def add_tenant(self, name: str, data: dict[str, Any] | None = None) -> None:
        """A tenant with a shop of its own."""
        await load(self.shop_engine, name, data or SHOP)
        await self.add_tenant_of_loaded_shop(name)

    async def add_tenant_of_loaded_shop(self, name: str) -> None:
        """A tenant whose shop is in the shop's database already."""
        async with self.database.begin() as conn:
            await conn.execute(insert(tenants).values(name=name, created_at=self.clock()))
        self.shops[name] = Faulty(Shop(self.shop_engine, name, self.clock))

    async def ticket(self, customer: str = "cus_ada", tenant: str = "default", lane: Lane = Lane.WORKFLOW) -> Caller:
        """A ticket with one message that a turn is handling, and that turn as a caller."""
        ticket_id, customer_id, now = ids.new("tkt"), f"{tenant}-{customer}", self.clock()
        async with self.database.begin() as conn:
            known = (await conn.execute(select(customers.c.id).where(customers.c.id == customer_id))).first()
            if known is None:
                await conn.execute(
                    insert(customers).values(id=customer_id, tenant=tenant, external_id=customer, created_at=now)
                )
            await conn.execute(
                insert(tickets).values(
                    id=ticket_id,
                    tenant=tenant,
                    external_id=ticket_id,
                    customer_id=customer_id,
                    verification="channel",
                    status="working",
                    lane=lane,
                    slots={},
                    budget={},
                    seq=1,
                    pending=1,
                    wake=1,
                    fence=1,
                    beat=now,
                    created_at=now,
                    updated_at=now,
                )
            )
            await conn.execute(insert(events).values(ticket_id=ticket_id, seq=1, kind="message", data={}, created_at=now))
        return Caller(
            TenantName(tenant),
            TicketId(ticket_id),
            CustomerId(customer),
            Verification.CHANNEL,
            lane,
            fence=1,
            event_seq=1,
            seen_seq=1,
        )

    async def person(self, role: Role = Role.SUPERVISOR, tenant: str = "default") -> Person:
        async with self.database.begin() as conn:
            name = ids.new("p")
            return await people.create(conn, TenantName(tenant), f"{name}@example.com", name, role, self.clock())

    def as_person(self, caller: Caller, person: Person) -> Caller:
        """The same ticket in the hands of a person."""
        return replace(
            caller,
            lane=Lane.HUMAN,
            person=PersonId(person.id),
            fence=None,
            event_seq=None,
            seen_seq=None,
            flow=None,
            asks=False,
        )

    async def customer_writes(self, caller: Caller) -> int:
        """Another message arrives; returns its number."""
        async with self.database.begin() as conn:
            return await self.wakeups.wake(conn, caller.ticket, EventKind.MESSAGE)

    async def new_claim(self, caller: Caller) -> Caller:
        """The ticket's drain is adopted by another worker, whose turn calls from now on."""
        async with self.database.begin() as conn:
            query = update(tickets).where(tickets.c.id == caller.ticket).values(fence=tickets.c.fence + 1)
            fence = (await conn.execute(query.returning(tickets.c.fence))).scalar_one()
        return replace(caller, fence=fence)

    async def finish_turn(self, caller: Caller) -> None:
        async with self.database.begin() as conn:
            await conn.execute(update(events).where(events.c.ticket_id == caller.ticket).values(done=True))
            await conn.execute(update(tickets).where(tickets.c.id == caller.ticket).values(pending=0))

    async def says_yes(self, action: Action | None) -> None:
        """The verified customer confirms the question about this action."""
        assert action is not None
        now, question = self.clock(), ids.new("msg")
        async with self.database.begin() as conn:
            await conn.execute(
                insert(messages).values(
                    id=question,
                    ticket_id=action.ticket,
                    author="bot",
                    text="Shall I?",
                    sent_at=now,
                    position=1_001,
                    created_at=now,
                )
            )
            await conn.execute(
                insert(questions).values(
                    id=ids.new("qst"),
                    ticket_id=action.ticket,
                    message_id=question,
                    kind="confirm",
                    action_id=action.id,
                    text="Shall I?",
                    asked_at=now,
                    delivered_at=now,
                    expires_at=now,
                    state="confirmed",
                    answered_by="message:m-2",
                    closed_at=now,
                )
            )

    async def confirmed(self, caller: Caller, tool: str, args: Json, origin: str = "o-1") -> ToolResult:
        """A bot's call, the customer's yes, and the call resumed."""
        first = await self.runner.call(caller, tool, args, origin)
        assert first.needs_confirmation, first
        await self.says_yes(first.action)
        assert first.action is not None
        return await self.runner.resume(caller, first.action.id)

    async def approval_of(self, action: Action | None) -> Any:
        assert action is not None
        async with self.database.reading() as conn:
            query = select(approvals).where(approvals.c.action_id == action.id).order_by(approvals.c.created_at.desc())
            return (await conn.execute(query)).first()

    async def vote(self, person: Person, action: Action | None, decision: str = "approve") -> Any:
        row = await self.approval_of(action)
        return await self.approvals.decide(person, ApprovalId(row.id), decision, "looked at it", row.digest)  # type: ignore[arg-type]

    async def action(self, action_id: ActionId) -> Any:
        async with self.database.reading() as conn:
            return (await conn.execute(select(actions).where(actions.c.id == action_id))).one()

    async def all_actions(self) -> list[Any]:
        async with self.database.reading() as conn:
            return list(await conn.execute(select(actions).order_by(actions.c.created_at, actions.c.id)))

    async def books(self, tenant: str = "default") -> tuple[BookEntry, ...]:
        """The shop's own record of effects."""
        return await read_books(self.shop_engine, tenant)

    async def balances(self) -> dict[str, int]:
        """The ledger's accounts that are not empty."""
        query = select(ledger.c.account, func.sum(ledger.c.amount_minor)).group_by(ledger.c.account)
        async with self.database.reading() as conn:
            return {account: int(total) for account, total in await conn.execute(query) if total}

    async def journal_kinds(self, caller: Caller) -> list[str]:
        async with self.database.reading() as conn:
            return [entry.kind for entry in await journal.read(conn, caller.ticket)]

    async def journal_faults(self) -> list[str]:
        """What is wrong with any ticket's chain."""
        async with self.database.reading() as conn:
            rows = (await conn.execute(select(tickets.c.id, tickets.c.journal_seq, tickets.c.journal_head))).all()
            found = [await journal.verify(conn, row.id, journal.Head(row.journal_seq, row.journal_head)) for row in rows]
        return [fault for fault in found if fault]


@asynccontextmanager
async def build_world(database_url: str, shop_url: str, clock: Clock, policy: Policy | None = None) -> AsyncIterator[World]:
    """A world with the tenant `default`, closed at the end."""
    database, engine = Database(database_url), open_engine(shop_url)
    await create_tables(engine)
    world = World(database, engine, clock, policy or Policy())
    await world.add_tenant("default")
    yield world
    await database.close()
    await engine.dispose()
