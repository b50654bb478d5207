"""`/api/appointments`: free times, bookings, and what becomes of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from orthocrm.core.appointment import Appointment
from orthocrm.core.errors import InvalidInput
from orthocrm.core.ids import AppointmentId, LeadId, UserId
from orthocrm.desk import Desk
from orthocrm.scheduling.booking import LONGEST, SHORTEST, AppointmentEdit, NewAppointment
from orthocrm.scheduling.refusals import Refusal
from orthocrm.scheduling.slots import Slot
from orthocrm.services.scheduling.booking import Booked
from orthocrm.services.scheduling.searching import Search
from orthocrm.web.declaring import download, function, verb

MOST_SLOTS = 1_000

LENGTHS = range(SHORTEST // timedelta(minutes=1), LONGEST // timedelta(minutes=1) + 1)
"""The minutes that a visit may take."""


class Change(StrEnum):
    """What an appointment may be told to become; each goes through its own operation."""

    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    COMPLETED = "completed"
    ARRIVED = "arrived"
    IN_PROGRESS = "in_progress"
    NO_SHOW = "no_show"


def availability(  # noqa: PLR0913 - each narrows the search
    desk: Desk,
    *,
    appointment_type: str = "consultation",
    starts_from: datetime | None = None,
    starts_before: datetime | None = None,
    provider_id: Sequence[str] = (),
    lead_id: LeadId | None = None,
    patient_id: str | None = None,
    exclude: AppointmentId | None = None,
    timezone: str | None = None,
    limit: int = 200,
) -> Sequence[Slot]:
    """List free times, the earliest first; a booking decides anew whether its time is free.

    With `exclude` those to which that appointment may be moved.
    """
    if not 1 <= limit <= MOST_SLOTS:
        raise InvalidInput.at("limit", "out_of_range", f"give 1 to {MOST_SLOTS}")
    return desk.scheduling.glance(
        Search(
            type=appointment_type,
            from_=starts_from,
            to=starts_before,
            providers=tuple(provider_id),
            lead_id=lead_id,
            patient_ref=patient_id,
            exclude=exclude,
            zone=timezone,
            limit=limit,
        )
    )


def next_available(
    desk: Desk, *, appointment_type: str = "consultation", provider_id: Sequence[str] = ()
) -> Slot | None:
    """Give the first free time."""
    search = Search(type=appointment_type, providers=tuple(provider_id))
    return desk.scheduling.next_available(search)


def explain(
    desk: Desk,
    *,
    start: datetime,
    appointment_type: str = "consultation",
    provider_id: Sequence[str] = (),
) -> Refusal | None:
    """Say why a start is not offered; null where it is."""
    search = Search(type=appointment_type, providers=tuple(provider_id))
    return desk.scheduling.explain(search, start)


def book(  # noqa: PLR0913 - what a booking consists of
    desk: Desk,
    *,
    appointment_type: str,
    scheduled_date: datetime,
    lead_id: LeadId | None = None,
    patient_id: str | None = None,
    provider_id: UserId | None = None,
    reason: str | None = None,
    notes: str | None = None,
    meeting_link: str | None = None,
    answers: Mapping[str, str] | None = None,
    is_manual: bool = False,
    duration: int | None = None,
    key: str | None = None,
) -> Booked:
    """Book a time for a lead or a patient; without a provider one who is free is chosen.

    With `is_manual` staff enter what was agreed on otherwise, for so many minutes.
    """
    return desk.scheduling.book(
        NewAppointment(
            type=appointment_type,
            starts_at=scheduled_date,
            lead_id=lead_id,
            patient_ref=patient_id,
            provider=provider_id,
            reason=reason,
            notes=notes,
            meeting_link=meeting_link,
            answers=answers or {},
            is_manual=is_manual,
            length=_length(duration, is_manual=is_manual),
            key=key,
        )
    )


def _length(minutes: int | None, *, is_manual: bool) -> timedelta | None:
    """Read the length of what is entered by hand; every other visit is as long as its type."""
    if minutes is None:
        return None
    if not is_manual:
        message = "only what staff enter by hand has its own length"
        raise InvalidInput.at("duration", "not_by_hand", message)
    if minutes not in LENGTHS:
        raise InvalidInput.at("duration", "out_of_range", "give 5 to 480 whole minutes")
    return timedelta(minutes=minutes)


def update(  # noqa: PLR0913 - what may be changed
    desk: Desk,
    appointment_id: AppointmentId,
    *,
    scheduled_date: datetime | None = None,
    provider_id: str | None = None,
    is_manual: bool = False,
    status: Change | None = None,
    because: str | None = None,
    reason: str | None = None,
    notes: str | None = None,
    meeting_link: str | None = None,
) -> Appointment:
    """Move an appointment, change its status, or write to it: one of them at a time.

    It is moved to another time, to another provider, or to both. Each asks for the right of its
    own operation.
    """
    written = [text for text in (reason, notes, meeting_link) if text is not None]
    moves = scheduled_date is not None or provider_id is not None
    if sum((moves, status is not None, bool(written))) > 1:
        raise InvalidInput.at("body", "too_much", "change time, status or texts, one at a time")
    verbs = desk.scheduling
    if moves:
        at = scheduled_date or verbs.appointment(appointment_id).starts_at
        return verbs.reschedule(appointment_id, at, provider_id, is_manual=is_manual).appointment
    if status is not None:
        return _changed(desk, appointment_id, status, because).appointment
    edit = AppointmentEdit(reason=reason, notes=notes, meeting_link=meeting_link)
    return verbs.edit(appointment_id, edit)


def _changed(
    desk: Desk, appointment_id: AppointmentId, status: Change, because: str | None
) -> Booked:
    verbs = desk.scheduling
    if status is Change.CANCELLED:
        return verbs.cancel(appointment_id, because)
    act = {
        Change.CONFIRMED: verbs.confirm,
        Change.COMPLETED: verbs.complete,
        Change.ARRIVED: verbs.arrive,
        Change.IN_PROGRESS: verbs.start,
        Change.NO_SHOW: verbs.no_show,
    }[status]
    return act(appointment_id)


def calendar(desk: Desk, appointment_id: AppointmentId) -> str:
    """Give the appointment as an iCalendar invitation."""
    return desk.scheduling.invite(appointment_id).text


def fhir(
    desk: Desk,
    provider: str,
    *,
    starts_from: datetime,
    starts_before: datetime,
    appointment_type: str | None = None,
) -> Mapping[str, Any]:
    """Give a provider's schedule, slots and appointments as a FHIR R4 bundle."""
    return desk.scheduling.fhir(provider, starts_from, starts_before, appointment_type)


