"""The shop's reads: one SELECT each, without a transaction and without the write lock."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from tools.backends.shop.engine import storable
from tools.backends.shop.reader import Reader
from tools.backends.shop.schema import (
    ARRIVAL_OF,
    AWAITS_GOODS,
    FAILURE_OF,
    REFUND_FAILED,
    articles,
    books,
    customers,
    orders,
    products,
    shipments,
)
from tools.backends.shop.search import best_articles
from tools.commerce import Article, Customer, CustomerId, Failure, Order, OrderId, Product, Receipt, Shipment

_SHOP = bindparam("shop")
_LIMIT = bindparam("limit")
_MOST = 100  # The most orders that one call answers.

_ORDER = select(orders.c.doc).where(orders.c.shop == _SHOP, orders.c.id == bindparam("id"))
_ORDERS = (
    select(orders.c.doc)
    .where(orders.c.shop == _SHOP, orders.c.customer_id == bindparam("customer_id"))
    .order_by(orders.c.placed_ms.desc(), orders.c.id.desc())
    .limit(_LIMIT)
)
_CUSTOMER = select(customers.c.doc).where(customers.c.shop == _SHOP, customers.c.id == bindparam("id"))
_CUSTOMERS_BY_EMAIL = select(customers.c.doc).where(customers.c.shop == _SHOP, customers.c.email == bindparam("email")).limit(2)
_PRODUCT = select(products.c.doc).where(products.c.shop == _SHOP, products.c.id == bindparam("id"))
_ORDER_BY_TRACKING = (
    select(orders.c.doc)
    .join(shipments, (shipments.c.shop == orders.c.shop) & (shipments.c.order_id == orders.c.id))
    .where(shipments.c.shop == _SHOP, shipments.c.tracking_id == bindparam("tracking_id"))
    .order_by(orders.c.placed_ms.desc(), orders.c.id.desc())
    .limit(1)
)
_ARTICLES = select(articles.c.doc).where(articles.c.shop == _SHOP).order_by(articles.c.id)
_ORDER_OF = select(books.c.order_id).where(books.c.shop == _SHOP, books.c.key == bindparam("key"))
# What the books say last about an effect: its own entry, or a later one about its goods or its money.
_LATER = books.alias("later")
_LAST_WORD = (
    select(_LATER.c.receipt)
    .select_from(books)
    .join(
        _LATER,
        (_LATER.c.shop == books.c.shop)
        & or_(
            _LATER.c.id == books.c.id,
            _LATER.c.key == FAILURE_OF + books.c.key,
            or_(*(books.c.kind == kind for kind in AWAITS_GOODS)) & (_LATER.c.key == ARRIVAL_OF + books.c.order_id),
        ),
    )
    .where(books.c.shop == _SHOP, books.c.key == bindparam("key"))
    .order_by(_LATER.c.id.desc())
    .limit(1)
)


class Reads:
    """What one shop tells; every method raises `BackendUnavailable` when the database is away."""

    def __init__(self, engine: AsyncEngine, shop: str) -> None:
        self._reader = Reader(engine)
        self._shop = shop

    async def get_order(self, order_id: OrderId) -> Order | None:
        """The order with this id, or None."""
        docs = await self._docs(_ORDER, {"id": order_id})
        return Order.model_validate_json(docs[0]) if docs else None

    async def find_orders(self, customer_id: CustomerId, limit: int = 20) -> tuple[Order, ...]:
        """The customer's orders, newest first; at least one and at most a hundred are asked for."""
        docs = await self._docs(_ORDERS, {"customer_id": customer_id, "limit": min(max(limit, 1), _MOST)})
        return tuple(Order.model_validate_json(doc) for doc in docs)

    async def get_customer(self, customer_id: CustomerId) -> Customer | None:
        """The customer with this id, or None."""
        docs = await self._docs(_CUSTOMER, {"id": customer_id})
        return Customer.model_validate_json(docs[0]) if docs else None

    async def find_customer_by_email(self, email: str) -> Customer | None:
        """The one customer with this address, whatever its case; an address that two customers share names nobody."""
        docs = await self._docs(_CUSTOMERS_BY_EMAIL, {"email": email.strip().lower()})
        return Customer.model_validate_json(docs[0]) if len(docs) == 1 else None

    async def get_product(self, product_id: str) -> Product | None:
        """The product with this id, or None."""
        docs = await self._docs(_PRODUCT, {"id": product_id})
        return Product.model_validate_json(docs[0]) if docs else None

    async def find_shipment(self, tracking_id: str) -> tuple[Order, Shipment] | None:
        """The newest order with a parcel of this tracking id, and that parcel; or None."""
        docs = await self._docs(_ORDER_BY_TRACKING, {"tracking_id": tracking_id})
        if not docs:
            return None
        order = Order.model_validate_json(docs[0])
        return order, next(parcel for parcel in order.shipments if parcel.tracking_id == tracking_id)

    async def search_articles(self, query: str, limit: int = 3) -> tuple[Article, ...]:
        """The help articles that fit the query best, best first; none when no word fits."""
        docs = await self._docs(_ARTICLES, {})
        # A large help centre takes longer to rank than the event loop may wait.
        return await asyncio.to_thread(best_articles, docs, query, limit)

    async def find_effect(self, key: str) -> Receipt | Failure | None:
        """What became of the effect that carried this key: its receipt, the one of its goods' arrival, or its failure."""
        docs = await self._docs(_LAST_WORD, {"key": key})
        if not docs:
            return None
        last = Receipt.model_validate_json(docs[0])
        return Failure(reason=last.data["reason"]) if last.kind == REFUND_FAILED else last

    async def _order_of(self, key: str) -> OrderId | None:
        """The order of the effect that carried this key, or None."""
        found = await self._docs(_ORDER_OF, {"key": key})
        return OrderId(found[0]) if found and found[0] else None

    async def _docs(self, statement: Select[Any], values: Mapping[str, Any]) -> Sequence[str]:
        if not storable(*(value for value in values.values() if isinstance(value, str))):
            return ()
        return await self._reader.first_column(statement, {"shop": self._shop, **values})
