"""The policy's page in a browser: an admin lowers a tool with a reason, and no screen is too narrow for it."""

import pytest
from playwright.sync_api import expect

from service.store.people import Role
from tests.browser.conftest import NARROW, WIDE, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_the_page_fits_the_screen(visit: Visitor, size: tuple[int, int]) -> None:
    seen = visit(Role.ADMIN)
    seen.page.set_viewport_size({"width": size[0], "height": size[1]})
    seen.go("/console/policy")
    over = seen.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert over <= 0
    name = seen.page.locator("#tool-issue_refund .switch-name").bounding_box()
    assert name is not None
    assert name["width"] > 100


def test_an_admin_puts_a_tool_under_watch(visit: Visitor) -> None:
    page = (seen := visit(Role.ADMIN)).page
    seen.go("/console/policy")
    tool = page.locator("#tool-issue_refund")
    tool.get_by_label("Level of Refund", exact=True).select_option("observe")
    tool.get_by_role("button", name="Set").click()
    expect(tool).to_contain_text("Approve over cap")  # The form holds the click back until there is a reason.
    tool.get_by_label("Reason to change the level of Refund").fill("Two wrong refunds on Friday.")
    tool.get_by_role("button", name="Set").click()
    expect(tool.locator(".switch-state")).to_contain_text("Observe")
    expect(tool).to_contain_text("Two wrong refunds on Friday.; ")
    expect(tool).to_contain_text("alone up to $0.00")
    page.get_by_text("What the levels mean").click()
    expect(page.get_by_text("The machine only says what it would do.")).to_be_visible()
