"""R11 to R13: buffers, what blocks, capacity."""

from typing import Any

import pytest
from attrs import evolve

from orthocrm.core.appointment import AppointmentStatus
from orthocrm.scheduling.busy import Busy, State
from tests.unit.scheduling.asking import ask, at, busy, starts, week

DAY = "2026-11-24"
MORNING = week(("09:00", "12:00"))
EVERY_HALF_HOUR = ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]


def left(*taken: Busy, **more: Any) -> list[str]:
    return starts(ask(DAY, hours=MORNING, **{"duration": 30, "busy": taken, **more}))


def ten(**more: Any) -> Busy:
    return busy(f"{DAY}T10:00", f"{DAY}T10:30", **more)


def test_r11_touching_is_no_conflict() -> None:
    assert left(ten()) == ["09:00", "09:30", "10:30", "11:00", "11:30"]


@pytest.mark.parametrize(
    "own, theirs, expected",
    [
        ({"buffer_before": 1}, {}, ["09:00", "09:30", "11:00", "11:30"]),
        ({"buffer_after": 1}, {}, ["09:00", "10:30", "11:00", "11:30"]),
        ({}, {"buffer_before": 1}, ["09:00", "10:30", "11:00", "11:30"]),
        ({}, {"buffer_after": 1}, ["09:00", "09:30", "11:00", "11:30"]),
        ({"buffer_before": 15}, {"buffer_after": 15}, ["09:00", "09:30", "11:00", "11:30"]),
        ({"buffer_before": 15}, {"buffer_after": 16}, ["09:00", "09:30", "11:30"]),
        ({"buffer_after": 15}, {"buffer_before": 16}, ["10:30", "11:00", "11:30"]),
    ],
)
def test_r11_footprints_must_not_meet_so_buffers_add_up(
    own: dict[str, int], theirs: dict[str, int], expected: list[str]
) -> None:
    assert left(ten(**theirs), **own) == expected


def test_r11_buffers_spill_into_closed_time() -> None:
    buffers = {"buffer_before": 40, "buffer_after": 40}

    assert left(**buffers) == EVERY_HALF_HOUR
    assert left(time_off=[(at(f"{DAY}T10:00"), at(f"{DAY}T10:30"))], **buffers) == [
        "09:00",
        "09:30",
        "10:30",
        "11:00",
        "11:30",
    ]


def test_r11_buffers_never_spill_into_busy_time_outside_hours() -> None:
    early = busy(f"{DAY}T08:30", f"{DAY}T08:50")

    assert left(early, buffer_before=15) == EVERY_HALF_HOUR[1:]
    assert left(early, buffer_before=10) == EVERY_HALF_HOUR


def test_r11_buffers_may_have_to_lie_within_hours() -> None:
    inside = {"buffer_before": 10, "buffer_after": 20, "buffer_scope": "hours"}

    assert left(**inside) == ["09:30", "10:00", "10:30", "11:00"]
    away = [(at(f"{DAY}T10:00"), at(f"{DAY}T10:10"))]
    assert left(time_off=away, **inside) == ["10:30", "11:00"]


@pytest.mark.parametrize(
    "state, blocks",
    [
        (State.HELD, True),
        (State.REQUESTED, True),
        (State.BOOKED, True),
        (State.CONFIRMED, True),
        (State.ARRIVED, True),
        (State.IN_PROGRESS, True),
        (State.COMPLETED, True),
        (State.CANCELLED, False),
        (State.NO_SHOW, False),
        (State.RESCHEDULED, False),
        (State.DECLINED, False),
        (State.EXPIRED, False),
    ],
)
def test_r12_states_that_block(state: State, blocks: bool) -> None:  # noqa: FBT001 - a table
    assert ("10:00" not in left(ten(state=state))) is blocks
    assert ("10:00" not in left(ten(state=state.value.upper()))) is blocks


def test_r12_the_status_of_an_appointment_is_a_state() -> None:
    for status in AppointmentStatus:
        assert ten(state=status).state.value == status.value.lower()


def test_r12_a_hold_blocks_until_it_expires() -> None:
    now = at(f"{DAY}T08:00")
    held = ten(state="held", expires_at=now)

    assert left(held, now=now) == EVERY_HALF_HOUR
    assert "10:00" not in left(held, now=at(f"{DAY}T07:59:59"))


def test_r12_a_request_blocks_unless_the_type_says_otherwise() -> None:
    requested = ten(state="requested")

    assert "10:00" not in left(requested)
    assert left(requested, requests_block=False) == EVERY_HALF_HOUR


def test_r12_zero_length_is_ignored_with_its_buffers() -> None:
    nothing = busy(f"{DAY}T10:10", f"{DAY}T10:10", buffer_before=60, buffer_after=60)

    assert left(nothing) == EVERY_HALF_HOUR


def test_r12_an_excluded_appointment_is_ignored_with_its_buffers() -> None:
    moved, other = ten(id="a", buffer_before=30), busy(f"{DAY}T11:00", f"{DAY}T11:30", id="b")

    assert left(moved, other, exclude="a") == ["09:00", "09:30", "10:00", "10:30", "11:30"]


def test_r12_seconds_are_rounded_outwards() -> None:
    taken = busy(f"{DAY}T09:59:30", f"{DAY}T10:30:01")

    assert left(taken, step=1, duration=29)[-1] == "11:31"
    assert "09:30" in left(taken, step=1, duration=29)
    assert "09:31" not in left(taken, step=1, duration=29)
    assert "10:30" not in left(taken, step=1, duration=29)


def test_r13_a_time_is_shared_up_to_the_capacity() -> None:
    group = [ten(id=name, capacity=3) for name in "ab"]

    assert "10:00" in left(*group, capacity=3)
    assert "10:00" not in left(*group, ten(id="c", capacity=3), capacity=3)
    assert "10:00" not in left(*group, capacity=2)
    assert "10:00" not in left(*group)


def test_r13_a_booking_that_shares_with_nobody_fills_the_time() -> None:
    assert "10:00" not in left(ten(), capacity=5)
    assert "10:00" not in left(ten(capacity=5), ten(), capacity=5)


def test_r13_the_buffers_of_bookings_cover_minutes_too() -> None:
    taken = [ten(capacity=2), busy(f"{DAY}T10:30", f"{DAY}T11:00", capacity=2, buffer_before=10)]

    assert left(*taken, capacity=2) == ["09:00", "09:30", "10:30", "11:00", "11:30"]


def test_r13_every_minute_is_asked_by_itself() -> None:
    """Two who overlap each other for a minute are full in that minute only."""
    taken = [
        busy(f"{DAY}T09:30", f"{DAY}T10:01", capacity=2),
        busy(f"{DAY}T10:00", f"{DAY}T10:30", capacity=2),
    ]
    request = ask(DAY, hours=MORNING, duration=30, busy=taken, capacity=2)

    assert starts(request) == ["09:00", "09:30", "10:30", "11:00", "11:30"]
    assert starts(evolve(request, offset=1))[:3] == ["09:01", "10:01", "10:31"]
