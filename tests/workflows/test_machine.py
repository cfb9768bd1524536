"""The strict base: what the library would let pass is refused here."""

import pytest
from statemachine import State

from classifier.intents import Intent
from workflows.catalogue import FLOWS, INTENT_FLOWS, READING_FLOWS, build_flows, diagram, flow_for
from workflows.errors import IllegalTransition
from workflows.machine import StrictMachine, enabled_events, filled, initial_state, is_final, moved, step
from workflows.ticket import FlowState


class Door(StrictMachine):
    """A door that can be opened once."""

    closed = State(initial=True)
    opened = State(final=True)

    push = opened.from_(closed)
    knock = closed.to.itself()


def test_an_unknown_event_is_an_error_and_not_ignored() -> None:
    with pytest.raises(IllegalTransition):
        step(Door, "closed", "kick")


def test_nothing_happens_in_a_final_state() -> None:
    assert step(Door, "closed", "push") == "opened"
    with pytest.raises(IllegalTransition):
        step(Door, "opened", "push")


def test_a_state_that_no_machine_knows_is_an_error() -> None:
    with pytest.raises(IllegalTransition):
        step(Door, "ajar", "push")


def test_an_error_inside_a_machine_is_raised_and_moves_nothing() -> None:
    class Trap(StrictMachine):
        closed = State(initial=True)
        opened = State(final=True)
        push = opened.from_(closed, on="creak")

        def creak(self) -> None:
            raise ValueError("creak")

    trap = Trap()
    with pytest.raises(ValueError, match="creak"):
        trap.send("push")
    assert list(trap.configuration_values) == ["closed"]


def test_the_enabled_events_are_what_a_console_may_offer() -> None:
    assert enabled_events(Door, "closed") == ("push", "knock")
    assert enabled_events(Door, "opened") == ()


def test_moving_fills_slots_and_empties_them_without_touching_the_old_state() -> None:
    before = FlowState("door", "closed", {"who": "Ada", "why": "rain"})
    after = moved(Door, before, "push", why=None, when="now")
    assert after == FlowState("door", "opened", {"who": "Ada", "when": "now"})
    assert before.slots == {"who": "Ada", "why": "rain"}
    assert filled(before, who="Bob").slots["who"] == "Bob"


@pytest.mark.parametrize("name", list(FLOWS))
def test_every_state_of_a_flow_leads_to_an_end(name: str) -> None:
    machine = FLOWS[name].machine
    for state in machine.states:
        assert is_final(machine, state.value) or "stop" in enabled_events(machine, state.value)


@pytest.mark.parametrize("name", list(FLOWS))
def test_every_flow_draws_its_states_and_marks_where_it_stands(name: str) -> None:
    machine = FLOWS[name].machine
    drawn = diagram(name, initial_state(machine))
    assert drawn.startswith("stateDiagram-v2")
    assert all(state.value in drawn for state in machine.states)
    assert f"{initial_state(machine)}:::active" in drawn


def test_each_flow_serves_one_intent_and_the_others_have_none() -> None:
    assert set(INTENT_FLOWS.values()) == {name for name, flow in FLOWS.items() if flow.on_request}
    assert {name: flow.name for name, flow in FLOWS.items()} == {name: name for name in FLOWS}
    assert flow_for(Intent.PRODUCT_QUESTION) is None
    flow = flow_for(Intent.CANCEL_ORDER)
    assert flow is not None
    assert flow.name == "cancel_order"


def test_only_flows_without_effects_may_answer_in_between() -> None:
    assert {"order_status", "refund_status"} == READING_FLOWS
    assert build_flows().keys() == FLOWS.keys()
