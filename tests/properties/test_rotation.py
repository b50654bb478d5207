"""Fairness of the rotation, whoever comes and goes."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from orthocrm.assignment.rotation import next_turns
from orthocrm.core.coordinator import Rotation
from orthocrm.core.ids import UserId
from orthocrm.testing.factories import a_clinic, a_rotation

CLINIC = a_clinic()
USERS = tuple(UserId(name) for name in "abcdef")

teams = st.sets(st.sampled_from(USERS), min_size=1).map(sorted)
weighted = st.dictionaries(st.sampled_from(USERS), st.integers(1, 16), min_size=1)


def turn(rotation: Rotation, team: list[UserId], count: int) -> tuple[Rotation, Counter[UserId]]:
    rotation, chosen = next_turns(rotation, [(user, 1) for user in team], count)
    assert set(chosen) <= set(team)
    assert len(chosen) == count
    return rotation, Counter(chosen)


@given(weights=weighted, count=st.integers(0, 200))
def test_everybody_has_the_share_of_the_weight_within_what_the_others_may_be_ahead(
    weights: dict[UserId, int], count: int
) -> None:
    """Nobody is more than one turn ahead; so one can only be behind by one turn of each other."""
    _, chosen = next_turns(a_rotation(CLINIC), list(weights.items()), count)
    shares, total = Counter(chosen), sum(weights.values())

    for user, weight in weights.items():
        ahead = shares[user] * total - count * weight
        assert -(len(weights) - 1) * weight <= ahead <= total


@given(team=teams, parts=st.lists(st.integers(0, 9), max_size=12))
def test_many_units_of_work_decide_as_one_would(team: list[UserId], parts: list[int]) -> None:
    rotation, total = a_rotation(CLINIC), Counter[UserId]()
    for part in parts:
        rotation, shares = turn(rotation, team, part)
        total += shares

    assert total == turn(a_rotation(CLINIC), team, sum(parts))[1]


@given(
    past=st.lists(st.tuples(teams, st.integers(1, 30)), max_size=8),
    team=teams,
    rounds=st.integers(1, 5),
)
def test_after_any_absences_those_present_share_equally_within_one(
    past: list[tuple[list[UserId], int]], team: list[UserId], rounds: int
) -> None:
    rotation = a_rotation(CLINIC)
    for present, count in past:
        rotation, _ = turn(rotation, present, count)

    _, shares = turn(rotation, team, rounds * len(team))

    counts = [shares[user] for user in team]
    assert max(counts) - min(counts) <= 2
    assert min(counts) >= rounds - 1


@given(past=st.lists(st.tuples(teams, st.integers(1, 30)), max_size=8))
def test_the_time_of_the_pool_never_goes_back(past: list[tuple[list[UserId], int]]) -> None:
    rotation, least = a_rotation(CLINIC), 0
    for present, count in past:
        rotation, _ = turn(rotation, present, count)
        now = min(member.time for member in rotation.turns if member.present)
        assert now >= least
        least = now
