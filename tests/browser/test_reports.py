"""The numbers of a practice: looked at, read as tables, and asked for the leads behind them."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Visits
from tests.browser.looking import findings
from tests.browser.premises import Premises

pytestmark = pytest.mark.parametrize("premises", ["sqlite"], indirect=True, scope="module")
"""What the numbers are is tested on every database without a browser."""


def test_the_funnel_tells_its_numbers_and_opens_the_leads_behind_a_step(
    visit: Visits, premises: Premises
) -> None:
    premises.lead("Fay First")
    far = premises.lead("Gus Gone-Far")
    premises.admin.pipeline.move(far.id, "pending_decision")
    page = visit("/reports")
    funnel = page.locator("ortho-conversion-funnel")
    step = funnel.get_by_role("button", name=re.compile("^Pending Decision: 1 lead got here"))
    step.focus()
    expect(funnel.locator(".readout")).to_contain_text("of all")
    page.keyboard.press("Enter")
    asked = page.get_by_role("dialog", name="Leads that reached Pending Decision")
    expect(asked).to_contain_text("1 lead is behind this number")
    expect(asked.get_by_role("link")).to_have_text(["Gus Gone-Far"])
    page.keyboard.press("Escape")
    expect(step).to_be_focused()
    funnel.get_by_role("button", name="As a table").click()
    expect(funnel.get_by_role("row", name=re.compile("^Pending Decision"))).to_contain_text("1")
    asked = funnel.get_by_role("button", name="Pending Decision, Reached: 1")
    asked.click()
    page.get_by_role("link", name="Gus Gone-Far").click()
    expect(page).to_have_url(re.compile(f"/leads/{far.id}$"))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_reports(visit: Visits, premises: Premises, theme: str) -> None:
    premises.lead("Ax Examined")
    page = visit("/reports", color_scheme=theme, **PHONE)
    page.get_by_role("button", name=re.compile("^New Lead: ")).wait_for()
    assert findings(page) == []
    page.locator("ortho-conversion-funnel").get_by_role("button", name="As a table").click()
    page.get_by_role("row", name=re.compile("^New Lead")).wait_for()
    assert findings(page) == []
    wide = "document.documentElement.scrollWidth > innerWidth"
    assert not page.evaluate(wide)
