"""The application around the pages: who gets in, what they see of it, and what ends."""

import re

import pytest
from playwright.sync_api import expect

from orthocrm import Role
from tests.browser.conftest import PHONE, Visits
from tests.browser.looking import findings
from tests.browser.premises import PASSWORD, email


def test_somebody_logs_in_by_keyboard_and_comes_to_the_page_that_they_asked_for(
    visit: Visits,
) -> None:
    page = visit("/pipeline?due=overdue", None)
    page.get_by_label("E-mail").fill(email(Role.CLINIC_ADMIN))
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("navigation").get_by_role("link", name="Pipeline")).to_be_visible()
    assert page.url.endswith("/pipeline?due=overdue")
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()


def test_what_is_wrong_with_a_log_in_is_said(visit: Visits) -> None:
    page = visit("/", None)
    page.get_by_label("E-mail").fill(email(Role.CLINIC_ADMIN))
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_have_text("The address, the password or the code is wrong")


def test_what_a_role_may_not_see_is_not_shown_and_its_address_says_so(visit: Visits) -> None:
    page = visit("/pipeline", Role.DOCTOR)
    expect(page.get_by_role("heading", name="This page is not for your role")).to_be_visible()
    expect(page.get_by_role("link", name="Pipeline")).to_have_count(0)


def test_an_address_that_is_none_says_so_and_leads_back(visit: Visits) -> None:
    page = visit("/no/such/page")
    page.get_by_role("link", name="Go to the start").click()
    expect(page).to_have_url(re.compile("/pipeline$"))


def test_an_ended_session_is_begun_again_over_the_page(visit: Visits) -> None:
    page = visit("/pipeline")
    expect(page.get_by_role("heading", name="New Lead")).to_be_visible()
    page.context.clear_cookies()
    page.get_by_label("Due").select_option("overdue")
    expect(page.get_by_role("heading", name="Your session has ended")).to_be_visible()
    page.get_by_label("E-mail").fill(email(Role.CLINIC_ADMIN))
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your session has ended")).to_be_hidden()
    expect(page.get_by_role("heading", name="New Lead")).to_be_visible()


def test_a_page_at_which_nobody_is_ends_its_session(visit: Visits) -> None:
    page = visit("/no/such/page", None)
    page.clock.install()
    token = visit.premises.session(Role.CLINIC_ADMIN)
    page.context.add_cookies([{"name": "orthocrm", "value": token, "url": visit.premises.address}])
    page.goto(visit.premises.address + "/pipeline")
    expect(page.get_by_role("heading", name="New Lead")).to_be_visible()
    page.clock.fast_forward("16:00")
    expect(page.get_by_role("heading", name="Your session has ended")).to_be_visible()
    assert visit.premises.crm.access.session(token) is None


def test_a_second_factor_is_asked_for_after_the_password(visit: Visits) -> None:
    codes = visit.premises.second_factor("twofold")
    page = visit("/", None)
    page.get_by_label("E-mail").fill("twofold@bright.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Code")).to_be_focused()
    page.keyboard.type(codes[0])
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Log out")).to_be_visible()


def test_the_help_sheet_lists_shortcuts_which_can_be_turned_off(visit: Visits) -> None:
    page = visit("/pipeline")
    expect(page.get_by_role("heading", name="New Lead")).to_be_visible()
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(sheet.get_by_text("Pipeline")).to_be_visible()
    sheet.get_by_label("Use shortcuts of single keys").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(sheet).to_be_hidden()


def test_texts_are_spanish_where_the_reader_prefers_it(visit: Visits) -> None:
    page = visit("/", None, locale="es-MX")
    expect(page.get_by_role("heading", name="Iniciar sesión")).to_be_visible()
    assert page.locator("html").get_attribute("lang") == "es"


@pytest.mark.parametrize("theme, role", [("light", None), ("dark", None), ("dark", Role.DOCTOR)])
def test_axe_finds_nothing_in_the_frame(visit: Visits, theme: str, role: Role | None) -> None:
    page = visit("/pipeline", role, color_scheme=theme, **PHONE)
    page.get_by_role("heading").first.wait_for()
    assert findings(page) == []
