"""What a watched tool would have done on a ticket, and nobody has done or replaced by hand yet."""

from dataclasses import dataclass

from service.store.autonomy_record import OBSERVED
from service.store.story import Called, Story
from tools.catalogue import CATALOGUE
from tools.digest import canonical
from tools.ports import ActionStatus, Lane
from workflows.ticket import TicketStatus

_OVER = (TicketStatus.RESOLVED, TicketStatus.CLOSED)


@dataclass(frozen=True, slots=True)
class Watched:
    """A wish of the machine; `confirms` says whether the customer must have agreed before a person does it."""

    called: Called
    confirms: bool


def watched(story: Story) -> tuple[Watched, ...]:
    """The newest of each wish that still waits for a person, oldest first; none on a ticket that is over."""
    if story.head.status in _OVER:
        return ()
    newest: dict[tuple[str, str], Called] = {}
    for called in story.called:
        if called.rule == OBSERVED and called.status == ActionStatus.REFUSED and not _answered(called, story):
            newest[called.tool, canonical(dict(called.args))] = called
    return tuple(Watched(called, CATALOGUE[called.tool].confirms) for called in newest.values())


def _answered(wish: Called, story: Story) -> bool:
    """Whether a person has acted with this tool since, be it as the machine would have or otherwise."""
    return any(
        called.tool == wish.tool
        and called.lane == Lane.HUMAN
        and called.status != ActionStatus.REFUSED
        and called.created_at >= wish.created_at
        for called in story.called
    )
