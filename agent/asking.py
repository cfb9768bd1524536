"""Asks the model one step at a time: reserve the worst case, ask, record the answer and what it really cost."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from agent.budget import Measured, Reservation, most_tokens, reserve
from agent.calls import admitted, with_own_ids
from agent.context import Rendered
from agent.data import size_of
from agent.model import (
    Model,
    ModelInterrupted,
    ModelOverflow,
    ModelRejected,
    ModelReply,
    ModelRequest,
    ModelUnavailable,
)
from agent.run import AgentRun, RecordedStep, Stop
from agent.settings import AgentSettings
from agent.toolbox import Toolbox
from tools.ports import Json
from workflows.ticket import Spending

Clock = Callable[[], float]
"""Seconds that only grow, for measuring work."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A model's reply, and how many of its tool calls may run; both are journalled together."""

    reply: ModelReply
    calls: int

    def as_json(self) -> Json:
        """The journal's form."""
        return {"reply": self.reply.model_dump(mode="json"), "calls": self.calls}

    @classmethod
    def recorded(cls, step: RecordedStep) -> "Answer | None":
        """The answer as the journal holds it, None when it holds none."""
        if step.reply is None:
            return None
        return cls(ModelReply.model_validate(step.reply["reply"]), int(step.reply["calls"]))


@dataclass(slots=True)
class Asking:
    """One run's questions to its model. `spent` is the ticket's, unsettled reservations included."""

    run: AgentRun
    model: Model
    settings: AgentSettings
    toolbox: Toolbox
    system: tuple[str, ...]
    spent: Spending
    clock: Clock = time.monotonic
    used_ids: set[str] = field(default_factory=set)
    _mark: float = field(init=False)
    _fixed: int = field(init=False)
    _measured: tuple[Measured, int] | None = None

    def __post_init__(self) -> None:
        self._mark = self.clock()
        self._fixed = size_of(self.system) + self.toolbox.size

    async def ask(self, number: int, rendered: Rendered, results: Mapping[str, Json]) -> Answer | Stop:
        """The model's answer to step `number`, recorded; or the ending that stands against asking."""
        for attempt in range(self.settings.loop.lost_replies + 1):
            share = self._share(rendered)
            if isinstance(share, Stop):
                return share
            if stop := await self.run.begin_step(number, share.worst, results):
                return stop
            request = ModelRequest(
                self.system, rendered.messages, self.toolbox.schemas, share.max_tokens, share.timeout, attempt
            )
            try:
                reply = await self.model.complete(request)
            except ModelInterrupted:
                # It may have been paid for, so its whole reservation counts as spent and a new one is made.
                self._mark, self.spent = self.clock(), self.spent.plus(share.worst)
                continue
            except (ModelUnavailable, ModelRejected) as error:
                await self.run.record_reply(number, None, self._settle(Spending()))
                return _ending(error)
            return await self._recorded(number, rendered, reply)
        return Stop.MODEL_UNAVAILABLE

    def _share(self, rendered: Rendered) -> Reservation | Stop:
        measured = self._measured[0] if self._measured and self._measured[1] == rendered.shortened else None
        bound = most_tokens(self._fixed + rendered.size, measured, self.model.names)
        settings, elapsed = self.settings, Spending(seconds=self.clock() - self._mark)
        spent = self.spent.plus(elapsed)
        share = reserve(settings.granted, spent, bound, self.model.names, settings.prices, settings.step)
        # The tools' time since the last settling is settled with this step, so it is reserved with it too.
        return share if isinstance(share, Stop) else replace(share, worst=share.worst.plus(elapsed))

    async def _recorded(self, number: int, rendered: Rendered, reply: ModelReply) -> Answer:
        reply = with_own_ids(reply, number, self.used_ids)
        left = self.settings.granted.tool_calls - self.spent.tool_calls
        answer = Answer(reply, admitted(reply, self.settings.loop, left))
        usage = reply.usage
        cost = self.settings.prices.cost(reply.model, usage)
        spent = self._settle(Spending(steps=1, tokens=usage.total, microusd=cost, tool_calls=answer.calls))
        await self.run.record_reply(number, answer.as_json(), spent)
        size = self._fixed + rendered.size
        self._measured = (Measured(size, usage.total_input, reply.model), rendered.shortened)
        return answer

    def _settle(self, spent: Spending) -> Spending:
        """Add to what was spent, with the time since the last settling: the model's, and the tools' before it."""
        now = self.clock()
        whole = Spending(spent.steps, spent.tokens, spent.microusd, now - self._mark, spent.tool_calls)
        self._mark = now
        self.spent = self.spent.plus(whole)
        return whole


def _ending(error: ModelUnavailable | ModelRejected) -> Stop:
    if isinstance(error, ModelOverflow):
        return Stop.CONTEXT_FULL
    return Stop.MODEL_REJECTED if isinstance(error, ModelRejected) else Stop.MODEL_UNAVAILABLE
