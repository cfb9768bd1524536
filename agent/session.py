"""The state of one run: what was recorded and seen, what is proven, and the conversation that the model is sent."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from agent.asking import Answer, Asking, Clock
from agent.calls import ESCALATE, Call, calls_in, objection
from agent.context import Conversation
from agent.endings import WorkDone
from agent.evidence import records_in
from agent.fence import Fence, canary
from agent.guard import GuardCase
from agent.handoff import handed_off
from agent.model import Model, ModelReply
from agent.observed import Observed, Proof, proofs_of
from agent.opening import opening_parts
from agent.progress import Progress
from agent.prompt import system_prompt
from agent.run import AgentRun, Recorded, RecordedStep, Stop
from agent.settings import AgentSettings
from agent.toolbox import Toolbox
from tools.ports import Action, Json, ToolResult
from workflows.outcome import Outcome, Reason
from workflows.ticket import Author, Ticket


@dataclass(frozen=True, slots=True)
class Task:
    """What a run is given: the ticket, its actions so far, how an agreed action ended, and why a flow gave up."""

    ticket: Ticket
    actions: tuple[Action, ...] = ()
    confirmed: ToolResult | None = None
    reason: Reason | None = None


@dataclass(slots=True)
class Session:
    """Everything that a run knows. Replaying the recorded steps through it brings it to where the run broke off."""

    task: Task
    run: AgentRun
    settings: AgentSettings
    toolbox: Toolbox
    asking: Asking
    conversation: Conversation
    fence: Fence
    progress: Progress
    recorded: dict[int, RecordedStep]
    facts: tuple[Observed, ...]
    proofs: list[Proof]
    log: list[tuple[Call, Observed]] = field(default_factory=list)
    _unrecorded: dict[str, Json] = field(default_factory=dict)
    _fresh: dict[str, Observed] = field(default_factory=dict)
    _limit: int = 0
    _squeezed: bool = False

    @classmethod
    async def open(
        cls, task: Task, run: AgentRun, model: Model, toolbox: Toolbox, settings: AgentSettings, clock: Clock
    ) -> "Session":
        """Read what was recorded, make the opening reads if they were not, and build the first message."""
        past: Recorded = await run.recorded()
        steps = {step.number: step for step in past.steps}
        fence = Fence.of(settings.key, run.id)
        system = system_prompt(settings.shop, canary(settings.key), settings.policy_text)
        asking = Asking(run, model, settings, toolbox, system, past.spent, clock)
        opening = await _opening(task.ticket, run, toolbox, settings, steps.get(0))
        confirmed = Observed.of(task.confirmed) if task.confirmed else None
        passed = handed_off(task.ticket, task.reason)
        facts = tuple(opening.values())
        parts = opening_parts(task.ticket, fence, facts, task.actions, confirmed, passed)
        session = cls(
            task=task,
            run=run,
            settings=settings,
            toolbox=toolbox,
            asking=asking,
            conversation=Conversation(parts, fence),
            fence=fence,
            progress=Progress(settings.loop.same_result, settings.loop.stale_steps),
            recorded=steps,
            facts=(*facts, confirmed) if confirmed else facts,
            proofs=list(proofs_of(task.actions)),
        )
        session._limit = settings.loop.context
        session._unrecorded = {name: observed.as_json() for name, observed in opening.items()}
        session._prove(confirmed)
        return session

    async def next_answer(self, number: int) -> Answer | Stop:
        """The recorded answer to a step, or a new one."""
        step = self.recorded.get(number)
        answer: Answer | Stop | None = Answer.recorded(step) if step else None
        if answer is None:
            before = self.recorded.get(number - 1)
            results = {} if before is not None and before.results else self._unrecorded
            answer = await self.asking.ask(number, self.conversation.render(self._limit), results)
        if isinstance(answer, Answer):
            self._unrecorded = {}
        return answer

    def take(self, reply: ModelReply) -> tuple[Call, ...]:
        """The calls of a reply; their ids are used up."""
        calls = calls_in(reply)
        self.asking.used_ids.update(call.id for call in calls)
        return calls

    def known(self, number: int, call: Call) -> Observed | None:
        """The call's recorded result, or why it makes no sense; None when it has to be made."""
        step = self.recorded.get(number)
        if step is not None and call.id in step.results:
            return Observed.model_validate(step.results[call.id])
        return objection(call, self.toolbox, self.settings.loop)

    async def perform(self, call: Call) -> ToolResult | Observed:
        """Make the call; a read that was answered since the last change is not made again."""
        if call.signature in self._fresh:
            return self._fresh[call.signature]
        return await self.run.call(call.tool, call.args, step=call.id)

    def take_results(self, done: Sequence[tuple[Call, Observed]]) -> None:
        """Take in a step's results: for the model, for the journal, and as proof."""
        for call, observed in done:
            if not self.toolbox.reads(observed.tool):
                self._fresh.clear()
            elif observed.ok and call.tool != ESCALATE:
                self._fresh[call.signature] = observed
            self._prove(observed)
        self.log.extend(done)
        self._unrecorded = {call.id: observed.as_json() for call, observed in done}
        if done:
            self.conversation.add_results([(call.id, observed) for call, observed in done])

    def squeeze(self) -> bool:
        """Halve the room for the conversation, once; false when that was done before."""
        if self._squeezed:
            return False
        self._limit, self._squeezed = self._limit // 2, True
        return True

    def work_done(self, more: Sequence[tuple[Call, Observed]] = (), detail: str = "", words: str = "") -> WorkDone:
        """The work so far, with results that were not taken in yet."""
        return WorkDone((*self.log, *more), tuple(self.proofs), detail, words)

    def guard_case(self) -> GuardCase:
        """What a draft of this run is held against."""
        ticket, settings = self.task.ticket, self.settings
        seen = [observed.data for observed in (*self.facts, *(observed for _, observed in self.log))]
        own = {record["email"] for data in seen for record in records_in(data) if isinstance(record.get("email"), str)}
        return GuardCase(
            proofs=tuple(self.proofs),
            seen=seen,
            said=[message.text for message in ticket.messages if message.author is Author.CUSTOMER],
            addresses=settings.own_addresses | own | ({ticket.customer.email} if ticket.customer.email else frozenset()),
            allowed_hosts=settings.allowed_hosts,
            order_pattern=settings.order_pattern,
            secrets=(canary(settings.key), self.fence.mark),
            page=self.asking.system[0],
        )

    def close(self, outcome: Outcome, stop: Stop | None = None) -> None:
        """Note how the run ended, with the results that no further step will record."""
        ending = stop.value if stop else type(outcome).__name__
        self.run.note("agent.ended", {"ending": ending, "results": self._unrecorded})

    def _prove(self, observed: Observed | None) -> None:
        if observed is None or observed.receipt is None:
            return
        if all(proof.receipt.reference != observed.receipt.reference for proof in self.proofs):
            self.proofs.append(Proof(observed.tool, observed.receipt, observed.order_id))


async def _opening(
    ticket: Ticket, run: AgentRun, toolbox: Toolbox, settings: AgentSettings, recorded: RecordedStep | None
) -> dict[str, Observed]:
    """The reads before the first question, by the name under which they are recorded; none for a customer we do not know."""
    if recorded is not None:
        return {name: Observed.model_validate(result) for name, result in recorded.results.items()}
    if ticket.customer.external_id is None:
        return {}
    wanted = [(tool, args) for tool, args in settings.opening if toolbox.reads(tool)]
    return {f"opening.{tool}": Observed.of(await run.call(tool, args, step=f"opening.{tool}")) for tool, args in wanted}
