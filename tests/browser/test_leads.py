"""Leads in the browser: found, corrected, moved, merged and given to somebody else."""

import re

import pytest
from playwright.sync_api import Page, expect

from orthocrm import LeadEdit, LogEntry, Role
from orthocrm.core.activity import CallOutcome, LeadActivityType
from orthocrm.core.ids import UserId
from orthocrm.core.lead import Lead
from tests.browser.conftest import PHONE, Visits
from tests.browser.looking import findings, hears_nothing
from tests.browser.premises import Premises

HOSTILE = '<img src=x onerror="document.title=1">'
TURNED = "\u202e\u05e9\u05dc\u05d5\u05dd \U0001f469\u200d\U0001f467"


def told(page: Page, text: str) -> None:
    expect(page.locator("ortho-notices")).to_contain_text(text)


def undo(page: Page, text: str) -> None:
    notice = page.locator("ortho-notices li").filter(has_text=text)
    notice.get_by_role("button", name="Undo").click()


def line(page: Page, name: str) -> None:
    expect(page.get_by_role("row").filter(has_text=name)).to_be_visible()


def now_of(premises: Premises, lead: Lead) -> Lead:
    return premises.admin.leads.get(lead.id)


def test_a_lead_is_searched_as_one_types_and_opened_by_keyboard_alone(
    visit: Visits, premises: Premises
) -> None:
    premises.lead("Sefa Søgt")
    premises.lead("Other Person")
    page = visit("/leads")
    line(page, "Other Person")
    page.keyboard.press("/")
    page.keyboard.type("søg sefa")
    expect(page.get_by_role("row").filter(has_text="Other Person")).to_have_count(0)
    line(page, "Sefa Søgt")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Sefa Søgt")).to_be_visible()
    page.go_back()
    assert "Sefa" not in page.url, "names of families do not stand in addresses"


def test_filters_are_remembered_kept_as_views_and_taken_away_as_a_table(
    visit: Visits, premises: Premises
) -> None:
    lead = premises.lead("Vida Viewed")
    premises.admin.pipeline.move(lead.id, "pending_decision")
    premises.lead("Nora Elsewhere")
    page = visit("/leads")
    page.get_by_label("Stage", exact=True).select_option("pending_decision")
    page.get_by_label("Came in").select_option("week")
    expect(page.get_by_role("row").filter(has_text="Nora Elsewhere")).to_have_count(0)
    page.goto(premises.address + "/leads")
    expect(page).to_have_url(re.compile("stage=pending_decision&since=week"))
    line(page, "Vida Viewed")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export CSV").click()
    assert "Nora" not in download.value.path().read_text()
    page.get_by_role("button", name="Save as a view").click()
    asked = page.get_by_role("dialog", name="Save as a view")
    asked.get_by_label("Name of the view").fill("Who decides")
    asked.get_by_role("button", name="Save").click()
    told(page, "The view Who decides was saved")
    line(page, "Vida Viewed")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export CSV").click()
    table = download.value.path().read_text()
    assert "Vida" in table
    assert "Nora" not in table
    page.get_by_role("button", name="Remove the view").click()
    undo(page, "The view Who decides was removed")
    expect(page.get_by_label("Saved view")).to_contain_text("Who decides")


def test_who_changed_the_same_field_is_shown_and_other_fields_come_together(
    visit: Visits, premises: Premises
) -> None:
    lead = premises.lead("Cleo Clash", city="Here")
    page = visit(f"/leads/{lead.id}")
    page.get_by_role("button", name="Edit", exact=True).click()
    premises.admin.leads.edit(lead.id, LeadEdit(city="There", postal_code="60601"))
    page.get_by_label("City").fill("Nowhere")
    page.get_by_label("Best time").fill("after five")
    page.get_by_role("button", name="Save").click()
    clash = page.get_by_role("alert")
    expect(clash).to_contain_text("Yours: Nowhere")
    clash.get_by_role("radio", name="Theirs: There").check()
    page.get_by_role("button", name="Save").click()
    told(page, "The changes were saved")
    address = now_of(premises, lead).contact.address
    assert (address.city, address.postal_code) == ("There", "60601")
    assert now_of(premises, lead).contact.preferred_time == "after five"


