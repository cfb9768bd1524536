"""Internal notes in the merchant's system, which no customer sees."""

from typing import Annotated

from pydantic import Field

from tools.args import Args, LongText
from tools.commerce import Commerce, CustomerId, Job, Receipt
from tools.ports import Action, Effect
from tools.tool import ToolContext, Wanted, tool


class AddNote(Args):
    """What to note."""

    text: Annotated[LongText, Field(description="The note, for people at the merchant.")]


async def _add(shop: Commerce, action: Action) -> Receipt | Job:
    return await shop.add_note(None, CustomerId(action.facts["customer_id"]), action.args["text"], action.key)


@tool(effect=Effect.WRITE, act=_add, confirms=False)
async def add_note(ctx: ToolContext, args: AddNote) -> Wanted:
    """Leave an internal note on the customer's account for people at the merchant."""
    return Wanted(facts={"customer_id": ctx.customer})
