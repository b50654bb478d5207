"""Appointments and their reminders."""

import sqlalchemy as sa
from alembic import op

from orthocrm.backends.sql.types import CODE, UtcDateTime


def create() -> None:
    """Create the tables, those that are referred to first."""
    _appointments()
    _reminders()


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
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["clinic_id", "lead_id"], ["leads.clinic_id", "leads.id"], name="fk_appointments_leads"
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_appointments"),
    )
    op.create_index("ix_appointments_lead", "appointments", ["clinic_id", "lead_id"], unique=False)
    op.create_index(
        "ix_appointments_provider",
        "appointments",
        ["clinic_id", "provider", "starts_at"],
        unique=False,
    )


def _reminders() -> None:
    op.create_table(
        "reminders",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("appointment_id", CODE, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("channel", CODE, nullable=False),
        sa.Column("rule", CODE, nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("status", CODE, nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("skipped_because", CODE, nullable=True),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "appointment_id"],
            ["appointments.clinic_id", "appointments.id"],
            name="fk_reminders_appointments",
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_reminders"),
    )
    op.create_index(
        "ix_reminders_appointment", "reminders", ["clinic_id", "appointment_id"], unique=False
    )
    op.create_index(
        "ix_reminders_due", "reminders", ["clinic_id", "status", "due_at"], unique=False
    )
