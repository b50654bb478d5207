"""Ways to learn a scorecard: naive Bayes without any library, the others with the extra `ml`."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from importlib.util import find_spec

from attrs import evolve, frozen

from orthocrm.core.errors import MissingExtra
from orthocrm.intelligence.bayes import Tally, unseen_weights
from orthocrm.intelligence.columns import Column
from orthocrm.intelligence.newton import fitted
from orthocrm.intelligence.scorecard import PairPoints, Scorecard


class Learner(StrEnum):
    """How a model learns. All of them add points up, so each says why."""

    BAYES = "BAYES"
    """Naive Bayes, each column weighed by what it adds to the others; needs no library."""
    LOGISTIC = "LOGISTIC"
    """Logistic regression over all bins (extra `ml`)."""
    BOOSTED = "BOOSTED"
    """Boosted trees over pairs of columns (extra `ml`)."""


FOLDS = 5
_RIDGE = 3.0
_MOST_WEIGHED = 20_000
_LEAST_VALUE = 0.002
"""Information value below which a column says nothing: a tenth of what is called weak."""

_STRENGTH = 0.3
"""Inverse of the ridge of the logistic regression, for columns of 0 and 1."""


@frozen(kw_only=True)
class Binned:
    """Rows as bins by column, and what came of them. `folds` keep rows of one thing together."""

    columns: tuple[Column, ...]
    bins: tuple[Sequence[int], ...]
    outcomes: Sequence[int]
    folds: Sequence[int]

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many bins each column has."""
        return tuple(column.size for column in self.columns)

    def some(self, places: Sequence[int]) -> "Binned":
        """Keep some of the rows."""
        return evolve(
            self,
            bins=tuple([column[place] for place in places] for column in self.bins),
            outcomes=[self.outcomes[place] for place in places],
            folds=[self.folds[place] for place in places],
        )

    def tally(self) -> Tally:
        """Count all rows."""
        tally = Tally(sizes=self.sizes)
        tally.learn_columns(self.bins, self.outcomes)
        return tally


def available() -> tuple[Learner, ...]:
    """Name the learners that this installation has."""
    return tuple(Learner) if find_spec("sklearn") is not None else (Learner.BAYES,)


def best() -> tuple[Learner, ...]:
    """Name the learners whose models are added up where nobody chooses one."""
    return tuple(each for each in available() if each is not Learner.BAYES) or (Learner.BAYES,)


def learnt(learner: Learner, binned: Binned) -> Scorecard:
    """Learn a scorecard, which is not calibrated yet.

    Raises:
        MissingExtra: the learner needs the extra `ml`.
    """
    if learner not in available():
        raise MissingExtra("ml", f"the learner {learner}")
    return _with_shares(_LEARNERS[learner](binned), binned)


