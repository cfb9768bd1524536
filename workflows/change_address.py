"""The flow that sends an order to another address before it leaves."""

import re
from collections.abc import Mapping

from statemachine import State

from tools.commerce import Address, Order, OrderStatus
from tools.ports import Action, Json
from workflows.acting import ActingConversation
from workflows.conversation import Moment
from workflows.machine import StrictMachine
from workflows.outcome import Outcome, Reason, Reply
from workflows.slots.addresses import AddressDraft, read_address
from workflows.slots.orders import without_ids
from workflows.wording import address_text, join
from workflows.words import plain

_PART_NAMES = {"line1": "street and house number", "city": "city", "postal_code": "postal code", "country": "country"}
_ACCOUNT = re.compile(r"\b(?:my|the) (?:account|profile)\b|\b(?:account|default|billing|home) address\b|\bfuture orders\b")


class ChangeAddressMachine(StrictMachine):
    """Ask which order and where to, offer, wait where people must approve, end."""

    started = State(initial=True)
    asking_order = State()
    asking_address = State()
    confirming = State()
    waiting_approval = State()
    done = State(final=True)
    declined = State(final=True)
    refused = State(final=True)
    stopped = State(final=True)
    _open = (started, asking_order, asking_address, confirming, waiting_approval)

    ask_order = asking_order.from_(*_open)
    ask_address = asking_address.from_(*_open)
    offer = confirming.from_(*_open)
    wait = waiting_approval.from_(*_open)
    finish = done.from_(*_open)
    decline = declined.from_(*_open)
    refuse = refused.from_(*_open)
    stop = stopped.from_(*_open)


class ChangeAddressFlow(ActingConversation):
    """Finds the order, reads the address part by part, shows it, and changes it after a yes."""

    name = "change_address"
    machine = ChangeAddressMachine

    async def work(self, moment: Moment) -> Outcome:
        """Offer the change, or ask for what the address still lacks."""
        if _ACCOUNT.search(plain(moment.text)):
            # The account's own address is another tool with other rules, and no flow has it.
            return self.hand_off(moment, Reason.NO_PROGRESS)
        draft = self._draft(moment)
        moment = moment.fill(address=draft.as_json() or None)
        moment, order = await self.the_order(moment, "send somewhere else", lambda order: order.status is OrderStatus.PENDING)
        if order.status is not OrderStatus.PENDING:
            text = moment.words("cannot_change_address", order_id=order.id, status=order.status.value)
            return Reply(text, progress=self._moved(moment, "refuse"))
        draft = draft.in_country(order.address.country)
        if draft.missing:
            return self._ask_address(moment, order, draft)
        address = draft.address().model_copy(update={"name": order.address.name})
        if address == order.address:
            text = moment.words("same_address", order_id=order.id, address=address_text(address))
            return Reply(text, progress=self._moved(moment, "refuse"))
        sent = address.model_dump(mode="json", exclude_none=True)
        return await self.act(moment, "change_order_address", {"order_id": order.id, "address": sent})

    def offer_text(self, moment: Moment, action: Action) -> str:
        """The order and the whole address."""
        return self._with_address(moment, "confirm_address", action)

    def done_text(self, moment: Moment, action: Action, receipt: Mapping[str, Json]) -> str:
        """The order and the address that it goes to now."""
        return self._with_address(moment, "address_changed", action, receipt=receipt["receipt"])

    def _draft(self, moment: Moment) -> AddressDraft:
        """What is known of the address after this text; the answer to "which order?" holds none."""
        known = moment.slot("address") or {}
        if moment.asked == "order" and known:
            return AddressDraft(**known)
        return read_address(without_ids(moment.text, self.order_pattern), known)

    def _ask_address(self, moment: Moment, order: Order, draft: AddressDraft) -> Outcome:
        known = ", ".join(draft.as_json().values()) if draft.line1 else None
        missing = join([_PART_NAMES[part] for part in draft.missing])
        return self.ask(moment, "address", "ask_address", order_id=order.id, known=known, missing=missing)

    def _with_address(self, moment: Moment, reply: str, action: Action, **values: object) -> str:
        address = address_text(Address.model_validate(action.args["address"]))
        return moment.words(reply, order_id=action.args["order_id"], address=address, **values)
