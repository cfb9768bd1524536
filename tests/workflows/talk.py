"""A conversation, turn by turn: what the customer writes is understood, a flow hears it, and the ticket gets the outcome."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from classifier.clean import clean
from classifier.intents import Intent
from classifier.prediction import Part, Prediction, Reason
from tests.workflows.fake_run import FakeRun
from tests.workflows.goods import ADA, NOW
from tools.commerce import Order
from tools.ports import ActionId, Lane, TenantName, TicketId, ToolResult, Verification
from workflows.catalogue import FLOW_INTENTS, FLOWS, INTENT_FLOWS
from workflows.flow import Answered, Declined, Ended, Heard, Resumed, Said, Silence
from workflows.lifecycle import LifecycleEvent, advance, status_after
from workflows.outcome import AskCustomer, AwaitApproval, Escalate, HandOff, Outcome, Reply
from workflows.outcome import Reason as EndReason
from workflows.repair import answer_and_return, ask_again, note_for_later, understand
from workflows.ticket import Author, CustomerRef, Message, MessageId, Question, QuestionId, QuestionKind, Ticket, TicketStatus
from workflows.understanding import (
    Added,
    AsksAfter,
    CancelFlow,
    Confirmed,
    Correction,
    DeclinedAnswer,
    Fresh,
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


def a_prediction(intent: Intent | None, text: str = "", reason: Reason | None = None) -> Prediction:
    """What the classifier says; no intent is a message that it is not sure about."""
    told = reason or (Reason.CONFIDENT if intent else Reason.LOW_CONFIDENCE)
    wanted = intent or Intent.OUT_OF_SCOPE
    return Prediction(wanted, 0.97 if intent else 0.3, told, (), (Part(wanted, text),), "en", text)


def a_ticket(**parts: object) -> Ticket:
    """Ada's new ticket."""
    ada = CustomerRef("c1", ADA, Verification.CHANNEL, email="ada@example.com", name="Ada Lovelace")
    ticket = Ticket(TicketId("tkt_1"), TenantName("default"), "T-1", TicketStatus.NEW, Lane.WORKFLOW, ada)
    return replace(ticket, **parts)


def a_question(kind: QuestionKind, text: str = "Yes or no?", **parts: object) -> Question:
    """An open question."""
    action = ActionId("act_1") if kind is QuestionKind.CONFIRM else None
    question = Question(QuestionId("q1"), kind, text, NOW, NOW + timedelta(hours=48), action_id=action)
    return replace(question, **parts)


@dataclass
class Talk:
    """One ticket of Ada's over a fake run; `outcome` is the last one, `heard` what the last message was understood as."""

    run: FakeRun
    ticket: Ticket = field(default_factory=a_ticket)
    outcome: Outcome | None = None
    heard: Understanding | None = None
    intent: Intent | None = None

    @classmethod
    def about(cls, *orders: Order, **knobs: object) -> "Talk":
        """A talk about these orders."""
        return cls(FakeRun.over(orders, **knobs))

    @property
    def text(self) -> str:
        """What the customer was last told."""
        assert isinstance(self.outcome, Reply | AskCustomer | AwaitApproval | Escalate)
        return self.outcome.text

    @property
    def slot(self) -> str | None:
        """The slot that was asked for, "confirm" for a yes/no question, None when nothing was asked."""
        if not isinstance(self.outcome, AskCustomer):
            return None
        return "confirm" if self.outcome.kind is QuestionKind.CONFIRM else self.outcome.slot

    async def say(self, *texts: str, intent: Intent | None = None) -> Outcome:
        """The customer writes; `intent` is what the classifier makes of it."""
        self.run.event += 1
        for text in texts:
            message = Message(MessageId(f"m{len(self.ticket.messages)}"), Author.CUSTOMER, text, NOW, verified=True)
            self.ticket = replace(self.ticket, messages=(*self.ticket.messages, message))
        cleaned = [clean(text).text for text in texts]
        self.heard = understand(self.ticket, cleaned, a_prediction(intent, "\n".join(cleaned)))
        self._move(LifecycleEvent.CUSTOMER_WROTE)
        return await self._go_on(self.heard, intent)

    async def _go_on(self, heard: Understanding, intent: Intent | None) -> Outcome:
        question = self.ticket.question
        match heard:
            case WantsPerson():
                return self._apply(Escalate(EndReason.CUSTOMER_ASKED))
            case TooLate():
                return self._apply(Escalate(EndReason.POLICY))
            case Greets():
                return self._apply(Reply("What can I do for you?"))
            case Confirmed(action):
                return await self._hear(Ended(self.run.confirm(action)))
            case DeclinedAnswer(action, text):
                return await self._hear(Declined(action, text))
            case SlotAnswer(text, asked):
                return await self._hear(Answered(text, asked))
            case Correction(text):
                return await self._hear(Said(text))
            case Added():
                assert question is not None
                return self._apply(note_for_later(self.ticket, question))
            case NewTopic(topic, text, returns) if returns and question is not None:
                answer = await FLOWS[INTENT_FLOWS[topic]].hear(self.ticket, self.run, Said(text))
                assert isinstance(answer, Reply)
                return self._apply(answer_and_return(self.ticket, question, answer))
            case NewTopic(topic, text):
                self.intent = topic
                return await self._hear(Said(text))
            case Unclear(exhausted):
                assert question is not None
                return self._apply(HandOff(EndReason.NO_PROGRESS) if exhausted else ask_again(self.ticket, question))
            case Fresh(text):
                assert intent is not None, "an unsure first message goes to the agent, not to a flow"
                self.intent = intent
                return await self._hear(Said(text))
            case Revisit(flow, text, resumes):
                self.intent = FLOW_INTENTS[flow]
                return await self._hear(Resumed() if resumes else Said(text))
            case CancelFlow() | ThanksOnly() | AsksAfter():
                assert self.outcome is not None
                return self.outcome

    async def ended(self, change: Callable[[ActionId], ToolResult]) -> Outcome:
        """An action was decided or settled while nobody wrote."""
        self.run.event += 1
        (action,) = [action.id for action in self.run.actions.values() if not action.status.ended]
        self._move(LifecycleEvent.WOKEN)
        return await self._hear(Ended(change(action)))

    async def nobody_answers(self) -> Outcome:
        """The open question expires."""
        assert self.ticket.question is not None
        self._move(LifecycleEvent.WOKEN)
        return await self._hear(Silence(self.ticket.question))

    async def _hear(self, heard: Heard) -> Outcome:
        assert self.intent is not None
        return self._apply(await FLOWS[INTENT_FLOWS[self.intent]].hear(self.ticket, self.run, heard))

    def _move(self, event: LifecycleEvent) -> None:
        self.ticket = replace(self.ticket, status=advance(self.ticket.status, event))

    def _apply(self, outcome: Outcome) -> Outcome:
        """Put the outcome on the ticket, as far as flows can see it."""
        before = self.ticket.question
        question = None
        if isinstance(outcome, AskCustomer):
            same = before is not None and (before.action_id, before.slot) == (outcome.action_id, outcome.slot)
            failed = 0 if outcome.returns else 1
            times = before.asked_times + failed if same and before is not None else 1
            text = outcome.asked or outcome.text
            question = a_question(outcome.kind, text, action_id=outcome.action_id, slot=outcome.slot, asked_times=times)
        self.ticket = replace(
            self.ticket,
            question=question,
            flow=outcome.progress or self.ticket.flow,
            status=status_after(self.ticket.status, outcome),
        )
        self.outcome = outcome
        return outcome
