"""A ticket's run kept in memory, with a small shop behind it: it can die at every boundary and be resumed by a new run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from agent.budget import first_over
from agent.run import Recorded, RecordedStep, Stop
from agent.settings import AgentSettings
from agent.toolbox import Toolbox
from tools.commerce import CustomerId, PaymentMethodId, Receipt, RefundLeg
from tools.money import Money
from tools.ports import (
    Action,
    ActionId,
    ActionStatus,
    Effect,
    Json,
    Lane,
    MoneyLeg,
    TenantName,
    TicketId,
    ToolResult,
    Verification,
)
from workflows.ticket import Author, CustomerRef, Message, MessageId, Spending, Ticket, TicketStatus

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
KEY = b"a key of the tests"


class Died(BaseException):
    """The process was killed here."""


@dataclass
class Shop:
    """Orders, and the book of actions over them. `effects` lists what has really happened, in order."""

    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    articles: list[dict[str, Any]] = field(default_factory=list)
    actions: dict[str, Action] = field(default_factory=dict)
    effects: list[tuple[str, str]] = field(default_factory=list)
    asked: list[tuple[str, Mapping[str, Json]]] = field(default_factory=list)
    approve_above: int = 50_000
    away: bool = False
    silent: bool = False

    def call(self, tool: str, args: Mapping[str, Json], origin: str) -> ToolResult:
        self.asked.append((tool, dict(args)))
        if self.away:
            return _refused(tool, "backend_unavailable", "The shop's system cannot be reached right now.")
        if not _fits(args, _SCHEMAS[tool]):
            return _refused(tool, "validation", "The arguments do not have the shape that this tool takes.")
        return getattr(self, f"_{tool}")(args, origin)

    def confirm(self, action_id: str) -> ToolResult:
        """The customer's yes: the action is carried out, once."""
        action = self.actions[action_id]
        if action.status is ActionStatus.PROPOSED:
            action = self._carry_out(action)
        return ToolResult(action.tool, action.receipt is not None, _told(action), action, action.code)

    def _find_orders(self, args: Mapping[str, Json], origin: str) -> ToolResult:
        return ToolResult("find_orders", True, {"orders": list(self.orders.values())})

    def _get_customer(self, args: Mapping[str, Json], origin: str) -> ToolResult:
        return ToolResult("get_customer", True, {"customer": {"id": "cus_1", "email": "ada@example.com"}})

    def _get_order(self, args: Mapping[str, Json], origin: str) -> ToolResult:
        order = self.orders.get(args["order_id"])
        if order is None:
            return _refused("get_order", "not_found", "There is no such order on this account.")
        return ToolResult("get_order", True, {"order": order})

    def _search_articles(self, args: Mapping[str, Json], origin: str) -> ToolResult:
        return ToolResult("search_articles", True, {"articles": self.articles})

    def _escalate(self, args: Mapping[str, Json], origin: str) -> ToolResult:
        return ToolResult("escalate", True, {"escalate": True, **args})

    def _add_note(self, args: Mapping[str, Json], origin: str) -> ToolResult:
        action = self._met("add_note", args, origin, Effect.WRITE)
        if action.status is ActionStatus.PROPOSED:
            action = self._carry_out(action)
        return ToolResult("add_note", True, _told(action), action)

    def _issue_refund(self, args: Mapping[str, Json], origin: str) -> ToolResult:
        if args["amount_minor"] > 90_000:
            return _refused("issue_refund", "over_refund", "That is more than was paid.", "refund.conservation")
        action = self._met("issue_refund", args, origin, Effect.MONEY)
        if self.silent:
            action = self.actions[action.id] = replace(action, status=ActionStatus.UNKNOWN)
        code = "approval_required" if action.decision == "needs_approval" else "confirmation_required"
        return ToolResult("issue_refund", action.receipt is not None, _told(action), action, code)

    def _met(self, tool: str, args: Mapping[str, Json], origin: str, effect: Effect) -> Action:
        """The action of this origin: the same origin is the same action, however often it is asked for."""
        known = next((action for action in self.actions.values() if action.origin == origin), None)
        if known is not None:
            return known
        amount = args.get("amount_minor", 0)
        action = Action(
            id=ActionId(f"act_{len(self.actions) + 1}"),
            tenant=TenantName("default"),
            ticket=TicketId("tkt_1"),
            origin=origin,
            tool=tool,
            effect=effect,
            args=dict(args),
            status=ActionStatus.PROPOSED,
            key=f"key_{origin}",
            decision="needs_approval" if amount > self.approve_above else "needs_confirmation",
            order_id=args.get("order_id"),
            money=Money(amount, "USD") if effect is Effect.MONEY else None,
            legs=(MoneyLeg("pm_1", amount),) if effect is Effect.MONEY else (),
            facts={"destination": "Visa ending 4242"},
        )
        self.actions[action.id] = action
        return action

    def _carry_out(self, action: Action) -> Action:
        self.effects.append((action.tool, action.key))
        amount = action.money.amount_minor if action.money else 0
        receipt = Receipt(
            reference=f"rcp_{len(self.effects)}",
            kind=action.tool,
            amount_minor=amount,
            currency="USD" if amount else None,
            legs=tuple(
                RefundLeg(method_id=PaymentMethodId(leg.method_id), amount_minor=leg.amount_minor) for leg in action.legs
            ),
        )
        done = self.actions[action.id] = replace(action, status=ActionStatus.SUCCEEDED, receipt=receipt)
        return done


