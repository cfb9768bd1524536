"""One ticket: its page, the customer's orders beside it, and what people do on it."""

import hashlib
import secrets
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from service.auth import session
from service.console import live, roles
from service.console.flow_map import FlowMap, flow_map
from service.console.pages import html, page
from service.console.security import allowed_form
from service.console.shop import read_shop
from service.console.timeline import refunds_text, timeline
from service.console.watched import watched
from service.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from service.store import queue, story
from service.store.queue import Show
from service.store.sessions import Session
from service.store.story import Story
from workflows.catalogue import FLOWS

router = APIRouter()

Viewer = Annotated[Session, Depends(session)]
Worker = Annotated[Session, Depends(allowed_form(roles.WORKERS))]
Text = Annotated[str, Form(max_length=20_000)]


@dataclass(frozen=True, slots=True)
class Draft:
    """What stands in the composer, and the key under which sending it again is known; without one the page makes a new key."""

    text: str = ""
    key: str = ""


NO_DRAFT = Draft()


@dataclass(frozen=True, slots=True)
class Window:
    """Money that went or may go back to the customer in the last days, on all tickets, as our own books say."""

    days: int
    text: str


@router.get("/console/tickets/{ticket_id}")
async def show_ticket(request: Request, ticket_id: str, viewer: Viewer) -> Response:
    """The ticket's page."""
    return await ticket_page(request, viewer, ticket_id)


@router.get("/console/tickets/{ticket_id}/shop")
async def show_shop(request: Request, ticket_id: str, viewer: Viewer) -> Response:
    """The customer and their orders, loaded beside the ticket so that a slow shop holds nothing up."""
    told = await read_story(request, viewer, ticket_id)
    shop = await read_shop(request.app.state.services.commerce_for(viewer.person.tenant), told)
    return html("shop.html", shop=shop, head=told.head)


@router.post("/console/tickets/{ticket_id}/take-over")
async def take_over(request: Request, ticket_id: str, worker: Worker) -> Response:
    """Take the ticket from whoever works it."""
    return await act(request, worker, ticket_id, request.app.state.services.desk.take_over(worker.person, ticket_id))


@router.post("/console/tickets/{ticket_id}/hand-back")
async def hand_back(request: Request, ticket_id: str, worker: Worker) -> Response:
    """Give the ticket back to the rails."""
    return await act(request, worker, ticket_id, request.app.state.services.desk.hand_back(worker.person, ticket_id))


@router.post("/console/tickets/{ticket_id}/messages")
async def write(
    request: Request,
    ticket_id: str,
    worker: Worker,
    kind: Annotated[Literal["reply", "note"], Form()],
    text: Text = "",
    seen: Annotated[int, Form()] = 0,
    key: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Answer the customer, or leave a note; an answer to a page that lacks the newest message is held back.

    However often the form of one page is sent, by a nervous hand or after an answer that got lost, it writes once.
    """
    draft = Draft(text, key or secrets.token_urlsafe(16))
    return await act(request, worker, ticket_id, _write(request, worker, ticket_id, kind, draft, seen), draft)


@router.post("/console/escalations/{case_id}/{deed}")
async def work_case(
    request: Request,
    case_id: str,
    deed: Literal["claim", "release", "resolve"],
    worker: Worker,
    ticket_id: Annotated[str, Form(max_length=64)],
    text: Text = "",
    seen: Annotated[int | None, Form()] = None,
) -> Response:
    """Claim a case, put it back, or resolve it with a last word; a page that lacks the newest message resolves nothing."""
    desk = request.app.state.services.desk
    match deed:
        case "claim":
            done = desk.claim(worker.person, case_id)
        case "release":
            done = desk.release(worker.person, case_id)
        case "resolve":
            done = desk.resolve(worker.person, case_id, text.strip() or None, seen=seen)
    return await act(request, worker, ticket_id, done, Draft(text))


async def act(request: Request, actor: Session, ticket_id: str, deed: Awaitable[object], draft: Draft = NO_DRAFT) -> Response:
    """Do it and show the ticket again; a refusal is shown on the ticket as it stands now, with the text that was written."""
    try:
        await deed
    except (Conflict, Forbidden, Invalid) as refused:
        return await ticket_page(request, actor, ticket_id, refused, draft)
    return RedirectResponse(f"/console/tickets/{ticket_id}", 303)


async def ticket_page(
    request: Request, viewer: Session, ticket_id: str, problem: Refused | None = None, draft: Draft = NO_DRAFT
) -> Response:
    """The page of one ticket for one person. Raises `NotFound`."""
    person, services = viewer.person, request.app.state.services
    seen = await live.version(services.db, live.Topic(person.tenant, "ticket", ticket_id))
    told = await read_story(request, viewer, ticket_id)
    async with services.db.reading() as conn:
        waiting = await queue.waiting(conn, person.tenant, Show.ALL, person.id)
    return await page(
        request,
        viewer,
        "queue",
        "ticket.html",
        problem.status if problem else 200,
        story=told,
        head=told.head,
        items=timeline(told),
        waiting=waiting,
        can=roles.abilities(person, told),
        ballot=partial(roles.ballot, viewer),
        settling=partial(roles.settling, viewer),
        watched=watched(told),
        flow=_flow(told),
        refunds=refunds_text(told),
        window=await _window(request, told),
        problem=problem,
        draft=draft.text,
        key=draft.key or secrets.token_urlsafe(16),
        seen=seen,
    )


def _flow(told: Story) -> FlowMap | None:
    flow = FLOWS.get(told.head.flow or "")
    return flow_map(flow.name, flow.machine, told.head.state or "", told.entries) if flow else None


async def _window(request: Request, told: Story) -> Window:
    services = request.app.state.services
    policy = services.policy_for(told.head.tenant)
    since = services.clock() - timedelta(days=policy.window_days)
    async with services.db.reading() as conn:
        sums = await story.money_back(conn, told.head.tenant, told.head.shop_customer, since)
    return Window(policy.window_days, ", ".join(one.text() for one in sums) or "none")


async def read_story(request: Request, viewer: Session, ticket_id: str) -> Story:
    """The tenant's ticket with all that belongs to it. Raises `NotFound`."""
    async with request.app.state.services.db.snapshot() as conn:
        told = await story.read(conn, viewer.person.tenant, ticket_id)
    if told is None:
        raise NotFound
    return told


async def _write(request: Request, worker: Session, ticket_id: str, kind: str, draft: Draft, seen: int) -> None:
    text, note = draft.text.strip(), kind == "note"
    content = hashlib.sha256(f"{kind}\x1f{text}".encode()).hexdigest()
    origin = f"console:{worker.person.id}:{draft.key}:{content}"
    await request.app.state.services.desk.write(worker.person, ticket_id, text, note=note, origin=origin, seen=seen)
