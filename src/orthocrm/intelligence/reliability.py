"""How far probabilities can be trusted: Brier score, calibration error, ranking, and the bins.

Brier (1950) is the mean squared error of a probability; ECE (Naeini and others, 2015) the mean
distance between what was said and what came, over ten equal bins; AUC (Hanley and McNeil, 1982)
the chance that a row with the outcome is ranked above one without.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import asdict, frozen

BINS = 10


@frozen(kw_only=True)
class ReliabilityBin:
    """Rows with a probability in `[low, high)`: what was said on the average, and what came."""

    low: float
    high: float
    rows: int
    said: float
    came: float


@frozen(kw_only=True)
class Reliability:
    """What probabilities were worth on rows that the model had not seen.

    `base_brier` is the Brier score of saying the same for every row; `skill` is how much of it the
    model takes away (1 is perfect, 0 or less is worthless). `auc` is None where only one outcome
    came.
    """

    rows: int
    came: int
    brier: float
    base_brier: float
    ece: float
    auc: float | None
    bins: tuple[ReliabilityBin, ...]

    @property
    def skill(self) -> float:
        """How much better than the base rate: `1 - brier / base_brier`."""
        return 1 - self.brier / self.base_brier if self.base_brier else 0.0

    def document(self) -> dict[str, Any]:
        """Give the report as JSON values."""
        return asdict(self)


def reliability(probabilities: Sequence[float], outcomes: Sequence[int]) -> Reliability:
    """Compare probabilities with what came; nothing at all gives a report of zeros."""
    rows = len(outcomes)
    came = sum(outcomes)
    share = came / rows if rows else 0.0
    pairs = list(zip(probabilities, outcomes, strict=True))
    bins = _bins(pairs)
    return Reliability(
        rows=rows,
        came=came,
        brier=sum((said - outcome) ** 2 for said, outcome in pairs) / max(rows, 1),
        base_brier=share * (1 - share),
        ece=sum(bin_.rows * abs(bin_.said - bin_.came) for bin_ in bins) / max(rows, 1),
        auc=auc(probabilities, outcomes),
        bins=bins,
    )


def reliability_of(document: Mapping[str, Any]) -> Reliability:
    """Read a report from JSON values."""
    bins = tuple(ReliabilityBin(**bin_) for bin_ in document["bins"])
    return Reliability(**{**document, "bins": bins})


def _bins(pairs: Sequence[tuple[float, int]]) -> tuple[ReliabilityBin, ...]:
    """Sort rows into equal bins; empty ones are left out."""
    sums = [[0.0, 0.0, 0.0] for _ in range(BINS)]
    for said, outcome in pairs:
        bin_ = sums[min(int(said * BINS), BINS - 1)]
        for place, value in enumerate((1, said, outcome)):
            bin_[place] += value
    return tuple(
        ReliabilityBin(
            low=place / BINS,
            high=(place + 1) / BINS,
            rows=int(rows),
            said=said / rows,
            came=came / rows,
        )
        for place, (rows, said, came) in enumerate(sums)
        if rows
    )


def auc(scores: Sequence[float], outcomes: Sequence[int]) -> float | None:
    """Give the chance that a row with the outcome scores above one without; ties count half."""
    with_it = sum(outcomes)
    without = len(outcomes) - with_it
    if not with_it or not without:
        return None
    order = sorted(range(len(scores)), key=scores.__getitem__)
    total, start = 0.0, 0
    while start < len(order):
        end = start
        while end < len(order) and scores[order[end]] == scores[order[start]]:
            end += 1
        middle = (start + end + 1) / 2
        total += middle * sum(outcomes[order[place]] for place in range(start, end))
        start = end
    return (total - with_it * (with_it + 1) / 2) / (with_it * without)
