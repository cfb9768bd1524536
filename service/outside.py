"""What a call from outside of a turn leaves behind that is no action: what was read, and that a person is wanted."""

from collections.abc import Mapping

from service.bootstrap import Services
from service.store.journal import Entry, append_to_ticket
from service.store.wakeups import EventKind
from tools.handover import escalate
from tools.ports import Json, TicketId, ToolResult


async def leave_behind(services: Services, ticket: TicketId, actor: str, args: Mapping[str, Json], result: ToolResult) -> None:
    """Note a read on the ticket's journal, as a turn does; what was refused or changed was noted as it happened.

    Asking for a person is an intent: the ticket's next turn opens the case.
    """
    if not result.ok or result.action is not None:
        return
    async with services.db.begin() as conn:
        entry = Entry("tool.called", actor, {"tool": result.tool, "args": dict(args), "ok": True})
        await append_to_ticket(conn, ticket, [entry], services.clock())
        if result.tool == escalate.name:
            data = {"reason": result.data["reason"], "summary": result.data["summary"]}
            await services.wakeups.wake(conn, ticket, EventKind.PERSON_WANTED, data=data)
