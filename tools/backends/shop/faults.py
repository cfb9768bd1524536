"""A backend that misbehaves on order: a wrapper that delays, fails, answers rubbish and forgets, call by call."""

import itertools
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

from tools.backends.shop.passing import Passing
from tools.commerce import Capabilities, Commerce, Failure, Job, Receipt
from tools.errors import BackendUnavailable, OutcomeUnknown


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong in one call.

    `unreachable`: the adapter knows that the call never left. `lost_request`: no answer, and nothing happened.
    `lost_answer`: it happened, and the answer was cut off. `rubbish`: it happened, and the answer cannot be read.
    `none`: nothing goes wrong. `before` and `after` are awaited around the effect (a delay, an event to wait for, a
    process to kill); `distort` changes a readable answer into a wrong one.
    """

    kind: Literal["none", "unreachable", "lost_request", "lost_answer", "rubbish"] = "none"
    before: Callable[[], Awaitable[object]] | None = None
    after: Callable[[], Awaitable[object]] | None = None
    distort: Callable[[Any], Any] | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One call that reached the wrapper, with its arguments by name."""

    method: str
    arguments: dict[str, Any]


class Faulty(Passing):
    """Passes every call to `inner` unless a fault is scripted for it; raises what a remote adapter would raise.

    With `forgets_keys` each effect reaches `inner` under a key of its own and no effect is ever found by its key.
    `capabilities` replaces what `inner` promises, for a backend that promises more than it holds.
    """

    def __init__(self, inner: Commerce, forgets_keys: bool = False, capabilities: Capabilities | None = None) -> None:
        super().__init__(inner)
        self._forgets_keys = forgets_keys
        self._capabilities = capabilities
        self._scripts: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._serial = itertools.count(1)
        self.calls: list[Call] = []

    def script(self, method: str, *faults: Fault) -> None:
        """Let the next calls of `method` go wrong, one fault each, in this order; later calls are well again."""
        self._scripts[method].extend(faults)

    def recover(self) -> None:
        """Let every call be well again, whatever was scripted."""
        self._scripts.clear()

    @property
    def capabilities(self) -> Capabilities:
        """What the wrapped backend promises, as far as this wrapper lets it hold."""
        if self._capabilities is not None:
            return self._capabilities
        promised = self._inner.capabilities
        return promised.model_copy(update={"honours_keys": False}) if self._forgets_keys else promised

    async def find_effect(self, key: str) -> Receipt | Job | Failure | None:
        """Look an effect up by its key; a backend that forgets keys finds none."""
        found = await self._read("find_effect", key=key)
        return None if self._forgets_keys else found

    async def _read(self, method: str, **arguments: Any) -> Any:
        """A read changes nothing, so any fault of it is plain unavailability."""
        self.calls.append(Call(method, arguments))
        fault = self._next(method)
        await _wait(fault.before)
        if fault.kind != "none":
            raise BackendUnavailable
        answer = await getattr(self._inner, method)(**arguments)
        await _wait(fault.after)
        return fault.distort(answer) if fault.distort else answer

    async def _effect(self, method: str, key: str, **arguments: Any) -> Any:
        self.calls.append(Call(method, {**arguments, "key": key}))
        fault = self._next(method)
        await _wait(fault.before)
        if fault.kind == "unreachable":
            raise BackendUnavailable
        if fault.kind == "lost_request":
            raise OutcomeUnknown
        sent_key = f"{key}.{next(self._serial)}" if self._forgets_keys else key
        answer = await getattr(self._inner, method)(key=sent_key, **arguments)
        await _wait(fault.after)
        if fault.kind == "lost_answer":
            raise OutcomeUnknown
        if fault.kind == "rubbish":
            raise OutcomeUnknown("The shop's answer could not be read.")
        return fault.distort(answer) if fault.distort else answer

    def _next(self, method: str) -> Fault:
        script = self._scripts[method]
        return script.popleft() if script else Fault()


async def _wait(hook: Callable[[], Awaitable[object]] | None) -> None:
    if hook is not None:
        await hook()
