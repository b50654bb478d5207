"""R7 to R10: where starts lie."""

from datetime import date
from typing import Any

import pytest
from attrs import evolve

from orthocrm.scheduling.hours import Override
from orthocrm.scheduling.request import SlotRequest
from orthocrm.scheduling.slots import find_slots
from tests.unit.scheduling.asking import ask, at, busy, dated, instants, starts, week

DAY = "2026-11-24"


def test_r7_every_raw_window_lays_its_own_grid() -> None:
    hours = week(("09:10", "11:00"), ("13:05", "15:00"))

    assert starts(ask(DAY, hours=hours, duration=45, step=30)) == [
        "09:10",
        "09:40",
        "10:10",
        "13:05",
        "13:35",
        "14:05",
    ]


def test_r7_the_offset_shifts_the_grid_of_every_window() -> None:
    hours = week(("09:00", "11:00"), ("13:00", "14:30"))

    assert starts(ask(DAY, hours=hours, duration=30, step=45, offset=20)) == [
        "09:20",
        "10:05",
        "13:20",
    ]


def test_r7_the_step_is_the_duration_where_none_is_given() -> None:
    assert starts(ask(DAY, hours=week(("09:00", "11:00")), duration=40)) == [
        "09:00",
        "09:40",
        "10:20",
    ]


@pytest.mark.parametrize(
    "more",
    [
        {"busy": [busy(f"{DAY}T08:55", f"{DAY}T09:05")]},
        {"time_off": [(at(f"{DAY}T08:00"), at(f"{DAY}T09:20"))]},
        {"from_": at(f"{DAY}T09:17")},
        {"now": at(f"{DAY}T09:17")},
        {"notice": 9 * 60 + 17},
    ],
)
def test_r7_nothing_but_the_window_moves_the_grid(more: dict[str, Any]) -> None:
    hours = week(("09:00", "12:00"))

    assert starts(ask(DAY, hours=hours, step=30, **more)) == ["09:30", "10:00", "10:30", "11:00"]


def test_r7_overlapping_windows_give_each_start_once_ascending() -> None:
    hours = week(("09:00", "12:00"), ("09:30", "11:30"), ("09:20", "10:20"))

    assert starts(ask(DAY, hours=hours, step=30, duration=60)) == [
        "09:00",
        "09:20",
        "09:30",
        "09:50",
        "10:00",
        "10:30",
        "11:00",
    ]


def test_r7_steps_elapse_over_a_change_of_the_clock() -> None:
    override = [Override(date=date(2026, 3, 8), windows=[("00:30", "05:00")])]

    assert instants(ask("2026-03-08", overrides=override)) == [
        "2026-03-08T00:30-05:00",
        "2026-03-08T01:30-05:00",
        "2026-03-08T03:30-04:00",
    ]


def test_r8_starts_lie_on_local_minutes_of_the_day() -> None:
    hours = week(("09:10", "11:00"))
    request = ask(DAY, hours=hours, align="midnight", duration=20, step=20)

    assert starts(request) == ["09:20", "09:40", "10:00", "10:20", "10:40"]
    assert starts(evolve(request, offset=5)) == ["09:25", "09:45", "10:05", "10:25"]
    assert starts(evolve(request, offset=45)) == ["09:25", "09:45", "10:05", "10:25"]


def test_r8_a_step_that_does_not_divide_the_day_begins_anew_at_midnight() -> None:
    hours = week(("22:00", "04:00"))[2:3]

    request = ask(DAY, "2026-11-26T00:00", hours=hours, align="midnight", duration=60, step=100)

    assert dated(request) == ["24 23:20", "25 00:00", "25 01:40"]


@pytest.mark.parametrize(
    "zone, first", [("Asia/Kathmandu", "09:00"), ("Pacific/Chatham", "09:00"), ("UTC", "09:00")]
)
def test_r8_it_is_the_schedule_s_midnight_whatever_its_offset(zone: str, first: str) -> None:
    request = ask(DAY, zone=zone, hours=week(("08:50", "10:00")), align="midnight", duration=60)

    assert starts(request) == [first]


def test_r8_both_occurrences_of_a_local_minute_are_starts() -> None:
    hours = week(("01:00", "03:00"))

    request = ask("2026-11-01", hours=hours, align="midnight", duration=60)

    assert instants(request) == [
        "2026-11-01T01:00-04:00",
        "2026-11-01T01:00-05:00",
        "2026-11-01T02:00-05:00",
    ]


def test_r8_the_half_hour_of_lord_howe_moves_the_grid_with_the_clock() -> None:
    hours = week(("01:00", "04:00"))

    request = ask(
        "2026-10-04",
        zone="Australia/Lord_Howe",
        hours=hours,
        align="midnight",
        duration=30,
        step=60,
    )

    assert instants(request) == ["2026-10-04T01:00+10:30", "2026-10-04T03:00+11:00"]


def test_r9_every_free_run_is_cut_from_its_first_minute() -> None:
    taken = [busy(f"{DAY}T10:05", f"{DAY}T10:25")]

    request = ask(DAY, hours=week(("09:00", "12:00")), align="free", duration=30, busy=taken)

    assert starts(request) == ["09:00", "09:30", "10:25", "10:55", "11:25"]


