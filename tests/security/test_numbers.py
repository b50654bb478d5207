"""Who sees which numbers: every metric and every report for every role, and small groups hidden."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

import orthocrm
from orthocrm import Desk, Forbidden, InvalidInput, Money, NewSpend, Period, Reporting, Role
from orthocrm.analytics.catalogue import METRICS
from orthocrm.analytics.reports import REPORTS, as_csv, as_html, as_json, as_text
from orthocrm.core.ids import UserId
from orthocrm.testing.clock import FrozenClock
from tests.flows.conftest import KEYS
from tests.flows.practice import House, enquiry
from tests.hooks.plugins import a_house

NOVEMBER = Period.month(2026, 11)
EVERYTHING = (Role.CLINIC_ADMIN, Role.DOCTOR, Role.ADMIN, Role.OPERATOR)
OWN = (Role.TREATMENT_COORDINATOR, Role.AGENT)
NOTHING = (
    Role.FRONT_DESK,
    Role.PROVIDER,
    Role.PATIENT,
    Role.WEB_FORM,
    Role.WORKER,
    Role.IMPORTER,
)
OF_THE_CLINIC = {
    "pipeline_velocity",
    "cost",
    "cost_per_lead",
    "cost_per_acquisition",
    "period_cost_per_acquisition",
    "revenue",
    "cohort_revenue",
    "roi",
    "period_roi",
}
"""What is nobody's own."""

NOT_FOR_MARKETING = {
    "speed_to_lead",
    "tried_in_time",
    "time_to_attempt",
    "time_to_contact",
    "pipeline_velocity",
    "show_rate",
    "unrecorded_consultations",
    "acceptance_rate",
    "recommended_acceptance_rate",
    "same_day_acceptance_rate",
    "observation_rate",
    "recall_starts",
    "losses",
    "loss_mix",
    "cohort_losses",
    "time_in_stage",
    "business_time_in_stage",
    "over_age_leads",
    "open_leads",
    "open_tasks",
    "overdue_tasks",
    "consultations_this_week",
}
REPORTS_FOR_MARKETING = {"funnel", "sources", "roi"}


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """A clinic with four leads of one source and one of another, all of tc-1 but one."""
    clock = FrozenClock()
    with orthocrm.connect("memory://", keys=KEYS, clock=clock, discover_plugins=False) as crm:
        settings = orthocrm.Settings(fallback=UserId("manager"))
        clinic = crm.create_clinic(
            name="Bright Smiles", timezone="America/Chicago", settings=settings
        )
        house = House(crm, clinic, clock)
        for user in ("tc-1", "tc-2"):
            house.admin.settings.add_coordinator(user, user)
        for number in range(5):
            house.desk(Role.OPERATOR).leads.capture(
                enquiry(
                    source="Print advertising" if number < 4 else "School screening",
                    owner="tc-1" if number < 4 else "tc-2",
                    phone=f"+1312555010{number}",
                    email=None,
                )
            )
        source = next(one for one in house.admin.sources.all() if one.name == "Print advertising")
        day = clock().date()
        house.admin.sources.add_spend(
            NewSpend(source=source.id, kind="ONE_OFF", amount=Money(100_00, "USD"), starts_on=day)
        )
        clock.advance(timedelta(hours=3))
        yield house


def _desk(house: House, role: Role) -> Desk:
    return house.desk(role, "tc-1" if role in OWN else "me")


def _allowed(role: Role, metric: str) -> bool:
    if role in NOTHING:
        return False
    if role in OWN:
        return metric not in OF_THE_CLINIC
    return role in EVERYTHING or metric not in NOT_FOR_MARKETING


@pytest.mark.parametrize("role", Role)
def test_every_metric_is_for_the_roles_that_the_table_names(house: House, role: Role) -> None:
    desk = _desk(house, role)
    for metric in METRICS:
        if _allowed(role, metric):
            assert desk.analytics.measure(metric, NOVEMBER).metric == metric
        else:
            with pytest.raises(Forbidden):
                desk.analytics.measure(metric, NOVEMBER)
    if role not in NOTHING:
        listed = {declared.name for declared in desk.analytics.metrics()}
        assert listed == {metric for metric in METRICS if _allowed(role, metric)}


@pytest.mark.parametrize("role", Role)
def test_every_report_is_for_the_roles_that_the_table_names(house: House, role: Role) -> None:
    desk = _desk(house, role)
    for name in REPORTS:
        is_own = role in OWN and name != "roi"
        for_marketing = role is Role.MARKETING_MANAGER and name in REPORTS_FOR_MARKETING
        if role in EVERYTHING or is_own or for_marketing:
            assert desk.analytics.report(name, NOVEMBER).name == name
        else:
            with pytest.raises(Forbidden):
                desk.analytics.report(name, NOVEMBER)


@pytest.mark.parametrize("role", [Role.DOCTOR, Role.MARKETING_MANAGER])
def test_who_sees_numbers_sees_no_lead_behind_any(house: House, role: Role) -> None:
    desk = _desk(house, role)
    for metric in METRICS:
        with pytest.raises(Forbidden):
            desk.analytics.behind(metric, period=NOVEMBER)
    for name in REPORTS:
        try:
            made = desk.analytics.report(name, NOVEMBER)
        except Forbidden:
            continue
        for write in (as_json, as_csv, as_html, as_text):
            text = write(made)
            assert not any(word in text for word in ("Lopez", "Maria", "312555"))


@pytest.mark.parametrize("by", ["owner", "first_owner", "coordinator", "lost_reason", "lost_stage"])
def test_marketing_sees_no_people_and_no_reasons(house: House, by: str) -> None:
    desk = _desk(house, Role.MARKETING_MANAGER)
    with pytest.raises(Forbidden):
        desk.analytics.measure("total_leads", NOVEMBER, by)


