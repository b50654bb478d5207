"""Public holidays are closed days."""

import sys
from datetime import UTC, date, datetime, time, timedelta

import pytest
from attrs import evolve

from orthocrm.core.errors import InvalidInput, MissingExtra
from orthocrm.core.settings import BusinessHours, Opening, Settings
from orthocrm.core.time import zone
from orthocrm.followup.due import Calendar, add_business, business_between
from orthocrm.followup.holidays import check, public_holidays
from orthocrm.testing.factories import a_clinic

CHICAGO = "America/Chicago"
THANKSGIVING = date(2026, 11, 26)
HOURS = BusinessHours()
CALENDAR = Calendar.of(HOURS, CHICAGO, "US")
FIVE = timedelta(minutes=5)


def local(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone(CHICAGO)).astimezone(
        UTC
    )


@pytest.mark.parametrize("place", ["XX", "US-ZZ", "ZZ-TX"])
def test_a_place_without_known_holidays_is_refused(place: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check(place, 2026)
    assert [(p.path, p.code) for p in caught.value.problems] == [("holidays", "unknown_place")]


def test_without_the_extra_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    public_holidays.cache_clear()
    monkeypatch.setitem(sys.modules, "holidays", None)

    with pytest.raises(MissingExtra, match=r"install orthocrm\[calendar\]"):
        check("US", 2026)
    check(None, 2026)


def test_nobody_works_on_a_holiday() -> None:
    assert CALENDAR.spans(THANKSGIVING) == ()
    assert add_business(CALENDAR, local(THANKSGIVING, 10), FIVE) == local(date(2026, 11, 27), 9, 5)
    assert business_between(
        CALENDAR, local(date(2026, 11, 25), 16), local(date(2026, 11, 27), 10)
    ) == timedelta(hours=2)


def test_a_holiday_is_also_closed_on_the_day_on_which_it_is_observed() -> None:
    assert date(2027, 12, 31) in public_holidays("US", 2027)
    assert date(2026, 7, 3) in public_holidays("US", 2026)


def test_a_part_of_a_country_has_holidays_of_its_own() -> None:
    texan = Calendar.of(HOURS, CHICAGO, "US-TX")
    independence = date(2026, 3, 2)

    assert (texan.spans(independence), len(CALENDAR.spans(independence))) == ((), 1)


def test_special_openings_win_over_a_holiday_and_closed_days_over_both() -> None:
    morning = (Opening(4, time(9), time(12)),)
    special = evolve(HOURS, special={THANKSGIVING: morning})
    closed = evolve(special, closed=frozenset({THANKSGIVING}))

    opened = Calendar.of(special, CHICAGO, "US").spans(THANKSGIVING)
    assert opened == ((local(THANKSGIVING, 9), local(THANKSGIVING, 12)),)
    assert Calendar.of(closed, CHICAGO, "US").spans(THANKSGIVING) == ()


def test_the_night_before_a_holiday_ends_at_midnight() -> None:
    nightly = BusinessHours(week=tuple(Opening(day, time(22), time(6)) for day in range(7)))

    calendar = Calendar.of(nightly, CHICAGO, "US")
    eve, after = THANKSGIVING - timedelta(days=1), THANKSGIVING + timedelta(days=1)

    assert calendar.spans(eve)[-1] == (local(eve, 22), local(THANKSGIVING, 0))
    assert calendar.spans(THANKSGIVING) == ()
    assert calendar.spans(after) == ((local(after, 22), local(after + timedelta(days=1), 0)),)


def test_a_clinic_s_calendar_follows_its_settings() -> None:
    clinic = a_clinic(settings=Settings(holidays="US"))

    assert Calendar.of_clinic(clinic) is Calendar.of(HOURS, CHICAGO, "US")
    assert Calendar.of_clinic(a_clinic()) is Calendar.of(HOURS, CHICAGO)


SUNDAY, SATURDAY, FRIDAY, MONDAY = (date(2026, 10, day) for day in (18, 17, 16, 19))


@pytest.mark.parametrize(
    "captured, due",
    [
        (local(SUNDAY, 15), local(MONDAY, 9, 5)),
        (local(SATURDAY, 18), local(MONDAY, 9, 5)),
        (local(FRIDAY, 16, 58), local(MONDAY, 9, 3)),
        (local(date(2026, 10, 9), 16, 58), local(date(2026, 10, 13), 9, 3)),
    ],
)
def test_the_dates_of_the_specification_hold_with_holidays(
    captured: datetime, due: datetime
) -> None:
    assert add_business(CALENDAR, captured, FIVE) == due
