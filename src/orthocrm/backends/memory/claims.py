"""Appointments in memory, and the time that they take."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

from attrs import frozen

from orthocrm.backends.memory.drafts import Draft, Session
from orthocrm.backends.memory.repositories import MemoryRepository
from orthocrm.backends.memory.tables import days_of
from orthocrm.core.appointment import Appointment
from orthocrm.core.claims import Claim, in_order, laid_out, rule_of
from orthocrm.core.errors import SlotTaken
from orthocrm.core.ids import AppointmentId
from orthocrm.core.occupied import Occupied, Whose


@frozen(kw_only=True)
class HeldClaim:
    """A claim with the appointment that has it."""

    appointment_id: AppointmentId
    claim: Claim

    @property
    def id(self) -> tuple[str, str, int, datetime]:
        """What tells it from every other."""
        return self.appointment_id, self.claim.resource, self.claim.lane, self.claim.starts_at


class MemoryClaims:
    """The time that appointments take; whoever takes some has the clinic's write lock."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @property
    def _draft(self) -> Draft:
        return self._session.draft("claims")

    def take(self, appointment_id: AppointmentId, claims: Sequence[Claim]) -> Sequence[Claim]:
        """Take time for an appointment, all of it or nothing; give the claims that are taken."""
        self._session.write()
        near = {
            held.id: held.claim
            for claim in claims
            for held in self._near(claim.resource, claim.starts_at, claim.ends_at)
        }
        plan = laid_out(claims, near.values())
        if not plan.taken:
            for part in plan.parts:
                self._draft.put(HeldClaim(appointment_id=appointment_id, claim=part))
        return plan.taken

    def secure(self, appointment_id: AppointmentId, claims: Sequence[Claim]) -> None:
        """Take time for an appointment, or let the unit of work fail."""
        taken = self.take(appointment_id, claims)
        if taken:
            raise SlotTaken(rule_of(one.resource for one in taken))

    def _near(self, resource: str, starts_at: datetime, ends_at: datetime) -> Iterator[HeldClaim]:
        for day in days_of(starts_at, ends_at):
            yield from self._draft.holding("day", (resource, day))

    def release(self, appointment_ids: Collection[AppointmentId]) -> None:
        """Give back everything that appointments have taken."""
        if appointment_ids:
            self._session.write()
        for appointment in appointment_ids:
            for held in self._draft.holding("appointment_id", appointment):
                self._draft.drop(held.id)

    def of(
        self, appointment_ids: Collection[AppointmentId]
    ) -> Mapping[AppointmentId, Sequence[Claim]]:
        """Give what appointments have taken, by resource, start and lane."""
        found = {one: self._draft.holding("appointment_id", one) for one in appointment_ids}
        return {
            one: sorted((each.claim for each in held), key=in_order)
            for one, held in found.items()
            if held
        }

    def holders(
        self, resources: Collection[str], starts_at: datetime, ends_at: datetime
    ) -> Mapping[str, Sequence[AppointmentId]]:
        """Give the appointments that have some time of a period, by resource."""
        found = {one: self._holders(one, starts_at, ends_at) for one in resources}
        return {resource: ids for resource, ids in found.items() if ids}

    def _holders(
        self, resource: str, starts_at: datetime, ends_at: datetime
    ) -> Sequence[AppointmentId]:
        inside = [
            (held.claim.starts_at, held.appointment_id)
            for held in self._near(resource, starts_at, ends_at)
            if held.claim.starts_at < ends_at and starts_at < held.claim.ends_at
        ]
        return list(dict.fromkeys(appointment for _, appointment in sorted(inside)))


class MemoryAppointments(MemoryRepository[Appointment]):
    """Appointments; what they have taken goes with them."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, "appointments")

    def occupying(
        self, low: datetime, high: datetime, whose: Whose | None = None
    ) -> Sequence[Occupied]:
        """Give what of the appointments that start between two instants decides on free times."""
        inside = [one for one in self._draft.everything() if low <= one.starts_at < high]
        found = map(Occupied.of, sorted(inside, key=lambda one: (one.starts_at, one.id)))
        return [one for one in found if whose is None or whose.has(one)]

    def remove(self, ids: Collection[str]) -> None:
        """Forget appointments and their claims; unknown ids are ignored."""
        super().remove(ids)
        MemoryClaims(self._session).release([AppointmentId(one) for one in ids])
