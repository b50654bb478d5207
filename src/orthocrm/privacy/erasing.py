"""Erasing a person: what remains of the lead and of past visits, and what stands in the way.

Of the lead a tombstone without any personal field remains, so that what refers to it still leads
somewhere. Of visits that took place the practice keeps that somebody was there: who of its people
was busy, when, with what, for which price. Everything else goes.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from attrs import evolve

from orthocrm.core.appointment import Appointment, AppointmentStatus
from orthocrm.core.errors import RuleViolated
from orthocrm.core.ids import LeadId, UserId
from orthocrm.core.lead import Custom, Enquiry, Lead, Milestones, Origin, Ownership
from orthocrm.core.marketing import ReferrerKind, ReferrerRecord
from orthocrm.core.people import Contact, Patient

_S = AppointmentStatus
_OVER: Final = frozenset({_S.COMPLETED, _S.CANCELLED, _S.NO_SHOW, _S.DECLINED, _S.EXPIRED})


class VisitsAhead(RuleViolated):
    """A person who is expected is not erased: their appointments are cancelled first."""

    code = "visits_ahead"

    def __init__(self, count: int) -> None:
        self.count = count
        super().__init__(f"{count} of their appointments are ahead: cancel them first")


class LegalHold(RuleViolated):
    """A lead on legal hold is not erased until the hold is lifted."""

    code = "legal_hold"

    def __init__(self) -> None:
        super().__init__("the lead is on legal hold: lift it first")


def ensure_erasable(
    lead_id: LeadId, appointments: Iterable[Appointment], held: Iterable[LeadId], now: datetime
) -> None:
    """Raise `LegalHold` or `VisitsAhead` when the person must stay for now."""
    if lead_id in held:
        raise LegalHold
    ahead = sum(is_ahead(one, now) for one in appointments)
    if ahead:
        raise VisitsAhead(ahead)


def is_ahead(appointment: Appointment, now: datetime) -> bool:
    """Whether an appointment is still expected, or going on."""
    return appointment.status not in _OVER and appointment.ends_at > now


def tombstone(lead: Lead, now: datetime, by: UserId) -> Lead:
    """Give what remains of a lead: identity, stage, channel and source."""
    origin = lead.origin
    return evolve(
        lead,
        patient=Patient(first_name="", last_name=""),
        contact=Contact(first_name="", last_name=""),
        origin=Origin(channel=origin.channel, source_id=origin.source_id),
        enquiry=Enquiry(),
        stamps=evolve(lead.stamps, updated_at=now, updated_by=by, deleted_at=now),
        ownership=Ownership(),
        milestones=Milestones(),
        loss=None,
        conversion=None,
        recall_due_on=None,
        objection=None,
        tags=(),
        custom=Custom(),
        merged_into=None,
        former_refs=(),
        keys=(),
    )


def blanked(appointment: Appointment, now: datetime) -> Appointment:
    """Give what remains of a visit that is over: the practice's own time."""
    return evolve(
        appointment,
        patient_ref=None,
        reason=None,
        notes=None,
        meeting_link=None,
        answers={},
        booked_by=None,
        held_by=None,
        uid=None,
        updated_at=now,
    )


def is_the_person(record: ReferrerRecord, lead: Lead) -> bool:
    """Whether a patient who refers families is the person of a lead.

    By the reference, or by name together with a number or an address.
    """
    if record.kind is not ReferrerKind.PATIENT:
        return False
    refs = {lead.id, lead.conversion.patient_ref if lead.conversion else None}
    if record.ref in refs:
        return True
    contact = lead.contact
    names = {
        _folded(f"{person.first_name} {person.last_name}") for person in (contact, lead.patient)
    }
    reached = {phone.number for phone in (contact.phone, contact.phone_alt) if phone}
    mail = {contact.email.address, contact.email.typed} if contact.email else set()
    same = record.phone in reached or record.email in mail
    return same and _folded(record.name) in names


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())
