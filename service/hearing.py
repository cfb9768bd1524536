"""The path of a message: what it means to its ticket, which lane takes it, and who hears it."""

from collections.abc import Sequence
from dataclasses import replace

from agent.wording import deed
from classifier.clean import clean
from classifier.model import IntentModel
from classifier.prediction import Prediction
from service.conductor import Conductor, TenantSettingsFor
from service.outcomes import Routed
from service.store import approvals, cases, questions, turns
from service.store.action_rows import by_id, from_row
from service.store.database import Database
from service.store.loading import load_ticket
from service.store.ticket_row import TicketRow
from service.store.withdrawal import withdraw
from service.turn import Turn, TurnRun
from service.waking import Waking
from tools.execution import Crashpoint
from tools.ports import ActionId, ActionStatus, Clock, Lane, Verification
from workflows.agenda import agenda, interrupted, still_wanted
from workflows.catalogue import FLOW_INTENTS, INTENT_FLOWS
from workflows.flow import Answered, Resumed, Said
from workflows.outcome import AwaitApproval, Close, Escalate, HandOff, Reason, Reply
from workflows.repair import answer_and_return, ask_again, note_for_later, understand
from workflows.replies import render
from workflows.routing import Mode, Modes, Route, RouteCode, revisit, route, unknown_sender
from workflows.ticket import Author, Question, Ticket, TicketStatus, Wish
from workflows.understanding import (
    Added,
    AsksAfter,
    CancelFlow,
    Confirmed,
    Correction,
    DeclinedAnswer,
    Greets,
    NewTopic,
    Revisit,
    SlotAnswer,
    ThanksOnly,
    TooLate,
    Unclear,
    Understanding,
    WantsPerson,
)
from workflows.verify_identity import VerifyIdentityFlow, aside, asks_for_code, seal_in
from workflows.wording import first_name, moment_text

AT_REST = {TicketStatus.NEW, TicketStatus.RESOLVED, TicketStatus.CLOSED}
"""A message on a ticket in one of these begins something new."""

WAITS = {TicketStatus.WAITING_CUSTOMER, TicketStatus.WAITING_APPROVAL}
"""A ticket in one of these goes on waiting when a machine writes on it."""

BEGUN = {TicketStatus.NEW, TicketStatus.WORKING}
"""A ticket in one of these, or just handed back, waits for nobody, so a thank-you ends it."""


