"""Customers who only ask how it stands, or only name another order."""

import pytest

from workflows.asking_after import asks_after, asks_where, only_greets, only_refers, wants_on


@pytest.mark.parametrize(
    "text",
    [
        "any news?",
        "Any news on my refund?",
        "hello??",
        "???",
        "hi, any update please?",
        "What's happening with my refund?",
        "still waiting!!",
        "I am still waiting for an answer",
        "How long will this take?",
        "when will i get my money?",
        "is it done yet?",
        "has your colleague decided yet?",
        "Hello? Anybody there?",
        "So? What is taking so long?",
        "when will I hear from you?",
    ],
)
def test_impatience_is_heard_as_a_question_for_how_it_stands(text: str) -> None:
    assert asks_after(text)


@pytest.mark.parametrize(
    "text",
    [
        "where is my other order",
        "here is the photo",
        "is it possible to swap it",
        "when will my parcel D-100001 arrive",
        "hello, I want to cancel",
        "when can i return it",
        "any news? and please cancel my order",
        "hi there",
        "",
    ],
)
def test_what_wants_something_of_its_own_is_more_than_that(text: str) -> None:
    assert not asks_after(text)


@pytest.mark.parametrize(
    "text",
    [
        "D-100002",
        "100002",
        "no, the other order",
        "sorry I meant D-100002",
        "and what about D-100003?",
        "thx! and D-100003?",
        "not that one, the other one",
        "order #W1234567 please",
    ],
)
def test_an_order_that_is_only_named_is_the_same_question_again(text: str) -> None:
    assert only_refers(text)


@pytest.mark.parametrize("text", ["D-100002 is broken", "cancel the other order", "the one from last week", "thanks", "no"])
def test_more_than_a_name_is_read_for_what_it_says(text: str) -> None:
    assert not only_refers(text)


def test_a_very_long_message_is_read_as_fast_as_any() -> None:
    assert not asks_after("any news" + " my" * 1300 + " parrot")


@pytest.mark.parametrize(
    "text",
    [
        "where is D-100001",
        "wheres 100001??",
        "hi, status of order D-100001 pls",
        "track D-100001",
        "Ok thank you. And what about D-100001, was that delivered?",
    ],
)
def test_where_a_numbered_order_is_needs_no_more_words(text: str) -> None:
    assert asks_where(text)


@pytest.mark.parametrize("text", ["where is my order", "where is the refund for D-100001", "D-100001", "cancel D-100001 where"])
def test_where_is_heard_only_if_nothing_else_is_said(text: str) -> None:
    assert not asks_where(text)


def test_a_greeting_is_one_only_if_it_is_all() -> None:
    assert only_greets("Hello!")
    assert only_greets("hi there, good morning")
    assert not only_greets("hi, where is it")
    assert not only_greets("")


def test_who_still_wants_it_wants_to_go_on() -> None:
    assert wants_on("I still want to cancel it")
    assert wants_on("ok let's go on")
    assert not wants_on("I am still waiting")
