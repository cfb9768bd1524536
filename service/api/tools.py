"""The catalogue of tools, with the tenant's own rules and numbers."""

from typing import Annotated

from fastapi import APIRouter, Depends

from service.api import examples
from service.api.access import TheServices
from service.api.once import ApiRoute
from service.auth import Credential, require
from service.store.shapes import Page, ToolShape
from tools.catalogue import describe

router = APIRouter(tags=["tools"], route_class=ApiRoute)


@router.get("/tools", responses=examples.shows(examples.page(examples.TOOL)))
async def list_tools(services: TheServices, reader: Annotated[Credential, Depends(require("tickets:read"))]) -> Page[ToolShape]:
    """Every tool: what it takes, what it may do, who may use it, how far it acts alone, and the rules that decide."""
    policy = services.policy_for(reader.tenant)
    rows = await services.autonomy.all(reader.tenant, policy)
    described = describe(policy, {row.tool: row.level for row in rows})
    return Page[ToolShape](items=[ToolShape.model_validate(dict(one)) for one in described], next_cursor=None)
