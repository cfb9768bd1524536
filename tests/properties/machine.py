"""Customers, people, an adversary for a model, faults and deaths, in any order; after each step everything must be right."""

from collections.abc import Coroutine
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from service.outcomes import BOUNDARIES as OUTCOME_BOUNDARIES
from service.pipeline import BOUNDARIES as PIPELINE_BOUNDARIES
from tests.properties.model import Wish
from tests.properties.place import Place
from tests.properties.play import CUSTOMERS, Play
from tests.properties.shop import ADDRESS, GOODS, METHODS, OWNERS, PRICES, SHOP
from tools.backends.shop.faults import Fault
from tools.execution import BOUNDARIES as TOOL_BOUNDARIES

DEATHS = st.sampled_from((*PIPELINE_BOUNDARIES, *TOOL_BOUNDARIES, *OUTCOME_BOUNDARIES))
TICKET = st.integers(0, len(CUSTOMERS) - 1)
PERSON = st.sampled_from(("sue", "sam", "ann"))
ORDER = st.sampled_from(sorted(OWNERS))
STRANGER = st.sampled_from((False,) * 9 + (True,))
"""Whether somebody goes for an order that is not theirs."""
SWITCH = st.sampled_from(
    (
        ("tenant", ""),
        ("lane", "workflow"),
        ("lane", "human"),
        ("lane", "agent"),
        ("tool", "issue_refund"),
        ("tool", "cancel_order"),
    )
)
WISHES = {
    "issue_refund": "The {item} from order {order} arrived broken, I want my money back.",
    "cancel_order": "Please cancel my order {order}, I no longer need it.",
    "return_items": "I want to return the {item} from order {order}, I changed my mind.",
}
POSSIBLE = [
    *(("issue_refund", order["id"]) for order in SHOP["orders"] if order["status"] == "delivered"),
    *(("return_items", order["id"]) for order in SHOP["orders"] if order["status"] == "delivered"),
    # Two people have to agree to this one.
    *[("issue_refund", "A-100004")] * 4,
    *(("cancel_order", order["id"]) for order in SHOP["orders"] if order["status"] == "pending"),
]
WISH = st.one_of(st.sampled_from(POSSIBLE), st.sampled_from(POSSIBLE), st.tuples(st.sampled_from(sorted(WISHES)), ORDER))
RETRACTIONS = ("No, thanks", "Never mind, please forget it.")
IDLE = (
    "Thank you!",
    "Where is my order {order}?",
    "Where is my money for {order}?",
    "Is the chair made of oak?",
    "A human, please!",
)


ERRORS = st.sampled_from(("unreachable", "lost_request", "lost_answer", "rubbish"))
MISHAP = st.one_of(
    st.just(("", "")),
    st.just(("", "")),
    st.tuples(st.just("error"), ERRORS),
    st.tuples(st.just("death"), DEATHS),
    st.tuples(st.just("death and switch"), st.sampled_from(("after_decision", "before_sent", "after_sent"))),
)
"""What befalls a run: the shop errs, the worker dies, or it dies and a switch is thrown before another goes on."""


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A tool with arguments of the right shape and any content."""
    order = draw(ORDER)
    items, method = [item["id"] for item in GOODS[order]], draw(st.sampled_from(METHODS))
    product = GOODS[order][0]["product_id"]
    swap = {
        "order_id": order,
        "item_ids": items[:1],
        "new_item_ids": [f"{product}-{draw(st.sampled_from((1, 2)))}"],
        "payment_method_id": method,
    }
    prices = [1, 20_000, PRICES[product][0], PRICES[product][0] + 1]
    refund = {
        "order_id": order,
        "amount_minor": draw(st.sampled_from(prices)),
        "currency": draw(st.sampled_from(("USD", "USD", "EUR"))),
        "reason": draw(st.sampled_from(("damaged", "goodwill"))),
    }
    return draw(
        st.sampled_from(
            (
                ("issue_refund", refund),
                ("issue_refund", refund),
                ("cancel_order", {"order_id": order, "reason": "no_longer_needed"}),
                ("return_items", {"order_id": order, "item_ids": items, "refund_to": method}),
                ("exchange_items", swap),
                ("change_order_items", swap),
                ("change_order_payment", {"order_id": order, "payment_method_id": method}),
                ("change_customer_address", {"address": {**ADDRESS, "line1": "9 Hill Road"}}),
                ("add_note", {"text": "The box was crushed."}),
            )
        )
    )


def own_ticket(number: int, order: str | None) -> int:
    """The ticket of this number, or another one when the order is not its customer's."""
    own = [one for one, customer in enumerate(CUSTOMERS) if order is None or customer == OWNERS[order]]
    return own[number % len(own)]


