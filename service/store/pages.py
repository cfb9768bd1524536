"""Lists in parts: each part begins after the last item of the one before, whatever was added in between."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_
from sqlalchemy.ext.asyncio import AsyncConnection

from service.errors import Invalid

MOST = 200  # items in one part


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of a list is wanted: at most `limit` items, after `cursor`."""

    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """What a list is sorted by: a time, and the id where times are equal."""

    at: ColumnElement[datetime]
    id: ColumnElement[str]
    newest_first: bool = False


async def fetch(conn: AsyncConnection, query: Select[Any], order: Order, part: Part) -> tuple[Sequence[Any], str | None]:
    """The rows of one part, and the cursor of the next, or None at the end. Raises `Invalid` for a cursor that is not ours."""
    if part.cursor is not None:
        at, id_ = _decoded(part.cursor)
        if order.newest_first:
            query = query.where(or_(order.at < at, and_(order.at == at, order.id < id_)))
        else:
            query = query.where(or_(order.at > at, and_(order.at == at, order.id > id_)))
    keys = (order.at.desc(), order.id.desc()) if order.newest_first else (order.at.asc(), order.id.asc())
    # The place of each row comes along under names of its own, because a joined query may have several columns `id`.
    query = query.add_columns(order.at.label("page_at"), order.id.label("page_id"))
    rows = (await conn.execute(query.order_by(*keys).limit(part.limit + 1))).all()
    if len(rows) <= part.limit:
        return rows, None
    last = rows[part.limit - 1]
    return rows[: part.limit], _encoded(last.page_at, last.page_id)


def _encoded(at: datetime, id_: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([at.isoformat(), id_]).encode()).decode().rstrip("=")


def _decoded(cursor: str) -> tuple[datetime, str]:
    try:
        at, id_ = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        moment = datetime.fromisoformat(at)
    except (binascii.Error, ValueError, TypeError):
        raise Invalid("cursor: this is not a cursor of this list") from None
    # Our own are in UTC with a plain id; another offset may lead out of the calendar, and other characters out of UTF-8.
    if moment.utcoffset() != timedelta(0) or not isinstance(id_, str) or not (id_.isascii() and id_.isprintable()):
        raise Invalid("cursor: this is not a cursor of this list")
    return moment, id_
