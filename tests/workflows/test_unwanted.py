"""A message that says what is not to be done is not taken for a wish to do it."""

from dataclasses import replace

import pytest

from classifier.intents import Intent
from classifier.prediction import Part, Reason
from tests.workflows.talk import a_prediction, a_ticket
from tools.ports import Lane
from workflows.routing import Modes, RouteCode, route
from workflows.unwanted import unwanted


@pytest.mark.parametrize(
    "text",
    [
        "Please don't cancel my order D-100003!",
        "please do NOT cancel D-100003, my wife wrote you by mistake",
        "I don't want to cancel my order, I just want to know where it is",
        "I don't want you to cancel it",
        "I never asked you to cancel it",
        "I don't want my order cancelled",
        "We didn't want it to be canceled",
        "I don't want a cancellation, only another size",
        "Did you cancel D-100003? I did not ask for that",
    ],
)
def test_a_cancellation_that_is_forbidden_is_not_offered(text: str) -> None:
    chosen = route(a_prediction(Intent.CANCEL_ORDER, text), a_ticket(), Modes())
    assert (chosen.lane, chosen.reason) == (Lane.AGENT, RouteCode.UNWANTED)


@pytest.mark.parametrize(
    ("flow", "text"),
    [
        ("cancel_order", "I don't need it any more, please cancel"),
        ("cancel_order", "i dont want it please cancel D-100003"),
        ("cancel_order", "Why don't you cancel it?"),
        ("cancel_order", "If you don't cancel it I will call my bank"),
        ("cancel_order", "I did not order this, cancel it"),
        ("cancel_order", "don't send me the hoodie, cancel the order"),
        ("return_refund", "I don't like the mug and want to return it"),
        ("return_refund", "I didn't order this, I want a refund"),
        ("return_refund", "I don't want a replacement, I want a refund"),
        ("return_refund", "I never received it, refund me"),
        ("change_address", "Don't send it to the old address, change it to 5 Elm St"),
    ],
)
def test_a_wish_beside_another_no_is_still_a_wish(flow: str, text: str) -> None:
    assert not unwanted(text, flow)


@pytest.mark.parametrize(
    ("flow", "text"),
    [
        ("return_refund", "I don't want to return the kettle, I need another lid"),
        ("return_refund", "I do not want a refund, I want a new one"),
        ("change_address", "Don't change the address of D-100003, my husband was wrong"),
    ],
)
def test_each_flow_hears_the_no_to_its_own_deed(flow: str, text: str) -> None:
    assert unwanted(text, flow)


def test_a_forbidden_deed_among_several_wishes_is_not_taken_for_one_of_them() -> None:
    parts = (
        Part(Intent.ORDER_STATUS, "Where is D-100001?", sure=True),
        Part(Intent.CANCEL_ORDER, "And please don't cancel D-100003.", sure=True),
    )
    said = a_prediction(Intent.ORDER_STATUS, "\n".join(part.text for part in parts), Reason.SEVERAL_INTENTS)
    chosen = route(replace(said, parts=parts), a_ticket(), Modes())
    assert (chosen.lane, chosen.later) == (Lane.AGENT, ())
