"""What a caller gets from the runner: reads, refusals, the customer's yes, and one effect with one receipt."""

from dataclasses import replace

import pytest

from service.store.people import Role
from tests.store.crowd import many
from tests.tools.goods import NEW_ADDRESS
from tests.tools.world import World
from tools.backends.shop import Fault
from tools.errors import FencedOff, RunSuperseded
from tools.ports import ActionId, ActionStatus, Lane, Verification

REFUND = {"order_id": "D-100001", "amount_minor": 1_999, "currency": "USD", "reason": "damaged"}


async def test_a_customer_sees_their_own_orders(world: World) -> None:
    result = await world.runner.call(await world.ticket(), "find_orders", {}, "o-1")
    assert result.ok
    assert {order["id"] for order in result.data["orders"]} >= {"D-100001", "D-100002"}
    assert all(order["customer_id"] == "cus_ada" and order["currency"] == "USD" for order in result.data["orders"])


async def test_a_parcel_is_tracked_by_its_owner(world: World) -> None:
    result = await world.runner.call(await world.ticket(), "track_shipment", {"tracking_id": "TRK-5"}, "o-1")
    assert result.data["order_id"] == "D-100005"
    assert result.data["shipment"]["status"] == "in_transit"


async def test_a_customers_account_shows_no_fingerprint(world: World) -> None:
    result = await world.runner.call(await world.ticket(), "get_customer", {}, "o-1")
    assert result.data["customer"]["payment_methods"][0]["last4"] == "4242"
    assert "fingerprint" not in str(result.data)


async def test_help_articles_need_no_account(world: World) -> None:
    stranger = replace(await world.ticket(), customer=None, verification=Verification.NONE)
    result = await world.runner.call(stranger, "search_articles", {"query": "return a lamp"}, "o-1")
    assert [article["id"] for article in result.data["articles"]] == ["art_returns"]


async def test_an_unverified_sender_is_told_nothing(world: World) -> None:
    stranger = replace(await world.ticket(), verification=Verification.NONE)
    for tool, args in (
        ("get_order", {"order_id": "D-100001"}),
        ("find_orders", {}),
        ("get_customer", {}),
        ("issue_refund", REFUND),
    ):
        result = await world.runner.call(stranger, tool, args, f"o-{tool}")
        assert (result.ok, result.code, result.rule, result.data) == (
            False,
            "verification_required",
            "identity.verification",
            {},
        )
    assert world.shops["default"].calls == []


async def test_a_refund_waits_for_the_customers_yes_and_then_happens_once(world: World) -> None:
    caller = await world.ticket()
    asked = await world.runner.call(caller, "issue_refund", REFUND, "o-1")
    assert asked.needs_confirmation
    assert (asked.rule, asked.code) == ("money.confirmation", "confirmation_required")
    assert asked.action is not None
    assert asked.action.facts["destination"] == "Visa ending 4242"
    assert await world.books() == ()
    await world.says_yes(asked.action)
    done = await world.runner.resume(caller, asked.action.id)
    again = await world.runner.resume(caller, asked.action.id)
    assert done.ok
    assert again.data == done.data
    assert done.data["moved_minor"] == 1_999
    assert [(entry.kind, entry.amount_minor, entry.key) for entry in await world.books()] == [
        ("refund", 1_999, asked.action.key)
    ]
    assert await world.balances() == {"merchant_funds": -1_999, "refunds_paid": 1_999}
    kinds = ["action.proposed", "action.reserved", "action.sent", "action.succeeded"]
    assert await world.journal_kinds(caller) == kinds
    assert await world.journal_faults() == []


async def test_a_resume_without_a_yes_moves_nothing(world: World) -> None:
    caller = await world.ticket()
    asked = await world.runner.call(caller, "issue_refund", REFUND, "o-1")
    assert asked.action is not None
    assert (await world.runner.resume(caller, asked.action.id)).needs_confirmation
    assert await world.books() == ()


async def test_a_bot_cannot_attest_the_customers_yes(world: World) -> None:
    result = await world.runner.call(await world.ticket(), "issue_refund", REFUND, "o-1", confirmed=True)
    assert result.needs_confirmation


