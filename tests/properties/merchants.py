"""What the merchant's own people and systems do in a play: jobs end, refunds come back, and events tell of it, or not."""

from typing import Literal

from sqlalchemy import select

from service.store.money_schema import actions
from tests.properties.premises import own_key
from tests.properties.stage import Stage
from tools.commerce import Failure, OrderId, Receipt
from tools.errors import BackendRefused

Told = Literal["never", "once", "twice", "too early"]
"""When the service hears of it: not at all, after it happened, then again, or before it happened and not after."""


class Merchants(Stage):
    """The merchant's part."""

    async def job_ends(self, place: int, *, well: bool, told: Told) -> None:
        """Work that was accepted is done, or comes to nothing."""
        keys = await self.shop.accepted()
        if not keys:
            return
        key = keys[place % len(keys)]
        if told == "too early":
            await self.tells(key)
        try:
            await (self.shop.works.finish(key) if well else self.shop.works.fail(key, "The warehouse burned down."))
        except BackendRefused:
            return
        await self._tells_of(key, told)

    async def refund_comes_back(self, place: int, told: Told) -> None:
        """The bank sends back what was paid out."""
        if not self.paid:
            return
        key = self.paid[place % len(self.paid)]
        if told == "too early":
            await self.tells(key)
        try:
            await self.shop.bank.fail_refund(key, "The card's account is closed.")
        except BackendRefused:
            return
        await self._tells_of(key, told)

    async def goods_arrive(self, place: int, told: Told) -> None:
        """What was sent back is in the warehouse, so its money moves."""
        if not self.awaits_goods:
            return
        key, order_id = self.awaits_goods[place % len(self.awaits_goods)]
        if told == "too early":
            await self.tells(key)
        try:
            await self.shop.bank.settle_arrival(OrderId(order_id or ""))
        except BackendRefused:
            return  # The purse that was to pay a difference is empty by now.
        await self._tells_of(key, told)

    async def _tells_of(self, key: str, told: Told) -> None:
        for _ in range({"once": 1, "twice": 2}.get(told, 0)):
            await self.tells(key)

    async def tells(self, key: str) -> None:
        """An event about an effect; whatever it says, the shop's books count, and the action stands as they say."""
        self.events += 1
        event = (self.tenant, f"evt-{self.events}", f"{key} {self.events}".encode(), "effect.settled", key)
        if not await self._tries(self.services.backend_news.hear(*event)):
            return
        query = select(actions.c.status, actions.c.code).where(actions.c.tenant == self.tenant, actions.c.key == own_key(key))
        (row,) = await self._rows(query)
        match await self.shop.works.find_effect(key):
            case Receipt():
                assert row.status == "succeeded", f"It is done and was told, and the action is {row.status}."
            case Failure():
                assert (row.status, row.code) == ("failed", "reversed"), f"It came to nothing, and the action is {row.status}."
            case _:
                assert row.status in ("sent", "unknown"), f"It has not ended, and the action is {row.status}."
        assert (await self.services.backend_news.hear(*event)).duplicate
