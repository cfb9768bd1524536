"""Addresses as customers write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.slots.addresses import AddressDraft, read_address
from workflows.slots.countries import country_name, country_named


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "Please change it to 12 Elm Street, Springfield, IL 62704, USA",
            {"line1": "12 Elm Street", "city": "Springfield", "region": "IL", "postal_code": "62704", "country": "US"},
        ),
        (
            "New address:\n12 Elm Street\nApt 4\nSpringfield, IL 62704",
            {
                "line1": "12 Elm Street",
                "line2": "Apt 4",
                "city": "Springfield",
                "region": "IL",
                "postal_code": "62704",
                "country": "US",
            },
        ),
        (
            "12 Harbour St, Boston, 02110 USA",
            {"line1": "12 Harbour St", "city": "Boston", "postal_code": "02110", "country": "US"},
        ),
        (
            "can you send it to Hauptstraße 12, 10115 Berlin, Germany please",
            {"line1": "Hauptstraße 12", "city": "Berlin", "postal_code": "10115", "country": "DE"},
        ),
        (
            "ship to 221B Baker Street, London NW1 6XE",
            {"line1": "221B Baker Street", "city": "London", "postal_code": "NW1 6XE", "country": "GB"},
        ),
        (
            "My new address is 44 Oak Ave Apt 3B, Portland, OR 97201. Thanks!",
            {
                "line1": "44 Oak Ave",
                "line2": "Apt 3B",
                "city": "Portland",
                "region": "OR",
                "postal_code": "97201",
                "country": "US",
            },
        ),
        (
            "Flat 2, 10 Mill Lane, Leeds LS1 4AP",
            {"line1": "10 Mill Lane", "line2": "Flat 2", "city": "Leeds", "postal_code": "LS1 4AP", "country": "GB"},
        ),
        (
            "It should go to Keizersgracht 123, 1015 CJ Amsterdam",
            {"line1": "Keizersgracht 123", "city": "Amsterdam", "postal_code": "1015 CJ", "country": "NL"},
        ),
        (
            "12 Elm St Springfield IL 62704",
            {"line1": "12 Elm St", "city": "Springfield", "region": "IL", "postal_code": "62704", "country": "US"},
        ),
        (
            "12 Rose Court, 5 High Street, Leeds LS1 4AP",
            {"line1": "12 Rose Court", "line2": "5 High Street", "city": "Leeds", "postal_code": "LS1 4AP", "country": "GB"},
        ),
        (
            "12 Elm Street, Rear Building, Springfield, IL 62704",
            {
                "line1": "12 Elm Street",
                "line2": "Rear Building",
                "city": "Springfield",
                "region": "IL",
                "postal_code": "62704",
                "country": "US",
            },
        ),
        (
            "Street: 77 Sunset Blvd\nCity: Los Angeles\nState: CA\nZip: 90028\nCountry: United States",
            {"line1": "77 Sunset Blvd", "city": "Los Angeles", "region": "CA", "postal_code": "90028", "country": "US"},
        ),
        (
            "not 11 Elm Street any more, send it to 12 Oak Road, Springfield, IL 62704",
            {"line1": "12 Oak Road", "city": "Springfield", "region": "IL", "postal_code": "62704", "country": "US"},
        ),
    ],
)
def test_a_complete_address_is_read_whole(text: str, parts: dict[str, str]) -> None:
    draft = read_address(text)
    assert draft.as_json() == parts
    assert draft.missing == ()
    assert draft.address().country == parts["country"]


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("I want to change my address", ("line1", "city", "postal_code", "country")),
        ("it is going to the wrong address", ("line1", "city", "postal_code", "country")),
        ("I moved to 12 Elm Street", ("city", "postal_code", "country")),
        ("12 Elm Street in Springfield", ("postal_code", "country")),
        ("send it to 5 rue de la Paix, 75002 Paris", ("country",)),
        ("my zip code should be 62704", ("line1", "city", "postal_code", "country")),
    ],
)
def test_what_is_missing_stays_missing(text: str, missing: tuple[str, ...]) -> None:
    assert read_address(text).missing == missing


def test_two_streets_in_one_line_are_no_address() -> None:
    draft = read_address("I typed 11 Elm Street but it is 12 Elm Street, Springfield, IL 62704")
    assert draft.line1 is None


def test_a_later_message_fills_the_gaps() -> None:
    begun = read_address("12 Elm Street in Springfield").as_json()
    assert read_address("the zip code is 62704 and country is United States", begun).missing == ()
    assert read_address("62704, USA", begun).as_json() == {**begun, "postal_code": "62704", "country": "US"}


def test_a_new_street_replaces_the_whole_earlier_address() -> None:
    begun = {"line1": "12 Elm Street", "city": "Springfield", "postal_code": "62704", "country": "US"}
    assert read_address("no, 3 Oak Road", begun).as_json() == {"line1": "3 Oak Road"}


def test_the_orders_own_country_is_taken_only_where_the_code_fits_it() -> None:
    draft = AddressDraft(line1="5 rue de la Paix", city="Paris", postal_code="75002")
    assert draft.in_country("FR").country == "FR"
    assert draft.in_country("GB").country is None
    assert AddressDraft(country="DE", postal_code="10115").in_country("FR").country == "DE"


def test_countries_go_by_many_names() -> None:
    assert [country_named(name) for name in ("Germany", "deutschland", "UK", "U.S.", "DE", "de", "Atlantis")] == [
        "DE",
        "DE",
        "GB",
        "US",
        "DE",
        None,
        None,
    ]
    assert country_name("FR") == "France"


@given(st.text(max_size=300))
def test_no_text_breaks_the_reading(text: str) -> None:
    draft = read_address(text)
    if not draft.missing:
        assert draft.line1
        assert draft.line1 in text.replace("\t", " ") or draft.line1.split()[0] in text


def test_a_town_right_behind_the_street_is_the_town_and_a_direction_is_none() -> None:
    assert read_address("its 12 Harbour St Boston").as_json() == {"line1": "12 Harbour St", "city": "Boston"}
    assert read_address("12 Harbour Street North").as_json() == {"line1": "12 Harbour Street North"}


@pytest.mark.parametrize("answer", ["yes", "Yes please", "ok", "thanks", "no"])
def test_an_answer_is_not_read_as_the_town(answer: str) -> None:
    assert read_address(answer, {"line1": "14 Oak Road"}).missing == ("city", "postal_code", "country")


def test_a_town_that_is_named_like_praise_is_a_town() -> None:
    assert read_address("Nice", {"line1": "5 rue Pastorelli"}).city == "Nice"


def test_who_receives_the_parcel_for_the_customer_is_kept_on_its_label() -> None:
    draft = read_address("9 Hill Lane, Salem OR 97301, c/o Bob Jones")
    assert (draft.line1, draft.line2, draft.city, draft.postal_code) == ("9 Hill Lane", "c/o Bob Jones", "Salem", "97301")
