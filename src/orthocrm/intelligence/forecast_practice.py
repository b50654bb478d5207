"""The forecast of a practice: its own past months, joined with what the open leads promise."""

from collections.abc import Sequence
from statistics import NormalDist

from attrs import frozen

from orthocrm.core.errors import TooLittleHistory
from orthocrm.intelligence.forecast import (
    LEAST_MONTHS,
    Accuracy,
    Expected,
    Method,
    SeriesForecast,
    accuracy,
    ahead,
    forecast_series,
)
from orthocrm.intelligence.forecast_pipeline import (
    PipelineForecast,
    Standing,
    joined,
    of_pipeline,
    weight_of,
)

Pairs = Sequence[tuple[float, float]]


@frozen(kw_only=True)
class PracticeForecast:
    """The months ahead, and where each answer comes from.

    `weights` are the shares of the open leads in the answer, month by month; 0 where they were not
    asked. `series` is what the past months alone foretell, with its backtest beside seasonal naive
    and Theta; `open_leads` what the open leads foretell, and `open_leads_accuracy` how that did.
    """

    months: tuple[Expected, ...]
    weights: tuple[float, ...]
    series: SeriesForecast
    open_leads: PipelineForecast | None = None
    open_leads_accuracy: Accuracy | None = None


def forecast_practice(
    series: Sequence[int],
    now: Standing,
    pasts: Sequence[Standing],
    months: int,
    *,
    level: float = 0.8,
) -> PracticeForecast:
    """Foretell the months after a series of counts, from it and from the open leads.

    Args:
        series: what came through in each month, without gaps, oldest first.
        now: the leads that were open when the first month ahead began.
        pasts: the same for the last months of the series, oldest first.
        months: how many to foretell, 1 to 36.
        level: the chance that an interval holds the truth, between 0.5 and 0.99.

    Raises:
        InvalidInput: as `forecast_series` does.
        TooLittleHistory: fewer than 24 months since the first that brought anything.
    """
    begun = _from_the_first(series)
    if len(begun) < LEAST_MONTHS:
        raise TooLittleHistory(LEAST_MONTHS, len(begun))
    alone = forecast_series(begun, months, level=level, counts=True)
    pipeline = of_pipeline(now, pasts, months)
    if pipeline is None:
        return PracticeForecast(months=alone.months, weights=(0.0,) * months, series=alone)
    weights = _weights(begun, pipeline, months)
    z = NormalDist().inv_cdf(0.5 + level / 2)
    told = zip(pipeline.months, pipeline.deviations, strict=True)
    both = [
        joined(month, open_leads, weight, z)
        for month, open_leads, weight in zip(alone.months, told, weights, strict=False)
    ]
    pairs = [pair for each in pipeline.pairs for pair in each]
    return PracticeForecast(
        months=(*both, *alone.months[len(both) :]),
        weights=weights,
        series=alone,
        open_leads=pipeline,
        open_leads_accuracy=accuracy(pairs) if pairs else None,
    )


def _from_the_first(series: Sequence[int]) -> Sequence[int]:
    """Leave out the months before anything came through: the practice was not there yet."""
    first = next((place for place, count in enumerate(series) if count), len(series))
    return series[first:]


def _weights(series: Sequence[int], pipeline: PipelineForecast, months: int) -> tuple[float, ...]:
    """Weigh both answers for every month ahead, by how they did from the same months."""
    weights = []
    for place, pairs in enumerate(pipeline.pairs):
        origins = range(len(series) - place - len(pairs), len(series) - place)
        known = [ahead(series[:origin], place + 1)[Method.COMBINED][place] for origin in origins]
        own = list(zip(known, (came for _, came in pairs), strict=True))
        weights.append(weight_of(own, pairs))
    return (*weights, *(0.0,) * (months - len(weights)))
