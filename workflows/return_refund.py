"""The flow for what has arrived and should not stay: money back for a fault, a return for a change of mind."""

import re
from collections.abc import Mapping

from statemachine import State

from tools.commerce import Order, OrderItem, OrderStatus, PaymentMethodId
from tools.ports import Action, Json
from workflows.acting import ActingConversation, amount_text, destination_text
from workflows.conversation import Moment
from workflows.flow import Declined
from workflows.machine import StrictMachine
from workflows.outcome import Outcome, Reason, Reply
from workflows.slots.causes import Cause, read_cause
from workflows.slots.destinations import Destination, read_destination
from workflows.slots.items import keeps, mentioned_items, narrowed
from workflows.ticket import Author
from workflows.wording import item_text, items_text
from workflows.words import plain

_REPLACEMENT = re.compile(
    r"(?<!\bno )(?<!dont want a )(?<!dont want an )(?<!of a )(?<!not a )\b(?:replacement|replace|exchange|swap)\b"
)
_INSTEAD = {
    OrderStatus.PENDING: "cancel_order",
    OrderStatus.CANCELLED: "refund_status",
    OrderStatus.RETURN_REQUESTED: "refund_status",
}
"""The flow that serves where a return is not possible."""
_CAUSE_WORDS = {
    Cause.DAMAGED: "it is damaged or faulty",
    Cause.WRONG_ITEM: "it is the wrong item",
    Cause.NOT_AS_DESCRIBED: "it is not as described",
    Cause.LATE: "it arrived late",
}


class ReturnRefundMachine(StrictMachine):
    """Ask which order, which items and why, offer, wait where people must approve, end."""

    started = State(initial=True)
    asking_order = State()
    asking_items = State()
    asking_cause = State()
    confirming = State()
    waiting_approval = State()
    done = State(final=True)
    declined = State(final=True)
    refused = State(final=True)
    stopped = State(final=True)
    _open = (started, asking_order, asking_items, asking_cause, confirming, waiting_approval)

    ask_order = asking_order.from_(*_open)
    ask_items = asking_items.from_(*_open)
    ask_cause = asking_cause.from_(*_open)
    offer = confirming.from_(*_open)
    wait = waiting_approval.from_(*_open)
    finish = done.from_(*_open)
    decline = declined.from_(*_open)
    refuse = refused.from_(*_open)
    stop = stopped.from_(*_open)


