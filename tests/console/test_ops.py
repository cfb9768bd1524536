"""What operators see: numbers that are true, metrics that a scraper can read, and a door that is shut to others."""

from datetime import timedelta

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from service.ops.sparkline import BUCKETS, spark
from service.store.callers import bot_for
from service.store.durations import summarise
from service.store.money_schema import actions, approvals
from service.store.people import Role
from service.store.schema import tickets, workers
from service.telemetry import COUNTERS, DURATIONS, GAUGES
from tests.conftest import StandingClock
from tests.console.world import E_BIKE, ESPRESSO, World, open_world
from tools.backends.shop import dump
from tools.ports import Lane, TenantName

TOKEN = "a token for the scraper"


async def busy(world: World) -> str:
    """Three tickets: one answered and resolved, one with people, one that waits for approval; returns the last."""
    answered, taken, asked = [await world.message(f"T-{number}") for number in range(3)]
    reply, end = world.clock() + timedelta(seconds=2), world.clock() + timedelta(minutes=4)
    await world.change(tickets, tickets.c.id == answered, first_reply_at=reply, resolved_at=end, status="resolved")
    budget = {"spent": {"microusd": 24_310, "tokens": 900}}
    await world.change(tickets, tickets.c.id == answered, budget=budget)
    await world.case(taken)
    await world.wanted(asked, ESPRESSO)
    await world.wanted(asked, ESPRESSO | {"order_id": "D-100002", "amount_minor": 10_749_99})
    return asked


def metric(text: str, name: str, **labels: str) -> float | None:
    """One sample of an exposition."""
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == name and labels.items() <= sample.labels.items():
                return sample.value
    return None


async def test_the_page_counts_what_happened(each_world: World) -> None:
    await busy(each_world)
    text = (await (await each_world.browser(Role.VIEWER)).get("/ops")).text
    tiles = text[: text.index('class="sheets"')]
    assert "<dt>Tickets in</dt><dd>3</dd>" in tiles
    assert "100 %" in tiles
    assert "1 of 1 that ended" in tiles
    assert "$0.024" in tiles
    assert "refund.conservation" in text
    assert "2.0 s" in text
    assert "Taken over by a person" in text


async def test_an_empty_house_has_a_page_too(world: World) -> None:
    browser = await world.browser(Role.VIEWER)
    for last in ("hour", "day", "week", "month"):
        answer = await browser.get(f"/ops?last={last}")
        assert answer.status_code == 200
        assert "No ticket came in." in answer.text
    assert (await browser.get("/ops?last=eternity")).status_code == 422
    assert "No worker has ever started." in answer.text


async def test_what_is_older_than_the_stretch_does_not_count(world: World) -> None:
    await busy(world)
    world.clock.advance(hours=2)
    browser = await world.browser(Role.VIEWER)
    assert "<dt>Tickets in</dt><dd>0</dd>" in (await browser.get("/ops?last=hour")).text
    assert "<dt>Tickets in</dt><dd>3</dd>" in (await browser.get("/ops?last=day")).text


async def money_back(world: World) -> str:
    """What the tile says of the last hour."""
    text = (await (await world.browser(Role.VIEWER)).get("/ops?last=hour")).text
    return text.split("<dt>Money back</dt><dd>")[1].split("</dd>")[0]


async def test_a_refund_that_waited_for_approval_counts_when_its_money_goes_back(each_world: World) -> None:
    ticket = await each_world.message()
    asked = await each_world.wanted(ticket, ESPRESSO)
    assert asked.action is not None
    each_world.clock.advance(hours=3)
    assert await money_back(each_world) == "–"
    (row,) = await each_world.rows(approvals)
    ann = await each_world.person(Role.SUPERVISOR, "ann")
    await each_world.services.approvals.decide(ann, row.id, "approve", "", row.digest)
    async with each_world.services.db.reading() as conn:
        caller = await bot_for(conn, TenantName("default"), ticket, Lane.WORKFLOW)
    assert (await each_world.services.runner.resume(caller, asked.action.id)).ok
    assert await money_back(each_world) == "$749.00"


async def decided(world: World) -> str:
    """What the page says of the decisions of the last hour."""
    text = (await (await world.browser(Role.VIEWER)).get("/ops?last=hour")).text
    return text.split("<dt>Decided</dt><dd>")[1].split("</dd>")[0]


async def test_a_decision_counts_when_it_is_made_and_what_nobody_decided_is_none(each_world: World) -> None:
    await each_world.wanted(await each_world.message(), ESPRESSO)
    each_world.clock.advance(hours=3)
    (row,) = await each_world.rows(approvals)
    ann = await each_world.person(Role.SUPERVISOR, "ann")
    await each_world.services.approvals.decide(ann, row.id, "deny", "It was never damaged.", row.digest)
    other = await each_world.message("T-2", external_id="cus_2")
    await each_world.wanted(other, E_BIKE, "cus_2")
    assert await decided(each_world) == "1 denied"
    (late,) = await each_world.rows(approvals, approvals.c.state == "pending")
    each_world.clock.now = late.expires_at
    assert await each_world.services.approvals.expire() == 1
    assert await decided(each_world) == "none"


