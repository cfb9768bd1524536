"""What customers read."""

import re
from pathlib import Path

import pytest
from jinja2.exceptions import SecurityError, UndefinedError

from tests.workflows.goods import HOME, an_order
from tests.workflows.talk import a_ticket
from workflows.errors import UnknownReply
from workflows.replies import check_templates, render, reply_names
from workflows.replies.renderer import TEMPLATES, environment
from workflows.wording import address_text, first_name, items_text, join, order_text

ROOT = Path(__file__).parents[2]


def test_the_shipped_templates_have_no_findings() -> None:
    assert list(check_templates()) == []


def test_every_template_is_used_and_every_used_one_exists() -> None:
    sources = "".join(
        path.read_text() for package in ("workflows", "agent", "service") for path in (ROOT / package).rglob("*.py")
    )
    assert {name for name in reply_names() if f'"{name}"' not in sources} == set()
    rendered = set(re.findall(r'(?:render|words)\(\s*"(\w+)"', sources))
    assert rendered
    assert rendered <= set(reply_names())


@pytest.mark.parametrize(
    ("source", "line", "message"),
    [
        ("Hello {{ name }}", 1, "first line must say"),
        ("{# Needs: name. #}\n\nHello {{ nmae }}", 3, "uses 'nmae'"),
        ("{# Needs: name, other. #}\nHello {{ name }}", 1, "asks for 'other'"),
        ("{# Needs: name. #}\n{% if name %}\nHello", 3, "does not compile"),
        ("{# Needs: name. #}\n{{ name }}\n<b>bold</b>", 3, "looks like HTML"),
        ("{# Needs: amount. #}\nI have refunded {{ amount }}.", 2, "shows no receipt"),
        ("{# Needs: order. #}\nOrder {{ order }} is now cancelled.", 2, "shows no receipt"),
        ('{# Needs: name. #}\n{% include "_gone.txt" %}{{ name }}', 1, "does not exist"),
    ],
)
def test_a_broken_template_is_found_with_its_line(tmp_path: Path, source: str, line: int, message: str) -> None:
    (tmp_path / "reply.txt").write_text(source)
    findings = list(check_templates(tmp_path))
    assert any(finding.line == line and message in finding.message for finding in findings), findings
    assert {finding.file.name for finding in findings} == {"reply.txt"}


def test_a_claim_with_its_receipt_is_fine(tmp_path: Path) -> None:
    (tmp_path / "reply.txt").write_text("{# Needs: amount, receipt. #}\nI have refunded {{ amount }}: {{ receipt }}.")
    assert list(check_templates(tmp_path)) == []


def test_a_missing_value_is_an_error_and_not_a_gap() -> None:
    with pytest.raises(UndefinedError):
        render("refused_bad_state")
    with pytest.raises(UnknownReply):
        render("no_such_reply")


@pytest.mark.parametrize("reply", ["cancelled", "refunded", "return_accepted", "money_paid"])
def test_whoever_is_paid_in_store_credit_is_not_told_to_wait_for_a_bank(reply: str) -> None:
    said = {"order_id": "D-100001", "what": "Lamp", "amount": "$25.00", "receipt": "rcp_1", "paid": True, "rest": None}
    credit, card = (render(reply, destination=purse, **said) for purse in ("store credit", "Visa ending 4242"))
    assert "store credit. You can use it for your next order.\n\nYour reference is rcp_1." in credit.replace(" at once", "")
    assert "bank" not in credit
    assert "Your bank may need a few days to show it.\n\nYour reference is rcp_1." in card


def test_the_bank_is_spoken_of_in_one_place() -> None:
    speaking = {path.name for path in TEMPLATES.glob("*.txt") if "bank" in path.read_text("utf-8").lower()}
    assert speaking == {"_shows.txt", "refund_status.txt"}


@pytest.mark.parametrize("reply", ["cannot_cancel", "cannot_change_address"])
def test_an_order_that_is_only_packed_is_not_said_to_have_left(reply: str) -> None:
    assert "is packed for the carrier already" in render(reply, order_id="D-100001", status="processed")
    assert "has left our hands" in render(reply, order_id="D-100001", status="shipped")


@pytest.mark.parametrize(
    "source", ["{{ ''.__class__.__mro__ }}", "{{ values.append(1) }}", "{{ render.__globals__ }}", "{{ values.clear() }}"]
)
def test_a_template_reaches_nothing_outside_and_changes_nothing(tmp_path: Path, source: str) -> None:
    template = environment(tmp_path).from_string(source)
    with pytest.raises(SecurityError):
        template.render(values=[1], render=render)


def test_values_are_text_and_never_templates() -> None:
    text = render("refused_bad_state", order_id="{{ 7 * 7 }}", first_name="Ada")
    assert "{{ 7 * 7 }}" in text
    assert "49" not in text


def test_a_customer_without_a_name_is_greeted_all_the_same() -> None:
    assert render("silence").startswith("Hello,\n\nI have not heard back")
    assert render("silence", first_name="Ada").startswith("Hi Ada,\n\nI have not")


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("Ada Lovelace", "Ada"),
        ("Jean-Luc", "Jean-Luc"),
        ("O'Neil Smith", "O'Neil"),
        (None, None),
        ("", None),
        ("http://evil.example", None),
        ("1337", None),
        ("Lovelace, Ada", None),
        ("Mr John Smith", "John"),
        ("Prof. Dr. Grace Hopper", "Grace"),
        ("Mrs. Smith", None),
        ("Dr", None),
    ],
)
def test_only_what_can_be_a_name_is_a_greeting(name: str | None, first: str | None) -> None:
    ticket = a_ticket()
    customer = type(ticket.customer)(ticket.customer.id, ticket.customer.external_id, ticket.customer.verification, name=name)
    assert first_name(a_ticket(customer=customer)) == first


def test_orders_items_and_addresses_in_a_customers_words() -> None:
    order = an_order("D-100001", "Mug", "Mug", "Lamp")
    assert items_text(order.items) == "2 x Mug and Lamp"
    assert order_text(order) == "D-100001, placed on 1 November 2026: Mug and 2 more"
    assert address_text(HOME) == "Ada Lovelace\n12 Elm Street\nSpringfield IL 62704\nUnited States"
    assert [join(parts) for parts in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]
