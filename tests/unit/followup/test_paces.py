"""How soon families were tried and reached, by the hours that were in force then."""

from datetime import UTC, datetime, time, timedelta

from attrs import evolve

from orthocrm.core.lead import Lead, Milestones
from orthocrm.core.settings import BusinessHours, Opening
from orthocrm.followup.due import Calendar
from orthocrm.followup.paces import paced
from orthocrm.testing.factories import a_clinic, a_lead

HOUR, HOUR_MS = timedelta(hours=1), 3_600_000
MONDAY_AT_SEVEN = datetime(2026, 3, 2, 13, tzinfo=UTC)
"""In Chicago, an hour before the practice opens."""


def hours(opens: int, closes: int) -> Calendar:
    week = tuple(Opening(weekday=day, start=time(opens), end=time(closes)) for day in range(1, 6))
    return Calendar.of(BusinessHours(week=week), "America/Chicago")


EIGHT_TO_FIVE = hours(8, 17)


def a_lead_with(**milestones: object) -> Lead:
    lead = a_lead(a_clinic(), created_at=MONDAY_AT_SEVEN)
    return evolve(lead, milestones=Milestones(**milestones))  # type: ignore[arg-type]  # its fields


def test_only_open_hours_count() -> None:
    lead = a_lead_with(
        first_attempt_at=MONDAY_AT_SEVEN + 3 * HOUR, first_contact_at=MONDAY_AT_SEVEN + 25 * HOUR
    )
    known = paced(lead, EIGHT_TO_FIVE).milestones
    assert known.business_ms_to_attempt == 2 * HOUR_MS
    assert known.business_ms_to_contact == 9 * HOUR_MS


def test_what_was_measured_stands_when_the_hours_change() -> None:
    lead = a_lead_with(first_attempt_at=MONDAY_AT_SEVEN + 3 * HOUR)
    before = paced(lead, EIGHT_TO_FIVE)
    reached = evolve(
        before, milestones=evolve(before.milestones, first_contact_at=MONDAY_AT_SEVEN + 4 * HOUR)
    )
    known = paced(reached, hours(9, 17)).milestones
    assert known.business_ms_to_attempt == 2 * HOUR_MS
    assert known.business_ms_to_contact == 2 * HOUR_MS


def test_an_attempt_before_the_enquiry_stays_a_data_error() -> None:
    lead = evolve(
        a_lead_with(first_attempt_at=MONDAY_AT_SEVEN + HOUR),
        stamps=evolve(a_lead(a_clinic()).stamps, created_at=MONDAY_AT_SEVEN + 3 * HOUR),
    )
    assert paced(lead, EIGHT_TO_FIVE).milestones.business_ms_to_attempt == -2 * HOUR_MS


def test_a_lead_that_nobody_tried_stays_as_it_is() -> None:
    lead = a_lead_with()
    assert paced(lead, EIGHT_TO_FIVE) is lead
