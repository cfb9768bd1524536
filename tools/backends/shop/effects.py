"""Makes every effect of the shop one transaction: lock, look up the key, apply the rule, write the books."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tools.backends.shop.documents import order_text, text_of
from tools.backends.shop.engine import DATABASE_AWAY, lost_its_connection, storable, writing
from tools.backends.shop.facts import Change, Facts
from tools.backends.shop.schema import books, customers, orders, products
from tools.commerce import Customer, CustomerId, Order, OrderId, Product, Receipt
from tools.errors import BackendRefused, BackendUnavailable, Code, OutcomeUnknown

_ORDER = select(orders.c.doc).where(orders.c.shop == bindparam("shop"), orders.c.id == bindparam("id")).with_for_update()
_CUSTOMER = (
    select(customers.c.doc).where(customers.c.shop == bindparam("shop"), customers.c.id == bindparam("id")).with_for_update()
)
_PRODUCTS = select(products.c.doc).where(
    products.c.shop == bindparam("shop"), products.c.id.in_(bindparam("ids", expanding=True))
)
_BOOK = select(books.c.request, books.c.receipt).where(books.c.shop == bindparam("shop"), books.c.key == bindparam("key"))
_WRITE_ORDER = (
    update(orders)
    .where(orders.c.shop == bindparam("of_shop"), orders.c.id == bindparam("of_id"))
    .values(doc=bindparam("new_doc"))
)
_WRITE_CUSTOMER = (
    update(customers)
    .where(customers.c.shop == bindparam("of_shop"), customers.c.id == bindparam("of_id"))
    .values(doc=bindparam("new_doc"))
)


@dataclass(frozen=True, slots=True)
class Effect:
    """One wanted effect; `request` is what the key stands for, and a precondition is no part of it."""

    kind: str
    key: str
    request: dict[str, Any]
    rule: Callable[[Facts], Change]
    order_id: OrderId | None = None
    customer_id: CustomerId | None = None
    needs_products: bool = False

    @property
    def request_text(self) -> str:
        """The request in one spelling, so that the same request compares equal."""
        return json.dumps({"kind": self.kind, **self.request}, sort_keys=True)


class Effects:
    """Performs effects on one shop."""

    def __init__(self, engine: AsyncEngine, shop: str, clock: Callable[[], datetime]) -> None:
        self._engine = writing(engine)
        self._shop = shop
        self._clock = clock

    async def perform(self, effect: Effect) -> Receipt:
        """Perform the effect once for its key; the errors are those of the `Commerce` protocol."""
        if not effect.key or not storable(effect.key):
            raise BackendRefused(Code.VALIDATION, "An effect needs a key.")
        if not storable(effect.order_id or "", effect.customer_id or ""):
            raise BackendRefused(Code.NOT_FOUND, "The shop has no such order or customer.")
        try:
            return await self._attempt(effect)
        except IntegrityError:
            # A call with the same key committed between our look and our write; the second look finds its receipt.
            return await self._attempt(effect)
        except BackendUnavailable as away:
            if lost_its_connection(away):  # Nothing was done, so another try is safe.
                return await self._attempt(effect)
            raise

    async def _attempt(self, effect: Effect) -> Receipt:
        committing = False
        try:
            async with self._engine.connect() as connection:
                await connection.begin()
                receipt = await self._act(connection, effect)
                committing = True
                await connection.commit()
                return receipt
        except DATABASE_AWAY as away:
            if committing:
                raise OutcomeUnknown from away
            raise BackendUnavailable from away

    async def _act(self, connection: AsyncConnection, effect: Effect) -> Receipt:
        order = await self._locked_order(connection, effect.order_id)
        # The key is looked up behind the lock, so that two calls with one key and one order meet here in turn.
        if known := await self._known(connection, effect):
            return known
        if effect.order_id is not None and order is None:
            raise BackendRefused(Code.NOT_FOUND, "The shop has no such order.")
        facts = await self._facts(connection, effect, order)
        change = effect.rule(facts)
        await self._write(connection, facts, change)
        return await self._book(connection, effect, facts, change)

    async def _locked_order(self, connection: AsyncConnection, order_id: OrderId | None) -> Order | None:
        if order_id is None:
            return None
        doc = await connection.scalar(_ORDER, {"shop": self._shop, "id": order_id})
        return Order.model_validate_json(doc) if doc else None

    async def _known(self, connection: AsyncConnection, effect: Effect) -> Receipt | None:
        row = (await connection.execute(_BOOK, {"shop": self._shop, "key": effect.key})).one_or_none()
        if row is None:
            return None
        if row.request != effect.request_text:
            raise BackendRefused(Code.VALIDATION, "This key was used for another request.")
        return Receipt.model_validate_json(row.receipt)

    async def _facts(self, connection: AsyncConnection, effect: Effect, order: Order | None) -> Facts:
        customer_id = effect.customer_id or (order.customer_id if order else None)
        doc = await connection.scalar(_CUSTOMER, {"shop": self._shop, "id": customer_id})
        if doc is None or (order and order.customer_id != customer_id):
            raise BackendRefused(Code.NOT_FOUND, "The shop has no such customer.")
        found: dict[str, Product] = {}
        if effect.needs_products and order:
            wanted = {"shop": self._shop, "ids": sorted({line.product_id for line in order.items})}
            docs = (await connection.scalars(_PRODUCTS, wanted)).all()
            found = {product.id: product for product in map(Product.model_validate_json, docs)}
        return Facts(
            customer=Customer.model_validate_json(doc),
            reference=self._reference(effect.key),
            at=self._clock(),
            order_or_none=order,
            products=found,
        )

    def _reference(self, key: str) -> str:
        """A short reference that people can quote; one key has one reference, and keys are unique in a shop."""
        return "R-" + hashlib.sha256(f"{self._shop}\n{key}".encode()).hexdigest()[:12].upper()

    async def _write(self, connection: AsyncConnection, facts: Facts, change: Change) -> None:
        if change.order is not None:
            row = {"of_shop": self._shop, "of_id": change.order.id, "new_doc": order_text(change.order)}
            await connection.execute(_WRITE_ORDER, row)
        if change.customer is not None and change.customer != facts.customer:
            row = {"of_shop": self._shop, "of_id": change.customer.id, "new_doc": text_of(change.customer)}
            await connection.execute(_WRITE_CUSTOMER, row)

    async def _book(self, connection: AsyncConnection, effect: Effect, facts: Facts, change: Change) -> Receipt:
        currency = facts.order_or_none.currency if facts.order_or_none else None
        receipt = Receipt(
            reference=facts.reference,
            kind=effect.kind,
            amount_minor=change.back_minor,
            currency=currency,
            legs=change.legs,
            data=change.data,
        )
        entry = {
            "shop": self._shop,
            "key": effect.key,
            "kind": effect.kind,
            "order_id": effect.order_id,
            "customer_id": facts.customer.id,
            "amount_minor": change.back_minor,
            "currency": currency,
            "request": effect.request_text,
            "receipt": text_of(receipt),
            "at": facts.at.isoformat(),
        }
        await connection.execute(insert(books), entry)
        return receipt
