"""Parcels."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from tools.args import Args, Identifier
from tools.errors import Code, ToolError
from tools.ports import Effect, Json
from tools.scope import NO_SHIPMENT, as_json, must_own
from tools.tool import ToolContext, tool


class TrackShipment(Args):
    """Which parcel."""

    tracking_id: Annotated[Identifier, Field(description="The carrier's tracking id, as the order's parcels name it.")]


@tool(effect=Effect.READ)
async def track_shipment(ctx: ToolContext, args: TrackShipment) -> Mapping[str, Json]:
    """Show where one of the customer's parcels is, with everything that the carrier has reported."""
    found = await ctx.shop.find_shipment(args.tracking_id)
    if found is None:
        raise ToolError(Code.NOT_FOUND, NO_SHIPMENT)
    order, shipment = found
    return {"order_id": must_own(ctx, order, NO_SHIPMENT).id, "shipment": as_json(shipment)}
