"""The invented year is believable, repeatable, and about nobody."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from attrs import frozen

from orthocrm import (
    Actor,
    Appointment,
    AppointmentStatus,
    Cond,
    Desk,
    Lead,
    LeadStatus,
    OrthoCRM,
    Period,
    Role,
    Sort,
    connect,
)
from orthocrm.core.settings import Clinic
from orthocrm.core.stage import Step
from orthocrm.core.time import DAY
from orthocrm.demo import SetClock, SetIds, fill
from orthocrm.services.work import everything

FRIDAY_AFTERNOON = datetime(2026, 11, 20, 21, 0, tzinfo=UTC)
SUNDAY_NIGHT = datetime(2027, 1, 3, 6, 10, tzinfo=UTC)
LEADS = 300


@frozen
class House:
    clinic: Clinic
    desk: Desk
    leads: tuple[Lead, ...]
    clock: SetClock
    crm: OrthoCRM


def house(now: datetime = FRIDAY_AFTERNOON, seed: int = 1, leads: int = LEADS) -> House:
    clock = SetClock(now)
    crm = connect("memory://", clock=clock, ids=SetIds(clock, seed), discover_plugins=False)
    clinic = fill(crm, clock, seed=seed, leads=leads)
    desk = crm.acting_as(Actor.system(Role.OPERATOR, clinic.id))
    page = desk.leads.find(sort=[Sort("created_at")], size=500)
    return House(clinic, desk, page.leads, clock, crm)


@pytest.fixture(scope="module")
def filled() -> House:
    return house()


def test_the_clock_stands_where_it_stood(filled: House) -> None:
    assert filled.clock() == FRIDAY_AFTERNOON


def test_as_many_leads_come_in_as_were_asked_for(filled: House) -> None:
    assert len(filled.leads) == LEADS


def test_between_a_sixth_and_a_half_of_all_leads_start_treatment(filled: House) -> None:
    conversion = filled.desk.analytics.conversion().total.value
    assert conversion is not None
    assert 0.15 <= conversion <= 0.45


def test_marketing_has_a_return(filled: House) -> None:
    roi = filled.desk.analytics.measure("roi", Period.month(2026, 9))
    assert roi.total.value is not None
    assert filled.desk.analytics.report("roi").notes == ()


def test_about_two_of_five_consultations_lead_to_treatment() -> None:
    steps = {str(step.stage): step for step in house(leads=500).desk.analytics.funnel().total.steps}
    exams = steps[Step.CONSULTATION_COMPLETED].reached
    assert 0.3 <= steps[Step.TREATMENT_STARTED].reached / exams <= 0.5


def test_every_active_lead_has_an_owner(filled: House) -> None:
    active = [lead for lead in filled.leads if lead.status is LeadStatus.ACTIVE]
    assert active
    assert [lead for lead in active if lead.ownership.owner is None] == []


def test_no_converted_lead_has_an_open_task(filled: House) -> None:
    converted = {lead.id for lead in filled.leads if lead.status is LeadStatus.CONVERTED}
    assert converted
    assert [task for task in filled.desk.followups.open_tasks() if task.lead_id in converted] == []


def test_siblings_share_phone_and_email(filled: House) -> None:
    families = Counter((lead.contact.phone, lead.contact.email) for lead in filled.leads)
    assert max(families.values()) > 1


def test_every_lost_lead_says_why(filled: House) -> None:
    lost = [lead for lead in filled.leads if lead.status is LeadStatus.LOST]
    assert lost
    assert [lead for lead in lost if lead.loss is None] == []


def test_every_phone_number_and_address_belongs_to_nobody(filled: House) -> None:
    phones = {lead.contact.phone.number[-7:-2] for lead in filled.leads if lead.contact.phone}
    hosts = {
        lead.contact.email.address.rpartition("@")[2] for lead in filled.leads if lead.contact.email
    }
    assert phones == {"55501"}
    assert hosts == {"example.com", "example.net", "example.org"}


@pytest.mark.parametrize("now", [FRIDAY_AFTERNOON, SUNDAY_NIGHT])
def test_the_last_day_leaves_new_leads_overdue_tasks_and_pending_decisions(now: datetime) -> None:
    lively = house(now)
    fresh = Cond("created_at", "ge", now - timedelta(hours=9))
    columns = {str(column.stage.slug): column for column in lively.desk.pipeline.board().columns}
    assert lively.desk.leads.find(fresh).leads != ()
    assert columns[Step.PENDING_DECISION].count > 0
    assert any(task.is_overdue(now) for task in lively.desk.followups.open_tasks())
    assert max(lead.stamps.created_at for lead in lively.leads) <= now


def test_the_same_seed_and_instant_give_the_same_practice(filled: House) -> None:
    assert house().leads == filled.leads


def test_another_seed_gives_another_practice(filled: House) -> None:
    other = house(seed=2).leads
    assert [lead.contact for lead in other] != [lead.contact for lead in filled.leads]


def visits(filled: House) -> tuple[Appointment, ...]:
    with filled.crm._backend.begin(filled.clinic.id) as store:
        return tuple(everything(store.appointments))


def test_consultations_of_the_year_belong_to_leads_and_some_families_do_not_come(
    filled: House,
) -> None:
    exams = [one for one in visits(filled) if one.type == "consultation"]
    known = {lead.id for lead in filled.leads}
    ended = Counter(one.status for one in exams)
    shows = ended[AppointmentStatus.COMPLETED]
    missed = ended[AppointmentStatus.NO_SHOW]

    assert {one.lead_id for one in exams} <= known
    assert max(one.starts_at for one in exams) - min(one.starts_at for one in exams) > DAY * 250
    assert 0.05 <= missed / (missed + shows) <= 0.25
    assert any(one.sequence for one in exams)


def test_every_completed_consultation_of_a_lead_was_in_the_diary(filled: House) -> None:
    done = {one.lead_id for one in visits(filled) if one.status is AppointmentStatus.COMPLETED}
    examined = {lead.id for lead in filled.leads if lead.milestones.completed_at is not None}
    assert examined
    assert examined <= done


def test_next_week_has_appointments_with_both_doctors_and_in_several_chairs(filled: House) -> None:
    week = filled.desk.scheduling.week(FRIDAY_AFTERNOON.date() + 3 * DAY)
    coming = [one for sheet in week for one in sheet.appointments]

    assert {one.provider for one in coming} == {"dr-amari", "dr-lindholm"}
    assert len({chair for one in coming for chair in one.resources}) > 1
    assert {one.status for one in coming} <= {
        AppointmentStatus.BOOKED,
        AppointmentStatus.CONFIRMED,
    }
    assert all(one.starts_at > FRIDAY_AFTERNOON for one in coming)
