"""What a journey looks at besides the ticket itself."""

from collections.abc import Mapping
from typing import Any

from service.store import journal
from tests.rig import Rig


async def later(service: Rig, text: str, **how: Any) -> dict[str, Any]:
    """The customer writes again some minutes later."""
    service.clock.advance(minutes=5)
    return await service.say(text, **how)


async def newest_reply(service: Rig, ticket: Mapping[str, Any]) -> str:
    """What the customer was told last."""
    return (await service.said(ticket["id"]))[-1]


async def kinds(service: Rig, ticket: Mapping[str, Any]) -> list[str]:
    """The kinds of the ticket's journal entries, in order."""
    async with service.services.db.reading() as conn:
        return [entry.kind for entry in await journal.read(conn, ticket["id"])]


def statuses(ticket: Mapping[str, Any]) -> list[str]:
    """How the ticket's actions ended or stand, oldest first."""
    return [action["status"] for action in ticket["actions"]]
