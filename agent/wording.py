"""What the customer is asked and told about a waiting action, written from its recorded facts and never by the model."""

from collections.abc import Callable, Mapping

from tools.money import Money
from tools.ports import Action, Json
from workflows.replies import render
from workflows.ticket import Ticket
from workflows.wording import first_name

_Facts = Mapping[str, Json]


def confirmation_text(action: Action) -> str:
    """What would happen, and the question whether it should."""
    return f"Before I go on, please check this with me. I would {deed(action)}.\n\nShall I do that? Please answer yes or no."


def approval_text(action: Action, ticket: Ticket) -> str:
    """That colleagues have to agree first, and that nothing has happened yet."""
    return render("action_waits", first_name=first_name(ticket), deed=deed(action))


def under_way_text(action: Action, ticket: Ticket) -> str:
    """That the shop works on it, and has not finished."""
    return render("action_under_way", first_name=first_name(ticket), deed=deed(action))


def deed(action: Action) -> str:
    """What the action does, as the end of a sentence that begins with `I would`."""
    write = _DEEDS.get(action.tool)
    return write(action, action.facts) if write else f"carry out this request: {action.tool.replace('_', ' ')}{_on(action)}"


def _refund(action: Action, facts: _Facts) -> str:
    return f"refund {_amount(action)}{_on(action)}{_to(facts)}"


def _cancel(action: Action, facts: _Facts) -> str:
    back = f" and send {_amount(action)} back{_to(facts)}" if action.money else ""
    return f"cancel order {action.order_id}{back}"


def _return(action: Action, facts: _Facts) -> str:
    money = f"with {_amount(action)} going back{_to(facts)}"
    return f"arrange the return of {_names(facts, 'items')} from order {action.order_id}, {money}"


def _swap(action: Action, facts: _Facts) -> str:
    verb = "exchange" if action.tool == "exchange_items" else "change"
    return f"{verb} {_names(facts, 'items')} for {_options(facts)}{_on(action)}{_difference(facts)}"


def _payment(action: Action, facts: _Facts) -> str:
    charge = _money(facts.get("charge"))
    instead = f" instead of {facts['replaces']}" if facts.get("replaces") else ""
    return f"charge {charge or 'the total'} to {facts.get('payment_method', 'the other payment method')}{instead}{_on(action)}"


def _address(action: Action, facts: _Facts) -> str:
    where = _postal(facts.get("address") or action.args.get("address"))
    return f"send order {action.order_id} to {where}" if action.order_id else f"change the address on your account to {where}"


_DEEDS: dict[str, Callable[[Action, _Facts], str]] = {
    "issue_refund": _refund,
    "cancel_order": _cancel,
    "return_items": _return,
    "exchange_items": _swap,
    "change_order_items": _swap,
    "change_order_payment": _payment,
    "change_order_address": _address,
    "change_customer_address": _address,
}


def _on(action: Action) -> str:
    return f" on order {action.order_id}" if action.order_id else ""


def _amount(action: Action) -> str:
    return action.money.text() if action.money else "nothing"


def _to(facts: _Facts) -> str:
    return f" to {facts['destination']}" if facts.get("destination") else " to the payment method that you paid with"


def _money(value: Json) -> str:
    return Money(value["amount_minor"], value["currency"]).text() if isinstance(value, dict) else ""


def _names(facts: _Facts, key: str) -> str:
    names = [str(item["name"]) for item in facts.get(key) or () if item.get("name")]
    return _listed(names) or "the items"


def _options(facts: _Facts) -> str:
    variants = [", ".join(map(str, (item.get("options") or {}).values())) for item in facts.get("new_items") or ()]
    return _listed([f"the variant {variant}" for variant in variants if variant]) or "the other variant"


def _difference(facts: _Facts) -> str:
    difference = facts.get("difference")
    if not isinstance(difference, dict) or difference["amount_minor"] == 0:
        return ", at the same price"
    amount = Money(abs(difference["amount_minor"]), difference["currency"]).text()
    method = facts.get("payment_method", "your payment method")
    return f", with {amount} {'charged' if difference['amount_minor'] > 0 else 'going back'} to {method}"


def _postal(address: Json) -> str:
    if not isinstance(address, dict):
        return "the new address"
    parts = ("name", "line1", "line2", "city", "region", "postal_code", "country")
    return ", ".join(str(address[part]) for part in parts if address.get(part))


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + f" and {names[-1]}" if names else ""
