"""The ticket's own customer."""

from collections.abc import Mapping

from tools.args import NoArgs
from tools.ports import Effect, Json
from tools.scope import as_json, method_json, own_account
from tools.tool import ToolContext, tool


@tool(effect=Effect.READ)
async def get_customer(ctx: ToolContext, args: NoArgs) -> Mapping[str, Json]:
    """Show the customer's name, address and payment methods; of a card only its brand and last four digits."""
    customer = await own_account(ctx)
    methods = [method_json(method) for method in customer.payment_methods]
    return {"customer": {**as_json(customer), "payment_methods": methods}}
