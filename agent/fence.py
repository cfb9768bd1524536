"""Puts what others wrote between marks that they cannot guess, so that a model can tell data from instructions."""

import hashlib
import hmac
from dataclasses import dataclass

from agent.data import Bounds, abridge, cleaned, dumps
from classifier.characters import plain
from tools.ports import Json


@dataclass(frozen=True, slots=True)
class Fence:
    """The mark of one run: the same whenever the run is repeated, and unguessable without the key."""

    mark: str

    @classmethod
    def of(cls, key: bytes, run_id: str) -> "Fence":
        """The fence of a run; `key` is a secret of the tenant."""
        return cls(hmac.new(key, f"fence:{run_id}".encode(), hashlib.sha256).hexdigest()[:20])

    def text(self, origin: str, text: str, limit: int) -> str:
        """A text as data from `origin`, cleaned and abridged to `limit` characters."""
        return self._around(origin, abridge(plain(text), limit))

    def json(self, origin: str, value: Json, bounds: Bounds) -> str:
        """A JSON value as data from `origin`, cleaned and cut to `bounds`."""
        return self._around(origin, dumps(cleaned(value, bounds)))

    def _around(self, origin: str, inside: str) -> str:
        return f'<data-{self.mark} from="{origin}">\n{inside.replace(self.mark, "")}\n</data-{self.mark}>'


def canary(key: bytes) -> str:
    """A word that stands in the instructions and nowhere else; a draft that holds it has leaked them."""
    return hmac.new(key, b"canary", hashlib.sha256).hexdigest()[:16]
