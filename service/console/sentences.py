"""Journal entries as sentences for people: who did what, in the words of the console."""

from collections.abc import Callable, Mapping

from service.console import words
from service.store.journal import Written
from tools.ports import Json

Sentence = Callable[[str, Mapping[str, Json]], str]
"""From the actor's name and the entry's data; an empty one is not shown."""


def sentence(entry: Written, names: Mapping[str, str]) -> str:
    """What an entry says; a kind that nobody wrote a sentence for is shown by its own name."""
    actor = who(entry.actor, names)
    told = _SENTENCES.get(entry.kind)
    return told(actor, entry.data or {}) if told else f"{words.words(entry.kind)} ({actor})"


def who(actor: str, names: Mapping[str, str]) -> str:
    """An actor of the journal in words: a person's name, or what acted."""
    kind, _, person = actor.partition(":")
    if kind == "person":
        return names.get(person, "Somebody")
    if kind == "flow":
        return f"Flow {words.words(person).lower()}"
    known = {
        "key": "An API key",
        "operator": "An operator",
        "bot": "Deskrail",
        "system": "Deskrail",
        "customer": "The customer",
        "message": "In a message",
    }
    return known.get(kind, words.words(kind))


def _moved(actor: str, data: Mapping[str, Json]) -> str:
    old, new = (words.named(words.STATUS, str(data.get(side, ""))) for side in ("from", "to"))
    return f"{old} → {new}"


def _flow_moved(actor: str, data: Mapping[str, Json]) -> str:
    return f"Flow {words.words(str(data.get('flow', ''))).lower()}: {words.words(str(data.get('to') or '')).lower()}"


def _routed(actor: str, data: Mapping[str, Json]) -> str:
    share = f", {data['confidence']:.0%} sure" if isinstance(data.get("confidence"), float) else ""
    return f"Understood as “{words.words(str(data.get('intent', ''))).lower()}”{share}{_goes(data)}"


def _goes(route: Mapping[str, Json]) -> str:
    match route:
        case {"flow": str(flow)}:
            return f"; goes to flow {words.words(flow).lower()}"
        case {"lane": "agent"}:
            return "; goes to the agent"
        case {"lane": "human"}:
            return "; goes to a person"
        case {"lane": None}:
            return "; needs no answer"
        case _:
            return ""


def _escalated(actor: str, data: Mapping[str, Json]) -> str:
    return f"Given to people: {words.named(words.REASON, str(data.get('reason', ''))).lower()}"


def _stopped(actor: str, data: Mapping[str, Json]) -> str:
    return f"The agent stopped: {words.words(str(data['stop'])).lower()}" if data.get("stop") else ""


def _voted(actor: str, data: Mapping[str, Json]) -> str:
    verb = {"approve": "approved", "deny": "denied"}.get(str(data.get("decision")), "voted on")
    why = f": “{data['reason']}”" if data.get("reason") else ""
    return f"{actor} {verb} it{why}"


def _stated(actor: str, data: Mapping[str, Json]) -> str:
    what = "it happened" if data.get("happened") else "it did not happen"
    return f"{actor} found out that {what}: “{data.get('reason', '')}”"


def _paid(actor: str, data: Mapping[str, Json]) -> str:
    what = "Money that was promised has gone out" if data.get("paid_minor") else "Less of the promised money follows, or none"
    return f"{what}: {data.get('paid_by')}"


def _ended(actor: str, data: Mapping[str, Json]) -> str:
    ending = str(data.get("ending", ""))
    return words.ENDING.get(ending) or f"The agent stopped: {words.words(ending).lower()}"


_SENTENCES: Mapping[str, Sentence] = {
    "message.received": lambda actor, data: "",
    "reply.written": lambda actor, data: "",
    "question.asked": lambda actor, data: "",
    "confirmation.asked": lambda actor, data: "",
    "ticket.moved": _moved,
    "ticket.routed": _routed,
    "ticket.handed_over": lambda actor, data: f"Handed to the {data.get('queue')} queue",
    "ticket.escalated": _escalated,
    "ticket.taken_over": lambda actor, data: f"{actor} took the ticket over",
    "ticket.handed_back": lambda actor, data: f"{actor} handed the ticket back to the rails",
    "flow.moved": _flow_moved,
    "escalation.claimed": lambda actor, data: f"{actor} claimed the ticket",
    "escalation.released": lambda actor, data: f"{actor} put the ticket back into the queue",
    "escalation.resolved": lambda actor, data: f"{actor} closed the case",
    "action.accepted": lambda actor, data: f"The shop works on it: {words.named(words.TOOL, str(data.get('tool', '')))}",
    "action.paid": _paid,
    "action.reversed": lambda actor, data: f"The shop reports that {data.get('lost_receipt')} has come to nothing",
    "outcome.stated": _stated,
    "outcome.contradicted": lambda actor, data: f"The shop's books show that it happened after all: {data.get('found')}",
    "identity.proved": lambda actor, data: "The sender typed the code that was sent to the address on file",
    "identity.not_proved": lambda actor, data: "The sender typed a wrong code",
    "turn.superseded": lambda actor, data: "A newer message replaced what was under way",
    "approval.voted": _voted,
    "door.opened": lambda actor, data: f"{actor} let an assistant in over {str(data.get('door', '')).upper()}",
    "agent.step": _stopped,
    "agent.ended": _ended,
}
