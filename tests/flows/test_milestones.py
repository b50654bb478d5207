"""What reports compare is stored when it happens: it is what the history says, on every backend.

The history is counted anew here by another way: minute by minute, by the clock on the wall.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from orthocrm import Cond, History, Intake, Lead, Past, PastKind, Role
from orthocrm.core.activity import Activity, ActivityDirection, CallOutcome, LeadActivityType
from orthocrm.core.lead import StageVisit
from orthocrm.services.work import everything
from tests.flows.practice import House

CHICAGO = ZoneInfo("America/Chicago")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
OPENS, CLOSES = 9, 17
"""The hours of a new practice, Monday to Friday."""

FRIDAY = datetime(2026, 3, 6, 22, 30, tzinfo=UTC)
"""Half past four in Chicago, before the clocks are put forward on Sunday."""

REACHED = CallOutcome.SPOKE
MISSED = CallOutcome.NO_ANSWER


def open_milliseconds(start: datetime, end: datetime) -> int:
    """Count the open minutes between two instants that lie on whole minutes."""
    minutes = (start + n * MINUTE for n in range((end - start) // MINUTE))
    local = (at.astimezone(CHICAGO) for at in minutes)
    return 60_000 * sum(at.weekday() < 5 and OPENS <= at.hour < CLOSES for at in local)


def history(house: House, lead: Lead) -> tuple[Sequence[Activity], Sequence[StageVisit]]:
    office = house.desk(Role.OPERATOR).office
    of_lead = Cond("lead_id", "eq", lead.id)
    with office.backend.begin(office.actor.clinic) as store:
        return everything(store.activities, of_lead), everything(store.visits, of_lead)


def first(told: Iterator[Activity]) -> datetime | None:
    return min((one.occurred_at for one in told), default=None)


def assert_is_what_the_history_says(house: House, lead: Lead) -> None:
    told, visits = history(house, lead)
    born, known = lead.stamps.created_at, lead.milestones
    calls = [one for one in told if one.type is LeadActivityType.PHONE_CALL]
    tried = first(one for one in calls if one.direction is ActivityDirection.OUTBOUND)
    reached = first(one for one in calls if one.call_outcome is REACHED)
    for at, stored, took, in_business in (
        (tried, known.first_attempt_at, known.ms_to_attempt, known.business_ms_to_attempt),
        (reached, known.first_contact_at, known.ms_to_contact, known.business_ms_to_contact),
    ):
        assert stored == at
        assert took == (None if at is None else (at - born) // timedelta(milliseconds=1))
        assert in_business == (None if at is None else open_milliseconds(born, at))
    for visit in visits:
        if visit.left_at is not None:
            assert visit.ms == (visit.left_at - visit.entered_at) // timedelta(milliseconds=1)
            assert visit.business_ms == open_milliseconds(visit.entered_at, visit.left_at)
    by_stage = {str(visit.stage): visit.entered_at for visit in visits}
    assert known.scheduled_at == by_stage.get("consultation_scheduled")
    assert known.completed_at == by_stage.get("consultation_completed")
    assert known.accepted_at == by_stage.get("treatment_accepted")
    if lead.conversion is not None:
        assert known.ms_to_convert == (lead.conversion.at - born) // timedelta(milliseconds=1)


def brought(house: House, reference: str, came: datetime, *events: Past) -> Lead:
    intake = Intake(
        first_name="Maria",
        last_name="Lopez",
        email=f"{reference}@example.com",
        source="Print advertising",
        external_ref=reference,
        received_at=came,
    )
    report = house.desk(Role.OPERATOR).imports.backfill([History(intake=intake, events=events)])
    assert (report.tally.created, report.tally.problems) == (1, ())
    of_import = Cond("import_id", "eq", report.import_id)
    (lead,) = house.desk(Role.OPERATOR).leads.find(of_import, mine=False).leads
    return lead


def past(kind: str, at: datetime, **fields: object) -> Past:
    return Past(kind=PastKind(kind), at=at, **fields)  # type: ignore[arg-type]  # fields of Past


def test_a_history_that_is_brought_in_is_measured_as_it_happened(house: House) -> None:
    lead = brought(
        house,
        "whole",
        FRIDAY,
        past("contacted", FRIDAY + 3 * DAY, call_outcome=MISSED),
        past("contacted", FRIDAY + 4 * DAY, call_outcome=REACHED),
        past("moved", FRIDAY + 5 * DAY, stage="consultation_scheduled"),
        past("moved", FRIDAY + 9 * DAY, stage="consultation_completed"),
        past("moved", FRIDAY + 11 * DAY, stage="treatment_accepted"),
        past("converted", FRIDAY + 20 * DAY, patient_ref="p-1"),
    )
    assert lead.milestones.business_ms_to_attempt == 30 * 60_000 + 8 * 3_600_000
    assert_is_what_the_history_says(house, lead)


def test_leads_that_become_one_are_measured_from_the_first_of_their_enquiries(house: House) -> None:
    """The elder one was only reached, days after the younger one had been tried and scheduled."""
    elder = brought(
        house, "elder", FRIDAY, past("contacted", FRIDAY + 7 * DAY, call_outcome=REACHED)
    )
    younger = brought(
        house,
        "younger",
        FRIDAY + 2 * DAY,
        past("contacted", FRIDAY + 3 * DAY, call_outcome=MISSED),
        past("moved", FRIDAY + 4 * DAY, stage="consultation_scheduled"),
    )
    for one in (elder, younger):
        assert_is_what_the_history_says(house, one)
    merged = house.admin.leads.merge(younger.id, elder.id)
    joint = house.admin.leads.get(merged.survivor_id)
    assert joint.stamps.created_at == FRIDAY
    assert joint.milestones.first_attempt_at == FRIDAY + 3 * DAY
    assert_is_what_the_history_says(house, joint)
