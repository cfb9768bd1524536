"""The tables: tickets and what belongs to them. Rules that the database can hold are constraints here."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
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
    true,
)

from service.store.access_schema import people
from service.store.columns import JsonColumn, UtcTime
from service.store.metadata import metadata

tenants = Table(
    "tenants",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("created_at", UtcTime, nullable=False),
    # The tenant's own journal stream: logins, switches, settings, anchors of ticket chains.
    Column("journal_seq", BigInteger, nullable=False, server_default="0"),
    Column("journal_head", String(64), nullable=False, server_default=""),
)

customers = Table(
    "customers",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("tenant", ForeignKey("tenants.name"), nullable=False),
    # The merchant's own customer id when the sender was vouched for; otherwise a mark that identifies nobody.
    Column("external_id", String(200), nullable=False),
    Column("email", String(320)),
    Column("name", String(200)),
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("tenant", "external_id"),
)

tickets = Table(
    "tickets",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("tenant", ForeignKey("tenants.name"), nullable=False),
    Column("external_id", String(200), nullable=False),
    Column("customer_id", ForeignKey("customers.id"), nullable=False),
    Column("verification", String(16), nullable=False),
    Column("subject", Text, nullable=False, server_default=""),
    Column("channel", String(40), nullable=False, server_default="email"),
    Column("status", String(24), nullable=False),
    Column("lane", String(16), nullable=False),
    Column("flow", String(64)),
    Column("state", String(64)),
    Column("slots", JsonColumn, nullable=False, server_default=text("'{}'")),
    Column("intent", String(64)),
    Column("confidence", Float),
    Column("route_reason", Text, nullable=False, server_default=""),
    Column("language", String(8), nullable=False, server_default="en"),
    Column("owner", ForeignKey(people.c.id)),
    Column("handed_off", Boolean, nullable=False, server_default=false()),
    Column("superseded_count", Integer, nullable=False, server_default="0"),
    Column("customer_messages", Integer, nullable=False, server_default="0"),
    Column("question_id", String(40)),
    Column("budget", JsonColumn, nullable=False, server_default=text("'{}'")),
    # Wake, claim, fence: see service/store/turns.py.
    Column("seq", BigInteger, nullable=False),
    Column("pending", Integer, nullable=False),
    Column("wake", BigInteger, nullable=False),
    Column("fence", BigInteger, nullable=False, server_default="0"),
    Column("queue", String(16), nullable=False, server_default="turns"),
    Column("beat", UtcTime, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("wake_at", UtcTime),
    Column("version", BigInteger, nullable=False, server_default="0"),
    Column("journal_seq", BigInteger, nullable=False, server_default="0"),
    Column("journal_head", String(64), nullable=False, server_default=""),
    Column("anchored_seq", BigInteger, nullable=False, server_default="0"),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("first_reply_at", UtcTime),
    Column("resolved_at", UtcTime),
    Column("due_at", UtcTime),
    UniqueConstraint("tenant", "external_id"),
    CheckConstraint("pending >= 0", name="pending_not_negative"),
    Index("ix_tickets_pending", "pending", postgresql_where=text("pending > 0"), sqlite_where=text("pending > 0")),
    Index(
        "ix_tickets_wake_at", "wake_at", postgresql_where=text("wake_at is not null"), sqlite_where=text("wake_at is not null")
    ),
    # The tickets whose chain their tenant's chain has not vouched for yet: few, and asked for every few seconds.
    Index(
        "ix_tickets_unanchored",
        "id",
        postgresql_where=text("journal_seq > anchored_seq"),
        sqlite_where=text("journal_seq > anchored_seq"),
    ),
    Index("ix_tickets_tenant_created", "tenant", "created_at", "id"),
    Index("ix_tickets_customer", "customer_id"),
)

events = Table(
    "events",
    metadata,
    Column("ticket_id", ForeignKey("tickets.id"), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String(32), nullable=False),
    Column("ref", String(64)),
    Column("data", JsonColumn, nullable=False, server_default=text("'{}'")),
    Column("done", Boolean, nullable=False, server_default=false()),
    Column("created_at", UtcTime, nullable=False),
    Column("done_at", UtcTime),
    Index("ix_events_undone", "ticket_id", "seq", postgresql_where=text("not done"), sqlite_where=text("not done")),
)

messages = Table(
    "messages",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("ticket_id", ForeignKey("tickets.id"), nullable=False),
    # The help desk's id; a message that we wrote has none until the help desk echoes it.
    Column("external_id", String(200)),
    Column("author", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("sent_at", UtcTime, nullable=False),
    Column("seq", BigInteger),
    Column("verified", Boolean, nullable=False, server_default=false()),
    # False where we only ask, or pass the customer on: what they wrote still waits for its answer.
    Column("answers", Boolean, nullable=False, server_default=true()),
    Column("sender", String(200)),
    Column("person_id", ForeignKey(people.c.id)),
    Column("attachments", JsonColumn, nullable=False, server_default=text("'[]'")),
    # Messages of one ticket are read in this order, whatever the senders' clocks say.
    Column("position", BigInteger, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("ticket_id", "external_id"),
    Index("ix_messages_ticket", "ticket_id", "position"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("tenant", ForeignKey("tenants.name"), primary_key=True),
    Column("source", String(40), primary_key=True),
    Column("webhook_id", String(200), primary_key=True),
    Column("body_sha256", LargeBinary(32), nullable=False),
    Column("ticket_id", ForeignKey("tickets.id"), nullable=False),
    Column("message_id", ForeignKey("messages.id"), nullable=False),
    Column("received_at", UtcTime, nullable=False),
)

questions = Table(
    "questions",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("ticket_id", ForeignKey("tickets.id"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("slot", String(64)),
    Column("action_id", String(40)),
    Column("text", Text, nullable=False),
    Column("message_id", ForeignKey("messages.id"), nullable=False),
    Column("asked_times", Integer, nullable=False, server_default="1"),
    Column("asked_at", UtcTime, nullable=False),
    # From the first send attempt, or from the commit when no outbound address is set; only a later message answers.
    Column("delivered_at", UtcTime),
    Column("expires_at", UtcTime, nullable=False),
    # open, confirmed, declined, answered, expired, closed
    Column("state", String(16), nullable=False),
    # What answered: `message:<id>`, `channel:<key id>` or `person:<id>`, and the event that brought the answer.
    Column("answered_by", String(80)),
    Column("answered_seq", BigInteger),
    Column("closed_at", UtcTime),
    Index("ix_questions_ticket", "ticket_id"),
    Index("ix_questions_message", "message_id"),
    Index("ix_questions_action", "action_id"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("tenant", ForeignKey("tenants.name"), nullable=False),
    Column("ticket_id", ForeignKey("tickets.id"), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("message_id", ForeignKey("messages.id")),
    Column("by_person", Boolean, nullable=False, server_default=false()),
    Column("body", JsonColumn, nullable=False),
    # pending, sending, sent, note (a person claimed the ticket first), dead (given up after the last attempt)
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_at", UtcTime, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("sent_at", UtcTime),
    Column("last_error", String(200)),
    Index(
        "ix_outbox_due",
        "next_at",
        postgresql_where=text("state in ('pending','sending')"),
        sqlite_where=text("state in ('pending','sending')"),
    ),
    Index("ix_outbox_ticket", "ticket_id"),
)

escalations = Table(
    "escalations",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("tenant", ForeignKey("tenants.name"), nullable=False),
    Column("ticket_id", ForeignKey("tickets.id"), nullable=False),
    Column("reason", String(40), nullable=False),
    Column("brief", JsonColumn, nullable=False),
    Column("state", String(16), nullable=False),
    Column("risk", String(8), nullable=False),
    Column("owner", ForeignKey(people.c.id)),
    Column("due_at", UtcTime, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("claimed_at", UtcTime),
    Column("resolved_at", UtcTime),
    Column("version", Integer, nullable=False, server_default="0"),
    # A ticket has at most one case that is not resolved.
    Index(
        "uq_escalations_live",
        "ticket_id",
        unique=True,
        postgresql_where=text("state <> 'resolved'"),
        sqlite_where=text("state <> 'resolved'"),
    ),
    Index("ix_escalations_queue", "tenant", "state", "due_at"),
    Index("ix_escalations_ticket", "ticket_id"),
)

journal = Table(
    "journal",
    metadata,
    Column("stream", String(80), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("tenant", ForeignKey("tenants.name"), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("kind", String(48), nullable=False),
    Column("actor", String(80), nullable=False),
    Column("turn", BigInteger),
    Column("payload_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("ix_journal_kind", "tenant", "kind", "at"),
)

journal_payloads = Table(
    "journal_payloads",
    metadata,
    Column("stream", String(80), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("salt", String(32), nullable=False),
    Column("data", JsonColumn, nullable=False),
)

workers = Table(
    "workers",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("beat", UtcTime, nullable=False),
    Column("gone", Boolean, nullable=False, server_default=false()),
    Column("started_at", UtcTime, nullable=False),
)
