"""R14 to R17: notice, horizon, dates, full days, range."""

from datetime import date, timedelta
from typing import Any

import pytest
from attrs import evolve

from orthocrm.core.errors import InvalidInput
from orthocrm.scheduling.slots import find_slots
from tests.unit.scheduling.asking import ask, at, busy, dated, instants, starts, week

DAY = "2026-11-24"
HOURS = week(("09:00", "12:00"))


def test_r14_notice_elapses_and_its_last_minute_counts() -> None:
    request = ask(DAY, hours=HOURS, notice=90, now=at(f"{DAY}T08:30"))

    assert starts(request) == ["10:00", "11:00"]
    assert starts(evolve(request, now=at(f"{DAY}T08:30:01"))) == ["11:00"]


def test_r14_notice_elapses_over_a_change_of_the_clock() -> None:
    """24 hours after Saturday 09:00 it is Sunday 10:00."""
    request = ask("2026-03-08", hours=HOURS, notice=24 * 60, now=at("2026-03-07T09:00"))

    assert starts(request) == ["10:00", "11:00"]


def test_r14_a_start_equal_to_now_is_offered_and_nothing_before() -> None:
    assert starts(ask(DAY, hours=HOURS, now=at(f"{DAY}T10:00"))) == ["10:00", "11:00"]


def days(**more: Any) -> list[str]:
    found = dated(ask(DAY, "2026-12-20T00:00", hours=week(("09:00", "10:00")), **more))
    return [one[:2] for one in found]


def test_r15_a_horizon_counts_local_dates_from_today() -> None:
    assert days(horizon=0) == ["24"]
    assert days(horizon=2) == ["24", "25", "26"]


def test_r15_today_is_that_of_the_schedule() -> None:
    """At 23:30 in New York it is already tomorrow in UTC."""
    now = at("2026-11-23T23:30")

    assert days(horizon=1, now=now) == ["24"]


@pytest.mark.parametrize(
    "today, horizon, last",
    [
        ("2026-11-24", 0, "24"),
        ("2026-11-24", 3, "27"),
        ("2026-11-24", 4, "30"),
        ("2026-11-24", 5, "01"),
        ("2026-11-24", 14, "14"),
        ("2026-11-27", 1, "30"),
        ("2026-11-28", 1, "30"),
        ("2026-11-29", 5, "04"),
    ],
)
def test_r15_business_days_end_on_the_nth_weekday_after_today(
    today: str, horizon: int, last: str
) -> None:
    found = days(now=at(f"{today}T00:00"), horizon=horizon, horizon_days="business")

    assert found[-1] == last


@pytest.mark.parametrize(
    "first, last, expected",
    [
        (date(2026, 11, 25), date(2026, 11, 26), ["25", "26"]),
        (None, date(2026, 11, 25), ["24", "25"]),
        (date(2026, 12, 18), None, ["18", "19"]),
        (date(2026, 1, 1), date(2026, 2, 1), []),
    ],
)
def test_r15_a_date_range_is_inclusive(
    first: date | None, last: date | None, expected: list[str]
) -> None:
    assert days(date_range=(first, last)) == expected


def test_r15_dates_are_those_of_the_start() -> None:
    request = ask(DAY, hours=week(("23:00", "01:00")), duration=30)

    assert dated(request) == ["24 00:00", "24 00:30", "24 23:00", "24 23:30"]


def test_r15_a_date_of_which_a_part_is_repeated_is_whole() -> None:
    """In St. John's the clock went from 00:01 on the 29th back to 23:01 on the 28th."""
    zone = "America/St_Johns"
    request = ask("2006-10-28", zone=zone, hours=week(("00:00", "24:00")), step=1, duration=1)

    found = instants(request)

    assert len(found) == 24 * 60 + 59
    assert [one[:16] for one in found if one[:13] == "2006-10-28T23"][:3] == [
        "2006-10-28T23:00",
        "2006-10-28T23:01",
        "2006-10-28T23:02",
    ]
    assert {one[:10] for one in found} == {"2006-10-28"}


def full(most: int, *taken: Any, **more: Any) -> list[str]:
    hours = week(("00:00", "00:00"))
    request = ask(
        DAY, "2026-11-27T00:00", hours=hours, step=720, busy=taken, max_per_day=most, **more
    )
    return dated(request)


def test_r16_a_date_with_as_many_appointments_is_empty() -> None:
    first = busy("2026-11-25T08:00", "2026-11-25T09:00", id="a")
    second = busy("2026-11-25T09:00", "2026-11-25T09:30", id="b")
    gone = busy("2026-11-24T09:00", "2026-11-24T09:30", state="cancelled")
    nothing = busy("2026-11-24T10:00", "2026-11-24T10:00")

    whole = ["24 00:00", "24 12:00", "25 00:00", "25 12:00", "26 00:00", "26 12:00"]
    assert full(2, first, second, gone, nothing) == [*whole[:2], *whole[4:]]
    assert full(3, first, second, gone, nothing) == whole
    assert full(2, first, second, exclude="b") == whole
    assert full(0) == []


def test_r16_an_appointment_counts_on_the_local_date_of_its_start() -> None:
    night = busy("2026-11-24T23:30", "2026-11-25T01:00")

    assert full(1, night) == ["25 12:00", "26 00:00", "26 12:00"]


def test_r17_the_range_filters_the_start_only() -> None:
    request = ask(DAY, f"{DAY}T11:00", hours=HOURS, duration=120, step=60)

    assert starts(request) == ["09:00", "10:00"]
    assert starts(evolve(request, from_=at(f"{DAY}T10:00"))) == ["10:00"]
    assert starts(evolve(request, from_=at(f"{DAY}T10:00:01"))) == []
    assert starts(evolve(request, to=at(f"{DAY}T10:00:01"))) == ["09:00", "10:00"]
    assert starts(evolve(request, to=at(f"{DAY}T10:00"))) == ["09:00"]


def test_r17_an_empty_range_is_empty() -> None:
    request = ask(DAY, f"{DAY}T11:00", hours=HOURS)

    assert find_slots(evolve(request, from_=request.to)) == ()
    assert find_slots(evolve(request, now=at("2026-11-25T00:00"))) == ()


def test_r17_something_has_to_end_the_range() -> None:
    request = ask(DAY, hours=HOURS, date_range=(date(2026, 11, 24), None))

    with pytest.raises(InvalidInput, match="to: "):
        find_slots(request)
    with pytest.raises(InvalidInput, match="date_range: "):
        find_slots(evolve(request, date_range=(None, date(2126, 1, 1))))
    with pytest.raises(InvalidInput, match="to: "):
        evolve(request, to=request.now + timedelta(days=4000))
