"""Actions: a person calls a tool through the same door as everybody, and looks how an action stands."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from service.api import examples
from service.api.access import Reader, TheServices, TheTicket, ticket_in, worker
from service.api.bodies import NewAction, body_of
from service.api.once import ApiRoute, origin_of, posting
from service.auth import Credential
from service.bootstrap import Services
from service.openapi import json_body
from service.outside import leave_behind
from service.refusals import check
from service.store import action_views
from service.store.callers import caller_for
from service.store.shapes import ActionShape, CallShape
from tools.ports import ActionStatus, Effect, ToolResult

IN_DOUBT = "Sent without an answer yet, in doubt, or waiting for approval."

Caller = Annotated[Credential, Depends(posting("tools:call"))]

router = APIRouter(tags=["actions"], route_class=ApiRoute)


@router.post(
    "/tickets/{ticket}/actions",
    responses=examples.shows(examples.CALL) | {202: {"model": CallShape, "description": IN_DOUBT}},
    openapi_extra=json_body(NewAction, examples.NEW_ACTION),
)
async def call_tool(
    request: Request,
    response: Response,
    services: TheServices,
    caller: Caller,
    ticket: TheTicket,
    body: Annotated[NewAction, Depends(body_of(NewAction))],
) -> CallShape:
    """Call a tool on the ticket as the key's person; `customer_confirmed` attests the customer's yes, and is recorded so.

    200 when it is done, 202 when it was sent without an answer yet or waits for approval; refusals have a `code` and a `rule`.
    """
    person = worker(caller)
    found = await ticket_in(services, caller.tenant, ticket)
    async with services.db.reading() as conn:
        acting = await caller_for(conn, caller.tenant, found, person.id)
    origin = origin_of(request)
    result = await services.runner.call(acting, body.tool, body.args, origin, confirmed=body.customer_confirmed)
    check(result)
    await leave_behind(services, acting.ticket, f"person:{person.id}", body.args, result)
    response.status_code = 200 if result.ok else 202
    return await _shape(services, found, body, result)


@router.get("/actions/{action}", responses=examples.shows(examples.ACTION))
async def get_action(services: TheServices, reader: Reader, action: Annotated[str, Path(max_length=64)]) -> ActionShape:
    """One action: what was wanted, what the policy decided, and what became of it."""
    async with services.db.reading() as conn:
        return await action_views.action(conn, reader.tenant, action)


async def _shape(services: Services, found: str, body: NewAction, result: ToolResult) -> CallShape:
    if result.action is None:
        return CallShape(
            id=None,
            ticket_id=found,
            tool=result.tool,
            effect=Effect.READ,
            args=body.args,
            decision="allow",
            rule=result.rule,
            policy_version=None,
            status=ActionStatus.SUCCEEDED,
            code=None,
            amount=None,
            idempotency_key=None,
            receipt=None,
            data=dict(result.data),
        )
    async with services.db.reading() as conn:
        action = await action_views.action(conn, result.action.tenant, result.action.id)
    return CallShape(**action.model_dump(), data=dict(result.data))
