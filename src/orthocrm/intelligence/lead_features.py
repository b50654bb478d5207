"""What is known of a lead at an instant, as a row to learn from; nothing of it is personal.

Coded fields, the clinic's own fields and counts are taken as they are, texts only as their length
(decision C-58), birth dates only as an age. What is written after the outcome, or because of it, is
declared here and never taken: status, loss, conversion, tags, objections, and who was in charge.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zlib import crc32

from attrs import field, frozen

from orthocrm.core.activity import ActivityDirection, CallOutcome, LeadActivityType
from orthocrm.core.custom_fields import FieldKind
from orthocrm.core.facts import ACTIVITIES
from orthocrm.core.ids import StageSlug
from orthocrm.core.lead import Lead
from orthocrm.core.query import AnyOf, Calculation, Cond, Measure, Where, both, predicate
from orthocrm.core.settings import Practice
from orthocrm.core.time import zone

_T = LeadActivityType
_OUTBOUND = Cond("direction", "eq", ActivityDirection.OUTBOUND)
_INBOUND = Cond("direction", "eq", ActivityDirection.INBOUND)
_SPOKE = Cond("call_outcome", "eq", CallOutcome.SPOKE)
_REACHING = Cond("type", "in", (_T.PHONE_CALL, _T.EMAIL, _T.SMS))
_IN_PERSON = Cond("type", "in", (_T.IN_PERSON, _T.CONSULTATION_COMPLETED))

COUNTED: Mapping[str, Where] = {
    "attempts": both(_REACHING, _OUTBOUND),
    "answers": AnyOf((_SPOKE, _INBOUND)),
    "meetings": _IN_PERSON,
    "documents": Cond("type", "eq", _T.DOCUMENT_SENT),
}
"""What is counted of a lead's timeline: the same condition asks a database and reads a row."""

CONTACTS = AnyOf((_REACHING, _IN_PERSON))

MEASURES = (
    *(Measure(name, where=where) for name, where in COUNTED.items()),
    Measure("last_at", Calculation.MAX, "occurred_at", CONTACTS),
)

LANDMARKS = tuple(timedelta(days=days) for days in (0, 2, 7, 21, 60))
"""Ages at which a lead of the past is looked at, as long as nothing was decided.

So that a model which scores leads of every age has learnt from leads of every age (landmarking,
van Houwelingen 2007).
"""

_DAY = 86_400.0
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@frozen(kw_only=True)
class Happening:
    """One entry of a timeline, without its texts; named as the fields of an activity."""

    id: str = ""
    type: LeadActivityType
    occurred_at: datetime
    direction: ActivityDirection | None = None
    call_outcome: CallOutcome | None = None


@frozen(kw_only=True)
class Behaviour:
    """What has happened between a practice and a family up to an instant."""

    attempts: int = 0
    answers: int = 0
    meetings: int = 0
    documents: int = 0
    last_at: datetime | None = None


@frozen(kw_only=True)
class Standing:
    """The stage that a lead held at an instant, and since when."""

    stage: StageSlug
    entered_at: datetime


@frozen(kw_only=True)
class Past:
    """A lead of which the outcome is known, with its timeline, its stages and its edits.

    `edited` tells when a field was first changed after the lead was captured.
    """

    lead: Lead
    decided_at: datetime
    converted: bool
    happenings: Sequence[Happening] = ()
    stages: Sequence[Standing] = ()
    edited: Mapping[str, datetime] = field(factory=dict)


def behaviour(happenings: Sequence[Happening], until: datetime) -> Behaviour:
    """Count what had happened by an instant."""
    known = [each for each in happenings if each.occurred_at <= until]
    counts = {name: sum(map(keep, known)) for name, keep in _KEEPS.items()}
    last = max((each.occurred_at for each in known if _IS_CONTACT(each)), default=None)
    return Behaviour(**counts, last_at=last)


_KEEPS: Mapping[str, Callable[[Any], bool]] = {
    name: predicate(where, ACTIVITIES) for name, where in COUNTED.items()
}
_IS_CONTACT = predicate(CONTACTS, ACTIVITIES)


def lead_row(
    lead: Lead, at: datetime, practice: Practice, known: Behaviour, standing: Standing
) -> dict[str, object]:
    """Say what was known of a lead at an instant: at its capture, and of what happened since."""
    return {**captured(lead, practice), **since_capture(lead, at, known, standing)}


