"""The rules of addresses: where an order goes, and where a customer lives."""

from tools.backends.shop.facts import Change, Facts, require_status
from tools.commerce import Address, OrderStatus


def change_order_address(facts: Facts, address: Address) -> Change:
    """Send a pending order elsewhere; an order whose items were modified stays as it is."""
    require_status(facts.order, OrderStatus.PENDING)
    return Change(order=facts.order.model_copy(update={"address": address}))


def change_customer_address(facts: Facts, address: Address) -> Change:
    """Change the address on the customer's account; orders keep theirs."""
    return Change(customer=facts.customer.model_copy(update={"address": address}))
