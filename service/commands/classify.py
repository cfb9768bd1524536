"""`deskrail classify`: what messages mean and where they would go."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from classifier.dataset import MODEL_DIR
from classifier.model import IntentModel
from service.commands import common
from service.commands.common import AlwaysJson, Tenant
from service.commands.database import known_tenant, opened, run
from service.commands.intent_model import loaded
from service.errors import Fatal
from service.settings import Settings, TenantSettings
from tools.commerce import CustomerId
from tools.ports import Lane, TenantName, TicketId, Verification
from workflows.routing import Mode, Modes, route
from workflows.ticket import Author, CustomerRef, Message, MessageId, Ticket, TicketStatus

app = common.single()


class Asked(NamedTuple):
    """One message to look at."""

    text: str
    subject: str = ""


@app.command()
def classify(
    text: Annotated[str | None, typer.Argument(help="The message.")] = None,
    file: Annotated[
        Path | None, typer.Option(help="A file with one JSON string or {text, subject} a line; - reads the input.")
    ] = None,
    model: Annotated[Path, typer.Option(help="The folder with the model's files.")] = MODEL_DIR,
    tenant: Tenant = "default",
    as_json: AlwaysJson = True,
) -> None:
    """Print one JSON line per message: its intent, how sure that is, and the route it would take from a verified sender."""
    if (text is None) == (file is None):
        raise typer.BadParameter("Give one text, or --file.")
    asked = [Asked(text)] if text is not None else list(_read(file or Path()))
    modes = Modes(Mode(_tuned(common.settings(), tenant).mode))
    intents = loaded(model)
    for one in asked:
        typer.echo(json.dumps(_line(one, intents, modes)))


def _tuned(settings: Settings, tenant: str) -> TenantSettings:
    """What the tenant works with. Only a name that the settings do not know needs the database, which knows all of them."""
    if tenant != "default" and tenant not in settings.file.tenants:
        run(_look_up(settings, tenant))
    return settings.tenant(tenant)


async def _look_up(settings: Settings, tenant: str) -> None:
    async with opened(settings) as db:
        await known_tenant(db, tenant)


def _line(asked: Asked, model: IntentModel, modes: Modes) -> dict[str, Any]:
    said = model.predict(asked.text, asked.subject)
    chosen = route(said, _ticket(asked), modes)
    return {
        "text": asked.text,
        "intent": said.intent,
        "confidence": round(said.confidence, 4),
        "route": chosen.lane or "none",
        "flow": chosen.flow,
        "reason": chosen.reason,
        "alternatives": [{"intent": other.intent, "probability": round(other.probability, 4)} for other in said.alternatives],
        "parts": [{"intent": part.intent, "text": part.text} for part in said.parts],
    }


def _ticket(asked: Asked) -> Ticket:
    """A new ticket of a sender for whom the help desk vouches."""
    now = datetime.now(UTC)
    return Ticket(
        id=TicketId("tkt"),
        tenant=TenantName("default"),
        external_id="classified",
        status=TicketStatus.NEW,
        lane=Lane.WORKFLOW,
        customer=CustomerRef("cus", CustomerId("cus"), Verification.CHANNEL),
        subject=asked.subject,
        messages=(Message(MessageId("msg"), Author.CUSTOMER, asked.text, now, seq=1, verified=True),),
    )


def _read(file: Path) -> Iterator[Asked]:
    source = typer.get_text_stream("stdin").read() if str(file) == "-" else file.read_text("utf-8")
    for number, line in enumerate(source.split("\n"), start=1):
        if line.strip():
            yield _asked(line, f"{file}:{number}")


def _asked(line: str, where: str) -> Asked:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        raise Fatal(f"{where}: not JSON.") from None
    fields = value if isinstance(value, dict) else {"text": value}
    text, subject = fields.get("text"), fields.get("subject") or ""
    if not isinstance(text, str) or not isinstance(subject, str):
        raise Fatal(f"{where}: neither a string nor an object with a text.")
    return Asked(text, subject)