def test_what_is_wrong_stands_beside_its_field(visit: Visits, premises: Premises) -> None:
    lead = premises.lead("Wren Wrong")
    page = visit(f"/leads/{lead.id}")
    page.get_by_role("button", name="Edit", exact=True).click()
    page.get_by_label("Phone", exact=True).fill("12")
    page.get_by_role("button", name="Save").press("Enter")
    phone = page.get_by_label("Phone", exact=True)
    expect(phone).to_have_accessible_description(re.compile("area code"))
    expect(phone).to_be_focused()


def test_a_lead_goes_through_its_stages_is_lost_and_taken_back(
    visit: Visits, premises: Premises
) -> None:
    lead = premises.lead("Stella Steps")
    page = visit(f"/leads/{lead.id}")
    page.get_by_role("button", name="Consultation Completed").click()
    told(page, "Stella Steps moved to Consultation Completed")
    expect(page.get_by_role("button", name="Contacted")).to_be_disabled()
    page.get_by_role("button", name="Give up").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Give up")).to_be_focused()
    page.keyboard.press("Enter")
    asked = page.get_by_role("dialog", name="Why was Stella Steps lost?")
    asked.get_by_label("Reason").select_option("OTHER")
    asked.get_by_role("button", name="Give up").click()
    expect(asked).to_be_visible()  # another reason has to be written down
    asked.get_by_label("Notes").fill("moved in with the aunt")
    asked.get_by_role("button", name="Give up").click()
    undo(page, "Stella Steps was given up")
    told(page, "Stella Steps is open again")
    assert now_of(premises, lead).position.stage == "consultation_completed"
    page.get_by_role("button", name="Treatment Started").click()
    page.get_by_role("dialog").get_by_role("button", name="Start treatment").click()
    told(page, "Stella Steps is a patient now")
    expect(page.get_by_role("button", name="Edit", exact=True)).to_have_count(0)
    assert now_of(premises, lead).is_locked


def test_a_refused_move_goes_back_and_is_explained(visit: Visits, premises: Premises) -> None:
    lead = premises.lead("Rolf Refused")
    page = visit(f"/leads/{lead.id}")
    page.get_by_role("button", name="Contacted").wait_for()
    hears_nothing(page, "**/api/leads/*")
    premises.admin.pipeline.move(lead.id, "pending_decision")
    page.get_by_role("button", name="Contacted").click()
    told(page, "Somebody changed this meanwhile")
    expect(page.get_by_role("button", name="Pending Decision")).to_have_attribute(
        "aria-current", "step"
    )


def test_an_unanswered_call_is_logged_and_the_third_advises_to_stop(
    visit: Visits, premises: Premises
) -> None:
    lead = premises.lead("Quinn Quiet", phone="312-555-0177")
    unanswered = LogEntry(type=LeadActivityType.PHONE_CALL, call_outcome=CallOutcome.NO_ANSWER)
    desk = premises.desk(Role.TREATMENT_COORDINATOR).followups
    for _ in range(2):
        desk.log(lead.id, unanswered)
    page = visit(f"/leads/{lead.id}", Role.TREATMENT_COORDINATOR)
    log = page.get_by_role("region", name="Log what happened")
    log.get_by_role("radio", name="Voicemail").check()
    log.get_by_label("Notes").fill("will try after school")
    log.get_by_role("button", name="Log it").click()
    expect(log.get_by_role("status")).to_contain_text("Three tries without an answer")
    history = page.get_by_role("region", name="History")
    expect(history.get_by_text("Call · From us · Voicemail")).to_be_visible()
    expect(history.get_by_text("will try after school")).to_be_visible()
    log.get_by_role("button", name="Give up").click()
    expect(page.get_by_role("dialog").get_by_label("Reason")).to_have_value("NO_RESPONSE")


def test_two_leads_are_merged_field_by_field_and_parted_again(
    visit: Visits, premises: Premises
) -> None:
    fields = {"phone": "312-555-0188", "first_name": "Mona", "last_name": "Twice"}
    kept = premises.lead("Mila Twice", **fields, city="Aurora")
    premises.lead("Mila Twice", **fields, city="Elgin")
    page = visit(f"/leads/{kept.id}")
    page.get_by_role("button", name="Merge with Mila Twice").click()
    asked = page.get_by_role("dialog", name="Merge with Mila Twice")
    asked.get_by_role("radio", name="Address: Elgin").check()
    asked.get_by_role("button", name="Merge", exact=True).click()
    told(page, "Merged with Mila Twice")
    assert now_of(premises, kept).contact.address.city == "Elgin"
    page.get_by_role("button", name="Undo the merge").click()
    told(page, "Both leads are there again")
    assert now_of(premises, kept).contact.address.city == "Aurora"


