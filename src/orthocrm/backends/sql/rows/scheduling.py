"""Schedules, appointments, and who waits for some."""

from datetime import time, timedelta
from functools import lru_cache
from typing import Any

import attrs

from orthocrm.backends.sql import tables
from orthocrm.backends.sql.rows.codec import (
    Personal,
    Put,
    Row,
    Take,
    by_value,
    put_at,
    put_codes,
    put_day,
    put_json,
    put_objects,
    take_json,
)
from orthocrm.backends.sql.rows.documents import converter
from orthocrm.backends.sql.rows.shape import Shape
from orthocrm.core.appointment import Appointment, AppointmentStatus
from orthocrm.core.facts import APPOINTMENTS, SCHEDULES, WAITLIST
from orthocrm.core.money import Money
from orthocrm.core.occupied import Occupied
from orthocrm.core.schedule import Schedule
from orthocrm.core.waitlist import WaitlistEntry, WaitlistState

_STATUS = by_value(AppointmentStatus)
_STATE = by_value(WaitlistState)
_MICROSECOND, _SECOND = timedelta(microseconds=1), timedelta(seconds=1)
_COLUMNS = ("clinic_id", "id", "version", "template", "is_template", "is_active")
"""What a schedule keeps in columns; everything else of it is one document."""


def _write_schedule(schedule: Schedule, put: Put) -> Row:
    document: dict[str, Any] = converter().unstructure(schedule)
    return (
        schedule.clinic_id,
        schedule.id,
        put.number(schedule.version),
        schedule.template,
        put.flag(schedule.is_template),
        put.flag(schedule.is_active),
        put_json({name: value for name, value in document.items() if name not in _COLUMNS}),
    )


def _read_schedule(row: Row, _: Personal, __: Take) -> Schedule:
    columns = dict(zip(_COLUMNS, row, strict=False))
    read = converter().structure({**take_json(row[-1]), **columns}, Schedule)
    return attrs.evolve(read, is_template=bool(row[4]), is_active=bool(row[5]))


SCHEDULE = Shape(
    kind="schedule",
    table=tables.schedules,
    schema=SCHEDULES,
    write=_write_schedule,
    read=_read_schedule,
)


