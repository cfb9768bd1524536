"""Works the tau tasks: each write is confirmed by its customer and approved by as many people as it needs."""

from collections.abc import Mapping
from typing import Any

from tests.tools.shop import tau
from tests.tools.world import Died, World
from tools.ports import Caller, ToolResult

WINDOW_APPROVALS = {"28": 1, "104": 1}
"""Approvals that no single write needs, and that the window over the task's writes adds."""

NAMES = {
    "cancel_pending_order": "cancel_order",
    "return_delivered_order_items": "return_items",
    "exchange_delivered_order_items": "exchange_items",
    "modify_pending_order_items": "change_order_items",
    "modify_pending_order_payment": "change_order_payment",
    "modify_pending_order_address": "change_order_address",
    "modify_user_address": "change_customer_address",
}


class Desk:
    """Works one ticket; with a boundary, the worker dies at it in every step, and another goes on."""

    def __init__(self, world: World, caller: Caller, boundary: str | None = None) -> None:
        self.world, self.caller, self.boundary, self.approvals = world, caller, boundary, 0

    async def write(self, write: Mapping[str, Any], origin: str) -> str:
        """`ok` or `refused`."""
        tool, args = NAMES[write["tool"]], await self._arguments(write)
        result = await self._step(lambda runner: runner.call(self.caller, tool, args, origin))
        if result.needs_confirmation:
            await self.world.says_yes(result.action)
            result = await self._resume(result)
        if result.needs_approval:
            self.approvals += 1
            while (await self._vote(result)).state == "pending":
                pass
            result = await self._resume(result)
        return "ok" if result.ok else "refused"

    async def _vote(self, result: ToolResult) -> Any:
        return await self.world.vote(await self.world.person(tenant=self.caller.tenant), result.action)

    async def _resume(self, result: ToolResult) -> ToolResult:
        assert result.action is not None
        action_id = result.action.id
        return await self._step(lambda runner: runner.resume(self.caller, action_id))

    async def _step(self, run: Any) -> ToolResult:
        if self.boundary is not None:
            try:
                return await run(self.world.runner_that_dies_at(self.boundary))
            except Died:
                self.caller = await self.world.new_claim(self.caller)
        return await run(self.world.runner)

    async def _arguments(self, write: Mapping[str, Any]) -> tau.Json:
        """A write's arguments as our tools name them, with the shop's own line ids."""
        given, shop = write["arguments"], self.world.shop_of(self.caller.tenant)
        args = {name: given[name] for name in ("order_id", "new_item_ids", "payment_method_id") if name in given}
        if "item_ids" in given:
            args["item_ids"] = await tau.line_ids(shop, given)
        if write["tool"] == "return_delivered_order_items":
            args["refund_to"] = args.pop("payment_method_id")
        if "reason" in given:
            args["reason"] = given["reason"].replace(" ", "_")
        if "address1" in given:
            args["address"] = tau.address_of(given).model_dump(mode="json")
        return args
