"""Every other customer's objects tried against every tool: refused like unknown ones, nothing changed, one audit entry each."""

import json
from typing import Any

import pytest

from service.store import journal
from tests.tools.goods import NEW_ADDRESS
from tests.tools.world import World
from tools.backends.shop import dump
from tools.catalogue import CATALOGUE
from tools.ports import Effect, ToolResult

OF_ORDERS: dict[str, dict[str, Any]] = {
    "get_order": {},
    "get_refund_status": {},
    "cancel_order": {"reason": "no_longer_needed"},
    "issue_refund": {"amount_minor": 100, "currency": "USD", "reason": "late"},
    "return_items": {"item_ids": ["D-200001-i1"], "refund_to": "pm_bob"},
    "exchange_items": {"item_ids": ["D-200001-i1"], "new_item_ids": ["var_2000"], "payment_method_id": "pm_bob"},
    "change_order_items": {"item_ids": ["D-200002-i1"], "new_item_ids": ["var_2000"], "payment_method_id": "pm_bob"},
    "change_order_payment": {"payment_method_id": "pm_bob"},
    "change_order_address": {"address": NEW_ADDRESS},
}
OF_NOBODY = {"find_orders", "get_customer", "get_product", "search_articles", "add_note", "change_customer_address", "escalate"}


def test_every_tool_that_names_an_order_is_tried() -> None:
    named = {spec.name for spec in CATALOGUE.values() if "order_id" in spec.args_model.model_fields}
    assert named == set(OF_ORDERS)
    assert set(CATALOGUE) == set(OF_ORDERS) | OF_NOBODY | {"track_shipment"}


@pytest.mark.parametrize("order_id", ["D-200001", "D-200002", "D-300001"])
@pytest.mark.parametrize("tool", OF_ORDERS)
async def test_anothers_order_answers_like_an_unknown_one(world: World, tool: str, order_id: str) -> None:
    await _answers_alike(world, tool, {**OF_ORDERS[tool], "order_id": order_id}, {**OF_ORDERS[tool], "order_id": "D-999999"})


async def test_anothers_parcel_answers_like_an_unknown_one(world: World) -> None:
    await _answers_alike(world, "track_shipment", {"tracking_id": "TRK-B"}, {"tracking_id": "TRK-NONE"})


@pytest.mark.parametrize(
    ("tool", "field", "args"),
    [
        ("return_items", "refund_to", {"order_id": "D-100001", "item_ids": ["D-100001-i1"]}),
        (
            "exchange_items",
            "payment_method_id",
            {"order_id": "D-100001", "item_ids": ["D-100001-i2"], "new_item_ids": ["var_2000"]},
        ),
        (
            "change_order_items",
            "payment_method_id",
            {"order_id": "D-100002", "item_ids": ["D-100002-i1"], "new_item_ids": ["var_2000"]},
        ),
        ("change_order_payment", "payment_method_id", {"order_id": "D-100002"}),
    ],
)
async def test_anothers_card_answers_like_an_unknown_one(world: World, tool: str, field: str, args: dict[str, Any]) -> None:
    theirs = await _answers_alike(world, tool, {**args, field: "pm_bob"}, {**args, field: "pm_none"})
    assert theirs.code == "payment_method_not_yours"


@pytest.mark.parametrize("tool", ["return_items", "exchange_items"])
async def test_anothers_item_answers_like_an_unknown_one(world: World, tool: str) -> None:
    args = {
        "return_items": {"refund_to": "pm_ada"},
        "exchange_items": {"new_item_ids": ["var_2000"], "payment_method_id": "pm_ada"},
    }
    wanted = {"order_id": "D-100001", **args[tool]}
    await _answers_alike(world, tool, {**wanted, "item_ids": ["D-200001-i1"]}, {**wanted, "item_ids": ["D-0-i1"]})


async def test_two_tenants_with_the_same_ids_never_meet(world: World) -> None:
    await world.add_tenant("other", _renamed())
    here, there = await world.ticket(), await world.ticket(tenant="other")
    for caller, name in ((here, "Ada"), (there, "Eve")):
        result = await world.runner.call(caller, "get_customer", {}, "o-1")
        assert result.data["customer"]["name"]["first"] == name
    asked = await world.runner.call(there, "issue_refund", {"order_id": "D-100001", **OF_ORDERS["issue_refund"]}, "o-2")
    assert asked.action is not None
    await world.says_yes(asked.action)
    assert (await world.runner.resume(here, asked.action.id)).code == "not_found"
    assert (await world.runner.resume(there, asked.action.id)).ok
    assert (len(await world.books("default")), len(await world.books("other"))) == (0, 1)


async def test_no_answer_names_another_customer(world: World) -> None:
    caller = await world.ticket()
    for spec in CATALOGUE.values():
        if spec.effect is Effect.READ and spec.name in OF_NOBODY - {"get_product", "search_articles", "escalate"}:
            result = await world.runner.call(caller, spec.name, {}, f"o-{spec.name}")
            assert result.ok
            assert not {"cus_bob", "cus_cleo", "pm_bob", "pm_cleo"} & set(json.dumps(dict(result.data)).split('"'))


async def _answers_alike(world: World, tool: str, theirs: dict[str, Any], unknown: dict[str, Any]) -> ToolResult:
    caller, before = await world.ticket(), await dump(world.shop_engine, "default")
    first = await world.runner.call(caller, tool, theirs, "o-1")
    second = await world.runner.call(caller, tool, unknown, "o-2")
    assert (first.ok, first.action, first.data) == (False, None, {})
    assert (first.code, first.rule, first.sentence, first.data) == (second.code, second.rule, second.sentence, second.data)
    assert await dump(world.shop_engine, "default") == before
    assert await world.all_actions() == []
    async with world.database.reading() as conn:
        entries = await journal.read(conn, caller.ticket)
    assert [(entry.kind, (entry.data or {})["code"]) for entry in entries] == [("tool.refused", first.code)] * 2
    return first


def _renamed() -> dict[str, Any]:
    """The same ids in another merchant's shop, where cus_ada is called Eve."""
    from tests.tools.goods import SHOP

    customers = [{**one, "name": {"first": "Eve", "last": "Other"}} for one in SHOP["customers"]]
    return {**SHOP, "customers": customers}
