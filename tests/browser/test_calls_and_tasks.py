"""The day of a desk: calls are written down while somebody speaks, and tasks are ticked off."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from playwright.sync_api import Locator, Page, Route, expect

from orthocrm import Channel, Cond, NewTask, Role, TaskEdit
from orthocrm.core.lead import Lead
from orthocrm.core.task import LeadTaskType, TaskPriority, TaskStatus
from tests.browser.conftest import PHONE, Visits
from tests.browser.looking import findings, hears_nothing
from tests.browser.premises import Premises

TC = Role.TREATMENT_COORDINATOR


def called(premises: Premises, name: str) -> list[Lead]:
    """Give the leads that came by phone, of a contact of this name."""
    found = premises.admin.leads.search(name, Cond("channel", "eq", Channel.PHONE))
    return list(found)


def test_a_call_is_logged_by_keyboard_alone_and_the_next_can_come(
    visit: Visits, premises: Premises
) -> None:
    page = visit("/pipeline", Role.FRONT_DESK)
    page.get_by_role("heading", name="New Lead").wait_for()
    page.keyboard.press("n")
    expect(page.get_by_label("Phone")).to_be_focused()
    page.keyboard.type("312 555 0151")
    page.keyboard.press("Tab")
    page.keyboard.type("Kim Caller")
    page.keyboard.press("Tab")
    page.keyboard.type("Jun")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Saved.")).to_contain_text("Jun Caller")
    expect(page.get_by_label("Phone")).to_be_focused()
    expect(page.get_by_label("Phone")).to_have_value("")
    (lead,) = called(premises, "Jun Caller")
    assert (lead.contact.first_name, lead.ownership.owner is None) == ("Kim", False)


def test_a_known_family_is_shown_while_one_types_and_the_call_noted_with_it(
    visit: Visits, premises: Premises
) -> None:
    known = premises.lead("Ida Known", phone="312-555-0162", last_name="Known")
    page = visit("/call", Role.FRONT_DESK)
    page.get_by_label("Phone").press_sequentially("3125550162")
    matches = page.get_by_role("complementary")
    expect(matches).to_contain_text("1 lead may be the same family")
    expect(matches).to_contain_text("Ida Known")
    page.get_by_label("Notes").fill("asks about the price again")
    matches.get_by_role("button", name="Note this call there").press("Enter")
    expect(page.locator("ortho-notices")).to_contain_text("The call was noted with Ida Known")
    (call, *_) = premises.admin.followups.activities(known.id)
    assert call.notes == "asks about the price again"
    assert called(premises, "Ida Known") == []


def test_a_lost_connection_makes_no_second_lead(visit: Visits, premises: Premises) -> None:
    page = visit("/call", TC)
    page.get_by_label("Phone").fill("312-555-0173")
    page.get_by_label("Caller's name").fill("Lena Line")
    lost: list[int] = []

    def lose(route: Route) -> None:
        """Let the request arrive, and its answer be lost: once."""
        if route.request.method != "POST" or lost:
            route.continue_()
            return
        lost.append(route.fetch().status)
        route.abort("connectionreset")

    page.route(re.compile("/api/leads$"), lose)
    page.get_by_role("button", name="Save the call").click()
    expect(page.get_by_role("status").filter(has_text="Saved.")).to_contain_text("Lena Line")
    assert lost == [201]
    assert len(called(premises, "Lena Line")) == 1


def test_what_a_call_lacks_is_said(visit: Visits) -> None:
    page = visit("/call", TC, **PHONE)
    page.get_by_label("Phone").fill("12")
    page.get_by_label("Caller's name").fill("Nobody Yet")
    page.get_by_role("button", name="Save the call").click()
    expect(page.get_by_label("Phone")).to_have_accessible_description(re.compile("area code"))
    expect(page.get_by_label("Caller's name")).to_have_value("Nobody Yet")


def test_a_source_is_added_where_it_is_needed(visit: Visits, premises: Premises) -> None:
    lead = premises.lead("Sia Source")
    page = visit(f"/leads/{lead.id}")
    page.get_by_role("button", name="Edit", exact=True).click()
    page.get_by_label("How did you hear about us?").select_option("Add a source…")
    page.get_by_label("Name of the source").fill("Yoga fair")
    page.get_by_label("Category").select_option("COMMUNITY_EVENT")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("ortho-notices")).to_contain_text("Yoga fair was added")
    page.get_by_label("Which one?").fill("stand 12")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("region", name="About")).to_contain_text("Yoga fair · stand 12")


def a_task(premises: Premises, lead: Lead, title: str, due: timedelta) -> None:
    new = NewTask(
        type=LeadTaskType.CUSTOM,
        title=title,
        due_at=datetime.now(UTC) + due,
        priority=TaskPriority.HIGH,
    )
    premises.admin.followups.add_task(lead.id, new)


def row(page: Page, title: str) -> Locator:
    return page.locator("ortho-task-list").get_by_role("listitem").filter(has_text=title)


def statuses(premises: Premises, lead: Lead, title: str) -> list[TaskStatus]:
    found = premises.admin.followups.tasks(lead.id)
    return sorted(task.status for task in found if task.title == title)


def test_a_task_is_ticked_off_and_put_back(visit: Visits, premises: Premises) -> None:
    lead = premises.lead("Tess Tasks")
    a_task(premises, lead, "Send the retainer leaflet", timedelta(minutes=1))
    page = visit("/tasks?user=all")
    row(page, "retainer leaflet").get_by_role("checkbox").click()
    notice = page.locator("ortho-notices li").filter(has_text="Done: Send the retainer leaflet")
    notice.wait_for()
    assert statuses(premises, lead, "Send the retainer leaflet") == [TaskStatus.COMPLETED]
    notice.get_by_role("button", name="Undo").click()
    expect(row(page, "retainer leaflet").get_by_role("checkbox")).not_to_be_checked()
    again = [TaskStatus.COMPLETED, TaskStatus.PENDING]
    assert statuses(premises, lead, "Send the retainer leaflet") == again
    assert findings(page) == []


def test_a_task_that_somebody_else_changed_meanwhile_is_not_ticked_off(
    visit: Visits, premises: Premises
) -> None:
    lead = premises.lead("Otto Other")
    a_task(premises, lead, "Ask for the insurance card", timedelta(hours=2))
    page = visit(f"/leads/{lead.id}")
    box = row(page, "insurance card").get_by_role("checkbox")
    box.wait_for()
    hears_nothing(page, "**/api/leads/*/tasks")
    (task,) = [one for one in premises.admin.followups.tasks(lead.id) if "card" in one.title]
    premises.admin.followups.edit_task(task.id, TaskEdit(description="both sides"))
    box.click()
    expect(page.locator("ortho-notices")).to_contain_text("Somebody changed this meanwhile")
    expect(row(page, "insurance card")).to_contain_text("both sides")
    expect(box).not_to_be_checked()
    expect(box).to_be_enabled()
    assert statuses(premises, lead, "Ask for the insurance card") == [TaskStatus.PENDING]


def due(premises: Premises, lead: Lead) -> datetime:
    """Tell when the task of a lead is due, on the clock of the practice."""
    open_ones = [task for task in premises.admin.followups.tasks(lead.id) if task.is_open]
    (task,) = [one for one in open_ones if one.type is LeadTaskType.CALL and one.rule is None]
    return task.due_at.astimezone(ZoneInfo(premises.clinic.timezone))


def test_a_task_is_made_put_off_and_changed(visit: Visits, premises: Premises) -> None:
    lead = premises.lead("Paul Planned")
    page = visit(f"/leads/{lead.id}")
    page.get_by_role("button", name="New task").click()
    asked = page.get_by_role("dialog", name="New task")
    asked.get_by_label("What is to be done").fill("Ring the school")
    asked.get_by_role("button", name="Tomorrow").click()
    asked.get_by_role("button", name="Add the task").click()
    task = row(page, "Ring the school")
    expect(task).to_contain_text("9:00 AM")
    first = due(premises, lead)
    task.get_by_label("Put off").select_option("week")
    expect(page.locator("ortho-notices")).to_contain_text("Put off: Ring the school")
    assert [first.hour, due(premises, lead).hour] == [9, 9]
    assert due(premises, lead) > first
    task.get_by_role("button", name="Change: Ring the school").click()
    asked = page.get_by_role("dialog", name="Change the task")
    asked.get_by_label("Notes").fill("ask for the nurse")
    asked.get_by_role("radio", name="Urgent").check()
    asked.get_by_role("button", name="Save").click()
    expect(task).to_contain_text("ask for the nurse")
    expect(task).to_contain_text("Urgent")
