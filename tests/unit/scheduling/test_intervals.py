"""Arithmetic on intervals agrees with sets of minutes; instants far apart keep their offsets."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from orthocrm.scheduling.intervals import Interval, common, merged, without
from orthocrm.scheduling.zones import moments, offsets
from tests.unit.scheduling.asking import NEW_YORK

any_intervals = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=8)


def minutes(intervals: list[Interval]) -> set[int]:
    return {minute for start, end in intervals for minute in range(start, end)}


@given(any_intervals)
def test_merged_intervals_are_ascending_apart_and_hold_the_same_minutes(
    intervals: list[Interval],
) -> None:
    found = merged(intervals)

    assert minutes(found) == minutes(intervals)
    assert all(start < end for start, end in found)
    assert all(before[1] < after[0] for before, after in pairwise(found))


@given(any_intervals, any_intervals)
def test_cutting_and_meeting_are_those_of_sets(
    first: list[Interval], second: list[Interval]
) -> None:
    one, other = merged(first), merged(second)

    assert minutes(without(one, other)) == minutes(one) - minutes(other)
    assert minutes(common(one, other)) == minutes(one) & minutes(other)


def test_instants_of_many_years_carry_the_offset_of_their_own_time() -> None:
    year = 365 * 1440
    january = 56 * year + 14 * 1440

    found = moments(NEW_YORK, [january, january + 10 * year, january + 10 * year + year // 2])

    assert [f"{one:%Y-%m-%dT%H:%M%z}" for one in found] == [
        "2025-12-31T19:00-0500",
        "2035-12-29T19:00-0500",
        "2036-06-29T08:00-0400",
    ]
    assert moments(NEW_YORK, []) == []


def test_nothing_lies_between_an_instant_and_itself() -> None:
    assert offsets(NEW_YORK, 0, 0).pieces(5, 5) == []
