"""Customers whose parcel should go elsewhere."""

import pytest

from classifier.intents import Intent
from tests.workflows.goods import an_order
from tests.workflows.talk import Talk
from workflows.outcome import AskCustomer, HandOff, Reply
from workflows.understanding import Correction

MOVE = Intent.CHANGE_ADDRESS
OAK = {"line1": "3 Oak Road", "city": "Springfield", "region": "IL", "postal_code": "62704", "country": "US"}


async def test_a_complete_address_is_shown_whole_and_changed_after_a_yes() -> None:
    talk = Talk.about(an_order("D-100001", "Lamp"))
    outcome = await talk.say("please send D-100001 to 3 Oak Road, Springfield, IL 62704", intent=MOVE)
    assert isinstance(outcome, AskCustomer)
    assert "Ada Lovelace\n3 Oak Road\nSpringfield IL 62704\nUnited States" in outcome.text
    assert talk.run.shop["D-100001"].address.line1 == "12 Elm Street"
    outcome = await talk.say("yes")
    assert isinstance(outcome, Reply)
    assert "is now changed to" in outcome.text
    assert "rcp_1" in outcome.text
    assert talk.run.shop["D-100001"].address.line1 == "3 Oak Road"
    assert talk.run.called("change_order_address") == [{"order_id": "D-100001", "address": {"name": "Ada Lovelace", **OAK}}]


async def test_missing_parts_are_asked_for_by_name_and_kept_together() -> None:
    talk = Talk.about(an_order("D-100001", "Lamp"))
    await talk.say("I moved, can you change the address of my order?", intent=MOVE)
    assert talk.slot == "address"
    await talk.say("3 Oak Road in Springfield")
    assert "I have understood: 3 Oak Road, Springfield. I still need the postal code and country." in talk.text
    await talk.say("62704")
    assert talk.slot == "confirm"
    assert "Springfield 62704\nUnited States" in talk.text


async def test_an_address_given_before_the_order_was_clear_is_not_asked_for_again() -> None:
    talk = Talk.about(an_order("D-100001", "Lamp"), an_order("D-100002", "Mug"))
    await talk.say("please send my order to 3 Oak Road, Springfield, IL 62704", intent=MOVE)
    assert talk.slot == "order"
    await talk.say("D-100002")
    assert talk.slot == "confirm"
    assert "order D-100002" in talk.text
    assert "3 Oak Road" in talk.text


async def test_an_address_that_stays_unreadable_goes_to_the_agent() -> None:
    talk = Talk.about(an_order("D-100001", "Lamp"))
    await talk.say("change the address of my order", intent=MOVE)
    await talk.say("to my office")
    assert talk.slot == "address"
    assert isinstance(await talk.say("the one downtown"), HandOff)


async def test_another_street_after_the_offer_is_a_correction() -> None:
    talk = Talk.about(an_order("D-100001", "Lamp"))
    await talk.say("send D-100001 to 3 Oak Road, Springfield, IL 62704", intent=MOVE)
    await talk.say("no, it is 5 Oak Road, Springfield, IL 62704")
    assert isinstance(talk.heard, Correction)
    assert "5 Oak Road" in talk.text
    assert "3 Oak Road" not in talk.text
    assert talk.run.effects == []


async def test_the_same_address_changes_nothing() -> None:
    talk = Talk.about(an_order("D-100001", "Lamp"))
    outcome = await talk.say("send D-100001 to 12 Elm Street, Springfield, IL 62704", intent=MOVE)
    assert isinstance(outcome, Reply)
    assert "nothing to change" in outcome.text
    assert talk.run.called("change_order_address") == []


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("shipped", "has left our hands"),
        ("delivered", "has been delivered"),
        ("cancelled", "was cancelled"),
        ("items_modified", "cannot be changed any more"),
    ],
)
async def test_an_order_that_is_gone_keeps_its_address(status: str, words: str) -> None:
    talk = Talk.about(an_order("D-100001", "Lamp", status=status))
    outcome = await talk.say("send it to 3 Oak Road, Springfield, IL 62704", intent=MOVE)
    assert isinstance(outcome, Reply)
    assert words in outcome.text
    assert talk.run.called("change_order_address") == []


async def test_the_accounts_own_address_is_not_this_flows_business() -> None:
    talk = Talk.about(an_order("D-100001", "Lamp"))
    assert isinstance(await talk.say("please update the address in my account", intent=MOVE), HandOff)


async def test_the_order_number_is_not_read_as_a_postal_code() -> None:
    talk = Talk.about(an_order("D-100001", "Lamp"))
    await talk.say("change my address", intent=MOVE)
    await talk.say("3 Oak Road, Springfield, for order 100001")
    assert talk.slot == "address"
    assert "postal code" in talk.text
