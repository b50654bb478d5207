"""What somebody asks to have booked, read strictly, and the appointment that comes of it.

Whether the time is free is not decided here: one search decides about offers and bookings alike
(`orthocrm.scheduling.choosing`).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from attrs import evolve, field, frozen

from orthocrm.core import limits
from orthocrm.core.appointment import Appointment, AppointmentStatus, offset_at
from orthocrm.core.claims import Claim
from orthocrm.core.ids import AppointmentId, ClinicId, LeadId, SeriesId, UserId
from orthocrm.core.masking import PERSONAL, mask
from orthocrm.core.ports import IdSource
from orthocrm.core.reading import Reading
from orthocrm.core.values import NO_VALUES, kept
from orthocrm.core.visit_type import VisitType
from orthocrm.scheduling.reading import EARLIEST, LATEST

SHORTEST: Final = timedelta(minutes=5)
LONGEST: Final = timedelta(minutes=480)
"""Bounds of the source document's `duration` (S2-29)."""

LINK: Final = 2000
_MINUTE: Final = timedelta(minutes=1)


@frozen(kw_only=True)
class NewAppointment:
    """What somebody wants to have booked: raw values, checked by `read`.

    Exactly one of `lead_id` and `patient_ref` says for whom. Without `provider` one who is free
    is chosen. `answers` belong to the questions of the type. `meeting_link` is an https address.
    `key` makes a repeated request have one effect. With `is_manual` staff enter what was agreed
    on otherwise: outside of hours, at any minute, for `length`, and in the past.
    """

    type: str
    starts_at: datetime
    lead_id: LeadId | None = None
    patient_ref: str | None = None
    provider: UserId | None = None
    reason: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    notes: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    meeting_link: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    answers: Mapping[str, str] = field(default=NO_VALUES, repr=mask, metadata=PERSONAL)
    is_manual: bool = False
    length: timedelta | None = None
    key: str | None = None


@frozen(kw_only=True)
class AppointmentEdit:
    """What may be written to an appointment besides its time; None leaves a field as it is.

    An empty text clears it.
    """

    reason: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    notes: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    meeting_link: str | None = field(default=None, repr=mask, metadata=PERSONAL)


def _kept(answers: Mapping[str, str]) -> Mapping[str, str]:
    return kept(answers)


@frozen(kw_only=True)
class Wanted:
    """What was asked for, in order."""

    type: VisitType
    starts_at: datetime
    length: timedelta
    lead_id: LeadId | None = None
    patient_ref: str | None = None
    provider: UserId | None = None
    reason: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    notes: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    meeting_link: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    answers: Mapping[str, str] = field(
        default=NO_VALUES, converter=_kept, repr=mask, metadata=PERSONAL
    )
    is_manual: bool = False

    @property
    def ends_at(self) -> datetime:
        """The first instant after it."""
        return self.starts_at + self.length


@frozen(kw_only=True)
class Taken:
    """Who takes part and what is taken: the first of `providers` is in charge."""

    providers: tuple[UserId, ...]
    resources: tuple[str, ...] = ()
    zone: str = "UTC"


def visit_type_of(reading: Reading, types: Sequence[VisitType], slug: object) -> VisitType | None:
    """Find an active type by its slug."""
    found = next((one for one in types if one.slug == slug and one.is_active), None)
    if found is None:
        reading.refuse("type", "unknown_value", "give one of the clinic's appointment types")
    return found


def read(new: NewAppointment, types: Sequence[VisitType]) -> Wanted:
    """Check a request; names every field that is wrong.

    Raises:
        InvalidInput: the type is unknown, the start is no aware whole minute, there is not exactly
            one of lead and patient, a required question has no answer, or a value cannot be read.
    """
    reading = Reading()
    kind = visit_type_of(reading, types, new.type)
    starts_at = minute(reading, "starts_at", new.starts_at)
    reading.required("starts_at", starts_at)
    lead_id, patient_ref = subject(reading, new.lead_id, new.patient_ref)
    provider = reading.text("provider", new.provider, limits.REFERENCE)
    reason, notes = reading.prose("reason", new.reason), reading.prose("notes", new.notes)
    link = https(reading, "meeting_link", new.meeting_link)
    manual = reading.flag("is_manual", new.is_manual) or False
    length = _length(reading, new.length, manual=manual)
    answers = _answers(reading, new.answers, kind)
    reading.finish()
    if kind is None or starts_at is None:  # pragma: no cover - `finish` has refused these
        raise AssertionError
    return Wanted(
        type=kind,
        starts_at=starts_at,
        length=length or kind.duration,
        lead_id=lead_id,
        patient_ref=patient_ref,
        provider=None if provider is None else UserId(provider),
        reason=reason,
        notes=notes,
        meeting_link=link,
        answers=answers,
        is_manual=manual,
    )


def subject(
    reading: Reading, lead_id: object, patient_ref: object
) -> tuple[LeadId | None, str | None]:
    """Read for whom something is: exactly one of a lead and a patient (S2-08)."""
    lead = reading.text("lead_id", lead_id, limits.REFERENCE)
    patient = reading.text("patient_ref", patient_ref, limits.REFERENCE)
    if (lead is None) == (patient is None) and not reading.refused("lead_id"):
        reading.refuse("lead_id", "lead_or_patient", "give either a lead or a patient")
    return None if lead is None else LeadId(lead), patient


