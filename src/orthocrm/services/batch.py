"""Batches: one result per item, in order; what one item lacks does not stop the others."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from attrs import frozen

from orthocrm.core.errors import OrthoCRMError

T = TypeVar("T")
R = TypeVar("R")


@frozen
class Refused:
    """An item that was not carried out, and why."""

    error: OrthoCRMError


def attempt(items: Iterable[T], rule: Callable[[T], R]) -> list[R | Refused]:
    """Apply a rule to every item, keeping each refusal in the place of its result."""
    return [_attempted(item, rule) for item in items]


def _attempted(item: T, rule: Callable[[T], R]) -> R | Refused:
    try:
        return rule(item)
    except OrthoCRMError as error:
        return Refused(error)


def only(results: Sequence[R | Refused]) -> R:
    """Give the result of a batch of one, or raise its refusal."""
    (result,) = results
    if isinstance(result, Refused):
        raise result.error
    return result


def done(results: Iterable[R | Refused]) -> list[R]:
    """Leave out the refusals."""
    return [result for result in results if not isinstance(result, Refused)]
