"""One line of time: what was said, done, read and decided stands in the order in which it happened."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.console import words
from service.console.flow_map import flow_map
from service.console.sentences import sentence, who
from service.console.timeline import refunds_text, timeline
from service.store.arrivals import POSITIONS
from service.store.journal import Written
from service.store.story import Called, Head, Said, Story
from tools.catalogue import CATALOGUE
from tools.money import Money
from tools.ports import ActionStatus, Lane, Verification
from workflows.catalogue import FLOWS
from workflows.outcome import Reason
from workflows.ticket import Author, TicketStatus

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
NAMES = {"per_ann": "Ann Okafor"}
numbers = itertools.count(1)


def after(seconds: float) -> datetime:
    """So many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def entry(kind: str, seconds: float, data: dict[str, Any], actor: str = "bot") -> Written:
    """A journal entry of the first turn."""
    return Written("tkt_1", next(numbers), after(seconds), kind, actor, 1, data, "hash")


def said(author: str, seconds: float, text: str = "…") -> Said:
    """A message of the first turn."""
    return Said(f"msg_{next(numbers)}", author, None, text, after(seconds), POSITIONS, None, ())


def called(seconds: float, status: str = "succeeded", amount: Money | None = None) -> Called:
    """An action."""
    blank = dict.fromkeys(("rule", "code", "confirmed_by", "receipt", "sent_at", "ended_at", "order_id", "intent", "job"))
    texts = dict.fromkeys(("sentence", "policy_version", "requester", "key", "lane", "decision"), "")
    fixed = {"tool": "issue_refund", "effect": "MONEY", "args": {}, "facts": {}, "looks": (), "created_at": after(seconds)}
    return Called(id=f"act_{next(numbers)}", money=amount, status=status, **fixed, **blank, **texts)


def story(*parts: Said | Called | Written) -> Story:
    """A ticket to which this happened."""
    head = Head(**dict.fromkeys(Head.__slots__, ""))  # type: ignore[arg-type]
    kinds = ([part for part in parts if isinstance(part, kind)] for kind in (Said, Called, Written))
    messages, actions, entries = kinds
    return Story(head, tuple(messages), tuple(actions), None, None, tuple(entries), NAMES)  # type: ignore[arg-type]


def line(*parts: Said | Called | Written) -> list[str]:
    """The stations in words."""
    items = timeline(story(*parts))
    names = {"said": "said", "called": "called", "model": "model", "read": "read", "happened": "happened"}
    return [item.said.author if item.said else item.read.tool if item.read else item.line or names[item.kind] for item in items]


def test_a_turn_reads_as_question_route_look_act_and_answer() -> None:
    routed = entry(
        "ticket.routed", 3, {"intent": "cancel_order", "confidence": 0.99, "flow": "cancel_order", "lane": "workflow"}
    )
    looked = entry("tool.called", 3, {"tool": "find_orders", "args": {}, "ok": True})
    act = called(2)
    told = line(
        said("bot", 3),
        act,
        entry("action.proposed", 2, {"action_id": act.id}),
        looked,
        entry("ticket.moved", 3, {"from": "new", "to": "working"}),
        routed,
        said("customer", 0),
    )
    assert told == [
        "customer",
        "Understood as “cancel order”, 99% sure; goes to flow cancel order",
        "find_orders",
        "called",
        "New → At work",
        "bot",
    ]


def test_an_action_that_was_confirmed_later_stands_where_it_was_first_wanted() -> None:
    act = called(2)
    again = replace(entry("action.succeeded", 61, {"action_id": act.id}, "system"), turn=2)
    thanks = replace(entry("ticket.moved", 62, {"from": "waiting_customer", "to": "resolved"}), turn=2)
    route = {"intent": "cancel_order", "confidence": 0.99, "flow": "cancel_order", "lane": "workflow"}
    told = line(
        said("customer", 0),
        entry("action.proposed", 2, {"action_id": act.id}),
        entry("ticket.routed", 3, route),
        again,
        thanks,
        act,
    )
    assert told == [
        "customer",
        "Understood as “cancel order”, 99% sure; goes to flow cancel order",
        "called",
        "Waits for the customer → Resolved",
    ]