async def test_money_that_is_promised_for_goods_on_their_way_back_has_not_gone_back(world: World) -> None:
    ticket, bob = await world.message(), await world.browser(Role.AGENT, "bob")
    shop = await dump(world.services.shop_engine, "default")
    order = next(one for one in shop["orders"] if one["id"] == "D-100002")
    goods = {"order_id": order["id"], "item_ids": [order["items"][0]["id"]], "refund_to": order["payments"][0]["method_id"]}
    sent = await bob.post(f"/console/tickets/{ticket}/act/return_items", **goods, confirmed="yes", key="one")
    (action,) = await world.rows(actions)
    assert (sent.status_code, action.status, action.amount_minor > 0) == (303, "succeeded", True)
    assert await money_back(world) == "–"


async def test_a_worker_that_fell_silent_is_seen(world: World) -> None:
    async with world.services.db.begin() as conn:
        for name, age in (("wrk_alive", 0), ("wrk_silent", 600)):
            beat = f"(strftime('%Y-%m-%dT%H:%M:%f', 'now', '-{age} seconds') || '000+00:00')"
            await conn.exec_driver_sql(f"insert into workers (id, beat, started_at) values ('{name}', {beat}, {beat})")
    text = (await (await world.browser(Role.VIEWER)).get("/ops")).text
    assert text.index("Alive") < text.index("Silent")
    assert len(await world.rows(workers)) == 2


async def test_the_metrics_hold_every_name_and_the_same_facts(each_world: World) -> None:
    await busy(each_world)
    answer = await each_world.stranger().get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    text = answer.text
    for name in (*(f"{counter}_total" for counter in COUNTERS), *GAUGES):
        assert f"# TYPE {name.removesuffix('_total')}" in text, name
    for name in DURATIONS:
        assert metric(text, f"{name}_count", tenant="default") is not None, name
    assert metric(text, "deskrail_tickets_received_total", tenant="default", status="resolved") == 1
    assert metric(text, "deskrail_cases", tenant="default", state="open", risk="medium") == 1
    assert metric(text, "deskrail_approvals", tenant="default", state="pending") == 1
    assert metric(text, "deskrail_approvals_asked_total", tenant="default", rule="refund.per_call_cap") == 1
    assert metric(text, "deskrail_refusals_total", tenant="default", rule="refund.conservation") == 1
    assert metric(text, "deskrail_model_cost_microusd_total", tenant="default") == 24_310
    assert metric(text, "deskrail_first_reply_seconds", tenant="default", quantile="0.5") == 2.0
    assert metric(text, "deskrail_tickets_received_total", tenant="acme") is None
    assert metric(text, "process_resident_memory_bytes") is not None


async def test_counters_only_grow(world: World) -> None:
    await busy(world)
    before = (await world.stranger().get("/metrics")).text
    other = await world.message("T-9", external_id="cus_2")
    await world.wanted(other, E_BIKE, "cus_2")
    after = (await world.stranger().get("/metrics")).text
    for name, labels in (
        ("deskrail_webhooks_received_total", {"source": "standard"}),
        ("deskrail_actions_total", {"tool": "issue_refund", "status": "proposed"}),
    ):
        older, newer = metric(before, name, **labels), metric(after, name, **labels)
        assert older is not None
        assert newer == older + 1


async def test_no_metric_names_a_customer_or_a_ticket(world: World) -> None:
    ticket = await busy(world)
    text = (await world.stranger().get("/metrics")).text
    for private in (ticket, "T-1", "ada@example.com", "cus_1", "D-100004"):
        assert private not in text


async def test_with_a_token_set_only_its_bearer_reads_the_metrics(world_url: str, clock: StandingClock) -> None:
    async with open_world(world_url, clock, DESKRAIL_METRICS_TOKEN=TOKEN) as world:
        asker = world.stranger()
        assert (await asker.get("/metrics")).status_code == 401
        assert (await asker.get("/metrics", authorization="Bearer wrong")).status_code == 401
        assert (await asker.get("/metrics", authorization=f"Bearer {TOKEN}")).status_code == 200


@pytest.mark.parametrize(
    ("client", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("10.0.0.7", {}, 403),
        ("127.0.0.1", {"x-forwarded-for": "203.0.113.9"}, 403),
        ("127.0.0.1", {"forwarded": "for=203.0.113.9"}, 403),
    ],
)
async def test_without_a_token_only_this_machine_reads_the_metrics(
    world: World, client: str, headers: dict[str, str], status: int
) -> None:
    transport = httpx.ASGITransport(world.app, client=(client, 40_000))
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.test") as http:
        answer = await http.get("/metrics", headers=headers)
    assert answer.status_code == status


def test_percentiles_are_values_that_happened() -> None:
    measured = summarise([float(value) for value in range(1, 101)])
    assert measured.quantiles == (50.0, 90.0, 99.0)
    assert (measured.count, measured.total) == (100, 5050.0)
    assert summarise([]).quantiles == (None, None, None)
    assert summarise([7.0]).quantiles == (7.0, 7.0, 7.0)


def test_a_line_has_its_highest_point_where_most_happened(clock: StandingClock) -> None:
    until, since = clock(), clock() - timedelta(hours=24)
    drawn = spark([until - timedelta(minutes=30)] * 3 + [until - timedelta(hours=20)], since, until)
    assert len(drawn.counts) == BUCKETS
    assert (sum(drawn.counts), drawn.most, drawn.counts[-1]) == (4, 3, 3)
    heights = [float(point.split(",")[1]) for point in drawn.line.split()]
    assert heights[-1] == min(heights)
    assert spark([], since, until).most == 0
