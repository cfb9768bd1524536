"""What the commands that name a tool share: its arguments as JSON, and the person who would call it."""

from service import strict_json
from service.errors import Fatal, MalformedJson
from service.store.people import WORKERS, Person
from tools.ports import Json


def arguments(text: str) -> dict[str, Json]:
    """The arguments of a tool, from one JSON object. Raises `Fatal`."""
    try:
        value = strict_json.loads(text.encode("utf-8", "surrogateescape"))
    except MalformedJson:
        raise Fatal("--args is not JSON.") from None
    if not isinstance(value, dict):
        raise Fatal("--args is not a JSON object.")
    return value


def worker(person: Person | None) -> Person:
    """The person, who must be one that works tickets. Raises `Fatal`."""
    if person is None or not person.active:
        raise Fatal("Nobody with this e-mail address works here; `deskrail user add` adds people.")
    if person.role not in WORKERS:
        raise Fatal(f"A person with the role {person.role} does not work tickets.")
    return person
