"""Business time: adding and measuring are inverses, on every calendar and on nights of change.

The dates span both changes of the clock, and public holidays of several countries.
"""

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from orthocrm.core.settings import BusinessHours, Opening
from orthocrm.followup.due import (
    Calendar,
    add_business,
    business_between,
    subtract_business,
)
from orthocrm.followup.holidays import public_holidays

ZONES = st.sampled_from(
    [
        "America/Chicago",
        "Europe/Berlin",
        "Australia/Lord_Howe",
        "America/Sao_Paulo",
        "Asia/Kathmandu",
        "Pacific/Apia",
    ]
)
FIRST, LAST = date(2011, 9, 1), date(2012, 5, 1)

walls = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30]))
openings = st.builds(Opening, st.integers(0, 6), walls, walls)
days = st.dates(FIRST, LAST)
hours = st.builds(
    BusinessHours,
    week=st.lists(openings, min_size=1, max_size=8).map(tuple),
    closed=st.frozensets(days, max_size=4),
    special=st.dictionaries(days, st.lists(openings, max_size=2).map(tuple), max_size=4),
)
PLACES = st.sampled_from([None, None, "US", "US-TX", "DE-BY", "JP", "BR"])
calendars = st.builds(Calendar, hours, ZONES, PLACES)
instants = st.datetimes(
    datetime(2011, 9, 1),  # noqa: DTZ001 - hypothesis wants naive bounds
    datetime(2012, 5, 1),  # noqa: DTZ001 - as above
    timezones=st.just(UTC),
)
amounts = st.timedeltas(timedelta(), timedelta(days=3))


@given(calendar=calendars, start=instants, amount=amounts)
def test_what_is_added_is_what_is_measured(
    calendar: Calendar, start: datetime, amount: timedelta
) -> None:
    due = add_business(calendar, start, amount)

    assert due >= start + amount
    assert business_between(calendar, start, due) == amount
    assert business_between(calendar, due, start) == -amount


@given(calendar=calendars, end=instants, amount=amounts)
def test_what_is_taken_away_is_what_is_measured(
    calendar: Calendar, end: datetime, amount: timedelta
) -> None:
    start = subtract_business(calendar, end, amount)

    assert start <= end - amount
    assert business_between(calendar, start, end) == amount


@given(calendar=calendars, start=instants, end=instants)
def test_adding_what_was_measured_gives_the_earliest_such_instant(
    calendar: Calendar, start: datetime, end: datetime
) -> None:
    first, last = sorted((start, end))
    measured = business_between(calendar, first, last)

    assert add_business(calendar, first, measured) <= last
    assert subtract_business(calendar, last, measured) >= first


@given(calendar=calendars, a=instants, b=instants, c=instants)
def test_parts_add_up_to_the_whole(
    calendar: Calendar, a: datetime, b: datetime, c: datetime
) -> None:
    parts = business_between(calendar, a, b) + business_between(calendar, b, c)

    assert parts == business_between(calendar, a, c)


@given(calendar=calendars, day=days)
def test_days_never_overlap_and_count_no_more_than_they_have(calendar: Calendar, day: date) -> None:
    spans = calendar.spans(day) + calendar.spans(day + timedelta(days=1))

    edges = [edge for span in spans for edge in span]
    assert edges == sorted(edges)
    assert all(opened < closed for opened, closed in spans)


NEVER_IN_APIA = date(2011, 12, 30)
"""Samoa went over the date line, and left this day out."""


@example(day=NEVER_IN_APIA, zone="Pacific/Apia", place="US")
@given(day=days, zone=ZONES, place=st.sampled_from(["US", "US-TX", "DE-BY", "JP", "BR"]))
def test_a_holiday_is_closed_unless_the_practice_opens_specially(
    day: date, zone: str, place: str
) -> None:
    week = tuple(Opening(weekday, time(9), time(17)) for weekday in range(7))
    usual = Calendar(BusinessHours(week=week), zone, place)
    special = Calendar(BusinessHours(week=week, special={day: week[:1]}), zone, place)

    is_there = (zone, day) != ("Pacific/Apia", NEVER_IN_APIA)
    assert (usual.spans(day) == ()) is (not is_there or day in public_holidays(place, day.year))
    assert len(special.spans(day)) == (1 if is_there else 0)
