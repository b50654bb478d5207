"""A clock that stands still and ids that count, so that tests repeat exactly."""

from datetime import UTC, datetime, timedelta

from orthocrm.core.time import instant

MONDAY_MORNING = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)
"""Monday, 2 November 2026, 9:00 in Chicago: the practice has just opened."""


class FrozenClock:
    """A `Clock` that moves only when it is told to.

    >>> clock = FrozenClock()
    >>> clock.advance(timedelta(minutes=5))
    datetime.datetime(2026, 11, 2, 15, 5, tzinfo=datetime.timezone.utc)
    """

    def __init__(self, now: datetime = MONDAY_MORNING) -> None:
        self._now = instant(now, "now")

    def __call__(self) -> datetime:
        """Give the instant at which the clock stands."""
        return self._now

    def advance(self, by: timedelta) -> datetime:
        """Move the clock, backwards if `by` is negative, and give the new instant."""
        self._now += by
        return self._now

    def set(self, now: datetime) -> datetime:
        """Move the clock to an instant."""
        self._now = instant(now, "now")
        return self._now


class CountingIds:
    """An `IdSource` of valid UUIDv7 that counts; two sources of different `series` never meet.

    >>> ids = CountingIds()
    >>> ids(), ids()
    ('00000000-0001-7000-8000-000000000000', '00000000-0002-7000-8000-000000000000')
    """

    def __init__(self, series: int = 0) -> None:
        self._series = series
        self._drawn = 0

    def __call__(self) -> str:
        """Draw the next id."""
        self._drawn += 1
        head = f"{self._drawn:012x}"
        return f"{head[:8]}-{head[8:]}-7000-8000-{self._series:012x}"
