"""One run of the agent on one ticket: ask, call tools, end with an outcome; within the budget, and from any recorded step."""

import time
from collections.abc import Sequence

from agent.asking import Answer, Clock
from agent.calls import ESCALATE, Call, cut_off, over_the_limit
from agent.endings import WorkDone, escalation
from agent.model import Model
from agent.observed import Observed
from agent.run import AgentRun, Stop
from agent.session import Session, Task
from agent.settings import AgentSettings
from agent.toolbox import Toolbox
from agent.verdicts import after_call, draft_outcome
from classifier.characters import plain
from tools.errors import Code, RunSuperseded
from tools.ports import Action, ToolResult
from workflows.outcome import Outcome, Reason
from workflows.ticket import Ticket

_TOO_LONG = {Stop.CONTEXT_FULL, Stop.TOKEN_CAP, Stop.COST_CAP}
"""Endings that a shorter conversation may put off."""

_COMPLETE = {"end_turn", "tool_use", "stop_sequence"}
_CUT = "Your last message was cut off, so nothing of it was used. Write it again, shorter."
_EMPTY = "Your last message was empty. Answer the customer, call a tool, or escalate."


async def work(
    ticket: Ticket,
    run: AgentRun,
    model: Model | None,
    toolbox: Toolbox,
    settings: AgentSettings,
    *,
    actions: Sequence[Action] = (),
    confirmed: ToolResult | None = None,
    reason: Reason | None = None,
    clock: Clock = time.monotonic,
) -> Outcome:
    """Work the ticket until an outcome.

    `actions` are the ticket's actions so far, oldest first; `confirmed` is how the action that the customer or the
    approvers agreed to has ended; `reason` is why a flow handed the ticket over. Raises `RunSuperseded` when a newer
    message waits, and `FencedOff`.
    """
    if model is None:
        return escalation(ticket, Stop.NOT_CONFIGURED, WorkDone())
    if confirmed is not None and (outcome := after_call(ticket, confirmed, WorkDone())) is not None:
        return outcome
    task = Task(ticket, tuple(actions), confirmed, reason)
    return await _Loop(await Session.open(task, run, model, toolbox, settings, clock)).to_the_end()


class _Loop:
    def __init__(self, session: Session) -> None:
        self._s = session
        self._ticket = session.task.ticket
        self._limits = session.settings.loop
        self._bad = 0
        self._errors = 0
        self._away = 0
        self._emptied = False
        self._rewritten = False

    async def to_the_end(self) -> Outcome:
        number = 0
        while True:
            number += 1
            answer = await self._s.next_answer(number)
            if isinstance(answer, Stop) and answer in _TOO_LONG and self._s.squeeze():
                answer = await self._s.next_answer(number)
            if isinstance(answer, Stop):
                return self._end(answer)
            outcome = await self._consider(number, answer)
            if outcome is not None:
                self._s.close(outcome)
                return outcome

    async def _consider(self, number: int, answer: Answer) -> Outcome | None:
        """What follows from a reply: an outcome, or None for another step."""
        reply, stop = answer.reply, answer.reply.stop_reason
        calls = self._s.take(reply)
        if stop == "refusal":
            return self._end(Stop.REFUSAL)
        if stop == "model_context_window_exceeded":
            return None if self._s.squeeze() else self._end(Stop.CONTEXT_FULL)
        self._s.conversation.add_reply(reply.content)
        if stop == "pause_turn" and not calls:
            return None
        if stop not in _COMPLETE and stop != "pause_turn":
            return self._unusable(calls)
        if calls:
            return await self._run_calls(number, calls, answer.calls)
        if stop == "tool_use":
            return self._unusable(())
        return self._answered(reply.text)

    def _unusable(self, calls: Sequence[Call]) -> Outcome | None:
        """A reply that broke off: none of its calls is run, for the last one may be half of what was meant."""
        self._bad += 1
        if self._bad > self._limits.bad_replies:
            return self._end(Stop.BAD_REPLIES)
        self._s.take_results([(call, cut_off(call, self._s.toolbox)) for call in calls])
        self._s.conversation.add_remark(_CUT)
        return None

    def _answered(self, text: str) -> Outcome | None:
        if not plain(text):
            if self._emptied:
                return self._end(Stop.EMPTY_REPLY)
            self._emptied = True
            self._s.conversation.add_remark(_EMPTY)
            return None
        outcome, finding = draft_outcome(text, self._s.guard_case(), self._s.work_done())
        if finding is None:
            return outcome
        if self._rewritten:
            return self._end(Stop.GUARD, f"Rule: {finding.rule}.", text)
        self._rewritten = True
        self._s.conversation.add_remark(f"Your draft was not sent. {finding.sentence} Write it again without that.")
        return None

    async def _run_calls(self, number: int, calls: Sequence[Call], allowed: int) -> Outcome | None:
        """Run the calls one after another; the first that ends the run leaves the rest undone."""
        if allowed == 0 and all(call.tool != ESCALATE for call in calls):
            return self._end(Stop.TOOL_CALL_CAP)
        done: list[tuple[Call, Observed]] = []
        for call in calls:
            observed = self._s.known(number, call)
            if observed is None and call.tool != ESCALATE:
                observed = over_the_limit(call) if allowed <= 0 else None
                allowed -= 1
            if observed is None:
                result = await self._s.perform(call)
                observed = result if isinstance(result, Observed) else Observed.of(result)
                done.append((call, observed))
                ended = after_call(self._ticket, result, self._s.work_done(done)) if isinstance(result, ToolResult) else None
                if ended is not None:
                    self._s.take_results(done)
                    return ended
            else:
                done.append((call, observed))
        self._s.take_results(done)
        return self._judge(done)

    def _judge(self, done: Sequence[tuple[Call, Observed]]) -> Outcome | None:
        """Whether a step's results show that going on is of no use."""
        failed = [observed for _, observed in done if not observed.ok]
        self._errors += sum(observed.code != Code.RATE_LIMITED for observed in failed)
        self._away += sum(observed.code == Code.BACKEND_UNAVAILABLE for observed in failed)
        self._bad += any(observed.code in (Code.VALIDATION, Code.RATE_LIMITED) for observed in failed)
        if self._away >= self._limits.backend_errors:
            return self._end(Stop.BACKEND_DOWN)
        if self._bad > self._limits.bad_replies:
            return self._end(Stop.BAD_REPLIES)
        if self._errors >= self._limits.tool_errors:
            return self._end(Stop.TOOL_ERRORS)
        return self._end(Stop.NO_PROGRESS) if self._s.progress.stuck(done) else None

    def _end(self, stop: Stop, detail: str = "", words: str = "") -> Outcome:
        if stop is Stop.NEWER_MESSAGE:
            raise RunSuperseded
        outcome = escalation(self._ticket, stop, self._s.work_done((), detail, words))
        self._s.close(outcome, stop)
        return outcome
