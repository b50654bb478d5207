"""What the leads that are open now will bring, by what became of such leads before.

A lead stands where its last milestone says. At the beginning of each of the past months the leads
were counted by where they stood, and how many of them came through in each month that followed:
that gives every place its own chance for every month ahead. What comes from leads that have not
asked yet is the mean of what came from such leads before.
"""

from collections.abc import Mapping, Sequence
from math import sqrt
from statistics import fmean

from attrs import frozen

from orthocrm.intelligence.forecast import Expected

REACH = 6
"""How many months ahead the open leads are asked; what comes later is mostly not among them."""

LEAST_PASTS = 3
"""With fewer months to compare, the open leads are not asked."""

_DOUBT = 2.0
"""As so many leads at the mean of all places: few leads prove little about theirs."""

NEW = "new"
"""The place of leads that had not asked yet."""


@frozen(kw_only=True)
class Standing:
    """The leads that were open when a month began, by place.

    `came[k]` says how many of each place (and of those that were `NEW`) came through in the month
    that began then (k = 0) and in each that followed and is over.
    """

    open: Mapping[str, int]
    came: tuple[Mapping[str, int], ...] = ()


@frozen(kw_only=True)
class PipelineForecast:
    """What the open leads and those still to come bring in each month ahead, and its deviation.

    `chances` are those of each place, for every month. `pairs` are what would have been foretold
    for past months and what came, by how far ahead.
    """

    months: tuple[float, ...]
    deviations: tuple[float, ...]
    chances: Mapping[str, tuple[float, ...]]
    pairs: tuple[tuple[tuple[float, float], ...], ...]


def of_pipeline(now: Standing, pasts: Sequence[Standing], months: int) -> PipelineForecast | None:
    """Foretell from where the open leads stand; None where too few months are there to compare.

    Args:
        now: the leads that were open when the running month began.
        pasts: the same for the months before, oldest first, one after the other.
        months: how many months to foretell; at most `REACH` are.
    """
    reach = min(months, REACH, max(0, len(pasts) - LEAST_PASTS + 1))
    if reach == 0:
        return None
    tried = tuple(_tried(pasts, k) for k in range(reach))
    path = tuple(_foretold(now, pasts, k) for k in range(reach))
    return PipelineForecast(
        months=path,
        deviations=tuple(_deviation(p, pairs) for p, pairs in zip(path, tried, strict=True)),
        chances={
            place: tuple(_chance(place, pasts, k) for k in range(reach)) for place in now.open
        },
        pairs=tried,
    )


def joined(series: Expected, pipeline: tuple[float, float], weight: float, z: float) -> Expected:
    """Join both answers for a month.

    Their errors are taken to go together, to be on the safe side; how far the two are apart adds
    to them, and nothing is surer than chance.

    Args:
        series: what the past months alone foretell.
        pipeline: what the open leads foretell, and its deviation.
        weight: that of the open leads, 0 to 1.
        z: how many deviations an interval reaches.
    """
    mean = weight * pipeline[0] + (1 - weight) * series.mean
    half = weight * z * pipeline[1] + (1 - weight) * (series.high - series.mean)
    between = weight * (1 - weight) * (pipeline[0] - series.mean) ** 2
    half = sqrt(half**2 + z**2 * max(between, mean - (half / z) ** 2, 0.0))
    return Expected(mean=mean, low=max(0.0, mean - half), high=mean + half)


def weight_of(
    series: Sequence[tuple[float, float]], pipeline: Sequence[tuple[float, float]]
) -> float:
    """Weigh the open leads by how close each answer was: inversely to the squared errors.

    Both begin with one squared error of the size of chance, so that few months decide nothing.
    """
    chance = fmean([came for _, came in (*series, *pipeline)] or [1.0]) or 1.0
    errors = [
        (chance + sum((told - came) ** 2 for told, came in pairs)) / (len(pairs) + 1)
        for pairs in (series, pipeline)
    ]
    return errors[0] / (errors[0] + errors[1])


def _tried(pasts: Sequence[Standing], ahead: int) -> tuple[tuple[float, float], ...]:
    """Foretell past months from what was over when they began."""
    pairs = []
    for place in range(LEAST_PASTS + ahead, len(pasts)):
        then = pasts[place]
        if len(then.came) > ahead:
            known = [_cut(past, place - i) for i, past in enumerate(pasts[:place])]
            pairs.append((_foretold(then, known, ahead), float(sum(then.came[ahead].values()))))
    return tuple(pairs)


def _cut(past: Standing, over: int) -> Standing:
    """Forget the months that were not over then."""
    return Standing(open=past.open, came=past.came[:over])


def _foretold(now: Standing, pasts: Sequence[Standing], ahead: int) -> float:
    standing = sum(count * _chance(place, pasts, ahead) for place, count in now.open.items())
    arriving = [past.came[ahead].get(NEW, 0) for past in pasts if len(past.came) > ahead]
    return standing + fmean(arriving)


def _chance(place: str, pasts: Sequence[Standing], ahead: int) -> float:
    """Give the share of a place that came through so far ahead, drawn to that of all places."""
    seen = [past for past in pasts if len(past.came) > ahead]
    everybody = sum(sum(past.open.values()) for past in seen)
    all_came = sum(_standing(past.came[ahead]) for past in seen)
    mean = all_came / everybody if everybody else 0.0
    there = sum(past.open.get(place, 0) for past in seen)
    came = sum(past.came[ahead].get(place, 0) for past in seen)
    return (came + _DOUBT * mean) / (there + _DOUBT)


def _standing(came: Mapping[str, int]) -> int:
    return sum(count for place, count in came.items() if place != NEW)


def _deviation(mean: float, pairs: Sequence[tuple[float, float]]) -> float:
    """Take the errors of the past, and never less than what chance alone makes of a count."""
    squares = [(told - came) ** 2 for told, came in pairs]
    return sqrt(max(mean, fmean(squares) if squares else 0.0))
