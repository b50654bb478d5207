"""How full somebody's days are: booked minutes against open ones."""

from datetime import datetime

from attrs import frozen

from orthocrm.core.ids import UserId
from orthocrm.scheduling.asking import Diary, blocks, provider_of
from orthocrm.scheduling.intervals import common, merged
from orthocrm.scheduling.windows import Windows
from orthocrm.scheduling.zones import ceil_minute, floor_minute


@frozen(kw_only=True)
class Usage:
    """Whole minutes of a person in a period: `open` by their schedule, and `booked`.

    Booked are visits that keep their time (R12), without buffers; those at once count once, and
    those outside of hours count too. `missed` are the minutes of visits to which nobody came.
    """

    provider: UserId
    open: int
    booked: int
    missed: int

    @property
    def share(self) -> float | None:
        """Booked minutes per open minute; None without open time."""
        return self.booked / self.open if self.open else None


def measured(
    provider: UserId, diary: Diary, zone: str, low: datetime, high: datetime, now: datetime
) -> Usage:
    """Measure a person between two instants."""
    start, end = floor_minute(low), ceil_minute(high)
    person = provider_of(provider, diary, zone)
    hours = Windows(start, end).of(person, person.zone or zone).open
    inside = [(start, end)]
    mine = [one for one in diary.occupied if provider in one.providers]
    booked = merged(
        [
            (floor_minute(one.starts_at), ceil_minute(one.ends_at))
            for one in mine
            if blocks(one, diary.types, now)
        ]
    )
    missed = merged(
        [
            (floor_minute(one.starts_at), ceil_minute(one.ends_at))
            for one in mine
            if one.status == "NO_SHOW"
        ]
    )
    return Usage(
        provider=provider,
        open=_minutes(common(merged(hours), inside)),
        booked=_minutes(common(booked, inside)),
        missed=_minutes(common(missed, inside)),
    )


def _minutes(intervals: list[tuple[int, int]]) -> int:
    return sum(end - start for start, end in intervals)
