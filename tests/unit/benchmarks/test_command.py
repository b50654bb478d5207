import pytest

from benchmarks.command import surely
from benchmarks.measuring import Pace
from benchmarks.results import Result, Target

QUICK, FULL = Pace(quick=True), Pace()
RATIO = Target(limit=2.5, of_ratio=True)


def measured(pace: Pace, *ours: float, target: Target | None = RATIO) -> list[float]:
    """Measure a case that takes so long, time after time, and give what counts."""
    times = iter(ours)
    results = surely(
        lambda: [Result(case="move", on="SQLite", ours=next(times), floor=1.0, target=target)], pace
    )
    assert not list(times)
    return [result.ours for result in results]


@pytest.mark.parametrize("second", [4.0, 8.0])
def test_what_a_quick_run_misses_is_measured_once_more(second: float) -> None:
    assert measured(QUICK, 6.0, second) == [second]


def test_what_a_quick_run_meets_is_measured_once() -> None:
    assert measured(QUICK, 4.0) == [4.0]


def test_what_has_no_target_is_measured_once() -> None:
    assert measured(QUICK, 99.0, target=None) == [99.0]


def test_a_full_run_measures_once() -> None:
    assert measured(FULL, 6.0) == [6.0]
