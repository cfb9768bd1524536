"""What the merchant tells everybody: help articles and products."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from tools.args import Args, Identifier, ShortText
from tools.errors import Code, ToolError
from tools.ports import Effect, Json, Verification
from tools.scope import as_json
from tools.tool import ToolContext, tool


class SearchArticles(Args):
    """What to look for."""

    query: Annotated[ShortText, Field(description="The question in a few words.")]
    limit: Annotated[int, Field(ge=1, le=10)] = 3


class GetProduct(Args):
    """Which product."""

    product_id: Annotated[Identifier, Field(description="The product's id, as an order's lines name it.")]


@tool(effect=Effect.READ, verification=Verification.NONE)
async def search_articles(ctx: ToolContext, args: SearchArticles) -> Mapping[str, Json]:
    """Search the merchant's help articles; the best come first."""
    articles = await ctx.shop.search_articles(args.query, args.limit)
    return {"articles": [as_json(article) for article in articles]}


@tool(effect=Effect.READ, verification=Verification.NONE)
async def get_product(ctx: ToolContext, args: GetProduct) -> Mapping[str, Json]:
    """Show a product with its variants, their prices and whether they are in stock."""
    product = await ctx.shop.get_product(args.product_id)
    if product is None:
        raise ToolError(Code.NOT_FOUND, "There is no such product.")
    return {"product": as_json(product)}
