from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orthocrm.core.errors import InvalidInput
from orthocrm.intelligence.contact_odds import Tally, differ, pooled, stands_out, upper_gamma
from orthocrm.intelligence.contact_time import (
    HOURS,
    SIGNIFICANT,
    WEEKDAYS,
    Slot,
    call_times,
    contact_times,
    slot_of,
    tallied,
)

OPEN = [(day, hour) for day in range(1, 6) for hour in range(9, 17)]
MONDAY = datetime(2026, 11, 2, 15, tzinfo=UTC)
"""Nine o'clock in Chicago."""


def calls(
    seed: int, number: int, better: Mapping[Slot, float] | None = None, rate: float = 0.3
) -> dict[Slot, tuple[int, int]]:
    random = Random(seed)
    found = dict.fromkeys(OPEN, (0, 0))
    for _ in range(number):
        slot = random.choice(OPEN)
        tried, reached = found[slot]
        found[slot] = tried + 1, reached + (random.random() < (better or {}).get(slot, rate))
    return found


@pytest.mark.parametrize("number", [60, 400, 3000])
@pytest.mark.parametrize("rate", [0.08, 0.35, 0.9])
def test_what_is_not_there_is_hardly_ever_found(number: int, rate: float) -> None:
    found = sum(contact_times(calls(seed, number, rate=rate)).differs for seed in range(60))
    assert found <= 60 * SIGNIFICANT * 2


@pytest.mark.parametrize("seed", range(8))
def test_a_better_hour_is_found(seed: int) -> None:
    at_four = {(day, 16): 0.5 for day in range(1, 6)}
    times = contact_times(calls(seed, 1500, at_four))
    assert times.differs
    assert times.best[0].hour == 16
    assert max(times.hours, key=lambda share: share.pooled.rate).hour == 16


@pytest.mark.parametrize("seed", range(8))
def test_a_better_weekday_is_found(seed: int) -> None:
    on_tuesdays = {(2, hour): 0.5 for hour in range(9, 17)}
    times = contact_times(calls(seed, 1500, on_tuesdays))
    assert times.differs
    assert max(times.weekdays, key=lambda share: share.pooled.rate).weekday == 2


@pytest.mark.parametrize("seed", range(8))
def test_a_single_better_slot_is_found(seed: int) -> None:
    times = contact_times(calls(seed, 3000, {(3, 11): 0.75}))
    assert times.differs
    assert max(times.slots, key=lambda slot: times.slots[slot].pooled.rate) == (3, 11)


def test_a_slope_over_the_day_is_found_though_no_hour_stands_out() -> None:
    rising = {(day, hour): 0.2 + 0.035 * (hour - 9) for day, hour in OPEN}
    assert contact_times(calls(1, 2500, rising)).differs


def test_without_a_difference_nothing_is_best() -> None:
    times = contact_times(calls(4, 800))
    assert times.best == ()
    assert times.verdict == "no significant difference between times in 800 calls"


def test_few_calls_are_drawn_to_all() -> None:
    times = contact_times({**calls(2, 1000), (6, 12): (2, 2)})
    assert times.slots[6, 12].pooled.rate < 0.6


def test_many_calls_speak_for_themselves() -> None:
    counts = {slot: (400, 240 if slot[1] == 10 else 80) for slot in OPEN}
    times = contact_times(counts)
    assert times.slots[1, 10].pooled.rate == pytest.approx(0.6, abs=0.02)
    assert times.slots[1, 11].pooled.rate == pytest.approx(0.2, abs=0.02)


def test_a_clinic_without_calls_gets_no_verdict() -> None:
    times = contact_times({})
    assert (times.tried, times.rate, times.differs, times.best) == (0, None, False, ())
    assert times.verdict == "no call was logged yet"


@pytest.mark.parametrize("reached", [0, 30])
def test_calls_that_all_end_alike_do_not_differ(reached: int) -> None:
    assert contact_times(dict.fromkeys(OPEN, (30, reached))).p == 1.0


def test_a_lucky_streak_of_three_is_not_called_best() -> None:
    times = contact_times({**dict.fromkeys(OPEN, (40, 8)), (1, 9): (3, 3)})
    assert times.best == ()


@pytest.mark.parametrize(
    "tries",
    [
        None,
        [((1, 9), (1, 1))],
        {(7, 9): (1, 1)},
        {(-1, 9): (1, 1)},
        {(1, 24): (1, 1)},
        {(1, 9, 3): (1, 1)},
        {"monday": (1, 1)},
        {(1, 9): (1, 2)},
        {(1, 9): (-1, -1)},
        {(1, 9): (1.0, 0.5)},
        {(1, 9): (float("nan"), 0)},
        {(1, 9): 5},
        {(True, 9): (1, 1)},
    ],
)
def test_what_are_no_counts_is_refused(tries: Any) -> None:
    with pytest.raises(InvalidInput, match="tries"):
        contact_times(tries)


