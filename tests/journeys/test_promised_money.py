"""The money of goods that customers send back: what merchants' systems tell of it when the goods have arrived."""

from datetime import timedelta
from typing import Any

from service.store import story
from service.store.invariants.checking import broken, recomputed
from tests.conftest import StandingClock
from tests.journeys.doubt import doubt
from tests.journeys.looking import kinds, newest_reply
from tests.journeys.merchant import Merchant, merchant
from tests.journeys.test_later import KETTLE, comes_back
from tests.rig import Rig
from tools.backends.shop import Fault
from tools.commerce import OrderId, Receipt, RefundLeg
from tools.money import Money

FIRST_PART = 4_000


async def sends_the_kettle_back(service: Rig) -> dict[str, Any]:
    """A customer returns the kettle; its money is to follow."""
    await service.say("I want to return the kettle from order D-100002, I changed my mind")
    service.clock.advance(minutes=5)
    return await service.say("yes, go ahead")


def first_part(receipt: Receipt) -> Receipt:
    """What a shop says that has paid a part and owes the rest."""
    (leg,) = receipt.legs
    return receipt.model_copy(update={"legs": (leg.model_copy(update={"amount_minor": FIRST_PART}),)})


async def promises_hold(service: Rig) -> None:
    """Every invariant holds, and every journal verifies."""
    async with service.services.db.reading() as conn:
        assert await broken(conn, "default", service.services.policy_for("default")) == ()
        assert await recomputed(conn, "default") == ()
    await service.verify_journals()


async def shown_to_approvers(service: Rig) -> tuple[Money, ...]:
    """What the console says of the money that went or may go back to the customer of late."""
    async with service.services.db.reading() as conn:
        return await story.money_back(conn, "default", "cus_1", service.clock() - timedelta(days=30))


async def pays_by_hand(shop: Merchant, amount_minor: int) -> None:
    """The merchant's people send money back on the order themselves."""
    order = await shop.service.order("D-100002")
    leg = RefundLeg(method_id=order["payments"][0]["method_id"], amount_minor=amount_minor)
    await shop.shop.refund(OrderId("D-100002"), [leg], "goodwill", 0, "the shop's own refund")


async def hears_twice(shop: Merchant, ticket: dict[str, Any]) -> None:
    """The shop tells twice that the return is settled."""
    for webhook in ("evt-1", "evt-2"):
        told = await shop.tells("effect.settled", ticket["actions"][0]["idempotency_key"], webhook=webhook)
        assert (told.status_code, told.json()["status"]) == (202, "succeeded")
        await shop.service.work()


async def test_the_money_of_a_return_is_told_when_the_goods_have_arrived(database_url: str, clock: StandingClock) -> None:
    async with merchant(database_url, clock) as shop:
        service = shop.service
        ticket = await sends_the_kettle_back(service)
        (action,) = ticket["actions"]
        assert await shop.balances() == {"merchant_funds": -KETTLE, "refunds_accepted": KETTLE}
        asked = await service.say("Where is my refund for order D-100002?", ticket="T-2")
        assert "$89.00 for order D-100002 follows" in await newest_reply(service, asked)
        clock.advance(days=6)
        await shop.shop.settle_arrival("D-100002")  # type: ignore[arg-type]
        for webhook in ("evt-1", "evt-2"):
            await shop.tells("effect.settled", action["idempotency_key"], webhook=webhook)
            await service.work()
        ticket = await service.ticket(ticket["id"])
        assert (ticket["status"], ticket["actions"][0]["status"]) == ("resolved", "succeeded")
        told = [text for text in await service.said(ticket["id"]) if "$89.00 is on its way" in text]
        assert len(told) == 1
        assert await shop.balances() == {"merchant_funds": -KETTLE, "refunds_paid": KETTLE}
        asked = await service.say("And now, where is my refund for order D-100002?", ticket="T-2")
        assert "- $89.00 to" in await newest_reply(service, asked)
        assert "follows" not in await newest_reply(service, asked)
        clock.advance(days=2)
        await comes_back(shop, action["idempotency_key"], webhook="evt-3")
        assert await shop.balances() == {}
        assert (await service.ticket(ticket["id"]))["escalation"]["reason"] == "reversed"


