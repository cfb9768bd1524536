"""Hashes that bind things together: an action's key, the digest of an approval, and the wish that two calls share."""

import hashlib
import json
from collections.abc import Mapping

from tools.ports import ActionId, Json, Proposal, TenantName


def canonical(value: Json) -> str:
    """The one JSON text of a value: sorted names, no spaces, no floats that are not numbers."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _sha256(*parts: Json) -> str:
    return hashlib.sha256(canonical(list(parts)).encode()).hexdigest()


def action_key(tenant: TenantName, action: ActionId) -> str:
    """The idempotency key of an action: made once when the action is created, and sent with its effect."""
    return _sha256("key", tenant, action)


def digest(tenant: TenantName, action: ActionId, tool: str, args: Mapping[str, Json], facts: Mapping[str, Json]) -> str:
    """What an approval is bound to: the action, its arguments, and the facts that the approver was shown."""
    return _sha256("approval", tenant, action, tool, dict(args), dict(facts))


def wish(proposal: Proposal) -> str:
    """The same wish on the same object, whoever has it and why: tool, order and arguments, the lines in any order."""
    about: dict[str, Json] = {name: value for name, value in proposal.args.items() if name != "reason"}
    lines = about.pop("item_ids", ())
    swaps = about.pop("new_item_ids", lines)
    about["lines"] = sorted(map(list, zip(lines, swaps, strict=False)))
    return _sha256("wish", proposal.tool, proposal.order_id, about)
