from typing import Any

import pytest

from benchmarks.results import Growth, Result, Target, Unit, Verdict, growth

RATIO = Target(limit=2.5, of_ratio=True)


def a_result(**fields: Any) -> Result:
    usual: dict[str, Any] = {"case": "move", "on": "SQLite", "ours": 2.0, "floor": 1.0}
    return Result(**{**usual, **fields})


@pytest.mark.parametrize(
    "ours,verdict", [(2.5, Verdict.MET), (2.51, Verdict.MISSED), (0.1, Verdict.MET)]
)
def test_ratio_is_met_up_to_its_limit(ours: float, verdict: Verdict) -> None:
    assert a_result(ours=ours, target=RATIO).verdict() is verdict


@pytest.mark.parametrize("ours,verdict", [(5.0, Verdict.MET), (5.01, Verdict.MISSED)])
def test_quick_run_forgives_a_ratio_as_much_again(ours: float, verdict: Verdict) -> None:
    assert a_result(ours=ours, target=RATIO).verdict(quick=True) is verdict


def test_quick_run_does_not_judge_figures() -> None:
    slow = a_result(ours=400.0, target=Target(limit=4))

    assert (slow.verdict(), slow.verdict(quick=True)) == (Verdict.MISSED, Verdict.NOT_JUDGED)


@pytest.mark.parametrize("ours,verdict", [(5_000, Verdict.MET), (4_999, Verdict.MISSED)])
def test_rate_has_to_reach_its_target(ours: float, verdict: Verdict) -> None:
    rate = a_result(ours=ours, unit=Unit.ROWS, target=Target(limit=5_000))

    assert rate.verdict() is verdict


def test_result_without_target_is_stated() -> None:
    assert a_result().verdict() is Verdict.STATED


@pytest.mark.parametrize(
    "unit,ours,ratio", [(Unit.MS, 4.0, 4.0), (Unit.ROWS, 0.25, 4.0), (Unit.MB, 0.5, 0.5)]
)
def test_ratio_says_how_many_times_the_floor_we_take(unit: Unit, ours: float, ratio: float) -> None:
    assert a_result(unit=unit, ours=ours).ratio == ratio


def test_result_without_floor_has_no_ratio() -> None:
    assert a_result(floor=None).ratio is None


def test_growth_pairs_the_smallest_and_the_largest_database() -> None:
    results = [a_result(leads=leads, ours=float(leads)) for leads in (10, 20, 100)]

    assert growth([*results, a_result(case="start"), a_result(case="page", leads=10)]) == [
        Growth(case="move", on="SQLite", unit=Unit.MS, small=results[0], large=results[2])
    ]


@pytest.mark.parametrize("unit,large", [(Unit.MS, 6.0), (Unit.ROWS, 1.5)])
def test_growth_of_times_and_of_rates_is_in_times_as_long(unit: Unit, large: float) -> None:
    small = a_result(unit=unit, ours=3.0, floor=None, leads=1)
    grown = Growth(
        case="move", on="SQLite", unit=unit, small=small, large=a_result(unit=unit, ours=large)
    )

    assert (grown.ours, grown.floor) == (2.0, None)
