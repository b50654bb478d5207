from datetime import UTC, date, datetime, time, timedelta

import pytest

from orthocrm.core.errors import InvalidInput
from orthocrm.core.settings import BusinessHours, Opening
from orthocrm.core.time import zone
from orthocrm.followup.due import (
    Calendar,
    add_business,
    business_between,
    subtract_business,
)

CHICAGO = "America/Chicago"
FIVE = timedelta(minutes=5)
OFFICE = Calendar.of(BusinessHours(), CHICAGO)
NIGHTLY = tuple(Opening(day, time(22), time(6)) for day in range(7))


def local(day: date, hour: int, minute: int = 0, zone_name: str = CHICAGO) -> datetime:
    wall = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone(zone_name))
    return wall.astimezone(UTC)


FRIDAY, SATURDAY, SUNDAY, MONDAY = (date(2026, 10, day) for day in (16, 17, 18, 19))


@pytest.mark.parametrize(
    "captured, due",
    [
        (local(SUNDAY, 15), local(MONDAY, 9, 5)),
        (local(SATURDAY, 18), local(MONDAY, 9, 5)),
        (local(FRIDAY, 16, 58), local(MONDAY, 9, 3)),
        (local(MONDAY, 10), local(MONDAY, 10, 5)),
    ],
)
def test_rule_1_five_minutes_are_counted_in_business_hours(
    captured: datetime, due: datetime
) -> None:
    assert add_business(OFFICE, captured, FIVE) == due
    assert business_between(OFFICE, captured, due) == FIVE
    assert subtract_business(OFFICE, due, FIVE) <= due - FIVE


def test_time_that_ends_with_the_day_is_due_at_closing() -> None:
    assert add_business(OFFICE, local(FRIDAY, 16, 55), FIVE) == local(FRIDAY, 17)
    assert subtract_business(OFFICE, local(MONDAY, 9, 5), FIVE) == local(MONDAY, 9)


def test_no_time_at_all_is_due_at_once_even_when_closed() -> None:
    assert add_business(OFFICE, local(SUNDAY, 15), timedelta()) == local(SUNDAY, 15)


def test_time_before_is_negative() -> None:
    early, late = local(MONDAY, 9), local(MONDAY, 11)

    assert business_between(OFFICE, late, early) == -timedelta(hours=2)


def test_sunday_is_weekday_zero() -> None:
    calendar = Calendar.of(BusinessHours(week=(Opening(0, time(10), time(12)),)), CHICAGO)

    assert calendar.spans(SUNDAY) == ((local(SUNDAY, 10), local(SUNDAY, 12)),)
    assert calendar.spans(MONDAY) == calendar.spans(SATURDAY) == ()


def test_several_intervals_a_day_merge_where_they_touch() -> None:
    week = (
        Opening(1, time(14), time(18)),
        Opening(1, time(9), time(12)),
        Opening(1, time(12), time(13)),
        Opening(1, time(10), time(11)),
    )
    calendar = Calendar.of(BusinessHours(week=week), CHICAGO)

    assert calendar.spans(MONDAY) == (
        (local(MONDAY, 9), local(MONDAY, 13)),
        (local(MONDAY, 14), local(MONDAY, 18)),
    )


def test_a_closed_date_counts_nothing_and_wins_over_a_special_one() -> None:
    hours = BusinessHours(
        closed=frozenset({MONDAY}), special={MONDAY: (Opening(1, time(9), time(10)),)}
    )

    assert Calendar.of(hours, CHICAGO).spans(MONDAY) == ()


def test_a_special_date_replaces_the_weekday() -> None:
    hours = BusinessHours(special={SATURDAY: (Opening(6, time(9), time(10)),), MONDAY: ()})
    calendar = Calendar.of(hours, CHICAGO)

    assert calendar.spans(SATURDAY) == ((local(SATURDAY, 9), local(SATURDAY, 10)),)
    assert add_business(calendar, local(SATURDAY, 9, 58), FIVE) == local(date(2026, 10, 20), 9, 3)


