"""Speaks MCP for one door: lists the tools that its caller may use, runs each call through the tool layer, shows the ticket."""

import json
import secrets
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import structlog
from mcp import MCPError, types
from mcp.server import Server, ServerRequestContext

from service.errors import Refused
from service.mcp.door import Door
from service.outside import leave_behind
from service.store import views
from service.store.api_keys import Scope
from tools.catalogue import granted
from tools.errors import Code
from tools.ports import Caller, Effect, Json, ToolResult
from tools.results import plain
from tools.tool import ToolSpec

TICKET = "deskrail://ticket"
"""The address of the one resource: the ticket as the API shows it, with its messages, actions and approvals."""

FAILED = "Something went wrong here, and nothing is known about this call; look at the ticket before trying again."

log = structlog.get_logger()


def build_server(door: Door) -> Server[Any]:
    """The MCP server of one door."""
    return _Talk(door).server


class _Talk:
    """One connection; its mark makes a request that is sent again meet the action that it made."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._mark = secrets.token_hex(12)
        self.server: Server[Any] = Server(
            "deskrail",
            version=version("deskrail"),
            instructions=(
                f"Tools for one support ticket of {door.services.settings.tenant(door.tenant).shop_name}, and for its customer "
                "alone. Whatever changes something is a proposal: the customer is asked on the ticket, and people are where "
                f"the policy wants votes; nothing has happened until a receipt says so. {TICKET} shows how it stands."
            ),
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
            on_list_resources=self._list_resources,
            on_read_resource=self._read_resource,
        )

    async def _list_tools(self, ctx: ServerRequestContext, params: object) -> types.ListToolsResult:
        services, caller = self._door.services, await self._admitted(Scope.TOOLS_CALL)
        usable = [spec for spec in granted(services.policy_for(caller.tenant), caller.lane) if caller.asks or not spec.confirms]
        return types.ListToolsResult(tools=[_shown(spec) for spec in usable])

    async def _call_tool(self, ctx: ServerRequestContext, params: types.CallToolRequestParams) -> types.CallToolResult:
        try:
            caller = await self._door.caller(Scope.TOOLS_CALL)
            origin = f"mcp:{self._mark}:{ctx.request_id}"
            result = await self._door.services.runner.call(caller, params.name, params.arguments or {}, origin)
            await leave_behind(self._door.services, caller.ticket, await self._door.actor(), params.arguments or {}, result)
            return _answer(result)
        except Refused as refused:
            return _error({"tool": params.name, "ok": False, "code": refused.code, "sentence": refused.detail})
        except Exception:
            # The library would send the error's own text, which may hold what the database was asked.
            log.exception("mcp.call_failed")
            return _error({"tool": params.name, "ok": False, "code": Code.OUTCOME_UNKNOWN, "sentence": FAILED})

    async def _list_resources(self, ctx: ServerRequestContext, params: object) -> types.ListResourcesResult:
        about = "The ticket: its messages, open question, actions, approvals and case."
        resource = types.Resource(uri=TICKET, name="ticket", description=about, mime_type="application/json")
        return types.ListResourcesResult(resources=[resource])

    async def _read_resource(
        self, ctx: ServerRequestContext, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        if str(params.uri) != TICKET:
            raise MCPError(types.INVALID_PARAMS, "There is no such resource.")
        services, caller = self._door.services, await self._admitted(Scope.TICKETS_READ)
        budget = services.settings.tenant(caller.tenant).budget.model_dump()
        async with services.db.snapshot() as conn:
            ticket = await views.ticket(conn, caller.tenant, caller.ticket, budget)
        shown = types.TextResourceContents(uri=TICKET, mime_type="application/json", text=ticket.model_dump_json())
        return types.ReadResourceResult(contents=[shown])

    async def _admitted(self, scope: Scope) -> Caller:
        """The caller, where an answer has no place for a refusal. Raises `MCPError`."""
        try:
            return await self._door.caller(scope)
        except Refused as refused:
            raise MCPError(types.INVALID_REQUEST, refused.detail) from None


def _shown(spec: ToolSpec) -> types.Tool:
    hints = types.ToolAnnotations(
        read_only_hint=spec.effect is Effect.READ,
        destructive_hint=spec.effect is not Effect.READ,
        idempotent_hint=spec.idempotent,
        open_world_hint=False,
    )
    return types.Tool(name=spec.name, description=spec.description, input_schema=spec.input_schema, annotations=hints)


def _answer(result: ToolResult) -> types.CallToolResult:
    """What a call came to. A proposal that waits is an answer; a refusal is an error with its code."""
    told = plain(result)
    return _error(told) if result.refused else types.CallToolResult(content=[_text(json.dumps(told))], structured_content=told)


def _error(told: Mapping[str, Json]) -> types.CallToolResult:
    text = f"{told['code']}: {told['sentence']}"
    return types.CallToolResult(content=[_text(text)], structured_content=dict(told), is_error=True)


def _text(text: str) -> types.TextContent:
    return types.TextContent(type="text", text=text)
