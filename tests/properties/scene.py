"""A tenant to whom a good deal has happened and whose every promise is kept, and copies of its tables that nothing guards."""

from contextlib import suppress
from typing import Any

from sqlalchemy import text

from service.store.database import BrokenRule, Connection
from service.store.invariants.checking import broken, recomputed
from service.store.schema import metadata
from tests.properties.model import Wish
from tests.properties.place import Place
from tests.properties.play import Play
from tools.ports import TenantName


class _NothingStays(Exception):
    """What was planted is taken back."""


class Scene:
    """The state, and what becomes of it when somebody writes into the tables past the service."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.tenant, self.other = place.run(self._tell())

    def breaks(self, *plants: str) -> set[str]:
        """The names of the promises that these statements break where no constraint is in their way."""
        return self.place.run(self._breaks(plants))

    def refuses(self, *plants: str) -> bool:
        """Whether the real tables refuse these statements; nothing of them stays."""
        return self.place.run(self._refuses(plants))

    async def _tell(self) -> tuple[str, str]:
        """Money paid unasked, a question open, money approved, votes awaited, a person's ticket, an agent's; and a stranger."""
        play, other = [Play(self.place, *(await self.place.new_tenant())) for _ in range(2)]
        await self._story(play)
        await other.hears(0, "I want to speak to a human being.")
        await other.runs()
        async with self.place.rig.services.db.reading() as conn:
            assert await self.place.all_faults(conn, play.tenant) == []
        return play.tenant, other.tenant

    async def _story(self, play: Play) -> None:
        for number, order, agrees in (
            (0, "A-100001", True),
            (2, "A-100002", False),
            (1, "A-100003", True),
            (3, "A-100004", True),
        ):
            item = "chair" if order < "A-100003" else "sofa" if order == "A-100003" else "villa"
            text_ = f"The {item} from order {order} arrived broken, I want my money back."
            await self._later(play, play.hears(number, text_, wish=Wish("issue_refund", order)))
            if agrees:
                await self._later(play, play.hears(number, "yes please", yes=True))
        await self._later(play, play.votes("sue", "approve", 0))
        await self._later(play, play.hears(4, "I want to speak to a human being."))
        await self._later(play, play.desk("ann", "take_over", 4))
        await self._later(play, play.hears(5, "Is the chair made of oak?"))
        await play.services.switches.throw(TenantName(play.tenant), "intent", "order_status", False, "", play.staff["sue"].id)
        await play.check()

    async def _later(self, play: Play, step: Any) -> None:
        self.place.clock.advance(minutes=1)
        await step
        await play.runs()

    async def _breaks(self, plants: tuple[str, ...]) -> set[str]:
        policy, found = self.place.rig.services.policy_for(self.tenant), set[str]()
        with suppress(_NothingStays):
            async with self.place.rig.services.db.begin() as conn:
                await self._copy(conn)
                await self._plant(conn, plants)
                wrong = await broken(conn, self.tenant, policy) + await recomputed(conn, self.tenant)
                found = {one.name for one in wrong}
                raise _NothingStays
        return found

    async def _refuses(self, plants: tuple[str, ...]) -> bool:
        try:
            async with self.place.rig.services.db.begin() as conn:
                await self._plant(conn, plants)
                raise _NothingStays
        except BrokenRule:
            return True
        except _NothingStays:
            return False

    async def _copy(self, conn: Connection) -> None:
        """Temporary tables hide those of the same name, and have neither constraints nor triggers."""
        schema = "main." if conn.dialect.name == "sqlite" else ""
        for table in metadata.tables:
            await conn.execute(text(f"create temporary table {table} as select * from {schema}{table}"))

    async def _plant(self, conn: Connection, plants: tuple[str, ...]) -> None:
        for plant in plants:
            statement = text(plant)
            values = {"tenant": self.tenant, "other": self.other}
            done = await conn.execute(statement, {name: values[name] for name in statement.compile().params})
            assert done.rowcount, f"Nothing was planted: {plant}"
