"""Quantiles; every engine calls these, so that all agree to the last bit."""

from collections.abc import Sequence
from typing import Any


def quantile(ordered: Sequence[Any], q: float) -> Any:  # noqa: ANN401 - a float, or an instant
    """Interpolate a quantile of ordered numbers or instants; None of an empty sequence."""
    if not ordered:
        return None
    low, high, weight = ranks(len(ordered), q)
    return interpolate(ordered[low], ordered[high], weight)


def ranks(count: int, q: float) -> tuple[int, int, float]:
    """Give the two closest ranks (from 0) of a quantile, and the weight of the higher one."""
    place = (count - 1) * q
    low = int(place)
    return low, min(low + 1, count - 1), place - low


def interpolate(low: Any, high: Any, weight: float) -> Any:  # noqa: ANN401 - a float, or an instant
    """Join two order statistics; every engine calls this, so that all agree to the last bit."""
    return low + (high - low) * weight
