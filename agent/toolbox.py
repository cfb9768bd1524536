"""The tools that one ticket's agent may use, in the form of the Messages API."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from agent.data import size_of
from tools.ports import Effect, Json


class OfferedTool(Protocol):
    """What the agent needs to know of a tool; the tool layer's specification fits."""

    @property
    def name(self) -> str:
        """The name that the model calls it by."""
        ...

    @property
    def description(self) -> str:
        """What it does, for the model."""
        ...

    @property
    def input_schema(self) -> dict[str, Json]:
        """The JSON schema of its arguments."""
        ...

    @property
    def effect(self) -> Effect:
        """Whether calling it again is free."""
        ...


def tool_schemas(granted: Sequence[OfferedTool]) -> tuple[Json, ...]:
    """The tools for a request, sorted by name so that the cached prefix does not depend on their order."""
    return tuple(
        {"name": tool.name, "description": tool.description, "input_schema": tool.input_schema}
        for tool in sorted(granted, key=lambda tool: tool.name)
    )


@dataclass(frozen=True, slots=True)
class Toolbox:
    """The granted tools, rendered once: building schemas costs milliseconds, so a service keeps one per grant."""

    schemas: tuple[Json, ...]
    effects: Mapping[str, Effect]
    size: int

    @classmethod
    def of(cls, granted: Sequence[OfferedTool]) -> "Toolbox":
        """The box for these tools; `size` is in bytes of JSON."""
        schemas = tool_schemas(granted)
        return cls(schemas, {tool.name: tool.effect for tool in granted}, size_of(schemas))

    def reads(self, name: str) -> bool:
        """Whether the tool changes nothing."""
        return self.effects.get(name) is Effect.READ
