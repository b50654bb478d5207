"""R4 to R6: validity and rotations, overrides and closures, time off and blocks that repeat."""

from datetime import date, datetime

import pytest

from orthocrm.scheduling.blocks import RecurringBlock
from orthocrm.scheduling.hours import Away, DayWindow, Override, WeeklyHours
from orthocrm.scheduling.request import Provider
from orthocrm.scheduling.slots import find_slots
from tests.unit.scheduling.asking import ask, at, dated, starts, week

NINE = ("09:00", "10:00")


def test_r4_hours_hold_from_and_until_a_date_inclusive() -> None:
    hours = week(NINE, valid_from=date(2026, 11, 24), valid_until=date(2026, 11, 25))

    request = ask("2026-11-22", "2026-11-29T00:00", hours=hours)

    assert dated(request) == ["24 09:00", "25 09:00"]


def test_r4_a_night_that_starts_on_the_last_valid_date_is_whole() -> None:
    hours = week(("23:00", "02:00"), valid_until=date(2026, 11, 24))

    request = ask("2026-11-24", "2026-11-29T00:00", hours=hours)

    assert dated(request) == ["24 00:00", "24 01:00", "24 23:00", "25 00:00", "25 01:00"]


@pytest.mark.parametrize("anchor", [date(2026, 11, 2), date(2026, 11, 8), date(2027, 1, 1)])
def test_r4_every_other_week_is_counted_from_the_monday_of_the_anchor(anchor: date) -> None:
    hours = [
        WeeklyHours(weekday=day, start="09:00", end="10:00", every_weeks=2, anchor=anchor)
        for day in (0, 1)
    ]

    request = ask("2026-11-01", "2026-11-30T00:00", hours=hours)

    expected = {
        date(2026, 11, 2): ["02 09:00", "08 09:00", "16 09:00", "22 09:00"],
        date(2026, 11, 8): ["02 09:00", "08 09:00", "16 09:00", "22 09:00"],
        date(2027, 1, 1): ["02 09:00", "08 09:00", "16 09:00", "22 09:00"],
    }
    assert dated(request) == expected[anchor]


def test_r5_an_override_replaces_every_window_of_its_date() -> None:
    override = Override(date=date(2026, 11, 24), windows=[("14:00", "15:00")])
    hours = week(NINE, ("11:00", "12:00"))

    request = ask("2026-11-23", "2026-11-25T00:00", hours=hours, overrides=[override])

    assert dated(request) == ["23 09:00", "23 11:00", "24 14:00"]


def test_r5_overrides_of_one_date_add_up() -> None:
    overrides = [
        Override(date=date(2026, 11, 24), windows=[NINE]),
        Override(date=date(2026, 11, 24), windows=[DayWindow(start="11:00", end="12:00")]),
    ]

    assert starts(ask("2026-11-24", overrides=overrides)) == ["09:00", "11:00"]


def test_r5_an_override_without_windows_closes_the_date() -> None:
    closed = [Override(date=date(2026, 11, 24))]

    request = ask("2026-11-23", "2026-11-26T00:00", hours=week(NINE), overrides=closed)

    assert dated(request) == ["23 09:00", "25 09:00"]


def test_r5_a_closed_date_wins_over_an_override() -> None:
    override = [Override(date=date(2026, 11, 24), windows=[NINE])]

    request = ask("2026-11-24", overrides=override, closed_dates={date(2026, 11, 24)})

    assert starts(request) == []


@pytest.mark.parametrize("rule", ["override", "closed"])
def test_r5_the_night_before_ends_at_midnight(rule: str) -> None:
    day = date(2026, 11, 25)
    more = (
        {"closed_dates": [day]}
        if rule == "closed"
        else {"overrides": [Override(date=day, windows=[("09:00", "10:00")])]}
    )

    request = ask("2026-11-24", "2026-11-26T00:00", hours=week(("22:00", "02:00"))[2:3], **more)

    assert dated(request) == ["24 22:00", "24 23:00"] + ["25 09:00"] * (rule == "override")


def test_r5_local_midnight_may_be_skipped() -> None:
    """In Havana the date begins at 01:00, and the night before ends there."""
    request = ask(
        "2026-03-07",
        "2026-03-09T00:00",
        zone="America/Havana",
        hours=week(("22:00", "04:00"))[6:],
        closed_dates=[date(2026, 3, 8)],
    )

    assert dated(request) == ["07 22:00", "07 23:00"]


def test_r5_an_override_over_night_is_clipped_by_the_next_one_too() -> None:
    overrides = [
        Override(date=date(2026, 11, 24), windows=[("22:00", "04:00")]),
        Override(date=date(2026, 11, 25), windows=[("08:00", "09:00")]),
    ]

    request = ask("2026-11-24", "2026-11-26T00:00", overrides=overrides)

    assert dated(request) == ["24 22:00", "24 23:00", "25 08:00"]


def test_r6_time_off_removes_availability_and_leaves_the_grid() -> None:
    away = [(at("2026-11-24T09:30"), at("2026-11-24T11:10"))]

    request = ask("2026-11-24", hours=week(("09:00", "14:00")), time_off=away)

    assert starts(request) == ["12:00", "13:00"]


def test_r6_seconds_of_time_off_take_their_whole_minute() -> None:
    away = [Away(start=at("2026-11-24T09:59:30"), end=at("2026-11-24T10:00:10"))]

    request = ask("2026-11-24", hours=week(("09:00", "12:00")), step=1, time_off=away)

    assert starts(request)[0] == "10:01"


