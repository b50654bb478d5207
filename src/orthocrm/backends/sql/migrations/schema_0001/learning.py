"""What clinics learnt."""

import sqlalchemy as sa
from alembic import op

from orthocrm.backends.sql.types import CODE, JSON, UtcDateTime


def create() -> None:
    """Create the table."""
    op.create_table(
        "trained_models",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("purpose", CODE, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("trained_at", UtcDateTime(), nullable=False),
        sa.Column("trained_by", CODE, nullable=False),
        sa.Column("document", JSON, nullable=False),
        sa.Column("report", JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinics.clinic_id"], name="fk_trained_models_clinics"
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_trained_models"),
        sa.UniqueConstraint("clinic_id", "purpose", "number", name="uq_trained_models_number"),
    )
