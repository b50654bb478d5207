"""Time that is taken: appointments with their own buffers, and which of them still block."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from attrs import field, fields, frozen
from attrs.validators import optional

from orthocrm.core.appointment import AppointmentStatus
from orthocrm.core.limits import REFERENCE
from orthocrm.scheduling.reading import (
    EARLIEST,
    LATEST,
    LONGEST,
    MINUTE,
    Check,
    aware,
    between,
    known,
    length,
    member,
    named,
    not_before,
    optional_utc,
    utc,
    within,
)
from orthocrm.scheduling.zones import ceil_minute, floor_minute

MOST_PLACES = 10_000
_NOTHING = timedelta()


class State(StrEnum):
    """Where an appointment stands, as far as it takes time (R12)."""

    HELD = "held"
    REQUESTED = "requested"
    BOOKED = "booked"
    CONFIRMED = "confirmed"
    ARRIVED = "arrived"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"
    RESCHEDULED = "rescheduled"
    DECLINED = "declined"
    EXPIRED = "expired"


BLOCKING = frozenset(
    {State.BOOKED, State.CONFIRMED, State.ARRIVED, State.IN_PROGRESS, State.COMPLETED}
)
"""States that always block; held and requested depend on the hour and on the type."""


_BOOKED = State.BOOKED


def _state(raw: State | AppointmentStatus | str) -> State:
    return member(State, raw)


Taken = tuple[int, int, int, int, int]
"""Start, end, start and end of the footprint, in UTC minutes; and the capacity."""


@frozen(kw_only=True)
class Busy:
    """An appointment `[start, end)` that stands in somebody's way, or in a chair's.

    Args:
        start: An aware instant.
        end: An aware instant; equal to `start` means that the appointment is ignored.
        id: Its identity, so that `exclude` can name it.
        state: A `State`, an `AppointmentStatus`, or the value of either in any case.
        expires_at: When a hold ends; it has expired when `expires_at <= now`. Without it a hold
            lasts.
        buffer_before: A `timedelta` or whole minutes that it keeps free before its start.
        buffer_after: The same after its end.
        capacity: How many bookings may share its time, itself included (R13).

    Raises:
        InvalidInput: The field that cannot be.
    """

    start: datetime = field(converter=utc)
    end: datetime = field(converter=utc)
    id: str | None = None
    state: State = field(default=_BOOKED, converter=_state)
    expires_at: datetime | None = field(default=None, converter=optional_utc)
    buffer_before: timedelta = field(default=_NOTHING, converter=length)
    buffer_after: timedelta = field(default=_NOTHING, converter=length)
    capacity: int = 1
    minutes: Taken = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        # Thousands are made for one answer: what is plainly right is seen at a glance.
        if not self._is_plain():
            for name, check in _CHECKS.items():
                check(self, getattr(fields(Busy), name), getattr(self, name))
            not_before(self, "start", "end")
        start, end = floor_minute(self.start), ceil_minute(self.end)
        opens = start - self.buffer_before // MINUTE if self.buffer_before else start
        closes = end + self.buffer_after // MINUTE if self.buffer_after else end
        object.__setattr__(self, "minutes", (start, end, opens, closes, self.capacity))

    def _is_plain(self) -> bool:
        start, end, name = self.start, self.end, self.id
        return (
            type(start) is datetime
            and type(end) is datetime
            and start.tzinfo is UTC
            and end.tzinfo is UTC
            and EARLIEST <= start <= end <= LATEST
            and self.expires_at is None
            and type(self.capacity) is int
            and 1 <= self.capacity <= MOST_PLACES
            and type(self.state) is State
            and (
                name is None
                or (type(name) is str and name.strip() != "" and len(name) <= REFERENCE)
            )
            and _is_plain_length(self.buffer_before)
            and _is_plain_length(self.buffer_after)
        )


_CHECKS: Mapping[str, Check] = {
    "start": aware,
    "end": aware,
    "id": optional(named),
    "state": known(State),
    "expires_at": optional(aware),
    "buffer_before": between(0),
    "buffer_after": between(0),
    "capacity": within(1, MOST_PLACES),
}


def _is_plain_length(value: timedelta) -> bool:
    return value is _NOTHING or (
        type(value) is timedelta and _NOTHING <= value <= LONGEST and not value % MINUTE
    )


@frozen
class Blocking:
    """Which appointments count, at an instant and for one kind of booking (R12)."""

    now: datetime
    exclude: str | None
    requests_block: bool

    def counts(self, busy: Busy) -> bool:
        """Whether an appointment takes its time."""
        if busy.start == busy.end or (self.exclude is not None and busy.id == self.exclude):
            return False
        state = busy.state
        if state is _BOOKED or state in BLOCKING:
            return True
        if state is State.HELD:
            return busy.expires_at is None or busy.expires_at > self.now
        return state is State.REQUESTED and self.requests_block


def taken(busy: Iterable[Busy], blocking: Blocking) -> list[Taken]:
    """Give what blocks, in whole minutes.

    Seconds are rounded outwards, so that nothing is offered into a part of a minute.
    """
    counts = blocking.counts
    return [one.minutes for one in busy if counts(one)]
