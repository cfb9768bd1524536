"""The embedded shop's own tables, and their creation."""

from pathlib import Path

from sqlalchemy import BigInteger, Column, Identity, Index, Integer, MetaData, Table, Text, UniqueConstraint, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.schema import CreateSchema

from tools.backends.shop.engine import SCHEMA, writing

_CREATION_LOCK = 7_410_563_218_904_417_251  # Any number will do, as long as every process takes the same one.

ARRIVAL_OF = "arrival of "
"""Begins the key of the entry that moves the money of an order's goods; the order's id follows."""

FAILURE_OF = "failure of "
"""Begins the key of the entry that takes a refund back out of the books; the refund's own key follows."""

AWAITS_GOODS = ("return_items", "exchange_items")
"""The kinds of effects whose money moves when goods arrive."""

REFUND_FAILED = "refund_failed"
"""The kind of the entry that says that a refund did not reach its method after all."""

metadata = MetaData(schema=SCHEMA)

shops = Table(
    "shops",
    metadata,
    Column("shop", Text, primary_key=True),
    Column("currency", Text, nullable=False),
)

customers = Table(
    "customers",
    metadata,
    Column("shop", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("email", Text, nullable=False, comment="lower-cased"),
    Column("doc", Text, nullable=False),
    Index("customers_by_email", "shop", "email"),
)

orders = Table(
    "orders",
    metadata,
    Column("shop", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("customer_id", Text, nullable=False),
    Column("placed_ms", BigInteger, nullable=False, comment="milliseconds since 1970 UTC; 0 when unknown"),
    Column("doc", Text, nullable=False),
    Index("orders_by_customer", "shop", "customer_id", "placed_ms", "id"),
)

shipments = Table(
    "shipments",
    metadata,
    Column("shop", Text, primary_key=True),
    Column("tracking_id", Text, primary_key=True),
    Column("order_id", Text, primary_key=True),
)

products = Table(
    "products",
    metadata,
    Column("shop", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("doc", Text, nullable=False),
)

articles = Table(
    "articles",
    metadata,
    Column("shop", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("doc", Text, nullable=False),
)

books = Table(
    "books",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), Identity(), primary_key=True),
    Column("shop", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("order_id", Text),
    Column("customer_id", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False, comment="money that goes back to the customer"),
    Column("currency", Text),
    Column("request", Text, nullable=False),
    Column("receipt", Text, nullable=False),
    Column("at", Text, nullable=False, comment="RFC 3339 UTC"),
    UniqueConstraint("shop", "key", name="books_one_effect_per_key"),
    Index("books_by_order", "shop", "order_id"),
)

jobs = Table(
    "jobs",
    metadata,
    Column("shop", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("method", Text, nullable=False),
    Column("arguments", Text, nullable=False, comment="JSON, by name"),
    Column("reference", Text, nullable=False),
    Column("failed", Text, comment="why the work came to nothing; null while it goes on, and when it is done"),
    Column("at", Text, nullable=False, comment="RFC 3339 UTC"),
)


async def has_tables(engine: AsyncEngine) -> bool:
    """Whether the shop's tables are there. Looking makes nothing, not even an empty SQLite file."""
    sqlite = engine.dialect.name == "sqlite"
    if sqlite and not _file(engine).exists():
        return False
    schema = None if sqlite else SCHEMA
    async with engine.connect() as connection:
        return await connection.run_sync(lambda sync: inspect(sync).has_table(shops.name, schema))


def _file(engine: AsyncEngine) -> Path:
    return Path(engine.url.database or "")


async def create_tables(engine: AsyncEngine, used_by: str | None = None) -> None:
    """Create what is missing; safe to call again, and from several processes at once.

    On PostgreSQL the role `used_by` may use it all, beside the owner.
    """
    async with writing(engine).begin() as connection:
        if connection.dialect.name == "postgresql":
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _CREATION_LOCK})
            # Asked first, since a role without the right to make schemas may not even say "if not exists".
            if not await connection.run_sync(lambda sync: inspect(sync).has_schema(SCHEMA)):
                await connection.execute(CreateSchema(SCHEMA))
        await connection.run_sync(metadata.create_all)
        if used_by and connection.dialect.name == "postgresql":
            role = connection.dialect.identifier_preparer.quote(used_by)
            for granted in ("USAGE ON SCHEMA", "ALL ON ALL TABLES IN SCHEMA", "ALL ON ALL SEQUENCES IN SCHEMA"):
                await connection.execute(text(f"GRANT {granted} {SCHEMA} TO {role}"))
