"""The strict base of every state machine here, and the pure functions that read one: step, enabled events, diagram."""

from functools import cache

from statemachine import StateChart
from statemachine.exceptions import InvalidStateValue, TransitionNotAllowed

from tools.ports import Json
from workflows.errors import IllegalTransition
from workflows.ticket import FlowState


class StrictMachine(StateChart):
    """A table of states and transitions that refuses what it does not declare.

    It holds no effects, guards or callbacks: a flow decides which event happened, and the table says where that leads.
    """

    # With the library's defaults an unknown event is ignored and an error inside a callback still moves the state.
    allow_event_without_transition = False
    catch_errors_as_events = False
    atomic_configuration_update = True


@cache
def step(machine: type[StrictMachine], state: str, event: str) -> str:
    """The state that `event` leads to from `state`; raises `IllegalTransition` when the table does not declare it."""
    try:
        chart = machine(start_value=state)
        chart.send(event)
    except (TransitionNotAllowed, InvalidStateValue) as error:
        raise IllegalTransition(machine.__name__, state, event) from error
    (reached,) = chart.configuration_values
    return reached


DONE = "done"
"""The state of every flow that has done what was asked."""

DECLINED = "declined"
"""The state of every flow whose offer the customer said no to."""

STOPPED = "stopped"
"""The state of every flow that has given up, or was not answered in time."""


def initial_state(machine: type[StrictMachine]) -> str:
    """The state in which every run of this machine starts."""
    return next(state.value for state in machine.states if state.initial)


def is_final(machine: type[StrictMachine], state: str) -> bool:
    """Whether nothing more can happen in `state`."""
    return any(final.value == state for final in machine.final_states)


@cache
def enabled_events(machine: type[StrictMachine], state: str) -> tuple[str, ...]:
    """The names of the events that `state` declares, in the order of the table."""
    return tuple(event.id for event in machine(start_value=state).enabled_events())


@cache
def diagram(machine: type[StrictMachine], state: str | None = None) -> str:
    """The machine as a Mermaid state diagram, with `state` marked when it is given."""
    return format(machine if state is None else machine(start_value=state), "mermaid")


def filled(at: FlowState, **slots: Json) -> FlowState:
    """The same place with these slots filled in; None empties a slot."""
    merged = {name: value for name, value in {**at.slots, **slots}.items() if value is not None}
    return FlowState(at.flow, at.state, merged)


def moved(machine: type[StrictMachine], at: FlowState, event: str, **slots: Json) -> FlowState:
    """The flow's progress after `event`, with these slots filled in."""
    return FlowState(at.flow, step(machine, at.state, event), filled(at, **slots).slots)
