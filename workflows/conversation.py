"""What all flows share: where they stand, how they ask, how they look at orders, and how they give up."""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from tools.commerce import Order
from tools.errors import Code
from tools.ports import Json, ToolResult
from workflows.errors import IllegalTransition
from workflows.flow import Answered, Declined, Ended, Heard, Resumed, Said, Silence
from workflows.machine import StrictMachine, filled, initial_state, is_final, moved
from workflows.outcome import AskCustomer, Escalate, HandOff, Outcome, Reason, Reply
from workflows.replies import render
from workflows.run import Run
from workflows.slots.dates import ordered_on
from workflows.slots.orders import (
    DEFAULT_ORDER_PATTERN,
    ORDER_LIKE,
    Found,
    OrderChoice,
    Unclear,
    Unknown,
    choose_order,
    mentioned_orders,
    named_together,
    names_other,
    turned_to,
)
from workflows.ticket import FlowState, QuestionKind, Ticket, Wish
from workflows.wording import first_name, order_text
from workflows.words import READ_AT_MOST

ASK_LIMIT = 2
"""How often one detail is asked for before the flow hands off."""

VOTES = "waiting_approval"
"""The state in which a flow waits for people's votes, the same in every flow that has it."""

SHOWN_ORDERS = 5
"""How many orders a customer is shown to choose from."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What a flow knows in one turn: the ticket, where the flow stands, the text, and the slot that the text answers.

    `resumed` says that there is no text because the flow only goes on.
    """

    ticket: Ticket
    run: Run
    at: FlowState
    text: str = ""
    asked: str | None = None
    resumed: bool = False

    def slot(self, name: str) -> Json:
        """A slot's value, None when it is empty."""
        return self.at.slots.get(name)

    def fill(self, **slots: Json) -> "Moment":
        """The same moment with these slots filled in; None empties a slot."""
        return replace(self, at=filled(self.at, **slots))

    def words(self, reply: str, **values: object) -> str:
        """A reply to this customer."""
        return render(reply, first_name=first_name(self.ticket), **values)


