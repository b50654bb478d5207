from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orthocrm.core.appointment import Appointment
from orthocrm.intelligence.no_show import Visited, is_risky, looked_at, overbooking, visit_row
from orthocrm.testing.factories import a_clinic, a_lead, an_appointment

DAY = timedelta(days=1)
START = datetime(2026, 3, 10, 15, tzinfo=UTC)
LEAD = a_lead(a_clinic())


def visit(booked: datetime, **fields: Any) -> Appointment:
    return an_appointment(
        LEAD, starts_at=START, created_at=booked, timezone="America/Chicago", **fields
    )


def test_a_visit_is_looked_at_a_day_before_or_when_it_was_booked() -> None:
    assert looked_at(visit(START - 9 * DAY)) == START - DAY
    assert looked_at(visit(START - timedelta(hours=2))) == START - timedelta(hours=2)


def test_only_what_was_known_by_then_is_in_the_row() -> None:
    made = visit(START - 9 * DAY, confirmed_at=START - timedelta(hours=3))
    earlier = [
        Visited(starts_at=START - 30 * DAY, missed=True),
        Visited(starts_at=START - 20 * DAY, missed=False),
        Visited(starts_at=START, missed=True),
    ]
    row = visit_row(made, START - DAY, earlier, ["sms", "email", "sms"])
    assert (row["lead_days"], row["same_day"], row["confirmed"]) == (9, False, False)
    assert (row["earlier_visits"], row["earlier_missed"], row["missed_share"]) == (2, 1, 0.5)
    assert (row["last_visit"], row["reminded_by"]) == ("attended", "email and sms")
    assert (row["visit_hour"], row["visit_weekday"]) == (10, "Tuesday")


def test_a_new_patient_has_no_history() -> None:
    row = visit_row(visit(START), START, [])
    assert (row["earlier_visits"], row["missed_share"], row["last_visit"]) == (0, None, "none yet")
    assert row["reminded_by"] == "nobody"


@pytest.mark.parametrize(
    "chance, usual, risky", [(0.19, 0.05, False), (0.2, 0.05, True), (0.39, 0.2, False)]
)
def test_a_call_is_advised_from_twice_the_usual_risk(
    chance: float, usual: float, *, risky: bool
) -> None:
    assert is_risky(chance, usual) is risky


@given(st.lists(st.floats(0, 1), max_size=12))
def test_so_many_stay_away_nine_times_in_ten(chances: list[float]) -> None:
    """Compared with all ways in which visits can be missed, one by one."""
    room = overbooking(chances)
    exactly = {0: 1.0}
    for chance in chances:
        exactly = {
            missed: exactly.get(missed, 0.0) * (1 - chance) + exactly.get(missed - 1, 0.0) * chance
            for missed in range(len(chances) + 1)
        }
    at_least = [sum(s for m, s in exactly.items() if m >= k) for k in range(len(chances) + 2)]
    assert at_least[room] >= 0.9 - 1e-9
    assert at_least[room + 1] < 0.9 + 1e-9


def test_nobody_is_overbooked_without_visits() -> None:
    assert overbooking([]) == 0