def test_r6_windows_that_touch_or_overlap_merge_for_fitting() -> None:
    hours = week(("09:00", "10:30"), ("10:30", "12:00"), ("11:30", "13:00"))

    assert starts(ask("2026-11-24", hours=hours)) == ["09:00", "10:00", "10:30", "11:30"]


def test_r6_nothing_is_offered_without_hours() -> None:
    assert find_slots(ask("2026-11-24")) == ()
    assert find_slots(ask("2026-11-24", providers=())) == ()
    assert find_slots(ask("2026-11-24", providers=[Provider(id="dr-lee")], mode="all")) == ()


def lunch(rule: str | None, start: str = "2026-11-02T10:00", **more: object) -> RecurringBlock:
    given = {"duration": 60, **more}
    return RecurringBlock(start=datetime.fromisoformat(start), rrule=rule, **given)  # type: ignore[arg-type]


def blocked(block: RecurringBlock, until: str = "2026-12-05T00:00") -> list[str]:
    """Give the dates, from 2 November on, on which an hour at ten is taken."""
    hours = week(("10:00", "11:00"))
    whole = find_slots(ask("2026-11-02", until, hours=hours))
    left = find_slots(ask("2026-11-02", until, hours=hours, blocks=[block]))
    return [f"{slot.start:%d}" for slot in whole if slot not in left]


@pytest.mark.parametrize(
    "rule, days",
    [
        (None, ["02"]),
        ("FREQ=DAILY;INTERVAL=7;COUNT=3", ["02", "09", "16"]),
        ("FREQ=WEEKLY;BYDAY=MO,WE;COUNT=4", ["02", "04", "09", "11"]),
        ("FREQ=WEEKLY;INTERVAL=2", ["02", "16", "30"]),
        ("FREQ=WEEKLY;BYDAY=FR;UNTIL=20261120T100000", ["06", "13", "20"]),
        ("FREQ=WEEKLY;BYDAY=FR;UNTIL=20261120T095900", ["06", "13"]),
        ("FREQ=WEEKLY;BYDAY=FR;UNTIL=20261120T150000Z", ["06", "13", "20"]),
        ("FREQ=WEEKLY;BYDAY=FR;UNTIL=20261120T145959Z", ["06", "13"]),
        ("FREQ=WEEKLY;BYDAY=FR;UNTIL=20261120", ["06", "13", "20"]),
        ("FREQ=MONTHLY;BYDAY=1FR,-1MO", ["06", "30", "04"]),
        ("FREQ=MONTHLY;BYMONTHDAY=15,-1", ["15", "30"]),
        ("FREQ=YEARLY;BYMONTH=11;BYMONTHDAY=11", ["11"]),
        ("FREQ=YEARLY;COUNT=1", ["02"]),
        ("RRULE:freq=weekly;byday=mo;count=2", ["02", "09"]),
    ],
)
def test_r6_blocks_repeat_by_their_rule(rule: str | None, days: list[str]) -> None:
    assert blocked(lunch(rule)) == days


def test_r6_excluded_occurrences_count_and_do_not_happen() -> None:
    out = [datetime(2026, 11, 9, 10), date(2026, 11, 23), at("2026-11-30T10:00")]  # noqa: DTZ001 - a wall time

    block = lunch("FREQ=WEEKLY;COUNT=5", exdate=out)

    assert blocked(block) == ["02", "16"]


def test_r6_the_end_of_a_block_is_a_wall_time_or_elapses() -> None:
    """On the night of the change, 22:00 to 04:00 takes seven hours and six hours end at 03:00."""
    start, end = datetime(2026, 10, 31, 22), datetime(2026, 11, 1, 4)  # noqa: DTZ001 - wall times
    hours = week(("00:00", "00:00"))

    by_wall = RecurringBlock(start=start, end=end, rrule="FREQ=DAILY")
    by_length = RecurringBlock(start=start, duration=360, rrule="FREQ=DAILY")

    assert starts(ask("2026-11-01", hours=hours, blocks=[by_wall]))[0] == "04:00"
    assert starts(ask("2026-11-01", hours=hours, blocks=[by_length]))[0] == "03:00"
    assert starts(ask("2026-11-02", hours=hours, blocks=[by_length]))[0] == "04:00"


def test_r6_a_block_keeps_its_wall_time_over_the_change_of_clocks() -> None:
    block = lunch("FREQ=DAILY", start="2026-06-01T10:00")
    hours = week(("09:00", "12:00"))

    assert starts(ask("2026-10-30", hours=hours, blocks=[block])) == ["09:00", "11:00"]
    assert starts(ask("2026-11-02", hours=hours, blocks=[block])) == ["09:00", "11:00"]


def test_r6_a_block_that_began_before_the_range_reaches_into_it() -> None:
    block = lunch("FREQ=WEEKLY", start="2026-11-01T12:00", duration=3 * 24 * 60)

    assert blocked(block, "2026-11-14T00:00") == ["02", "03", "04", "09", "10", "11"]


def test_r6_an_old_daily_block_is_as_exact_as_a_new_one() -> None:
    block = lunch("FREQ=DAILY;INTERVAL=3", start="1990-01-01T10:00")

    days = range(2, 30)
    expected = [
        f"{day:02d}" for day in days if (date(2026, 11, day) - date(1990, 1, 1)).days % 3 == 0
    ]
    assert blocked(block, "2026-11-30T00:00") == expected


def test_r6_a_block_on_a_date_that_does_not_exist_takes_nothing() -> None:
    friday = lunch("FREQ=WEEKLY;BYDAY=FR", start="2011-12-02T09:00")

    request = ask(
        "2011-12-31", zone="Pacific/Apia", hours=week(("09:00", "10:00")), blocks=[friday]
    )

    assert starts(request) == ["09:00"]