def minute(reading: Reading, path: str, raw: object) -> datetime | None:
    """Read an aware instant of whole minutes."""
    at = reading.moment(path, raw)
    if at is not None and (at.second or at.microsecond):
        reading.refuse(path, "not_whole_minutes", "give whole minutes")
        return None
    if at is not None and not EARLIEST <= at <= LATEST - LONGEST:
        reading.refuse(path, "out_of_range", "give an instant between 1900 and 2199")
        return None
    return at


def https(reading: Reading, path: str, raw: object) -> str | None:
    """Read the address of a meeting: https, a host, nobody's password in it (S2-28)."""
    text = reading.text(path, raw, LINK)
    if text is None:
        return None
    try:
        parts = urlsplit(text)
        host, user = parts.hostname, parts.username
    except ValueError:
        host, user, parts = None, None, urlsplit("")
    if parts.scheme != "https" or not host or user is not None or any(c.isspace() for c in text):
        reading.refuse(path, "not_https", "give an address that begins with https://")
        return None
    return text


def _length(reading: Reading, raw: object, *, manual: bool) -> timedelta | None:
    found = length_of(reading, raw)
    if found is not None and not manual:
        reading.refuse("length", "not_by_hand", "only what staff enter by hand has its own length")
    return found


def length_of(reading: Reading, raw: object) -> timedelta | None:
    """Read how long an appointment takes."""
    if raw is None:
        return None
    if not isinstance(raw, timedelta):
        reading.refuse("length", "wrong_type", "give a timedelta")
    elif not SHORTEST <= raw <= LONGEST or raw % _MINUTE:
        reading.refuse("length", "out_of_range", "give 5 to 480 whole minutes")
    else:
        return raw
    return None


def _answers(reading: Reading, raw: object, kind: VisitType | None) -> Mapping[str, str]:
    questions = {} if kind is None else {one.name: one for one in kind.questions}
    if not isinstance(raw, Mapping):
        reading.refuse("answers", "wrong_type", "give answers by the names of questions")
        return NO_VALUES
    if kind is not None and not questions.keys() >= raw.keys():
        reading.refuse("answers", "unknown_field", "answer questions of the type")
        return NO_VALUES
    found = {name: reading.prose(f"answers.{name}", raw.get(name)) for name in questions}
    for name, question in questions.items():
        if question.is_required:
            reading.required(f"answers.{name}", found[name])
    return {name: text for name, text in found.items() if text is not None}


def appointment(
    wanted: Wanted,
    taken: Taken,
    status: AppointmentStatus,
    *,
    clinic: ClinicId,
    now: datetime,
    by: UserId,
    ids: IdSource,
    series: SeriesId | None = None,
) -> Appointment:
    """Make the appointment; a hold lasts as long as its type says."""
    kind, new = wanted.type, AppointmentId(ids())
    return Appointment(
        id=new,
        clinic_id=clinic,
        provider=taken.providers[0],
        providers=taken.providers,
        resources=taken.resources,
        type=kind.slug,
        starts_at=wanted.starts_at,
        length=wanted.length,
        timezone=taken.zone,
        status=status,
        created_at=now,
        updated_at=now,
        lead_id=wanted.lead_id,
        patient_ref=wanted.patient_ref,
        reason=wanted.reason,
        notes=wanted.notes,
        meeting_link=wanted.meeting_link,
        answers=wanted.answers,
        expires_at=now + kind.hold if status is AppointmentStatus.HELD else None,
        buffer_before=kind.buffer_before,
        buffer_after=kind.buffer_after,
        capacity=kind.capacity,
        series_id=series,
        price=kind.price,
        booked_by=by,
        uid=f"{new}@{clinic}",
    )


def rescheduled(present: Appointment, wanted: Wanted, taken: Taken) -> Appointment:
    """Give an appointment the time and the people of a wish; what it is about stays."""
    return evolve(
        present,
        provider=taken.providers[0],
        providers=taken.providers,
        resources=taken.resources,
        starts_at=wanted.starts_at,
        length=wanted.length,
        timezone=taken.zone,
        utc_offset=offset_at(wanted.starts_at, taken.zone),
        buffer_before=wanted.type.buffer_before,
        buffer_after=wanted.type.buffer_after,
        capacity=wanted.type.capacity,
    )


def edited(present: Appointment, edit: AppointmentEdit, *, now: datetime) -> Appointment:
    """Write notes, the reason and the meeting's address; names every field that is wrong."""
    reading = Reading()
    reason, notes = reading.prose("reason", edit.reason), reading.prose("notes", edit.notes)
    link = https(reading, "meeting_link", edit.meeting_link)
    reading.finish()
    return evolve(
        present,
        updated_at=now,
        reason=present.reason if edit.reason is None else reason,
        notes=present.notes if edit.notes is None else notes,
        meeting_link=present.meeting_link if edit.meeting_link is None else link,
    )


def claims_of(appointment: Appointment) -> list[Claim]:
    """Give the time that an appointment takes: of people and things with its buffers (R11, R18).

    The patient cannot be in two places either, and is claimed for the event itself (R19).
    """
    opens = appointment.starts_at - appointment.buffer_before
    closes = appointment.ends_at + appointment.buffer_after
    names = [f"user/{one}" for one in appointment.providers]
    names += [f"thing/{one}" for one in appointment.resources]
    person = (
        f"patient/{appointment.patient_ref}"
        if appointment.lead_id is None
        else f"lead/{appointment.lead_id}"
    )
    whole = [
        Claim(resource=name, starts_at=opens, ends_at=closes, capacity=appointment.capacity)
        for name in names
    ]
    event = Claim(resource=person, starts_at=appointment.starts_at, ends_at=appointment.ends_at)
    return [*whole, event]
