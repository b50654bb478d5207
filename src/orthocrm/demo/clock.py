"""The clock and the ids of an invented year: both follow from what they are given."""

from datetime import datetime
from random import Random

from orthocrm.core.time import instant


class SetClock:
    """A `Clock` that stands where it was set."""

    def __init__(self, now: datetime) -> None:
        self._now = instant(now, "now")

    def __call__(self) -> datetime:
        """Give the instant at which the clock stands."""
        return self._now

    def set(self, now: datetime) -> None:
        """Put the clock to an instant."""
        self._now = instant(now, "now")


class SetIds:
    """An `IdSource` of UUIDv7 with the times of a clock, the same ones for the same seed."""

    def __init__(self, clock: SetClock, seed: int) -> None:
        self._clock = clock
        self._random = Random(f"ids {seed}")
        self._last = 0

    def __call__(self) -> str:
        """Draw one id; it sorts after all that were drawn before."""
        ticks = int(self._clock().timestamp() * 1000) << 12
        self._last = ticks = max(self._last + 1, ticks)
        tail = self._random.getrandbits(62) | 0x8000_0000_0000_0000
        text = f"{(ticks >> 12) << 16 | 0x7000 | (ticks & 0xFFF):016x}{tail:016x}"
        return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
