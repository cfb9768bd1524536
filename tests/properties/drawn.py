"""What is drawn for a play: what customers want and how far they get with it, what anybody may call, and what goes wrong."""

from typing import Any, Literal, NamedTuple, get_args

from hypothesis import strategies as st

from service.outcomes import BOUNDARIES as OUTCOME_BOUNDARIES
from service.pipeline import BOUNDARIES as PIPELINE_BOUNDARIES
from tests.properties.machines import Meanwhile, Moment
from tests.properties.model import Wish
from tests.properties.premises import FAULTS
from tests.properties.shop import ADDRESS, GOODS, METHODS, OWNERS, PRICES, SHOP
from tools.execution import BOUNDARIES as TOOL_BOUNDARIES

Until = Literal["voted by two", "voted", "carried out", "agreed", "asked"]
"""How far a customer's story gets at once: the first two wait for votes, and the very first has all that it can need.

What is simple to Hypothesis comes first in everything that is drawn, so the longest story comes first here.
"""

VOTERS: dict[Until, tuple[str, ...]] = {"voted": ("sue",), "voted by two": ("sue", "sam")}


class Tale(NamedTuple):
    """A customer's story: which of their tickets, what they want, how far it gets, and what befalls its runs."""

    number: int
    wish: Wish
    until: Until
    at_first: tuple[str, Any]
    at_last: tuple[str, Any]

    @property
    def text(self) -> str:
        """What the customer writes first."""
        assert self.wish.order_id
        return WORDS[self.wish.tool].format(order=self.wish.order_id, item=GOODS[self.wish.order_id][0]["name"])


WORDS = {
    "issue_refund": "The {item} from order {order} arrived broken, I want my money back.",
    "cancel_order": "Please cancel my order {order}, I no longer need it.",
    "return_items": "I want to return the {item} from order {order}, I changed my mind.",
}
RETRACTIONS = ("No, thanks", "Never mind, please forget it.")
IDLE = (
    "Thank you!",
    "Where is my order {order}?",
    "Where is my money for {order}?",
    "Is the chair made of oak?",
    "A human, please!",
)
ORDER = st.sampled_from(sorted(OWNERS))
TICKET = st.integers(0, 5)
PERSON = st.sampled_from(("sue", "sam", "ann"))
SUPERVISOR = st.sampled_from(("sue", "sam"))
DEATHS = st.sampled_from((*PIPELINE_BOUNDARIES, *TOOL_BOUNDARIES, *OUTCOME_BOUNDARIES))
ERRORS = st.sampled_from(sorted(FAULTS))
DEEDS = st.sampled_from(("take_over", "hand_back", "claim", "release", "resolve", "reply"))
SWITCH = st.sampled_from(
    (
        ("tenant", ""),
        ("lane", "workflow"),
        ("lane", "human"),
        ("lane", "agent"),
        ("tool", "issue_refund"),
        ("tool", "cancel_order"),
        ("effect", "MONEY"),
    )
)
WELL = ("", "")
_MEANWHILE = st.tuples(
    # Where a worker loses its ticket for good, it must not go on: that is tried more often than anything else.
    st.sampled_from((*get_args(Meanwhile), "asks a person", "asks a person", "adopted")),
    st.sampled_from(get_args(Moment)),
).map(lambda drawn: ("meanwhile", drawn))
MISHAP = st.one_of(
    st.just(WELL),
    _MEANWHILE,
    st.tuples(st.just("error"), ERRORS),
    st.tuples(st.just("death"), DEATHS),
    st.tuples(st.just("death and switch"), st.sampled_from(("after_decision", "before_sent", "after_sent"))),
    _MEANWHILE,
)
"""What befalls a run: the shop errs, the worker dies (and a switch is thrown before another goes on), or it is not alone."""


def _refunds(*orders: str) -> list[Wish]:
    return [Wish("issue_refund", order) for order in orders]


UNASKED = [
    # Several of these together are more than the window allows to one customer, or to a card that two of them share.
    *_refunds("A-100001", "A-100002", "B-100001"),
    *(Wish("cancel_order", order) for order in ("A-100005", "A-100008")),
    *(Wish("return_items", order["id"]) for order in SHOP["orders"] if order["status"] == "delivered"),
]
ONE_VOTE = [*_refunds("A-100003"), Wish("cancel_order", "B-100002")]
TWO_VOTES = _refunds("A-100004")
ANY = [Wish(tool, order) for tool in WORDS for order in OWNERS]
WISH = st.one_of(*(st.sampled_from(wishes) for wishes in (TWO_VOTES, UNASKED[:3], UNASKED[:3], ONE_VOTE, UNASKED)))
"""What somebody wants and may get; the money that two people have to vote on is as common as any."""

UNTIL = st.sampled_from((*get_args(Until), "voted by two", "voted", "carried out"))
TALE = st.builds(
    Tale,
    TICKET,
    st.one_of(WISH, WISH, st.sampled_from(ANY)),
    UNTIL,
    st.one_of(st.just(WELL), MISHAP),
    st.one_of(st.just(WELL), MISHAP),
)
MANNER = st.sampled_from(("prompt",) * 4 + ("slow", "forgetful"))
SELDOM = st.sampled_from((False,) * 9 + (True,))


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
