"""Customers, people, an adversary for a model, faults and deaths, in any order; after each step everything must be right."""

from collections.abc import Coroutine
from typing import Any, ClassVar, get_args

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.properties import drawn
from tests.properties.customers import Typed
from tests.properties.drawn import MISHAP, PERSON, SELDOM, TALE, TICKET, Tale
from tests.properties.merchants import Told
from tests.properties.place import Place
from tests.properties.play import Play
from tests.properties.premises import Manner
from tests.properties.shop import OWNERS
from tests.properties.stage import CUSTOMERS, STRANGERS

PLACE = st.integers(0, 3)


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

    def _do(self, *steps: Coroutine[Any, Any, object]) -> None:
        """One step, of one or more things that follow each other at once."""
        self.place.clock.advance(minutes=1)
        self.broken = True
        for step in steps:
            self.place.run(step, self.play.tenant)
        self.place.run(self.play.check(), self.play.tenant)
        self.broken = False

    def _runs(self, number: int, mishap: tuple[str, Any], *before: Coroutine[Any, Any, object]) -> None:
        """Something happens, and a worker runs what it woke, with a mishap or without."""
        play = self.play
        match mishap:
            case ("error", kind):
                play.shop_errs(kind)
                self._do(*before, play.runs())
            case ("death", at):
                self._do(*before, play.runs(at))
            case ("death and switch", at):
                self._do(*before, play.runs(at), play.throws("tenant", "", on=True))
                self._do(play.runs(), play.throws("tenant", "", on=False))
            case ("meanwhile", (what, at)):
                play.meanwhile(what, number, at)
                self._do(*before, play.runs())
            case _:
                self._do(*before, play.runs())

    def _tells(self, number: int, tale: Tale) -> None:
        """A story up to where it gets at once; people's votes come last."""
        play, voters = self.play, drawn.VOTERS.get(tale.until, ())
        self._runs(number, tale.at_first, play.hears(number, tale.text, wish=tale.wish))
        if tale.until == "asked":
            return
        agrees = play.hears(number, "yes please", yes=True)
        if tale.until == "agreed":
            self._do(agrees)
            return
        self._runs(number, drawn.WELL if voters else tale.at_last, agrees)
        if voters:
            self._runs(number, tale.at_last, *(play.votes(name, "approve", 0) for name in voters))

    def _there(self, number: int, order: str | None, *, anybody: bool = False) -> int:
        """A ticket that there is, of the customer whose order it is as far as possible."""
        there = self.play.numbers
        own = [one for one in there if one < len(CUSTOMERS) and (order is None or CUSTOMERS[one] == OWNERS[order])]
        choice = there if anybody or not own else own
        return choice[number % len(choice)]

    @initialize(
        manner=drawn.MANNER, mailed=st.sampled_from((False, False, False, True)), tales=st.lists(TALE, min_size=1, max_size=2)
    )
    def begins(self, manner: Manner, mailed: bool, tales: list[Tale]) -> None:
        self.play.settles_in(manner, mailed=mailed)
        for tale in tales:
            self._tells(own_ticket(tale.number, tale.wish.order_id), tale)

    @rule(tale=TALE, stranger=SELDOM)
    def opens(self, tale: Tale, stranger: bool) -> None:
        self._tells(tale.number if stranger else own_ticket(tale.number, tale.wish.order_id), tale)

    @precondition(lambda self: self.play.asked)
    @rule(place=TICKET, mishap=MISHAP)
    def confirms(self, place: int, mishap: tuple[str, Any]) -> None:
        number = self.play.asked[place % len(self.play.asked)]
        self._runs(number, mishap, self.play.hears(number, "yes please", yes=True))

    @precondition(lambda self: self.play.asked)
    @rule(place=TICKET, text=st.sampled_from(drawn.RETRACTIONS))
    def retracts(self, place: int, text: str) -> None:
        self._do(self.play.answers(place, text, yes=False))

    @precondition(lambda self: self.play.asked or self.play.awaited)
    @rule(number=TICKET, text=st.sampled_from(drawn.IDLE), order=drawn.ORDER)
    def chats(self, number: int, text: str, order: str) -> None:
        self._do(self.play.hears(self._there(number, None, anybody=True), text.format(order=order)))

    @precondition(lambda self: self.play.asked)
    @rule(place=TICKET, yes=st.booleans())
    def confirms_by_channel(self, place: int, yes: bool) -> None:
        self._do(self.play.channel_answers(place, yes=yes))

    @precondition(lambda self: self.play.awaited)
    @rule(name=st.sampled_from(("sue", "sam", "sue", "sam", "ann")), place=PLACE, mishap=MISHAP)
    def approves(self, name: str, place: int, mishap: tuple[str, Any]) -> None:
        number = self.play.numbers[place % len(self.play.numbers)]
        self._runs(number, mishap, self.play.votes(name, "approve", place))

    @precondition(lambda self: self.play.awaited)
    @rule(name=PERSON, place=PLACE)
    def denies(self, name: str, place: int) -> None:
        self._do(self.play.votes(name, "deny", place))

    @rule(name=PERSON, number=TICKET, call=drawn.calls(), stranger=SELDOM, attested=st.sampled_from((True, True, True, False)))
    def acts(self, name: str, number: int, call: tuple[str, dict[str, Any]], stranger: bool, attested: bool) -> None:
        number = self._there(number, call[1].get("order_id"), anybody=stranger)
        self._do(self.play.person_calls(name, number, *call, attested=attested))

    @precondition(lambda self: self.play.last_call)
    @rule()
    def asks_again(self) -> None:
        self._do(self.play.repeats_call())

    @rule(number=TICKET, call=drawn.calls(), stranger=SELDOM)
    def misleads(self, number: int, call: tuple[str, dict[str, Any]], stranger: bool) -> None:
        number = self._there(number, call[1].get("order_id"), anybody=stranger)
        self._do(self.play.hears(number, drawn.IDLE[3]), self.play.model_calls(number, *call))

    @rule(name=PERSON, number=TICKET, deed=drawn.DEEDS)
    def works(self, name: str, number: int, deed: str) -> None:
        self._do(self.play.desk(name, deed, self._there(number, None, anybody=True)))

    @precondition(lambda self: self.play.awaited)
    @rule(name=drawn.SUPERVISOR)
    def changes_role(self, name: str) -> None:
        self._do(self.play.changes_role(name))

    @rule(number=TICKET, meant=st.sampled_from((False, False, True)))
    def erases(self, number: int, meant: bool) -> None:
        if meant:
            self._do(self.play.erases(number))

    @rule(switch=drawn.SWITCH, on=st.sampled_from((True, False, False)))
    def kills(self, switch: tuple[str, str], on: bool) -> None:
        self._do(self.play.throws(*switch, on=on))

    @rule()
    def runs(self) -> None:
        self._do(self.play.runs())

    @rule(at=drawn.DEATHS, sweeping=st.sampled_from((False, False, True)))
    def crashes(self, at: str, sweeping: bool) -> None:
        self._do(self.play.sweeps(at) if sweeping else self.play.runs(at))

    @rule()
    def sweeps(self) -> None:
        self._do(self.play.sweeps())

    @rule(hours=st.sampled_from((0.2, 2, 26, 50, 80, 24 * 31)))
    def time_passes(self, hours: float) -> None:
        self._do(self.play.time_passes(hours))

    @rule(kind=drawn.ERRORS)
    def shop_errs(self, kind: str) -> None:
        self.play.shop_errs(kind)

    @precondition(lambda self: self.play.shop.manner == "slow")
    @rule(place=PLACE, well=st.sampled_from((True, True, False)), told=st.sampled_from(get_args(Told)))
    def job_ends(self, place: int, well: bool, told: Told) -> None:
        self._do(self.play.job_ends(place, well=well, told=told))

    @precondition(lambda self: self.play.paid and self.play.shop.manner != "forgetful")
    @rule(place=PLACE, told=st.sampled_from(get_args(Told)))
    def refund_comes_back(self, place: int, told: Told) -> None:
        self._do(self.play.refund_comes_back(place, told), self.play.runs())

    @precondition(lambda self: self.play.awaits_goods)
    @rule(place=PLACE, told=st.sampled_from(get_args(Told)))
    def goods_arrive(self, place: int, told: Told) -> None:
        self._do(self.play.goods_arrive(place, told), self.play.runs())

    @precondition(lambda self: self.play.mailed)
    @rule(
        who=st.integers(0, len(STRANGERS) - 1),
        wish=drawn.WISH,
        late=st.sampled_from((0, 0, 11)),
        typed=st.sampled_from(get_args(Typed)),
    )
    def stranger_writes(self, who: int, wish: Any, late: int, typed: Typed) -> None:
        """Somebody unknown wants something, and types a code soon or too late."""
        number, play = len(CUSTOMERS) + who, self.play
        self._do(play.hears(number, Tale(number, wish, "asked", drawn.WELL, drawn.WELL).text, wish=wish), play.runs())
        self._do(play.time_passes(late / 60), play.types_code(number, typed), play.runs())

    @precondition(lambda self: self.play.mailed and self.play.numbers[-1] >= len(CUSTOMERS))
    @rule(who=st.integers(0, len(STRANGERS) - 1), typed=st.sampled_from(get_args(Typed)))
    def types_code(self, who: int, typed: Typed) -> None:
        self._do(self.play.types_code(len(CUSTOMERS) + who, typed), self.play.runs())

    def teardown(self) -> None:
        """The play comes to its end, unless it broke off."""
        try:
            if not self.broken:
                self.place.run(self.play.ends(), self.play.tenant)
        finally:
            self.place.run(self.place.lay_to_rest(self.play.tenant), self.play.tenant)
