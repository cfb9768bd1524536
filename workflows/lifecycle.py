"""What may happen to a ticket: one table of statuses and events, behind one pure function."""

from enum import StrEnum

from statemachine.states import States

from workflows.machine import StrictMachine, diagram, enabled_events, step
from workflows.outcome import AskCustomer, AwaitApproval, Close, Escalate, HandOff, Outcome, Reply
from workflows.ticket import TicketStatus


class LifecycleEvent(StrEnum):
    """Something that happened to a ticket; each value is an event of the table below."""

    CUSTOMER_WROTE = "customer_wrote"
    """A message came in. A person's ticket stays the person's; every other ticket is worked on, again if need be."""
    WOKEN = "woken"
    """An approval was decided, an effect settled or a timer rang, and there is something to do."""
    REPLIED = "replied"
    """The customer got an answer that leaves the conversation open."""
    RESOLVED = "resolved"
    """The customer got the answer that ends the conversation, from the rails or from a person."""
    ASKED = "asked"
    """The customer got a question."""
    AWAITS_APPROVAL = "awaits_approval"
    """An action waits for people's votes."""
    HANDED_TO_AGENT = "handed_to_agent"
    """The flow gave the ticket to the agent."""
    SUPERSEDED = "superseded"
    """A newer message ended the run; that message is handled next."""
    ESCALATED = "escalated"
    """The ticket went to people: by a flow, the agent, a limit, or a person who took it over."""
    HANDED_BACK = "handed_back"
    """A person gave the ticket back to the rails."""
    CLOSED = "closed"
    """A person closed the ticket, or nothing was asked in the first place."""
    ERASED = "erased"
    """The customer was erased, so nothing is left to work on."""


class _Lifecycle(StrictMachine):
    """The table. No status is final: a customer who writes to a closed ticket must be heard."""

    rows = States.from_enum(TicketStatus, initial=TicketStatus.NEW)

    customer_wrote = (
        rows.WORKING.from_(rows.NEW, rows.WORKING, rows.WAITING_CUSTOMER, rows.WAITING_APPROVAL, rows.RESOLVED, rows.CLOSED)
        | rows.ESCALATED.to.itself()
    )
    woken = (
        rows.WORKING.from_(rows.WORKING, rows.WAITING_CUSTOMER, rows.WAITING_APPROVAL, rows.RESOLVED, rows.CLOSED)
        | rows.ESCALATED.to.itself()
    )
    replied = rows.WORKING.to(rows.WAITING_CUSTOMER) | rows.ESCALATED.to.itself()
    resolved = rows.RESOLVED.from_(rows.WORKING, rows.ESCALATED)
    asked = rows.WORKING.to(rows.WAITING_CUSTOMER)
    awaits_approval = rows.WORKING.to(rows.WAITING_APPROVAL)
    handed_to_agent = rows.WORKING.to.itself()
    superseded = rows.WORKING.to.itself()
    escalated = rows.ESCALATED.from_(
        rows.NEW,
        rows.WORKING,
        rows.WAITING_CUSTOMER,
        rows.WAITING_APPROVAL,
        rows.ESCALATED,
        rows.RESOLVED,
        rows.CLOSED,
    )
    handed_back = rows.ESCALATED.to(rows.WORKING)
    closed = rows.CLOSED.from_(rows.WORKING, rows.ESCALATED, rows.RESOLVED)
    erased = rows.CLOSED.from_(
        rows.NEW, rows.WORKING, rows.WAITING_CUSTOMER, rows.WAITING_APPROVAL, rows.ESCALATED, rows.RESOLVED
    )


def advance(status: TicketStatus, event: LifecycleEvent) -> TicketStatus:
    """The status after `event`; raises `IllegalTransition` when the table does not allow it."""
    return TicketStatus(step(_Lifecycle, status, event))


def allowed_events(status: TicketStatus) -> tuple[LifecycleEvent, ...]:
    """What may happen to a ticket in `status`; the console draws its buttons from it."""
    return tuple(LifecycleEvent(name) for name in enabled_events(_Lifecycle, status))


def event_of(outcome: Outcome) -> LifecycleEvent:
    """The event by which the pipeline applies `outcome` to a ticket that is being worked on."""
    match outcome:
        case Reply(resolves=True):
            return LifecycleEvent.RESOLVED
        case Reply():
            return LifecycleEvent.REPLIED
        case AskCustomer():
            return LifecycleEvent.ASKED
        case AwaitApproval():
            return LifecycleEvent.AWAITS_APPROVAL
        case HandOff():
            return LifecycleEvent.HANDED_TO_AGENT
        case Escalate():
            return LifecycleEvent.ESCALATED
        case Close():
            return LifecycleEvent.CLOSED


def status_after(status: TicketStatus, outcome: Outcome) -> TicketStatus:
    """The status once `outcome` is applied; a run never ends or moves a ticket that is with people."""
    if status is TicketStatus.ESCALATED:
        return status
    return advance(status, event_of(outcome))


def lifecycle_diagram(status: TicketStatus | None = None) -> str:
    """The table as a Mermaid state diagram, with `status` marked when it is given."""
    return diagram(_Lifecycle, status)
