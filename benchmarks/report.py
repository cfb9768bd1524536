"""Prints what was measured as one small table: ours, the floor, their ratio, and the target beside what it is about."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure should reach: at least, or at most, this much."""

    limit: float
    at_least: bool

    def met_by(self, figure: float) -> bool:
        """Whether the figure reaches it."""
        return figure >= self.limit if self.at_least else figure <= self.limit

    @property
    def text(self) -> str:
        """The target as it stands in the table."""
        return f"{'>=' if self.at_least else '<='} {self.limit:g}"


def at_least(limit: float) -> Target:
    """More is better."""
    return Target(limit, at_least=True)


def at_most(limit: float) -> Target:
    """Less is better."""
    return Target(limit, at_least=False)


@dataclass(frozen=True, slots=True)
class Line:
    """One figure of ours beside the floor's; the target is about their ratio, or about ours alone when `absolute`."""

    what: str
    ours: float
    floor: float | None = None
    target: Target | None = None
    absolute: bool = False

    @property
    def ratio(self) -> float | None:
        """Ours over the floor; None where there is no floor."""
        return self.ours / self.floor if self.floor else None

    @property
    def verdict(self) -> str:
        """`met` or `missed`; empty without a target."""
        figure = self.ours if self.absolute else self.ratio
        if self.target is None or figure is None:
            return ""
        return "met" if self.target.met_by(figure) else "missed"


def show(title: str, lines: Sequence[Line], notes: Sequence[str] = ()) -> None:
    """Print one table and the notes below it."""
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("", no_wrap=True)
    for heading in ("ours", "floor", "ratio", "target", ""):
        table.add_column(heading, justify="right", no_wrap=True)
    for line in lines:
        about = "" if line.target is None else f"{line.target.text} {'(ours)' if line.absolute else '(ratio)'}"
        table.add_row(line.what, _number(line.ours), _number(line.floor), _number(line.ratio), about, line.verdict)
    console = Console(width=120, highlight=False)
    console.print(table)
    for note in notes:
        if note:
            console.print(note)


def load_note() -> str:
    """How busy the machine was before the run; figures of a busy one mean little."""
    busy = os.getloadavg()[0]
    return f"The machine's load was {busy:.1f} at the start." + (" These figures mean little." if busy > 1 else "")


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}" if abs(value) < 0.1 else f"{value:.2f}"
