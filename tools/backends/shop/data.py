"""The shop's data as the contract's JSON: checked and loaded, dumped again, and the books for whoever wants to look."""

import json
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from babel.numbers import is_currency
from pydantic import ValidationError, model_validator
from sqlalchemy import Table, bindparam, delete, insert, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncEngine

from tools.backends.shop.documents import order_text, text_of
from tools.backends.shop.engine import writing
from tools.backends.shop.schema import articles, books, customers, orders, products, shipments, shops
from tools.commerce import Article, Customer, Order, Product, Receipt, Value

_LISTS = {"customers": customers, "products": products, "orders": orders, "articles": articles}
# One statement sees one state of the database, so no effect can put an order and a balance at odds in a dump.
_EVERYTHING = union_all(
    *(select(literal(name), table.c.doc).where(table.c.shop == bindparam("shop")) for name, table in _LISTS.items()),
    select(literal("shops"), shops.c.currency).where(shops.c.shop == bindparam("shop")),
)


class BadShopData(ValueError):
    """The shop's data does not have the contract's shape; the text names each place and what is wrong there."""


class UnknownShop(LookupError):
    """No shop of this name was ever loaded."""


class BookEntry(Value):
    """One effect in the shop's own books, with the key that it saw; `amount_minor` went or goes back to the customer."""

    key: str
    kind: str
    order_id: str | None
    customer_id: str
    amount_minor: int
    currency: str | None
    request: dict[str, Any]
    receipt: Receipt
    at: datetime


class ShopData(Value):
    """A whole shop in the contract's shape, section 6."""

    currency: str
    customers: tuple[Customer, ...] = ()
    products: tuple[Product, ...] = ()
    orders: tuple[Order, ...] = ()
    articles: tuple[Article, ...] = ()

    @model_validator(mode="after")
    def _hangs_together(self) -> "ShopData":
        problems = [*_currency_problems(self), *_repeated(self), *_customer_problems(self), *_order_problems(self)]
        if problems:
            raise ValueError("; ".join(problems))
        return self


def check(data: dict[str, Any]) -> ShopData:
    """The data as values; `BadShopData` names the places that are wrong, never the values."""
    try:
        return ShopData.model_validate_json(json.dumps(data), strict=True)
    except ValidationError as wrong:
        places = [
            f"{'.'.join(map(str, error['loc'])) or 'data'}: {error['msg']}"
            for error in wrong.errors(include_input=False, include_url=False)
        ]
        raise BadShopData("\n".join(places)) from None
    except (TypeError, ValueError) as wrong:
        raise BadShopData(f"data: not JSON ({type(wrong).__name__})") from None


async def load(engine: AsyncEngine, shop: str, data: dict[str, Any]) -> None:
    """Replace the shop's data in one transaction; its books stay. `BadShopData` changes nothing."""
    checked = check(data)
    async with writing(engine).begin() as connection:
        for table, rows in _rows(checked):
            await connection.execute(delete(table).where(table.c.shop == shop))
            if rows:
                await connection.execute(insert(table), [{"shop": shop, **row} for row in rows])


async def dump(engine: AsyncEngine, shop: str) -> dict[str, Any]:
    """The shop in the contract's shape, each list sorted by id; `UnknownShop` when it was never loaded."""
    async with engine.connect() as connection:
        rows = (await connection.execute(_EVERYTHING, {"shop": shop})).all()
    parts: dict[str, list[str]] = {name: [] for name in ("shops", *_LISTS)}
    for part, text in rows:
        parts[part].append(text)
    if not parts["shops"]:
        raise UnknownShop("There is no such shop.")
    lists = {name: sorted(map(_without_currency, parts[name]), key=lambda row: row["id"]) for name in _LISTS}
    return {"currency": parts["shops"][0], **lists}


async def read_books(engine: AsyncEngine, shop: str) -> tuple[BookEntry, ...]:
    """Every effect that the shop performed, oldest first."""
    async with engine.connect() as connection:
        rows = (await connection.execute(select(books).where(books.c.shop == shop).order_by(books.c.id))).mappings()
        return tuple(
            BookEntry.model_validate(
                {name: row[name] for name in BookEntry.model_fields}
                | {"request": json.loads(row["request"]), "receipt": Receipt.model_validate_json(row["receipt"])}
            )
            for row in rows
        )


def _rows(data: ShopData) -> list[tuple[Table, list[dict[str, Any]]]]:
    return [
        (shops, [{"currency": data.currency}]),
        (customers, [{"id": c.id, "email": c.email.strip().lower(), "doc": text_of(c)} for c in data.customers]),
        (products, [{"id": product.id, "doc": text_of(product)} for product in data.products]),
        (articles, [{"id": article.id, "doc": text_of(article)} for article in data.articles]),
        (orders, [_order_row(order.model_copy(update={"currency": data.currency})) for order in data.orders]),
        (shipments, [{"tracking_id": tid, "order_id": oid} for oid, tid in _tracked(data.orders)]),
    ]


def _order_row(order: Order) -> dict[str, Any]:
    placed_ms = int(order.placed_at.timestamp() * 1000) if order.placed_at else 0
    return {"id": order.id, "customer_id": order.customer_id, "placed_ms": placed_ms, "doc": order_text(order)}


def _tracked(orders_: Iterable[Order]) -> list[tuple[str, str]]:
    return sorted({(order.id, parcel.tracking_id) for order in orders_ for parcel in order.shipments})


def _without_currency(doc: str) -> dict[str, Any]:
    row = json.loads(doc)
    row.pop("currency", None)
    return row


def _currency_problems(data: ShopData) -> Iterable[str]:
    if not is_currency(data.currency):
        yield "currency: not an ISO 4217 code"


def _repeated(data: ShopData) -> Iterable[str]:
    for name in _LISTS:
        ids = [row.id for row in getattr(data, name)]
        for row_id, times in Counter(ids).items():
            if times > 1:
                yield f"{name}: id at place {ids.index(row_id)} stands there {times} times"
            if not row_id or not row_id.isprintable():
                yield f"{name}.{ids.index(row_id)}.id: empty, or holds control characters"


def _customer_problems(data: ShopData) -> Iterable[str]:
    for place, customer in enumerate(data.customers):
        if len({method.id for method in customer.payment_methods}) < len(customer.payment_methods):
            yield f"customers.{place}.payment_methods: an id stands there twice"
        for method in customer.payment_methods:
            if (method.kind == "store_credit") != (method.balance_minor is not None):
                yield f"customers.{place}.payment_methods: a store credit, and nothing else, has a balance_minor"
            if (method.balance_minor or 0) < 0:
                yield f"customers.{place}.payment_methods: a balance is below zero"


def _order_problems(data: ShopData) -> Iterable[str]:
    known = {customer.id for customer in data.customers}
    for place, order in enumerate(data.orders):
        if order.customer_id not in known:
            yield f"orders.{place}.customer_id: no such customer"
        if "currency" in order.model_fields_set and order.currency != data.currency:
            yield f"orders.{place}.currency: not the shop's"
        if any(payment.amount_minor <= 0 for payment in order.payments):
            yield f"orders.{place}.payments: amounts are above zero"
        if order.refunded_minor > order.captured_minor:
            yield f"orders.{place}.payments: more was refunded than captured"
        times = [order.placed_at, *(p.at for p in order.payments), *(e.at for s in order.shipments for e in s.events)]
        if any(time is not None and time.tzinfo is None for time in times):
            yield f"orders.{place}: a time has no zone"
        same_id: dict[str, Any] = {}
        if any(same_id.setdefault(line.id, line) != line for line in order.items):
            yield f"orders.{place}.items: two different lines share an id"
