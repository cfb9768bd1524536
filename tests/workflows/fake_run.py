"""A run over orders in memory: it scopes reads to one customer, asks for a yes, asks for votes above a cap, and acts once."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from tests.workflows.goods import ADA, NOW
from tools.commerce import Address, CustomerId, Order, OrderStatus, Payment, PaymentMethodId, Receipt, ReturnRequest
from tools.errors import Code
from tools.money import Money
from tools.ports import Action, ActionId, ActionStatus, Effect, Json, TenantName, TicketId, ToolResult

Args = Mapping[str, Any]

CREDIT = {"id": "pm_credit", "kind": "store_credit", "balance_minor": 0}
METHODS = [{"id": "pm_visa", "kind": "card", "brand": "visa", "last4": "4242"}]
PURSES = {"pm_visa": "Visa ending 4242", "pm_credit": "store credit"}


@dataclass
class FakeRun:
    """A run for the customer `customer`. The knobs below make the world behave badly.

    `down` names tools whose backend is away, `lost` tools whose answer never comes, `refusals` the code and rule for a tool.
    `approve_above` is in minor units.
    """

    shop: dict[str, Order]
    customer: CustomerId = ADA
    approve_above: int = 50000
    down: set[str] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)
    refusals: dict[str, tuple[Code, str | None]] = field(default_factory=dict)
    methods: list[dict[str, Any]] = field(default_factory=lambda: list(METHODS))
    actions: dict[str, Action] = field(default_factory=dict)
    calls: list[tuple[str, Args]] = field(default_factory=list)
    effects: list[str] = field(default_factory=list)
    notes: list[tuple[str, Args]] = field(default_factory=list)
    event: int = 1
    """The event that the turn handles; a step of the same event is the same action."""

    @classmethod
    def over(cls, orders: Iterable[Order], **knobs: Any) -> "FakeRun":
        """A run over these orders, newest first."""
        return cls({order.id: order for order in orders}, **knobs)

    @property
    def now(self) -> datetime:
        return NOW

    def note(self, kind: str, data: Args) -> None:
        self.notes.append((kind, data))

    def called(self, tool: str) -> list[Args]:
        """The arguments of every call of a tool."""
        return [args for name, args in self.calls if name == tool]

    async def call(self, tool: str, args: Args, *, step: str) -> ToolResult:
        self.calls.append((tool, args))
        if tool in self.down:
            return ToolResult(tool, ok=False, code=Code.BACKEND_UNAVAILABLE)
        if tool in self.refusals:
            code, rule = self.refusals[tool]
            return ToolResult(tool, ok=False, code=code, rule=rule)
        if tool in _READS:
            return _READS[tool](self, args)
        origin = f"{self.event}:{step}"
        known = next((action for action in self.actions.values() if action.origin == origin), None)
        return self._result(known or self._propose(tool, args, origin))

    async def resume(self, action: ActionId) -> ToolResult:
        return self._result(self.actions[action])

    def confirm(self, action: ActionId) -> ToolResult:
        """The customer said yes: act, or wait for votes."""
        asked = self.actions[action]
        if asked.tool in self.down:
            return replace(self._result(asked), code=Code.BACKEND_UNAVAILABLE)
        over = asked.money is not None and asked.money.amount_minor > self.approve_above
        if over:
            self.actions[action] = replace(asked, decision="needs_approval", rule="refund.per_call_cap")
            return self._result(self.actions[action])
        return self.approve(action)

    def approve(self, action: ActionId) -> ToolResult:
        """People approved: act."""
        asked = self.actions[action]
        if asked.tool in self.lost:
            self.actions[action] = replace(asked, status=ActionStatus.UNKNOWN, decision="allow")
        else:
            self.actions[action] = self._carry_out(replace(asked, status=ActionStatus.SUCCEEDED, decision="allow"))
        return self._result(self.actions[action])

    def end(self, action: ActionId, status: ActionStatus, code: Code | None = None, rule: str | None = None) -> ToolResult:
        """The action ended without an effect."""
        self.actions[action] = replace(self.actions[action], status=status, code=code, rule=rule)
        return self._result(self.actions[action])

    def own(self, order_id: str) -> Order | None:
        """The customer's order; somebody else's is None like one that does not exist."""
        order = self.shop.get(order_id)
        return order if order is not None and order.customer_id == self.customer else None

    def _propose(self, tool: str, args: Args, origin: str) -> Action:
        order = self.own(args["order_id"])
        assert order is not None, "a flow acts only on orders that it has read"
        money = _money(tool, args, order)
        purse = PURSES[args.get("refund_to", "pm_visa")]
        action = Action(
            id=ActionId(f"act_{len(self.actions) + 1}"),
            tenant=TenantName("default"),
            ticket=TicketId("tkt_1"),
            origin=origin,
            tool=tool,
            effect=Effect.WRITE if money is None else Effect.MONEY,
            args=dict(args),
            status=ActionStatus.PROPOSED,
            key="k",
            decision="needs_confirmation",
            order_id=order.id,
            money=money,
            facts={"destination": purse},
        )
        for other in self.actions.values():
            if other.status is ActionStatus.PROPOSED and other.decision == "needs_confirmation":
                self.actions[other.id] = replace(other, status=ActionStatus.SUPERSEDED)
        self.actions[action.id] = action
        return action

    def _carry_out(self, action: Action) -> Action:
        order = self.shop[action.args["order_id"]]
        self.shop[order.id] = _after(order, action)
        self.effects.append(action.tool)
        return replace(action, receipt=Receipt(reference=f"rcp_{len(self.effects)}", kind=action.tool))

    def _result(self, action: Action) -> ToolResult:
        waiting = {"needs_confirmation": Code.CONFIRMATION_REQUIRED, "needs_approval": Code.APPROVAL_REQUIRED}
        in_doubt = action.status in (ActionStatus.SENT, ActionStatus.UNKNOWN)
        proposed = action.status is ActionStatus.PROPOSED
        code = waiting.get(action.decision) if proposed else Code.OUTCOME_UNKNOWN if in_doubt else action.code
        data: dict[str, Json] = {}
        if action.receipt is not None:
            moved = 0 if action.tool == "return_items" or action.money is None else action.money.amount_minor
            data = {"receipt": action.receipt.reference, "moved_minor": moved}
        ok = action.status is ActionStatus.SUCCEEDED
        return ToolResult(action.tool, ok=ok, data=data, action=action, code=code, rule=action.rule)


def order_json(order: Order) -> dict[str, Json]:
    """An order as the tool layer gives it."""
    return {**order.model_dump(mode="json", by_alias=True, exclude_none=True), "currency": order.currency}


def _money(tool: str, args: Args, order: Order) -> Money | None:
    match tool:
        case "issue_refund":
            return Money(args["amount_minor"], args["currency"])
        case "cancel_order":
            return Money(order.captured_minor, order.currency) if order.captured_minor else None
        case "return_items":
            prices = {item.id: item.price_minor for item in order.items}
            return Money(sum(prices[item] for item in args["item_ids"]), order.currency)
    return None


def _after(order: Order, action: Action) -> Order:
    """The order as the shop has it after the effect."""
    args = action.args
    match action.tool:
        case "issue_refund":
            back = Payment(
                id="back", method_id=PaymentMethodId("pm_visa"), amount_minor=args["amount_minor"], kind="refund", at=NOW
            )
            return order.model_copy(update={"payments": (*order.payments, back)})
        case "cancel_order":
            return order.model_copy(update={"status": OrderStatus.CANCELLED})
        case "return_items":
            request = ReturnRequest(item_ids=tuple(args["item_ids"]), refund_to=args["refund_to"])
            return order.model_copy(update={"status": OrderStatus.RETURN_REQUESTED, "return_": request})
        case _:
            return order.model_copy(update={"address": Address.model_validate(args["address"])})


def _find_orders(run: FakeRun, args: Args) -> ToolResult:
    mine = [order_json(order) for order in run.shop.values() if order.customer_id == run.customer]
    return ToolResult("find_orders", ok=True, data={"orders": mine[:20]})


def _get_order(run: FakeRun, args: Args) -> ToolResult:
    order = run.own(args["order_id"])
    if order is None:
        return ToolResult("get_order", ok=False, code=Code.NOT_FOUND)
    return ToolResult("get_order", ok=True, data={"order": order_json(order)})


def _track(run: FakeRun, args: Args) -> ToolResult:
    for order in run.shop.values():
        for parcel in order.shipments:
            if parcel.tracking_id == args["tracking_id"] and order.customer_id == run.customer:
                data = {"order_id": order.id, "shipment": parcel.model_dump(mode="json", exclude_none=True)}
                return ToolResult("track_shipment", ok=True, data=data)
    return ToolResult("track_shipment", ok=False, code=Code.NOT_FOUND)


def _refund_status(run: FakeRun, args: Args) -> ToolResult:
    order = run.own(args["order_id"])
    if order is None:
        return ToolResult("get_refund_status", ok=False, code=Code.NOT_FOUND)
    back = [payment for payment in order.payments if payment.kind == "refund"]
    live = [action for action in run.actions.values() if action.order_id == order.id and not action.status.ended]
    promised = [one for one in run.actions.values() if one.tool == "return_items" and one.status is ActionStatus.SUCCEEDED]
    owed = sum(one.money.amount_minor for one in promised if one.money and one.order_id == order.id and not back)
    data = {
        "order_id": order.id,
        "captured": Money(order.captured_minor, order.currency).as_json(),
        "refunds": [
            {
                "amount": Money(p.amount_minor, order.currency).as_json(),
                "method": run.methods[0],
                "at": p.at and p.at.isoformat(),
            }
            for p in back
        ],
        "return": order.return_.model_dump(mode="json") if order.return_ else None,
        "owed": Money(owed, order.currency).as_json() if owed else None,
        "pending": [
            {
                "action_id": action.id,
                "tool": action.tool,
                "status": action.status.value,
                "decision": action.decision,
                "amount": action.money.as_json() if action.money else None,
            }
            for action in live
        ],
    }
    return ToolResult("get_refund_status", ok=True, data=data)


def _customer(run: FakeRun, args: Args) -> ToolResult:
    return ToolResult("get_customer", ok=True, data={"customer": {"id": run.customer, "payment_methods": run.methods}})


_READS: dict[str, Callable[[FakeRun, Args], ToolResult]] = {
    "find_orders": _find_orders,
    "get_order": _get_order,
    "track_shipment": _track,
    "get_refund_status": _refund_status,
    "get_customer": _customer,
}
