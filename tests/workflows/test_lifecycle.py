"""The law of a ticket's life."""

import pytest

from tools.ports import ActionId
from workflows.errors import IllegalTransition
from workflows.lifecycle import LifecycleEvent, advance, allowed_events, event_of, lifecycle_diagram, status_after
from workflows.outcome import AskCustomer, AwaitApproval, Close, Escalate, HandOff, Outcome, Reason, Reply
from workflows.ticket import QuestionKind, TicketStatus

S, E = TicketStatus, LifecycleEvent


@pytest.mark.parametrize("status", [status for status in S if status is not S.ESCALATED])
def test_a_customer_who_writes_is_always_heard(status: TicketStatus) -> None:
    assert advance(status, E.CUSTOMER_WROTE) is S.WORKING


@pytest.mark.parametrize("event", [E.CUSTOMER_WROTE, E.WOKEN, E.REPLIED])
def test_a_ticket_with_a_person_stays_with_the_person(event: LifecycleEvent) -> None:
    assert advance(S.ESCALATED, event) is S.ESCALATED


@pytest.mark.parametrize("status", list(S))
def test_every_ticket_can_go_to_a_person(status: TicketStatus) -> None:
    assert advance(status, E.ESCALATED) is S.ESCALATED


def test_a_person_hands_back_resolves_or_closes() -> None:
    assert advance(S.ESCALATED, E.HANDED_BACK) is S.WORKING
    assert advance(S.ESCALATED, E.RESOLVED) is S.RESOLVED
    assert advance(S.ESCALATED, E.CLOSED) is S.CLOSED


@pytest.mark.parametrize(
    ("status", "event"),
    [
        (S.NEW, E.RESOLVED),
        (S.NEW, E.ASKED),
        (S.RESOLVED, E.RESOLVED),
        (S.WAITING_CUSTOMER, E.RESOLVED),
        (S.WAITING_APPROVAL, E.CLOSED),
        (S.ESCALATED, E.ASKED),
        (S.ESCALATED, E.AWAITS_APPROVAL),
        (S.WORKING, E.HANDED_BACK),
        (S.CLOSED, E.CLOSED),
    ],
)
def test_what_the_table_does_not_declare_does_not_happen(status: TicketStatus, event: LifecycleEvent) -> None:
    with pytest.raises(IllegalTransition) as refusal:
        advance(status, event)
    assert (refusal.value.state, refusal.value.event) == (status, event)


def test_every_event_and_status_is_either_declared_or_refused() -> None:
    for status in S:
        for event in E:
            if event in allowed_events(status):
                assert advance(status, event) in S
            else:
                with pytest.raises(IllegalTransition):
                    advance(status, event)


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (Reply("done"), S.RESOLVED),
        (Reply("more to come", resolves=False), S.WAITING_CUSTOMER),
        (AskCustomer("which?", QuestionKind.SLOT, slot="order"), S.WAITING_CUSTOMER),
        (AwaitApproval("wait", ActionId("a")), S.WAITING_APPROVAL),
        (HandOff(Reason.NO_PROGRESS), S.WORKING),
        (Escalate(Reason.POLICY), S.ESCALATED),
        (Close(), S.CLOSED),
    ],
)
def test_an_outcome_moves_a_worked_ticket_and_never_a_persons(outcome: Outcome, status: TicketStatus) -> None:
    assert status_after(S.WORKING, outcome) is status
    assert advance(S.WORKING, event_of(outcome)) is status
    assert status_after(S.ESCALATED, outcome) is S.ESCALATED


def test_the_diagram_shows_every_status_and_marks_the_present_one() -> None:
    drawn = lifecycle_diagram(S.WAITING_APPROVAL)
    assert all(status.name in drawn for status in S)
    assert "WAITING_APPROVAL:::active" in drawn
    assert ":::active" not in lifecycle_diagram()
