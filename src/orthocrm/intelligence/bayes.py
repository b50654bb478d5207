"""Naive Bayes that learns row by row: how often each bin goes with the outcome.

Chances are smoothed towards the share of the outcome (m-estimate, Cestnik 1990), so that a bin
which was seen twice says little, and their logarithms are clamped, so that no single column
decides. Because counts add up and can be taken away again, what a row's bin weighs can be asked
for as if the row itself had never been seen.
"""

from collections.abc import Iterable, Sequence
from math import log

from attrs import define, field

SMOOTHING = 12.0
"""Rows with the usual share of the outcome that are added to every bin."""

CLAMP = 3.0
"""The most that one column may weigh: natural logarithm of the odds, a factor of 20."""


@define(kw_only=True)
class Tally:
    """Counts of rows by column, bin and outcome; `sizes` says how many bins each column has.

    >>> tally = Tally(sizes=(3,))
    >>> tally.learn([2], outcome=True)
    >>> tally.learn([1], outcome=False)
    >>> [round(weight, 3) for weight in tally.weights(0)]
    [0.0, -0.154, 0.154]
    """

    sizes: tuple[int, ...]
    rows: list[int] = field(factory=lambda: [0, 0])
    counts: list[tuple[list[int], list[int]]] = field()

    @counts.default
    def _nothing(self) -> list[tuple[list[int], list[int]]]:
        return [([0] * size, [0] * size) for size in self.sizes]

    def learn(self, bins: Iterable[int], *, outcome: bool) -> None:
        """Count one row: the bin of each column, and whether the outcome came."""
        self.rows[outcome] += 1
        for counts, bin_ in zip(self.counts, bins, strict=True):
            counts[outcome][bin_] += 1

    def learn_columns(self, columns: Sequence[Sequence[int]], outcomes: Sequence[int]) -> None:
        """Count many rows that stand in columns."""
        yes = sum(outcomes)
        self.rows[1] += yes
        self.rows[0] += len(outcomes) - yes
        for counts, column in zip(self.counts, columns, strict=True):
            for bin_, outcome in zip(column, outcomes, strict=True):
                counts[outcome][bin_] += 1

    def without(self, other: "Tally") -> "Tally":
        """Give the counts as if the rows of another tally had never come."""
        return Tally(
            sizes=self.sizes,
            rows=[a - b for a, b in zip(self.rows, other.rows, strict=True)],
            counts=[
                (_less(mine[0], theirs[0]), _less(mine[1], theirs[1]))
                for mine, theirs in zip(self.counts, other.counts, strict=True)
            ],
        )

    @property
    def log_odds(self) -> float:
        """The logarithm of the odds of the outcome, before anything is known of a row."""
        return log((self.rows[1] + 0.5) / (self.rows[0] + 0.5))

    def weights(self, column: int) -> list[float]:
        """Give what each bin of a column adds to the log odds."""
        no, yes = self.counts[column]
        share = (self.rows[1] + 0.5) / (sum(self.rows) + 1)
        odds = log((1 - share) / share)
        return [
            _clamped(odds + log((y + SMOOTHING * share) / (n + SMOOTHING * (1 - share))))
            for n, y in zip(no, yes, strict=True)
        ]

    def value(self, column: int) -> float:
        """Give how much a column tells apart: its information value, 0 for nothing."""
        no, yes = self.counts[column]
        total_no, total_yes = max(self.rows[0], 1), max(self.rows[1], 1)
        return sum(
            (y / total_yes - n / total_no) * weight
            for n, y, weight in zip(no, yes, self.weights(column), strict=True)
        )


def _less(some: list[int], fewer: list[int]) -> list[int]:
    return [a - b for a, b in zip(some, fewer, strict=True)]


def _clamped(weight: float) -> float:
    return max(-CLAMP, min(CLAMP, weight))


def unseen_weights(
    columns: Sequence[Sequence[int]],
    sizes: Sequence[int],
    outcomes: Sequence[int],
    folds: Sequence[int],
) -> list[list[float]]:
    """Give what each row's bins weigh, by column, learnt from the rows of all other folds."""
    parts = [Tally(sizes=tuple(sizes)) for _ in range(max(folds) + 1)]
    total = Tally(sizes=tuple(sizes))
    for fold, part in enumerate(parts):
        places = [place for place, of in enumerate(folds) if of == fold]
        some = [outcomes[place] for place in places]
        part.learn_columns([[column[place] for place in places] for column in columns], some)
    total.learn_columns(columns, outcomes)
    others = [total.without(part) for part in parts]
    weighed = []
    for number, column in enumerate(columns):
        tables = [other.weights(number) for other in others]
        weighed.append([tables[fold][bin_] for bin_, fold in zip(column, folds, strict=True)])
    return weighed
