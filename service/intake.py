"""Takes one verified message in: ticket, message, event and wake-up in one transaction, or nothing at all.

Updating the ticket row first is what makes a wake-up impossible to lose: the drain that finishes and the message that arrives
meet on that row's lock, so either the drain sees the event or the message enqueues the next drain.
"""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from service import ids
from service.codes import CodeDesk
from service.errors import Unavailable, WebhookIdConflict, WebhookUnauthenticated
from service.payload import IncomingMessage
from service.settings import TenantSettings
from service.store import arrivals, tenancy
from service.store.arrival_statements import UNVERIFIED
from service.store.arrivals import Arrival, Sender
from service.store.database import BrokenRule, Connection, Database
from service.store.tenants import tenant_names
from service.store.wakeups import Wakeups
from tools.commerce import Commerce
from tools.errors import ToolError
from tools.execution import UNREADABLE
from tools.ports import Clock

log = structlog.get_logger()

LOOKUP_SECONDS = 5.0
"""How long the merchant's system may take to say whose an e-mail address is, while the help desk waits for an answer."""

RETRY_AFTER = "30"  # seconds


@dataclass(frozen=True, slots=True)
class Accepted:
    """Where a message is, and whether it was there already."""

    ticket_id: str
    message_id: str
    duplicate: bool


class Intake:
    """The one way a customer's message enters."""

    def __init__(
        self,
        db: Database,
        wakeups: Wakeups,
        clock: Clock,
        commerce_for: Callable[[str], Commerce],
        tenant_settings: Callable[[str], TenantSettings],
        codes: CodeDesk,
    ) -> None:
        self._db = db
        self._wakeups = wakeups
        self._clock = clock
        self._commerce_for = commerce_for
        self._tenant_settings = tenant_settings
        self._codes = codes

    async def accept(self, tenant: str, source: str, webhook_id: str, raw: bytes, incoming: IncomingMessage) -> Accepted:
        """Store the message and wake its ticket; returns after the commit.

        A known delivery or message is answered with the same ids. Raises `WebhookIdConflict` when the delivery id came with
        another body before, and `WebhookUnauthenticated` for a tenant that does not exist.
        """
        arrival = Arrival(
            tenant=tenant,
            source=source,
            webhook_id=webhook_id,
            body_sha256=hashlib.sha256(raw).digest(),
            sender=_as_said(incoming),
            incoming=incoming,
            message_id=ids.new("msg"),
            language=self._tenant_settings(tenant).language,
        )
        try:
            with tenancy.within(tenant):
                return await self._take(arrival)
        except BrokenRule as error:
            with tenancy.across_tenants():
                async with self._db.reading() as conn:
                    if tenant in await tenant_names(conn):
                        raise
            raise WebhookUnauthenticated from error

    async def _take(self, arrival: Arrival) -> Accepted:
        try:
            customer = await self._vouched_for(arrival)
        except (ToolError, TimeoutError, *UNREADABLE) as away:
            return await self._take_without_merchant(arrival, away)
        arrival = replace(arrival, sender=replace(arrival.sender, customer=customer))
        async with self._db.begin() as conn:
            accepted = await self._store(conn, arrival, self._clock())
            if accepted:
                return accepted
            await conn.rollback()
        async with self._db.begin() as conn:
            return await self._delivered(conn, arrival) or await self._said_before(conn, arrival)

    async def _take_without_merchant(self, arrival: Arrival, away: Exception) -> Accepted:
        """A delivery that came before needs nobody to say who wrote it; any other has to come again."""
        async with self._db.reading() as conn:
            known = await self._delivered(conn, arrival)
        if known:
            return known
        log.warning("intake.merchant_away", error=type(away).__name__)
        detail = "The merchant's system does not say now who wrote this; send it again later."
        raise Unavailable(detail, headers={"Retry-After": RETRY_AFTER}) from away

    async def _store(self, conn: Connection, arrival: Arrival, now: datetime) -> Accepted | None:
        ticket = await arrivals.make_room(conn, arrival, now)
        arrival = await self._codes.received(conn, arrival, ticket)
        if not await arrivals.add_mail(conn, arrival, ticket, now):
            return None
        if ticket.pending == 1:
            await self._wakeups.enqueue(conn, arrival.tenant, ticket.id, ticket.wake, "turns")
        return Accepted(ticket.id, arrival.message_id, duplicate=False)

    async def _delivered(self, conn: Connection, arrival: Arrival) -> Accepted | None:
        """What became of this delivery when it came before. Raises `WebhookIdConflict`."""
        delivery = await arrivals.find_delivery(conn, arrival)
        if delivery is None:
            return None
        if bytes(delivery.body_sha256) != arrival.body_sha256:
            raise WebhookIdConflict
        return Accepted(delivery.ticket_id, delivery.message_id, duplicate=True)

    async def _said_before(self, conn: Connection, arrival: Arrival) -> Accepted:
        """The message came before under another delivery id; this id is remembered too, with its own body."""
        message = await arrivals.find_message(conn, arrival)
        await arrivals.add_delivery(conn, arrival, message.ticket_id, message.id, self._clock())
        return Accepted(message.ticket_id, message.id, duplicate=True)

    async def _vouched_for(self, arrival: Arrival) -> str | None:
        """The merchant's own id of the sender, when the help desk vouches for them; what the merchant's system raises."""
        said = arrival.incoming.customer
        if not said.verified or arrival.sender.claimed.startswith(UNVERIFIED):
            return None
        if self._tenant_settings(arrival.tenant).customer_key == "external_id":
            return said.external_id
        if not said.email:
            return None
        async with asyncio.timeout(LOOKUP_SECONDS):
            found = await self._commerce_for(arrival.tenant).find_customer_by_email(said.email)
        return found.id if found else None


def _as_said(incoming: IncomingMessage) -> Sender:
    """The sender by their own words alone."""
    customer = incoming.customer
    return Sender(None, customer.external_id, customer.email, customer.name)
