"""All tools by name, and their description for models, people and the API."""

from collections.abc import Mapping
from types import MappingProxyType

from tools.addresses import change_customer_address, change_order_address
from tools.autonomy import Level
from tools.bars import verification_for
from tools.changes import change_order_items, change_order_payment
from tools.customers import get_customer
from tools.handover import escalate
from tools.knowledge import get_product, search_articles
from tools.limits import Policy
from tools.notes import add_note
from tools.orders import cancel_order, find_orders, get_order
from tools.policy import describe_rules
from tools.ports import Effect, Json, Lane
from tools.refunds import get_refund_status, issue_refund
from tools.returns import exchange_items, return_items
from tools.shipping import track_shipment
from tools.tool import ToolSpec
from tools.verification import check_verification_code, send_verification_code

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
    send_verification_code,
    check_verification_code,
    escalate,
)

CATALOGUE: Mapping[str, ToolSpec] = {spec.name: spec for spec in _ALL}
"""Every tool by its name."""


def describe(policy: Policy, levels: Mapping[str, Level] = MappingProxyType({})) -> list[Mapping[str, Json]]:
    """Every tool with its schema, its effect, who may use it, and what the tenant's policy says of it.

    `levels` are the levels of autonomy that an admin has set.
    """
    return [_described(spec, policy, levels) for spec in CATALOGUE.values()]


def granted(policy: Policy, lane: Lane) -> tuple[ToolSpec, ...]:
    """The tools that a lane may use, in the catalogue's order."""
    names = policy.granted.get(lane, frozenset())
    return tuple(spec for spec in CATALOGUE.values() if spec.name in names)


def _described(spec: ToolSpec, policy: Policy, levels: Mapping[str, Level]) -> Mapping[str, Json]:
    acts = spec.effect is not Effect.READ
    return {
        "name": spec.name,
        "description": spec.description,
        "effect": spec.effect.value,
        "idempotent": spec.idempotent,
        "retry": spec.retry.value,
        "timeout_seconds": spec.timeout,
        "verification": verification_for(spec.verification, policy.verification.get(spec.name)).value,
        "input_schema": spec.input_schema,
        "lanes": [lane.value for lane in Lane if spec.name in policy.granted.get(lane, frozenset())],
        "flows": sorted(flow for flow, names in policy.flows.items() if spec.name in names),
        "autonomy": levels.get(spec.name, policy.level_of(spec.name)).value if acts else None,
        "limits": policy.tool_limit(spec.name).model_dump() if acts else None,
        "rules": describe_rules(spec.effect, policy),
    }