def test_what_two_turns_did_in_one_instant_is_not_shuffled() -> None:
    first, second = called(0), called(0)
    told = line(
        entry("action.proposed", 0, {"action_id": first.id}),
        entry("ticket.moved", 0, {"from": "new", "to": "working"}),
        replace(entry("action.proposed", 0, {"action_id": second.id}), turn=2),
        replace(entry("ticket.moved", 0, {"from": "working", "to": "resolved"}), turn=2),
        second,
        first,
    )
    assert told == ["called", "New → At work", "called", "At work → Resolved"]


def test_an_actions_own_entries_are_its_history_and_no_stations() -> None:
    act = called(1)
    mine = [entry("action.proposed", 1, {"action_id": act.id}), entry("action.sent", 2, {"action_id": act.id})]
    other = entry("action.sent", 3, {"action_id": "act_of_another"})
    (item,) = timeline(story(act, *mine, other))
    assert item.history == tuple(mine)


def test_a_vote_is_a_station_where_it_was_cast() -> None:
    act = called(1)
    wanted = entry("action.proposed", 1, {"action_id": act.id})
    vote = entry("approval.voted", 90, {"action_id": act.id, "decision": "approve", "reason": ""}, "person:per_ann")
    assert line(act, wanted, vote) == ["called", "Ann Okafor approved it"]


def test_a_refused_call_stands_once_with_its_rule() -> None:
    call = {"tool": "get_order", "args": {"order_id": "D-1"}, "code": "not_found", "rule": None}
    refused, noted = entry("tool.refused", 1, call), entry("tool.called", 2, call | {"ok": False})
    (item,) = timeline(story(refused, noted))
    assert item.read is not None
    assert (item.read.ok, item.read.code) == (False, "not_found")


def test_a_model_step_shows_what_it_asked_and_what_it_was_answered() -> None:
    call = {"type": "tool_use", "id": "toolu_1", "name": "search_articles", "input": {"query": "repair"}}
    content = [{"type": "text", "text": "Let me look."}, call]
    said_by_model = {"reply": {"content": content, "model": "m"}}
    reply = entry("agent.reply", 1, {"number": 1, "reply": said_by_model, "spent": {"tokens": 90, "microusd": 7}})
    answered = {"toolu_1": {"tool": "search_articles", "ok": True, "data": {"articles": []}}}
    opening = {"opening.get_customer": {"tool": "get_customer", "ok": True, "data": {"customer": {}}}}
    first = entry("agent.step", 0, {"number": 1, "results": opening})
    second = entry("agent.step", 2, {"number": 2, "results": answered})
    noted = entry("tool.called", 2, {"tool": "search_articles", "args": {"query": "repair"}, "ok": True})
    looked, step = timeline(story(first, reply, second, noted))
    assert looked.read is not None
    assert looked.read.tool == "get_customer"
    assert step.model is not None
    assert (step.model.text, step.model.tokens, step.model.microusd) == ("Let me look.", 90, 7)
    assert step.model.calls[0].args == {"query": "repair"}
    assert step.model.calls[0].result == {"articles": []}


def test_a_step_that_the_model_never_answered_leaves_no_empty_card() -> None:
    assert line(entry("agent.reply", 1, {"number": 1, "reply": None, "spent": {}})) == []


def test_an_agent_that_was_stopped_says_why() -> None:
    assert line(entry("agent.step", 1, {"number": 2, "results": {}, "stop": "taken_over"})) == ["The agent stopped: taken over"]


