"""The numbers of a practice: looked at, read as tables, and asked for the leads behind them."""

import re

import pytest
from playwright.sync_api import expect

from orthocrm import Role
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
    page.get_by_role("button", name=re.compile("^Other: ")).wait_for()
    page.get_by_role("region", name="Coordinators").wait_for()
    assert findings(page) == []
    page.locator("ortho-conversion-funnel").get_by_role("button", name="As a table").click()
    page.get_by_role("row", name=re.compile("^New Lead")).wait_for()
    assert findings(page) == []
    assert not page.locator("main").evaluate("main => main.scrollWidth > main.clientWidth")


def test_sources_are_drawn_sorted_and_opened(visit: Visits, premises: Premises) -> None:
    premises.lead("Sol Sourced")
    page = visit("/reports")
    chart = page.locator("ortho-source-performance-chart")
    bar = chart.get_by_role("button", name=re.compile(r"^Other: Leads: \d+, Patients: 0, .*Cost: "))
    bar.hover()
    expect(chart.locator(".readout")).to_contain_text("Conversion: 0%")
    bar.click()
    asked = page.get_by_role("dialog", name="Leads from Other")
    expect(asked.get_by_role("link", name="Sol Sourced")).to_be_visible()
    asked.get_by_role("button", name="Close").click()
    chart.get_by_role("button", name="As a table").click()
    leads = chart.get_by_role("columnheader", name="Leads")
    expect(leads).to_have_attribute("aria-sort", "descending")
    leads.get_by_role("button").press("Enter")
    expect(leads).to_have_attribute("aria-sort", "ascending")


def test_marketing_sees_what_sources_cost_and_no_lead_behind_them(
    visit: Visits, premises: Premises
) -> None:
    premises.lead("Mo Marketed")
    page = visit("/reports", Role.MARKETING_MANAGER)
    chart = page.locator("ortho-source-performance-chart")
    expect(chart.get_by_role("img", name=re.compile("^Other: .*Cost: "))).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^(Other|New Lead): "))).to_have_count(0)


def test_the_dashboard_compares_a_period_and_keeps_it_in_its_address(
    visit: Visits, premises: Premises
) -> None:
    premises.lead("Dee Dashed")
    page = visit("/reports")
    tile = page.get_by_role("button", name=re.compile(r"^Leads: \d+\. Show the leads behind it"))
    tile.wait_for()
    expect(page.get_by_role("status").filter(has_text="compared with")).to_be_visible()
    expect(page.get_by_role("region", name="Coordinators")).to_contain_text("Ana Ruiz")
    page.get_by_label("Period").select_option("own")
    page.get_by_label("First day").fill("2020-01-01")
    page.get_by_label("Last day").fill("2020-01-31")
    expect(page).to_have_url(re.compile("range=own&first=2020-01-01&until=2020-01-31"))
    expect(page.get_by_text("No lead came in during this period").first).to_be_visible()
    expect(tile).to_have_count(0)
    page.get_by_label("Last day").fill("2019-01-31")
    expect(page.get_by_role("alert")).to_contain_text("Choose a first day")


def test_a_coordinator_sees_no_costs_and_the_front_desk_no_reports(
    visit: Visits, premises: Premises
) -> None:
    premises.lead("Cora Counted")
    page = visit("/reports", Role.TREATMENT_COORDINATOR)
    expect(page.get_by_role("heading", name="New patients")).to_be_visible()
    expect(page.get_by_role("region", name="Coordinators")).to_be_visible()
    page.locator("ortho-source-performance-chart figure").wait_for()
    expect(page.get_by_role("heading", name="Cost per patient")).to_have_count(0)
    expect(page.get_by_role("alert")).to_have_count(0)
    page = visit("/reports", Role.FRONT_DESK)
    expect(page.get_by_role("heading", name="This page is not for your role")).to_be_visible()
    expect(page.get_by_role("link", name="Reports")).to_have_count(0)