class ReturnRefundFlow(ActingConversation):
    """Fills order, items and cause; a fault leads to a refund, anything else to a return."""

    name = "return_refund"
    machine = ReturnRefundMachine

    async def work(self, moment: Moment) -> Outcome:
        """Offer the refund or the return, or ask for what is missing."""
        moment = self._remember(moment)
        if _REPLACEMENT.search(plain(moment.text)):
            return self.hand_off(moment, Reason.NO_PROGRESS)
        before = moment.slot("order_id")
        moment, order = await self.the_order(moment, "return", lambda order: order.status is OrderStatus.DELIVERED)
        if order.status is not OrderStatus.DELIVERED:
            return self._not_delivered(moment, order)
        if keeps(moment.text, order, moment.slot("item_ids") or ()):
            return self.settle(moment, Declined(None, moment.text))
        just_chosen = moment.asked == "order" or before not in (None, order.id)
        items = self._items(moment, order, just_chosen=just_chosen)
        if not items:
            return self.ask(moment, "items", "ask_items", order_id=order.id, items=[item_text(item) for item in order.items])
        what = items_text(items)
        moment = moment.fill(item_ids=[item.id for item in items], what=what)
        if moment.slot("cause") is None:
            return self.ask(moment, "cause", "ask_cause", order_id=order.id, what=what)
        cause = Cause(moment.slot("cause"))
        if cause in (Cause.LOST, Cause.OWN_DAMAGE):
            # The carrier says delivered and the customer says it never came, or they broke it themselves: that is not for a
            # table of rules to decide.
            return self.hand_off(moment, Reason.POLICY)
        if cause.faulty:
            return await self._refund(moment, order, items, cause)
        return await self._return(moment, order, items)

    def offer_text(self, moment: Moment, action: Action) -> str:
        """Amount, order, items and destination, and the question for a yes."""
        reply = "confirm_refund" if action.tool == "issue_refund" else "confirm_return"
        return self._with_money(moment, reply, action, elsewhere=bool(moment.slot("elsewhere")), cause=self._cause(moment))

    def done_text(self, moment: Moment, action: Action, receipt: Mapping[str, Json]) -> str:
        """What went back, or what return was accepted and when its money follows."""
        if action.tool == "issue_refund":
            return self._with_money(moment, "refunded", action, receipt=receipt["receipt"])
        paid = receipt.get("moved_minor", 0) > 0
        return self._with_money(moment, "return_accepted", action, receipt=receipt["receipt"], paid=paid)

    def _remember(self, moment: Moment) -> Moment:
        """Keep the cause and the wish for a destination that this text gives."""
        cause = read_cause(moment.text)
        wish = read_destination(moment.text)
        if cause is not None:
            moment = moment.fill(cause=cause.value)
        if wish is not None:
            credit = wish is Destination.STORE_CREDIT
            moment = moment.fill(credit=credit or None, elsewhere=(wish is Destination.ELSEWHERE) or None)
        return moment

    def _not_delivered(self, moment: Moment, order: Order) -> Outcome:
        if moment.slot("cause") in (Cause.LOST, Cause.LATE) and order.status in (OrderStatus.PROCESSED, OrderStatus.SHIPPED):
            return self.hand_off(moment, Reason.POLICY)
        text = moment.words("cannot_return", order_id=order.id, status=order.status.value)
        serves = _INSTEAD.get(order.status)
        later = (self.instead(moment, serves),) if serves else ()
        return Reply(text, progress=self._moved(moment, "refuse"), later=later)

    def _items(self, moment: Moment, order: Order, *, just_chosen: bool) -> tuple[OrderItem, ...]:
        """The items of the text, else those settled before, else the only one there is; none when it is open."""
        settled = moment.slot("item_ids") or ()
        named = mentioned_items(moment.text, order, () if just_chosen else settled)
        if not named and just_chosen:
            # They may have said what it is about before it was clear which order it is in.
            named = next((found for text in _earlier(moment) if (found := mentioned_items(text, order))), ())
        if not named and moment.asked == "items":
            named = narrowed((moment.text, *(one.text for one in reversed(moment.ticket.unanswered))), order)
        kept = tuple(item for item in order.items if item.id in settled)
        return named or kept or (order.items if len(order.items) == 1 else ())

    async def _refund(self, moment: Moment, order: Order, items: tuple[OrderItem, ...], cause: Cause) -> Outcome:
        """Offer the items' price, and never more than is left of what was paid."""
        left = order.captured_minor - order.refunded_minor
        amount = min(sum(item.price_minor for item in items), left)
        if amount <= 0:
            told, at = moment.words("nothing_left", order_id=order.id), self._moved(moment, "refuse")
            return Reply(told, progress=at, later=(self.instead(moment, "refund_status"),))
        args = {"order_id": order.id, "amount_minor": amount, "currency": order.currency, "reason": cause.value}
        return await self.act(moment, "issue_refund", args)

    async def _return(self, moment: Moment, order: Order, items: tuple[OrderItem, ...]) -> Outcome:
        refund_to = await self._store_credit(moment) if moment.slot("credit") else None
        paid = next((payment.method_id for payment in order.payments if payment.kind == "capture"), None)
        if (refund_to or paid) is None:
            return self.hand_off(moment, Reason.NO_PROGRESS)
        args = {"order_id": order.id, "item_ids": [item.id for item in items], "refund_to": refund_to or paid}
        return await self.act(moment, "return_items", args)

    async def _store_credit(self, moment: Moment) -> PaymentMethodId | None:
        """The customer's own store credit, None when they have none."""
        data = await self.read(moment, "get_customer", {})
        methods = data["customer"]["payment_methods"]
        return next((PaymentMethodId(method["id"]) for method in methods if method["kind"] == "store_credit"), None)

    def _cause(self, moment: Moment) -> str:
        cause = moment.slot("cause")
        return _CAUSE_WORDS.get(Cause(cause), "") if cause else ""

    def _with_money(self, moment: Moment, reply: str, action: Action, **values: object) -> str:
        # An older action may end while the talk is about another order, whose items it must not borrow.
        same_order = action.args["order_id"] == moment.slot("order_id")
        return moment.words(
            reply,
            order_id=action.args["order_id"],
            what=moment.slot("what") if same_order else "your items",
            amount=amount_text(action),
            destination=destination_text(action),
            **values,
        )


def _earlier(moment: Moment) -> list[str]:
    """What the customer wrote on this ticket, newest first."""
    return [message.text for message in reversed(moment.ticket.messages) if message.author is Author.CUSTOMER]
