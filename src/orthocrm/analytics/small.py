"""Small groups: what so few leads stand behind that a reader could recognise them.

Whoever sees no leads is not shown such groups where the clinic says so. If exactly one group is
hidden, the smallest of the others is hidden as well: the total would give the first away.
"""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from attrs import evolve

from orthocrm.analytics.declaring import Figure, Measured
from orthocrm.analytics.results import Figures
from orthocrm.core.errors import InvalidInput

T = TypeVar("T")

HIDDEN: Final = Figure(value=None, n=0, is_hidden=True)


def to_hide(sizes: Sequence[int], least: int) -> frozenset[int]:
    """Give the places of the groups that are not shown."""
    small = [place for place, size in enumerate(sizes) if 0 < size < least]
    if len(small) != 1:
        return frozenset(small)
    others = [(size, place) for place, size in enumerate(sizes) if size >= least]
    return frozenset(small + [place for _, place in sorted(others)[:1]])


def shown(measured: Measured, least: int | None) -> Measured:
    """Hide the small groups of a metric's figures, and a total that is small itself."""
    if least is None:
        return measured
    hidden = to_hide([figure.n for _, figure in measured.groups], least)
    groups = (
        (label, HIDDEN if place in hidden else figure)
        for place, (label, figure) in enumerate(measured.groups)
    )
    return evolve(
        measured,
        total=HIDDEN if 0 < measured.total.n < least else measured.total,
        groups=tuple(groups),
        before=None if measured.before is None else shown(measured.before, least),
    )


def left(figures: Figures[T], size: Callable[[T], int], least: int | None) -> Figures[T]:
    """Leave the small groups out of an answer.

    Raises:
        InvalidInput: all of them together are few.
    """
    if least is None:
        return figures
    if 0 < size(figures.total) < least:
        raise InvalidInput.at("period", "too_few", "so few could be recognised; ask for more")
    hidden = to_hide([size(answer) for _, answer in figures.groups], least)
    kept = tuple(group for place, group in enumerate(figures.groups) if place not in hidden)
    return Figures(figures.total, kept, hidden=len(hidden))
