"""Appointments and their reminders."""

from orthocrm.backends.sql.tables.columns import (
    at,
    code,
    codes,
    index,
    maybe,
    noun,
    number,
    of,
    sealed,
)

appointments = noun(
    "appointments",
    *codes("provider", "type"),
    *[at("starts_at"), at("ends_at")],
    *codes("timezone", "status"),
    *[at("created_at"), at("updated_at")],
    *maybe("lead_id", "patient_ref"),
    at("expires_at", nullable=True),
    number("sequence"),
    sealed(),
    of("leads", "lead_id"),
)
index("appointments_provider", appointments, "provider", "starts_at")
index("appointments_lead", appointments, "lead_id")

reminders = noun(
    "reminders",
    code("appointment_id"),
    number("sequence"),
    *codes("channel", "rule"),
    at("due_at"),
    code("status"),
    at("sent_at", nullable=True),
    *maybe("skipped_because"),
    number("attempts"),
    of("appointments", "appointment_id"),
)
index("reminders_appointment", reminders, "appointment_id")
index("reminders_due", reminders, "status", "due_at")
