"""Runs one SELECT outside any transaction and answers its first column, as cheaply as the driver allows."""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, cast

import aiosqlite
from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.sql.compiler import SQLCompiler

from tools.backends.shop.engine import DATABASE_AWAY, SCHEMA, lost_its_connection
from tools.errors import BackendUnavailable


class _Compiled(NamedTuple):
    """A statement in SQLite's words, the names of its parameters in order, and the values that it holds itself."""

    sql: str
    names: list[str]
    defaults: Mapping[str, Any]


class Reader:
    """Reads from one database; a database that is away raises `BackendUnavailable`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._first_column = self._by_sqlite if engine.dialect.name == "sqlite" else self._by_sqlalchemy
        self._compiled: dict[Select[Any], _Compiled] = {}

    async def first_column(self, statement: Select[Any], values: Mapping[str, Any]) -> Sequence[Any]:
        """The first column of every row, in order."""
        try:
            return await self._attempt(statement, values)
        except BackendUnavailable as away:
            if lost_its_connection(away):
                return await self._attempt(statement, values)
            raise

    async def _attempt(self, statement: Select[Any], values: Mapping[str, Any]) -> Sequence[Any]:
        try:
            return await self._first_column(statement, values)
        except (*DATABASE_AWAY, sqlite3.OperationalError) as away:
            raise BackendUnavailable from away

    async def _by_sqlalchemy(self, statement: Select[Any], values: Mapping[str, Any]) -> Sequence[Any]:
        async with self._engine.connect() as connection:
            return (await connection.scalars(statement, values)).all()

    async def _by_sqlite(self, statement: Select[Any], values: Mapping[str, Any]) -> Sequence[Any]:
        """Each step of a cursor is a message to the connection's thread; all of them in one message cost a quarter."""
        async with self._engine.connect() as connection:
            sql, names, defaults = self._compiled.get(statement) or self._compile(statement)
            filled = {**defaults, **values}
            driver = cast(aiosqlite.Connection, (await connection.get_raw_connection()).driver_connection)
            rows = await driver.execute_fetchall(sql, [filled[name] for name in names])
        return [row[0] for row in rows]

    def _compile(self, statement: Select[Any]) -> _Compiled:
        """Compile once; the dialect knows its default schema only after the first connection."""
        compiled = statement.compile(
            dialect=self._engine.dialect, schema_translate_map={SCHEMA: None}, render_schema_translate=True
        )
        if not isinstance(compiled, SQLCompiler):
            raise TypeError("Only a statement that reads can be compiled here.")
        found = _Compiled(compiled.string, compiled.positiontup or [], compiled.params)
        self._compiled[statement] = found
        return found
