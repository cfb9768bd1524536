"""Where goods go: the address of one order, and the customer's own."""

from tools import seen
from tools.args import Args, PostalAddress
from tools.commerce import Address, Commerce, CustomerId, Job, OrderId, OrderStatus, Receipt
from tools.errors import Code, ToolError
from tools.orders import OneOrder
from tools.ports import Action, Effect
from tools.scope import as_json, own_account, own_order
from tools.tool import ToolContext, Wanted, tool


class ChangeOrderAddress(OneOrder):
    """Which order, and where it goes."""

    address: PostalAddress


class ChangeCustomerAddress(Args):
    """The customer's new address."""

    address: PostalAddress


async def _change_order(shop: Commerce, action: Action) -> Receipt | Job:
    address = Address.model_validate(action.args["address"])
    return await shop.change_order_address(OrderId(action.order_id or ""), address, action.key)


@tool(effect=Effect.WRITE, act=_change_order, see=seen.changed_address, idempotent=True)
async def change_order_address(ctx: ToolContext, args: ChangeOrderAddress) -> Wanted:
    """Send a pending order to another address; other orders and the account keep theirs."""
    order = await own_order(ctx, args.order_id)
    if order.status is not OrderStatus.PENDING:
        raise ToolError(Code.BAD_STATE, "Only an order that is still pending, with its items unchanged, can go elsewhere.")
    return Wanted(
        order_id=order.id,
        facts={
            "order_id": order.id,
            "order_status": order.status.value,
            "from_address": as_json(order.address),
            "address": as_json(args.address),
        },
    )


async def _change_customer(shop: Commerce, action: Action) -> Receipt | Job:
    address = Address.model_validate(action.args["address"])
    return await shop.change_customer_address(CustomerId(action.facts["customer_id"]), address, action.key)


@tool(effect=Effect.WRITE, act=_change_customer, see=seen.changed_home, idempotent=True)
async def change_customer_address(ctx: ToolContext, args: ChangeCustomerAddress) -> Wanted:
    """Change the address on the customer's account; orders that were placed keep theirs."""
    customer = await own_account(ctx)
    return Wanted(
        facts={"customer_id": customer.id, "from_address": as_json(customer.address), "address": as_json(args.address)},
    )
