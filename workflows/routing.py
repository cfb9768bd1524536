"""Which lane works a ticket next, and why, in a code for programs and a sentence for people."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from classifier.intents import Intent
from classifier.prediction import Prediction
from classifier.prediction import Reason as Read
from tools.ports import Lane, Verification
from workflows.asking_after import asks_where
from workflows.catalogue import INTENT_FLOWS, READING_FLOWS
from workflows.confirm import Answer, read_answer
from workflows.outcome import Reason
from workflows.ticket import Ticket, Wish
from workflows.unwanted import unwanted
from workflows.verify_identity import VerifyIdentityFlow


class Mode(StrEnum):
    """How much a tenant lets the machine do."""

    NORMAL = "normal"
    WORKFLOWS_ONLY = "workflows_only"
    READ_ONLY = "read_only"


@dataclass(frozen=True, slots=True)
class Modes:
    """What a tenant's settings say about routes.

    `out_of_scope_to_agent` gives messages that no intent covers to the agent instead of to people. `verifies` says that an
    unknown sender can be sent a code.
    """

    mode: Mode = Mode.NORMAL
    out_of_scope_to_agent: bool = False
    verifies: bool = False


class RouteCode(StrEnum):
    """Why a route was chosen; a closed list."""

    CONFIDENT = "confident"
    NO_FLOW = "no_flow"
    LOW_CONFIDENCE = "low_confidence"
    SEVERAL_INTENTS = "several_intents"
    LANGUAGE = "language"
    EMPTY = "empty"
    CUSTOMER_ASKED = "customer_asked"
    OUT_OF_SCOPE = "out_of_scope"
    IDENTITY = "identity"
    IDENTITY_ASKED = "identity_asked"
    WORKFLOWS_ONLY = "workflows_only"
    READ_ONLY = "read_only"
    AUTO_REPLY = "auto_reply"
    THANKS = "thanks"
    REVISIT = "revisit"
    UNWANTED = "unwanted"
    SEPARABLE = "separable"
    ASKS_WHERE = "asks_where"


SENTENCES: dict[RouteCode, str] = {
    RouteCode.CONFIDENT: "The intent is clear and a flow serves it.",
    RouteCode.NO_FLOW: "The intent is clear and no flow serves it.",
    RouteCode.LOW_CONFIDENCE: "It is not clear enough what the customer wants.",
    RouteCode.SEVERAL_INTENTS: "The customer wants several things at once.",
    RouteCode.LANGUAGE: "The message is in a language that the flows do not speak.",
    RouteCode.EMPTY: "The message holds no text of the customer's own.",
    RouteCode.CUSTOMER_ASKED: "The customer asks for a person.",
    RouteCode.OUT_OF_SCOPE: "The message is about something that we do not handle.",
    RouteCode.IDENTITY_ASKED: "The sender is not verified, so a code goes to the address on file first.",
    RouteCode.IDENTITY: "The sender is not verified, and what they want needs an account.",
    RouteCode.WORKFLOWS_ONLY: "Only flows are allowed now, and no flow can take this.",
    RouteCode.READ_ONLY: "Nothing may be changed now, and this wants a change.",
    RouteCode.AUTO_REPLY: "A machine wrote this, and nobody waits for an answer.",
    RouteCode.THANKS: "The customer only says thank you.",
    RouteCode.UNWANTED: "The customer says that what a flow would do is not to be done.",
    RouteCode.SEPARABLE: "The customer wants several things, each is clear, and a flow serves each.",
    RouteCode.ASKS_WHERE: "The customer names an order, asks where it is, and says nothing else.",
    RouteCode.REVISIT: "The customer comes back to what the ticket was about.",
}
"""Each code's sentence for people."""


@dataclass(frozen=True, slots=True)
class Route:
    """Who works the ticket next. `lane` is None when the ticket is closed without a word.

    `flow` names the flow of the workflow lane, `text` what it shall hear if that is not the whole message, and `later` the
    wishes of the same message that come after it. `escalation` is the reason for people in the human lane, and what the agent
    is told (and people, if the agent cannot either) in the agent lane.
    """

    lane: Lane | None
    reason: RouteCode
    flow: str | None = None
    escalation: Reason | None = None
    text: str | None = None
    later: tuple[Wish, ...] = ()

    @property
    def sentence(self) -> str:
        """The reason in a sentence for people."""
        return SENTENCES[self.reason]


# What can be answered without knowing who asks.
_PUBLIC: Collection[Intent] = frozenset({Intent.PRODUCT_QUESTION})
_CLOSED = {Read.AUTO_REPLY: RouteCode.AUTO_REPLY}
_UNSURE = {
    Read.LOW_CONFIDENCE: RouteCode.LOW_CONFIDENCE,
    Read.SEVERAL_INTENTS: RouteCode.SEVERAL_INTENTS,
    Read.LANGUAGE: RouteCode.LANGUAGE,
    Read.EMPTY: RouteCode.EMPTY,
}


