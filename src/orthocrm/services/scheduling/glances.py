"""Free times that were found a moment ago, to be shown and never to be booked by.

A calendar on a screen asks the same again and again. What is kept is at most a minute old, and is
forgotten when the practice's settings change; a booking reads the diary anew, whatever was shown.
"""

from datetime import datetime, timedelta
from typing import Final

from attrs import define, field

from orthocrm.scheduling.slots import Slot

FRESH: Final = timedelta(minutes=1)
MOST: Final = 500
"""How many answers are kept at once, in all clinics of the process."""

Key = tuple[object, ...]


@define
class Glances:
    """The latest answers, by clinic, revision, who may see them, and question."""

    _kept: dict[Key, tuple[datetime, tuple[Slot, ...]]] = field(factory=dict, repr=False)

    def find(self, key: Key, now: datetime) -> tuple[Slot, ...] | None:
        """Give an answer that is fresh enough, without what has begun meanwhile."""
        kept = self._kept.get(key)
        if kept is None or not timedelta() <= now - kept[0] < FRESH:
            return None
        return tuple(slot for slot in kept[1] if slot.start >= now)

    def keep(self, key: Key, now: datetime, found: tuple[Slot, ...]) -> None:
        """Keep an answer; when there are too many, all older ones go."""
        if len(self._kept) >= MOST:
            self._kept.clear()
        self._kept[key] = now, found