def test_coordinators_measure_their_own_leads(house: House) -> None:
    mine = _desk(house, Role.TREATMENT_COORDINATOR).analytics
    assert mine.measure("total_leads", NOVEMBER).total.value == 4
    assert mine.measure("open_tasks").total.value == 4
    report = json.loads(as_json(mine.report("coordinators", NOVEMBER)))
    rows = report["tables"]["coordinators"]["rows"]
    assert [(row["owner_key"], row["leads"]) for row in rows] == [("tc-1", 4)]


@pytest.fixture
def careful(house: House) -> Iterator[House]:
    """The same clinic, which hides groups of fewer than three."""
    present = house.admin.settings.practice().clinic.settings
    house.admin.settings.change(evolve(present, reporting=Reporting(smallest_group=3)))
    yield house
    now = house.admin.settings.practice().clinic.settings
    house.admin.settings.change(evolve(now, reporting=Reporting()))


def test_small_groups_are_hidden_from_those_who_see_no_leads(careful: House) -> None:
    for role, hidden in ((Role.DOCTOR, True), (Role.CLINIC_ADMIN, False)):
        measured = _desk(careful, role).analytics.measure("total_leads", NOVEMBER, "source")
        said = sorted((one.value is None, one.is_hidden) for _, one in measured.groups)
        assert said == [(hidden, hidden)] * 2
        assert measured.total.value == 5


def test_small_groups_are_hidden_in_every_table_of_every_report(careful: House) -> None:
    """Of two sources with four leads and one, the other would follow from the total."""
    desk = _desk(careful, Role.DOCTOR).analytics
    for name in REPORTS:
        made = desk.report(name, NOVEMBER)
        for table in made.tables:
            if table.people is None or table.people != "leads":
                continue
            place = table.place("leads")
            assert all(row[place] in (None, 0, 5) for row in table.rows), name
    notes = desk.report("sources", NOVEMBER).notes
    assert "groups of fewer than 3 are not shown" in notes


def test_small_answers_are_left_out_or_refused(careful: House) -> None:
    desk = _desk(careful, Role.DOCTOR).analytics
    outcomes = desk.outcomes(NOVEMBER)
    assert (outcomes.total.leads, outcomes.groups, outcomes.hidden) == (5, (), 2)
    present = careful.admin.settings.practice().clinic.settings
    careful.admin.settings.change(evolve(present, reporting=Reporting(smallest_group=10)))
    for call in (desk.outcomes, desk.funnel, desk.conversion, desk.lead_mix):
        with pytest.raises(InvalidInput) as refusal:
            _asked(call)
        assert [problem.code for problem in refusal.value.problems] == ["too_few"]


def _asked(call: Any) -> Any:
    return call(NOVEMBER)


def test_small_stages_and_credits_are_left_out(careful: House) -> None:
    doctor, admin = _desk(careful, Role.DOCTOR), _desk(careful, Role.CLINIC_ADMIN)
    present = careful.admin.settings.practice().clinic.settings
    careful.admin.settings.change(evolve(present, reporting=Reporting(smallest_group=3)))
    now = careful.clock()
    assert {one.leads for one in admin.analytics.snapshot(now)} == {0, 5}
    credited = admin.sources.attribution("first", NOVEMBER)
    shown = doctor.sources.attribution("first", NOVEMBER)
    assert (len(credited.groups), len(shown.groups), shown.hidden) == (2, 0, 2)
    careful.admin.settings.change(evolve(present, reporting=Reporting(smallest_group=6)))
    assert {one.leads for one in doctor.analytics.snapshot(now)} == {0}


def test_small_steps_of_the_funnel_are_left_out() -> None:
    with a_house() as house:
        present = house.admin.settings.practice().clinic.settings
        house.admin.settings.change(evolve(present, reporting=Reporting(smallest_group=3)))
        leads = [
            house.front.leads.capture(enquiry(phone=f"+1312555010{n}", email=None)).lead.id
            for n in range(9)
        ]
        for place, lead in enumerate(leads[:4]):
            house.coordinator.pipeline.move(lead, "contacted")
            if place:
                house.coordinator.pipeline.move(lead, "consultation_scheduled")
        whole = house.admin.analytics.funnel().total
        shown = _desk(house, Role.DOCTOR).analytics.funnel().total
    assert [step.reached for step in whole.steps][:4] == [9, 4, 3, 0]
    stages = [step.stage for step in whole.steps]
    assert [step.stage for step in shown.steps] == [stages[0], *stages[3:]]
    assert (shown.steps[0].reached, shown.steps[0].next_step, shown.hidden) == (9, None, 2)
    assert (shown.leads, shown.open, shown.won, whole.hidden) == (9, 9, 0, 0)


def test_small_stages_of_the_time_in_stage_are_left_out(careful: House) -> None:
    doctor, admin = _desk(careful, Role.DOCTOR), _desk(careful, Role.CLINIC_ADMIN)
    present = careful.admin.settings.practice().clinic.settings
    careful.admin.settings.change(evolve(present, reporting=Reporting(smallest_group=6)))
    ages = {stay.ages.n for stay in admin.analytics.stages().stages}
    shown = doctor.analytics.stages()
    assert ages == {0, 5}
    assert ({stay.ages.n for stay in shown.stages}, shown.hidden) == ({0}, 1)
    assert admin.analytics.bottlenecks(least=1).narrowest is not None
    held = doctor.analytics.bottlenecks(least=1)
    assert (held.slowest, held.narrowest, held.rate) == (None, None, None)