def route(prediction: Prediction, ticket: Ticket, modes: Modes) -> Route:
    """Choose the lane for a message that nothing on the ticket waits for. It grants no right: the tool layer decides those."""
    if prediction.reason in _CLOSED:
        return Route(None, _CLOSED[prediction.reason])
    if read_answer(prediction.text) is Answer.THANKS:
        return Route(None, RouteCode.THANKS)
    if prediction.automatic and prediction.intent is Intent.HUMAN_PLEASE:
        return Route(Lane.HUMAN, RouteCode.CUSTOMER_ASKED, escalation=Reason.CUSTOMER_ASKED)
    if prediction.reason is Read.OUT_OF_SCOPE or (prediction.automatic and prediction.intent is Intent.OUT_OF_SCOPE):
        lane = Lane.AGENT if modes.out_of_scope_to_agent else Lane.HUMAN
        return _allowed(Route(lane, RouteCode.OUT_OF_SCOPE, escalation=Reason.OUT_OF_SCOPE), modes)
    if ticket.customer.verification is Verification.NONE and not (prediction.automatic and prediction.intent in _PUBLIC):
        return unknown_sender(modes)
    if prediction.separable and (each := _each_served(prediction, modes)):
        return each
    doubtful = prediction.reason is Read.LOW_CONFIDENCE or prediction.intent is Intent.DELIVERY_PROBLEM
    if doubtful and asks_where(prediction.text):
        return _allowed(Route(Lane.WORKFLOW, RouteCode.ASKS_WHERE, flow=INTENT_FLOWS[Intent.ORDER_STATUS]), modes)
    if not prediction.automatic:
        return _allowed(Route(Lane.AGENT, _UNSURE[prediction.reason], escalation=Reason.LOW_CONFIDENCE), modes)
    flow = INTENT_FLOWS.get(prediction.intent)
    if flow is None:
        return _allowed(Route(Lane.AGENT, RouteCode.NO_FLOW, escalation=Reason.OUT_OF_SCOPE), modes)
    if _unwanted(flow, prediction.text):
        return _allowed(Route(Lane.AGENT, RouteCode.UNWANTED, escalation=Reason.LOW_CONFIDENCE), modes)
    return _allowed(Route(Lane.WORKFLOW, RouteCode.CONFIDENT, flow=flow), modes)


def _each_served(prediction: Prediction, modes: Modes) -> Route | None:
    """A flow for each of several wishes, questions first since they change nothing; None when one of them has none."""
    wishes = [Wish(INTENT_FLOWS[part.intent], part.text) for part in prediction.parts if part.intent in INTENT_FLOWS]
    routes = [_allowed(Route(Lane.WORKFLOW, RouteCode.SEPARABLE, flow=wish.flow), modes) for wish in wishes]
    if len(wishes) < len(prediction.parts) or any(one.lane is not Lane.WORKFLOW for one in routes):
        return None
    if any(_unwanted(wish.flow, wish.text) for wish in wishes):
        return None
    first, *later = sorted(wishes, key=lambda wish: wish.flow not in READING_FLOWS)
    return Route(Lane.WORKFLOW, RouteCode.SEPARABLE, flow=first.flow, text=first.text, later=tuple(later))


def _unwanted(flow: str, text: str) -> bool:
    return flow not in READING_FLOWS and unwanted(text, flow)


def revisit(flow: str, ticket: Ticket, modes: Modes) -> Route:
    """The lane for a message that comes back to what a flow has answered."""
    if ticket.customer.verification is Verification.NONE:
        return unknown_sender(modes)
    return _allowed(Route(Lane.WORKFLOW, RouteCode.REVISIT, flow=flow), modes)


def unknown_sender(modes: Modes) -> Route:
    """Who takes a ticket whose sender nobody vouches for: a code proves them where one can be sent, else people."""
    if modes.verifies:
        return Route(Lane.WORKFLOW, RouteCode.IDENTITY_ASKED, flow=VerifyIdentityFlow.name)
    return Route(Lane.HUMAN, RouteCode.IDENTITY, escalation=Reason.IDENTITY)


def _allowed(wanted: Route, modes: Modes) -> Route:
    """The route, or people where the tenant's mode does not allow it."""
    if modes.mode is Mode.NORMAL or wanted.lane is Lane.HUMAN:
        return wanted
    if wanted.lane is Lane.AGENT and modes.mode is Mode.WORKFLOWS_ONLY:
        return Route(Lane.HUMAN, RouteCode.WORKFLOWS_ONLY, escalation=wanted.escalation)
    if wanted.lane is Lane.WORKFLOW and modes.mode is Mode.READ_ONLY and wanted.flow not in READING_FLOWS:
        return Route(Lane.HUMAN, RouteCode.READ_ONLY, escalation=Reason.KILLED)
    return wanted
