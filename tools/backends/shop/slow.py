"""A shop that takes its time: some effects are accepted as jobs at once, and are carried out, or refused, later."""

import hashlib
import json
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from tools.backends.shop.backend import Shop
from tools.backends.shop.engine import DATABASE_AWAY, writing
from tools.backends.shop.passing import Passing
from tools.backends.shop.schema import jobs
from tools.commerce import Address, Failure, Job, Receipt, RefundLeg
from tools.errors import BackendRefused, BackendUnavailable, Code

_JOB = select(jobs.c.method, jobs.c.arguments, jobs.c.reference, jobs.c.failed).where(
    jobs.c.shop == bindparam("of_shop"), jobs.c.key == bindparam("of_key")
)
_FAIL = update(jobs).where(jobs.c.shop == bindparam("of_shop"), jobs.c.key == bindparam("of_key"))
_TYPES: dict[str, TypeAdapter[Any]] = {"legs": TypeAdapter(tuple[RefundLeg, ...]), "address": TypeAdapter(Address)}
"""How arguments that are values of the merchant's world are read from JSON; all others are plain."""


class SlowShop(Passing):
    """A shop whose `slow` effects (by method) answer with a job. `finish` and `fail` are the shop's own people's calls."""

    def __init__(
        self, shop: Shop, engine: AsyncEngine, name: str, clock: Callable[[], datetime], slow: Collection[str]
    ) -> None:
        super().__init__(shop)
        self._shop = shop
        self._engine = engine
        self._writing = writing(engine)
        self._name = name
        self._clock = clock
        self._slow = frozenset(slow)

    async def finish(self, key: str) -> Receipt | Failure:
        """Carry out the job with this key now; what the shop refuses at this point has failed."""
        job = await self._find(key)
        if job is None:
            raise BackendRefused(Code.NOT_FOUND, "The shop has no such job.")
        if job.failed is not None:
            return Failure(reason=job.failed)
        given = json.loads(job.arguments)
        arguments = {name: _TYPES[name].validate_python(value) if name in _TYPES else value for name, value in given.items()}
        try:
            return await getattr(self._shop, job.method)(key=key, **arguments)
        except BackendRefused as refused:
            return await self.fail(key, refused.detail)

    async def fail(self, key: str, reason: str) -> Failure:
        """The job comes to nothing; what was carried out cannot fail this way any more."""
        if isinstance(await self._shop.find_effect(key), Receipt):
            raise BackendRefused(Code.BAD_STATE, "This job has been carried out.")
        await self._write(_FAIL.values(failed=reason), {"of_shop": self._name, "of_key": key})
        return Failure(reason=reason)

    async def _read(self, method: str, **arguments: Any) -> Any:
        answer = await getattr(self._shop, method)(**arguments)
        if method != "find_effect" or answer is not None:
            return answer
        job = await self._find(arguments["key"])
        if job is None:
            return None
        return Job(reference=job.reference) if job.failed is None else Failure(reason=job.failed)

    async def _effect(self, method: str, key: str, **arguments: Any) -> Any:
        known = await self.find_effect(key) if method in self._slow else None
        if isinstance(known, Failure):
            raise BackendRefused(Code.BAD_STATE, known.reason)
        if known is not None:
            return known
        if method not in self._slow:
            return await getattr(self._shop, method)(key=key, **arguments)
        return await self._accept(method, key, arguments)

    async def _accept(self, method: str, key: str, arguments: dict[str, Any]) -> Job:
        reference = "J-" + hashlib.sha256(f"{self._name}\n{key}".encode()).hexdigest()[:12].upper()
        row = {
            "shop": self._name,
            "key": key,
            "method": method,
            "arguments": json.dumps(arguments, default=lambda value: value.model_dump(mode="json")),
            "reference": reference,
            "at": self._clock().isoformat(),
        }
        # The same key may be accepted at the same moment, and it has the same reference.
        with suppress(IntegrityError):
            await self._write(insert(jobs), row)
        return Job(reference=reference)

    async def _find(self, key: str) -> Any:
        try:
            async with self._engine.connect() as connection:
                return (await connection.execute(_JOB, {"of_shop": self._name, "of_key": key})).one_or_none()
        except DATABASE_AWAY as away:
            raise BackendUnavailable from away

    async def _write(self, statement: Any, values: dict[str, Any]) -> None:
        try:
            async with self._writing.begin() as connection:
                await connection.execute(statement, values)
        except DATABASE_AWAY as away:
            raise BackendUnavailable from away
