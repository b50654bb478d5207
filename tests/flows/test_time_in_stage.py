"""How long leads stay where, measured by the hours in force when they left, on every backend."""

from datetime import date, timedelta

import pytest
from attrs import evolve

from orthocrm import InvalidInput, LeadTaskType, NewTask, Period, Role, Stay
from orthocrm.analytics.staying import STAGE_STAYS
from orthocrm.core.ids import LeadId
from tests.flows.practice import House

HOUR = 1 / 24


def stay(house: House, slug: str, period: Period | None = None) -> Stay:
    found = house.admin.analytics.stages(period)
    return next(one for one in found.stages if one.stage == slug)


def moved(house: House, name: str, days: int) -> LeadId:
    """Let a lead be new for so many days."""
    lead_id = house.lead(patient_first_name=name).id
    house.clock.advance(timedelta(days=days))
    house.coordinator.pipeline.move(lead_id, "contacted")
    return lead_id


def test_days_and_open_hours_until_leads_left(house: House) -> None:
    """The clock stands on a Monday morning: seven days are five of eight hours."""
    moved(house, "Ada", 7)
    found = stay(house, "new_lead")
    assert found.calendar.n == 1
    assert found.calendar.mean == pytest.approx(7)
    assert found.business.mean == pytest.approx(40 * HOUR)


def test_other_hours_rewrite_nothing(house: House) -> None:
    moved(house, "Ada", 7)
    present = house.admin.settings.practice().clinic.settings
    house.admin.settings.change(evolve(present, hours=evolve(present.hours, week=())))
    assert stay(house, "new_lead").business.mean == pytest.approx(40 * HOUR)
    moved(house, "Ben", 7)
    assert stay(house, "new_lead").business.mean == pytest.approx((40 * HOUR + 7) / 2)


def test_a_lead_that_comes_back_from_observation_adds_up(house: House) -> None:
    lead_id = moved(house, "Ada", 0)
    house.clock.advance(timedelta(days=2))
    house.coordinator.pipeline.observe(lead_id, house.clock().date() + timedelta(days=90))
    house.clock.advance(timedelta(days=60))
    house.coordinator.pipeline.recall(lead_id)
    house.clock.advance(timedelta(days=3))
    house.coordinator.pipeline.move(lead_id, "pending_decision")
    calendar = stay(house, "contacted").calendar
    assert calendar.n == 1
    assert calendar.mean == pytest.approx(5)


def test_ages_over_age_and_who_is_held_up(house: House) -> None:
    lead_id = moved(house, "Ada", 0)
    house.coordinator.pipeline.move(lead_id, "pending_decision")
    for task in house.coordinator.leads.timeline(lead_id).open_tasks:
        house.coordinator.followups.complete(task.id)
    house.clock.advance(timedelta(days=14))
    found = stay(house, "pending_decision")
    assert (found.ages.n, found.over_age) == (1, 1)
    assert found.ages.median == pytest.approx(14)
    held = house.admin.analytics.bottlenecks()
    assert (held.slowest, held.held_up, held.narrowest) == ("pending_decision", 2, None)
    assert house.admin.analytics.bottlenecks(least=1).rate == 0
    assert house.admin.analytics.behind(STAGE_STAYS, "open:pending_decision") == (lead_id,)
    assert house.admin.analytics.behind("stages", "open:pending_decision") == (lead_id,)
    with pytest.raises(InvalidInput):
        house.admin.analytics.bottlenecks(least=0)


def test_time_in_stage_and_age_are_cut_and_drilled_into_like_every_metric(house: House) -> None:
    first, second = moved(house, "Ada", 7), moved(house, "Ben", 2)
    desk, november = house.admin.analytics, Period.month(2026, 11)
    days = desk.measure("time_in_stage", by="stage")
    assert [(label, one.n, one.value, one.more["mean"]) for label, one in days.groups] == [
        ("new_lead", 2, 4.5, 4.5)
    ]
    source = house.admin.leads.get(first).origin.source_id
    open_hours = desk.measure("business_time_in_stage", november, "source", compare=True)
    assert open_hours[source].n == 2
    assert open_hours.total.more["mean"] == pytest.approx((40 + 16) / 2 * HOUR)
    assert desk.behind("time_in_stage", by="source", choice=source) == (first, second)
    for lead in (first, second):
        house.coordinator.pipeline.move(lead, "pending_decision")
    due = house.clock() + timedelta(days=30)
    call = NewTask(type=LeadTaskType.CALL, title="Call the family", due_at=due)
    house.coordinator.followups.add_task(first, call)
    house.clock.advance(timedelta(days=14))
    late = desk.measure("over_age_leads", by="stage")
    assert (late.total.value, late["pending_decision"].value) == (1, 1)
    assert desk.behind("over_age_leads", by="stage", choice="pending_decision") == (second,)


def test_the_report_of_stages_says_what_holds_leads_up(house: House) -> None:
    lead_id = moved(house, "Ada", 3)
    house.coordinator.pipeline.move(lead_id, "pending_decision")
    waiting = moved(house, "Ben", 0)
    house.coordinator.pipeline.observe(waiting, date(2027, 12, 1))
    house.clock.advance(timedelta(days=14))
    report = house.admin.analytics.report("stages")
    (table,) = report.tables
    names = [column.name for column in table.columns]
    rows = {row[0]: dict(zip(names, row, strict=True)) for row in table.rows}
    assert (rows["new_lead"]["left"], rows["pending_decision"]["open"]) == (2, 1)
    assert report.notes == (
        "held up the longest: Pending Decision",
        "under observation, in no stage: 1",
    )


def test_coordinators_see_their_own_times(house: House) -> None:
    lead_id = moved(house, "Ada", 2)
    owner = house.coordinator.leads.get(lead_id).ownership.owner
    other = "tc-2" if owner == "tc-1" else "tc-1"
    counts = [
        house.desk(Role.TREATMENT_COORDINATOR, user).analytics.stages().stages[0].calendar.n
        for user in (str(owner), other)
    ]
    assert counts == [1, 0]
