"""`deskrail evaluate`: measure the intent model."""

import dataclasses
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from classifier.dataset import MODEL_DIR, TEST_FILE
from classifier.evaluate import Evaluation
from classifier.evaluate import evaluate as measure
from service.commands import common
from service.commands.common import AsJson
from service.commands.intent_model import loaded
from service.commands.train import labelled

app = common.single()


@app.command()
def evaluate(
    data: Annotated[
        list[Path] | None, typer.Option(help="JSON lines of {text, intent, subject}; may be given several times.")
    ] = None,
    model: Annotated[Path, typer.Option(help="The folder with the model's files.")] = MODEL_DIR,
    as_json: AsJson = False,
) -> None:
    """Measure the model on messages that training never saw, by default the hand-written test set."""
    files = tuple(data or [TEST_FILE])
    figures = measure(loaded(model), labelled(files))
    if as_json:
        common.print_json(dataclasses.asdict(figures))
    else:
        _show(figures)


def _show(figures: Evaluation) -> None:
    typer.echo(f"{figures.messages} messages, {figures.accuracy:.1%} right before any abstention.")
    typer.echo(f"Automated: {figures.coverage:.1%} of what is in scope; {figures.wrong_and_automated:.1%} of all wrongly.")
    typer.echo(f"Out of scope but automated: {figures.out_of_scope_accepted:.1%}. AUROC in against out: {figures.auroc:.3f}.")
    typer.echo(f"Expected calibration error: {figures.calibration_error:.3f}.")
    table = Table("intent", "messages", "precision", "recall", "automated", box=None)
    for one in figures.per_intent:
        table.add_row(one.intent, str(one.messages), f"{one.precision:.1%}", f"{one.recall:.1%}", f"{one.coverage:.1%}")
    Console().print(table)
