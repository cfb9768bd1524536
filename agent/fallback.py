"""A model made of several: when one is unavailable the next is asked."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from agent.model import Model, ModelReply, ModelRequest, ModelUnavailable


class FallbackModel:
    """Asks its models in order. An answer lost on the way makes the loop ask again, and that begins with the next model."""

    def __init__(self, models: Sequence[Model], clock: Callable[[], float] = time.monotonic) -> None:
        if not models:
            raise ValueError("A fallback needs at least one model.")
        self._models = tuple(models)
        self._clock = clock

    @property
    def names(self) -> tuple[str, ...]:
        """The ids of all models, in the order in which they are asked."""
        return tuple(name for model in self._models for name in model.names)

    async def complete(self, request: ModelRequest) -> ModelReply:
        """Answer with the first model that can; each but the last gets half of the time that is left."""
        deadline = self._clock() + request.timeout
        first = min(request.attempt, len(self._models) - 1)
        for model in self._models[first:-1]:
            try:
                return await model.complete(replace(request, timeout=(deadline - self._clock()) / 2))
            except ModelUnavailable:
                continue
        left = deadline - self._clock()
        if left <= 0:
            raise ModelUnavailable("deadline")
        return await self._models[-1].complete(replace(request, timeout=left))
