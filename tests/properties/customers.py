"""What customers do in a play, and strangers who may be customers: they write, answer, and type codes."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select

from service.codes import OUTBOUND
from service.store.schema import outbox
from tests.properties.model import Wish
from tests.properties.stage import CUSTOMERS, STRANGERS, Stage

CODE_LIVES, PROOF_LASTS = timedelta(minutes=10), timedelta(minutes=60)
CODES_AN_HOUR, CODES_A_DAY = 3, 5

Typed = Literal["right", "wrong", "old"]
"""Which code somebody types: the one of the newest mail, one that was never sent, or the one of the first mail."""


@dataclass(frozen=True)
class Mail:
    """A code as its reader has it."""

    number: int
    code: str
    sent_at: datetime


class Customers(Stage):
    """The customers' part. What a stranger writes counts for nothing until they have typed the newest code in time."""

    def __init__(self, *given: object) -> None:
        super().__init__(*given)  # type: ignore[arg-type]
        self.proved: dict[int, datetime] = {}
        self.unheard: dict[int, set[Wish]] = {}

    async def hears(self, number: int, text: str, *, wish: Wish | None = None, yes: bool = False, no: bool = False) -> None:
        """A customer's message comes in; nothing works on it yet. A yes or a no is about the question that is open now."""
        action = await self._asked_about(number)
        await self._writes(number, text)
        if wish and self._counts(number):
            self.model.wants(wish)
        elif wish:
            self.unheard.setdefault(number, set()).add(wish)
        if action and yes and action.delivered_at and self._counts(number):
            self.model.agreed.add(action.id)
        if action and no and action.status in ("proposed", "reserved"):
            self.model.agreed.discard(action.id)

    async def answers(self, place: int, text: str, *, yes: bool) -> None:
        """A customer who has been asked for a yes writes."""
        await self.hears(self.asked[place % len(self.asked)], text, yes=yes, no=not yes)

    async def channel_answers(self, place: int, *, yes: bool) -> None:
        """A channel that speaks for the customer brings the answer."""
        action = await self._asked_about(self.asked[place % len(self.asked)])
        if action and await self._tries(self.services.confirmations.answer(self.tenant, "key", action.id, yes=yes)) and yes:
            self.model.agreed.add(action.id)

    async def types_code(self, number: int, typed: Typed) -> None:
        """A stranger types a code; the right one, in time, makes them the customer for a while."""
        mails = [mail for mail in await self.mails() if mail.number == number]
        if not mails:
            return
        newest, now = mails[-1], self.place.clock()
        code = {"right": newest.code, "old": mails[0].code, "wrong": f"{(int(newest.code) + 1) % 1_000_000:06d}"}[typed]
        await self._writes(number, f"The code is {code}")
        if code == newest.code and now < newest.sent_at + CODE_LIVES:
            self.proved[number] = newest.sent_at + CODE_LIVES + PROOF_LASTS
            for wish in self.unheard.pop(number, set()):
                self.model.wants(wish)

    async def mails(self) -> list[Mail]:
        """The codes that the merchant's side was asked to mail, oldest first; those of who was erased are gone."""
        query = select(outbox).where(outbox.c.tenant == self.tenant, outbox.c.kind == OUTBOUND, outbox.c.state == "sent")
        return [
            Mail(
                int(row.body["ticket"]["external_id"].removeprefix("T-")),
                self.services.codes.code(self.tenant, row.body["verification"]["id"]),
                datetime.fromisoformat(row.body["verification"]["expires_at"]) - CODE_LIVES,
            )
            for row in await self._rows(query.order_by(outbox.c.created_at))
            if "verification" in row.body
        ]

    async def check_strangers(self) -> None:
        """Nobody is taken for a customer who has not typed a code that was sent to them, and nobody is flooded with codes."""
        for number in range(len(CUSTOMERS), len(CUSTOMERS) + len(STRANGERS)):
            ticket = await self._ticket(number)
            assert ticket is None or number in self.proved or ticket.verification == "none", "A stranger was believed."
        sent = [mail.sent_at for mail in await self.mails()]
        assert len(sent) <= CODES_A_DAY or sent[-1] - sent[-1 - CODES_A_DAY] >= timedelta(days=1)

    def _counts(self, number: int) -> bool:
        """Whether this ticket's sender is the customer as far as anybody can know."""
        return number < len(CUSTOMERS) or (number in self.proved and self.place.clock() < self.proved[number])

    async def _writes(self, number: int, text: str) -> None:
        known = number < len(CUSTOMERS)
        who = CUSTOMERS[number] if known else STRANGERS[number - len(CUSTOMERS)]
        await self.rig.hear(
            text,
            ticket=f"T-{number}",
            customer=who,
            email=None if known else who,
            verified=known,
            tenant=self.tenant,
            message=f"m-{secrets.token_hex(6)}",
        )
