"""What a customer is asked before something happens, over the facts that the tool layer records."""

from dataclasses import replace
from typing import Any

import pytest

from agent.wording import approval_text, confirmation_text, deed, under_way_text
from tests.agent.support import Shop, ticket
from tests.tools.goods import NEW_ADDRESS
from tests.tools.world import World
from tools.money import Money
from tools.ports import Action
from workflows.confirm import Answer, read_answer
from workflows.replies import render
from workflows.wording import first_name

LINES = [{"name": "Desk Lamp"}, {"name": "Wool Blanket"}]


def action(tool: str, money: Money | None = None, order_id: str | None = "D-100001", **facts: Any) -> Action:
    shop = Shop()
    shop.call("issue_refund", {"order_id": "D-100001", "amount_minor": 100}, "o")
    return replace(shop.actions["act_1"], tool=tool, money=money, order_id=order_id, facts=facts)


@pytest.mark.parametrize(
    ("waiting", "said"),
    [
        (
            action("issue_refund", Money(1_999, "USD"), destination="Visa ending 4242"),
            "refund $19.99 on order D-100001 to Visa ending 4242",
        ),
        (
            action("issue_refund", Money(1_999, "JPY")),
            "refund ¥1,999 on order D-100001 to the payment method that you paid with",
        ),
        (
            action("cancel_order", Money(4_500, "USD"), destination="PayPal"),
            "cancel order D-100001 and send $45.00 back to PayPal.",
        ),
        (action("cancel_order"), "cancel order D-100001."),
        (
            action("return_items", Money(4_500, "USD"), destination="store credit", items=LINES),
            "arrange the return of Desk Lamp and Wool Blanket from order D-100001, with $45.00 going back to store credit",
        ),
        (
            action(
                "exchange_items",
                items=LINES[:1],
                new_items=[{"options": {"colour": "black", "size": "M"}}],
                difference={"amount_minor": 500, "currency": "USD"},
                payment_method="Visa ending 4242",
            ),
            "exchange Desk Lamp for the variant black, M on order D-100001, with $5.00 charged to Visa ending 4242",
        ),
        (
            action("change_order_items", items=LINES[:1], difference={"amount_minor": -500, "currency": "USD"}),
            "change Desk Lamp for the other variant on order D-100001, with $5.00 going back to your payment method",
        ),
        (action("change_order_items", items=LINES[:1]), "on order D-100001, at the same price."),
        (
            action(
                "change_order_payment",
                charge={"amount_minor": 4_500, "currency": "USD"},
                payment_method="PayPal",
                replaces="Visa ending 4242",
            ),
            "charge $45.00 to PayPal instead of Visa ending 4242 on order D-100001",
        ),
        (action("change_order_address", address=NEW_ADDRESS), "send order D-100001 to 9 Hill Road, Dover, DE, 19901, US"),
        (
            action("change_customer_address", order_id=None, address=NEW_ADDRESS),
            "change the address on your account to 9 Hill Road, Dover",
        ),
        (action("polish_lamp"), "carry out this request: polish lamp on order D-100001."),
    ],
)
def test_the_customer_is_shown_what_would_happen(waiting: Action, said: str) -> None:
    assert said in confirmation_text(waiting)
    assert said.removesuffix(".") in approval_text(waiting, ticket(""))


def test_whoever_waits_for_the_agent_reads_the_reply_that_everyone_reads() -> None:
    refund, asker = action("issue_refund", Money(1_999, "USD"), destination="Visa ending 4242"), ticket("")
    said = {"first_name": first_name(asker), "deed": deed(refund)}
    assert approval_text(refund, asker) == render("action_waits", **said)
    assert under_way_text(refund, asker) == render("action_under_way", **said)


def test_the_question_can_be_answered_with_a_plain_yes_or_no() -> None:
    question = confirmation_text(action("issue_refund", Money(1_999, "USD"), destination="Visa ending 4242"))
    assert read_answer("Yes", question) is Answer.YES
    assert read_answer("no thanks", question) is Answer.NO


async def test_the_real_facts_of_a_cancellation_read_well(world: World) -> None:
    caller = await world.ticket("cus_ada")
    orders = (await world.runner.call(caller, "find_orders", {}, "o-1")).data["orders"]
    pending = next(order["id"] for order in orders if order["status"] == "pending")
    args = {"order_id": pending, "reason": "no_longer_needed"}
    result = await world.runner.call(caller, "cancel_order", args, "o-2")
    assert result.action is not None
    text = confirmation_text(result.action)
    assert f"I would cancel order {pending} and send $" in text
    assert "ending" in text
