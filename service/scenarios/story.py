"""A story as data: one customer's messages and answers, and what the shop must hold so that the words are true."""

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from service.errors import Fatal
from service.settings import describe

Sender = Literal["customer", "unverified", "stranger"]
"""Who writes: the customer, somebody with the customer's address whom nobody vouches for, or another customer."""


class Part(BaseModel):
    """A frozen part of a story file; an unknown name is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Wanted(Part):
    """Which order the story is about. Amounts are in minor units, ages in days since it was placed."""

    status: str | None = None
    parcel: str | None = None
    holds: tuple[str, ...] = ()
    """Parts of product names, all of which must be in the order."""
    lines: int | None = None
    above_minor: int = 0
    below_minor: int | None = None
    older_days: float = 0
    younger_days: float | None = None


class FollowUp(Part):
    """A message that comes when the ticket has come to rest after the one before."""

    text: str
    sender: Sender = "customer"


class Story(Part):
    """What happens on one ticket. Texts may name `{order}`, `{item}`, `{first}` and the other words of `casting.Role`."""

    name: str
    about: str = ""
    order: Wanted | None = None
    same_as: str | None = None
    """The name of an earlier story whose customer and order this one shares."""
    subject: str = ""
    channel: str = "email"
    text: str
    sender: Sender = "customer"
    answers: dict[str, str] = {}
    """What the customer answers, by the slot that is asked for; `confirm` answers the question for a yes."""
    then: tuple[FollowUp, ...] = ()
    twice: bool = False
    """The help desk sends the first message twice, as after a lost answer."""


class _File(Part):
    story: tuple[Story, ...]


def read(file: Path) -> tuple[Story, ...]:
    """The stories of a TOML file, in order. Raises `Fatal` when it does not have their shape."""
    try:
        return _File.model_validate(tomllib.loads(file.read_text("utf-8"))).story
    except tomllib.TOMLDecodeError as error:
        raise Fatal(f"{file} is not TOML: {error}.") from error
    except ValidationError as error:
        raise Fatal(f"{file}: {describe(error)}.") from error
