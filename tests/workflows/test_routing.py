"""Which lane a first message takes."""

from dataclasses import replace

import pytest

from classifier.intents import Intent
from classifier.prediction import Reason as Read
from tests.workflows.talk import a_prediction, a_ticket
from tools.ports import Lane, Verification
from workflows.catalogue import INTENT_FLOWS
from workflows.outcome import Reason
from workflows.routing import SENTENCES, Mode, Modes, Route, RouteCode, route
from workflows.ticket import Ticket

NORMAL = Modes()


def stranger() -> Ticket:
    ticket = a_ticket()
    return replace(ticket, customer=replace(ticket.customer, verification=Verification.NONE, external_id=None))


@pytest.mark.parametrize(("intent", "flow"), list(INTENT_FLOWS.items()))
def test_a_clear_intent_with_a_flow_runs_on_rails(intent: Intent, flow: str) -> None:
    assert route(a_prediction(intent), a_ticket(), NORMAL) == Route(Lane.WORKFLOW, RouteCode.CONFIDENT, flow=flow)


@pytest.mark.parametrize("intent", [Intent.EXCHANGE, Intent.INVOICE, Intent.COMPLAINT, Intent.PAYMENT_ISSUE])
def test_a_clear_intent_without_a_flow_goes_to_the_agent(intent: Intent) -> None:
    chosen = route(a_prediction(intent), a_ticket(), NORMAL)
    assert (chosen.lane, chosen.reason, chosen.flow) == (Lane.AGENT, RouteCode.NO_FLOW, None)


@pytest.mark.parametrize(
    ("read", "code"),
    [
        (Read.LOW_CONFIDENCE, RouteCode.LOW_CONFIDENCE),
        (Read.SEVERAL_INTENTS, RouteCode.SEVERAL_INTENTS),
        (Read.LANGUAGE, RouteCode.LANGUAGE),
        (Read.EMPTY, RouteCode.EMPTY),
    ],
)
def test_what_is_not_clear_goes_to_the_agent_and_never_to_a_flow(read: Read, code: RouteCode) -> None:
    chosen = route(a_prediction(Intent.ORDER_STATUS, reason=read), a_ticket(), NORMAL)
    assert chosen == Route(Lane.AGENT, code, escalation=Reason.LOW_CONFIDENCE)


def test_a_wish_for_a_person_goes_to_a_person_even_from_a_stranger() -> None:
    expected = Route(Lane.HUMAN, RouteCode.CUSTOMER_ASKED, escalation=Reason.CUSTOMER_ASKED)
    assert route(a_prediction(Intent.HUMAN_PLEASE), a_ticket(), NORMAL) == expected
    assert route(a_prediction(Intent.HUMAN_PLEASE), stranger(), NORMAL) == expected


def test_what_we_do_not_handle_goes_to_a_person_unless_the_merchant_lets_the_agent_try() -> None:
    prediction = a_prediction(Intent.OUT_OF_SCOPE, reason=Read.OUT_OF_SCOPE)
    assert route(prediction, a_ticket(), NORMAL) == Route(Lane.HUMAN, RouteCode.OUT_OF_SCOPE, escalation=Reason.OUT_OF_SCOPE)
    assert route(prediction, a_ticket(), Modes(out_of_scope_to_agent=True)).lane is Lane.AGENT


@pytest.mark.parametrize("intent", [*INTENT_FLOWS, Intent.INVOICE, Intent.ACCOUNT_ACCESS, None])
def test_a_stranger_is_told_nothing_about_any_account(intent: Intent | None) -> None:
    chosen = route(a_prediction(intent), stranger(), NORMAL)
    assert chosen == Route(Lane.HUMAN, RouteCode.IDENTITY, escalation=Reason.IDENTITY)


def test_a_stranger_may_ask_about_products() -> None:
    assert route(a_prediction(Intent.PRODUCT_QUESTION), stranger(), NORMAL).lane is Lane.AGENT


@pytest.mark.parametrize(
    ("prediction", "code"),
    [
        (a_prediction(None, "I am out of office until Monday", Read.AUTO_REPLY), RouteCode.AUTO_REPLY),
        (a_prediction(None, "Thank you so much!"), RouteCode.THANKS),
    ],
)
def test_nobody_is_bothered_where_nothing_was_asked(prediction: object, code: RouteCode) -> None:
    assert route(prediction, a_ticket(), NORMAL) == Route(None, code)  # pyright: ignore[reportArgumentType]


def test_workflows_only_keeps_the_flows_and_sends_the_rest_to_people() -> None:
    only = Modes(Mode.WORKFLOWS_ONLY)
    assert route(a_prediction(Intent.CANCEL_ORDER), a_ticket(), only).lane is Lane.WORKFLOW
    unsure = route(a_prediction(None), a_ticket(), only)
    assert unsure == Route(Lane.HUMAN, RouteCode.WORKFLOWS_ONLY, escalation=Reason.LOW_CONFIDENCE)


def test_read_only_keeps_the_flows_that_change_nothing() -> None:
    frozen = Modes(Mode.READ_ONLY)
    assert route(a_prediction(Intent.ORDER_STATUS), a_ticket(), frozen).lane is Lane.WORKFLOW
    assert route(a_prediction(Intent.REFUND_STATUS), a_ticket(), frozen).lane is Lane.WORKFLOW
    changing = route(a_prediction(Intent.CANCEL_ORDER), a_ticket(), frozen)
    assert changing == Route(Lane.HUMAN, RouteCode.READ_ONLY, escalation=Reason.KILLED)


def test_every_route_has_a_sentence_for_people_and_a_person_gets_a_reason() -> None:
    assert set(SENTENCES) == set(RouteCode)
    for read in Read:
        for intent in Intent:
            for ticket in (a_ticket(), stranger()):
                for mode in Mode:
                    chosen = route(a_prediction(intent, reason=read), ticket, Modes(mode))
                    assert chosen.sentence
                    assert chosen.lane is not Lane.HUMAN or chosen.escalation is not None
                    assert (chosen.lane is Lane.WORKFLOW) == (chosen.flow is not None)
