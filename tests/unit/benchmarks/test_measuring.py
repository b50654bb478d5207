import pstats
from pathlib import Path

from benchmarks.measuring import FLOOR, OURS, Pace, quietest


def called(pace: Pace) -> list[tuple[str, int]]:
    calls: list[tuple[str, int]] = []
    pace.medians(
        "move",
        "here",
        {FLOOR: lambda n: calls.append((FLOOR, n)), OURS: lambda n: calls.append((OURS, n))},
    )
    return calls


def profiled(file: Path) -> int:
    """Count the profiled calls of functions that are defined here."""
    stats = pstats.Stats(str(file)).get_stats_profile().func_profiles
    return sum(int(made.ncalls) for made in stats.values() if made.file_name == __file__)


def test_floor_and_ours_take_turns() -> None:
    pace = Pace(warm_up=1, repetitions={"move": 2})

    assert called(pace) == [(name, n) for n in range(3) for name in (FLOOR, OURS)]


def test_medians_are_those_of_the_quietest_part_for_all() -> None:
    disturbed, quiet = [9.0, 9.0, 9.0], [1.0, 3.0, 2.0]

    assert quietest(
        {FLOOR: [*disturbed, *quiet] * 2 + [0.5] * 3, OURS: [4.0] * 12 + [9.9] * 3}
    ) == {
        FLOOR: 2.0,
        OURS: 4.0,
    }


def test_quick_pace_measures_a_fifth_but_three_times_at_least() -> None:
    pace = Pace(quick=True, repetitions={"move": 50, "page": 5})

    assert (pace.rounds("move"), pace.rounds("page")) == (10, 3)


def test_profile_is_taken_of_our_side_in_calls_that_are_not_timed(tmp_path: Path) -> None:
    pace = Pace(warm_up=1, repetitions={"move": 2}, profile=tmp_path / "profiles")

    assert called(pace)[6:] == [(name, n) for n in (3, 4) for name in (FLOOR, OURS)]
    assert pace.calls("move") == 5
    assert profiled(tmp_path / "profiles" / "move-here.prof") == 2
