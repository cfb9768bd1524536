"""The tool calls inside a model's reply: named apart, bounded, and refused when they make no sense."""

import re
from collections.abc import Set
from dataclasses import dataclass

from agent.data import dumps, size_of
from agent.model import ModelReply
from agent.observed import Observed
from agent.settings import LoopLimits
from agent.toolbox import Toolbox
from tools.errors import Code
from tools.ports import Json

ESCALATE = "escalate"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Call:
    """One wanted call; `args` is whatever the model wrote. The id names the action that may come of it."""

    id: str
    tool: str
    args: Json

    @property
    def signature(self) -> str:
        """Equal for calls that ask the same."""
        return f"{self.tool} {dumps(self.args)}"


def with_own_ids(reply: ModelReply, number: int, used: Set[str]) -> ModelReply:
    """The reply with every call under an id that no other call of this run has.

    The id names an action, so a repeated one would answer a new call with an old effect.
    """
    seen = set(used)
    content: list[Json] = []
    for index, block in enumerate(reply.content):
        if block.get("type") == "tool_use":
            name = block.get("id")
            if not isinstance(name, str) or not _NAME.fullmatch(name) or name in seen:
                name = f"call_{number}_{index}"
            seen.add(name)
            block = {**block, "id": name}
        content.append(block)
    return reply.model_copy(update={"content": tuple(content)})


def calls_in(reply: ModelReply) -> tuple[Call, ...]:
    """The calls in the order in which they were written."""
    return tuple(
        Call(block["id"], str(block.get("name") or ""), block.get("input"))
        for block in reply.content
        if block.get("type") == "tool_use"
    )


def admitted(reply: ModelReply, limits: LoopLimits, left: int) -> int:
    """How many calls of the reply may run, with `left` of the ticket's tool calls to go; asking for a person is free."""
    wanted = sum(call.tool != ESCALATE for call in calls_in(reply))
    return max(0, min(wanted, limits.calls_per_reply, left))


def objection(call: Call, toolbox: Toolbox, limits: LoopLimits) -> Observed | None:
    """Why the call makes no sense, None when it may be tried."""
    if call.tool not in toolbox.effects:
        names = ", ".join(sorted(toolbox.effects))
        return Observed.refused("unknown", Code.VALIDATION, f"There is no tool of that name. The tools are: {names}.")
    if not isinstance(call.args, dict):
        return Observed.refused(call.tool, Code.VALIDATION, "The arguments must be one JSON object.")
    if size_of(call.args) > limits.argument_bytes:
        return Observed.refused(call.tool, Code.VALIDATION, "The arguments are far too long.")
    return None


def cut_off(call: Call, toolbox: Toolbox) -> Observed:
    """The answer to a call that the reply's limit cut short; it is never run."""
    tool = call.tool if call.tool in toolbox.effects else "unknown"
    return Observed.refused(tool, Code.VALIDATION, "Your message was cut off at its limit, so nothing was run. Write less.")


def over_the_limit(call: Call) -> Observed:
    """The answer to a call beyond the number that may run."""
    return Observed.refused(call.tool, Code.RATE_LIMITED, "Too many calls; this one was not run. Ask for the most useful ones.")
