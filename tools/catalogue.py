"""All tools by name, and their description for models, people and the API."""

from collections.abc import Mapping

from tools.addresses import change_customer_address, change_order_address
from tools.changes import change_order_items, change_order_payment
from tools.customers import get_customer
from tools.handover import escalate
from tools.knowledge import get_product, search_articles
from tools.limits import Policy
from tools.notes import add_note
from tools.orders import cancel_order, find_orders, get_order
from tools.policy import describe_rules
from tools.ports import Json, Lane
from tools.refunds import get_refund_status, issue_refund
from tools.returns import exchange_items, return_items
from tools.shipping import track_shipment
from tools.tool import ToolSpec

_ALL: tuple[ToolSpec, ...] = (
    find_orders,
    get_order,
    get_customer,
    get_product,
    track_shipment,
    search_articles,
    get_refund_status,
    cancel_order,
    issue_refund,
    return_items,
    exchange_items,
    change_order_items,
    change_order_payment,
    change_order_address,
    change_customer_address,
    add_note,
    escalate,
)

CATALOGUE: Mapping[str, ToolSpec] = {spec.name: spec for spec in _ALL}
"""Every tool by its name."""


def describe(policy: Policy) -> list[Mapping[str, Json]]:
    """Every tool with its schema, its effect, the lanes that may use it, and the rules that apply with the tenant's numbers."""
    return [_described(spec, policy) for spec in CATALOGUE.values()]


def granted(policy: Policy, lane: Lane) -> tuple[ToolSpec, ...]:
    """The tools that a lane may use, in the catalogue's order."""
    names = policy.granted.get(lane, frozenset())
    return tuple(spec for spec in CATALOGUE.values() if spec.name in names)


def _described(spec: ToolSpec, policy: Policy) -> Mapping[str, Json]:
    return {
        "name": spec.name,
        "description": spec.description,
        "effect": spec.effect.value,
        "idempotent": spec.idempotent,
        "timeout_seconds": spec.timeout,
        "verification": policy.verification.get(spec.name, spec.verification).value,
        "input_schema": spec.input_schema,
        "lanes": [lane.value for lane in Lane if spec.name in policy.granted.get(lane, frozenset())],
        "rules": describe_rules(spec.effect, policy),
    }