def test_r9_a_free_run_begins_after_all_buffers() -> None:
    taken = [busy(f"{DAY}T09:30", f"{DAY}T10:00", buffer_after=10)]

    request = ask(
        DAY, hours=week(("09:00", "12:00")), align="free", duration=60, buffer_before=5, busy=taken
    )

    assert starts(request) == ["10:15"]


def test_r9_neither_notice_nor_range_moves_the_run() -> None:
    request = ask(DAY, hours=week(("09:00", "12:00")), align="free", duration=40)

    assert starts(evolve(request, notice=9 * 60 + 10)) == ["09:40", "10:20", "11:00"]
    assert starts(evolve(request, from_=at(f"{DAY}T09:10"))) == ["09:40", "10:20", "11:00"]


def test_r9_a_run_of_many_days_is_counted_from_its_beginning() -> None:
    """Open day and night since 1 November 00:00; every 7 hours from there."""
    hours = week(("00:00", "24:00"), valid_from=date(2026, 6, 1))
    request = ask(
        "2026-06-01", "2026-11-24T00:00", hours=hours, align="free", duration=60, step=7 * 60
    )

    whole = find_slots(request)
    part = find_slots(evolve(request, from_=at("2026-11-20T00:00")))

    assert whole[0].start == at("2026-06-01T00:00")
    assert part == tuple(slot for slot in whole if slot.start >= at("2026-11-20T00:00"))
    assert part


def test_r9_a_run_without_beginning_has_one_grid_all_the_same() -> None:
    request = ask(
        DAY, "2027-02-01T00:00", hours=week(("00:00", "24:00")), align="free", step=7 * 60
    )

    whole = find_slots(request)
    for day in (1, 20):
        later = at(f"2027-01-{day:02d}T00:00")
        part = find_slots(evolve(request, from_=later, now=later))
        assert part == tuple(slot for slot in whole if slot.start >= later)
        assert part


def clock(step: int, start: str, **more: Any) -> SlotRequest:
    return ask(
        DAY, hours=week((start, "13:00")), align="clock", step=step, **{"duration": 20, **more}
    )


@pytest.mark.parametrize(
    "step, start, expected",
    [
        (60, "09:10", ["10:00", "11:00", "12:00"]),
        (90, "09:10", ["09:30", "11:00", "12:30"]),
        (40, "09:10", ["09:20", "10:00", "10:40", "11:20", "12:00", "12:40"]),
        (45, "09:10", ["09:15", "10:00", "10:45", "11:30", "12:15"]),
        (50, "09:03", ["09:10", "10:00", "10:50", "11:40", "12:30"]),
        (35, "11:03", ["11:05", "11:40", "12:15"]),
        (37, "11:03", ["11:03", "11:40", "12:17"]),
        (120, "09:00", ["09:00", "11:00"]),
    ],
)
def test_r10_the_first_start_is_on_the_largest_round_minute_that_divides_the_step(
    step: int, start: str, expected: list[str]
) -> None:
    assert starts(clock(step, start)) == expected


def test_r10_a_run_is_first_clipped_at_now_and_notice() -> None:
    request = clock(45, "09:00")

    assert starts(evolve(request, now=at(f"{DAY}T09:20"))) == starts(clock(45, "09:20"))
    assert starts(evolve(request, notice=10 * 60 + 40)) == ["10:45", "11:30", "12:15"]
    assert starts(evolve(request, from_=at(f"{DAY}T09:20"))) == [
        "09:45",
        "10:30",
        "11:15",
        "12:00",
    ]


def test_r10_each_run_begins_anew_and_at_least_one_step_later() -> None:
    taken = [busy(f"{DAY}T09:30", f"{DAY}T09:40"), busy(f"{DAY}T11:00", f"{DAY}T11:35")]

    request = clock(45, "09:00", busy=taken)

    assert starts(request) == ["09:00", "09:45", "10:30", "11:45", "12:30"]


def test_r10_a_start_in_the_next_run_waits_for_the_step_of_the_one_before() -> None:
    taken = [busy(f"{DAY}T09:20", f"{DAY}T09:25")]

    assert starts(clock(45, "09:00", busy=taken)) == ["09:00", "09:45", "10:30", "11:15", "12:00"]


def test_r10_round_minutes_are_those_of_the_schedule_not_of_the_viewer() -> None:
    request = clock(60, "09:10", zone="Asia/Kathmandu", now=at(f"{DAY}T00:00", "Asia/Kathmandu"))
    request = evolve(request, viewer_zone="Europe/London")

    assert starts(request) == ["04:15", "05:15", "06:15"]


def test_r10_after_a_change_of_half_an_hour_steps_go_on() -> None:
    hours = week(("01:00", "05:00"))

    request = ask(
        "2026-10-04", zone="Australia/Lord_Howe", hours=hours, align="clock", duration=30, step=60
    )

    assert instants(request) == [
        "2026-10-04T01:00+10:30",
        "2026-10-04T02:30+11:00",
        "2026-10-04T03:30+11:00",
        "2026-10-04T04:30+11:00",
    ]