async def test_the_same_refund_in_two_messages_is_one_action(world: World) -> None:
    caller = await world.ticket()
    first = await world.runner.call(caller, "issue_refund", REFUND, "event-1")
    second = await world.runner.call(caller, "issue_refund", {**REFUND, "reason": "late"}, "event-2")
    assert first.action is not None
    assert second.action is not None
    assert second.action.id == first.action.id


async def test_a_new_wish_supersedes_the_unconfirmed_one(world: World) -> None:
    caller = await world.ticket()
    first = await world.runner.call(caller, "issue_refund", REFUND, "event-1")
    second = await world.runner.call(caller, "issue_refund", {**REFUND, "amount_minor": 500}, "event-2")
    assert first.action is not None
    assert second.needs_confirmation
    await world.says_yes(first.action)
    late = await world.runner.resume(caller, first.action.id)
    assert (late.ok, late.code) == (False, "superseded")
    assert await world.books() == ()


async def test_an_internal_note_asks_nobody_and_supersedes_nothing(world: World) -> None:
    caller = await world.ticket()
    asked = await world.runner.call(caller, "issue_refund", REFUND, "event-1")
    noted = await world.runner.call(caller, "add_note", {"text": "Box was crushed."}, "event-2")
    assert noted.ok
    assert asked.action is not None
    assert (await world.action(asked.action.id)).status == ActionStatus.PROPOSED


async def test_a_persons_call_needs_their_word_that_the_customer_agreed(world: World) -> None:
    person = await world.person(Role.AGENT)
    caller = world.as_person(await world.ticket(), person)
    refused = await world.runner.call(caller, "issue_refund", REFUND, "req-1")
    assert (refused.code, refused.rule) == ("confirmation_required", "money.confirmation")
    done = await world.runner.call(caller, "issue_refund", REFUND, "req-2", confirmed=True)
    assert done.ok
    assert done.action is not None
    assert done.action.confirmed_by == f"person:{person.id}"


async def test_a_repeated_request_of_a_person_is_answered_with_the_same_action(world: World) -> None:
    caller = world.as_person(await world.ticket(), await world.person(Role.AGENT))
    first = await world.runner.call(caller, "issue_refund", REFUND, "req-1", confirmed=True)
    second = await world.runner.call(caller, "issue_refund", REFUND, "req-1", confirmed=True)
    assert first.action is not None
    assert second.action is not None
    assert second.action.id == first.action.id
    assert len(await world.books()) == 1


async def test_an_approval_does_not_hold_when_the_facts_changed_since(world: World) -> None:
    caller = await world.ticket()
    waiting = await world.confirmed(caller, "issue_refund", {**REFUND, "order_id": "D-100003", "amount_minor": 80_000})
    await world.vote(await world.person(), waiting.action)
    order = await world.shops["default"].get_order("D-100003")  # type: ignore[arg-type]
    assert order is not None
    await world.shops["default"].refund(order.id, [_leg("pm_ada", 1_000)], "goodwill", 0, "somebody-else")
    assert waiting.action is not None
    result = await world.runner.resume(caller, waiting.action.id)
    assert (result.code, result.rule) == ("approval_invalid", "approval.digest")
    assert [entry.amount_minor for entry in await world.books()] == [1_000]


async def test_an_approved_refund_that_the_shop_never_got_is_not_blamed_on_the_cap(world: World) -> None:
    caller = await world.ticket()
    waiting = await world.confirmed(caller, "issue_refund", {**REFUND, "order_id": "D-100003", "amount_minor": 80_000})
    await world.vote(await world.person(), waiting.action)
    world.shops["default"].script("refund", Fault("unreachable"), Fault("unreachable"))
    assert waiting.action is not None
    result = await world.runner.resume(caller, waiting.action.id)
    assert (waiting.rule, result.rule, result.code) == ("refund.per_call_cap", None, "backend_unavailable")
    assert result.sentence == "The merchant's system could not be reached, so nothing was done."


async def test_a_cancelled_order_gives_back_what_was_paid(world: World) -> None:
    done = await world.confirmed(await world.ticket(), "cancel_order", {"order_id": "D-100002", "reason": "no_longer_needed"})
    assert done.ok
    assert done.data["moved_minor"] == 3_000
    order = await world.shops["default"].get_order("D-100002")  # type: ignore[arg-type]
    assert order is not None
    assert (order.status, order.refunded_minor) == ("cancelled", 3_000)


