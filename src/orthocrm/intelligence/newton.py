"""Logistic regression of a few columns without any library: Newton's method with a ridge."""

from collections.abc import Sequence
from math import exp, fsum, log, log1p
from operator import mul

from attrs import frozen

_ROUNDS = 25
_ENOUGH = 1e-7
_HALVINGS = 12
_LONGEST = 35.0
_FREE = 1e-9


def chance(log_odds: float) -> float:
    """Turn log odds into a probability.

    >>> chance(0.0)
    0.5
    """
    if log_odds < -_LONGEST:
        return exp(-_LONGEST)
    return 1 / (1 + exp(-min(log_odds, _LONGEST)))


def fitted(
    columns: Sequence[Sequence[float]],
    outcomes: Sequence[int],
    *,
    ridge: float,
    given: Sequence[float] | None = None,
) -> tuple[float, list[float]]:
    """Give the intercept and a factor for each column, of the smallest penalised loss.

    Args:
        columns: values by column, each as long as `outcomes`.
        outcomes: 1 where the outcome came, else 0; both have to be there.
        ridge: pulls factors towards 0, as strongly as so many rows.
        given: log odds of each row that stand already; what is learnt comes on top.
    """
    yes = sum(outcomes)
    first = log(yes / (len(outcomes) - yes)) if given is None else 0.0
    point = [first, *([0.0] * len(columns))]
    problem = _Problem(columns, outcomes, ridge, given or [0.0] * len(outcomes))
    loss = problem.loss(point)
    for _ in range(_ROUNDS):
        point, before = problem.advanced(point, loss), loss
        loss = problem.loss(point)
        if before - loss <= _ENOUGH * before:
            break
    return point[0], point[1:]


@frozen
class _Problem:
    """What is to be fitted; a point is the intercept and then the factors."""

    columns: Sequence[Sequence[float]]
    outcomes: Sequence[int]
    ridge: float
    given: Sequence[float]

    def loss(self, point: Sequence[float]) -> float:
        """Give the penalised loss."""
        penalty = self.ridge / 2 * sum(factor * factor for factor in point[1:])
        losses = [
            max(odds, 0.0) + log1p(exp(-abs(odds))) - odds * outcome
            for odds, outcome in zip(self._told(point), self.outcomes, strict=True)
        ]
        return penalty + fsum(losses)

    def advanced(self, point: list[float], loss: float) -> list[float]:
        """Go as much of Newton's step as lessens the loss; nowhere when none of it does."""
        step, share = self._step(point), 1.0
        for _ in range(_HALVINGS):
            tried = [place - share * by for place, by in zip(point, step, strict=True)]
            if self.loss(tried) <= loss:
                return tried
            share /= 2
        return point

    def _told(self, point: Sequence[float]) -> list[float]:
        total = [point[0] + each for each in self.given]
        for factor, column in zip(point[1:], self.columns, strict=True):
            total = [sum_ + factor * value for sum_, value in zip(total, column, strict=True)]
        return total

    def _step(self, point: Sequence[float]) -> list[float]:
        chances = [chance(odds) for odds in self._told(point)]
        errors = [p - outcome for p, outcome in zip(chances, self.outcomes, strict=True)]
        spread = [p * (1 - p) for p in chances]
        all_columns: list[Sequence[float]] = [[1.0] * len(self.outcomes), *self.columns]
        slope, curve = [], []
        for number, column in enumerate(all_columns):
            pull = self.ridge if number else _FREE
            slope.append(_dot(column, errors) + (pull * point[number] if number else 0.0))
            weighed = list(map(mul, column, spread))
            curve.append([_dot(weighed, other) for other in all_columns[: number + 1]])
            curve[number][number] += pull
        return _solved(curve, slope)


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    total: float = sum(map(mul, one, other))
    return total


def _solved(lower: list[list[float]], right: list[float]) -> list[float]:
    """Solve for a symmetric positive matrix, of which the lower half is given (Cholesky)."""
    size = len(right)
    root = [[0.0] * size for _ in range(size)]
    for row in range(size):
        for column in range(row + 1):
            rest = lower[row][column] - _dot(root[row][:column], root[column][:column])
            if row == column:
                root[row][row] = max(rest, 1e-12) ** 0.5
            else:
                root[row][column] = rest / root[column][column]
    forward: list[float] = []
    for row in range(size):
        forward.append((right[row] - _dot(root[row][:row], forward)) / root[row][row])
    back = [0.0] * size
    for row in reversed(range(size)):
        rest = sum(root[below][row] * back[below] for below in range(row + 1, size))
        back[row] = (forward[row] - rest) / root[row][row]
    return back