def _told(action: Action) -> dict[str, Json]:
    if action.receipt is None:
        return {}
    moved = sum(leg.amount_minor for leg in action.receipt.legs)
    amount = action.money.as_json() if action.money else None
    return {"receipt": action.receipt.reference, "amount": amount, "moved_minor": moved, "destination": "Visa ending 4242"}


def _fits(args: Mapping[str, Json], schema: Mapping[str, Json]) -> bool:
    """Whether the arguments are complete, known, and of their types."""
    kinds = {"string": str, "integer": int}
    known = {name: kinds[shape["type"]] for name, shape in schema["properties"].items()}
    given = all(name in known and isinstance(value, known[name]) and value is not True for name, value in args.items())
    return given and set(schema.get("required", ())) <= set(args)


def _refused(tool: str, code: str, sentence: str, rule: str | None = None) -> ToolResult:
    return ToolResult(tool, False, code=code, rule=rule, sentence=sentence)


@dataclass
class Journal:
    """What survives a death: the steps, what was spent and reserved, and everything that was ever reserved."""

    replies: dict[int, Json] = field(default_factory=dict)
    results: dict[int, dict[str, Json]] = field(default_factory=dict)
    begun: list[int] = field(default_factory=list)
    spent: Spending = field(default_factory=Spending)
    reserved: Spending = field(default_factory=Spending)
    highest: Spending = field(default_factory=Spending)


@dataclass
class MemoryRun:
    """An `AgentRun` over a journal and a shop. `die_at` counts boundaries: each commit and each call has two, around it.

    `stop_at` maps a step to the ending that its beginning meets.
    """

    shop: Shop = field(default_factory=Shop)
    journal: Journal = field(default_factory=Journal)
    granted: Spending = field(default_factory=lambda: AgentSettings("s", "p", KEY).granted)
    die_at: int | None = None
    stop_at: Mapping[int, Stop] = field(default_factory=dict)
    passed: int = 0
    notes: list[tuple[str, Mapping[str, Json]]] = field(default_factory=list)
    id: str = "tkt_1:1"
    now: datetime = NOW

    async def call(self, tool: str, args: Mapping[str, Json], *, step: str) -> ToolResult:
        return self._durably(lambda: self.shop.call(tool, args, f"1:{step}"))

    async def resume(self, action: ActionId) -> ToolResult:
        return self.shop.confirm(action)

    def note(self, kind: str, data: Mapping[str, Json]) -> None:
        self.notes.append((kind, data))

    async def recorded(self) -> Recorded:
        journal = self.journal
        numbers = sorted({*journal.replies, *journal.results, *journal.begun})
        steps = (RecordedStep(n, journal.replies.get(n), journal.results.get(n, {})) for n in numbers)
        return Recorded(tuple(steps), journal.spent.plus(journal.reserved))

    async def begin_step(self, number: int, reserve: Spending, results: Mapping[str, Json]) -> Stop | None:
        return self._durably(lambda: self._begin(number, reserve, results))

    async def record_reply(self, number: int, reply: Json | None, spent: Spending) -> None:
        self._durably(lambda: self._settle(number, reply, spent))

    def resumed(self) -> "MemoryRun":
        """The same run in a new process."""
        return MemoryRun(self.shop, self.journal, self.granted)

    def _begin(self, number: int, reserve: Spending, results: Mapping[str, Json]) -> Stop | None:
        journal = self.journal
        for name, result in results.items():
            journal.results.setdefault(number - 1, {}).setdefault(name, result)
        journal.spent, journal.reserved = journal.spent.plus(journal.reserved), Spending()
        stop = self.stop_at.get(number) or first_over(self.granted, journal.spent, reserve)
        if stop is None:
            journal.begun.append(number)
            journal.reserved = reserve
            journal.highest = journal.spent.plus(reserve)
        return stop

    def _settle(self, number: int, reply: Json | None, spent: Spending) -> None:
        journal = self.journal
        journal.spent, journal.reserved = journal.spent.plus(spent), Spending()
        if reply is not None:
            assert number not in journal.replies, "A recorded step was asked again."
            journal.replies[number] = reply

    def _durably(self, act: Callable[[], Any]) -> Any:
        self._boundary()
        result = act()
        self._boundary()
        return result

    def _boundary(self) -> None:
        if self.passed == self.die_at:
            raise Died
        self.passed += 1


