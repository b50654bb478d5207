"""Lanes: who may share a time, and with how many."""

from datetime import timedelta
from itertools import combinations
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from orthocrm.core.claims import Claim, Layout, laid_out
from orthocrm.core.errors import InvalidInput
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories import a_claim

MINUTE = timedelta(minutes=1)


def claim(start: int, end: int, **fields: Any) -> Claim:
    """Make a claim on minutes after nine."""
    return a_claim(at=MONDAY_MORNING + start * MINUTE, minutes=end - start, **fields)


def lanes(layout: Layout) -> list[tuple[int, int, int]]:
    """Give start, end and lane of every part, in minutes after nine."""
    return [
        (
            (part.starts_at - MONDAY_MORNING) // MINUTE,
            (part.ends_at - MONDAY_MORNING) // MINUTE,
            part.lane,
        )
        for part in layout.parts
    ]


def test_a_claim_cannot_end_before_it_starts() -> None:
    with pytest.raises(InvalidInput) as refusal:
        claim(10, 0)
    assert [problem.path for problem in refusal.value.problems] == ["ends_at"]


def test_a_claim_cannot_leave_room_for_nobody() -> None:
    with pytest.raises(InvalidInput) as refusal:
        claim(0, 10, capacity=0)
    assert [problem.path for problem in refusal.value.problems] == ["capacity"]


def test_touching_is_no_overlap_and_another_resource_never_is() -> None:
    first = claim(0, 30)
    assert [first.overlaps(other) for other in (claim(29, 60), claim(30, 60), claim(-5, 0))] == [
        True,
        False,
        False,
    ]
    assert not first.overlaps(claim(0, 30, resource="chair/1"))


def test_who_shares_with_nobody_needs_an_empty_time() -> None:
    alone, others = claim(0, 60), claim(30, 40, capacity=5)

    assert laid_out([alone], []) == Layout((alone,))
    assert laid_out([alone], [others]) == Layout((), (alone,))
    assert laid_out([others], [alone]) == Layout((), (others,))


def test_claims_of_one_call_stand_in_each_others_way() -> None:
    first, second = claim(0, 60), claim(59, 90)

    assert laid_out([second, first], []) == Layout((first,), (second,))


def test_each_gets_the_lowest_lane_that_is_free() -> None:
    shared = claim(0, 60, capacity=3)
    standing = [shared, evolve(shared, lane=1)]

    assert lanes(laid_out([shared], standing)) == [(0, 60, 2)]
    assert laid_out([shared], [*standing, evolve(shared, lane=2)]) == Layout((), (shared,))
    assert lanes(laid_out([shared], standing[1:])) == [(0, 60, 0)]


def test_the_least_capacity_of_all_decides() -> None:
    three, two = claim(0, 60, capacity=3), claim(0, 60, capacity=2)
    standing = [three, evolve(two, lane=1)]

    assert laid_out([three], standing) == Layout((), (three,))
    assert laid_out([two], [three, evolve(three, lane=1)]) == Layout((), (two,))
    assert lanes(laid_out([two], [evolve(three, lane=2)])) == [(0, 60, 0)]


def test_where_no_lane_is_free_throughout_the_claim_is_laid_over_several() -> None:
    shared = claim(0, 60, capacity=2)
    standing = [claim(0, 30, capacity=2), claim(30, 60, capacity=2, lane=1)]

    assert lanes(laid_out([shared], standing)) == [(0, 30, 1), (30, 60, 0)]


def test_an_empty_claim_takes_nothing() -> None:
    assert laid_out([claim(10, 10)], [claim(0, 60)]) == Layout()


def test_everybody_stores_in_one_order() -> None:
    chair, later, person = claim(0, 5, resource="chair/1"), claim(9, 12), claim(0, 5)

    assert laid_out([later, person, chair], []).parts == (chair, person, later)


claims = st.builds(
    lambda start, length, capacity: claim(start, start + length, capacity=capacity),
    st.integers(0, 12),
    st.integers(1, 6),
    st.integers(1, 4),
)


@given(st.lists(claims, max_size=12))
def test_minute_by_minute_as_many_share_a_time_as_may(asked: list[Claim]) -> None:
    """Rule R13, counted by hand: what is taken is just what would be too much."""
    kept: list[Claim] = []
    parts: list[Claim] = []
    for one in asked:
        crowded = any(
            len(there) >= min([one.capacity, *(other.capacity for other in there)])
            for there in (standing(kept, minute) for minute in minutes(one))
        )
        layout = laid_out([one], parts)
        assert layout.taken == ((one,) if crowded else ())
        parts += layout.parts
        kept += [] if crowded else [one]
    assert all(part.lane < part.capacity for part in parts)
    assert not any(a.overlaps(b) and a.lane == b.lane for a, b in combinations(parts, 2))
    for minute in range(20):
        assert len(standing(parts, minute)) == len(standing(kept, minute))


def minutes(one: Claim) -> range:
    start = (one.starts_at - MONDAY_MORNING) // MINUTE
    return range(start, start + (one.ends_at - one.starts_at) // MINUTE)


def standing(claims: list[Claim], minute: int) -> list[Claim]:
    at = MONDAY_MORNING + minute * MINUTE
    return [one for one in claims if one.starts_at <= at < one.ends_at]