class Hearing:
    """Handles the unread messages of a ticket, read together."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        conductor: Conductor,
        waking: Waking,
        model: IntentModel,
        tenant_settings: TenantSettingsFor,
        crashpoint: Crashpoint,
        *,
        verifies: bool,
    ) -> None:
        self._db = db
        self._clock = clock
        self._conductor = conductor
        self._waking = waking
        self._model = model
        self._tenant_settings = tenant_settings
        self._crash = crashpoint
        self._verifies = verifies

    async def handle(self, turn: Turn) -> bool:
        """Take the messages one turn further; whether this drain goes on."""
        turn = _as_heard(turn)
        run, go_on = self._conductor.run_for(turn), self._conductor
        if await self._with_people(turn):
            return await go_on.conclude(turn, run, None)
        if any(message.author is Author.THIRD_PARTY for message in turn.heard):
            return await go_on.conclude(turn, run, go_on.to_people(turn, Reason.THIRD_PARTY))
        cleaned = [clean(message.text) for message in turn.heard]
        if turn.ticket.status in WAITS and all(one.is_auto_reply for one in cleaned):
            # Nobody has read the question yet, and two machines would write to each other.
            return await go_on.conclude(turn, run, None)
        texts = [one.text for one in cleaned]
        in_time = _in_time(turn)
        turn = replace(turn, ticket=replace(turn.ticket, question=in_time if _may_answer(turn, in_time) else None))
        if asks_for_code(turn.ticket.question) and any(seal_in(text) for text in texts):
            return await self._prove(turn, run, "\n".join(texts))
        said = self._model.predict("\n\n".join(message.text for message in turn.heard), _subject(turn))
        if _unproven(turn.ticket) and not asks_for_code(turn.ticket.question):
            wishes = interrupted(turn.ticket)
            turn = replace(turn, ticket=replace(turn.ticket, question=in_time))
            return await self._run_route(turn, run, said, unknown_sender(self._modes(turn)), Said(said.text), wishes)
        return await self._act_on(turn, run, understand(turn.ticket, texts, said), said)

    async def _with_people(self, turn: Turn) -> bool:
        """Whether people have the ticket, or have resolved it after these messages had come in."""
        if turn.ticket.lane is not Lane.HUMAN or turn.ticket.status is TicketStatus.ESCALATED:
            return turn.ticket.lane is Lane.HUMAN
        async with self._db.reading() as conn:
            return await cases.resolved_over(conn, turn.ticket.id, turn.number)

    async def _act_on(self, turn: Turn, run: TurnRun, meaning: Understanding, said: Prediction) -> bool:
        go_on = self._conductor
        match meaning:
            case WantsPerson():
                routed = Routed(reason="The customer asks for a person.", intent=turn.ticket.intent or said.intent)
                return await go_on.conclude(turn, run, go_on.to_people(turn, Reason.CUSTOMER_ASKED), routed)
            case ThanksOnly():
                return await go_on.conclude(turn, run, Close() if turn.ticket.status in BEGUN else None)
            case Confirmed(action) | DeclinedAnswer(action):
                return await self._answered(turn, run, action, yes=isinstance(meaning, Confirmed))
            case SlotAnswer():
                return await go_on.after_slot(turn, run, _flow(turn.ticket), meaning)
            case Correction(text):
                left = still_wanted(turn.ticket, text)
                return await go_on.let_flow_hear(turn, run, _flow(turn.ticket), Said(text), wishes=left)
            case Added(text):
                return await self._add(turn, run, text)
            case CancelFlow(text) if turn.ticket.question:
                return await self._waking.declined(turn, run, None, text)
            case CancelFlow(text):
                return await self._withdraw(turn, run, text)
            case Unclear(exhausted) if turn.ticket.question:
                again = HandOff(Reason.NO_PROGRESS) if exhausted else ask_again(turn.ticket, turn.ticket.question)
                return await go_on.conclude(turn, run, again)
            case TooLate():
                text = render("too_late", first_name=first_name(turn.ticket))
                told = Escalate(Reason.POLICY, "The customer takes back what has been done.", text)
                return await go_on.conclude(turn, run, told)
            case Greets():
                return await go_on.conclude(turn, run, Reply(render("greeting", first_name=first_name(turn.ticket))))
            case AsksAfter():
                return await self._where_it_stands(turn, run)
            case Revisit(flow, text, resumes):
                heard = Resumed() if resumes else Said(text)
                return await self._run_route(turn, run, said, revisit(flow, turn.ticket, self._modes(turn)), heard)
            case NewTopic(intent, text, returns=True):
                return await self._digress(turn, run, INTENT_FLOWS[intent], text)
            case NewTopic(instead=True):
                return await self._route(turn, run, said, agenda(turn.ticket))
            case _:
                return await self._route(turn, run, said, interrupted(turn.ticket))

    async def _prove(self, turn: Turn, run: TurnRun, text: str) -> bool:
        """Check a code; when it is right, what the sender had asked before is heard again, as the customer's."""
        go_on, at = self._conductor, turn.ticket.flow
        assert turn.ticket.question is not None
        outcome = await go_on.ask_flow(turn, run, VerifyIdentityFlow.name, Answered(text, turn.ticket.question))
        if not isinstance(outcome, Close):
            return await go_on.conclude(turn, run, outcome)
        async with self._db.reading() as conn:
            ticket, _ = await load_ticket(conn, turn.ticket.id)
        waiting = set(at.slots.get("waiting", ())) if at else set()
        asked = [message.text for message in ticket.messages if message.seq in waiting]
        back, *later = agenda(turn.ticket) or (None,)
        question, before = aside(at, turn.now), back.at if back and back.back else None
        turn = replace(turn, ticket=replace(ticket, question=question, flow=before))
        said = self._model.predict("\n\n".join(asked), ticket.subject)
        proved = go_on.run_for(turn)
        proved.entries += run.entries
        meaning = understand(turn.ticket, [clean(text).text for text in asked], said)
        turn = replace(turn, ticket=replace(turn.ticket, question=None))
        match meaning:
            case Confirmed() | Unclear() | Added() if question:
                return await self._take_up_again(turn, proved, question, [wish for wish in later if wish])
            case DeclinedAnswer(_, words):
                return await self._waking.declined(turn, proved, None, words)
            case _:
                return await self._act_on(turn, proved, meaning, said)

    async def _take_up_again(self, turn: Turn, run: TurnRun, question: Question, later: Sequence[Wish]) -> bool:
        """Go on where the sender was when their proof had lapsed: what they were asked about is put to them as it is now.

        What they said before they proved who they are confirms nothing, so the yes is asked for once more, and nothing else.
        """
        go_on, at, why = self._conductor, turn.ticket.flow, "The sender has proved again who they are."
        if at is not None:
            routed = Routed(Lane.WORKFLOW, FLOW_INTENTS[at.flow], None, why)
            run.caller = replace(run.caller, lane=Lane.WORKFLOW, intent=FLOW_INTENTS[at.flow])
            return await go_on.let_flow_hear(turn, run, at.flow, Resumed(), routed, later)
        async with self._db.reading() as conn:
            row = await by_id(conn, turn.ticket.id, question.action_id or "")
        if row is None:
            return await go_on.conclude(turn, run, HandOff(Reason.NO_PROGRESS))
        wanted = from_row(row)
        run.caller = replace(run.caller, lane=wanted.lane or Lane.AGENT, flow=None, intent=wanted.intent)
        return await go_on.after_action(turn, run, await run.call(wanted.tool, wanted.args, step="again"))

    async def _answered(self, turn: Turn, run: TurnRun, action: ActionId, *, yes: bool) -> bool:
        in_agent = turn.ticket.lane is Lane.AGENT
        if in_agent and turn.claim.queue != "agent":
            return await self._conductor.let_agent_work(turn, run, Routed())
        await self._record_answer(turn, action, yes=yes)
        self._crash("after_answer")
        if not yes and not in_agent:
            return await self._waking.declined(turn, run, action, turn.heard[-1].text)
        result = await run.resume(action) if yes else None
        if in_agent:
            return await self._conductor.let_agent_work(turn, run, Routed(), confirmed=result)
        assert result is not None
        return await self._conductor.after_action(turn, run, result)

    async def _record_answer(self, turn: Turn, action: ActionId, *, yes: bool) -> None:
        """Write the customer's word on the question; a no ends the action with it."""
        question, message = turn.ticket.question, turn.heard[-1]
        async with self._db.begin() as conn:
            row = TicketRow(await turns.lock(conn, turn.ticket.id, turn.claim.fence), self._clock())
            if question and row.before.question_id == question.id:
                state = "confirmed" if yes else "declined"
                await questions.answer_again(conn, question.id, state, f"message:{message.id}", turn.number, row.now)
            if not yes:
                row.entries += await questions.end_unconfirmed(conn, action, ActionStatus.SUPERSEDED, row.now)
            await row.save(conn, turn.number)

    async def _withdraw(self, turn: Turn, run: TurnRun, text: str) -> bool:
        """The customer drops it: whatever waits for a yes or for votes ends, and nothing that has begun is touched."""
        async with self._db.begin() as conn:
            row = TicketRow(await turns.lock(conn, turn.ticket.id, turn.claim.fence), self._clock())
            row.entries += await withdraw(conn, turn.ticket.id, "customer", row.now)
            await row.save(conn, turn.number)
        return await self._waking.declined(turn, run, None, text)

    async def _digress(self, turn: Turn, run: TurnRun, flow: str, text: str) -> bool:
        """Answer something else in between, and come back to what was open; a question of its own is asked first."""
        outcome = await self._conductor.ask_flow(turn, run, flow, Said(text))
        if isinstance(outcome, Reply) and turn.ticket.question:
            return await self._conductor.conclude(turn, run, answer_and_return(turn.ticket, turn.ticket.question, outcome))
        return await self._conductor.conclude(turn, run, outcome, wishes=interrupted(turn.ticket))

    async def _add(self, turn: Turn, run: TurnRun, text: str) -> bool:
        """Note the same wish for another order, and ask the open question again."""
        ticket = turn.ticket
        assert ticket.question is not None
        wishes = (*agenda(ticket), Wish(_flow(ticket), text))
        return await self._conductor.conclude(turn, run, note_for_later(ticket, ticket.question), wishes=wishes)

    async def _where_it_stands(self, turn: Turn, run: TurnRun) -> bool:
        """Say what people still have to decide, and since when; when nothing is left to decide, its result is on the way."""
        async with self._db.reading() as conn:
            waits = await approvals.waiting_on(conn, turn.ticket.id)
            row = await by_id(conn, turn.ticket.id, waits.action_id) if waits else None
        if row is None:
            return await self._conductor.conclude(turn, run, None)
        since, until = moment_text(waits.created_at), moment_text(waits.expires_at)
        text = render("still_waiting", first_name=first_name(turn.ticket), deed=deed(from_row(row)), since=since, until=until)
        return await self._conductor.conclude(turn, run, AwaitApproval(text, row.id, progress=turn.ticket.flow))

    def _modes(self, turn: Turn) -> Modes:
        return Modes(Mode(self._tenant_settings(turn.ticket.tenant).mode), verifies=self._verifies)

    async def _route(self, turn: Turn, run: TurnRun, said: Prediction, wishes: Sequence[Wish]) -> bool:
        go_on, ticket = self._conductor, turn.ticket
        if turn.claim.queue == "agent" or (ticket.lane is Lane.AGENT and ticket.status not in AT_REST):
            return await go_on.let_agent_work(turn, run, Routed(), reason=self._why_the_agent(turn, said))
        chosen = route(said, ticket, self._modes(turn))
        # What is asked for anew takes its own place.
        taken = {chosen.flow, *(wish.flow for wish in chosen.later)}
        wishes = (*chosen.later, *(wish for wish in wishes if wish.flow not in taken))
        return await self._run_route(turn, run, said, chosen, Said(chosen.text or said.text), wishes)

    def _why_the_agent(self, turn: Turn, said: Prediction) -> Reason | None:
        """What brought these messages to the agent; the turn that sent them here kept no note of it."""
        return Reason.NO_PROGRESS if turn.ticket.handed_off else route(said, turn.ticket, self._modes(turn)).escalation

    async def _run_route(
        self, turn: Turn, run: TurnRun, said: Prediction, chosen: Route, heard: Said | Resumed, wishes: Sequence[Wish] = ()
    ) -> bool:
        """Let whoever was chosen hear it; the `wishes` come after it if it is a flow."""
        go_on, ticket = self._conductor, turn.ticket
        intent = FLOW_INTENTS.get(chosen.flow or "", said.intent)
        sure = said.confidence if chosen.reason is not RouteCode.REVISIT else None
        routed = Routed(chosen.lane, intent, sure, chosen.sentence, said.language)
        run.note("ticket.routed", _noted(said, chosen))
        turn = replace(turn, ticket=replace(ticket, intent=intent, lane=chosen.lane or ticket.lane))
        match chosen.lane:
            case Lane.WORKFLOW:
                run.caller = replace(run.caller, lane=Lane.WORKFLOW, intent=intent)
                return await go_on.let_flow_hear(turn, run, chosen.flow or "", heard, routed, wishes)
            case Lane.AGENT:
                return await go_on.let_agent_work(turn, run, routed, reason=chosen.escalation)
            case Lane.HUMAN:
                reason = chosen.escalation or Reason.OUT_OF_SCOPE
                told: Escalate = go_on.to_people(turn, reason, chosen.sentence)
                return await go_on.conclude(turn, run, told, routed)
            case _:
                return await go_on.conclude(turn, run, Close() if ticket.status in AT_REST | BEGUN else None, routed)


