"""The tenant's policy in one place: how far each tool may go, who may use it, and every rule with its number."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from service.auth import session
from service.console import roles
from service.console.pages import page
from service.console.security import allowed_form
from service.errors import Conflict, Invalid, Refused
from service.store import people
from service.store.autonomy_view import auto_adds, standings
from service.store.sessions import Session
from tools.autonomy import MEANING, Level, Outcome
from tools.catalogue import describe
from tools.policy import describe_rules
from tools.ports import Effect

router = APIRouter()


@router.get("/console/policy")
async def show_policy(request: Request, viewer: Annotated[Session, Depends(session)]) -> Response:
    """The policy as it decides now."""
    return await _page(request, viewer)


@router.post("/console/policy/autonomy")
async def change_level(
    request: Request,
    admin: Annotated[Session, Depends(allowed_form(roles.ADMINS))],
    tool: Annotated[str, Form(max_length=64)],
    level: Annotated[Level, Form()],
    was: Annotated[Level, Form()],
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Set how far a tool may go, with a reason; somebody else's change in the meantime is not overwritten."""
    services, person = request.app.state.services, admin.person
    try:
        await services.autonomy.change(person, services.policy_for(person.tenant), tool, level, reason, was)
    except (Invalid, Conflict) as refused:
        return await _page(request, admin, refused)
    return RedirectResponse(f"/console/policy#tool-{tool}", 303)


async def _page(request: Request, viewer: Session, problem: Refused | None = None) -> Response:
    services, tenant = request.app.state.services, viewer.person.tenant
    policy = services.policy_for(tenant)
    async with services.db.reading() as conn:
        found = await standings(conn, tenant, policy, services.clock())
        names = {person.id: person.called for person in await people.everyone(conn, tenant)}
    rules = {rule["name"]: rule for effect in Effect for rule in describe_rules(effect, policy)}
    applies = {
        name: [effect.value for effect in Effect if any(rule["name"] == name for rule in describe_rules(effect, policy))]
        for name in rules
    }
    context = {
        "standings": found,
        "tools": describe(policy, {one.row.tool: one.row.level for one in found}),
        "flows": sorted(policy.flows),
        "rules": sorted(rules.values(), key=lambda rule: rule["order"]),
        "applies": applies,
        "version": policy.version,
        "streak": policy.autonomy_streak,
        "levels": list(Level),
        "auto_adds": auto_adds(policy),
        "meaning": MEANING,
        "Outcome": Outcome,
        "names": names,
        "problem": problem,
    }
    return await page(request, viewer, "policy", "policy.html", problem.status if problem else 200, **context)
