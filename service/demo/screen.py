"""The demo's screen: a bar that moves as tickets come to rest, and counters beside it."""

from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from service.demo.counters import Counters
from tools.money import Money


class Screen:
    """Shows how far the demo is; `advance` redraws it."""

    def __init__(self, console: Console, tickets: int) -> None:
        self._progress = Progress(
            TextColumn("Tickets handled"), BarColumn(bar_width=None), MofNCompleteColumn(), TimeElapsedColumn(), console=console
        )
        self._bar = self._progress.add_task("", total=tickets)
        self._live = Live(self._progress, console=console, refresh_per_second=8)

    def __enter__(self) -> "Screen":
        self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._live.stop()

    def advance(self, settled: int, counters: Counters) -> None:
        """Show so many tickets at rest, and what was counted."""
        self._progress.update(self._bar, completed=settled)
        self._live.update(Group(self._progress, counted(counters)))


def counted(counters: Counters) -> Table:
    """The counters as one line of a table."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    values = {
        "by flows": counters.by_lane.get("workflow", 0),
        "by agent": counters.by_lane.get("agent", 0),
        "approvals": counters.approvals_waiting,
        "escalated": counters.escalations_waiting,
        "refused": counters.refused,
        "money back": " + ".join(money.text() for money in counters.paid_back) or Money(0, "USD").text(),
        "cost": f"${counters.cost_microusd / 1_000_000:.4f}",
    }
    for name in values:
        table.add_column(name, style="bold", header_style="dim", no_wrap=True)
    table.add_row(*(str(value) for value in values.values()))
    return table
