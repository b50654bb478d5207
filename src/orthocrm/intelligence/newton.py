"""Logistic regression of a few columns without any library: Newton's method with a ridge."""

from collections.abc import Sequence
from math import exp, log, log1p

_ROUNDS = 25
_ENOUGH = 1e-7
_HALVINGS = 12
_LONGEST = 35.0


def chance(log_odds: float) -> float:
    """Turn log odds into a probability.

    >>> chance(0.0)
    0.5
    """
    if log_odds < -_LONGEST:
        return exp(-_LONGEST)
    return 1 / (1 + exp(-min(log_odds, _LONGEST)))


def fitted(
    columns: Sequence[Sequence[float]], outcomes: Sequence[int], *, ridge: float
) -> tuple[float, list[float]]:
    """Give the intercept and a factor for each column, of the smallest penalised loss.

    Args:
        columns: values by column, each as long as `outcomes`.
        outcomes: 1 where the outcome came, else 0; both have to be there.
        ridge: pulls factors towards 0, as strongly as so many rows.
    """
    yes = sum(outcomes)
    point = [log(yes / (len(outcomes) - yes)), *([0.0] * len(columns))]
    loss = _loss(columns, outcomes, point, ridge)
    for _ in range(_ROUNDS):
        step = _step(columns, outcomes, point, ridge)
        point, before = _advanced(columns, outcomes, point, step, ridge, loss), loss
        loss = _loss(columns, outcomes, point, ridge)
        if before - loss <= _ENOUGH * before:
            break
    return point[0], point[1:]


def _advanced(
    columns: Sequence[Sequence[float]],
    outcomes: Sequence[int],
    point: list[float],
    step: list[float],
    ridge: float,
    loss: float,
) -> list[float]:
    """Go as much of a step as lessens the loss; nowhere when none of it does."""
    share = 1.0
    for _ in range(_HALVINGS):
        tried = [place - share * by for place, by in zip(point, step, strict=True)]
        if _loss(columns, outcomes, tried, ridge) <= loss:
            return tried
        share /= 2
    return point


def _log_odds(columns: Sequence[Sequence[float]], rows: int, point: list[float]) -> list[float]:
    total = [point[0]] * rows
    for factor, column in zip(point[1:], columns, strict=True):
        total = [sum_ + factor * value for sum_, value in zip(total, column, strict=True)]
    return total


def _loss(
    columns: Sequence[Sequence[float]], outcomes: Sequence[int], point: list[float], ridge: float
) -> float:
    penalty = ridge / 2 * sum(factor * factor for factor in point[1:])
    told = _log_odds(columns, len(outcomes), point)
    return penalty + sum(
        max(odds, 0.0) + log1p(exp(-abs(odds))) - odds * outcome
        for odds, outcome in zip(told, outcomes, strict=True)
    )


def _step(
    columns: Sequence[Sequence[float]], outcomes: Sequence[int], point: list[float], ridge: float
) -> list[float]:
    chances = [chance(odds) for odds in _log_odds(columns, len(outcomes), point)]
    errors = [p - outcome for p, outcome in zip(chances, outcomes, strict=True)]
    spread = [p * (1 - p) for p in chances]
    all_columns: list[Sequence[float]] = [[1.0] * len(outcomes), *columns]
    slope, curve = [], []
    for number, column in enumerate(all_columns):
        pull = ridge if number else 1e-9
        slope.append(_dot(column, errors) + (pull * point[number] if number else 0.0))
        weighed = [value * by for value, by in zip(column, spread, strict=True)]
        curve.append([_dot(weighed, other) for other in all_columns[: number + 1]])
        curve[number][number] += pull
    return _solved(curve, slope)


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    return sum([a * b for a, b in zip(one, other, strict=True)])


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