async def test_only_a_pending_order_is_cancelled(world: World) -> None:
    result = await world.runner.call(
        await world.ticket(), "cancel_order", {"order_id": "D-100001", "reason": "no_longer_needed"}, "o-1"
    )
    assert (result.code, result.rule) == ("bad_state", "cancel.before_dispatch")


async def test_a_return_is_accepted_and_its_money_promised(world: World) -> None:
    args = {"order_id": "D-100001", "item_ids": ["D-100001-i1"], "refund_to": "pm_ada"}
    done = await world.confirmed(await world.ticket(), "return_items", args)
    assert done.ok
    assert done.data["moved_minor"] == 0
    assert await world.balances() == {"merchant_funds": -2_000, "refunds_accepted": 2_000}


async def test_a_return_after_the_window_is_refused(world: World) -> None:
    args = {"order_id": "D-100007", "item_ids": ["D-100007-i1"], "refund_to": "pm_ada"}
    result = await world.runner.call(await world.ticket(), "return_items", args, "o-1")
    assert (result.code, result.rule) == ("bad_state", "return.window")


async def test_a_return_to_a_card_that_did_not_pay_is_refused(world: World) -> None:
    args = {"order_id": "D-100001", "item_ids": ["D-100001-i1"], "refund_to": "pm_ada_2"}
    result = await world.runner.call(await world.ticket(), "return_items", args, "o-1")
    assert (result.code, result.rule) == ("payment_method_not_yours", "refund.destination")


async def test_a_card_gets_no_more_for_a_return_than_it_has_paid(world: World) -> None:
    """The lamp was paid by two cards, and goes back to one of them."""
    data = many(customers=1, orders_each=1, paid_minor=5_000)
    card, (paid,) = data["customers"][0]["payment_methods"][0], data["orders"][0]["payments"]
    data["customers"][0]["payment_methods"].append({**card, "id": "pm_2", "fingerprint": "fp_2"})
    data["orders"][0]["payments"] = [
        {**paid, "amount_minor": 3_000},
        {**paid, "id": "p2", "method_id": "pm_2", "amount_minor": 2_000},
    ]
    await world.add_tenant("lumen", data)
    args = {"order_id": "D-1-1", "item_ids": ["D-1-1-i1"], "refund_to": "pm_1"}
    result = await world.runner.call(await world.ticket("cus_1", "lumen"), "return_items", args, "o-1")
    assert (result.code, result.rule) == ("over_refund", "refund.conservation")


async def test_an_exchange_settles_the_difference_on_the_chosen_card(world: World) -> None:
    args = {
        "order_id": "D-100001",
        "item_ids": ["D-100001-i2"],
        "new_item_ids": ["var_2000"],
        "payment_method_id": "pm_ada",
    }
    done = await world.confirmed(await world.ticket(), "exchange_items", args)
    assert done.ok
    assert done.action is not None
    assert done.action.facts["difference"] == {"amount_minor": -1_000, "currency": "USD"}


async def test_an_exchange_for_another_product_or_an_empty_shelf_is_refused(world: World) -> None:
    caller = await world.ticket()
    args = {"order_id": "D-100001", "item_ids": ["D-100001-i1"], "payment_method_id": "pm_ada"}
    for new, code in (("var_rug", "not_found"), ("var_9000", "out_of_stock"), ("var_2000", "validation")):
        result = await world.runner.call(caller, "exchange_items", {**args, "new_item_ids": [new]}, f"o-{new}")
        assert result.code == code


async def test_store_credit_must_cover_a_dearer_item(world: World) -> None:
    args = {
        "order_id": "D-100002",
        "item_ids": ["D-100002-i1"],
        "new_item_ids": ["var_90000"],
        "payment_method_id": "pm_ada_credit",
    }
    result = await world.runner.call(await world.ticket(), "change_order_items", args, "o-1")
    assert result.code == "insufficient_balance"