async def test_a_customer_whose_return_was_paid_otherwise_is_not_told_that_money_follows(
    database_url: str, clock: StandingClock
) -> None:
    async with merchant(database_url, clock) as shop:
        service = shop.service
        ticket = await sends_the_kettle_back(service)
        await pays_by_hand(shop, 10_750)
        await shop.shop.settle_arrival(OrderId("D-100002"))
        asked = await service.say("Where is my refund for order D-100002?", ticket="T-2")
        assert "- $107.50 to" in await newest_reply(service, asked)
        assert "follows" not in await newest_reply(service, asked)
        said = await service.said(ticket["id"])
        await hears_twice(shop, ticket)
        assert await shop.balances() == {}
        assert (await kinds(service, ticket)).count("action.paid") == 1
        (told,) = (await service.said(ticket["id"]))[len(said) :]
        assert "$89.00 would go back to" in told
        assert "That money does not follow." in told
        assert "on its way" not in told
        case = (await service.ticket(ticket["id"]))["escalation"]
        assert case["reason"] == "paid_less"
        assert "$89.00 was promised, and the shop's books say that $0.00 goes back" in case["brief"]["summary"]
        await promises_hold(service)


async def test_people_and_the_customer_hear_once_that_less_came_than_was_promised(
    database_url: str, clock: StandingClock
) -> None:
    async with merchant(database_url, clock) as shop:
        service = shop.service
        ticket = await sends_the_kettle_back(service)
        await pays_by_hand(shop, 10_250)
        await shop.shop.settle_arrival(OrderId("D-100002"))
        said = await service.said(ticket["id"])
        await hears_twice(shop, ticket)
        assert await shop.balances() == {"merchant_funds": -500, "refunds_paid": 500}
        ticket = await service.ticket(ticket["id"])
        assert (ticket["status"], ticket["lane"], ticket["escalation"]["reason"]) == ("escalated", "human", "paid_less")
        summary = ticket["escalation"]["brief"]["summary"]
        assert "$89.00 was promised, and the shop's books say that $5.00 goes back" in summary
        (told,) = (await service.said(ticket["id"]))[len(said) :]
        assert "I said that $89.00 would go back to" in told
        assert "The shop now says $5.00. $5.00 is on its way." in told
        assert (await kinds(service, ticket)).count("ticket.escalated") == 1
        await promises_hold(service)


async def test_approvers_are_shown_what_came_of_a_return_and_not_what_was_promised(
    database_url: str, clock: StandingClock
) -> None:
    async with merchant(database_url, clock) as shop:
        ticket = await sends_the_kettle_back(shop.service)
        assert await shown_to_approvers(shop.service) == (Money(KETTLE, "USD"),)
        await pays_by_hand(shop, 10_250)
        await shop.shop.settle_arrival(OrderId("D-100002"))
        await hears_twice(shop, ticket)
        assert await shown_to_approvers(shop.service) == (Money(500, "USD"),)
        await comes_back(shop, ticket["actions"][0]["idempotency_key"], webhook="evt-3")
        assert await shown_to_approvers(shop.service) == ()


async def test_a_return_that_is_paid_in_parts_is_told_part_by_part(database_url: str, clock: StandingClock) -> None:
    async with doubt(database_url, clock) as shop:
        service = shop.service
        ticket = await sends_the_kettle_back(service)
        key, said = ticket["actions"][0]["idempotency_key"], await service.said(ticket["id"])
        await shop.shop.settle_arrival(OrderId("D-100002"))
        shop.faulty.script("find_effect", Fault(distort=first_part), Fault(distort=first_part))
        for webhook in ("evt-1", "evt-2"):
            await shop.tells("effect.settled", key, webhook=webhook)
        assert await shop.balances() == {
            "merchant_funds": -KETTLE,
            "refunds_paid": FIRST_PART,
            "refunds_accepted": KETTLE - FIRST_PART,
        }
        # The second part goes out before the customer was told of the first.
        await shop.tells("effect.settled", key, webhook="evt-3")
        await service.work()
        assert await shop.balances() == {"merchant_funds": -KETTLE, "refunds_paid": KETTLE}
        first, second = (await service.said(ticket["id"]))[len(said) :]
        assert "$40.00 is on its way" in first
        assert "The other $49.00 follows." in first
        assert "$49.00 is on its way" in second
        assert "follows" not in second
        assert (await service.ticket(ticket["id"]))["status"] == "resolved"
        await promises_hold(service)


async def test_an_answer_from_before_the_second_part_takes_nothing_back(sqlite_url: str, clock: StandingClock) -> None:
    async with doubt(sqlite_url, clock) as shop:
        service = shop.service
        ticket = await sends_the_kettle_back(service)
        await shop.shop.settle_arrival(OrderId("D-100002"))
        await shop.tells("effect.settled", ticket["actions"][0]["idempotency_key"])
        shop.faulty.script("find_effect", Fault(distort=first_part))
        await shop.tells("effect.settled", ticket["actions"][0]["idempotency_key"], webhook="evt-2")
        await service.work()
        assert await shop.balances() == {"merchant_funds": -KETTLE, "refunds_paid": KETTLE}
        assert (await kinds(service, ticket)).count("action.paid") == 1
