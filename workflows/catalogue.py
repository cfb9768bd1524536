"""The flows there are, and the intent that each one serves."""

import re
from collections.abc import Mapping

from classifier.intents import Intent
from workflows import machine
from workflows.cancel_order import CancelOrderFlow
from workflows.change_address import ChangeAddressFlow
from workflows.conversation import Conversation
from workflows.order_status import OrderStatusFlow
from workflows.refund_status import RefundStatusFlow
from workflows.return_refund import ReturnRefundFlow
from workflows.slots.orders import DEFAULT_ORDER_PATTERN
from workflows.verify_identity import VerifyIdentityFlow

_CLASSES: tuple[type[Conversation], ...] = (
    OrderStatusFlow,
    RefundStatusFlow,
    CancelOrderFlow,
    ReturnRefundFlow,
    ChangeAddressFlow,
    VerifyIdentityFlow,
)


def build_flows(order_pattern: re.Pattern[str] = DEFAULT_ORDER_PATTERN) -> Mapping[str, Conversation]:
    """The flows of a tenant by name; `order_pattern` is what its order ids look like."""
    return {flow.name: flow(order_pattern) for flow in _CLASSES}


FLOWS: Mapping[str, Conversation] = build_flows()
"""The flows of a tenant that keeps the default pattern."""

INTENT_FLOWS: Mapping[Intent, str] = {
    Intent.ORDER_STATUS: OrderStatusFlow.name,
    Intent.REFUND_STATUS: RefundStatusFlow.name,
    Intent.CANCEL_ORDER: CancelOrderFlow.name,
    Intent.RETURN_REFUND: ReturnRefundFlow.name,
    Intent.CHANGE_ADDRESS: ChangeAddressFlow.name,
}
"""The flow for each intent that has one."""

FLOW_INTENTS: Mapping[str, Intent] = {flow: intent for intent, flow in INTENT_FLOWS.items()}
"""The intent that each flow serves."""

NEWS_FLOWS: Mapping[str, str] = {
    OrderStatusFlow.name: OrderStatusFlow.name,
    RefundStatusFlow.name: RefundStatusFlow.name,
    CancelOrderFlow.name: RefundStatusFlow.name,
    ReturnRefundFlow.name: RefundStatusFlow.name,
    ChangeAddressFlow.name: OrderStatusFlow.name,
}
"""For each flow, the one that tells how things stand after it."""

READING_FLOWS = frozenset(flow.name for flow in _CLASSES if flow.on_request and not flow.effects)
"""The flows that change nothing; they may answer in the middle of another flow and run in every mode."""


def flow_for(intent: Intent, flows: Mapping[str, Conversation] = FLOWS) -> Conversation | None:
    """The flow that serves an intent, None when the agent does."""
    name = INTENT_FLOWS.get(intent)
    return flows[name] if name is not None else None


def diagram(name: str, state: str | None = None) -> str:
    """A flow's machine as a Mermaid state diagram, with `state` marked when it is given; raises `KeyError` for no flow."""
    return machine.diagram(FLOWS[name].machine, state)
