"""The tables of actions, approvals, the ledger, locks, switches and levels of autonomy."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from service.store.columns import JsonColumn, UtcTime
from service.store.schema import metadata

actions = Table(
    "actions",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("tenant", ForeignKey("tenants.name"), nullable=False),
    Column("ticket_id", ForeignKey("tickets.id"), nullable=False),
    # Unique on the ticket: event and flow transition, the model's tool_use id, or a client's request id.
    Column("origin", String(200), nullable=False),
    Column("key", String(64), nullable=False, unique=True),
    Column("tool", String(64), nullable=False),
    Column("effect", String(8), nullable=False),
    Column("args", JsonColumn, nullable=False),
    # The same wish on the same object, whoever has it: sha256 of tool, order and amount or lines.
    Column("wish", String(64), nullable=False),
    Column("customer", String(200)),
    Column("order_id", String(120)),
    Column("amount_minor", BigInteger),
    Column("currency", String(3)),
    Column("legs", JsonColumn, nullable=False, server_default=text("'[]'")),
    Column("facts", JsonColumn, nullable=False, server_default=text("'{}'")),
    Column("lane", String(16), nullable=False),
    Column("flow", String(64)),
    Column("intent", String(64)),
    Column("requester", String(80), nullable=False),
    Column("status", String(16), nullable=False),
    Column("decision", String(24), nullable=False),
    Column("rule", String(64)),
    Column("sentence", Text, nullable=False, server_default=""),
    Column("policy_version", String(64), nullable=False),
    Column("code", String(32)),
    Column("confirmed_by", String(80)),
    Column("approval_id", String(40)),
    # Counts against the windows when false and money moved or may have moved.
    Column("approved", Boolean, nullable=False, server_default=false()),
    Column("fence", BigInteger),
    Column("lease_until", UtcTime),
    Column("event_seq", BigInteger),
    Column("receipt", JsonColumn),
    # The merchant's own id of work that it has accepted and not finished.
    Column("job", String(200)),
    Column("created_at", UtcTime, nullable=False),
    Column("reserved_at", UtcTime),
    Column("sent_at", UtcTime),
    Column("ended_at", UtcTime),
    # What looks at it have said that settled nothing, the same answers in a row as one: `[{answer, since, last, times}]`.
    Column("looks", JsonColumn, nullable=False, server_default=text("'[]'")),
    # One more attempt to carry it out may be under way until then, by the database's clock.
    Column("trying_until", UtcTime),
    # Since then its arguments and facts are not the ones that its wish and digest were made of.
    Column("erased_at", UtcTime),
    UniqueConstraint("ticket_id", "origin"),
    CheckConstraint("amount_minor is null or amount_minor >= 0", name="amount_not_negative"),
    CheckConstraint("(amount_minor is null) = (currency is null)", name="amount_has_currency"),
    Index("ix_actions_order", "tenant", "order_id"),
    Index("ix_actions_tenant_reserved", "tenant", "reserved_at"),
    Index("ix_actions_customer", "tenant", "customer", "reserved_at"),
    Index(
        "ix_actions_status",
        "status",
        postgresql_where=text("status in ('reserved','sent','unknown')"),
        sqlite_where=text("status in ('reserved','sent','unknown')"),
    ),
)

action_fingerprints = Table(
    "action_fingerprints",
    metadata,
    Column("action_id", ForeignKey("actions.id"), primary_key=True),
    Column("fingerprint", String(200), primary_key=True),
    Column("tenant", ForeignKey("tenants.name"), nullable=False),
    Index("ix_action_fingerprints_fingerprint", "tenant", "fingerprint"),
)

approvals = Table(
    "approvals",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("tenant", ForeignKey("tenants.name"), nullable=False),
    Column("ticket_id", ForeignKey("tickets.id"), nullable=False),
    Column("action_id", ForeignKey("actions.id"), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("facts", JsonColumn, nullable=False),
    Column("rule", String(64), nullable=False),
    Column("votes_needed", Integer, nullable=False),
    # pending, approved, denied, expired, superseded, used
    Column("state", String(16), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("decided_at", UtcTime),
    Index("ix_approvals_queue", "tenant", "state", "created_at"),
    Index("ix_approvals_ticket", "ticket_id"),
    Index("ix_approvals_action", "action_id"),
    # An action has at most one approval that may still be used.
    Index(
        "uq_approvals_live",
        "action_id",
        unique=True,
        postgresql_where=text("state in ('pending','approved')"),
        sqlite_where=text("state in ('pending','approved')"),
    ),
)

votes = Table(
    "votes",
    metadata,
    Column("approval_id", ForeignKey("approvals.id"), primary_key=True),
    Column("person_id", ForeignKey("people.id"), primary_key=True),
    Column("decision", String(8), nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("at", UtcTime, nullable=False),
)

ledger = Table(
    "ledger",
    metadata,
    Column("id", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True),
    Column("tenant", ForeignKey("tenants.name"), nullable=False),
    Column("txn", String(40), nullable=False),
    Column("account", String(160), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("action_id", ForeignKey("actions.id"), nullable=False),
    Column("at", UtcTime, nullable=False),
    Index("ix_ledger_txn", "txn"),
    Index("ix_ledger_action", "action_id"),
)

locks = Table(
    "locks",
    metadata,
    # What is locked while a call is decided or a code is sent: `order`, `customer`, `fingerprint`, `day` or `tool`, and which.
    Column("tenant", ForeignKey("tenants.name"), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("ref", String(200), primary_key=True),
)

backend_events = Table(
    "backend_events",
    metadata,
    # What the merchant's system has told us, by its own ids; a repeated id changes nothing.
    Column("tenant", ForeignKey("tenants.name"), primary_key=True),
    Column("webhook_id", String(200), primary_key=True),
    Column("body_sha256", LargeBinary(32), nullable=False),
    Column("action_id", ForeignKey("actions.id"), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("received_at", UtcTime, nullable=False),
)

verifications = Table(
    "verifications",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("tenant", ForeignKey("tenants.name"), nullable=False),
    Column("ticket_id", ForeignKey("tickets.id"), nullable=False),
    # The action that sent it; a repeated key sends nothing.
    Column("key", String(64), nullable=False, unique=True),
    # The merchant's customer whose address it was sent to; null when there is none, and then no code is right.
    Column("account", String(200)),
    Column("seal", String(64), nullable=False),
    # open, passed, failed (tried too often), replaced (by a newer one)
    Column("state", String(16), nullable=False),
    # The tries by the keys of their actions, and whether each was right.
    Column("answers", JsonColumn, nullable=False, server_default=text("'{}'")),
    # Who typed the right code, as the help desk names them, and how long that counts for further messages.
    Column("sender", String(200)),
    Column("proof_until", UtcTime),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Index("ix_verifications_ticket", "ticket_id", "created_at"),
    Index("ix_verifications_account", "tenant", "account", "created_at"),
)

switches = Table(
    "switches",
    metadata,
    Column("tenant", ForeignKey("tenants.name"), primary_key=True),
    Column("scope", String(16), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("on", Boolean, nullable=False, server_default=false()),
    Column("reason", Text, nullable=False, server_default=""),
    Column("by", String(80)),
    Column("at", UtcTime),
    # What was under way when it was thrown, as long as it is on: `[{id, ticket, tool, status}]`.
    Column("in_flight", JsonColumn, nullable=False, server_default=text("'[]'")),
    Column("version", BigInteger, nullable=False, server_default="0"),
)

autonomy = Table(
    "autonomy",
    metadata,
    # How far the machine may go with a tool, when an admin has said so; without a row the settings say it.
    Column("tenant", ForeignKey("tenants.name"), primary_key=True),
    Column("tool", String(64), primary_key=True),
    Column("level", String(24), nullable=False),
    Column("reason", Text, nullable=False),
    Column("by", String(80), nullable=False),
    Column("at", UtcTime, nullable=False),
)
