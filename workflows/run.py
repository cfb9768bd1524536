"""The one way a flow or the agent acts: a Run is bound to a ticket, a turn and a caller, and is durable, policed, recorded."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from tools.ports import ActionId, Json, ToolResult


class Run(Protocol):
    """Handed to a flow or the agent for one turn of one ticket."""

    @property
    def now(self) -> datetime:
        """The time of this turn, aware UTC."""
        ...

    async def call(self, tool: str, args: Mapping[str, Json], *, step: str) -> ToolResult:
        """Call a tool as this ticket's caller.

        `step` names the wanting transition within the turn: the same step of the same event is the same action, however
        often the turn runs again. Refusals come back as results; `RunSuperseded` and `FencedOff` pass through.
        """
        ...

    async def resume(self, action: ActionId) -> ToolResult:
        """Go on with an action that has been confirmed or approved, or learn how it stands."""
        ...

    def note(self, kind: str, data: Mapping[str, Json]) -> None:
        """Add an entry to the ticket's journal; it is committed with the turn's outcome."""
        ...
