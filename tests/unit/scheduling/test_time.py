"""R1 to R3: wall times become instants, nights of change, dates that do not exist."""

from datetime import date

import pytest

from orthocrm.scheduling.hours import Override
from orthocrm.scheduling.slots import find_slots
from tests.unit.scheduling.asking import ask, dated, instants, starts, week


def test_r1_a_skipped_wall_time_moves_forward_by_the_gap() -> None:
    hours = week(("02:30", "04:30"))

    assert instants(ask("2026-03-08", hours=hours, duration=30)) == [
        "2026-03-08T03:30-04:00",
        "2026-03-08T04:00-04:00",
    ]


def test_r1_a_repeated_wall_time_is_its_first_occurrence() -> None:
    hours = week(("01:00", "01:30"))

    assert instants(ask("2026-11-01", hours=hours, duration=30)) == ["2026-11-01T01:00-04:00"]


def test_r1_both_occurrences_of_a_repeated_hour_lie_in_a_window_around_it() -> None:
    hours = week(("00:30", "02:00"))

    assert instants(ask("2026-11-01", hours=hours, duration=30)) == [
        "2026-11-01T00:30-04:00",
        "2026-11-01T01:00-04:00",
        "2026-11-01T01:30-04:00",
        "2026-11-01T01:00-05:00",
        "2026-11-01T01:30-05:00",
    ]


@pytest.mark.parametrize(
    "zone, day, first",
    [
        ("America/New_York", "2026-03-08", "2026-03-08T02:15-05:00"),
        ("Europe/London", "2026-03-29", "2026-03-29T02:15+01:00"),
        ("Australia/Lord_Howe", "2026-10-04", "2026-10-04T02:15+10:30"),
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T02:15-02:00"),
        ("Asia/Kathmandu", "2026-03-08", "2026-03-08T02:15+05:45"),
        ("Africa/Casablanca", "2026-03-22", "2026-03-22T03:15+01:00"),
        ("Africa/Casablanca", "2026-02-15", "2026-02-15T02:15+01:00"),
        ("America/Havana", "2026-11-01", "2026-11-01T02:15-05:00"),
        ("Africa/Cairo", "2026-04-24", "2026-04-24T02:15+03:00"),
        ("Pacific/Chatham", "2026-04-05", "2026-04-05T02:15+13:45"),
        ("Pacific/Apia", "2011-12-31", "2011-12-31T02:15+14:00"),
        ("America/Nuuk", "2026-03-29", "2026-03-29T02:15-01:00"),
    ],
)
def test_r1_a_quarter_past_two_in_many_zones(zone: str, day: str, first: str) -> None:
    found = instants(ask(day, zone=zone, hours=week(("02:15", "08:00"))))[0]

    expected = {
        "2026-03-08T02:15-05:00": "2026-03-08T03:15-04:00",
        "2026-10-04T02:15+10:30": "2026-10-04T02:45+11:00",
    }
    assert found == expected.get(first, first)


@pytest.mark.parametrize(
    "zone, day, minutes",
    [
        ("America/New_York", "2026-03-07", 300),
        ("America/New_York", "2026-10-31", 420),
        ("Europe/London", "2026-03-28", 300),
        ("Europe/London", "2026-10-24", 420),
        ("Australia/Lord_Howe", "2026-10-03", 330),
        ("Australia/Lord_Howe", "2026-04-04", 390),
        ("America/Sao_Paulo", "2018-11-03", 300),
        ("America/Sao_Paulo", "2018-02-17", 420),
        ("Asia/Kathmandu", "2026-10-24", 360),
        ("Africa/Casablanca", "2026-03-21", 300),
        ("Africa/Casablanca", "2026-02-14", 420),
        ("America/Havana", "2026-03-07", 300),
        ("America/Havana", "2026-10-31", 420),
        ("Africa/Cairo", "2026-04-23", 300),
        ("Africa/Cairo", "2026-10-29", 420),
        ("Pacific/Chatham", "2026-09-26", 300),
        ("Pacific/Chatham", "2026-04-04", 420),
        ("America/Nuuk", "2026-03-28", 300),
        ("America/Nuuk", "2026-10-24", 420),
        ("Pacific/Apia", "2011-12-29", 360),
    ],
)
def test_r2_a_night_lasts_what_elapses(zone: str, day: str, minutes: int) -> None:
    night = [Override(date=date.fromisoformat(day), windows=[("22:00", "04:00")])]

    request = ask(day, zone=zone, overrides=night, duration=1, step=1, date_range=None, horizon=3)

    assert len(find_slots(request)) == minutes


def test_r2_equal_ends_make_a_full_day_and_24_00_ends_it() -> None:
    whole = starts(ask("2026-11-24", hours=week(("00:00", "00:00"))))

    assert whole == [f"{hour:02d}:00" for hour in range(24)]
    assert starts(ask("2026-11-24", hours=week(("00:00", "24:00")))) == whole
    assert starts(ask("2026-11-24", hours=week(("22:00", "24:00")))) == ["22:00", "23:00"]


def test_r2_a_window_belongs_to_the_date_on_which_it_starts() -> None:
    tuesday = week(("22:00", "02:00"))[2:3]

    request = ask("2026-11-24", "2026-11-27T00:00", hours=tuesday)

    assert dated(request) == ["24 22:00", "24 23:00", "25 00:00", "25 01:00"]


def test_r2_whether_it_is_overnight_is_decided_on_the_wall() -> None:
    """From 01:30 to 01:00 the next day, though in the fall 01:30 may come before 01:00."""
    sunday = week(("01:30", "01:00"))[:1]

    found = find_slots(ask("2026-11-01", "2026-11-03T00:00", hours=sunday, duration=30))

    assert found[0].start.isoformat() == "2026-11-01T01:30:00-04:00"
    assert found[-1].end.isoformat() == "2026-11-02T01:00:00-05:00"
    assert len(found) == 2 * 24.5


def test_r2_a_window_whose_end_does_not_come_after_its_start_is_empty() -> None:
    """From 02:30, which becomes 03:30, to 03:00: nothing is left, and it is no night."""
    assert starts(ask("2026-03-08", hours=week(("02:30", "03:00")), duration=5)) == []
    assert starts(ask("2026-03-08", hours=week(("02:30", "03:30")), duration=5)) == []


def test_r3_a_date_that_does_not_exist_has_no_windows() -> None:
    request = ask(
        "2011-12-29", "2012-01-02T00:00", zone="Pacific/Apia", hours=week(("09:00", "11:00"))
    )

    assert dated(request) == [
        "29 09:00",
        "29 10:00",
        "31 09:00",
        "31 10:00",
        "01 09:00",
        "01 10:00",
    ]


def test_r3_a_night_before_a_date_that_does_not_exist_runs_into_the_next() -> None:
    thursday = week(("22:00", "02:00"))[4:5]

    request = ask("2011-12-29", "2012-01-02T00:00", zone="Pacific/Apia", hours=thursday)

    assert dated(request) == ["29 22:00", "29 23:00", "31 00:00", "31 01:00"]


def test_r3_weekdays_count_from_sunday() -> None:
    hours = week(("09:00", "10:00"))

    request = ask("2026-11-22", "2026-11-29T00:00", hours=[hours[0], hours[6]])

    assert dated(request) == ["22 09:00", "28 09:00"]
