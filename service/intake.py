"""Takes one verified message in: ticket, message, event and wake-up in one transaction, or nothing at all.

Updating the ticket row first is what makes a wake-up impossible to lose: the drain that finishes and the message that arrives
meet on that row's lock, so either the drain sees the event or the message enqueues the next drain.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from service import ids
from service.codes import CodeDesk
from service.errors import WebhookIdConflict, WebhookUnauthenticated
from service.payload import IncomingMessage
from service.settings import TenantSettings
from service.store import arrivals, tenancy
from service.store.arrival_statements import UNVERIFIED
from service.store.arrivals import Arrival, Sender
from service.store.database import BrokenRule, Connection, Database
from service.store.tenants import tenant_names
from service.store.wakeups import Wakeups
from tools.commerce import Commerce
from tools.ports import Clock


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
            sender=await self._sender(tenant, incoming),
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
        async with self._db.begin() as conn:
            accepted = await self._store(conn, arrival, self._clock())
            if accepted:
                return accepted
            await conn.rollback()
        async with self._db.begin() as conn:
            return await self._known(conn, arrival)

    async def _store(self, conn: Connection, arrival: Arrival, now: datetime) -> Accepted | None:
        ticket = await arrivals.make_room(conn, arrival, now)
        arrival = await self._codes.received(conn, arrival, ticket)
        if not await arrivals.add_mail(conn, arrival, ticket, now):
            return None
        if ticket.pending == 1:
            await self._wakeups.enqueue(conn, arrival.tenant, ticket.id, ticket.wake, "turns")
        return Accepted(ticket.id, arrival.message_id, duplicate=False)

    async def _known(self, conn: Connection, arrival: Arrival) -> Accepted:
        delivery = await arrivals.find_delivery(conn, arrival)
        if delivery:
            if bytes(delivery.body_sha256) != arrival.body_sha256:
                raise WebhookIdConflict
            return Accepted(delivery.ticket_id, delivery.message_id, duplicate=True)
        message = await arrivals.find_message(conn, arrival)
        # The message came before under another delivery id; this id is remembered too, with its own body.
        await arrivals.add_delivery(conn, arrival, message.ticket_id, message.id, self._clock())
        return Accepted(message.ticket_id, message.id, duplicate=True)

    async def _sender(self, tenant: str, incoming: IncomingMessage) -> Sender:
        customer = incoming.customer
        claimed = customer.external_id or customer.email or ""
        if not customer.verified or claimed.startswith(UNVERIFIED):
            return Sender(None, claimed, customer.email, customer.name)
        if self._tenant_settings(tenant).customer_key == "external_id":
            return Sender(customer.external_id, claimed, customer.email, customer.name)
        found = await self._commerce_for(tenant).find_customer_by_email(customer.email) if customer.email else None
        return Sender(found.id if found else None, claimed, customer.email, customer.name)
