"""Columns that know the outcome: written after it, or because of it.

Three signs, besides what somebody declares (Kaufman and others, "Leakage in data mining", 2012):
a column ranks the outcome nearly perfectly by itself; it is filled where the outcome came and
empty where it did not (or the other way round); or it says when it was written, and that was after
the outcome was known.
"""

from collections.abc import Sequence
from enum import StrEnum

from attrs import frozen

from orthocrm.intelligence.bayes import unseen_weights
from orthocrm.intelligence.columns import column_of
from orthocrm.intelligence.reliability import auc
from orthocrm.intelligence.table import Cell

NEARLY_PERFECT = 0.9
"""A single column that ranks so well is no field of an enquiry."""

_FILLED = 0.9
_EMPTY = 0.1
_NO_CHANCE = 1e-6
_LATE_SHARE = 0.05


class Sign(StrEnum):
    """Why a column is kept out of a model."""

    DECLARED = "DECLARED"
    """Somebody said that it is written after the outcome, or because of it."""
    WRITTEN_AFTER = "WRITTEN_AFTER"
    """Its own time of writing lies after the outcome in too many rows."""
    NEARLY_PERFECT = "NEARLY_PERFECT"
    """It ranks the outcome nearly perfectly, all by itself."""
    FILLED_BY_OUTCOME = "FILLED_BY_OUTCOME"
    """It is filled where the outcome came and empty elsewhere, or the other way round; or it is
    filled on one side only, and too often for chance."""


@frozen(kw_only=True)
class Leak:
    """A column that was kept out; `auc` is how well it ranks the outcome by itself."""

    column: str
    sign: Sign
    auc: float | None = None


def alone(
    name: str, values: Sequence[Cell], outcomes: Sequence[int], folds: Sequence[int]
) -> float | None:
    """Give how well a column ranks the outcome by itself, on rows that it did not learn from.

    A column that says nothing gives None.
    """
    column = column_of(name, values)
    if column is None:
        return None
    (weighed,) = unseen_weights([column.bins(values)], [column.size], outcomes, folds)
    return auc(weighed, outcomes)


def filled_by_outcome(values: Sequence[Cell], outcomes: Sequence[int]) -> bool:
    """Whether a column is filled by what came, rather than before it was known."""
    filled, rows = [0, 0], [0, 0]
    for value, outcome in zip(values, outcomes, strict=True):
        rows[outcome] += 1
        filled[outcome] += value is not None
    if not all(rows):
        return False
    shares = sorted(some / of for some, of in zip(filled, rows, strict=True))
    if shares[0] <= _EMPTY and shares[1] >= _FILLED:
        return True
    side = filled[1] > filled[0]
    by_chance = (rows[side] / sum(rows)) ** filled[side]
    return not filled[1 - side] and filled[side] > 0 and by_chance < _NO_CHANCE


def written_after(written: Sequence[Cell], decided: Sequence[Cell]) -> bool:
    """Whether a column was written after the outcome in more than a twentieth of the rows."""
    known = [
        (at, when)
        for at, when in zip(written, decided, strict=True)
        if isinstance(at, float) and isinstance(when, float)
    ]
    return sum(at > when for at, when in known) > _LATE_SHARE * max(len(known), 1)


def detected(
    name: str, values: Sequence[Cell], outcomes: Sequence[int], folds: Sequence[int]
) -> Leak | None:
    """Find out whether a column leaks, without anybody having said so."""
    ranked = alone(name, values, outcomes, folds)
    if ranked is not None and max(ranked, 1 - ranked) >= NEARLY_PERFECT:
        return Leak(column=name, sign=Sign.NEARLY_PERFECT, auc=ranked)
    if filled_by_outcome(values, outcomes):
        return Leak(column=name, sign=Sign.FILLED_BY_OUTCOME, auc=ranked)
    return None
