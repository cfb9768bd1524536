"""Arguments that do not have the tool's shape get one answer that repeats nothing, and change nothing."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.tools.goods import NEW_ADDRESS
from tests.tools.world import World
from tools.catalogue import CATALOGUE

REFUND = {"order_id": "D-100001", "amount_minor": 1_999, "currency": "USD", "reason": "damaged"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount_minor": 0},
        {"amount_minor": -5},
        {"amount_minor": 19.99},
        {"amount_minor": 19.0},
        {"amount_minor": "1999"},
        {"amount_minor": True},
        {"amount_minor": None},
        {"amount_minor": float("nan")},
        {"amount_minor": 2**53 + 1},
        {"currency": "usd"},
        {"currency": "US"},
        {"currency": "XXQ"},
        {"currency": "ＵＳＤ"},
        {"order_id": ""},
        {"order_id": "D-100001\n"},
        {"order_id": "D-10000\u0031\u200b"},
        {"order_id": "\u0414-100001"},
        {"order_id": "D-" + "1" * 80},
        {"order_id": ["D-100001"]},
        {"reason": "because"},
        {"idempotency_key": "mine"},
        {"tenant": "other"},
        {"customer_id": "cus_bob"},
        {"destination": "pm_bob"},
        {"approved_by": "the boss"},
        {"refunded_minor": 0},
    ],
    ids=repr,
)
async def test_a_refund_of_the_wrong_shape_is_refused(world: World, wrong: dict[str, Any]) -> None:
    caller = await world.ticket()
    result = await world.runner.call(caller, "issue_refund", {**REFUND, **wrong}, "o-1")
    assert (result.ok, result.code) == (False, "validation")
    assert all(str(value) not in result.sentence for value in wrong.values() if value not in ("", 0, True))
    assert await world.all_actions() == []
    assert await world.journal_kinds(caller) == ["tool.refused"]


async def test_another_currency_than_the_orders_is_refused(world: World) -> None:
    result = await world.runner.call(await world.ticket(), "issue_refund", {**REFUND, "currency": "EUR"}, "o-1")
    assert result.code == "currency_mismatch"


async def test_an_unknown_tool_is_refused_like_one_that_was_not_granted(world: World) -> None:
    caller = await world.ticket()
    result = await world.runner.call(caller, "drop_tables", {"everything": True}, "o-1")
    assert (result.code, result.rule) == ("not_granted", "tool.granted")
    assert await world.journal_kinds(caller) == ["tool.refused"]


async def test_one_request_id_is_one_tool(world: World) -> None:
    caller = await world.ticket()
    first = await world.runner.call(caller, "issue_refund", REFUND, "o-1")
    other = await world.runner.call(caller, "cancel_order", {"order_id": "D-100002", "reason": "no_longer_needed"}, "o-1")
    again = await world.runner.call(caller, "issue_refund", {**REFUND, "amount_minor": 4_999}, "o-1")
    assert other.code == "validation"
    assert first.action is not None
    assert again.action is not None
    assert (again.action.id, again.action.args["amount_minor"]) == (first.action.id, 1_999)


@pytest.mark.parametrize("text", ["a\x00b", "a\x1bb", "\ud800", "", "x" * 4_001], ids=repr)
async def test_a_note_that_no_database_would_take_is_refused(world: World, text: str) -> None:
    assert (await world.runner.call(await world.ticket(), "add_note", {"text": text}, "o-1")).code == "validation"


@pytest.mark.parametrize("line", ["a\nb", "a\u2028b", "a\x00"], ids=repr)
async def test_an_address_line_is_one_line(world: World, line: str) -> None:
    args = {"order_id": "D-100002", "address": {**NEW_ADDRESS, "line1": line}}
    assert (await world.runner.call(await world.ticket(), "change_order_address", args, "o-1")).code == "validation"


@pytest.mark.parametrize("field", ["line1", "city", "postal_code"])
@pytest.mark.parametrize("blank", [" ", "\u00a0\u3000", "\u200b", "\u2060 \ufeff"], ids=repr)
async def test_a_parcel_is_not_sent_to_a_blank_line(world: World, field: str, blank: str) -> None:
    address = {**NEW_ADDRESS, field: blank}
    for tool, args in (("change_order_address", {"order_id": "D-100002"}), ("change_customer_address", {})):
        result = await world.runner.call(await world.ticket(), tool, {**args, "address": address}, "o-1")
        assert result.code == "validation"
    assert await world.all_actions() == []


@pytest.mark.parametrize("country", ["ZZ", "EU", "XA", "us", "USA"])
async def test_goods_go_to_a_country_that_there_is(world: World, country: str) -> None:
    args = {"order_id": "D-100002", "address": {**NEW_ADDRESS, "country": country}}
    assert (await world.runner.call(await world.ticket(), "change_order_address", args, "o-1")).code == "validation"


async def test_a_line_named_more_often_than_it_was_ordered_is_refused(world: World) -> None:
    args = {"order_id": "D-100001", "item_ids": ["D-100001-i1", "D-100001-i1"], "refund_to": "pm_ada"}
    assert (await world.runner.call(await world.ticket(), "return_items", args, "o-1")).code == "not_found"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=300)
@given(tool=st.sampled_from(sorted(CATALOGUE)), data=st.data())
def test_any_json_is_either_a_tools_arguments_or_refused(tool: str, data: st.DataObject) -> None:
    fields = sorted(CATALOGUE[tool].args_model.model_fields)
    names = st.sampled_from(fields) | st.text(max_size=8) if fields else st.text(max_size=8)
    args = data.draw(st.dictionaries(names, json_values, max_size=5))
    try:
        parsed = CATALOGUE[tool].args_model.model_validate(args)
    except ValidationError:
        return
    assert set(args) <= set(fields)
    assert CATALOGUE[tool].args_model.model_validate(parsed.model_dump(mode="json")) == parsed
