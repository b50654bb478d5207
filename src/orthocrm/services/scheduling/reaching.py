"""Which appointments an actor reaches, and whose: everybody's, the own ones, or a patient's."""

from collections.abc import Sequence

from orthocrm.core.actor import Permission, Role, Scope
from orthocrm.core.appointment import Appointment, team_code
from orthocrm.core.errors import Forbidden, InvalidInput, LeadClosed, NotFound
from orthocrm.core.facts import APPOINTMENTS, LEADS
from orthocrm.core.ids import AppointmentId, LeadId
from orthocrm.core.lead import Lead, LeadStatus
from orthocrm.core.query import EVERYTHING, AnyOf, Cond, Where, predicate
from orthocrm.core.visit_type import VisitType
from orthocrm.services.work import Work

_PATIENT = frozenset({Role.PATIENT})
_OVER = (LeadStatus.LOST, LeadStatus.ARCHIVED)


def is_patient(work: Work) -> bool:
    """Whether the actor is a patient and nothing else."""
    return work.actor.roles == _PATIENT


def reaches_all(work: Work) -> bool:
    """Whether the permission in use extends to everybody's appointments."""
    return Scope.CLINIC in work.scopes(work.permission)


def reach(work: Work) -> Where:
    """Give the condition of the appointments to which the operation's permission extends.

    Own appointments are those in which one takes part or that one made; for a patient, those that
    are about them: the actor's user is the lead or the patient.
    """
    user = work.actor.user
    if reaches_all(work):
        return EVERYTHING
    if is_patient(work):
        return AnyOf((Cond("lead_id", "eq", user), Cond("patient_ref", "eq", user)))
    return AnyOf((taking_part(user), Cond("booked_by", "eq", user)))


def taking_part(user: str) -> Where:
    """Give the condition of the appointments in which somebody takes part, in charge or not."""
    return AnyOf((Cond("provider", "eq", user), Cond("team", "has", team_code(user))))


def appointment(work: Work, appointment_id: AppointmentId, *, lock: bool = False) -> Appointment:
    """Load an appointment within reach; its lead is locked before it, as everywhere."""
    if not isinstance(appointment_id, str):
        raise InvalidInput.at("appointment_id", "wrong_type", "give the id of an appointment")
    work.seek([appointment_id])
    within = predicate(reach(work), APPOINTMENTS)
    found = work.store.appointments.get([appointment_id]).get(appointment_id)
    if found is None or not within(found):
        raise NotFound("appointment")
    if not lock:
        return found
    if found.lead_id is not None:
        work.store.leads.get([found.lead_id], lock=True)
    held = work.store.appointments.get([appointment_id], lock=True).get(appointment_id)
    if held is None or not within(held):
        raise NotFound("appointment")
    work.ensure_expected(held, "appointment")
    return held


def subject(work: Work, lead_id: LeadId | None, patient_ref: str | None) -> Lead | None:
    """Load the lead that an appointment is for, under its lock; a patient is only named.

    Raises:
        NotFound: the lead, or the patient, is not within the actor's reach.
        LeadClosed: the lead is lost or archived.
    """
    if is_patient(work):
        if work.actor.user not in (lead_id, patient_ref):
            raise NotFound("lead" if lead_id else "patient")
        found = [] if lead_id is None else [*work.store.leads.get([lead_id], lock=True).values()]
        if lead_id is not None and (not found or found[0].stamps.deleted_at is not None):
            raise NotFound("lead")
        lead = found[0] if found else None
    else:
        lead = work.leads([lead_id])[0] if lead_id is not None else None
    if lead is not None and lead.status in _OVER:
        raise LeadClosed(lead.status)
    return lead


def ensure_known(work: Work, lead_id: LeadId) -> None:
    """Keep when a lead is busy from whoever may neither read it nor book for it.

    Raises:
        NotFound: the lead is not there, or not within the actor's reach.
    """
    work.seek([lead_id])
    may = [one for one in (Permission.LEAD_READ, Permission.APPOINTMENT_BOOK) if work.may(one)]
    found = work.store.leads.get([lead_id]).get(lead_id) if may else None
    if found is None or not any(predicate(work.reach(one), LEADS)(found) for one in may):
        raise NotFound("lead")


def ensure_no_team(work: Work, kind: VisitType) -> None:
    """Keep those who see only their own diary from taking the time of a whole team.

    Raises:
        Forbidden: somebody else takes part in each visit of this type.
    """
    is_team = kind.all_providers or bool(kind.groups)
    if is_team and not is_patient(work) and not reaches_all(work):
        raise Forbidden(work.operation, work.permission)


def ensure_may_invite(work: Work, patient_ref: str | None) -> None:
    """Keep those who see only their own diary from links that show a patient's whole one.

    Raises:
        Forbidden: a patient is the host application's, and nobody's own here.
    """
    if patient_ref is not None and not reaches_all(work):
        raise Forbidden(work.operation, work.permission)


def allow(work: Work, kind: VisitType, providers: Sequence[str]) -> None:
    """Hold patients to public types and to those of their link, and others to their own diary.

    Raises:
        InvalidInput: a patient asks for a type that is not theirs to book.
        Forbidden: somebody who reaches only the own appointments asks for somebody else's.
    """
    if reaches_all(work):
        return
    if not is_patient(work):
        if any(one != work.actor.user for one in providers):
            raise Forbidden(work.operation, work.permission)
        return
    link = work.actor.link
    if not kind.is_public or (link is not None and kind.slug not in link.types):
        message = "give one of the clinic's appointment types"
        raise InvalidInput.at("type", "unknown_value", message)
