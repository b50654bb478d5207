"""Forecasts of a monthly series, with intervals, and how such forecasts did in the past.

Level, damped trend and Theta are laid over the series without its seasons and averaged: on the
M3 competition's monthly series no single one of them is as good as their mean. A forecast is
never below zero, as everything that is counted here is not.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from math import inf, isfinite, sqrt
from statistics import NormalDist, fmean

from attrs import frozen

from orthocrm.core.errors import InvalidInput, TooLittleHistory
from orthocrm.intelligence.forecast_seasons import NO_SEASONS, YEAR, seasons_of
from orthocrm.intelligence.forecast_smoothing import damped_trend, level_only
from orthocrm.intelligence.forecast_theta import theta_ahead

LEAST_MONTHS = 24
"""Two whole years: a year to learn from, and a year on which the forecast is tried."""

MOST_MONTHS_AHEAD = 36
MOST_MONTHS = 1200

_ORIGINS = 12
_FIRST_ORIGIN = 12


class Method(StrEnum):
    """How a month is foretold; `COMBINED` is the answer, the others stand beside it."""

    COMBINED = "combined"
    LEVEL = "level"
    DAMPED_TREND = "damped_trend"
    THETA = "theta"
    SEASONAL_NAIVE = "seasonal_naive"


COMBINES = (Method.LEVEL, Method.DAMPED_TREND, Method.THETA)
"""The methods whose mean is the answer."""


@frozen(kw_only=True)
class Expected:
    """What a month will bring, and the interval within which it falls with the asked chance."""

    mean: float
    low: float
    high: float


@frozen(kw_only=True)
class Accuracy:
    """How far a method was off: the mean absolute error, and the symmetric percentage (0 to 200).

    The percentage is that of the M3 competition; a month foretold and found to be zero is no
    error.
    """

    mean_absolute: float
    smape: float


@frozen(kw_only=True)
class Backtest:
    """What the methods would have foretold from each of the last `origins` months.

    `months` counts the forecasts that could be compared with what happened.
    """

    origins: int
    months: int
    accuracy: Mapping[Method, Accuracy]

    @property
    def beats_naive(self) -> bool:
        """Whether the answer was closer than the same month of the year before."""
        mine, naive = self.accuracy[Method.COMBINED], self.accuracy[Method.SEASONAL_NAIVE]
        return mine.mean_absolute < naive.mean_absolute


@frozen(kw_only=True)
class SeriesForecast:
    """The months that follow a series, by every method, and what that was worth in the past.

    `level` is the chance with which a month falls within its interval.
    """

    months: tuple[Expected, ...]
    methods: Mapping[Method, tuple[float, ...]]
    seasonal: bool
    level: float
    backtest: Backtest


def forecast_series(
    values: Sequence[float], months: int = 6, *, level: float = 0.8, counts: bool = False
) -> SeriesForecast:
    """Foretell the months after a monthly series, and try the same on the last year of it.

    Args:
        values: one number for each month, without gaps, oldest first, none below zero.
        months: how many to foretell, 1 to 36.
        level: the chance that an interval holds the truth, between 0.5 and 0.99.
        counts: whether the values count things: then chance alone spreads them as a Poisson
            distribution does, and no interval is narrower.

    Raises:
        InvalidInput: a value is missing, negative or no number, or an argument is out of range.
        TooLittleHistory: fewer than 24 months.

    >>> [round(month.mean) for month in forecast_series([20.0] * 24, 2).months]
    [20, 20]
    """
    series = checked(values)
    check_request(months, level)
    if len(series) < LEAST_MONTHS:
        raise TooLittleHistory(LEAST_MONTHS, len(series))
    return SeriesForecast(
        months=with_intervals(series, months, level=level, counts=counts),
        methods={name: tuple(path) for name, path in ahead(series, months).items()},
        seasonal=seasons_of(series) != NO_SEASONS,
        level=level,
        backtest=backtest(series, months),
    )


def checked(values: object) -> list[float]:
    """Take a monthly series of numbers from zero on; name every place that holds none."""
    if isinstance(values, str | bytes) or not isinstance(values, Sequence):
        raise InvalidInput.at("values", "not_a_list", "give one number for each month")
    if len(values) > MOST_MONTHS:
        raise InvalidInput.at("values", "too_long", f"give at most {MOST_MONTHS} months")
    for place, value in enumerate(values):
        if isinstance(value, bool) or not isinstance(value, int | float):
            message = "give a number for every month, zero where nothing happened"
            raise InvalidInput.at(f"values[{place}]", "not_a_number", message)
        if not 0 <= value < inf:
            raise InvalidInput.at(f"values[{place}]", "out_of_range", "give a number from 0 on")
    return [float(value) for value in values]


def check_request(months: object, level: object) -> None:
    """Refuse a horizon or a chance that makes no sense."""
    if type(months) is not int or not 1 <= months <= MOST_MONTHS_AHEAD:
        raise InvalidInput.at("months", "out_of_range", f"give 1 to {MOST_MONTHS_AHEAD}")
    if type(level) is not float or not (isfinite(level) and 0.5 <= level <= 0.99):  # noqa: PLR2004 - limits
        raise InvalidInput.at("level", "out_of_range", "give a chance from 0.5 to 0.99")


def ahead(series: Sequence[float], months: int) -> Mapping[Method, list[float]]:
    """Foretell by every method, for a series that was checked and has a year at least."""
    seasons = seasons_of(series)
    plain = seasons.without(series)
    paths = {
        Method.LEVEL: level_only(plain).ahead(months),
        Method.DAMPED_TREND: damped_trend(plain).ahead(months),
        Method.THETA: theta_ahead(plain, months),
    }
    paths[Method.COMBINED] = [fmean(each) for each in zip(*paths.values(), strict=True)]
    found = {
        name: [max(0.0, value) for value in seasons.put_back(path, len(series))]
        for name, path in paths.items()
    }
    last = series[-YEAR:]
    return {**found, Method.SEASONAL_NAIVE: [last[i % YEAR] for i in range(months)]}


def with_intervals(
    series: Sequence[float], months: int, *, level: float, counts: bool
) -> tuple[Expected, ...]:
    """Put intervals around the combined forecast.

    Their width is that of the damped trend's errors, which grow with the distance, and of the
    disagreement of the methods. Each index of the seasons costs a degree of freedom.
    """
    seasons = seasons_of(series)
    paths = ahead(series, months)
    plain = damped_trend(seasons.without(series)).deviations(months)
    free = 1.0 if seasons == NO_SEASONS else len(series) / (len(series) - YEAR)
    factors = seasons.put_back([1.0] * months, len(series)) if seasons.multiply else [1.0] * months
    z = NormalDist().inv_cdf(0.5 + level / 2)
    expected = []
    for i, mean in enumerate(paths[Method.COMBINED]):
        variance = free * (plain[i] * factors[i]) ** 2
        variance += fmean((paths[name][i] - mean) ** 2 for name in COMBINES)
        expected.append(around(mean, max(variance, mean) if counts else variance, z))
    return tuple(expected)


def around(mean: float, variance: float, z: float) -> Expected:
    """Put an interval of `z` deviations around a mean; nothing counted falls below zero."""
    half = z * sqrt(variance)
    return Expected(mean=mean, low=max(0.0, mean - half), high=mean + half)


def backtest(series: Sequence[float], months: int) -> Backtest:
    """Foretell from each month of the last year what came after it, by every method."""
    first = max(_FIRST_ORIGIN, len(series) - _ORIGINS)
    origins = range(first, len(series))
    pairs: dict[Method, list[tuple[float, float]]] = {name: [] for name in Method}
    for origin in origins:
        came = series[origin : origin + months]
        for name, path in ahead(series[:origin], len(came)).items():
            pairs[name] += zip(path, came, strict=True)
    return Backtest(
        origins=len(origins),
        months=len(pairs[Method.COMBINED]),
        accuracy={name: accuracy(found) for name, found in pairs.items()},
    )


def accuracy(pairs: Sequence[tuple[float, float]]) -> Accuracy:
    """Measure how far forecasts were from what came."""
    return Accuracy(
        mean_absolute=fmean(abs(told - came) for told, came in pairs),
        smape=fmean(_symmetric(told, came) for told, came in pairs),
    )


def _symmetric(told: float, came: float) -> float:
    size = abs(told) + abs(came)
    return 200 * abs(told - came) / size if size else 0.0