class TurnEnds(Exception):
    """Carries an outcome out of the middle of a flow: a question, or a read that failed."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(type(outcome).__name__)
        self.outcome = outcome


class Conversation(ABC):
    """The base of all flows. `machine` declares `ask_<slot>` for each slot, and `stop` for every way of giving up."""

    name: ClassVar[str]
    machine: ClassVar[type[StrictMachine]]
    effects: ClassVar[bool] = False
    """Whether the flow can change anything; a flow without effects may answer in the middle of another."""
    on_request: ClassVar[bool] = True
    """Whether customers ask for this flow, by an intent; another one begins when something is needed of them."""

    def __init__(self, order_pattern: re.Pattern[str] = DEFAULT_ORDER_PATTERN) -> None:
        self.order_pattern = order_pattern

    async def hear(self, ticket: Ticket, run: Run, heard: Heard) -> Outcome:
        """Take the conversation one turn further; what it ends in may be a question, an answer or a hand-off."""
        return self._with_others(await self._heard(Moment(ticket, run, self._where(ticket)), heard))

    async def _heard(self, moment: Moment, heard: Heard) -> Outcome:
        try:
            match heard:
                case Said(text):
                    return await self.work(replace(moment, text=text[:READ_AT_MOST]))
                case Answered(text, question):
                    return await self.work(replace(moment, text=text[:READ_AT_MOST], asked=question.slot))
                case Resumed():
                    return await self.work(self._taken_up(moment))
                case Silence():
                    return Reply(moment.words("silence"), progress=self._moved(moment, "stop"))
                case Declined() | Ended():
                    return self.settle(moment, heard)
        except TurnEnds as end:
            return end.outcome

    def _with_others(self, outcome: Outcome) -> Outcome:
        """The outcome with a wish for each further order that the text named; what was said of the first holds for all."""
        at = outcome.progress
        if at is None or "more" not in at.slots:
            return outcome
        said = {name: value for name, value in at.slots.items() if name not in _OF_ONE_ORDER}
        start = initial_state(self.machine)
        later = [Wish(self.name, at=FlowState(self.name, start, {**said, "order_id": other})) for other in at.slots["more"]]
        return replace(outcome, progress=filled(at, more=None), later=(*outcome.later, *later))

    def _taken_up(self, moment: Moment) -> Moment:
        """The moment of a flow that goes on without a word; one that had ended starts again with what it knew."""
        ended = moment.ticket.flow
        if ended is None or ended.flow != self.name or not is_final(self.machine, ended.state):
            return replace(moment, resumed=True)
        known = {name: value for name, value in ended.slots.items() if name not in ("asks", "later")}
        return replace(moment, at=replace(moment.at, slots=known), resumed=True)

    @abstractmethod
    async def work(self, moment: Moment) -> Outcome:
        """Fill the slots from the text, and go as far as they lead."""

    def settle(self, moment: Moment, heard: Declined | Ended) -> Outcome:
        """Go on after the customer dropped it or an action ended. A flow without effects has no action that could end."""
        if isinstance(heard, Ended):
            raise IllegalTransition(self.name, moment.at.state, type(heard).__name__)
        return Reply(moment.words("declined"), progress=self._moved(moment, "stop"))

    def ask(self, moment: Moment, slot: str, reply: str, **values: object) -> Outcome:
        """Ask for a slot, at most twice; then hand off."""
        asks: dict[str, int] = dict(moment.slot("asks") or {})
        # A question that only comes back has not been answered wrongly.
        times = asks.get(slot, 0) - (1 if moment.resumed and asks.get(slot) else 0)
        if times >= ASK_LIMIT:
            return self.hand_off(moment, Reason.NO_PROGRESS)
        text = moment.words(reply, again=times > 0, **values)
        progress = self._moved(moment, f"ask_{slot}", asks={**asks, slot: times + 1})
        return AskCustomer(text, QuestionKind.SLOT, slot=slot, progress=progress)

    def instead(self, moment: Moment, flow: str) -> Wish:
        """What another flow could do for the same order where this one can do nothing; it hears the same words."""
        return Wish(flow, moment.text, instead=True)

    def hand_off(self, moment: Moment, reason: Reason) -> HandOff:
        """Give the ticket to the agent."""
        return HandOff(reason, progress=self._moved(moment, "stop"))

    async def read(self, moment: Moment, tool: str, args: Mapping[str, Json], *, step: str = "") -> Mapping[str, Json]:
        """What a READ tool says; a failed read ends the turn with people."""
        result = await moment.run.call(tool, args, step=step or tool)
        if not result.ok:
            raise TurnEnds(self.unreadable(moment, result))
        return result.data

    def unreadable(self, moment: Moment, result: ToolResult) -> Outcome:
        """The outcome of a turn that could not look at what it needs."""
        reason = _UNREADABLE.get(result.code or "", Reason.TOOL_FAILED)
        reply = "with_people_unavailable" if reason is Reason.BACKEND_UNAVAILABLE else "with_people"
        summary = f"The {self.name} flow could not read what it needs: {result.tool} answered {result.code}."
        return Escalate(reason, summary, moment.words(reply), progress=self._moved(moment, "stop"))

    async def the_order(self, moment: Moment, wish: str, fits: Callable[[Order], bool]) -> tuple[Moment, Order]:
        """The one order that the customer means, kept in the slot `order_id`; asks when it is not clear.

        `wish` completes "Which order would you like to ...?".
        """
        moment, orders = await self.the_orders(moment, wish, fits)
        order, *others = orders
        # A text that names orders one by one may want one of them kept; only a list is about each.
        one_wish = named_together(moment.text) or (moment.asked == "order" and not ORDER_LIKE.search(moment.text))
        if others and not one_wish:
            raise TurnEnds(self._ask_order(moment, wish, orders))
        moment = moment.fill(more=[other.id for other in others] or None)
        changed = moment.slot("order_id") not in (None, order.id)
        # What was asked about the other order and not answered counts no more either.
        moment = moment.fill(order_id=order.id, **(dict.fromkeys(("item_ids", "what", "asks")) if changed else {}))
        return moment, order

    async def the_orders(self, moment: Moment, wish: str, fits: Callable[[Order], bool]) -> tuple[Moment, tuple[Order, ...]]:
        """The orders that the customer means, at least one; asks when none is clear. Fills the slot `assumed`."""
        data = await self.read(moment, "find_orders", {})
        orders = tuple(Order.model_validate(order) for order in data["orders"])
        match self._choose(moment, orders, fits):
            case Found(found, named):
                return moment.fill(assumed=not named), found
            case Unknown(reference):
                older = await self._look_up(moment, reference)
                if older is not None:
                    return moment.fill(assumed=False), (older,)
                shown = [order_text(order) for order in orders[:SHOWN_ORDERS]]
                listed = moment.fill(listed=[order.id for order in orders[:SHOWN_ORDERS]])
                raise TurnEnds(self.ask(listed, "order", "unknown_order", wish=wish, reference=reference, orders=shown))
            case Unclear(()):
                raise TurnEnds(Reply(moment.words("no_orders"), progress=self._moved(moment, "stop")))
            case Unclear(candidates):
                raise TurnEnds(self._ask_order(moment, wish, candidates))

    def _choose(self, moment: Moment, orders: tuple[Order, ...], fits: Callable[[Order], bool]) -> OrderChoice:
        """The order of the text; one that was settled before changes only when the text names another."""
        settled = moment.slot("order_id")
        text = moment.text
        if settled is not None and moment.asked != "order":
            own, strange = mentioned_orders(text, orders, self.order_pattern)
            if not own and not strange and not names_other(text) and not ordered_on(text):
                text = turned_to(text, orders, settled) or settled
        about = settled or moment.slot("about")
        listed = (moment.slot("listed") or ()) if moment.asked == "order" else ()
        return choose_order(text, orders, self.order_pattern, fits=fits, about=about, listed=listed)

    async def _look_up(self, moment: Moment, reference: str) -> Order | None:
        """An own order that is too old for the list; anybody else's is not found, like one that does not exist."""
        result = await moment.run.call("get_order", {"order_id": reference}, step="get_order")
        if result.ok:
            return Order.model_validate(result.data["order"])
        if result.code in (Code.NOT_FOUND, Code.VALIDATION):
            return None
        raise TurnEnds(self.unreadable(moment, result))

    def _ask_order(self, moment: Moment, wish: str, orders: tuple[Order, ...]) -> Outcome:
        shown = orders[:SHOWN_ORDERS]
        moment = moment.fill(listed=[order.id for order in shown])
        return self.ask(moment, "order", "ask_order", wish=wish, orders=[order_text(order) for order in shown])

    def _where(self, ticket: Ticket) -> FlowState:
        """Where this flow stands on the ticket: going on, or at its start, with what the ticket was about so far."""
        at = ticket.flow
        if at is not None and at.flow == self.name and not is_final(self.machine, at.state):
            return at
        about = at.slots.get("order_id") if at is not None else None
        return FlowState(self.name, initial_state(self.machine), {"about": about} if about else {})

    def _moved(self, moment: Moment, event: str, **slots: Json) -> FlowState:
        return moved(self.machine, moment.at, event, **slots)


_OF_ONE_ORDER = frozenset({"order_id", "item_ids", "what", "asks", "listed", "assumed", "about", "more", "later"})
"""The slots that say nothing about another order."""

_UNREADABLE: dict[str, Reason] = {
    Code.BACKEND_UNAVAILABLE: Reason.BACKEND_UNAVAILABLE,
    Code.VERIFICATION_REQUIRED: Reason.IDENTITY,
    Code.KILLED: Reason.KILLED,
    Code.NOT_GRANTED: Reason.POLICY,
    Code.BUDGET_EXHAUSTED: Reason.BUDGET_EXHAUSTED,
}
