"""The merchant's side of a play: a shop that may forget keys or take its time, and errs when it is told to."""

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import select

from tests.conftest import StandingClock
from tools.backends.shop.backend import Shop
from tools.backends.shop.engine import ShopEngine
from tools.backends.shop.faults import Fault, Faulty
from tools.backends.shop.schema import FAILURE_OF, jobs
from tools.backends.shop.slow import SlowShop
from tools.orders import SECOND

Manner = Literal["prompt", "forgetful", "slow"]
"""How a shop behaves: it does at once what it is asked to, it knows no keys, or it answers money with a job."""

EFFECTS = (
    "refund",
    "cancel_order",
    "return_items",
    "exchange_items",
    "change_order_items",
    "change_order_payment",
    "change_customer_address",
    "change_order_address",
    "add_note",
)
SLOW = ("refund", "cancel_order", "return_items", "exchange_items", "change_order_items", "change_order_payment")
READS = ("find_orders", "get_order", "get_customer")


async def _runs_out() -> None:
    """The time for an answer is over."""
    raise TimeoutError


FAULTS = {
    "unreachable": Fault("unreachable"),
    "lost_request": Fault("lost_request"),
    "lost_answer": Fault("lost_answer"),
    "rubbish": Fault("rubbish"),
    "too late to act": Fault(before=_runs_out),
    "too late to answer": Fault(after=_runs_out),
}
"""What may go wrong with one effect."""


@dataclass(frozen=True)
class Premises:
    """One tenant's shop. The service sees `front`; `works` and `bank` are what the shop's own people do."""

    manner: Manner
    engine: ShopEngine
    name: str
    front: Faulty
    works: SlowShop
    bank: Shop

    @classmethod
    def open(cls, engine: ShopEngine, name: str, clock: StandingClock, manner: Manner = "prompt") -> "Premises":
        """A shop that behaves in this manner."""
        bank = Shop(engine, name, clock)
        works = SlowShop(bank, engine, name, clock, SLOW if manner == "slow" else ())
        return cls(manner, engine, name, Faulty(works, forgets_keys=manner == "forgetful"), works, bank)

    def errs(self, fault: Fault) -> None:
        """The next effect goes wrong."""
        for method in EFFECTS:
            self.front.script(method, fault)

    def is_watched(self, read: str, fault: Fault) -> None:
        """Something happens while the next such read is under way."""
        self.front.script(read, fault)

    async def accepted(self) -> list[str]:
        """The keys of all jobs, the oldest first."""
        query = select(jobs.c.key).where(jobs.c.shop == self.name).order_by(jobs.c.at, jobs.c.key)
        async with self.engine.connect() as connection:
            return list((await connection.execute(query)).scalars())


def own_key(key: str) -> str:
    """The action's key in a key of the shop's books, which may be about a failure, a second part, or forgotten."""
    return key.removeprefix(FAILURE_OF).partition(".")[0].removesuffix(SECOND)
