"""Acting for a customer by hand: a person calls a tool through the same door as flows, the agent and the API."""

import hashlib
import json
import secrets
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from service.bootstrap import Services
from service.console import roles
from service.console.act_form import Account, inputs_of, read, wants_order
from service.console.pages import page
from service.console.security import allowed, allowed_form
from service.console.shop import ShopView, read_shop
from service.console.ticket_routes import read_story
from service.errors import Invalid, NotFound, Refused
from service.refusals import ToolRefused, check
from service.store.callers import caller_for
from service.store.sessions import Session
from service.store.story import Story
from tools.catalogue import CATALOGUE, granted
from tools.ports import Effect, Lane
from tools.tool import ToolSpec

router = APIRouter()

Looker = Annotated[Session, Depends(allowed(roles.WORKERS))]
Worker = Annotated[Session, Depends(allowed_form(roles.WORKERS))]


@router.get("/console/tickets/{ticket_id}/act")
async def choose(
    request: Request, ticket_id: str, viewer: Looker, order: Annotated[str, Query(max_length=64)] = ""
) -> Response:
    """What can be done for this customer: on each order, on an older one that is asked for, and on the account."""
    services = request.app.state.services
    told = await read_story(request, viewer, ticket_id)
    asked = order.strip()
    shop = await read_shop(services.commerce_for(viewer.person.tenant), told, asked)
    tools = _usable(services, viewer)
    context = {
        "head": told.head,
        "shop": shop,
        "asked": asked,
        "on_orders": [spec for spec in tools if wants_order(spec)],
        "on_account": [spec for spec in tools if not wants_order(spec)],
    }
    return await page(request, viewer, "queue", "act.html", **context)


@router.get("/console/tickets/{ticket_id}/act/{tool}")
async def show_form(
    request: Request, ticket_id: str, tool: str, viewer: Looker, order: Annotated[str, Query(max_length=64)] = ""
) -> Response:
    """The form of one tool; without the order that it needs, the orders to choose from."""
    if wants_order(_spec(request, viewer, tool)) and not order:
        return RedirectResponse(f"/console/tickets/{ticket_id}/act", 303)
    return await _form(request, viewer, await read_story(request, viewer, ticket_id), _spec(request, viewer, tool), order)


@router.post("/console/tickets/{ticket_id}/act/{tool}")
async def act(request: Request, ticket_id: str, tool: str, worker: Worker) -> Response:
    """Do it, as this person; what the policy refuses is told on the form, and what it lets pass stands on the ticket."""
    services: Services = request.app.state.services
    spec, form = _spec(request, worker, tool), await request.form()
    told, order = await read_story(request, worker, ticket_id), str(form.get("order_id", ""))
    try:
        account = await _account(services, worker, told, spec, order)
        args = read(spec, inputs_of(spec, account), form, account)
        async with services.db.reading() as conn:
            caller = await caller_for(conn, worker.person.tenant, ticket_id, worker.person.id)
        # A form that was changed and sent again from the browser's history is another wish, though its key is the same.
        content = hashlib.sha256(json.dumps([spec.name, args], sort_keys=True).encode()).hexdigest()
        origin = f"console:{worker.person.id}:{str(form.get('key', ''))[:64]}:{content}"
        result = await services.runner.call(caller, spec.name, args, origin, confirmed="confirmed" in form)
        check(result)
    except (Invalid, ToolRefused) as refused:
        return await _form(request, worker, told, spec, order, form, refused)
    return RedirectResponse(f"/console/tickets/{ticket_id}#{result.action.id if result.action else 'line'}", 303)


def _usable(services: Services, viewer: Session) -> list[ToolSpec]:
    """What people may do by hand; what only looks stands beside the ticket anyway."""
    policy = services.policy_for(viewer.person.tenant)
    return [spec for spec in granted(policy, Lane.HUMAN) if spec.effect is not Effect.READ]


def _spec(request: Request, viewer: Session, tool: str) -> ToolSpec:
    if CATALOGUE.get(tool) not in _usable(request.app.state.services, viewer):
        raise NotFound
    return CATALOGUE[tool]


async def _account(services: Services, viewer: Session, told: Story, spec: ToolSpec, order_id: str) -> Account:
    shop = await read_shop(services.commerce_for(viewer.person.tenant), told, order_id, products="new_item_ids" in _names(spec))
    if shop.customer is None:
        raise Invalid("The shop cannot be reached, or does not know this customer.")
    order = shop.order(order_id)
    currency = order.currency if order else services.settings.tenant(viewer.person.tenant).currency
    return Account(shop.customer, order, currency, shop.products)


def _names(spec: ToolSpec) -> set[str]:
    return set(spec.args_model.model_fields)


async def _form(
    request: Request,
    viewer: Session,
    told: Story,
    spec: ToolSpec,
    order: str,
    given: FormData | None = None,
    problem: Refused | None = None,
) -> Response:
    services = request.app.state.services
    try:
        account = await _account(services, viewer, told, spec, order)
    except Invalid as away:
        nothing = {"shop": ShopView(away=True), "on_orders": [], "on_account": []}
        return await page(request, viewer, "queue", "act.html", away.status, head=told.head, **nothing)
    context = {
        "head": told.head,
        "spec": spec,
        "order": account.order,
        "order_id": order,
        "inputs": inputs_of(spec, account),
        "given": given or FormData(),
        "problem": problem,
        "key": secrets.token_urlsafe(16),
    }
    return await page(request, viewer, "queue", "act_form.html", problem.status if problem else 200, **context)
