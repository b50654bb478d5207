"""Whether the present still looks like what a model learnt from: the population stability index.

Below 0.1 nothing has changed, from 0.25 on a model should be trained anew: the usual bounds
(Siddiqi, "Credit risk scorecards", 2006).
"""

from collections.abc import Sequence
from math import log

from attrs import frozen

from orthocrm.intelligence.scorecard import Scorecard
from orthocrm.intelligence.table import Row

WATCH = 0.1
WARN = 0.25
LEAST_ROWS = 100
_FLOOR = 0.001


@frozen(kw_only=True)
class Drift:
    """A column whose values have moved, and by how much; `warns` from 0.25 on."""

    column: str
    index: float

    @property
    def warns(self) -> bool:
        """Whether the model should be trained anew."""
        return self.index >= WARN


def stability(expected: Sequence[float], actual: Sequence[float]) -> float:
    """Give the population stability index of two distributions over the same bins."""
    pairs = [
        (max(before, _FLOOR), max(now, _FLOOR))
        for before, now in zip(expected, actual, strict=True)
        if before or now
    ]
    return sum((now - before) * log(now / before) for before, now in pairs)


def shares(card: Scorecard, rows: Sequence[Row]) -> tuple[tuple[float, ...], ...]:
    """Tell how rows fall into the bins of a model."""
    found = []
    for column, bins in zip(card.columns, card.bins(rows), strict=True):
        counts = [0] * column.size
        for bin_ in bins:
            counts[bin_] += 1
        found.append(tuple(count / max(len(rows), 1) for count in counts))
    return tuple(found)


def drifts(
    card: Scorecard, rows: Sequence[Row], expected: Sequence[Sequence[float]] | None = None
) -> tuple[Drift, ...]:
    """Name the columns that have moved since the training, the farthest first.

    Fewer than 100 rows move by chance, and give nothing. `expected` are the shares to compare with,
    left open those of the training.
    """
    if len(rows) < LEAST_ROWS:
        return ()
    before = card.shares if expected is None else expected
    found = [
        Drift(column=column.name, index=round(stability(was, now), 4))
        for column, was, now in zip(card.columns, before, shares(card, rows), strict=True)
    ]
    moved = [drift for drift in found if drift.index >= WATCH]
    return tuple(sorted(moved, key=lambda drift: (-drift.index, drift.column)))
