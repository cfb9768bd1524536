"""A flow's states as stations of a line, with a ticket's place on it."""

from collections.abc import Sequence
from dataclasses import dataclass

from service.console.words import words
from service.store.journal import Written
from workflows.machine import StrictMachine


@dataclass(frozen=True, slots=True)
class Station:
    """A state of the flow: whether the ticket is there now, was there before, and whether the flow ends there."""

    name: str
    here: bool
    passed: bool
    final: bool


@dataclass(frozen=True, slots=True)
class FlowMap:
    """One flow's line."""

    flow: str
    stations: tuple[Station, ...]


def flow_map(flow: str, machine: type[StrictMachine], state: str, entries: Sequence[Written]) -> FlowMap:
    """The line of a flow with the ticket at `state`; the journal tells where it has been."""
    been = _been(flow, entries)
    stations = [
        Station(
            name=words(str(one.value)),
            here=one.value == state,
            passed=one.value in been,
            final=bool(one.final),
        )
        for one in _in_order(machine)
    ]
    return FlowMap(words(flow), tuple(stations))


def _been(flow: str, entries: Sequence[Written]) -> set[str]:
    moves = [entry.data for entry in entries if entry.kind == "flow.moved" and entry.data and entry.data.get("flow") == flow]
    return {str(move[side]) for move in moves for side in ("from", "to") if move.get(side)}


def _in_order(machine: type[StrictMachine]) -> list:
    """The states from the first on, each after one that leads to it, ends last."""
    found = [state for state in machine.states if state.initial]
    for state in found:
        found += [way.target for way in state.transitions if way.target not in found]
    rest = [state for state in machine.states if state not in found]
    ordered = [*found, *rest]
    return [state for state in ordered if not state.final] + [state for state in ordered if state.final]
