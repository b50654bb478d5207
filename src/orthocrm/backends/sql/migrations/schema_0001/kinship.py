"""How leads belong together, and which of them became one."""

import sqlalchemy as sa
from alembic import op

from orthocrm.backends.sql.types import CODE, JSON, UtcDateTime


def create() -> None:
    """Create the tables."""
    _links()
    _merges()


def _links() -> None:
    op.create_table(
        "links",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("lead_id", CODE, nullable=False),
        sa.Column("other_id", CODE, nullable=False),
        sa.Column("relation", CODE, nullable=False),
        sa.Column("verdict", CODE, nullable=False),
        sa.Column("found_at", UtcDateTime(), nullable=False),
        sa.Column("permille", sa.BigInteger(), nullable=True),
        sa.Column("reasons", JSON, nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("decided_by", CODE, nullable=True),
        sa.ForeignKeyConstraint(
            ["clinic_id", "lead_id"], ["leads.clinic_id", "leads.id"], name="fk_links_leads"
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "other_id"], ["leads.clinic_id", "leads.id"], name="fk_links_other"
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_links"),
        sa.UniqueConstraint("clinic_id", "lead_id", "other_id", name="uq_links_other_id"),
    )
    op.create_index("ix_links_other", "links", ["clinic_id", "other_id"], unique=False)


def _merges() -> None:
    op.create_table(
        "merges",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("survivor_id", CODE, nullable=False),
        sa.Column("loser_id", CODE, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("by", CODE, nullable=False),
        sa.Column("survivor_version", sa.BigInteger(), nullable=False),
        sa.Column("moved", JSON, nullable=False),
        sa.Column("undone_at", UtcDateTime(), nullable=True),
        sa.Column("undone_by", CODE, nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["clinic_id", "survivor_id"],
            ["leads.clinic_id", "leads.id"],
            name="fk_merges_survivor",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "loser_id"], ["leads.clinic_id", "leads.id"], name="fk_merges_loser"
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_merges"),
    )
    op.create_index("ix_merges_loser", "merges", ["clinic_id", "loser_id"], unique=False)
    op.create_index("ix_merges_survivor", "merges", ["clinic_id", "survivor_id"], unique=False)
