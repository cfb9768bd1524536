"""The shape of an incoming message: what is ignored, what is cleaned, what is refused."""

import copy
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from service.payload import EXAMPLE, Delivery


def with_(path: str, value: Any) -> dict[str, Any]:
    """The example body with one value changed; `path` is dotted."""
    body = copy.deepcopy(EXAMPLE)
    *parents, last = path.split(".")
    node: Any = body
    for part in parents:
        node = node[part]
    node[last] = value
    return body


def without(path: str) -> dict[str, Any]:
    """The example body with one value taken away."""
    body = copy.deepcopy(EXAMPLE)
    *parents, last = path.split(".")
    node: Any = body
    for part in parents:
        node = node[part]
    del node[last]
    return body


def test_the_contracts_body_is_read() -> None:
    data = Delivery.model_validate(EXAMPLE).data
    assert (data.ticket.external_id, data.customer.external_id, data.message.external_id) == ("T-1001", "cus_1", "m-1")
    assert data.customer.verified is True
    assert data.message.sent_at == datetime(2026, 11, 20, 9, 59, 58, tzinfo=UTC)


def test_a_field_that_we_do_not_know_is_ignored() -> None:
    body = with_("data.ticket.priority", "urgent") | {"account": 7}
    assert Delivery.model_validate(body) == Delivery.model_validate(EXAMPLE)


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("data.ticket.subject", ""),
        ("data.customer.email", None),
        ("data.customer.name", None),
        ("data.message.attachments", ()),
    ],
)
def test_what_a_help_desk_may_not_know_may_be_missing(path: str, kept: object) -> None:
    data = Delivery.model_validate(without(path)).data
    part, field = path.split(".")[1:]
    assert getattr(getattr(data, part), field) == kept


def test_a_sender_is_unverified_unless_the_help_desk_says_otherwise() -> None:
    assert Delivery.model_validate(without("data.customer.verified")).data.customer.verified is False


WRONG = {
    "another type": with_("type", "ticket.closed"),
    "no type": without("type"),
    "no data": without("data"),
    "no ticket id": without("data.ticket.external_id"),
    "no text": without("data.message.text"),
    "no time": without("data.message.sent_at"),
    "an empty ticket id": with_("data.ticket.external_id", ""),
    "a long ticket id": with_("data.ticket.external_id", "x" * 201),
    "a number as ticket id": with_("data.ticket.external_id", 1001),
    "a ticket id with NUL": with_("data.ticket.external_id", "T-1\0"),
    "a ticket id with a line break": with_("data.ticket.external_id", "T-1\nT-2"),
    "a customer id with a line separator": with_("data.customer.external_id", "cus\u2028_1"),
    "a message id with an escape": with_("data.message.external_id", "\x1b[31mm-1"),
    "an address with a line break": with_("data.customer.email", "ada@example.com\r\nBcc: eve@example.com"),
    "a long address": with_("data.customer.email", "a" * 321),
    "a long text": with_("data.message.text", "x" * 100_001),
    "a list as text": with_("data.message.text", ["x"]),
    "verified as text": with_("data.customer.verified", "true"),
    "verified as a number": with_("data.customer.verified", 1),
    "a time without a zone": with_("data.message.sent_at", "2026-11-20T09:59:58"),
    "a date": with_("data.message.sent_at", "2026-11-20"),
    "seconds since 1970": with_("data.message.sent_at", 1795000000),
    "seconds since 1970 as text": with_("data.message.sent_at", "1795000000"),
    "a time that does not exist": with_("data.message.sent_at", "2026-02-30T09:59:58Z"),
    "a time before the calendar": with_("data.message.sent_at", "0001-01-01T00:00:00+14:00"),
    "a time in full-width digits": with_("data.message.sent_at", "２０２６-11-20T09:59:58Z"),
    "too many attachments": with_("data.message.attachments", [{}] * 101),
    "an attachment that is a text": with_("data.message.attachments", ["a.png"]),
    "an attachment of a negative size": with_("data.message.attachments", [{"size": -1}]),
    "a long channel": with_("data.ticket.channel", "x" * 41),
    "a list": [],
    "a text": "ticket.message",
    "null": None,
}


@pytest.mark.parametrize("body", WRONG.values(), ids=WRONG.keys())
def test_a_body_of_another_shape_is_refused(body: object) -> None:
    with pytest.raises(ValidationError):
        Delivery.model_validate(body)


def test_characters_that_nobody_can_store_are_dropped_from_the_text_and_nothing_else_is() -> None:
    data = Delivery.model_validate(with_("data.message.text", "a\0b\x07\tc\r\nd\u200be\u0301")).data
    assert data.message.text == "ab\tc\r\nd\u200be\u0301"


def test_a_subject_becomes_one_line() -> None:
    assert Delivery.model_validate(with_("data.ticket.subject", "Re:\r\nBcc: x\0")).data.ticket.subject == "Re:  Bcc: x "


@pytest.mark.parametrize("twin", ["T-1001 ", " T-1001", "t-1001", "T-1001\u200b", "Т-1001", "T\u20111001", "T-１００１"])
def test_an_id_that_only_looks_the_same_stays_another_id(twin: str) -> None:
    assert Delivery.model_validate(with_("data.ticket.external_id", twin)).data.ticket.external_id == twin


def test_a_message_cannot_be_changed_after_it_was_read() -> None:
    message = Delivery.model_validate(EXAMPLE).data.message
    with pytest.raises(ValidationError):
        message.text = "another"
