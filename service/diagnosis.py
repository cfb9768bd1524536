"""How one thing is that the doctor looked at."""

from dataclasses import dataclass
from typing import Literal

Health = Literal["ok", "warning", "broken"]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found, and what to do when it is not well."""

    what: str
    health: Health
    found: str
    advice: str = ""
