"""The stories as data: somebody in the demo shop can play each of them, and the contract's scenarios are all there."""

from datetime import UTC, datetime

import pytest

from service.commands.trigger import STORIES as SCENARIOS
from service.demo.run import STORIES, players_of, stories
from service.errors import Fatal
from service.scenarios.casting import Casting, fits
from service.scenarios.story import Story, Wanted, read
from tools.backends.shop import demo_data
from tools.backends.shop.data import ShopData, check

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

CONTRACT = {
    "order.status",
    "refund.small",
    "refund.over_limit",
    "address.change",
    "cancel",
    "angry.customer",
    "prompt.injection",
    "model.outage",
    "duplicate.webhook",
    "multi.intent",
}


@pytest.fixture(scope="module")
def shop() -> ShopData:
    """The demo shop."""
    return check(demo_data(NOW))


def test_every_scenario_of_the_contract_is_there() -> None:
    assert {story.name.partition("/")[0] for story in read(SCENARIOS)} == CONTRACT


def test_the_demo_has_sixty_different_tickets() -> None:
    told = read(STORIES)
    assert len(told) == len({story.name for story in told}) == len({story.text for story in told}) == 60


@pytest.mark.parametrize("tickets", [1, 12, 60, 130])
def test_somebody_in_the_demo_shop_can_play_every_ticket(shop: ShopData, tickets: int) -> None:
    players = players_of(Casting(shop, NOW).cast(stories(tickets)))
    assert len({player.ticket for player in players}) == tickets
    for player in players:
        story, role = player.story, player.role
        written = [story.subject, story.text, *story.answers.values(), *(following.text for following in story.then)]
        assert all("{" not in role.speak(text) for text in written)
        if story.order:
            assert role.order is not None
            assert fits(role.order, story.order, NOW)
            assert role.order.customer_id == role.customer.id != role.stranger.id


def test_a_customer_asks_again_only_when_the_first_ticket_is_finished(shop: ShopData) -> None:
    players = {player.story.name: player for player in players_of(Casting(shop, NOW).cast(stories(60)))}
    again = players["the same mug again"]
    first = players["mug out of a parcel of two"]
    assert again.after is first
    assert again.role.order == first.role.order


def test_no_order_plays_twice_by_accident(shop: ShopData) -> None:
    players = players_of(Casting(shop, NOW).cast(stories(60)))
    orders = [player.role.order.id for player in players if player.role.order and not player.story.same_as]
    assert len(orders) == len(set(orders))


def test_a_story_that_nobody_can_play_says_what_it_wants(shop: ShopData) -> None:
    with pytest.raises(Fatal, match=r"No order of this shop suits the story unheard.of; it wants holds \('Piano',\)\."):
        Casting(shop, NOW).cast([Story(name="unheard.of", text="", order=Wanted(holds=("Piano",)))])


def test_an_empty_shop_has_nobody_to_play() -> None:
    with pytest.raises(Fatal, match="no customers"):
        Casting(ShopData(currency="USD"), NOW).cast([Story(name="anything", text="")])
