"""Goes on with a ticket: lets a flow or the agent hear something, and applies what comes back, hand-offs included."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache

from agent.wording import approval_text, confirmation_text, deed, under_way_text
from service.agent_run import JournalRun
from service.agents import Agents
from service.outcomes import Outcomes, Routed
from service.settings import TenantSettings
from service.store.action_rows import of_ticket
from service.store.aftermath import News
from service.store.database import Database
from service.turn import Turn, TurnRun
from tools.errors import Code, RunSuperseded
from tools.money import Money
from tools.ports import Action, ActionId, ActionStatus, Json, Lane, ToolResult
from tools.runner import ToolRunner
from workflows.acting import looked_at
from workflows.agenda import Spoken, agenda, carrying, joined, promised
from workflows.catalogue import FLOW_INTENTS, build_flows
from workflows.conversation import VOTES, Conversation
from workflows.flow import Answered, Ended, Heard, Resumed, Said
from workflows.outcome import AskCustomer, AwaitApproval, Close, Escalate, HandOff, Outcome, Reason, Reply
from workflows.repair import answer_and_return
from workflows.replies import render
from workflows.ticket import FlowState, Question, QuestionKind, Ticket, Wish
from workflows.understanding import SlotAnswer
from workflows.wording import first_name, without_greeting

TenantSettingsFor = Callable[[str], TenantSettings]


class Conductor:
    """The hands of the pipeline. Every method that ends a turn returns whether this drain goes on."""

    def __init__(
        self, db: Database, runner: ToolRunner, outcomes: Outcomes, agents: Agents, tenant_settings: TenantSettingsFor
    ) -> None:
        self._db = db
        self._runner = runner
        self._outcomes = outcomes
        self._agents = agents
        self._tenant_settings = tenant_settings
        self.flows_for = cache(self._flows)

    def run_for(self, turn: Turn) -> TurnRun:
        """The run of a turn: durable and with a budget in the agent's queue, plain in the other."""
        if turn.claim.queue == "agent":
            return self._agents.run_for(turn)
        return TurnRun(turn, self._runner, turn.caller())

    async def let_flow_hear(
        self,
        turn: Turn,
        run: TurnRun,
        flow: str,
        heard: Heard,
        routed: Routed | None = None,
        wishes: Sequence[Wish] | None = None,
    ) -> bool:
        """A flow takes the conversation one turn further."""
        return await self.conclude(turn, run, await self.ask_flow(turn, run, flow, heard), routed, wishes)

    async def after_slot(self, turn: Turn, run: TurnRun, flow: str, said: SlotAnswer) -> bool:
        """The flow hears the detail that it asked for; what was asked back instead is the agent's to answer, where it works."""
        if said.asks_back and self._tenant_settings(turn.ticket.tenant).mode != "workflows_only":
            return await self.let_agent_work(turn, run, Routed(), reason=Reason.OUT_OF_SCOPE, back_to=said.question)
        return await self.let_flow_hear(turn, run, flow, Answered(said.text, said.question))

    async def ask_flow(self, turn: Turn, run: TurnRun, flow: str, heard: Heard) -> Outcome:
        """What a flow makes of something, applied to nothing yet."""
        return await self.flows_for(turn.ticket.tenant)[flow].hear(turn.ticket, run.in_flow(flow), heard)

    async def let_agent_work(
        self,
        turn: Turn,
        run: TurnRun,
        routed: Routed,
        confirmed: ToolResult | None = None,
        reason: Reason | None = None,
        back_to: Question | None = None,
    ) -> bool:
        """The agent works in its own queue, so a turn that is not there yet is handed over first.

        An answer leads `back_to` the question of the flow in whose middle it was asked for.
        """
        settings = self._tenant_settings(turn.ticket.tenant)
        if settings.mode == "workflows_only":
            told = self.to_people(turn, Reason.POLICY, "This tenant's mode leaves the agent out.")
            return await self.conclude(turn, run, self._with_done(turn, confirmed, told), routed)
        if confirmed is None and turn.ticket.customer_messages + len(turn.messages) > settings.budget.turn_limit:
            return await self.conclude(turn, run, self.to_people(turn, Reason.TURN_LIMIT), routed)
        routed = replace(routed, lane=Lane.AGENT)
        if turn.claim.queue != "agent":
            await self._outcomes.hand_over(turn, "agent", run.entries, routed)
            return False
        async with self._db.reading() as conn:
            actions = await of_ticket(conn, turn.ticket.id)
        durable = run if isinstance(run, JournalRun) else self._agents.run_for(turn)
        outcome = await self._agents.work(turn, durable, actions=actions, confirmed=confirmed, reason=reason)
        outcome = self._with_done(turn, confirmed, outcome)
        if back_to is not None and isinstance(outcome, Reply):
            flow = replace(turn.ticket, lane=Lane.WORKFLOW)
            back = answer_and_return(flow, back_to, outcome)
            return await self.conclude(turn, durable, back, replace(routed, lane=Lane.WORKFLOW), agenda(flow))
        if isinstance(outcome, Escalate) and outcome.reason is Reason.TAKEN_OVER and not outcome.text:
            # Whoever took the ticket has a case for it, and may have ended that by now.
            return await self.conclude(turn, durable, None, routed)
        return await self.conclude(turn, durable, outcome, routed)

    async def conclude(
        self,
        turn: Turn,
        run: TurnRun,
        outcome: Outcome | None,
        routed: Routed | None = None,
        wishes: Sequence[Wish] | None = None,
    ) -> bool:
        """Apply an outcome; a flow that gives up hands its messages to the agent once, and then to a person.

        `wishes` is what the customer wants besides, None for what stands on the ticket's agenda.
        """
        if isinstance(outcome, Reply | AskCustomer | AwaitApproval):
            outcome = await self._in_turn(turn, run, outcome, agenda(turn.ticket) if wishes is None else wishes)
        if isinstance(outcome, HandOff):
            agent_may = self._tenant_settings(turn.ticket.tenant).mode != "workflows_only" and bool(turn.heard)
            if agent_may and not turn.ticket.handed_off:
                reason = replace(routed or Routed(), lane=Lane.AGENT, reason=outcome.reason)
                await self._outcomes.hand_over(turn, "agent", run.entries, reason, gave_up=outcome)
                return False
            outcome = replace(self.to_people(turn, outcome.reason), progress=outcome.progress)
        left = await self._outcomes.apply(turn, outcome, run.entries, routed)
        return left > 0

    async def _in_turn(self, turn: Turn, run: TurnRun, outcome: Spoken, wishes: Sequence[Wish]) -> Outcome:
        """Take up what the customer wants besides, one after the other; a question ends the turn, and the rest waits for it."""
        left = [*outcome.later, *wishes]
        while left and isinstance(outcome, Reply | AwaitApproval):
            wish = left.pop(0)
            try:
                following = await self._take_up(turn, run, wish, outcome.progress)
            except RunSuperseded:
                # A newer message is read first. What has happened is told now, and the wish keeps its place.
                waiting = replace(outcome, resolves=False) if isinstance(outcome, Reply) else outcome
                return carrying(waiting, turn.ticket.flow, (wish, *left))
            if following is None or (wish.instead and isinstance(following, HandOff)):
                continue
            if isinstance(following, HandOff):
                if not outcome.receipts and isinstance(outcome, Reply) and turn.heard:
                    return following
                following = replace(self.to_people(turn, following.reason), progress=following.progress)
            left[:0] = following.later
            both = joined(outcome, following, wish)
            if isinstance(both, Escalate):
                return both
            outcome = both
        outcome = promised(outcome, left, turn.ticket.question) if isinstance(outcome, AskCustomer) else outcome
        return carrying(outcome, turn.ticket.flow, left)

    async def _take_up(self, turn: Turn, run: TurnRun, wish: Wish, at: FlowState | None) -> Spoken | Escalate | HandOff | None:
        """What a flow makes of a wish; `at` is where the ticket stands, so that "it" means what was spoken of before."""
        if wish.at is not None and wish.at.state == VOTES:
            return await self._votes(turn, wish.at)
        run.caller = replace(run.caller, lane=Lane.WORKFLOW, intent=FLOW_INTENTS[wish.flow])
        turn = replace(turn, ticket=replace(turn.ticket, flow=wish.at or at))
        outcome = await self.ask_flow(turn, run, wish.flow, Resumed() if wish.at else Said(wish.text))
        assert not isinstance(outcome, Close)
        return outcome

    async def _votes(self, turn: Turn, at: FlowState) -> AwaitApproval | None:
        """Wait on for the votes that the ticket waited for before something came in between, if they are still to come."""
        async with self._db.reading() as conn:
            actions = await of_ticket(conn, turn.ticket.id)
        waiting = [one.id for one in actions if one.status is ActionStatus.PROPOSED and one.decision == "needs_approval"]
        return AwaitApproval("", waiting[-1], progress=at) if waiting else None

    async def after_action(self, turn: Turn, run: TurnRun, result: ToolResult) -> bool:
        """An action was resumed: its flow hears how it ended; without one the customer is told from the facts."""
        action = result.action
        owner = action.flow if action else None
        if action and result.code in (Code.REVERSED, Code.NOT_DONE):
            outcome: Outcome = _come_to_nothing(turn.ticket, action)
        elif action and action.lane is Lane.WORKFLOW and owner in self.flows_for(turn.ticket.tenant):
            outcome = await self.ask_flow(turn, run, owner or "", Ended(result))
        else:
            outcome = self._told(turn, result)
        return await self.conclude(turn, run, _beside_question(turn.ticket, action, outcome))

    async def after_news(self, turn: Turn, run: TurnRun, action: ActionId, told: Mapping[str, Json]) -> bool:
        """Money that was promised for an action has gone out, less than was promised goes back, or it has come to nothing."""
        result = await run.resume(action)
        paid = result.action
        if not result.ok or paid is None or paid.money is None:
            return await self.after_action(turn, run, result)
        outcome = _paid_less(turn.ticket, paid, told) if told["news"] == News.LESS else _paid(turn.ticket, paid, result, told)
        return await self.conclude(turn, run, _beside_question(turn.ticket, paid, outcome))

    def to_people(self, turn: Turn, reason: Reason, summary: str = "") -> Escalate:
        """Give the ticket to people and tell the customer so."""
        return Escalate(reason, summary, render("passed_on", first_name=first_name(turn.ticket)))

    def _told(self, turn: Turn, result: ToolResult) -> Spoken | Escalate:
        action, name = result.action, first_name(turn.ticket)
        if action is None:
            return self.to_people(turn, Reason.TOOL_FAILED, result.sentence)
        if result.ok and action.receipt:
            reference = action.receipt.reference
            text = render("action_done", first_name=name, deed=deed(action), reference=reference)
            return looked_at(Reply(text, receipts=(reference,)), action)
        if result.under_way:
            return Reply(under_way_text(action, turn.ticket), resolves=False)
        if result.needs_confirmation:
            return AskCustomer(confirmation_text(action), QuestionKind.CONFIRM, action_id=action.id)
        if result.needs_approval:
            return AwaitApproval(approval_text(action, turn.ticket), action.id)
        if result.in_doubt:
            return Escalate(Reason.OUTCOME_UNKNOWN, _summary(result), render("with_people_unknown", first_name=name))
        if result.code == Code.BACKEND_UNAVAILABLE:
            return Escalate(Reason.BACKEND_UNAVAILABLE, _summary(result), render("with_people_unavailable", first_name=name))
        if result.code in _FOR_PEOPLE:
            return self.to_people(turn, _FOR_PEOPLE[result.code], _summary(result))
        ended = "action_expired" if action.status is ActionStatus.EXPIRED else _ENDED.get(action.rule or "", "action_not_done")
        return Reply(render(ended, first_name=name, deed=deed(action)))

    def _with_done(self, turn: Turn, confirmed: ToolResult | None, outcome: Outcome) -> Outcome:
        """What the customer's yes has done is told first where a run ends without an answer that could tell it."""
        if confirmed is None or not confirmed.ok or not isinstance(outcome, Escalate):
            return outcome
        done = self._told(turn, confirmed)
        text = "\n\n".join(filter(None, (done.text, without_greeting(outcome.text))))
        return replace(outcome, text=text, receipts=tuple(dict.fromkeys((*done.receipts, *outcome.receipts))))

    def _flows(self, tenant: str) -> Mapping[str, Conversation]:
        return build_flows(re.compile(self._tenant_settings(tenant).order_id_pattern))


