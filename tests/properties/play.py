"""A play: everybody's parts together, what must hold after each step, and how it must end."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from service.store.money_schema import actions, approvals
from service.store.schema import questions, tickets
from tests.properties.machines import Machines
from tests.properties.merchants import Merchants
from tests.properties.premises import own_key
from tools.backends.shop import BookEntry
from tools.backends.shop.data import dump, read_books
from tools.backends.shop.schema import AWAITS_GOODS, REFUND_FAILED
from tools.catalogue import CATALOGUE
from tools.commerce import Job
from tools.tool import Retry

DONE = {"sent", "unknown", "succeeded"}
PAYS = {"refund", "cancel_order"}
"""What moves money at once; returns and exchanges move it when the goods have arrived."""

ARRIVED = "settle_arrival"
CODES = {"send_verification_code", "check_verification_code"}
"""What the service's own codes carry out, and not the shop."""


class Play(Machines, Merchants):
    """One tenant's story, done to the real service, and told to the model as far as the model needs to know."""

    async def check(self) -> None:
        """The shop holds what the model says, and no promise is broken."""
        await self._check_books()
        self.model.agrees_with(await dump(self.services.shop_engine, self.tenant))
        async with self.services.db.reading() as conn:
            wrong = await self.place.faults(conn, self.tenant)
        assert not wrong, wrong
        if self.mailed:
            await self.check_strangers()
        await self._look()

    async def _check_books(self) -> None:
        """Each effect in the shop's books is one action's, once, and no receipt was shown for what never happened."""
        rows = await self._rows(select(actions).where(actions.c.tenant == self.tenant))
        by_key = {row.key: row for row in rows}
        everything = await read_books(self.services.shop_engine, self.tenant)
        books = [entry for entry in everything if entry.kind != ARRIVED]
        failed = {own_key(entry.key) for entry in books if entry.kind == REFUND_FAILED}
        effects = Counter(own_key(entry.key) for entry in books if entry.kind != REFUND_FAILED)
        for entry in everything:
            if entry.kind != ARRIVED:
                action = by_key[own_key(entry.key)]
                assert action.status in DONE or action.key in failed, f"{action.id} is {action.status}, and it happened."
            if entry.key not in self.told:
                self.told.add(entry.key)
                self._tell_model(entry, by_key)
        twice = [by_key[key].tool for key, times in effects.items() if times > 1]
        assert all(CATALOGUE[tool].retry is Retry.REPEATABLE for tool in twice), f"It happened twice: {twice}."
        shown = [row for row in rows if row.status == "succeeded" and row.tool not in CODES]
        assert all(row.key in effects for row in shown), "A receipt was shown for what never happened."
        arrived = {entry.order_id for entry in everything if entry.kind == ARRIVED}
        goods = [entry for entry in books if entry.kind in AWAITS_GOODS]
        self.awaits_goods = [(entry.key, entry.order_id) for entry in goods if entry.order_id not in arrived]
        self.paid = [entry.key for entry in books if entry.amount_minor and (entry.kind in PAYS or entry.order_id in arrived)]

    def _tell_model(self, entry: BookEntry, by_key: Mapping[str, Any]) -> None:
        if entry.kind == ARRIVED:
            self.model.arrived(entry)
            return
        action = by_key[own_key(entry.key)]
        if entry.kind == REFUND_FAILED:
            self.model.came_back(entry, action.id)
        else:
            self.model.effect(entry, action.id, action.reserved_at)

    async def _look(self) -> None:
        """How things stand now, for the next step."""
        open_question = (questions.c.id == tickets.c.question_id) & (questions.c.state == "open")
        query = select(tickets.c.external_id, questions.c.action_id).outerjoin(questions, open_question)
        rows = await self._rows(query.where(tickets.c.tenant == self.tenant))
        self.numbers = sorted(int(row.external_id.removeprefix("T-")) for row in rows)
        self.asked = sorted(int(row.external_id.removeprefix("T-")) for row in rows if row.action_id is not None)
        pending = select(approvals.c.id).where(approvals.c.tenant == self.tenant, approvals.c.state == "pending")
        self.awaited = len(await self._rows(pending))

    async def ends(self) -> None:
        """Everything is well again and a week goes by: each ticket has an end, and so has each action."""
        self.shop.front.recover()
        for scope, name in sorted(self.thrown):
            await self.throws(scope, name, on=False)
        for hours in (1, 1, 100, 100):
            await self.place.work(self.rig, self.tenant)
            await self.time_passes(hours)
            await self.place.sweep(self.rig)
        await self.place.work(self.rig, self.tenant)
        if self.mailed:
            await self.place.deliver()
        await self.check()
        async with self.services.db.reading() as conn:
            wrong = await self.place.all_faults(conn, self.tenant)
        assert not wrong, wrong
        ended = await self._rows(select(tickets).where(tickets.c.tenant == self.tenant))
        assert {row.status for row in ended} <= {"resolved", "closed", "escalated"}
        for row in await self._rows(select(actions).where(actions.c.tenant == self.tenant)):
            over = row.status in {"succeeded", "failed", "refused", "superseded", "expired"}
            assert over or await self._nobody_can_know(row.key, row.status), f"{row.id} is {row.status} in the end."

    async def _nobody_can_know(self, key: str, status: str) -> bool:
        """Whether an action stays unknown because the shop cannot tell, or still works on it: then people look after it."""
        cannot_tell = self.shop.manner == "forgetful" or isinstance(await self.shop.works.find_effect(key), Job)
        return status == "unknown" and cannot_tell
