"""Appointments and their reminders."""

from orthocrm.backends.sql import tables
from orthocrm.backends.sql.rows.codec import Personal, Put, Row, Take, by_value, put_at
from orthocrm.backends.sql.rows.shape import Shape
from orthocrm.core.appointment import (
    Appointment,
    AppointmentStatus,
    Reminder,
    ReminderChannel,
    ReminderStatus,
)
from orthocrm.core.facts import APPOINTMENTS, REMINDERS

_STATUS = by_value(AppointmentStatus)
_CHANNEL = by_value(ReminderChannel)
_SENT = by_value(ReminderStatus)


def _write_appointment(appointment: Appointment, put: Put) -> Row:
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
        **personal,
    )


def _personal_of_appointment(appointment: Appointment) -> Personal:
    fields = {
        "reason": appointment.reason,
        "notes": appointment.notes,
        "meeting_link": appointment.meeting_link,
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


def _write_reminder(reminder: Reminder, put: Put) -> Row:
    return (
        reminder.clinic_id,
        reminder.id,
        put.number(reminder.version),
        reminder.appointment_id,
        put.number(reminder.sequence),
        reminder.channel.value,
        reminder.rule,
        put_at(reminder.due_at),
        reminder.status.value,
        put_at(reminder.sent_at) if reminder.sent_at else None,
        reminder.skipped_because,
        put.number(reminder.attempts),
    )


def _read_reminder(row: Row, _: Personal, take: Take) -> Reminder:
    return Reminder(
        clinic_id=row[0],
        id=row[1],
        version=row[2],
        appointment_id=row[3],
        sequence=row[4],
        channel=_CHANNEL[row[5]],
        rule=row[6],
        due_at=take.at(row[7]),
        status=_SENT[row[8]],
        sent_at=take.at(row[9]) if row[9] else None,
        skipped_because=row[10],
        attempts=row[11],
    )


REMINDER = Shape(
    kind="reminder",
    table=tables.reminders,
    schema=REMINDERS,
    write=_write_reminder,
    read=_read_reminder,
)