_FOR_PEOPLE: dict[str, Reason] = {Code.APPROVAL_REQUIRED: Reason.POLICY, Code.KILLED: Reason.KILLED}
"""Refusals that the customer can do nothing about, and a colleague can."""

_ENDED = {"approval.denied": "action_denied"}
"""What the customer reads when this rule ended an action."""


def _beside_question(ticket: Ticket, action: Action | None, outcome: Outcome) -> Outcome:
    """What is told of an action while a question about something else is open leads back to that question."""
    question = ticket.question
    if question is None or not isinstance(outcome, Reply | AwaitApproval):
        return outcome
    if action is not None and question.action_id == action.id:
        return outcome
    return answer_and_return(ticket, question, Reply(outcome.text, receipts=outcome.receipts))


def _paid(ticket: Ticket, action: Action, result: ToolResult, told: Mapping[str, Json]) -> Reply:
    """What has gone out since the customer last heard, and not what they have heard of already."""
    assert action.money is not None
    reference, currency = str(result.data["receipt"]), action.money.currency
    # An event that an older release has written says only that all of it has gone out.
    amount, rest = told.get("paid_minor", result.data["moved_minor"]), told.get("rest_minor", 0)
    text = render(
        "money_paid",
        first_name=first_name(ticket),
        order_id=action.order_id,
        amount=Money(int(amount), currency).text(),
        rest=Money(int(rest), currency).text() if rest else None,
        destination=action.facts.get("destination"),
        receipt=reference,
    )
    return Reply(text, receipts=(reference,))