@pytest.mark.parametrize(
    ("kind", "actor", "data", "told"),
    [
        ("ticket.escalated", "system", {"reason": "customer_asked"}, "Given to people: asked for a person"),
        ("ticket.taken_over", "person:per_ann", {}, "Ann Okafor took the ticket over"),
        ("escalation.claimed", "person:per_gone", {}, "Somebody claimed the ticket"),
        ("flow.moved", "bot", {"flow": "cancel_order", "from": None, "to": "confirming"}, "Flow cancel order: confirming"),
        ("ticket.routed", "bot", {"intent": "complaint", "lane": "agent"}, "Understood as “complaint”; goes to the agent"),
        ("ticket.routed", "bot", {"intent": "complaint", "lane": "human"}, "Understood as “complaint”; goes to a person"),
        ("ticket.routed", "bot", {"intent": "thanks", "lane": None, "flow": None}, "Understood as “thanks”; needs no answer"),
        (
            "approval.voted",
            "person:per_ann",
            {"action_id": "act_1", "decision": "deny", "reason": "Too much."},
            "Ann Okafor denied it: “Too much.”",
        ),
        ("door.opened", "key:key_1", {"door": "mcp"}, "An API key let an assistant in over MCP"),
        ("agent.ended", "agent", {"ending": "AskCustomer"}, "The agent asks the customer"),
        ("agent.ended", "agent", {"ending": "max_steps"}, "The agent stopped: max steps"),
        ("something.new", "system", {}, "Something: new (Deskrail)"),
        ("message.received", "customer", {}, ""),
    ],
)
def test_the_journal_speaks_in_sentences(kind: str, actor: str, data: dict[str, Any], told: str) -> None:
    assert sentence(entry(kind, 0, data, actor), NAMES) == told


def test_an_erased_entry_is_still_a_station() -> None:
    erased = Written("tkt_1", 1, NOON, "ticket.escalated", "system", 1, None, "hash")
    assert line(erased) == ["Given to people: "]


def test_actors_have_names() -> None:
    assert who("person:per_ann", NAMES) == "Ann Okafor"
    assert who("flow:return_refund", NAMES) == "Flow return or refund"
    assert who("bot", NAMES) == "Deskrail"


def test_money_that_went_back_is_told_apart_from_money_on_its_way() -> None:
    parts = [called(0, amount=Money(1_000, "USD")), called(1, amount=Money(500, "USD"))]
    moving = called(2, status="unknown", amount=Money(700, "EUR"))
    refused = called(3, status="refused", amount=Money(9_900, "USD"))
    assert refunds_text(story(*parts, moving, refused)) == "$15.00 done, €7.00 under way"
    assert refunds_text(story(refused)) == ""


@pytest.mark.parametrize("name", list(FLOWS))
def test_a_flow_is_drawn_with_every_state_once_and_the_ticket_on_it(name: str) -> None:
    machine = FLOWS[name].machine
    states = [str(state.value) for state in machine.states]
    moved = {"flow": name, "from": states[0], "to": states[1]}
    entries = [entry("flow.moved", 0, moved), entry("flow.moved", 0, {"flow": "another", "to": states[-1]})]
    drawn = flow_map(name, machine, states[1], entries)
    assert sorted(station.name for station in drawn.stations) == sorted(words.words(state) for state in states)
    assert [station.name for station in drawn.stations if station.here] == [words.words(states[1])]
    assert {station.name for station in drawn.stations if station.passed} == {words.words(state) for state in states[:2]}
    finals = [station.final for station in drawn.stations]
    assert finals == sorted(finals), "Ends stand last."


def test_every_word_of_a_closed_list_has_one_for_people() -> None:
    lists = (
        (words.STATUS, TicketStatus),
        (words.LANE, Lane),
        (words.REASON, Reason),
        (words.AUTHOR, Author),
        (words.VERIFICATION, Verification),
        (words.ACTION, ActionStatus),
        (words.TOOL, CATALOGUE),
    )
    for told, values in lists:
        assert {str(value) for value in values} <= set(told)