def captured(lead: Lead, practice: Practice) -> dict[str, object]:
    """Say what was known of a lead when it came in."""
    source = practice.source_by_id.get(lead.origin.source_id) if lead.origin.source_id else None
    local = lead.stamps.created_at.astimezone(zone(practice.clinic.timezone))
    interests = lead.enquiry.interests
    row: dict[str, object] = {
        "source": None if source is None else source.name,
        "category": None if source is None else source.category.value,
        "channel": lead.origin.channel.value,
        "campaign": lead.origin.campaign,
        "referred": _referred(lead),
        "interest": interests[0].value if interests else None,
        "interests": len(interests),
        "relationship": lead.patient.relationship.value,
        "age": _age(lead, local.date()),
        "preferred": lead.contact.preferred.value,
        "email": lead.contact.email is not None,
        "phone": lead.contact.phone is not None,
        "second_phone": lead.contact.phone_alt is not None,
        "address": lead.contact.address.line1 is not None,
        "state": lead.contact.address.state,
        "insurance": lead.enquiry.insurance.carrier is not None,
        "notes_length": len(lead.enquiry.notes or ""),
        "no_contact": lead.enquiry.no_contact,
        "hour": local.hour,
        "weekday": WEEKDAYS[local.weekday()],
    }
    row.update(_own_fields(lead, practice, local.date()))
    return row


def since_capture(
    lead: Lead, at: datetime, known: Behaviour, standing: Standing
) -> dict[str, object]:
    """Say what had happened to a lead by an instant."""
    created = lead.stamps.created_at
    return {
        "stage": standing.stage,
        "days_in_stage": _days(standing.entered_at, at),
        "days_old": _days(created, at),
        "days_silent": _days(known.last_at or created, at),
        "attempts": known.attempts,
        "answers": known.answers,
        "meetings": known.meetings,
        "documents": known.documents,
    }


def _days(since: datetime, until: datetime) -> float:
    return max((until - since).total_seconds(), 0.0) / _DAY


def _referred(lead: Lead) -> str:
    if lead.origin.referring_provider_ref is not None:
        return "by a doctor"
    return "by a patient" if lead.origin.referring_patient_ref is not None else "by nobody"


def _age(lead: Lead, day: date) -> int | None:
    """Give whole years: by the birth date, or by what was said."""
    born = lead.patient.born_on
    if born is None:
        return lead.patient.age_years
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _own_fields(lead: Lead, practice: Practice, day: date) -> dict[str, object]:
    """Take the clinic's own fields that are not personal; a date as its distance in days."""
    row: dict[str, object] = {}
    for own in practice.clinic.settings.custom_fields:
        if own.is_encrypted or not own.is_active:
            continue
        value = lead.custom.shown.get(own.name)
        if own.kind is FieldKind.DATE and isinstance(value, date):
            value = (value - day).days
        row[f"custom.{own.name}"] = value
    return row


EDITS: Mapping[str, tuple[str, ...]] = {
    "source": ("source", "category"),
    "campaign": ("campaign",),
    "referring_provider": ("referred",),
    "referring_patient": ("referred",),
    "interests": ("interest", "interests"),
    "relationship": ("relationship",),
    "patient_born_on": ("age",),
    "patient_age": ("age",),
    "preferred_contact": ("preferred",),
    "email": ("email",),
    "phone": ("phone",),
    "phone_alt": ("second_phone",),
    "address_line1": ("address",),
    "state": ("state",),
    "insurance_carrier": ("insurance",),
    "notes": ("notes_length",),
    "no_contact": ("no_contact",),
}
"""Which columns an edit of a field touches; a field of the clinic's own touches its own."""


def edited_columns(name: str) -> tuple[str, ...]:
    """Name the columns that an edit of a field touches."""
    return (name,) if name.startswith("custom.") else EDITS.get(name, ())


def snapshot(past: Past, practice: Practice) -> dict[str, object] | None:
    """Look at a lead of the past at one landmark before its outcome; None when there is none.

    Which one is decided by its id, so that each lead teaches once, and all ages are there. What was
    edited later than the landmark was something else then, and nobody knows what: it is missing.
    Beside the columns there are `@lead`, `@at` and `@converted`.
    """
    created = past.lead.stamps.created_at
    reached = [created + age for age in LANDMARKS if created + age < past.decided_at]
    if not reached:
        return None
    at = reached[crc32(past.lead.id.encode()) % len(reached)]
    row = captured(past.lead, practice)
    for name, when in past.edited.items():
        if when > at:
            row.update(dict.fromkeys(edited_columns(name)))
    known = behaviour(past.happenings, at)
    row.update(since_capture(past.lead, at, known, _standing(past, at)))
    return {**row, "@lead": past.lead.id, "@at": created, "@converted": past.converted}


def _standing(past: Past, at: datetime) -> Standing:
    held = [each for each in past.stages if each.entered_at <= at]
    if held:
        return max(held, key=lambda each: each.entered_at)
    lead = past.lead
    return Standing(stage=StageSlug(""), entered_at=lead.stamps.created_at)


FILLED_LATER_SHARE = 0.1


def filled_later(pasts: Sequence[Past]) -> tuple[str, ...]:
    """Name the columns that staff filled in after the capture of more than a tenth of the leads.

    Whether such a field is known says how far a lead has come: it is written because of the
    outcome, or on the way to it.
    """
    counts: dict[str, int] = {}
    for past in pasts:
        for column in {each for name in past.edited for each in edited_columns(name)}:
            counts[column] = counts.get(column, 0) + 1
    most = FILLED_LATER_SHARE * len(pasts)
    return tuple(sorted(column for column, count in counts.items() if count > most))
