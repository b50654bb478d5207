"""Messages and notices, consent, and how staff are reached."""

import sqlalchemy as sa
from alembic import op

from orthocrm.backends.sql.types import CODE, JSON, UtcDateTime


def create() -> None:
    """Create the tables."""
    _messages()
    _notices()
    _consents()
    _staff_contacts()


def _messages() -> None:
    op.create_table(
        "messages",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("key", CODE, nullable=False),
        sa.Column("channel", CODE, nullable=False),
        sa.Column("purpose", CODE, nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", CODE, nullable=False),
        sa.Column("lead_id", CODE, nullable=True),
        sa.Column("user", CODE, nullable=True),
        sa.Column("template", CODE, nullable=True),
        sa.Column("about", CODE, nullable=True),
        sa.Column("appointment_id", CODE, nullable=True),
        sa.Column("not_after", UtcDateTime(), nullable=True),
        sa.Column("state", CODE, nullable=False),
        sa.Column("because", CODE, nullable=True),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("carrier", CODE, nullable=True),
        sa.Column("carrier_ref", CODE, nullable=True),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["clinic_id", "lead_id"], ["leads.clinic_id", "leads.id"], name="fk_messages_leads"
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "appointment_id"],
            ["appointments.clinic_id", "appointments.id"],
            name="fk_messages_appointments",
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.clinic_id"], name="fk_messages_clinics"),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_messages"),
        sa.UniqueConstraint("clinic_id", "key", name="uq_messages_key"),
    )
    op.create_index(
        "ix_messages_appointment", "messages", ["clinic_id", "appointment_id"], unique=False
    )
    op.create_index(
        "ix_messages_carrier", "messages", ["clinic_id", "carrier", "carrier_ref"], unique=False
    )
    op.create_index("ix_messages_lead", "messages", ["clinic_id", "lead_id"], unique=False)
    op.create_index(
        "ix_messages_pending",
        "messages",
        ["clinic_id", "due_at", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'PENDING'"),
        sqlite_where=sa.text("state = 'PENDING'"),
    )


def _notices() -> None:
    op.create_table(
        "notices",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("user", CODE, nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("key", CODE, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("lead_id", CODE, nullable=True),
        sa.Column("object_id", CODE, nullable=True),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("read_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["clinic_id", "lead_id"], ["leads.clinic_id", "leads.id"], name="fk_notices_leads"
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.clinic_id"], name="fk_notices_clinics"),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_notices"),
        sa.UniqueConstraint("clinic_id", "user", "key", name="uq_notices_key"),
    )
    op.create_index("ix_notices_lead", "notices", ["clinic_id", "lead_id"], unique=False)
    op.create_index(
        "ix_notices_user", "notices", ["clinic_id", "user", "read_at", "created_at"], unique=False
    )


def _consents() -> None:
    op.create_table(
        "consents",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("channel", CODE, nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", CODE, nullable=False),
        sa.Column("purpose", CODE, nullable=True),
        sa.Column("lead_id", CODE, nullable=True),
        sa.Column("blind", CODE, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.clinic_id"], name="fk_consents_clinics"),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_consents"),
    )
    op.create_index(
        "ix_consents_address", "consents", ["clinic_id", "blind", "at", "id"], unique=False
    )
    op.create_index("ix_consents_lead", "consents", ["clinic_id", "lead_id"], unique=False)


def _staff_contacts() -> None:
    op.create_table(
        "staff_contacts",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("channels", CODE, nullable=False),
        sa.Column("muted", JSON, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinics.clinic_id"], name="fk_staff_contacts_clinics"
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_staff_contacts"),
    )
