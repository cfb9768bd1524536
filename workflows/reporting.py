"""What the flows that only report share: ask which orders, tell how they stand, and name those that had no room."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence

from statemachine import State

from tools.commerce import Order
from tools.ports import Json
from workflows.conversation import SHOWN_ORDERS, Conversation, Moment
from workflows.machine import StrictMachine
from workflows.outcome import Outcome, Reply


class ReportMachine(StrictMachine):
    """Ask which order, answer."""

    started = State(initial=True)
    asking_order = State()
    answered = State(final=True)
    stopped = State(final=True)

    ask_order = asking_order.from_(started, asking_order)
    answer = answered.from_(started, asking_order)
    stop = stopped.from_(started, asking_order)


class ReportingConversation(Conversation):
    """The base of the flows that tell how orders stand. One answer reports on as many orders as a customer is shown."""

    machine = ReportMachine

    @abstractmethod
    async def report(self, moment: Moment, order: Order) -> Mapping[str, Json]:
        """How one order stands."""

    async def answer(self, moment: Moment, orders: Sequence[Order]) -> Outcome:
        """The reply named like the flow, with a report on each order."""
        reports = [await self.report(moment, order) for order in orders[:SHOWN_ORDERS]]
        left = [order.id for order in orders[SHOWN_ORDERS:]]
        text = moment.words(self.name, reports=reports, left=left, assumed=moment.slot("assumed"))
        return Reply(text, progress=self._moved(moment, "answer", order_id=orders[0].id))
