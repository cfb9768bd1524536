"""Finding out by hand in a browser: the card with the facts, and a word that ends the doubt."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from service.store.people import Role
from tests.browser.conftest import NARROW, WIDE, Visitor
from tests.browser.house import House, open_house
from tests.browser.test_truth import SLOW, barriers
from tools.backends.shop import Fault, Faulty, Shop

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

KETTLE = {"order_id": "D-100002", "amount_minor": 8_900, "currency": "USD", "reason": "damaged"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A running service whose shop loses refunds and cannot be asked about them."""
    shops: dict[str, Faulty] = {}
    url = f"sqlite:///{tmp_path_factory.mktemp('house') / 'deskrail.db'}"
    with open_house(url, lambda tenant: shops[tenant]) as opened:
        shop = shops["default"] = Faulty(Shop(opened.world.services.shop_engine, "default", opened.world.clock))
        shop.script("refund", *[Fault("lost_request")] * 3)
        shop.script("find_effect", *[Fault("unreachable")] * 1_000)
        yield opened


@pytest.mark.parametrize(("named", "amount", "size"), [("W-1", 8_900, WIDE), ("N-1", 1_850, NARROW)], ids=["wide", "narrow"])
def test_a_supervisor_finds_out_and_says_so(
    visit: Visitor, house: House, named: str, amount: int, size: tuple[int, int]
) -> None:
    ticket = house.do(house.world.message(named, "The kettle arrived broken."))
    result = house.do(house.world.wanted(ticket, KETTLE | {"amount_minor": amount}))
    assert result.in_doubt
    assert result.action is not None
    page = (seen := visit(Role.SUPERVISOR, "ann", size=size, bypass=True)).page
    seen.go(f"/console/tickets/{ticket}")
    card = page.locator(f"#doubt-{result.action.id}")
    expect(card).to_contain_text("The shop gave no answer")
    assert barriers(page) == []
    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert over <= 0
    card.get_by_role("button", name="It did not happen").click()
    expect(card).to_be_visible()  # The form holds the click back until there is a reason.
    card.get_by_label("How you found out").fill("Their payment list lacks it.")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.post_data or "") if request.method == "POST" else None)
    card.get_by_label("The shop's reference").press("Enter")
    card.get_by_role("button", name="It did not happen").click()
    expect(card).to_have_count(0, timeout=SLOW)
    assert [word.split("outcome=")[-1] for word in sent] == ["not_happened"], "Enter in a field says nothing about the money."
    expect(page.locator("#line")).to_contain_text("ann found out that it did not happen: “Their payment list lacks it.”")
    expect(page.locator("#line")).to_contain_text("it did not go through", timeout=SLOW)
