from collections.abc import Callable
from itertools import pairwise
from math import cos, inf, nan, pi
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orthocrm.core.errors import InvalidInput, TooLittleHistory
from orthocrm.intelligence.forecast import (
    LEAST_MONTHS,
    Method,
    ahead,
    backtest,
    forecast_series,
    with_intervals,
)

YEARS = 5


def a_season(months: int, *, noise: float = 0.0, seed: int = 1) -> list[float]:
    random = Random(seed)
    wave = [1 + 0.4 * cos(2 * pi * i / 12) for i in range(months)]
    return [max(0.0, 40 * w + random.gauss(0, noise)) for w in wave]


def test_a_level_goes_on() -> None:
    told = forecast_series([20.0] * 36, 6)
    assert [round(month.mean, 6) for month in told.months] == [20.0] * 6
    assert told.seasonal is False


def test_a_season_comes_back() -> None:
    series = a_season(12 * YEARS)
    told = forecast_series(series, 12)
    assert told.seasonal is True
    assert [round(month.mean) for month in told.months] == [round(v) for v in series[:12]]


def test_a_trend_goes_on_and_dies_away() -> None:
    paths = ahead([10.0 + i for i in range(48)], 12)
    damped = paths[Method.DAMPED_TREND]
    steps = [later - earlier for earlier, later in pairwise(damped)]
    assert all(later < earlier for earlier, later in pairwise(steps))
    assert paths[Method.THETA][0] > 57


def test_seasonal_naive_is_the_same_month_of_the_year_before() -> None:
    series = [float(i) for i in range(36)]
    assert ahead(series, 14)[Method.SEASONAL_NAIVE] == [*series[-12:], *series[-12:-10]]


def test_the_answer_is_the_mean_of_the_methods_that_it_combines() -> None:
    paths = ahead(a_season(60, noise=3), 6)
    parts = (paths[Method.LEVEL], paths[Method.DAMPED_TREND], paths[Method.THETA])
    means = [sum(each) / 3 for each in zip(*parts, strict=True)]
    assert paths[Method.COMBINED] == pytest.approx(means)


def test_nothing_is_foretold_below_zero() -> None:
    falling = [max(0.0, 30.0 - i) for i in range(36)]
    told = forecast_series(falling, 12)
    assert all(0 <= month.low <= month.mean <= month.high for month in told.months)


def test_intervals_grow_with_the_distance() -> None:
    random = Random(3)
    walk = [500.0]
    for _ in range(59):
        walk.append(walk[-1] + random.gauss(0, 10))
    widths = [month.high - month.low for month in forecast_series(walk, 12).months]
    assert widths[0] < widths[5] < widths[11]


def test_a_higher_chance_takes_a_wider_interval() -> None:
    series = a_season(48, noise=5)
    narrow, wide = forecast_series(series, 1, level=0.5), forecast_series(series, 1, level=0.95)
    assert narrow.months[0].high < wide.months[0].high


def test_counts_are_never_surer_than_chance() -> None:
    (month,) = forecast_series([16.0] * 36, 1, counts=True, level=0.95).months
    assert month.high - month.mean == pytest.approx(1.96 * 4, rel=1e-3)
    (sure,) = forecast_series([16.0] * 36, 1, level=0.95).months
    assert sure.high == pytest.approx(16)


def test_intervals_hold_about_as_often_as_they_say() -> None:
    held = []
    for seed in range(40):
        series = a_season(66, noise=4, seed=seed)
        told = with_intervals(series[:60], 6, level=0.8, counts=False)
        held += [m.low <= came <= m.high for m, came in zip(told, series[60:], strict=True)]
    assert 0.7 <= sum(held) / len(held) <= 0.9


def test_the_backtest_stands_beside_the_forecast() -> None:
    told = forecast_series(a_season(60, noise=2), 3)
    assert told.backtest.origins == 12
    assert told.backtest.months == 3 * 10 + 2 + 1
    assert set(told.backtest.accuracy) == set(Method)


def test_the_backtest_of_noise_on_a_level_beats_the_year_before() -> None:
    random = Random(5)
    series = [30 + random.gauss(0, 6) for _ in range(48)]
    assert backtest(series, 3).beats_naive


def test_the_backtest_sees_nothing_that_came_later() -> None:
    series = a_season(48, noise=2)
    shorter = backtest(series[:-1], 1)
    changed = backtest([*series[:-1], 9999.0], 1)
    assert changed.accuracy[Method.COMBINED].mean_absolute > 500
    assert shorter.accuracy[Method.COMBINED].mean_absolute < 20


@pytest.mark.parametrize("months", [0, 1, LEAST_MONTHS - 1])
def test_too_little_history_says_how_much_is_missing(months: int) -> None:
    with pytest.raises(TooLittleHistory) as refusal:
        forecast_series([5.0] * months)
    assert (refusal.value.needed, refusal.value.missing) == (LEAST_MONTHS, LEAST_MONTHS - months)
    assert str(LEAST_MONTHS - months) in str(refusal.value)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda values: [*values[:7], None, *values[8:]],
        lambda values: [*values[:7], nan, *values[8:]],
        lambda values: [*values[:7], inf, *values[8:]],
        lambda values: [*values[:7], -1.0, *values[8:]],
        lambda values: [*values[:7], "12", *values[8:]],
        lambda values: [*values[:7], True, *values[8:]],
    ],
    ids=["gap", "nan", "infinite", "negative", "text", "truth"],
)
def test_a_month_without_a_number_is_named(spoil: Callable[[list], list]) -> None:
    with pytest.raises(InvalidInput) as refusal:
        forecast_series(spoil([5.0] * 30))
    assert [problem.path for problem in refusal.value.problems] == ["values[7]"]


@pytest.mark.parametrize("values", ["123", b"123", None, 5, {1.0, 2.0}, [1.0] * 1201])
def test_what_is_no_series_is_refused(values: Any) -> None:
    with pytest.raises(InvalidInput, match="values"):
        forecast_series(values)


@pytest.mark.parametrize("months", [0, -1, 37, 2.0, True, "6"])
def test_the_horizon_has_bounds(months: Any) -> None:
    with pytest.raises(InvalidInput, match="months"):
        forecast_series([5.0] * 30, months)


@pytest.mark.parametrize("level", [0.0, 0.49, 1.0, nan, "0.8", 1, True])
def test_the_chance_has_bounds(level: Any) -> None:
    with pytest.raises(InvalidInput, match="level"):
        forecast_series([5.0] * 30, level=level)


@settings(max_examples=25)
@given(
    st.lists(st.integers(0, 400), min_size=LEAST_MONTHS, max_size=60),
    st.integers(1, 12),
)
def test_any_counts_get_finite_answers(counts: list[int], months: int) -> None:
    told = forecast_series(counts, months, counts=True)
    assert len(told.months) == months
    assert all(0 <= m.low <= m.mean <= m.high < inf for m in told.months)


@settings(max_examples=25)
@given(st.lists(st.floats(0, 1e6), min_size=36, max_size=48), st.sampled_from([0.5, 4.0]))
def test_a_series_in_other_units_gets_the_same_answer(series: list[float], unit: float) -> None:
    here = ahead(series, 3)[Method.COMBINED]
    there = ahead([value * unit for value in series], 3)[Method.COMBINED]
    assert there == pytest.approx([value * unit for value in here], rel=1e-6, abs=1e-3)