class Support(RuleBasedStateMachine):
    """One play in a tenant of its own; `place` is set by whoever runs it."""

    place: ClassVar[Place]

    def __init__(self) -> None:
        super().__init__()
        self.play = Play(self.place, *self.place.run(self.place.new_tenant()))
        self.broken = False

    def _do(self, step: Coroutine[Any, Any, object]) -> None:
        self.place.clock.advance(minutes=1)
        self.broken = True
        self.place.run(step, self.play.tenant)
        self.place.run(self.play.check(), self.play.tenant)
        self.broken = False

    def _runs(self, mishap: tuple[str, Any]) -> None:
        match mishap:
            case ("error", kind):
                self.play.shop_errs(Fault(kind))
                self._do(self.play.runs())
            case ("death", at):
                self._do(self.play.runs(at))
            case ("death and switch", at):
                self._do(self.play.runs(at))
                self._do(self.play.throws("tenant", "", on=True))
                self._do(self.play.runs())
                self._do(self.play.throws("tenant", "", on=False))
            case _:
                self._do(self.play.runs())

    @initialize(number=TICKET, wish=st.sampled_from(POSSIBLE), then=st.sampled_from(("run", "yes", "yes run")), mishap=MISHAP)
    def begins(self, number: int, wish: tuple[str, str], then: str, mishap: tuple[str, Any]) -> None:
        self.opens(number, wish, False, then, mishap)

    @rule(
        number=TICKET,
        wish=WISH,
        stranger=STRANGER,
        then=st.sampled_from(("", "run", "yes", "yes run", "yes run")),
        mishap=MISHAP,
    )
    def opens(self, number: int, wish: tuple[str, str], stranger: bool, then: str, mishap: tuple[str, Any]) -> None:
        tool, order = wish
        number = number if stranger else own_ticket(number, order)
        text = WISHES[tool].format(order=order, item=GOODS[order][0]["name"])
        self._do(self.play.hears(number, text, wish=Wish(tool, order)))
        if then:
            self._do(self.play.runs())
        if "yes" in then:
            self._do(self.play.hears(number, "yes please", yes=True))
        if then == "yes run":
            self._runs(mishap)

    @precondition(lambda self: self.play.asked)
    @rule(place=TICKET, mishap=MISHAP)
    def confirms(self, place: int, mishap: tuple[str, Any]) -> None:
        self._do(self.play.answers(place, "yes please", yes=True))
        self._runs(mishap)

    @precondition(lambda self: self.play.asked)
    @rule(place=TICKET, text=st.sampled_from(RETRACTIONS))
    def retracts(self, place: int, text: str) -> None:
        self._do(self.play.answers(place, text, yes=False))

    @precondition(lambda self: self.play.asked or self.play.awaited)
    @rule(number=TICKET, text=st.sampled_from(IDLE), order=ORDER)
    def chats(self, number: int, text: str, order: str) -> None:
        self._do(self.play.hears(number, text.format(order=order)))

    @precondition(lambda self: self.play.asked)
    @rule(place=TICKET, yes=st.booleans())
    def confirms_by_channel(self, place: int, yes: bool) -> None:
        self._do(self.play.channel_answers(place, yes=yes))

    @precondition(lambda self: self.play.awaited)
    @rule(name=st.sampled_from(("sue", "sam", "sue", "sam", "ann")), place=st.integers(0, 3), mishap=MISHAP)
    def approves(self, name: str, place: int, mishap: tuple[str, Any]) -> None:
        self._do(self.play.votes(name, "approve", place))
        self._runs(mishap)

    @precondition(lambda self: self.play.awaited)
    @rule(name=PERSON, place=st.integers(0, 3))
    def denies(self, name: str, place: int) -> None:
        self._do(self.play.votes(name, "deny", place))

    @rule(name=PERSON, number=TICKET, call=calls(), stranger=STRANGER, attested=st.sampled_from((True, True, True, False)))
    def acts(self, name: str, number: int, call: tuple[str, dict[str, Any]], stranger: bool, attested: bool) -> None:
        number = number if stranger else own_ticket(number, call[1].get("order_id"))
        self._do(self.play.person_calls(name, number, *call, attested=attested))

    @precondition(lambda self: self.play.last_call)
    @rule()
    def asks_again(self) -> None:
        self._do(self.play.repeats_call())

    @rule(number=TICKET, call=calls(), stranger=STRANGER)
    def misleads(self, number: int, call: tuple[str, dict[str, Any]], stranger: bool) -> None:
        number = number if stranger else own_ticket(number, call[1].get("order_id"))
        self._do(self.play.model_calls(number, *call))

    @rule(
        name=PERSON,
        number=TICKET,
        deed=st.sampled_from(("take_over", "hand_back", "claim", "release", "resolve", "reply")),
    )
    def works(self, name: str, number: int, deed: str) -> None:
        self._do(self.play.desk(name, deed, number))

    @precondition(lambda self: self.play.awaited)
    @rule(name=st.sampled_from(("sue", "sam")))
    def changes_role(self, name: str) -> None:
        self._do(self.play.changes_role(name))

    @rule(number=TICKET, meant=st.sampled_from((False, False, True)))
    def erases(self, number: int, meant: bool) -> None:
        if meant:
            self._do(self.play.erases(number))

    @rule(switch=SWITCH, on=st.sampled_from((True, False, False)))
    def kills(self, switch: tuple[str, str], on: bool) -> None:
        self._do(self.play.throws(*switch, on=on))

    @rule()
    def runs(self) -> None:
        self._do(self.play.runs())

    @rule(at=DEATHS, sweeping=st.sampled_from((False, False, True)))
    def crashes(self, at: str, sweeping: bool) -> None:
        self._do(self.play.sweeps(at) if sweeping else self.play.runs(at))

    @rule()
    def sweeps(self) -> None:
        self._do(self.play.sweeps())

    @rule(hours=st.sampled_from((0.2, 2, 26, 50, 80, 24 * 31)))
    def time_passes(self, hours: float) -> None:
        self._do(self.play.time_passes(hours))

    @rule(kind=ERRORS)
    def shop_errs(self, kind: Any) -> None:
        self.play.shop_errs(Fault(kind))

    @rule(what=st.sampled_from(("adopted", "swept", "retracted", "killed", "taken over")), number=TICKET, after=st.booleans())
    def meanwhile(self, what: str, number: int, after: bool) -> None:
        """While the next effect is under way, something else happens."""
        play = self.play

        async def other() -> None:
            match what:
                case "adopted":
                    await play.runs()
                case "swept":
                    await play.time_passes(0.1)
                    await play.sweeps()
                case "retracted":
                    await play.hears(number, "No, thanks", no=True)
                case "killed":
                    await play.throws("tenant", "", on=True)
                case _:
                    await play.desk("sue", "take_over", number)

        play.shop_errs(Fault(after=other) if after else Fault(before=other))

    def teardown(self) -> None:
        """The play comes to its end, unless it broke off."""
        if not self.broken:
            self.place.run(self.play.ends(), self.play.tenant)
