"""Batches: one result per item, in order; what one item lacks does not stop the others."""

import gc
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import ParamSpec, TypeVar

from attrs import frozen

from orthocrm.core.errors import InvalidInput, OrthoCRMError
from orthocrm.core.ids import LeadId

T = TypeVar("T")
R = TypeVar("R")
P = ParamSpec("P")


def at_a_stretch(act: Callable[P, R]) -> Callable[P, R]:
    """Let an act on thousands of nouns run without the collector of cycles, which comes after it.

    The collector goes through everything that is alive whenever a quarter has been added, a third
    of the time of such an act, and finds nothing: nouns go as soon as nobody holds them.
    """

    @wraps(act)
    def stretch(*args: P.args, **kwargs: P.kwargs) -> R:
        if not gc.isenabled():
            return act(*args, **kwargs)
        gc.disable()
        try:
            return act(*args, **kwargs)
        finally:
            gc.enable()

    return stretch


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
