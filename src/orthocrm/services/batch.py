"""Batches: one result per item, in order; what one item lacks does not stop the others."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from attrs import frozen

from orthocrm.core.errors import InvalidInput, OrthoCRMError
from orthocrm.core.ids import LeadId

T = TypeVar("T")
R = TypeVar("R")


@frozen
class Refused:
    """An item that was not carried out, and why."""

    error: OrthoCRMError


def listed(items: object, kind: type[T], path: str) -> Sequence[T]:
    """Give what a verb was handed for many, if it is a list of one kind of thing.

    Raises:
        InvalidInput: at `path` it is no list, or at `path.N` something else stands in it.
    """
    if not isinstance(items, Sequence) or isinstance(items, str | bytes):
        raise InvalidInput.at(path, "not_a_list", "give a list")
    for i, item in enumerate(items):
        checked(item, kind, f"{path}.{i}")
    return items


def listed_ids(items: object, path: str = "lead_ids") -> Sequence[LeadId]:
    """Give the ids of leads that a verb was handed.

    Raises:
        InvalidInput: as `listed` raises it.
    """
    return [LeadId(item) for item in listed(items, str, path)]


def checked(item: object, kind: type[T], path: str) -> T:
    """Give what a verb was handed, if it is of a kind.

    Raises:
        InvalidInput: at `path`, it is something else.
    """
    if not isinstance(item, kind):
        wanted = "an id" if kind is str else f"a value of the type {kind.__name__}"
        raise InvalidInput.at(path, "wrong_type", f"give {wanted}")
    return item


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