ENDPOINTS = (
    function("GET", "/api/appointments/availability", "scheduling.glance", availability),
    function(
        "GET", "/api/appointments/next-available", "scheduling.next_available", next_available
    ),
    function("GET", "/api/appointments/explain", "scheduling.explain", explain),
    function("POST", "/api/appointments", "scheduling.book", book, 201),
    verb("POST", "/api/appointments/hold", "scheduling.hold", 201),
    verb("POST", "/api/appointments/request", "scheduling.request", 201),
    verb("POST", "/api/appointments/series", "scheduling.book_series", 201),
    verb("POST", "/api/appointments/series/{series_id}/cancel", "scheduling.cancel_series"),
    verb("POST", "/api/appointments/past", "scheduling.record_past"),
    verb("GET", "/api/appointments/history", "scheduling.history"),
    verb("GET", "/api/appointments/day", "scheduling.day"),
    verb("GET", "/api/appointments/week", "scheduling.week"),
    verb("GET", "/api/appointments/utilisation", "scheduling.utilisation"),
    verb("GET", "/api/appointments/{appointment_id}", "scheduling.appointment"),
    function("PUT", "/api/appointments/{appointment_id}", "scheduling.edit", update),
    verb("POST", "/api/appointments/{appointment_id}/confirm", "scheduling.confirm"),
    verb("POST", "/api/appointments/{appointment_id}/reschedule", "scheduling.reschedule"),
    verb("POST", "/api/appointments/{appointment_id}/cancel", "scheduling.cancel"),
    verb("POST", "/api/appointments/{appointment_id}/accept", "scheduling.accept"),
    verb("POST", "/api/appointments/{appointment_id}/decline", "scheduling.decline"),
    verb("POST", "/api/appointments/{appointment_id}/arrive", "scheduling.arrive"),
    verb("POST", "/api/appointments/{appointment_id}/start", "scheduling.start"),
    verb("POST", "/api/appointments/{appointment_id}/complete", "scheduling.complete"),
    verb("POST", "/api/appointments/{appointment_id}/no-show", "scheduling.no_show"),
    verb("POST", "/api/appointments/{appointment_id}/follow-up", "scheduling.follow_up", 201),
    verb("GET", "/api/appointments/{appointment_id}/reminders", "scheduling.reminders"),
    verb("POST", "/api/appointments/{appointment_id}/remind", "scheduling.remind"),
    download(
        "/api/appointments/{appointment_id}/calendar",
        "scheduling.invite",
        calendar,
        "text/calendar; charset=utf-8",
        "appointment.ics",
    ),
    verb("GET", "/api/waitlist", "scheduling.waitlist"),
    verb("POST", "/api/waitlist", "scheduling.join_waitlist", 201),
    verb("DELETE", "/api/waitlist/{entry_id}", "scheduling.leave_waitlist"),
    verb("POST", "/api/self-scheduling/links", "scheduling.make_link", 201),
    verb("DELETE", "/api/self-scheduling/links/{link_id}", "scheduling.revoke_link"),
    function("GET", "/api/fhir/{provider}", "scheduling.fhir", fhir),
)
"""The five of the source document among them: availability, book, update, remind."""
