"""Appointments, the time that they take, and who waits for some."""

import sqlalchemy as sa
from alembic import op

from orthocrm.backends.sql.types import CODE, JSON, UtcDateTime


def create() -> None:
    """Create the tables, those that are referred to first."""
    _appointments()
    _claims()
    _hold_claims_apart()
    _waitlist()


def _appointments() -> None:
    op.create_table(
        "appointments",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("provider", CODE, nullable=False),
        sa.Column("type", CODE, nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("timezone", CODE, nullable=False),
        sa.Column("status", CODE, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("lead_id", CODE, nullable=True),
        sa.Column("patient_ref", CODE, nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("providers", JSON, nullable=False),
        sa.Column("resources", JSON, nullable=False),
        sa.Column("buffer_before", sa.BigInteger(), nullable=False),
        sa.Column("buffer_after", sa.BigInteger(), nullable=False),
        sa.Column("capacity", sa.BigInteger(), nullable=False),
        sa.Column("series_id", CODE, nullable=True),
        sa.Column("price_minor", sa.BigInteger(), nullable=True),
        sa.Column("price_currency", CODE, nullable=True),
        sa.Column("booked_by", CODE, nullable=True),
        sa.Column("held_by", CODE, nullable=True),
        sa.Column("uid", CODE, nullable=True),
        sa.Column("moved", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("arrived_at", UtcDateTime(), nullable=True),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("completed_at", UtcDateTime(), nullable=True),
        sa.Column("cancelled_at", UtcDateTime(), nullable=True),
        sa.Column("cancelled_because", CODE, nullable=True),
        sa.Column("team", CODE, nullable=False),
        sa.Column("utc_offset", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["clinic_id", "lead_id"], ["leads.clinic_id", "leads.id"], name="fk_appointments_leads"
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_appointments"),
    )
    _index("appointments_provider", "appointments", "provider", "starts_at")
    _index("appointments_time", "appointments", "starts_at")
    _index("appointments_lead", "appointments", "lead_id")
    _index("appointments_held", "appointments", "expires_at", where="status = 'HELD'")
    _index("appointments_patient", "appointments", "patient_ref", where="patient_ref IS NOT NULL")
    _index("appointments_series", "appointments", "series_id", where="series_id IS NOT NULL")


def _index(name: str, table: str, *columns: str, where: str | None = None) -> None:
    some = None if where is None else sa.text(where)
    op.create_index(
        f"ix_{name}",
        table,
        ["clinic_id", *columns],
        unique=False,
        postgresql_where=some,
        sqlite_where=some,
    )


def _claims() -> None:
    op.create_table(
        "claims",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("appointment_id", CODE, nullable=False),
        sa.Column("resource", CODE, nullable=False),
        sa.Column("lane", sa.BigInteger(), nullable=False),
        sa.Column("capacity", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "appointment_id"],
            ["appointments.clinic_id", "appointments.id"],
            name="fk_claims_appointments",
            ondelete="CASCADE",
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.PrimaryKeyConstraint(
            "clinic_id", "appointment_id", "resource", "lane", "starts_at", name="pk_claims"
        ),
    )
    _index("claims_time", "claims", "resource", "ends_at", "starts_at")


_RANGE = 'CREATE TYPE idrange AS RANGE (subtype = text, collation = "C")'
"""Ranges of text, whose GiST index compares text for equality without an extension."""

_CONSTRAINT = """
ALTER TABLE claims ADD CONSTRAINT claims_apart EXCLUDE USING gist (
    idrange(clinic_id || '/' || resource, clinic_id || '/' || resource, '[]') WITH =,
    int8range(lane, CASE capacity WHEN 1 THEN NULL ELSE lane + 1 END) WITH &&,
    tstzrange(starts_at, ends_at) WITH &&
)
"""
"""No overlap in a lane; a claim of capacity 1 has every lane."""

_TRIGGER = """
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
_OTHERS = {"insert": "", "update": "AND other.rowid <> OLD.rowid"}


def _hold_claims_apart() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_RANGE)
        op.execute(_CONSTRAINT)
        return
    for event, others in _OTHERS.items():
        op.execute(_TRIGGER.format(event=event, others=others))


def _waitlist() -> None:
    op.create_table(
        "waitlist",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("visit_type", CODE, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", CODE, nullable=False),
        sa.Column("lead_id", CODE, nullable=True),
        sa.Column("patient_ref", CODE, nullable=True),
        sa.Column("providers", JSON, nullable=False),
        sa.Column("earliest", sa.Date(), nullable=True),
        sa.Column("latest", sa.Date(), nullable=True),
        sa.Column("weekdays", JSON, nullable=False),
        sa.Column("start_time", CODE, nullable=True),
        sa.Column("end_time", CODE, nullable=True),
        sa.Column("state", CODE, nullable=False),
        sa.Column("appointment_id", CODE, nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.clinic_id"], name="fk_waitlist_clinics"),
        sa.ForeignKeyConstraint(
            ["clinic_id", "lead_id"], ["leads.clinic_id", "leads.id"], name="fk_waitlist_leads"
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "appointment_id"],
            ["appointments.clinic_id", "appointments.id"],
            name="fk_waitlist_appointments",
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_waitlist"),
    )
    _index("waitlist_waiting", "waitlist", "visit_type", "created_at", where="state = 'WAITING'")
    _index("waitlist_lead", "waitlist", "lead_id")
    _index("waitlist_appointment", "waitlist", "appointment_id")