_ID = {"order_id": {"type": "string"}}
_SCHEMAS: dict[str, dict[str, Json]] = {
    "find_orders": {"type": "object", "properties": {"limit": {"type": "integer"}}},
    "get_customer": {"type": "object", "properties": {}},
    "get_order": {"type": "object", "properties": _ID, "required": ["order_id"]},
    "search_articles": {"type": "object", "properties": {"query": {"type": "string"}}},
    "add_note": {"type": "object", "properties": {"text": {"type": "string"}}},
    "escalate": {"type": "object", "properties": {"reason": {"type": "string"}, "summary": {"type": "string"}}},
    "issue_refund": {
        "type": "object",
        "properties": {
            **_ID,
            "amount_minor": {"type": "integer"},
            "currency": {"type": "string"},
            "reason": {"type": "string"},
        },
        "required": ["order_id", "amount_minor"],
    },
}


@dataclass(frozen=True)
class Offered:
    """A tool as the agent is offered it."""

    name: str
    description: str
    input_schema: dict[str, Json]
    effect: Effect


_EFFECTS = {"add_note": Effect.WRITE, "issue_refund": Effect.MONEY}
TOOLS = [Offered(name, f"Use {name}.", schema, _EFFECTS.get(name, Effect.READ)) for name, schema in _SCHEMAS.items()]
TOOLBOX = Toolbox.of(TOOLS)


def order(order_id: str = "D-100001", status: str = "delivered", **more: Json) -> dict[str, Json]:
    """An order as `get_order` shows it."""
    capture = {"id": "pay_1", "method_id": "pm_1", "amount_minor": 4_500, "kind": "capture", "at": "2026-11-01T10:00:00Z"}
    item = {"id": "it_1", "variant_id": "v_1", "product_id": "prd_lamp", "name": "Desk Lamp", "price_minor": 4_500}
    shown = {"id": order_id, "status": status, "items": [item], "payments": [capture], "shipments": [], "currency": "USD"}
    return {**shown, **more}


def settings(**changes: Any) -> AgentSettings:
    """A tenant's agent; its opening reads are off so that each test counts only its own calls."""
    plain = AgentSettings(
        shop="Lumen", policy_text="Refunds above 500 USD need a colleague.", key=KEY, opening=(),
        allowed_hosts=frozenset({"shop.example.com"}),
    )  # fmt: skip
    return replace(plain, **changes)


def message(text: str, author: Author = Author.CUSTOMER, number: int = 1) -> Message:
    return Message(MessageId(f"msg_{number}"), author, text, NOW, seq=number, verified=True)


def ticket(*texts: str | Message, **changes: Any) -> Ticket:
    """A verified customer's ticket with these messages."""
    messages = tuple(text if isinstance(text, Message) else message(text, number=n) for n, text in enumerate(texts, 1))
    plain = Ticket(
        id=TicketId("tkt_1"),
        tenant=TenantName("default"),
        external_id="T-1",
        status=TicketStatus.WORKING,
        lane=Lane.AGENT,
        customer=CustomerRef("c1", CustomerId("cus_1"), Verification.CHANNEL, "ada@example.com", "Ada"),
        messages=messages or (message("Where is my lamp?"),),
    )
    return replace(plain, **changes)


def texts_of(messages: Sequence[Json]) -> str:
    """Everything that a request says, in one text."""
    blocks = [block for item in messages for block in item["content"]]
    return "\n".join(block.get("text") or str(block.get("content", "")) for block in blocks)
