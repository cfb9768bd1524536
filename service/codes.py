"""Verification codes: made from a secret, sent to the address on file, compared as seals, and never kept in clear.

A code is worked out from the tenant's secret and its row's id, so the outbox holds no code either: the sender of the outbox
works it out again at the moment of sending. A seal is what stands in its place everywhere else; it fits one ticket only.
"""

import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from service import ids
from service.store import bulk, locks, outbox, turns
from service.store import codes as rows
from service.store.arrivals import Arrival
from service.store.database import Connection, Database
from service.store.journal import Entry, append_to_ticket
from tools.commerce import Capabilities, Failure, Job, Receipt
from tools.errors import BackendRefused, Code
from tools.limits import Policy
from tools.ports import Action, Clock, TenantName, TicketId, Verification
from tools.verification import Codes

OUTBOUND = "verification.code"
"""The type of the webhook that asks the merchant's side to mail a code."""

# Six digits that stand alone: an order's id, an amount or a longer number is no code.
_DIGITS = re.compile(r"(?<![\w#$€£.,:/-])\d{3}[ -]?\d{3}(?![\w-]|[ .,]?\d)")
_CODE = re.compile(r"\d{6}")

Secret = Callable[[str], bytes]
"""A tenant's secret, the same on every worker."""


class CodeDesk(Codes):
    """Sends, checks and seals codes. `delivers` says whether there is anywhere to send them."""

    def __init__(
        self, db: Database, clock: Clock, policy_for: Callable[[str], Policy], secret: Secret, *, delivers: bool
    ) -> None:
        self._db = db
        self._clock = clock
        self._policy_for = policy_for
        self._secret = secret
        self.delivers = delivers

    @property
    def capabilities(self) -> Capabilities:
        """A key is honoured: it sends one code, and counts one try."""
        return Capabilities(honours_keys=True)

    async def find_effect(self, key: str) -> Receipt | Job | Failure | None:
        """The code that was sent with this key; a check is made again, since the same key counts once."""
        async with self._db.reading() as conn:
            row = await rows.by_key(conn, key)
        return Receipt(reference=row.id, kind="send_verification_code") if row else None

    async def issue(self, action: Action) -> Receipt:
        """Send a new code, if the ticket has not had too many; to an account that has had too many, only seemingly."""
        if not self.delivers:
            raise BackendRefused(Code.BAD_STATE, "There is nowhere to send codes to.")
        now, policy = self._clock(), self._policy_for(action.tenant)
        account, to = action.facts.get("account"), action.facts.get("to")
        async with self._db.begin() as conn:
            ticket = await turns.lock(conn, action.ticket, None)
            if known := await rows.by_key(conn, action.key):
                return Receipt(reference=known.id, kind=action.tool)
            if await rows.sent_since(conn, now - rows.HOUR, ticket=ticket.id) >= policy.codes_per_hour:
                raise BackendRefused(Code.RATE_LIMITED, "Too many codes have been asked for.")
            sent = await self._sent_today(conn, action.tenant, account) if account else 0
            made, expires = ids.new("ver"), now + timedelta(minutes=policy.code_minutes)
            code = self.code(action.tenant, made)
            await rows.add(
                conn,
                id=made,
                tenant=action.tenant,
                ticket_id=ticket.id,
                key=action.key,
                account=account,
                seal=self.seal(action.tenant, action.ticket, code),
                expires_at=expires,
                created_at=now,
            )
            if account and sent < policy.codes_per_day:
                body = {
                    "ticket": {"id": ticket.id, "external_id": ticket.external_id},
                    "verification": {"id": made, "to": to, "expires_at": expires.isoformat()},
                }
                await bulk.store(conn, [outbox.new(action.tenant, ticket.id, OUTBOUND, body, now)])
        return Receipt(reference=made, kind=action.tool)

    async def _sent_today(self, conn: Connection, tenant: str, account: str) -> int:
        # Codes asked for on several tickets at once would each count without the others.
        await locks.take(conn, tenant, [("customer", account)])
        return await rows.sent_since(conn, self._clock() - rows.DAY, account=(tenant, account))

    async def check(self, action: Action) -> Receipt:
        """Compare a seal with the newest code's; the right one binds the ticket and raises its level."""
        now, policy, seal = self._clock(), self._policy_for(action.tenant), str(action.args["code"])
        async with self._db.begin() as conn:
            ticket = await turns.lock(conn, action.ticket, None)
            before = await rows.answered(conn, ticket.id, action.key)
            row = before or await rows.newest(conn, ticket.id)
            right = before.answers[action.key] if before else None
            if before is None:
                if row is None or row.state != "open" or row.expires_at <= now:
                    raise BackendRefused(Code.BAD_STATE, "There is no code that could still be checked.")
                right = await self._compare(conn, ticket, row, action, seal, policy)
        if not right:
            over = before is None and len(row.answers) + 1 >= policy.code_tries
            code = Code.RATE_LIMITED if over else Code.VERIFICATION_REQUIRED
            raise BackendRefused(code, "This is not the code that was sent.")
        return Receipt(reference=row.id, kind=action.tool)

    async def _compare(self, conn: Connection, ticket: Any, row: Any, action: Action, seal: str, policy: Policy) -> bool:
        now = self._clock()
        account: str | None = row.account
        right = hmac.compare_digest(row.seal, seal)
        if right and account is not None:
            sender = await rows.sender_of(conn, ticket.id, seal)
            until = now + timedelta(minutes=policy.proof_minutes)
            await rows.answer(conn, row, action.key, "passed", sender=sender, proof_until=until)
            await rows.bind(conn, ticket, account, now)
        else:
            left = policy.code_tries - len(row.answers) - 1
            await rows.answer(conn, row, action.key, "open" if left > 0 else "failed")
        proved = right and account is not None
        kind = "identity.proved" if proved else "identity.not_proved"
        await append_to_ticket(conn, ticket.id, [Entry(kind, "system", {"verification_id": row.id})], now)
        return proved

    def code(self, tenant: str, verification_id: str) -> str:
        """The six digits of a code."""
        return f"{int.from_bytes(self._mac(tenant, 'code', verification_id)) % 1_000_000:06d}"

    def seal(self, tenant: TenantName, ticket: TicketId, value: str) -> str:
        """The seal of a code as this ticket knows it; a value that cannot be a code stays as it is."""
        if not _CODE.fullmatch(value):
            return value
        return f"[code:{self._mac(tenant, 'seal', ticket, value)[:16].hex()}]"

    async def received(self, conn: Connection, arrival: Arrival, ticket: Any) -> Arrival:
        """A message on its way in: codes in it are sealed before anything is kept, and a proof that still holds is noted."""
        unvouched = arrival.sender.customer is None
        if unvouched and ticket.verification == Verification.CODE:
            proven = await rows.proven(conn, ticket.id, arrival.sender.claimed, self._clock())
            arrival = replace(arrival, proven=proven)
        message = arrival.incoming.message
        if _DIGITS.search(message.text) is None or not await rows.asked(conn, ticket.id):
            return arrival
        text = _DIGITS.sub(lambda found: self._sealed(arrival.tenant, ticket.id, found[0]), message.text)
        sealed = message.model_copy(update={"text": text})
        return replace(arrival, incoming=arrival.incoming.model_copy(update={"message": sealed}))

    def _sealed(self, tenant: str, ticket_id: str, digits: str) -> str:
        return self.seal(TenantName(tenant), TicketId(ticket_id), digits.replace(" ", "").replace("-", ""))

    def _mac(self, tenant: str, *parts: str) -> bytes:
        return hmac.digest(self._secret(tenant), "\x1f".join(parts).encode(), hashlib.sha256)