def test_a_lead_is_given_to_somebody_else_with_a_reason_and_back(
    visit: Visits, premises: Premises
) -> None:
    lead = premises.lead("Gita Given")
    premises.admin.assignment.assign_to(lead.id, UserId("tc-1"))
    page = visit(f"/leads/{lead.id}")
    owner = page.get_by_role("region", name="Coordinator")
    expect(owner).to_contain_text("Chosen by hand")
    owner.get_by_text("Give it to somebody else").click()
    expect(owner.get_by_role("listitem").filter(has_text="Ben Cho")).to_contain_text("open leads")
    owner.get_by_label("Why?").fill("speaks Korean")
    owner.get_by_role("button", name="Assign to Ben Cho").click()
    expect(owner).to_contain_text("speaks Korean")
    assert now_of(premises, lead).ownership.owner == "tc-2"
    undo(page, "Ben Cho takes care of it now")
    told(page, "Ana Ruiz takes care of it now")
    assert now_of(premises, lead).ownership.owner == "tc-1"


def test_a_role_is_shown_what_it_may_do(visit: Visits, premises: Premises) -> None:
    lead = premises.lead("Rita Rights")
    page = visit(f"/leads/{lead.id}", Role.FRONT_DESK)
    expect(page.get_by_role("heading", name="Rita Rights")).to_be_visible()
    expect(page.get_by_text("Give it to somebody else")).to_have_count(0)
    expect(page.get_by_role("button", name="Treatment Started")).to_be_disabled()


def test_hostile_data_is_shown_as_text_and_breaks_nothing(
    visit: Visits, premises: Premises
) -> None:
    lead = premises.lead(
        f"Hex {HOSTILE}",
        first_name=TURNED,
        last_name="x" * 90,
        email="hex@example.com",
        notes=f"{HOSTILE}\n" + "w" * 9_000,
        city=HOSTILE,
    )
    for path in (f"/leads/{lead.id}", "/leads"):
        page = visit(path, **PHONE)
        expect(page.get_by_text(HOSTILE).first).to_be_visible()
        assert page.title() != "1"
        assert page.evaluate(WIDER) == 0


WIDER = """() => {
    const main = document.querySelector("ortho-app").shadowRoot.querySelector("main");
    return main.scrollWidth - main.clientWidth;
}"""
"""By how much a page is wider than its window."""


@pytest.mark.parametrize("theme, look", [("light", {}), ("dark", PHONE)], ids=["light", "dark"])
def test_axe_finds_nothing_in_leads(
    visit: Visits, premises: Premises, theme: str, look: dict[str, object]
) -> None:
    lead = premises.lead(f"Axel {theme.title()}", phone="312-555-0133")
    page = visit(f"/leads/{lead.id}", Role.TREATMENT_COORDINATOR, color_scheme=theme, **look)
    page.get_by_role("region", name="History").get_by_text("Lead came in").wait_for()
    page.get_by_role("button", name="Edit", exact=True).click()
    page.get_by_text("Give it to somebody else").click()
    page.get_by_label("City").wait_for()
    assert findings(page) == []
    for path, known in (("/leads", "Axel"), ("/leads/new", "City"), ("/call", "Phone")):
        page.goto(premises.address + path)
        page.get_by_text(known).first.wait_for()
        assert findings(page) == []
        assert page.evaluate(WIDER) == 0


def test_leads_are_spoken_of_in_spanish(visit: Visits, premises: Premises) -> None:
    lead = premises.lead("Inés Idioma")
    page = visit(f"/leads/{lead.id}", locale="es-MX")
    expect(page.get_by_role("region", name="Historial")).to_contain_text("Llegó el contacto")
    expect(page.get_by_role("button", name="Dar por perdido")).to_be_visible()


def test_what_somebody_else_does_appears_by_itself(visit: Visits, premises: Premises) -> None:
    lead = premises.lead("Lior Live", phone="312-555-0144")
    page = visit(f"/leads/{lead.id}")
    history = page.get_by_role("region", name="History")
    expect(history).to_contain_text("Lead came in")
    premises.admin.pipeline.move(lead.id, "contacted")
    expect(history).to_contain_text("Moved from New Lead to Contacted", timeout=30_000)
    here = page.get_by_role("button", name="Contacted", exact=True)
    expect(here).to_have_attribute("aria-current", "step", timeout=30_000)
