"""Schedules, slots and appointments as FHIR R4 resources: dictionaries that JSON can hold.

People and chairs are named by logical references (an identifier in the practice's own system),
since their resources are somebody else's. Nothing of health leaves: no reason, no notes, no
answers, no name.

Source: https://hl7.org/fhir/R4/appointment.html, slot.html, schedule.html.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from attrs import frozen

from orthocrm.core.appointment import Appointment, AppointmentStatus, TimeOff
from orthocrm.core.schedule import Schedule
from orthocrm.core.values import NO_VALUES

Resource = dict[str, Any]
"""A resource of FHIR R4 as JSON has it."""

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_S = AppointmentStatus

APPOINTMENT_STATUS: Final[Mapping[AppointmentStatus, str]] = {
    _S.HELD: "proposed",
    _S.REQUESTED: "pending",
    _S.BOOKED: "booked",
    _S.CONFIRMED: "booked",
    _S.ARRIVED: "arrived",
    _S.IN_PROGRESS: "checked-in",
    _S.COMPLETED: "fulfilled",
    _S.CANCELLED: "cancelled",
    _S.DECLINED: "cancelled",
    _S.EXPIRED: "cancelled",
    _S.NO_SHOW: "noshow",
}
"""Appointment.status of each of ours; `booked` and `confirmed` differ in the patient's answer."""

SLOT_STATUS: Final[Mapping[AppointmentStatus, str]] = {
    _S.HELD: "busy-tentative",
    _S.REQUESTED: "busy-tentative",
    _S.BOOKED: "busy",
    _S.CONFIRMED: "busy",
    _S.ARRIVED: "busy",
    _S.IN_PROGRESS: "busy",
    _S.COMPLETED: "busy",
}
"""Slot.status of the time that an appointment takes; in any other state it takes none."""

_PATIENTS_ANSWER: Final[Mapping[AppointmentStatus, str]] = {
    _S.HELD: "needs-action",
    _S.REQUESTED: "accepted",
    _S.BOOKED: "needs-action",
    _S.CANCELLED: "declined",
    _S.DECLINED: "accepted",
    _S.EXPIRED: "declined",
}
_PROVIDERS_ANSWER: Final[Mapping[AppointmentStatus, str]] = {
    _S.HELD: "tentative",
    _S.REQUESTED: "needs-action",
    _S.DECLINED: "declined",
}
_ACCEPTED: Final = "accepted"
_REASONED: Final = frozenset({"cancelled", "noshow"})


@frozen(kw_only=True)
class Names:
    """How the practice is named elsewhere.

    Args:
        system: The URI under which our identifiers are unique, such as `https://bright.example`;
            `/user`, `/lead`, `/patient`, `/resource`, `/type` and `/schedule` are added.
        types: The names of appointment types by slug.
    """

    system: str
    types: Mapping[str, str] = NO_VALUES

    def of(self, kind: str, value: str) -> Resource:
        """Give an identifier."""
        return {"system": f"{self.system.rstrip('/')}/{kind}", "value": value}


def schedule(one: Schedule, names: Names, start: datetime, end: datetime) -> Resource:
    """Give a Schedule: whose it is, whether it is in use, and for which time slots are told."""
    return {
        "resourceType": "Schedule",
        "id": identity(one.id),
        "identifier": [names.of("schedule", one.id)],
        "active": one.is_active and not one.is_template,
        "actor": [_actor("Practitioner", names.of("user", one.id))],
        "planningHorizon": {"start": _instant(start), "end": _instant(end)},
    }


def free_slot(
    owner: str, visit_type: str, start: datetime, end: datetime, names: Names
) -> Resource:
    """Give a Slot that somebody can book for an appointment of a type."""
    return {**_slot(owner, start, end, "free"), "serviceType": [_service(visit_type, names)]}


def busy_slots(appointments: Iterable[Appointment], absences: Iterable[TimeOff]) -> list[Resource]:
    """Give the Slots of each provider that are taken: appointments, and absences as unavailable."""
    taken = [
        _slot(owner, one.starts_at, one.ends_at, SLOT_STATUS[one.status])
        for one in appointments
        if one.status in SLOT_STATUS
        for owner in one.providers
    ]
    away = [_slot(one.user, one.starts_at, one.ends_at, "busy-unavailable") for one in absences]
    return [*taken, *away]


def appointment(one: Appointment, names: Names) -> Resource:
    """Give an Appointment with everybody and everything that takes part."""
    status = APPOINTMENT_STATUS[one.status]
    found: Resource = {
        "resourceType": "Appointment",
        "id": identity(one.id),
        "identifier": [{"value": one.uid or one.id}],
        "status": status,
        "serviceType": [_service(one.type, names)],
        "start": _instant(one.starts_at),
        "end": _instant(one.ends_at),
        "minutesDuration": max(1, int(one.length.total_seconds()) // 60),
        "created": _instant(one.created_at),
        "participant": [*_people(one, names), *_things(one, names)],
    }
    if one.cancelled_because and status in _REASONED:
        found["cancelationReason"] = {"text": one.cancelled_because}
    return found


def bundle(resources: Iterable[Resource]) -> Resource:
    """Give a Bundle of type `collection`."""
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": one} for one in resources],
    }


def identity(text: str) -> str:
    """Give a logical id: the text itself where FHIR allows it, else a digest of it."""
    if _ID.fullmatch(text):
        return text
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _slot(owner: str, start: datetime, end: datetime, status: str) -> Resource:
    return {
        "resourceType": "Slot",
        "id": identity(f"{owner}/{_instant(start)}/{_instant(end)}/{status}"),
        "schedule": {"reference": f"Schedule/{identity(owner)}"},
        "status": status,
        "start": _instant(start),
        "end": _instant(end),
    }


def _people(one: Appointment, names: Names) -> list[Resource]:
    answer = _PROVIDERS_ANSWER.get(one.status, _ACCEPTED)
    found = [
        _participant(_actor("Practitioner", names.of("user", user)), answer)
        for user in one.providers
    ]
    kind, value = ("lead", one.lead_id) if one.lead_id else ("patient", one.patient_ref)
    if value:
        theirs = _PATIENTS_ANSWER.get(one.status, _ACCEPTED)
        found.append(_participant(_actor("Patient", names.of(kind, value)), theirs))
    return found


def _things(one: Appointment, names: Names) -> list[Resource]:
    return [
        _participant(_actor("Location", names.of("resource", thing)), _ACCEPTED)
        for thing in one.resources
    ]


def _participant(actor: Resource, answer: str) -> Resource:
    return {"actor": actor, "required": "required", "status": answer}


def _actor(kind: str, identifier: Resource) -> Resource:
    return {"type": kind, "identifier": identifier}


def _service(slug: str, names: Names) -> Resource:
    coded = names.of("type", slug)
    name = names.types.get(slug, slug)
    coding = {"system": coded["system"], "code": slug, "display": name}
    return {"coding": [coding], "text": name}


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
