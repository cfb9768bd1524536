"""Checks the flows: their graphs, the events that their code speaks of, and the replies that it names."""

import ast
import inspect
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from classifier.intents import Intent
from tools.limits import Policy
from workflows.catalogue import FLOWS, INTENT_FLOWS
from workflows.conversation import Conversation
from workflows.machine import StrictMachine, enabled_events, initial_state, is_final, step
from workflows.replies import Finding, reply_names


class Spoken(NamedTuple):
    """A literal name in a flow's code: of a `reply`, an `event` or a `tool`, and where."""

    kind: str
    name: str
    file: Path
    line: int


def check_flows(flows: Mapping[str, Conversation] = FLOWS, intents: Mapping[Intent, str] = INTENT_FLOWS) -> Iterator[Finding]:
    """Everything that is wrong with the flows and with the intents that lead to them."""
    for name, flow in flows.items():
        yield from check_graph(flow.machine)
        yield from check_code(type(flow))
        if flow.on_request and name not in intents.values():
            yield Finding(*place_of(type(flow)), f"The flow {name} serves no intent.")
    for intent, name in intents.items():
        if name not in flows:
            yield Finding(*place_of(Conversation), f"The intent {intent} leads to the flow {name}, which does not exist.")


def check_graph(machine: type[StrictMachine]) -> Iterator[Finding]:
    """States that nothing leads to, and states that lead to no end."""
    edges = {state.value: _next_states(machine, state.value) for state in machine.states}
    reached = _reach(edges, initial_state(machine))
    for state in edges:
        if state not in reached:
            yield Finding(*place_of(machine), f"Nothing leads to the state {state} of {machine.__name__}.")
        elif not any(is_final(machine, end) for end in _reach(edges, state)):
            yield Finding(*place_of(machine), f"From the state {state} of {machine.__name__} nothing leads to an end.")


def check_code(flow: type[Conversation]) -> Iterator[Finding]:
    """Events that its machine does not declare, replies that do not exist, and tools that it is not granted as shipped."""
    known = {
        "event": ({event.id for event in flow.machine.events}, f"does not exist in {flow.machine.__name__}"),
        "reply": (set(reply_names()), "does not exist"),
        "tool": (Policy().flows.get(flow.name, frozenset()), f"is not granted to the flow {flow.name}"),
    }
    for cls in flow.__mro__:
        # The base finds the order that a request is about, so it says nothing about a flow that nobody asks for.
        if not issubclass(cls, Conversation) or (cls is Conversation and not flow.on_request):
            continue
        for spoken in _spoken(cls):
            names, missing = known[spoken.kind]
            if spoken.name not in names:
                yield Finding(spoken.file, spoken.line, f"The {spoken.kind} {spoken.name!r} {missing}.")


def place_of(thing: type) -> tuple[Path, int]:
    """The file and line of a class."""
    return Path(inspect.getsourcefile(thing) or ""), inspect.getsourcelines(thing)[1]


def _next_states(machine: type[StrictMachine], state: str) -> set[str]:
    return set() if is_final(machine, state) else {step(machine, state, event) for event in enabled_events(machine, state)}


def _reach(edges: Mapping[str, set[str]], start: str) -> set[str]:
    reached, waiting = {start}, [start]
    while waiting:
        fresh = edges[waiting.pop()] - reached
        reached |= fresh
        waiting += fresh
    return reached


def _spoken(cls: type) -> Iterator[Spoken]:
    """What a class's own code says by name: the replies it words, the events it moves by, the slots it asks for, its tools."""
    file, first = place_of(cls)
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(cls)))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        given = [argument.value if isinstance(argument, ast.Constant) else None for argument in node.args]
        match node.func.attr, given:
            case "words", [str(reply), *_]:
                yield Spoken("reply", reply, file, first + node.lineno - 1)
            case "_moved", [_, str(event), *_]:
                yield Spoken("event", event, file, first + node.lineno - 1)
            case (("act" | "read"), [_, str(tool), *_]):
                yield Spoken("tool", tool, file, first + node.lineno - 1)
            case "call", [str(tool), *_]:
                yield Spoken("tool", tool, file, first + node.lineno - 1)
            case "ask", [_, str(slot), str(reply), *_]:
                yield Spoken("event", f"ask_{slot}", file, first + node.lineno - 1)
                yield Spoken("reply", reply, file, first + node.lineno - 1)
