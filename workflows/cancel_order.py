"""The flow that cancels an order before it is sent."""

from collections.abc import Mapping

from statemachine import State

from tools.commerce import OrderStatus
from tools.ports import Action, Json
from workflows.acting import ActingConversation, amount_text, destination_text
from workflows.conversation import Moment
from workflows.flow import Declined
from workflows.machine import StrictMachine
from workflows.outcome import Outcome, Reply
from workflows.slots.causes import Cause, read_cause
from workflows.slots.destinations import Destination, read_destination
from workflows.slots.items import keeps, mentioned_items
from workflows.wording import items_text


class CancelOrderMachine(StrictMachine):
    """Ask which order, offer, wait where people must approve, end."""

    started = State(initial=True)
    asking_order = State()
    confirming = State()
    waiting_approval = State()
    done = State(final=True)
    declined = State(final=True)
    refused = State(final=True)
    stopped = State(final=True)
    _open = (started, asking_order, confirming, waiting_approval)

    ask_order = asking_order.from_(*_open)
    offer = confirming.from_(*_open)
    wait = waiting_approval.from_(*_open)
    finish = done.from_(*_open)
    decline = declined.from_(*_open)
    refuse = refused.from_(*_open)
    stop = stopped.from_(*_open)


class CancelOrderFlow(ActingConversation):
    """Finds the order, shows what would go back, and cancels after a yes."""

    name = "cancel_order"
    machine = CancelOrderMachine

    async def work(self, moment: Moment) -> Outcome:
        """Offer to cancel the order that the text means, or say why it cannot be cancelled."""
        moment = moment.fill(reason=_reason(moment), elsewhere=_elsewhere(moment))
        moment, order = await self.the_order(moment, "cancel", lambda order: order.status is OrderStatus.PENDING)
        if order.status is not OrderStatus.PENDING:
            text = moment.words("cannot_cancel", order_id=order.id, status=order.status.value)
            later = (self.instead(moment, "refund_status"),) if order.status is OrderStatus.CANCELLED else ()
            return Reply(text, progress=self._moved(moment, "refuse"), later=later)
        if keeps(moment.text, order, [item.id for item in order.items]):
            return self.settle(moment, Declined(None, moment.text))
        some = mentioned_items(moment.text, order)
        moment = moment.fill(what=items_text(order.items), in_part=0 < len(some) < len(order.items) or moment.slot("in_part"))
        return await self.act(moment, "cancel_order", {"order_id": order.id, "reason": moment.slot("reason")})

    def offer_text(self, moment: Moment, action: Action) -> str:
        """The order, what is in it, and the money that goes back."""
        return moment.words(
            "confirm_cancel",
            order_id=action.args["order_id"],
            what=moment.slot("what"),
            in_part=bool(moment.slot("in_part")),
            amount=amount_text(action),
            destination=destination_text(action),
            elsewhere=bool(moment.slot("elsewhere")),
        )

    def done_text(self, moment: Moment, action: Action, receipt: Mapping[str, Json]) -> str:
        """That the order is cancelled, and the money that goes back."""
        return moment.words(
            "cancelled",
            order_id=action.args["order_id"],
            amount=amount_text(action),
            destination=destination_text(action),
            receipt=receipt["receipt"],
        )


def _elsewhere(moment: Moment) -> bool | None:
    """Whether the customer would have their money go another way than it came."""
    wish = read_destination(moment.text)
    return wish in (Destination.ELSEWHERE, Destination.STORE_CREDIT) if wish else moment.slot("elsewhere")


def _reason(moment: Moment) -> str:
    """Why the order is to go; whoever never speaks of a mistake no longer needs it."""
    mistaken = read_cause(moment.text) is Cause.ORDERED_BY_MISTAKE
    return Cause.ORDERED_BY_MISTAKE.value if mistaken else moment.slot("reason") or Cause.NO_LONGER_NEEDED.value