def _as_heard(turn: Turn) -> Turn:
    """What a code proved holds for the messages of whoever typed it, for a while; to others the ticket is an unknown's."""
    customer = turn.ticket.customer
    if customer.verification is not Verification.CODE or all(message.verified for message in turn.heard):
        return turn
    return replace(turn, ticket=replace(turn.ticket, customer=replace(customer, verification=Verification.NONE)))


def _unproven(ticket: Ticket) -> bool:
    """Whether the ticket is somebody's account, and these messages are not known to be theirs."""
    return ticket.customer.verification is Verification.NONE and ticket.customer.external_id is not None


def _in_time(turn: Turn) -> Question | None:
    """The open question, if these messages came after it was delivered, and before it expired.

    What was written while people had the ticket is heard after a hand-back, and was an answer to them.
    """
    question = turn.ticket.question
    if question is None or question.delivered_at is None or not turn.messages:
        return None
    return question if question.delivered_at <= turn.events[0].created_at and question.expires_at > turn.now else None


def _may_answer(turn: Turn, question: Question | None) -> bool:
    """Whether these messages may answer the question: whoever types a code proves who they are, all others must be known."""
    return asks_for_code(question) or all(message.verified for message in turn.heard)


def _subject(turn: Turn) -> str:
    """The subject says something about the first message only."""
    return turn.ticket.subject if turn.ticket.customer_messages == 0 else ""


def _flow(ticket: Ticket) -> str:
    return ticket.flow.flow if ticket.flow else ""


def _noted(said: Prediction, chosen: Route) -> dict[str, object]:
    return {
        "intent": said.intent,
        "confidence": round(said.confidence, 4),
        "read_as": said.reason,
        "alternatives": [{"intent": other.intent, "probability": round(other.probability, 4)} for other in said.alternatives],
        "lane": chosen.lane,
        "flow": chosen.flow,
        "reason": chosen.reason,
    }