def test_a_night_belongs_to_two_dates_and_counts_once() -> None:
    calendar = Calendar.of(BusinessHours(week=NIGHTLY), CHICAGO)
    tuesday = date(2026, 10, 20)

    assert calendar.spans(MONDAY) == (
        (local(MONDAY, 0), local(MONDAY, 6)),
        (local(MONDAY, 22), local(tuesday, 0)),
    )
    assert business_between(calendar, local(MONDAY, 0), local(tuesday, 0)) == timedelta(hours=8)


def test_a_closed_date_cuts_the_night_before_it_at_midnight() -> None:
    hours = BusinessHours(week=NIGHTLY, closed=frozenset({MONDAY}))
    calendar = Calendar.of(hours, CHICAGO)

    assert calendar.spans(SUNDAY)[-1] == (local(SUNDAY, 22), local(MONDAY, 0))
    assert calendar.spans(MONDAY) == ()


def test_a_whole_day_runs_from_midnight_to_midnight() -> None:
    always = tuple(Opening(day, time(0), time(0)) for day in range(7))
    calendar = Calendar.of(BusinessHours(week=always), CHICAGO)

    assert business_between(calendar, local(FRIDAY, 0), local(MONDAY, 0)) == timedelta(days=3)


@pytest.mark.parametrize(
    "night, length", [(date(2026, 3, 7), 7), (date(2026, 10, 31), 9), (MONDAY, 8)]
)
def test_a_night_of_a_clock_change_has_the_hours_that_elapse(night: date, length: int) -> None:
    calendar = Calendar.of(BusinessHours(week=NIGHTLY), CHICAGO)
    evening, morning = local(night, 20), local(night + timedelta(days=1), 8)

    assert business_between(calendar, evening, morning) == timedelta(hours=length)


def test_a_window_inside_the_skipped_hour_moves_past_it() -> None:
    week = (Opening(0, time(2, 15), time(2, 45)),)
    calendar = Calendar.of(BusinessHours(week=week), CHICAGO)
    change = date(2026, 3, 8)

    assert calendar.spans(change) == ((local(change, 3, 15), local(change, 3, 45)),)


def test_a_date_that_was_skipped_has_no_hours() -> None:
    always = tuple(Opening(day, time(0), time(0)) for day in range(7))
    calendar = Calendar.of(BusinessHours(week=always), "Pacific/Apia")

    assert calendar.spans(date(2011, 12, 30)) == ()


def test_a_practice_that_is_never_open_counts_every_hour() -> None:
    calendar = Calendar.of(BusinessHours(week=()), CHICAGO)
    at = local(SUNDAY, 3)

    assert add_business(calendar, at, FIVE) == at + FIVE
    assert subtract_business(calendar, at, FIVE) == at - FIVE
    assert business_between(calendar, at, at + FIVE) == FIVE


def test_more_business_time_than_twenty_years_hold_is_refused() -> None:
    calendar = Calendar.of(BusinessHours(week=(Opening(1, time(9), time(9, 1)),)), CHICAGO)

    for count in (add_business, subtract_business):
        with pytest.raises(InvalidInput) as caught:
            count(calendar, local(MONDAY, 9), timedelta(days=30))
        assert [p.code for p in caught.value.problems] == ["hardly_open"]


def test_naive_instants_and_negative_amounts_are_refused() -> None:
    naive = datetime(2026, 10, 19, 9, 0)  # noqa: DTZ001 - the point

    for code, call in (
        ("naive_datetime", lambda: add_business(OFFICE, naive, FIVE)),
        ("naive_datetime", lambda: subtract_business(OFFICE, naive, FIVE)),
        ("naive_datetime", lambda: business_between(OFFICE, naive, naive)),
        ("out_of_range", lambda: add_business(OFFICE, local(MONDAY, 9), -FIVE)),
        ("out_of_range", lambda: subtract_business(OFFICE, local(MONDAY, 9), -FIVE)),
    ):
        with pytest.raises(InvalidInput) as caught:
            call()
        assert [p.code for p in caught.value.problems] == [code]


def test_the_same_hours_share_a_calendar_which_forgets_what_is_long_past() -> None:
    calendar, again = (Calendar.of(BusinessHours(), CHICAGO) for _ in range(2))
    year = timedelta(days=6000)

    assert calendar is again
    assert business_between(calendar, local(MONDAY, 9) - year, local(MONDAY, 9)) == (
        business_between(calendar, local(MONDAY, 9) - year, local(MONDAY, 9))
    )
