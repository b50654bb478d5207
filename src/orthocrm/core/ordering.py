"""Rows in a total order, of which only those that are asked for are ever sorted.

Missing values come last, whichever way a key is ordered.
"""

from collections.abc import Callable, Iterable, Sequence
from heapq import nlargest, nsmallest
from operator import gt, lt
from typing import Any, TypeVar

from attrs import frozen

T = TypeVar("T")


@frozen
class Key:
    """One key of an order: how a row's value is read, and which way it goes."""

    read: Callable[[Any], Any]
    descending: bool = False

    def ahead(self, rows: Iterable[T], values: Iterable[Any], mark: Any) -> list[T]:  # noqa: ANN401 - a value of the field
        """Give the rows whose value comes before a mark; a missing value never does."""
        is_before = gt if self.descending else lt
        pairs = zip(rows, values, strict=True)
        return [row for row, have in pairs if have is not None and is_before(have, mark)]

    def behind(self, rows: Iterable[T], values: Iterable[Any], mark: Any) -> list[T]:  # noqa: ANN401 - a value of the field
        """Give the rows whose value comes after a mark; a missing value always does."""
        is_after = lt if self.descending else gt
        pairs = zip(rows, values, strict=True)
        return [row for row, have in pairs if have is None or is_after(have, mark)]


def after(rows: Sequence[T], marks: Sequence[Any], keys: Sequence[Key]) -> list[T]:
    """Give the rows that come after a place in the order, themselves in no order."""
    if not keys or not rows:
        return []
    key, mark = keys[0], marks[0]
    values = list(map(key.read, rows))
    level = [row for row, have in zip(rows, values, strict=True) if have == mark]
    behind = [] if mark is None else key.behind(rows, values, mark)
    return [*behind, *after(level, marks[1:], keys[1:])]


def first(rows: Sequence[T], many: int, keys: Sequence[Key]) -> list[T]:
    """Give the first rows in order."""
    return _sorted(_foremost(list(rows), many, keys), keys)[:many]


def _foremost(rows: list[T], many: int, keys: Sequence[Key]) -> list[T]:
    """Find the first rows key by key: who is ahead for sure, and whom only the next key parts."""
    if len(rows) <= many or not keys:
        return rows
    key, further = keys[0], keys[1:]
    values = list(map(key.read, rows))
    there = [have for have in values if have is not None]
    last = None
    if len(there) >= many:
        last = (nlargest if key.descending else nsmallest)(many, there)[-1]
    level = [row for row, have in zip(rows, values, strict=True) if have == last]
    if last is None:
        ahead = [row for row, have in zip(rows, values, strict=True) if have is not None]
    else:
        ahead = key.ahead(rows, values, last)
    return [*ahead, *_foremost(level, many - len(ahead), further)]


def _sorted(rows: list[T], keys: Sequence[Key]) -> list[T]:
    for key in reversed(keys):
        there = [row for row in rows if key.read(row) is not None]
        there.sort(key=key.read, reverse=key.descending)
        rows = [*there, *[row for row in rows if key.read(row) is None]]
    return rows
