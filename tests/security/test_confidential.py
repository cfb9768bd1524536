"""Card numbers and secrets never enter: not a customer's, not a colleague's, and not a model's."""

import re
import string
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from service.store.journal import Entry, Head, chained
from tests.conftest import StandingClock
from tests.rig import rig
from tests.tampering import tables_of
from tools.confidential import masked

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
BRANDS = ("4", "51", "55", "2221", "34", "37", "6011", "65", "3528", "36", "62")
WORDS = st.text(st.characters(exclude_categories=["Nd", "Cs"]), max_size=40)


@st.composite
def cards(draw: st.DrawFn) -> str:
    """A card number with a right check digit."""
    length = draw(st.integers(13, 19))
    body = draw(st.sampled_from(BRANDS))
    body += draw(st.text(string.digits, min_size=length - 1 - len(body), max_size=length - 1 - len(body)))
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in body[::-2])
    return f"{body}{-(doubled + sum(map(int, body[-2::-2]))) % 10}"


@given(cards(), st.sampled_from(["", " ", "-", ".", "\u00a0", " - ", "\u200b", "\u2013"]), WORDS, WORDS)
def test_a_card_number_is_masked_however_it_is_written(card: str, between: str, before: str, after: str) -> None:
    written = between.join(card[n : n + 4] for n in range(0, len(card), 4))
    kept = masked(f"{before} {written} {after}")
    assert card[:-4] not in re.sub(r"\D", "", kept)
    assert f"[card ending {card[-4:]}]" in kept


@pytest.mark.parametrize("before", ["12/29 ", "12/29 123 ", "100001 ", "2026-11-20 07700 900123 "])
@pytest.mark.parametrize("after", ["", " 12/29 123", " 100002 100003"])
def test_a_card_number_among_other_numbers_is_masked(before: str, after: str) -> None:
    written = f"{before}4111 1111 1111 1111{after}"
    assert masked(written) == f"{before}[card ending 1111]{after}"


@given(cards(), WORDS)
def test_no_entry_of_the_journal_holds_a_card_number(card: str, words: str) -> None:
    data = {"args": {"note": f"{words} {card}", "list": [card, {card: card}]}, "amount_minor": 1_999}
    _, rows = chained("tkt_1", "default", Head(0, ""), [Entry("tool.refused", "bot", data)], NOW)
    assert card not in str(rows)
    assert rows[-1][1]["data"]["amount_minor"] == 1_999


@given(st.lists(cards(), min_size=2, max_size=4))
def test_several_cards_in_a_row_are_all_masked(several: list[str]) -> None:
    kept = masked(" ".join(several))
    assert not [card for card in several if card in kept.replace(" ", "")]


@pytest.mark.parametrize(
    "harmless",
    [
        "Order D-100001 of 2026-11-20T12:00:00.000000+00:00, 1,999.00 USD",
        "tracking 1Z999AA10123456784, call +44 20 7946 0958, IBAN GB82 WEST 1234 5698 7654 32",
        "4242424242424241 has a wrong check digit",
        "act_4242424242424242aa and tkt_c3ee6297008e9bfc989df5cf65",
        "9" * 40,
    ],
)
def test_what_is_no_card_stays_as_it_was(harmless: str) -> None:
    assert masked(harmless) == harmless


@pytest.mark.parametrize(
    "secret", ["whsec_c2VjcmV0LXNlY3JldC0zMmI=", "drk_" + "a" * 43, "sk-ant-api03-abcdefgh", "AKIAIOSFODNN7EXAMPLE"]
)
def test_a_secret_is_masked(secret: str) -> None:
    assert masked(f"my key is {secret}, really") == "my key is [secret], really"


def test_a_text_of_nothing_but_digits_is_read_to_its_end() -> None:
    for hostile in ("4 " * 50_000 + "x", "4" * 100_000, "4242 4242 4242 4242 " * 5_000):
        assert masked(hostile) is not None


async def test_a_card_number_that_a_customer_or_a_colleague_writes_is_nowhere_in_the_database(
    database_url: str, clock: StandingClock
) -> None:
    async with rig(database_url, clock) as service:
        said = "Charge 4242 4242 4242 4242 instead, or 378282246310005. Where is my order D-100001?"
        ticket = await service.say(said, subject="card 4242424242424242")
        boss = await service.person("boss")
        await service.services.desk.write(boss, ticket["id"], "They gave 5555-5555-5555-4444 on the phone.", note=True)
        shown = " ".join(message["text"] for message in (await service.ticket(ticket["id"]))["messages"])
        assert "[card ending 4242]" in shown
        assert "[card ending 4444]" in shown
        async with service.services.db.reading() as conn:
            held = [
                repr(tuple(row))
                for table in await tables_of(conn)
                for row in await conn.execute(text(f"select * from {table}"))
            ]
        digits = re.sub(r"[\s-]", "", " ".join(held))
        assert not [card for card in ("4242424242424242", "378282246310005", "5555555555554444") if card in digits]