def _write_appointment(appointment: Appointment, put: Put) -> Row:
    price = appointment.price
    return (
        appointment.clinic_id,
        appointment.id,
        put.number(appointment.version),
        appointment.provider,
        str(appointment.type),
        put_at(appointment.starts_at),
        put_at(appointment.ends_at),
        appointment.timezone,
        appointment.status.value,
        put_at(appointment.created_at),
        put_at(appointment.updated_at),
        appointment.lead_id,
        appointment.patient_ref,
        put_at(appointment.expires_at) if appointment.expires_at else None,
        put.number(appointment.sequence),
        put_objects(appointment.providers),
        put_objects(appointment.resources),
        put.number(appointment.buffer_before // _MICROSECOND),
        put.number(appointment.buffer_after // _MICROSECOND),
        put.number(appointment.capacity),
        appointment.series_id,
        put.number(price.minor) if price else None,
        price.currency if price else None,
        appointment.booked_by,
        appointment.held_by,
        appointment.uid,
        put.number(appointment.moved),
        put_at(appointment.confirmed_at) if appointment.confirmed_at else None,
        put_at(appointment.arrived_at) if appointment.arrived_at else None,
        put_at(appointment.started_at) if appointment.started_at else None,
        put_at(appointment.completed_at) if appointment.completed_at else None,
        put_at(appointment.cancelled_at) if appointment.cancelled_at else None,
        appointment.cancelled_because,
        put_codes(appointment.team),
        put.number(appointment.offset_seconds),
    )


def _read_appointment(row: Row, personal: Personal, take: Take) -> Appointment:
    starts_at = take.at(row[5])
    return Appointment(
        clinic_id=row[0],
        id=row[1],
        version=row[2],
        provider=row[3],
        type=row[4],
        starts_at=starts_at,
        length=take.at(row[6]) - starts_at,
        timezone=row[7],
        status=_STATUS[row[8]],
        created_at=take.at(row[9]),
        updated_at=take.at(row[10]),
        lead_id=row[11],
        patient_ref=row[12],
        expires_at=take.at(row[13]) if row[13] else None,
        sequence=row[14],
        providers=tuple(take_json(row[15])),
        resources=tuple(take_json(row[16])),
        buffer_before=row[17] * _MICROSECOND,
        buffer_after=row[18] * _MICROSECOND,
        capacity=row[19],
        series_id=row[20],
        price=Money(row[21], row[22]) if row[22] else None,
        booked_by=row[23],
        held_by=row[24],
        uid=row[25],
        moved=row[26],
        confirmed_at=take.at(row[27]) if row[27] else None,
        arrived_at=take.at(row[28]) if row[28] else None,
        started_at=take.at(row[29]) if row[29] else None,
        completed_at=take.at(row[30]) if row[30] else None,
        cancelled_at=take.at(row[31]) if row[31] else None,
        cancelled_because=row[32],
        utc_offset=row[34] * _SECOND,
        **personal,
    )


def _personal_of_appointment(appointment: Appointment) -> Personal:
    fields = {
        "reason": appointment.reason,
        "notes": appointment.notes,
        "meeting_link": appointment.meeting_link,
        "answers": appointment.answers or None,
    }
    return {path: value for path, value in fields.items() if value is not None}


APPOINTMENT = Shape(
    kind="appointment",
    table=tables.appointments,
    schema=APPOINTMENTS,
    write=_write_appointment,
    read=_read_appointment,
    personal=_personal_of_appointment,
    sealed_for=lambda appointment: appointment.lead_id,
)


OCCUPYING = (
    *("id", "type", "status", "starts_at", "ends_at", "expires_at", "providers", "resources"),
    *("buffer_before", "buffer_after", "capacity", "lead_id", "patient_ref"),
)
"""The columns of an appointment that decide about free times."""

_NO_TIME = timedelta()


@lru_cache(maxsize=4096)
def _read_names(text: str) -> tuple[Any, ...]:
    return tuple(take_json(text))


def _names(stored: Any) -> tuple[Any, ...]:  # noqa: ANN401 - text, or what a driver has parsed
    """Take a list of names; the same few come again and again."""
    return _read_names(stored) if isinstance(stored, str) else tuple(stored)


def read_occupied(row: Row, take: Take) -> Occupied:
    """Take what decides about free times from a row of these columns."""
    return Occupied(
        row[0],
        row[1],
        _STATUS[row[2]],
        take.at(row[3]),
        take.at(row[4]),
        take.at(row[5]) if row[5] else None,
        _names(row[6]),
        _names(row[7]),
        row[8] * _MICROSECOND if row[8] else _NO_TIME,
        row[9] * _MICROSECOND if row[9] else _NO_TIME,
        row[10],
        row[11],
        row[12],
    )


def _write_waiting(entry: WaitlistEntry, put: Put) -> Row:
    return (
        entry.clinic_id,
        entry.id,
        put.number(entry.version),
        entry.visit_type,
        put_at(entry.created_at),
        entry.created_by,
        entry.lead_id,
        entry.patient_ref,
        put_objects(entry.providers),
        put_day(entry.earliest) if entry.earliest else None,
        put_day(entry.latest) if entry.latest else None,
        put_objects(entry.weekdays),
        entry.start.isoformat() if entry.start else None,
        entry.end.isoformat() if entry.end else None,
        entry.state.value,
        entry.appointment_id,
        put_at(entry.expires_at) if entry.expires_at else None,
    )


def _read_waiting(row: Row, _: Personal, take: Take) -> WaitlistEntry:
    return WaitlistEntry(
        clinic_id=row[0],
        id=row[1],
        version=row[2],
        visit_type=row[3],
        created_at=take.at(row[4]),
        created_by=row[5],
        lead_id=row[6],
        patient_ref=row[7],
        providers=tuple(take_json(row[8])),
        earliest=take.day(row[9]) if row[9] else None,
        latest=take.day(row[10]) if row[10] else None,
        weekdays=tuple(take_json(row[11])),
        start=time.fromisoformat(row[12]) if row[12] else None,
        end=time.fromisoformat(row[13]) if row[13] else None,
        state=_STATE[row[14]],
        appointment_id=row[15],
        expires_at=take.at(row[16]) if row[16] else None,
    )


WAITING = Shape(
    kind="waitlist entry",
    table=tables.waitlist,
    schema=WAITLIST,
    write=_write_waiting,
    read=_read_waiting,
)
