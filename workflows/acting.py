"""What the flows that change something share: show it, take the yes, wait for votes, and say honestly how it ended."""

from abc import abstractmethod
from collections.abc import Mapping

from tools.errors import Code
from tools.ports import Action, ActionStatus, Json, ToolResult
from workflows.conversation import Conversation, Moment
from workflows.flow import Declined, Ended
from workflows.outcome import AskCustomer, AwaitApproval, Escalate, Outcome, Reason, Reply
from workflows.ticket import QuestionKind

_EXPLAINED: dict[str, str] = {
    Code.OVER_REFUND: "refused_over_refund",
    Code.BAD_STATE: "refused_bad_state",
    Code.POSSIBLE_DUPLICATE: "refused_duplicate",
    Code.PAYMENT_METHOD_NOT_YOURS: "refused_destination",
    Code.APPROVAL_INVALID: "denied",
    Code.SUPERSEDED: "refused_superseded",
}
_FOR_PEOPLE: dict[str, Reason] = {
    Code.BACKEND_UNAVAILABLE: Reason.BACKEND_UNAVAILABLE,
    Code.VERIFICATION_REQUIRED: Reason.IDENTITY,
    Code.KILLED: Reason.KILLED,
    Code.BUDGET_EXHAUSTED: Reason.BUDGET_EXHAUSTED,
    Code.NOT_GRANTED: Reason.POLICY,
    Code.RATE_LIMITED: Reason.POLICY,
    Code.APPROVAL_REQUIRED: Reason.POLICY,
    Code.CONFIRMATION_REQUIRED: Reason.POLICY,
}
_STUCK = (Code.VALIDATION, Code.NOT_FOUND, Code.CURRENCY_MISMATCH, Code.OUT_OF_STOCK, Code.INSUFFICIENT_BALANCE)


class ActingConversation(Conversation):
    """The base of the flows with effects. Their machines also declare `offer`, `wait`, `finish`, `decline` and `refuse`."""

    effects = True

    @abstractmethod
    def offer_text(self, moment: Moment, action: Action) -> str:
        """Exactly what will happen, and the question for a yes."""

    @abstractmethod
    def done_text(self, moment: Moment, action: Action, receipt: Mapping[str, Json]) -> str:
        """What has happened, with the reference of its receipt."""

    async def act(self, moment: Moment, tool: str, args: Mapping[str, Json]) -> Outcome:
        """Want an effect, and go on with what the tool layer says to it."""
        return self._after(moment, await moment.run.call(tool, args, step=tool))

    def settle(self, moment: Moment, heard: Declined | Ended) -> Outcome:
        """Go on after the customer's no, or after a confirmed or approved action was resumed."""
        if isinstance(heard, Declined):
            return Reply(moment.words("declined"), progress=self._moved(moment, "decline"))
        return self._after(moment, heard.result)

    def _after(self, moment: Moment, result: ToolResult) -> Outcome:
        """The outcome that fits the result of an effect."""
        action = result.action
        if action is not None and result.ok:
            text = self.done_text(moment, action, result.data)
            done = Reply(text, receipts=(str(result.data["receipt"]),), progress=self._moved(moment, "finish"))
            return looked_at(done, action)
        if action is not None and result.under_way:
            text = moment.words("under_way", order_id=self._order(moment, result))
            return Reply(text, resolves=False, progress=self._moved(moment, "wait"))
        if action is not None and result.needs_confirmation:
            progress = self._moved(moment, "offer")
            text = self.offer_text(moment, action)
            return AskCustomer(text, QuestionKind.CONFIRM, action_id=action.id, progress=progress)
        if action is not None and result.needs_approval:
            text = moment.words("waiting_approval", order_id=self._order(moment, result), amount=amount_text(action))
            return AwaitApproval(text, action.id, progress=self._moved(moment, "wait"))
        if result.code and result.code in _FOR_PEOPLE:
            return self._to_people(moment, _FOR_PEOPLE[result.code], result)
        if result.in_doubt or result.code == Code.OUTCOME_UNKNOWN:
            return self._to_people(moment, Reason.OUTCOME_UNKNOWN, result)
        return self._refused(moment, result)

    def _refused(self, moment: Moment, result: ToolResult) -> Outcome:
        """Say plainly that nothing was done, or pass on what these words cannot explain."""
        if result.code in _STUCK:
            return self.hand_off(moment, Reason.NO_PROGRESS)
        ended = result.action is not None and result.action.status is ActionStatus.EXPIRED
        expired = ended and result.code == Code.APPROVAL_INVALID
        changed = result.rule == "approval.digest"
        reply = "expired" if expired else "refused_bad_state" if changed else _EXPLAINED.get(result.code or "")
        if reply is None:
            return self._to_people(moment, Reason.TOOL_FAILED, result)
        text = moment.words(reply, order_id=self._order(moment, result))
        return Reply(text, progress=self._moved(moment, "stop" if expired else "refuse"))

    def _to_people(self, moment: Moment, reason: Reason, result: ToolResult) -> Escalate:
        """Tell the customer honestly how it stands, and give the ticket to people."""
        reply = _HONEST.get(reason, "with_people")
        text = moment.words(reply, order_id=self._order(moment, result))
        action = f", action {result.action.id} is {result.action.status}" if result.action else ""
        summary = f"{result.tool} for order {self._order(moment, result)}: {result.code}{action}. {result.sentence}".strip()
        return Escalate(reason, summary, text, progress=self._moved(moment, "stop"))

    def _order(self, moment: Moment, result: ToolResult) -> str:
        """The order it is about; the action knows even when the flow has started anew since."""
        known = result.action.order_id if result.action else None
        return known or moment.slot("order_id") or ""


_HONEST = {
    Reason.OUTCOME_UNKNOWN: "with_people_unknown",
    Reason.BACKEND_UNAVAILABLE: "with_people_unavailable",
}


def looked_at(done: Reply, action: Action) -> Reply | Escalate:
    """What was done, and a person too when the shop's books show that more money moved than was asked for."""
    surplus = action.receipt.data.get("surplus_minor") if action.receipt else None
    if not surplus:
        return done
    summary = (
        f"{action.tool} for order {action.order_id} is done, but the shop's books show {surplus} minor units more "
        f"refunded than that (action {action.id}). Please look at the order in the shop."
    )
    return Escalate(Reason.OUTCOME_UNKNOWN, summary, done.text, receipts=done.receipts, progress=done.progress)


def amount_text(action: Action) -> str | None:
    """What goes back to the customer, None when no money moves."""
    return action.money.text() if action.money else None


def destination_text(action: Action) -> str:
    """Where the money goes, in the words of the facts that the action was decided on."""
    return action.facts.get("destination") or "the way you paid"
