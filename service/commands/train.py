"""`deskrail train`: train the intent model."""

import dataclasses
import time
from pathlib import Path
from typing import Annotated

import typer

from classifier.dataset import MODEL_DIR, DataError, Row, read_rows, training_files
from classifier.evaluate import evaluate_cross_validated
from classifier.train import save
from classifier.train import train as fit
from service.commands import common
from service.commands.common import AsJson
from service.errors import Fatal

app = common.single()


@app.command()
def train(
    data: Annotated[
        list[Path] | None, typer.Option(help="JSON lines of {text, intent, subject}; may be given several times.")
    ] = None,
    out: Annotated[Path, typer.Option(help="The folder that the model's files go to.")] = MODEL_DIR,
    as_json: AsJson = False,
) -> None:
    """Train the intent model, by default on the text in the repository, and say how it does on held-out parts of it."""
    files = tuple(data or training_files())
    rows = labelled(files)
    began = time.perf_counter()
    try:
        model = fit(rows)
    except ValueError as error:
        raise Fatal(f"This is too little to train on: {len(rows)} messages ({error}).") from None
    seconds = time.perf_counter() - began
    save(model, out)
    figures = evaluate_cross_validated(model)
    if as_json:
        cross_validated = {k: v for k, v in dataclasses.asdict(figures).items() if k != "per_intent"}
        about = {"out": str(out), "seconds": round(seconds, 1), "threshold": model.metadata.threshold}
        common.print_json({**about, "cross_validated": cross_validated})
        return
    typer.echo(f"Trained on {len(rows)} messages from {len(files)} files in {seconds:.1f} s; the model is in {out}.")
    typer.echo(
        f"Held-out parts of the training text: {figures.accuracy:.1%} right; {figures.coverage:.1%} of the messages are "
        f"automated, {figures.wrong_and_automated:.1%} wrongly. `deskrail evaluate` measures on text that training never sees."
    )


def labelled(files: tuple[Path, ...]) -> tuple[Row, ...]:
    """The rows of some files. Raises `Fatal` for a line that is no labelled message, and when there is none at all."""
    try:
        rows = read_rows(files)
    except DataError as error:
        raise Fatal(f"{error}.") from None
    if not rows:
        raise Fatal("There are no labelled messages in these files.")
    return rows
