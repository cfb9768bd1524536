"""What the offline model can do next: say something, or call tools."""

from collections.abc import Mapping
from dataclasses import dataclass

from agent.offline.view import View
from tools.ports import Json


@dataclass(frozen=True, slots=True)
class Say:
    """Answer the customer."""

    text: str


@dataclass(frozen=True, slots=True)
class Use:
    """Call tools, in this order."""

    calls: tuple[tuple[str, Mapping[str, Json]], ...]


Move = Say | Use


def use(*calls: tuple[str, Mapping[str, Json]]) -> Use:
    """Call these tools."""
    return Use(calls)


def hand_over(view: View, reason: str, found: str) -> Move:
    """Ask for a person, with what the customer wants and what was found."""
    wants = " ".join(view.text.split())[:400] or "The customer's message is empty."
    return use(("escalate", {"reason": reason, "summary": f"The customer writes: {wants}\nFound: {found}"}))