def _bayes(binned: Binned) -> Scorecard:
    """Weigh the columns of naive Bayes by a regression over weights that saw none of the row."""
    step = -(-len(binned.outcomes) // _MOST_WEIGHED)
    weighed = binned.some(range(0, len(binned.outcomes), step)) if step > 1 else binned
    unseen = unseen_weights(weighed.bins, weighed.sizes, weighed.outcomes, weighed.folds)
    tally = binned.tally()
    silent = [tally.value(number) < _LEAST_VALUE for number in range(len(unseen))]
    heard = [() if is_silent else each for is_silent, each in zip(silent, unseen, strict=True)]
    intercept, factors = positive(heard, weighed.outcomes, ridge=_RIDGE)
    points = [
        tuple(factor * weight for weight in tally.weights(number))
        for number, factor in enumerate(factors)
    ]
    return Scorecard(columns=binned.columns, points=tuple(points), intercept=intercept)


def positive(
    columns: Sequence[Sequence[float]], outcomes: Sequence[int], *, ridge: float
) -> tuple[float, list[float]]:
    """Fit factors of which none is negative: a column never speaks against its own evidence."""
    held = [place for place, column in enumerate(columns) if any(column)]
    while True:
        intercept, factors = fitted([columns[place] for place in held], outcomes, ridge=ridge)
        against = {place for place, factor in zip(held, factors, strict=True) if factor < 0}
        if not against:
            break
        held = [place for place in held if place not in against]
    by_place = dict(zip(held, factors, strict=True))
    return intercept, [by_place.get(place, 0.0) for place in range(len(columns))]


def _logistic(binned: Binned) -> Scorecard:
    import numpy as np  # noqa: PLC0415 - optional dependency
    from scipy.sparse import csr_matrix  # noqa: PLC0415 - optional dependency
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - optional dependency

    rows, width = len(binned.outcomes), sum(binned.sizes)
    starts = np.concatenate([[0], np.cumsum(binned.sizes)[:-1]])
    places = np.array(binned.bins).T + starts
    ones = np.ones(places.size)
    edges = np.arange(0, places.size + 1, len(binned.bins))
    table = csr_matrix((ones, places.ravel(), edges), shape=(rows, width))
    model = LogisticRegression(C=_STRENGTH, max_iter=1000).fit(table, binned.outcomes)
    found = model.coef_[0].tolist()
    points = [
        tuple(found[start : start + size])
        for start, size in zip(starts.tolist(), binned.sizes, strict=True)
    ]
    return Scorecard(
        columns=binned.columns, points=tuple(points), intercept=float(model.intercept_[0])
    )


def _boosted(binned: Binned) -> Scorecard:
    from orthocrm.intelligence.boosting import boosted  # noqa: PLC0415 - optional dependency

    tally = binned.tally()
    orders = [_order(column, tally.weights(n)) for n, column in enumerate(binned.columns)]
    tables = boosted(binned.bins, binned.sizes, binned.outcomes, orders, tally.log_odds)
    single = {one: table for (one, other), table in tables.items() if one == other}
    points = [
        tuple(row[bin_] for bin_, row in enumerate(single[n])) if n in single else (0.0,) * size
        for n, size in enumerate(binned.sizes)
    ]
    return Scorecard(
        columns=binned.columns,
        points=tuple(points),
        intercept=tally.log_odds,
        pairs=tuple(
            PairPoints(one=one, other=other, points=tuple(map(tuple, table)))
            for (one, other), table in sorted(tables.items())
            if one != other
        ),
    )


def _order(column: Column, weights: Sequence[float]) -> list[int]:
    """Put codes in the order of what they say; numbers have their own."""
    if hasattr(column, "edges"):
        return list(range(column.size))
    return sorted(range(column.size), key=lambda bin_: (weights[bin_], bin_))


_LEARNERS: Mapping[Learner, Callable[[Binned], Scorecard]] = {
    Learner.BAYES: _bayes,
    Learner.LOGISTIC: _logistic,
    Learner.BOOSTED: _boosted,
}


def _with_shares(card: Scorecard, binned: Binned) -> Scorecard:
    """Note how the rows fell into bins, and what each column adds on the average."""
    rows = len(binned.outcomes)
    shares = []
    for column, size in zip(binned.bins, binned.sizes, strict=True):
        counts = [0] * size
        for bin_ in column:
            counts[bin_] += 1
        shares.append(tuple(count / rows for count in counts))
    usual = [
        sum(point * share for point, share in zip(points, part, strict=True))
        for points, part in zip(card.points, shares, strict=True)
    ]
    for pair in card.pairs:
        half = _mean(pair, binned) / 2
        usual[pair.one] += half
        usual[pair.other] += half
    return evolve(card, usual=tuple(usual), shares=tuple(shares))


def _mean(pair: PairPoints, binned: Binned) -> float:
    sides = zip(binned.bins[pair.one], binned.bins[pair.other], strict=True)
    return sum(pair.points[a][b] for a, b in sides) / len(binned.outcomes)
