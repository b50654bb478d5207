"""Boosted trees of three leaves, which tell two columns together and no more (extra `ml`).

A tree with three leaves asks about two columns at the most, so that the sum of all trees is a sum
of tables with one or two columns each: as strong as boosting mostly is on tables, and still a
scorecard, with points to read (Lou, Caruana and others, "Accurate intelligible models with pairwise
interactions", 2013). Steps are Newton's on the logistic loss (Friedman 2001).
"""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np
from attrs import define, field, frozen
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

RATE = 0.1
MOST_ROUNDS = 400
_RIDGE = 1.0
_LEAST_SPREAD = 2.0
"""The least sum of p (1 - p) in a leaf: about twenty rows where the outcome is one in eight."""


@frozen
class _Split:
    """Bins of a column up to `at`, in its order, against the others; NaN gain: there is none."""

    column: int
    at: int
    gain: float


@define
class Boosting:
    """Tables that grow round by round. `ranked[i]` are the bins of column i in a telling order."""

    ranked: Whole
    sizes: tuple[int, ...]
    tables: dict[tuple[int, int], Floats] = field(factory=dict)
    _places: Whole = field(init=False)
    _padded: Whole = field(init=False)
    _open: NDArray[np.bool_] = field(init=False)

    def __attrs_post_init__(self) -> None:
        starts = np.array([*accumulate(self.sizes[:-1], initial=0)], dtype=np.int64)
        sizes = np.array(self.sizes)[:, None]
        place = np.arange(max(self.sizes))[None, :]
        self._places = self.ranked + starts
        self._padded = np.where(place < sizes, starts[:, None] + place, sum(self.sizes))
        self._open = place < sizes - 1

    def learn(self, outcomes: Floats, log_odds: float, rounds: int) -> None:
        """Add `rounds` trees, beginning with what is usual."""
        told = np.full(len(outcomes), log_odds)
        for _ in range(rounds):
            chances = 1 / (1 + np.exp(-told))
            grown = self._grown(outcomes - chances, chances * (1 - chances))
            if grown is None:
                return
            told += grown

    def _grown(self, slope: Floats, spread: Floats) -> Floats | None:
        """Add one tree, and give what it adds to each row; None when nothing can be split."""
        whole = self._sums(self._places, slope, spread)
        root = self._best(whole)
        if root is None:
            return None
        left = self.ranked[:, root.column] <= root.at
        low = self._sums(self._places[left], slope[left], spread[left])
        sides = [self._best(low), self._best((whole[0] - low[0], whole[1] - low[1]))]
        gains = [-1.0 if side is None else side.gain for side in sides]
        right = gains[1] > gains[0]
        return self._added(root, sides[right] or root, slope, spread, right=bool(right))

    def _added(
        self, root: _Split, second: _Split, slope: Floats, spread: Floats, *, right: bool
    ) -> Floats:
        first = self.ranked[:, root.column] > root.at
        then = self.ranked[:, second.column] > second.at
        values = {
            (a, b): _value(slope, spread, (first == a) & (then == b if a == right else True))
            for a in (False, True)
            for b in (False, True)
        }
        one, other = root, second
        table = self.tables.setdefault(
            (one.column, other.column),
            np.zeros((self.sizes[one.column], self.sizes[other.column])),
        )
        above = np.arange(self.sizes[one.column])[:, None] > one.at
        beyond = np.arange(self.sizes[other.column])[None, :] > other.at
        leaf = np.array([[values[False, False], values[False, True]],
                         [values[True, False], values[True, True]]])  # fmt: skip
        table += leaf[above.astype(int), beyond.astype(int)]
        added: Floats = leaf[first.astype(int), then.astype(int)]
        return added

    def _sums(self, places: Whole, slope: Floats, spread: Floats) -> tuple[Floats, Floats]:
        """Add slopes and spreads up by bin, all columns in one row."""
        flat, width = places.ravel(), sum(self.sizes)
        times = places.shape[1]
        slopes: Floats = np.bincount(flat, np.repeat(slope, times), width).astype(np.float64)
        spreads: Floats = np.bincount(flat, np.repeat(spread, times), width).astype(np.float64)
        return slopes, spreads

    def _best(self, sums: tuple[Floats, Floats]) -> _Split | None:
        """Find the best split: all columns side by side, filled up to the same length."""
        slopes, spreads = (np.append(each, 0.0)[self._padded] for each in sums)
        below, low = slopes.cumsum(axis=1), spreads.cumsum(axis=1)
        whole, total = below[:, -1:], low[:, -1:]
        high = total - low
        gain = below**2 / (low + _RIDGE) + (whole - below) ** 2 / (high + _RIDGE)
        gain -= whole**2 / (total + _RIDGE)
        gain[~self._open | (low < _LEAST_SPREAD) | (high < _LEAST_SPREAD)] = -1.0
        column, at = divmod(int(gain.argmax()), gain.shape[1])
        best = float(gain[column, at])
        return _Split(column, at, best) if best > 0 else None


def _value(slope: Floats, spread: Floats, rows: Any) -> float:  # noqa: ANN401 - a mask of numpy
    return float(RATE * slope[rows].sum() / (spread[rows].sum() + _RIDGE))


def boosted(
    columns: Sequence[Sequence[int]],
    sizes: Sequence[int],
    outcomes: Sequence[int],
    orders: Sequence[Sequence[int]],
    log_odds: float,
) -> dict[tuple[int, int], list[list[float]]]:
    """Learn tables by pair of columns; `orders[i]` are the bins of column i, the least first.

    A pair of a column with itself is that column alone.
    """
    ranks = [np.argsort(np.array(order)) for order in orders]
    ranked = np.stack([rank[np.array(c)] for rank, c in zip(ranks, columns, strict=True)], axis=1)
    boosting = Boosting(ranked, tuple(sizes))
    boosting.learn(np.array(outcomes, dtype=float), log_odds, rounds_for(len(outcomes)))
    return {
        (one, other): table[np.ix_(ranks[one], ranks[other])].tolist()
        for (one, other), table in boosting.tables.items()
    }


def rounds_for(rows: int) -> int:
    """Tell how many trees so many rows can teach."""
    return min(MOST_ROUNDS, 40 + rows // 16)