@settings(max_examples=30)
@given(
    st.dictionaries(
        st.tuples(st.integers(0, WEEKDAYS - 1), st.integers(0, HOURS - 1)),
        st.integers(0, 60).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))),
        max_size=40,
    )
)
def test_any_counts_give_rates_within_their_intervals(counts: dict[Slot, tuple[int, int]]) -> None:
    times = contact_times(counts)
    assert 0 <= times.p <= 1
    assert len(times.slots) == WEEKDAYS * HOURS
    for share in (*times.hours, *times.weekdays, *times.slots.values()):
        assert 0 <= share.pooled.low <= share.pooled.rate <= share.pooled.high <= 1
    assert sum(share.tried for share in times.hours) == times.tried
    assert sum(share.reached for share in times.weekdays) == times.reached


def test_calls_are_counted_by_the_clock_of_the_family() -> None:
    evening = datetime(2026, 11, 2, 3, 30, tzinfo=UTC)
    assert slot_of(evening, "America/Chicago") == (0, 21)
    assert slot_of(evening, "Europe/Berlin") == (1, 4)
    counted = tallied([(MONDAY, True, "America/Chicago"), (MONDAY, False, "America/Chicago")])
    assert counted == {(1, 9): (2, 1)}


def test_the_clocks_of_summer_and_winter_count_alike() -> None:
    summer = datetime(2026, 7, 6, 14, tzinfo=UTC)
    assert slot_of(summer, "America/Chicago") == slot_of(MONDAY, "America/Chicago")


DAY_LONG = [(MONDAY, MONDAY + timedelta(hours=8))]


def test_times_to_call_come_best_first_where_they_differ() -> None:
    times = contact_times(calls(3, 2000, {(day, 13): 0.6 for day in range(1, 6)}))
    found = call_times(times, DAY_LONG, "America/Chicago", lambda _: True)
    assert found[0].hour == 13
    assert found[0].rate is not None
    assert len(found) == 8


def test_times_to_call_come_in_order_where_they_do_not_differ() -> None:
    found = call_times(contact_times({}), DAY_LONG, "America/Chicago", lambda _: True, most=3)
    assert [(time.hour, time.rate) for time in found] == [(9, None), (10, None), (11, None)]


def test_quiet_hours_are_left_out() -> None:
    noon = MONDAY + timedelta(hours=3)
    found = call_times(contact_times({}), DAY_LONG, "America/Chicago", lambda at: at >= noon)
    assert found[0].starts_at == noon


def test_an_hour_that_is_partly_quiet_is_left_out() -> None:
    half_past = MONDAY + timedelta(minutes=30)
    found = call_times(contact_times({}), DAY_LONG, "America/Chicago", lambda at: at < half_past)
    assert found == ()


def test_the_rest_of_an_hour_is_long_enough_for_a_call_or_left_out() -> None:
    late = [(MONDAY + timedelta(minutes=50), MONDAY + timedelta(minutes=80))]
    (time,) = call_times(contact_times({}), late, "America/Chicago", lambda _: True)
    assert time.starts_at == MONDAY + timedelta(hours=1)


def test_zones_of_half_an_hour_keep_their_hours() -> None:
    found = call_times(contact_times({}), DAY_LONG, "Asia/Kolkata", lambda _: True, most=2)
    assert [(time.hour, time.starts_at - MONDAY) for time in found] == [
        (20, timedelta()),
        (21, timedelta(minutes=30)),
    ]


@pytest.mark.parametrize(
    "a, x, expected", [(0.5, 1.920729, 0.05), (5.0, 9.153519, 0.05), (1.0, 1.0, 0.367879441)]
)
def test_the_tail_of_chi_squared(a: float, x: float, expected: float) -> None:
    assert upper_gamma(a, x) == pytest.approx(expected, rel=1e-5)


def test_the_lady_tasting_tea() -> None:
    assert stands_out(Tally(4, 4), Tally(8, 4)) == pytest.approx(1 / 70)
    assert stands_out(Tally(4, 3), Tally(8, 4)) == pytest.approx(17 / 70)
    assert stands_out(Tally(4, 0), Tally(8, 4)) == pytest.approx(1.0)


def test_two_groups_differ_as_a_table_says() -> None:
    assert differ([Tally(100, 60), Tally(100, 40)]) == pytest.approx(0.004678, rel=1e-3)


def test_pooling_weighs_the_mean_as_so_many_tries() -> None:
    assert pooled(Tally(10, 10), 0.2, 30).rate == pytest.approx(0.4)
