"""Where only a person may act, the agent ends its run and says so, instead of trying other ways."""

from dataclasses import replace

from agent.endings import WorkDone
from agent.verdicts import after_call
from tests.agent.support import ticket
from tools.ports import Action, ActionId, ActionStatus, Effect, TenantName, TicketId, ToolResult
from workflows.outcome import Escalate, Reason

WATCHED = Action(
    id=ActionId("act_1"),
    tenant=TenantName("default"),
    ticket=TicketId("tkt_1"),
    origin="o-1",
    tool="issue_refund",
    effect=Effect.MONEY,
    args={},
    status=ActionStatus.REFUSED,
    key="k",
    decision="deny",
    rule="autonomy.observe",
    code="approval_required",
)


def test_a_wish_of_a_watched_tool_goes_to_people() -> None:
    refused = ToolResult("issue_refund", ok=False, action=WATCHED, code="approval_required", rule="autonomy.observe")
    outcome = after_call(ticket("My mug is broken."), refused, WorkDone())
    assert isinstance(outcome, Escalate)
    assert outcome.reason is Reason.POLICY
    assert "only a person may do" in outcome.summary
    assert "colleague" in outcome.text


def test_a_wish_that_another_rule_refused_goes_back_to_the_model() -> None:
    refused = ToolResult("issue_refund", ok=False, action=WATCHED, code="over_refund", rule="refund.conservation")
    assert after_call(ticket("My mug is broken."), refused, WorkDone()) is None


def test_a_yes_while_the_shop_is_away_goes_to_people_and_is_not_asked_for_again() -> None:
    waits = replace(WATCHED, status=ActionStatus.PROPOSED, decision="needs_confirmation", rule=None, code=None)
    away = ToolResult("issue_refund", ok=False, action=waits, code="backend_unavailable")
    outcome = after_call(ticket("My mug is broken."), away, WorkDone())
    assert isinstance(outcome, Escalate)
    assert outcome.reason is Reason.BACKEND_UNAVAILABLE
