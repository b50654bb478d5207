"""What a clinic sets up, and its keys."""

import sqlalchemy as sa
from alembic import op

from orthocrm.backends.sql.types import CODE, JSON, UtcDateTime


def create() -> None:
    """Create the tables, those that are referred to first."""
    _clinics()
    _clinic_keys()
    _stages()
    _sources()
    _coordinators()
    _rotations()
    _time_off()
    _schedules()


def _clinics() -> None:
    op.create_table(
        "clinics",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("name", CODE, nullable=False),
        sa.Column("timezone", CODE, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("settings", JSON, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("clinic_id", name="pk_clinics"),
    )


def _clinic_keys() -> None:
    op.create_table(
        "clinic_keys",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("purpose", CODE, nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("renews", sa.Boolean(), nullable=False),
        sa.Column("kept", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinics.clinic_id"], name="fk_clinic_keys_clinics", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("clinic_id", "number", name="pk_clinic_keys"),
    )


def _stages() -> None:
    op.create_table(
        "stages",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("slug", CODE, nullable=False),
        sa.Column("name", CODE, nullable=False),
        sa.Column("stage_order", sa.BigInteger(), nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("description", CODE, nullable=True),
        sa.Column("color", CODE, nullable=True),
        sa.Column("auto_task", CODE, nullable=True),
        sa.Column("auto_email", CODE, nullable=True),
        sa.Column("max_days", sa.BigInteger(), nullable=True),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.clinic_id"], name="fk_stages_clinics"),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_stages"),
        sa.UniqueConstraint("clinic_id", "slug", name="uq_stages_slug"),
        sa.UniqueConstraint("clinic_id", "stage_order", name="uq_stages_stage_order"),
    )


def _sources() -> None:
    op.create_table(
        "sources",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("name", CODE, nullable=False),
        sa.Column("folded_name", CODE, nullable=False),
        sa.Column("category", CODE, nullable=False),
        sa.Column("description", CODE, nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("monthly_cost_minor", sa.BigInteger(), nullable=True),
        sa.Column("monthly_cost_currency", CODE, nullable=True),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.clinic_id"], name="fk_sources_clinics"),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_sources"),
        sa.UniqueConstraint("clinic_id", "folded_name", name="uq_sources_folded_name"),
    )


def _coordinators() -> None:
    op.create_table(
        "coordinators",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("name", CODE, nullable=False),
        sa.Column("weight", sa.BigInteger(), nullable=False),
        sa.Column("capacity", sa.BigInteger(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinics.clinic_id"], name="fk_coordinators_clinics"
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_coordinators"),
    )


def _rotations() -> None:
    op.create_table(
        "rotations",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("turns", JSON, nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.clinic_id"], name="fk_rotations_clinics"),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_rotations"),
    )


def _time_off() -> None:
    op.create_table(
        "time_off",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("user", CODE, nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("cover", CODE, nullable=True),
        sa.Column("origin", CODE, nullable=True),
        sa.Column("external_uid", CODE, nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.clinic_id"], name="fk_time_off_clinics"),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_time_off"),
    )
    op.create_index("ix_time_off_user", "time_off", ["clinic_id", "user", "ends_at"], unique=False)
    op.create_index(
        "ix_time_off_origin",
        "time_off",
        ["clinic_id", "origin"],
        unique=False,
        postgresql_where=sa.text("origin IS NOT NULL"),
        sqlite_where=sa.text("origin IS NOT NULL"),
    )


def _schedules() -> None:
    op.create_table(
        "schedules",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("template", CODE, nullable=True),
        sa.Column("is_template", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("document", JSON, nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.clinic_id"], name="fk_schedules_clinics"),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_schedules"),
    )
