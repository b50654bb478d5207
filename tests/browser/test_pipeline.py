"""The board: leads are moved by mouse, finger and keyboard, and what is refused goes back."""

import pytest
from playwright.sync_api import APIResponse, Locator, Page, Route, expect

from orthocrm import Role
from orthocrm.core.ids import LeadId
from tests.browser.conftest import PHONE, Visits
from tests.browser.looking import findings
from tests.browser.premises import Premises


def column(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name)


def card(page: Page, name: str) -> Locator:
    return page.locator("ortho-lead-card").filter(has_text=name)


def stage_of(premises: Premises, lead_id: LeadId) -> str:
    return premises.admin.leads.get(lead_id).position.stage


def drag(page: Page, what: Locator, onto: Locator) -> None:
    start, end = what.bounding_box(), onto.bounding_box()
    assert start is not None
    assert end is not None
    page.mouse.move(start["x"] + 40, start["y"] + 20)
    page.mouse.down()
    page.mouse.move(start["x"] + 60, start["y"] + 30)
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + 120, steps=4)
    page.mouse.up()


def test_a_card_is_dragged_to_another_stage(visit: Visits, premises: Premises) -> None:
    lead = premises.lead("Draga Mouse")
    page = visit("/pipeline")
    drag(page, card(page, "Draga Mouse"), column(page, "Contacted"))
    expect(column(page, "Contacted").get_by_text("Draga Mouse")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("Draga Mouse moved to Contacted")
    assert stage_of(premises, lead.id) == "contacted"


def test_a_finger_holds_a_card_and_drags_it(visit: Visits, premises: Premises) -> None:
    lead = premises.lead("Fina Touch")
    page = visit("/pipeline", **PHONE)
    box = card(page, "Fina Touch").bounding_box()
    assert box is not None
    client = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        told = [{"x": x, "y": y} for x, y in points]
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": told})

    x, y = box["x"] + 60, box["y"] + 20
    touch("touchStart", (x, y))
    page.locator(".held").wait_for(state="attached")
    touch("touchMove", (x + 20, y + 10))
    touch("touchMove", (375, y + 30))
    expect(page.locator(".column.over")).to_have_count(1)
    over = page.locator(".column.over h2 bdi").inner_text()
    touch("touchEnd")
    expect(column(page, over).get_by_text("Fina Touch")).to_have_count(1)
    expect(page.get_by_role("status")).to_contain_text("Fina Touch moved")
    assert stage_of(premises, lead.id) != "new_lead"


def test_a_card_is_moved_and_lost_by_keyboard_alone(visit: Visits, premises: Premises) -> None:
    lead = premises.lead("Kira Keys")
    page = visit("/pipeline")
    card(page, "Kira Keys").get_by_role("link").focus()
    page.keyboard.press("Shift+ArrowRight")
    expect(column(page, "Contacted").get_by_text("Kira Keys")).to_be_visible()
    expect(card(page, "Kira Keys").get_by_role("link")).to_be_focused()
    expect(page.get_by_role("status")).to_contain_text("Kira Keys moved to Contacted")
    page.keyboard.press("m")
    page.get_by_role("dialog", name="Move Kira Keys to").get_by_role("button", name="Lost").press(
        "Enter"
    )
    asked = page.get_by_role("dialog", name="Why was Kira Keys lost?")
    asked.get_by_label("Reason").select_option("COST_FINANCIAL")
    asked.get_by_role("button", name="Mark as lost").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Kira Keys was lost: Cost")
    assert stage_of(premises, lead.id) == "lost"
    page.get_by_role("button", name="Undo").press("Enter")
    expect(column(page, "Contacted").get_by_text("Kira Keys")).to_be_visible()
    assert stage_of(premises, lead.id) == "contacted"


def test_a_refused_move_goes_back_and_is_explained(visit: Visits, premises: Premises) -> None:
    lead = premises.lead("Bea Backward")
    premises.admin.pipeline.move(lead.id, "pending_decision")
    page = visit("/pipeline")
    card(page, "Bea Backward").get_by_role("link").focus()
    page.keyboard.press("Shift+ArrowLeft")
    expect(page.get_by_role("status")).to_contain_text("Leads go forward only")
    expect(column(page, "Pending Decision").get_by_text("Bea Backward")).to_be_visible()
    expect(column(page, "Consultation Completed").get_by_text("Bea Backward")).to_have_count(0)


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(
    visit: Visits, premises: Premises
) -> None:
    lead = premises.lead("Cora Conflict")
    page = visit("/pipeline")
    card(page, "Cora Conflict").wait_for()
    page.route("**/api/board?*", lambda route: route.abort())  # no look comes in between
    premises.admin.pipeline.move(lead.id, "consultation_scheduled")
    card(page, "Cora Conflict").get_by_role("link").focus()
    page.keyboard.press("Shift+ArrowRight")
    expect(page.get_by_role("status")).to_contain_text("Somebody changed this meanwhile")
    page.unroute("**/api/board?*")
    expect(column(page, "Consultation Scheduled").get_by_text("Cora Conflict")).to_be_visible()


def test_a_move_whose_answer_was_lost_has_one_effect(visit: Visits, premises: Premises) -> None:
    lead = premises.lead("Lena Lost")
    page = visit("/pipeline")
    card(page, "Lena Lost").wait_for()
    answers: list[APIResponse] = []

    def lose_the_first(route: Route) -> None:
        answers.append(route.fetch())
        if len(answers) == 1:
            route.abort("connectionreset")
        else:
            route.fulfill(response=answers[-1])

    page.route("**/api/leads/*/stage", lose_the_first)
    card(page, "Lena Lost").get_by_role("link").focus()
    page.keyboard.press("Shift+ArrowRight")
    expect(page.get_by_role("status")).to_contain_text("Lena Lost moved to Contacted")
    assert [answer.status for answer in answers] == [200, 412]
    assert stage_of(premises, lead.id) == "contacted"


def test_filters_stand_in_the_address_and_last(visit: Visits, premises: Premises) -> None:
    premises.lead("Ida Invisalign", interests=("INVISALIGN",))
    premises.lead("Rita Retainer", interests=("RETAINER",))
    page = visit("/pipeline")
    page.get_by_label("Interest").select_option("INVISALIGN")
    expect(page.get_by_text("Ida Invisalign")).to_be_visible()
    expect(page.get_by_text("Rita Retainer")).to_have_count(0)
    assert page.url.endswith("/pipeline?interest=INVISALIGN")
    page.reload()
    expect(page.get_by_label("Interest")).to_have_value("INVISALIGN")
    expect(page.get_by_text("Ida Invisalign")).to_be_visible()
    navigation = page.get_by_role("navigation", name="Pages")
    navigation.get_by_role("link", name="Tasks").click()
    navigation.get_by_role("link", name="Pipeline").click()
    expect(page.get_by_label("Interest")).to_have_value("INVISALIGN")
    page.get_by_role("button", name="Clear filters").click()
    expect(page.get_by_text("Rita Retainer")).to_be_visible()


def test_a_move_that_a_role_may_not_make_goes_back(visit: Visits, premises: Premises) -> None:
    lead = premises.lead("Nora Notmine")
    premises.admin.pipeline.move(lead.id, "pending_decision")
    page = visit("/pipeline", Role.FRONT_DESK)
    card(page, "Nora Notmine").get_by_role("link").focus()
    page.keyboard.press("m")
    page.get_by_role("button", name="Treatment Started").click()
    page.get_by_role("button", name="Start treatment").click()
    expect(page.get_by_role("status")).to_contain_text("Your role may not move leads there")
    expect(column(page, "Pending Decision").get_by_text("Nora Notmine")).to_be_visible()


def test_two_who_look_see_each_others_moves(visit: Visits, premises: Premises) -> None:
    lead = premises.lead("Tova Two")
    one, two = visit("/pipeline"), visit("/pipeline", Role.TREATMENT_COORDINATOR)
    card(two, "Tova Two").wait_for()
    card(one, "Tova Two").get_by_role("link").focus()
    one.keyboard.press("Shift+ArrowRight")
    expect(column(one, "Contacted").get_by_text("Tova Two")).to_be_visible()
    expect(column(two, "Contacted").get_by_text("Tova Two")).to_be_visible()
    assert stage_of(premises, lead.id) == "contacted"


@pytest.mark.parametrize("theme, lang", [("light", "en-US"), ("dark", "es-ES")])
def test_axe_finds_nothing_on_the_board(
    visit: Visits, premises: Premises, theme: str, lang: str
) -> None:
    premises.lead("Axel Axe")
    page = visit("/pipeline", color_scheme=theme, locale=lang)
    card(page, "Axel Axe").first.wait_for()
    assert findings(page) == []
