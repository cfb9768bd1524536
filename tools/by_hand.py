"""The receipt of an effect of which nobody but a person knows that it happened."""

from tools.commerce import Receipt
from tools.ports import Action, PersonId
from tools.refunds import legs_of

_LATER = frozenset({"return_items", "exchange_items"})
"""The tools whose money follows the goods, so that an accepted request does not say that it has moved."""


def receipt_told(action: Action, reference: str, person: PersonId) -> Receipt:
    """What the merchant's system would have answered: all that was asked for, under the reference that the person found."""
    return Receipt(
        reference=reference,
        kind=action.tool,
        amount_minor=action.money.amount_minor if action.money else 0,
        currency=action.money.currency if action.money else None,
        legs=() if action.tool in _LATER else tuple(legs_of(action)),
        data={"told_by": person},
    )