def _paid_less(ticket: Ticket, action: Action, told: Mapping[str, Json]) -> Escalate:
    """The customer waits for more than will come: they are told so, and a person looks at what was promised and what came."""
    assert action.money is not None
    sums = {name: Money(int(told[f"{name}_minor"]), action.money.currency).text() for name in ("promised", "amount", "paid")}
    text = render(
        "money_less",
        first_name=first_name(ticket),
        order_id=action.order_id,
        promised=sums["promised"],
        amount=sums["amount"] if told["amount_minor"] else None,
        paid=sums["paid"] if told["paid_minor"] else None,
        destination=action.facts.get("destination"),
    )
    summary = (
        f"{action.tool} for order {action.order_id} ({action.id}): {sums['promised']} was promised, and the shop's books say "
        f"that {sums['amount']} goes back. Please look at the order in the shop."
    )
    return Escalate(Reason.PAID_LESS, summary, text)


def _come_to_nothing(ticket: Ticket, action: Action) -> Escalate:
    """What was told as done, as accepted or as in doubt is not so: the customer is told, and a person looks after the rest."""
    amount, never = action.money.text() if action.money else None, action.code == Code.NOT_DONE
    about = {"first_name": first_name(ticket), "order_id": action.order_id, "amount": amount}
    text = render("not_done", **about) if never else render("reversed", **about, job=action.job)
    owed = f"; {amount} is still owed to the customer" if amount else ""
    told = "was never done" if never else "has come to nothing"
    summary = f"{action.tool} for order {action.order_id} {told} ({action.id}){owed}."
    return Escalate(Reason.TOOL_FAILED if never else Reason.REVERSED, summary, text)


def _summary(result: ToolResult) -> str:
    action = result.action
    about = f"{result.tool} ({action.id}) is {action.status}" if action else result.tool
    return f"{about}, code {result.code}. {result.sentence}".strip()
