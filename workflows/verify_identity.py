"""The flow that finds out whether an unknown sender is the customer: a code goes to the address on file."""

import re
from collections.abc import Sequence
from datetime import datetime

from statemachine import State

from tools.errors import Code
from tools.ports import Json, ToolResult
from tools.verification import SEAL
from workflows.conversation import Conversation, Moment
from workflows.machine import StrictMachine
from workflows.outcome import AskCustomer, Close, Escalate, Outcome, Reason
from workflows.ticket import Author, FlowState, Message, Question, QuestionId, QuestionKind, Ticket

CODE_SLOT = "code"
"""The slot of the question that a code answers."""

ASKS = 4
"""How often the code is asked for in all; then a person takes the ticket."""

_SEAL = re.compile(SEAL)


class VerifyIdentityMachine(StrictMachine):
    """Send a code, ask for it, end."""

    started = State(initial=True)
    asking_code = State()
    proved = State(final=True)
    stopped = State(final=True)

    ask_code = asking_code.from_(started, asking_code)
    finish = proved.from_(asking_code)
    stop = stopped.from_(started, asking_code)


class VerifyIdentityFlow(Conversation):
    """Asks for the code until it is right. It ends without a word, so that what was asked before can be heard again."""

    name = "verify_identity"
    machine = VerifyIdentityMachine
    on_request = False

    async def work(self, moment: Moment) -> Outcome:
        """Send a code, or check the one that the text holds."""
        if moment.asked != CODE_SLOT:
            waiting = [message.seq for message in _to_be_heard(moment.ticket) if message.seq is not None]
            return await self._send(moment.fill(waiting=waiting, aside=_put_aside(moment)), "ask_code")
        seal = seal_in(moment.text)
        if seal is None:
            return self._ask(moment, "ask_code_again")
        result = await moment.run.call("check_verification_code", {"code": seal}, step="check")
        if result.ok:
            return Close(progress=self._moved(moment, "finish"))
        if result.code == Code.VERIFICATION_REQUIRED:
            return self._ask(moment, "wrong_code")
        return await self._send(moment, "new_code") if result.code == Code.BAD_STATE else self._give_up(moment, result)

    async def _send(self, moment: Moment, reply: str) -> Outcome:
        result = await moment.run.call("send_verification_code", {}, step="send")
        return self._ask(moment, reply) if result.ok else self._give_up(moment, result)

    def _ask(self, moment: Moment, reply: str) -> Outcome:
        times = int(moment.slot("asked") or 0) + 1
        if times > ASKS:
            return self._give_up(moment, None)
        progress = self._moved(moment, "ask_code", asked=times)
        return AskCustomer(moment.words(reply), QuestionKind.SLOT, slot=CODE_SLOT, progress=progress)

    def _give_up(self, moment: Moment, result: ToolResult | None) -> Outcome:
        why = f"{result.tool} answered {result.code}" if result else "the code was asked for often enough"
        summary = f"The sender could not prove who they are: {why}."
        return Escalate(Reason.IDENTITY, summary, moment.words("with_people"), progress=self._moved(moment, "stop"))


def _to_be_heard(ticket: Ticket) -> Sequence[Message]:
    """What is heard again once the sender has proved who they are; with a question put aside, only what came after it."""
    if ticket.question is None:
        return ticket.unanswered
    spoken = [at for at, message in enumerate(ticket.messages, 1) if message.author in (Author.BOT, Author.HUMAN)]
    after = ticket.messages[spoken[-1] if spoken else 0 :]
    return [message for message in after if message.author is Author.CUSTOMER]


def _put_aside(moment: Moment) -> Json:
    """The question that a sender answered whose proof had lapsed, until they prove again who they are."""
    question = moment.ticket.question
    if question is None:
        return None
    return {"kind": question.kind.value, "text": question.text, "action_id": question.action_id, "slot": question.slot}


def aside(at: FlowState | None, now: datetime) -> Question | None:
    """The question that the flow has put aside. It is closed, so an answer to it says what is meant and confirms nothing."""
    held = at.slots.get("aside") if at else None
    if held is None:
        return None
    kind = QuestionKind(held["kind"])
    return Question(QuestionId(""), kind, held["text"], now, now, held["action_id"], held["slot"], delivered_at=now)


def asks_for_code(question: Question | None) -> bool:
    """Whether the open question is the one that a code answers."""
    return question is not None and question.slot == CODE_SLOT


def seal_in(text: str) -> str | None:
    """The last sealed code in a text."""
    found = _SEAL.findall(text)
    return found[-1] if found else None