async def test_a_pending_order_is_paid_with_another_own_card(world: World) -> None:
    args = {"order_id": "D-100002", "payment_method_id": "pm_ada_2"}
    done = await world.confirmed(await world.ticket(), "change_order_payment", args)
    assert done.ok
    order = await world.shops["default"].get_order("D-100002")  # type: ignore[arg-type]
    assert order is not None
    assert order.captured_minor - order.refunded_minor == 3_000


async def test_an_address_is_changed_where_the_customer_says(world: World) -> None:
    done = await world.confirmed(await world.ticket(), "change_order_address", {"order_id": "D-100002", "address": NEW_ADDRESS})
    assert done.ok
    order = await world.shops["default"].get_order("D-100002")  # type: ignore[arg-type]
    assert order is not None
    assert order.address.line1 == "9 Hill Road"


async def test_money_that_changed_since_the_yes_is_not_sent(world: World) -> None:
    caller = await world.ticket()
    asked = await world.runner.call(caller, "cancel_order", {"order_id": "D-100002", "reason": "no_longer_needed"}, "o-1")
    await world.shops["default"].refund("D-100002", [_leg("pm_ada", 500)], "goodwill", 0, "somebody-else")  # type: ignore[arg-type]
    await world.says_yes(asked.action)
    assert asked.action is not None
    result = await world.runner.resume(caller, asked.action.id)
    assert (result.code, result.rule) == ("bad_state", "action.unchanged")


async def test_a_newer_message_stops_an_intent(world: World) -> None:
    caller = await world.ticket()
    await world.customer_writes(caller)
    with pytest.raises(RunSuperseded):
        await world.runner.call(caller, "issue_refund", REFUND, "o-1")
    assert await world.all_actions() == []


async def test_a_fenced_off_turn_writes_nothing(world: World) -> None:
    caller = await world.ticket()
    await world.new_claim(caller)
    with pytest.raises(FencedOff):
        await world.runner.call(caller, "issue_refund", REFUND, "o-1")
    assert await world.all_actions() == []


async def test_a_tool_that_the_lane_was_not_given_is_refused(world: World) -> None:
    world.policy = world.policy.model_copy(update={"granted": {Lane.AGENT: frozenset({"find_orders"})}})
    caller = await world.ticket(lane=Lane.AGENT)
    result = await world.runner.call(caller, "issue_refund", REFUND, "o-1")
    assert (result.code, result.rule) == ("not_granted", "tool.granted")
    assert (await world.runner.call(caller, "find_orders", {}, "o-2")).ok


async def test_an_action_of_another_ticket_cannot_be_resumed(world: World) -> None:
    asked = await world.runner.call(await world.ticket(), "issue_refund", REFUND, "o-1")
    assert asked.action is not None
    for caller in (await world.ticket(), await world.ticket("cus_bob")):
        assert (await world.runner.resume(caller, asked.action.id)).code == "not_found"
    assert (await world.runner.resume(caller, ActionId("act_none"))).code == "not_found"


async def test_the_refund_status_shows_what_is_under_way(world: World) -> None:
    caller = await world.ticket()
    await world.confirmed(caller, "issue_refund", REFUND)
    await world.runner.call(caller, "issue_refund", {**REFUND, "amount_minor": 100}, "o-2")
    status = await world.runner.call(caller, "get_refund_status", {"order_id": "D-100001"}, "o-3")
    assert status.data["captured"] == {"amount_minor": 5_000, "currency": "USD"}
    assert [(one["amount"]["amount_minor"], one["method"]["last4"]) for one in status.data["refunds"]] == [(1_999, "4242")]
    assert [one["amount"]["amount_minor"] for one in status.data["pending"]] == [100]


async def test_asking_for_a_person_changes_nothing_and_no_switch_stops_it(world: World) -> None:
    caller = await world.ticket()
    await world.switches.throw(caller.tenant, "tenant", "default", True, "stop", (await world.person(Role.ADMIN)).id)
    result = await world.runner.call(caller, "escalate", {"reason": "customer_asked", "summary": "Wants a person."}, "o-1")
    assert result.ok
    assert result.data == {"escalate": True, "reason": "customer_asked", "summary": "Wants a person."}


def _leg(method: str, amount: int):  # noqa: ANN202
    from tools.commerce import PaymentMethodId, RefundLeg

    return RefundLeg(method_id=PaymentMethodId(method), amount_minor=amount)
