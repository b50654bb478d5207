"""Leads in sequences, and saved views."""

import sqlalchemy as sa
from alembic import op

from orthocrm.backends.sql.types import CODE, JSON, UtcDateTime


def create() -> None:
    """Create the tables."""
    _enrollments()
    _saved_views()


def _enrollments() -> None:
    op.create_table(
        "enrollments",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("lead_id", CODE, nullable=False),
        sa.Column("sequence", CODE, nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("started_by", CODE, nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=True),
        sa.Column("state", CODE, nullable=False),
        sa.Column("because", CODE, nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["clinic_id", "lead_id"], ["leads.clinic_id", "leads.id"], name="fk_enrollments_leads"
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_enrollments"),
    )
    op.create_index("ix_enrollments_lead", "enrollments", ["clinic_id", "lead_id"], unique=False)
    op.create_index(
        "ix_enrollments_next", "enrollments", ["clinic_id", "state", "next_at"], unique=False
    )
    op.create_index(
        "uq_enrollments_running",
        "enrollments",
        ["clinic_id", "lead_id", "sequence"],
        unique=True,
        postgresql_where=sa.text("state = 'RUNNING'"),
        sqlite_where=sa.text("state = 'RUNNING'"),
    )


def _saved_views() -> None:
    op.create_table(
        "saved_views",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("name", CODE, nullable=False),
        sa.Column("folded_name", CODE, nullable=False),
        sa.Column("subject", CODE, nullable=False),
        sa.Column("owner", CODE, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("condition", JSON, nullable=False),
        sa.Column("sort", JSON, nullable=False),
        sa.Column("is_shared", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinics.clinic_id"], name="fk_saved_views_clinics"
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_saved_views"),
        sa.UniqueConstraint("clinic_id", "owner", "folded_name", name="uq_saved_views_folded_name"),
    )
