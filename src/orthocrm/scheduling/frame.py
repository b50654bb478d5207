"""A request in whole minutes: what is the same for all its providers."""

from datetime import timedelta

from attrs import frozen

from orthocrm.scheduling.busy import Blocking, taken
from orthocrm.scheduling.intervals import Interval, common, merged
from orthocrm.scheduling.limits import earliest
from orthocrm.scheduling.load import blocked, free_starts, widened
from orthocrm.scheduling.request import Pool, Provider, SlotRequest

_MINUTE = timedelta(minutes=1)

Team = tuple[Provider, ...]
"""Providers who take an appointment together; mostly one."""


@frozen(kw_only=True)
class Frame:
    """The lengths of a request, and the minutes `inside` which a start is looked for."""

    request: SlotRequest
    inside: Interval
    earliest: int
    duration: int
    step: int
    offset: int
    before: int
    after: int
    blocking: Blocking

    @classmethod
    def of(cls, request: SlotRequest, inside: Interval) -> "Frame":
        """Read a request for starts in a range of minutes."""
        return cls(
            request=request,
            inside=inside,
            earliest=earliest(request),
            duration=request.duration // _MINUTE,
            step=(request.step or request.duration) // _MINUTE,
            offset=request.offset // _MINUTE,
            before=request.buffer_before // _MINUTE,
            after=request.buffer_after // _MINUTE,
            blocking=Blocking(request.now, request.exclude, request.requests_block),
        )

    def zone(self, team: Team) -> str:
        """Give the zone of a team: its own if it has a common one, else the clinic's."""
        zones = {provider.zone or self.request.zone for provider in team}
        return zones.pop() if len(zones) == 1 else self.request.zone

    @property
    def whole(self) -> list[Interval]:
        """The range as a list; empty when it ends before it begins."""
        return [self.inside] if self.inside[0] < self.inside[1] else []

    def past_the_patient(self) -> list[Interval]:
        """Give the starts at which the event meets no other appointment of the patient (R19)."""
        own = taken(self.request.patient_appointments, self.blocking)
        events = merged([(start, end) for start, end, *_ in own])
        return free_starts(events, self.duration, self.whole)


Members = tuple[tuple[str, list[Interval]], ...]
"""The members of a pool, each with the starts at which it is free for the whole footprint."""


def members(frame: Frame, pool: Pool) -> Members:
    """Find when each member of a pool is free (R18)."""
    found = []
    for one in pool.members:
        busy = blocked(taken(one.busy, frame.blocking), frame.request.capacity)
        footprints = widened(busy, frame.before, frame.after)
        found.append((one.id, free_starts(footprints, frame.duration, frame.whole)))
    return tuple(found)


def allowed(frame: Frame, pools: dict[str, Members]) -> list[Interval]:
    """Give the starts that the patient and the pools allow."""
    found = frame.past_the_patient()
    for one in pools.values():
        found = common(found, merged([piece for _, free in one for piece in free]))
    return found
