"""People act for a customer in the console: through the same policy as everybody, under their own name, and once."""

import asyncio
import copy
from datetime import timedelta
from typing import Any

import pytest

from service.console import shop
from service.store.money_schema import actions, approvals
from service.store.people import Role
from service.store.schema import tickets
from tests.conftest import StandingClock
from tests.console.world import ESPRESSO, Browser, World, open_world
from tools.backends.shop import Fault, Faulty, dump, load, read_books

REFUND = {"order_id": "D-100004", "amount_minor": "12.50", "reason": "damaged", "confirmed": "yes", "key": "one"}


async def effects(world: World) -> list[tuple[str, str | None]]:
    """What the shop's own books say was done."""
    return [(entry.kind, entry.order_id) for entry in await read_books(world.services.shop_engine, "default")]


async def act(browser: Browser, ticket: str, tool: str, **form: Any) -> tuple[int, str]:
    """Send a tool's form."""
    answer = await browser.post(f"/console/tickets/{ticket}/act/{tool}", **form)
    return answer.status_code, answer.text


@pytest.fixture
async def ticket(world: World) -> str:
    """A ticket of the first customer."""
    return await world.message()


@pytest.fixture
async def bob(world: World) -> Browser:
    """Somebody who works tickets."""
    return await world.browser(Role.AGENT, "bob")


async def test_a_refund_by_hand_is_done_under_the_persons_name_and_once(world: World, bob: Browser, ticket: str) -> None:
    chosen = (await bob.get(f"/console/tickets/{ticket}/act")).text
    assert f"/console/tickets/{ticket}/act/issue_refund?order=D-100004" in chosen
    form = (await bob.get(f"/console/tickets/{ticket}/act/issue_refund?order=D-100004")).text
    assert "The customer has said yes to exactly this." in form
    answers = [await bob.post(f"/console/tickets/{ticket}/act/issue_refund", **REFUND) for _ in range(2)]
    (action,) = await world.rows(actions)
    led = {(answer.status_code, answer.headers["location"]) for answer in answers}
    assert led == {(303, f"/console/tickets/{ticket}#{action.id}")}
    person = await world.person(Role.AGENT, "bob")
    assert (action.status, action.amount_minor) == ("succeeded", 1_250)
    assert action.requester == action.confirmed_by == f"person:{person.id}"
    assert await effects(world) == [("refund", "D-100004")]


async def test_a_form_that_is_changed_and_sent_again_from_the_history_is_not_answered_with_the_first(
    world: World, bob: Browser, ticket: str
) -> None:
    assert (await act(bob, ticket, "issue_refund", **REFUND))[0] == 303
    assert (await act(bob, ticket, "issue_refund", **REFUND | {"amount_minor": "20.00"}))[0] == 303
    asked = sorted(action.amount_minor for action in await world.rows(actions))
    assert asked == [1_250, 2_000]


async def test_an_order_that_is_older_than_the_newest_ten_is_found_and_acted_on(
    world: World, bob: Browser, ticket: str, clock: StandingClock
) -> None:
    await buys_twelve_more(world, clock)
    page = f"/console/tickets/{ticket}/act"
    link = f"{page}/issue_refund?order=D-100002"
    assert link not in (await bob.get(page)).text
    assert link in (await bob.get(f"{page}?order=D-100002")).text
    stranger = (await bob.get(f"{page}?order=D-100008")).text
    assert "There is no such order on this account." in stranger
    assert f"{page}/issue_refund?order=D-100008" not in stranger
    form = {"order_id": "D-100002", "amount_minor": "40", "reason": "damaged", "confirmed": "yes", "key": "two"}
    assert "in JPY" in (await bob.get(link)).text
    assert (await act(bob, ticket, "issue_refund", **form))[0] == 303
    (action,) = await world.rows(actions)
    assert (action.amount_minor, action.currency) == (40, "JPY")
    assert link in (await bob.get(page)).text, "the ticket is about it now"


async def buys_twelve_more(world: World, clock: StandingClock) -> None:
    """Ada orders twelve times since, in a shop whose currency is not the one in the settings."""
    data = await dump(world.services.shop_engine, "default")
    data["currency"] = "JPY"
    template = next(order for order in data["orders"] if order["id"] == "D-100003")
    newer = []
    for n in range(12):
        order = copy.deepcopy(template) | {"id": f"N-{n}", "placed_at": (clock() - timedelta(minutes=n)).isoformat()}
        order["payments"] = [payment | {"id": f"{payment['id']}_{n}"} for payment in order["payments"]]
        newer.append(order)
    await load(world.services.shop_engine, "default", data | {"orders": data["orders"] + newer})


@pytest.mark.parametrize("asked", ["get_customer", "find_orders", "get_order", "get_product"])
@pytest.mark.parametrize("away", ["unreachable", "silent"])
async def test_a_shop_that_does_not_answer_is_told_on_every_form(
    world: World, clock: StandingClock, ticket: str, monkeypatch: pytest.MonkeyPatch, asked: str, away: str
) -> None:
    await buys_twelve_more(world, clock)
    faulty = Faulty(world.services.commerce_for("default"))
    faulty.script(asked, Fault("unreachable") if away == "unreachable" else Fault(before=asyncio.Event().wait))
    if away == "silent":
        monkeypatch.setattr(shop, "READ_SECONDS", 0.2)
    async with open_world(world.services.settings.database_url, clock, commerce_for=lambda tenant: faulty) as without_shop:
        browser = await without_shop.browser(Role.AGENT, "bob")
        page = await browser.get(f"/console/tickets/{ticket}/act/change_order_items?order=D-100002")
    assert "The shop cannot be reached" in page.text


