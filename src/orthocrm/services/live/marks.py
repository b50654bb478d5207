"""Places among the events of a clinic: the audit entry that holds one, and its place in there.

Positions of the trail are given one after the other, to what is committed only. So nothing can
come to lie before a place that somebody has read.
"""

import re
from typing import Final

from attrs import frozen

MOST = 500
"""At most so many events are told at a time."""

_FORM = re.compile(r"([0-9]{1,18})(?:-([0-9]{1,9}))?", re.ASCII)
_WHOLE: Final = 10**10
"""Behind every event of an entry."""


@frozen(order=True)
class Mark:
    """Behind the event `index` of the entry at `position`, or behind all of them.

    >>> str(Mark(7, 0)), str(Mark(7)), Mark(7, 0) < Mark(7) < Mark(8, 0)
    ('7-0', '7', True)
    """

    position: int = 0
    index: int = _WHOLE

    def __str__(self) -> str:
        return f"{self.position}" if self.is_whole else f"{self.position}-{self.index}"

    @property
    def is_whole(self) -> bool:
        """Whether the whole entry lies before."""
        return self.index == _WHOLE


def read(text: object) -> Mark | None:
    """Read a mark; None for what is none.

    >>> read("7-0"), read("tomorrow")
    (Mark(position=7, index=0), None)
    """
    found = _FORM.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    return Mark(int(found[1])) if found[2] is None else Mark(int(found[1]), int(found[2]))
