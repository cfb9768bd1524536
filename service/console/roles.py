"""Which role may do what in the console, and which buttons would work now; the routes enforce the same sets."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.store import people
from service.store.people import Person, Role
from service.store.sessions import Session
from service.store.shell import Thrown
from service.store.story import Asked, Called, Story
from tools.ports import Effect
from workflows.ticket import TicketStatus

EVERYONE = frozenset(Role)
"""Who reads tickets, the queue and the numbers."""

WORKERS = people.WORKERS
"""Who works tickets: claims, answers, resolves."""

APPROVERS = frozenset({Role.SUPERVISOR})
"""Who votes on approvals. Admins manage; they do not approve money."""

SWITCHERS = people.SWITCHERS
"""Who throws kill switches."""

SETTLERS = people.SETTLERS
"""Who says what became of an action whose outcome nobody knows."""

ADMINS = frozenset({Role.ADMIN})
"""Who manages people."""

AUDITORS = frozenset({Role.ADMIN, Role.AUDITOR})
"""Who reads the tenant's own journal."""

PROVE_FROM_VOTES = 2
"""An approval that asks for this many votes also asks its approvers for their password again, unless they just signed in."""

JUST_SIGNED_IN = timedelta(minutes=10)
"""How long a sign-in counts as proof of who is at the keyboard."""


@dataclass(frozen=True, slots=True)
class Abilities:
    """What this person can do with this ticket at this moment. `why_not` explains a missing composer."""

    claim: bool
    release: bool
    take_over: bool
    hand_back: bool
    resolve: bool
    reply: bool
    note: bool
    why_not: str


def abilities(person: Person, story: Story) -> Abilities:
    """The buttons that work for this person on this ticket."""
    works = person.role in WORKERS
    case = story.case if story.case and story.case.state != "resolved" else None
    mine = works and case is not None and case.owner == person.id
    why_not = "" if mine else _why_not(works, story)
    return Abilities(
        claim=works and case is not None and case.owner is None,
        release=mine,
        take_over=works and case is None,
        hand_back=mine,
        resolve=mine,
        reply=mine,
        note=works,
        why_not=why_not,
    )


def _why_not(works: bool, story: Story) -> str:
    if not works:
        return "Your role reads tickets and does not answer them."
    if story.head.owner_name:
        return f"{story.head.owner_name} has this ticket and answers the customer."
    if story.case and story.case.state == "open":
        return "Claim the ticket to answer the customer."
    if story.head.status in (TicketStatus.RESOLVED, TicketStatus.CLOSED):
        return "This ticket is at rest. Take it over to write to the customer."
    return "The rails work on this ticket. Take it over to answer the customer yourself."


@dataclass(frozen=True, slots=True)
class Ballot:
    """Whether this person may vote on an approval or settle an action, why not, and whether they prove who they are first."""

    open: bool
    why_not: str
    prove: bool


def must_prove(votes_needed: int, voter: Session, now: datetime) -> bool:
    """Whether a vote needs the voter's password: the approval is a large one, and the sign-in was a while ago."""
    return votes_needed >= PROVE_FROM_VOTES and now - voter.created_at > JUST_SIGNED_IN


def settling(settler: Session, called: Called, now: datetime) -> Ballot:
    """This person's standing towards an action whose outcome nobody knows."""
    person, why_not = settler.person, ""
    if person.role not in SETTLERS:
        why_not = "Supervisors and admins settle this."
    elif called.effect == Effect.MONEY and f"person:{person.id}" in (called.requester, called.confirmed_by):
        why_not = "You asked for this money yourself, so somebody else settles it."
    votes = max((asked.votes_needed for asked in called.approvals), default=0)
    return Ballot(not why_not, why_not, must_prove(votes, settler, now))


def stopping(called: Called, thrown: Sequence[Thrown]) -> Thrown | None:
    """The thrown switch that would stop an action now, so that approving it would come to nothing."""
    names = {"effect": called.effect, "tool": called.tool, "lane": called.lane, "intent": called.intent}
    return next((one for one in thrown if one.scope == "tenant" or names.get(one.scope) == one.name), None)


def ballot(voter: Session, called: Called, asked: Asked, now: datetime) -> Ballot:
    """This person's standing towards one approval."""
    person = voter.person
    voted = next((vote for vote in asked.votes if vote.person == person.id), None)
    why_not = ""
    if asked.state != "pending":
        why_not = "This has been decided."
    elif asked.expires_at <= now:
        why_not = "This has expired."
    elif person.role not in APPROVERS:
        why_not = "Supervisors decide this."
    elif called.requester == f"person:{person.id}":
        why_not = "You asked for this yourself, so somebody else decides."
    elif voted is not None:
        why_not = "You have voted. It needs another person."
    return Ballot(not why_not, why_not, must_prove(asked.votes_needed, voter, now))
