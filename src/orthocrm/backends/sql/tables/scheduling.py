"""Appointments, the time that they take, and who waits for some."""

import sqlalchemy as sa

from orthocrm.backends.sql.tables.columns import (
    at,
    code,
    codes,
    index,
    json,
    maybe,
    maybe_at,
    maybe_days,
    noun,
    number,
    numbers,
    of,
    sealed,
    table,
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
    *[json("providers"), json("resources")],
    *numbers("buffer_before", "buffer_after", "capacity"),
    *maybe("series_id"),
    number("price_minor", nullable=True),
    *maybe("price_currency", "booked_by", "held_by", "uid"),
    number("moved"),
    *maybe_at("confirmed_at", "arrived_at", "started_at", "completed_at", "cancelled_at"),
    *maybe("cancelled_because"),
    code("team"),
    number("utc_offset"),
    sealed(),
    of("leads", "lead_id"),
)
index("appointments_provider", appointments, "provider", "starts_at")
index("appointments_time", appointments, "starts_at")
index("appointments_lead", appointments, "lead_id")
index("appointments_held", appointments, "expires_at", where="status = 'HELD'")
index("appointments_patient", appointments, "patient_ref", where="patient_ref IS NOT NULL")
index("appointments_series", appointments, "series_id", where="series_id IS NOT NULL")

_APART = """
CREATE TRIGGER claims_apart_{event} BEFORE {event} ON claims
WHEN EXISTS (
    SELECT 1 FROM claims AS other
    WHERE other.clinic_id = NEW.clinic_id
      AND other.resource = NEW.resource
      AND other.ends_at > NEW.starts_at
      AND other.starts_at < NEW.ends_at
      AND (other.lane = NEW.lane OR other.capacity = 1 OR NEW.capacity = 1)
      {others}
)
BEGIN SELECT RAISE(ABORT, 'claims_apart'); END
"""

# That two claims of a lane do not overlap is held by a constraint of PostgreSQL that no portable
# table can state (see the first schema), and by triggers of SQLite.
claims = table(
    "claims",
    *codes("appointment_id", "resource"),
    *numbers("lane", "capacity"),
    *[at("starts_at"), at("ends_at")],
    of("appointments", "appointment_id", ondelete="CASCADE", at_the_end=True),
    key=("appointment_id", "resource", "lane", "starts_at"),
)
index("claims_time", claims, "resource", "ends_at", "starts_at")
for _event, _others in {"insert": "", "update": "AND other.rowid <> OLD.rowid"}.items():
    _guard: sa.DDL = sa.DDL(_APART.format(event=_event, others=_others))  # type: ignore[no-untyped-call]  # SQLAlchemy gives it no types
    sa.event.listen(claims, "after_create", _guard.execute_if(dialect="sqlite"))

waitlist = noun(
    "waitlist",
    code("visit_type"),
    at("created_at"),
    code("created_by"),
    *maybe("lead_id", "patient_ref"),
    json("providers"),
    *maybe_days("earliest", "latest"),
    json("weekdays"),
    *maybe("start_time", "end_time"),
    code("state"),
    *maybe("appointment_id"),
    at("expires_at", nullable=True),
    of("clinics"),
    of("leads", "lead_id"),
    of("appointments", "appointment_id"),
)
index("waitlist_waiting", waitlist, "visit_type", "created_at", where="state = 'WAITING'")
index("waitlist_lead", waitlist, "lead_id")
index("waitlist_appointment", waitlist, "appointment_id")