async def test_a_large_one_waits_for_somebody_elses_vote(world: World, ticket: str) -> None:
    ann = await world.browser(Role.SUPERVISOR, "ann")
    assert (await act(ann, ticket, "issue_refund", **REFUND | {"amount_minor": "749.00"}))[0] == 303
    (asked,) = await world.rows(approvals)
    page = (await ann.get(f"/console/tickets/{ticket}")).text
    assert "You asked for this yourself, so somebody else decides." in page
    assert (asked.state, await effects(world)) == ("pending", [])


@pytest.mark.parametrize(
    ("changed", "status", "said"),
    [
        ({"amount_minor": "7490.00"}, 409, "No more can go back than was paid."),
        ({"amount_minor": "twelve"}, 422, "Write the amount as a number"),
        ({"amount_minor": "12.505"}, 422, "more digits than the currency"),
        ({"amount_minor": "NaN"}, 422, "Write the amount as a number"),
        ({"amount_minor": "1e999999"}, 422, "Write the amount as a number"),
        ({"order_id": "D-100008"}, 404, "There is no such order on this account."),
        ({"confirmed": None}, 409, "The customer says yes before anything is changed."),
        ({"reason": "revenge"}, 422, "do not have the shape"),
    ],
)
async def test_what_is_refused_is_told_on_the_form_and_what_was_written_stays(
    world: World, bob: Browser, ticket: str, changed: dict[str, str | None], status: int, said: str
) -> None:
    form = {name: value for name, value in (REFUND | changed).items() if value is not None}
    answered, page = await act(bob, ticket, "issue_refund", **form)
    assert answered == status, "as the API answers it"
    assert said in page
    assert f'value="{form["amount_minor"]}"' in page
    assert await effects(world) == []


async def test_goods_and_addresses_are_chosen_from_what_the_customer_has(world: World, bob: Browser, ticket: str) -> None:
    shop = await dump(world.services.shop_engine, "default")
    mine = {order["id"]: order for order in shop["orders"] if order["customer_id"] == "cus_1"}
    (method, *_) = next(one for one in shop["customers"] if one["id"] == "cus_1")["payment_methods"]
    delivered = mine["D-100004"]
    form = (await bob.get(f"/console/tickets/{ticket}/act/return_items?order=D-100004")).text
    assert f'value="{delivered["items"][0]["id"]}"' in form
    assert f'value="{method["id"]}"' in form
    pending = next(order for order in mine.values() if order["status"] == "pending")
    place = {"line1": "12 Harbour Street", "city": "Boston", "region": "MA", "postal_code": "02110", "country": "US"}
    typed = {f"address.{part}": text for part, text in place.items()}
    sent = await act(bob, ticket, "change_order_address", order_id=pending["id"], confirmed="yes", key="two", **typed)
    assert sent[0] == 303
    shop = await dump(world.services.shop_engine, "default")
    assert next(order for order in shop["orders"] if order["id"] == pending["id"])["address"]["line1"] == "12 Harbour Street"


async def test_a_line_is_swapped_for_a_variant_of_its_own_product(world: World, bob: Browser, ticket: str) -> None:
    shop = await dump(world.services.shop_engine, "default")
    variants = {product["id"]: [one for one in product["variants"] if one["available"]] for product in shop["products"]}
    order, line, new = next(
        (order, line, new)
        for order in shop["orders"]
        if order["customer_id"] == "cus_1" and order["status"] == "pending"
        for line in order["items"]
        for new in variants[line["product_id"]]
        if new["id"] != line["variant_id"]
    )
    path = f"/console/tickets/{ticket}/act/change_order_items?order={order['id']}"
    form = (await bob.get(path)).text
    assert f'name="swap.{line["id"]}"' in form
    assert f'<option value="{new["id"]}"' in form
    method = order["payments"][0]["method_id"]
    swap = {"order_id": order["id"], f"swap.{line['id']}": new["id"], "payment_method_id": method, "confirmed": "yes"}
    assert (await act(bob, ticket, "change_order_items", key="three", **swap))[0] == 303
    (action,) = await world.rows(actions)
    assert (action.args["item_ids"], action.args["new_item_ids"]) == ([line["id"]], [new["id"]])


async def test_nothing_is_offered_for_a_sender_whom_nobody_vouches_for(world: World, bob: Browser) -> None:
    ticket = await world.message("T-9", verified=False)
    assert f"/console/tickets/{ticket}/act" not in (await bob.get(f"/console/tickets/{ticket}")).text
    status, page = await act(bob, ticket, "issue_refund", **REFUND)
    assert (status, "does not know this customer" in page) == (422, True)
    assert await effects(world) == []


async def test_a_tool_that_only_looks_or_is_not_there_has_no_form(world: World, bob: Browser, ticket: str) -> None:
    before = await world.rows(tickets)
    for tool in ("get_customer", "drop_tables"):
        assert (await bob.get(f"/console/tickets/{ticket}/act/{tool}")).status_code == 404
        assert (await act(bob, ticket, tool, key="x"))[0] == 404
    assert await world.rows(tickets) == before


async def test_whoever_opens_a_form_without_its_order_chooses_one_first(bob: Browser, ticket: str) -> None:
    shown = await bob.get(f"/console/tickets/{ticket}/act/issue_refund")
    assert (shown.status_code, shown.headers["location"]) == (303, f"/console/tickets/{ticket}/act")


async def test_a_switch_stops_people_too(world: World, bob: Browser, ticket: str) -> None:
    ann = await world.browser(Role.SUPERVISOR, "ann")
    await ann.post("/console/switches", scope="effect", name="MONEY", on="on", reason="Two banks answer.")
    status, page = await act(bob, ticket, "issue_refund", **REFUND)
    assert (status, "This has been switched off." in page) == (403, True)
    assert ESPRESSO["order_id"] in page
    assert await effects(world) == []
