"""Mappings that nouns hold: copied when they come in, and never changed afterwards.

So that two nouns, and a backend and its caller, may share one.
"""

from collections.abc import Mapping
from typing import Any, NoReturn, TypeVar

T = TypeVar("T")


class Values(dict[str, T]):
    """A dictionary of plain values that refuses every change with `TypeError`.

    >>> colours = Values(hair="brown")
    >>> colours["hair"]
    'brown'
    """

    __slots__ = ()

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:  # noqa: ANN401 - stands for every way to change
        raise TypeError("these values never change: make a noun with others")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __hash__(self) -> int:  # type: ignore[override] # a dict has none, because it may change
        """Hash the values, so that nouns which hold them can stand in sets."""
        return hash(frozenset(self.items()))

    def __copy__(self) -> "Values[T]":
        """Give itself: nobody can tell."""
        return self

    def __deepcopy__(self, _: object) -> "Values[T]":
        """Give itself: the values are plain."""
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """Tell how to make the same one elsewhere."""
        return Values, (dict(self),)


NO_VALUES: Values[Any] = Values()
"""The empty one."""


def kept(values: Mapping[str, T]) -> Values[T]:
    """Copy a mapping, unless it is one that never changes anyway."""
    if type(values) is Values:
        return values
    return Values(values) if values else NO_VALUES
