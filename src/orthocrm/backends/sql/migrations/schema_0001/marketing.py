"""What the practice does to be found."""

import sqlalchemy as sa
from alembic import op

from orthocrm.backends.sql.types import CODE, UtcDateTime


def create() -> None:
    """Create the tables."""
    _touches()
    _spend()
    _campaigns()
    _referrers()


def _touches() -> None:
    op.create_table(
        "touches",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("lead_id", CODE, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("channel", CODE, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("source", CODE, nullable=True),
        sa.Column("campaign", CODE, nullable=True),
        sa.Column("referring_provider", CODE, nullable=True),
        sa.Column("referring_patient", CODE, nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["clinic_id", "lead_id"], ["leads.clinic_id", "leads.id"], name="fk_touches_leads"
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_touches"),
    )
    op.create_index("ix_touches_lead", "touches", ["clinic_id", "lead_id", "at"], unique=False)


def _spend() -> None:
    op.create_table(
        "spend",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("source", CODE, nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", CODE, nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("campaign", CODE, nullable=True),
        sa.Column("note", CODE, nullable=True),
        sa.ForeignKeyConstraint(
            ["clinic_id", "source"], ["sources.clinic_id", "sources.id"], name="fk_spend_sources"
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_spend"),
    )
    op.create_index("ix_spend_source", "spend", ["clinic_id", "source", "starts_on"], unique=False)


def _campaigns() -> None:
    op.create_table(
        "campaigns",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("name", CODE, nullable=False),
        sa.Column("folded_name", CODE, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("source", CODE, nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.clinic_id"], name="fk_campaigns_clinics"),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_campaigns"),
        sa.UniqueConstraint("clinic_id", "folded_name", name="uq_campaigns_folded_name"),
    )


def _referrers() -> None:
    op.create_table(
        "referrers",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("ref", CODE, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.clinic_id"], name="fk_referrers_clinics"),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_referrers"),
        sa.UniqueConstraint("clinic_id", "kind", "ref", name="uq_referrers_ref"),
    )
