"""A request in whole minutes: what is the same for all its providers."""

from datetime import timedelta

from attrs import frozen

from orthocrm.scheduling.busy import Blocking, taken
from orthocrm.scheduling.intervals import Interval, merged
from orthocrm.scheduling.limits import earliest
from orthocrm.scheduling.load import free_starts
from orthocrm.scheduling.request import Provider, SlotRequest

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
