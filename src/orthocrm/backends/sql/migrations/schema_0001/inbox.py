"""What others delivered, and answers that are kept."""

import sqlalchemy as sa
from alembic import op

from orthocrm.backends.sql.types import CODE, JSON, UtcDateTime


def create() -> None:
    """Create the tables."""
    _inbox()
    _answers()


def _inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("name", CODE, nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("line", CODE, nullable=False),
        sa.Column("whose", JSON, nullable=False),
        sa.Column("form", CODE, nullable=True),
        sa.Column("state", CODE, nullable=False),
        sa.Column("because", CODE, nullable=True),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.clinic_id"], name="fk_inbox_clinics"),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_inbox"),
    )
    for name, columns in (("pending", ["due_at", "id"]), ("line", ["line", "id"])):
        op.create_index(
            f"ix_inbox_{name}",
            "inbox",
            ["clinic_id", *columns],
            unique=False,
            postgresql_where=sa.text("state = 'PENDING'"),
            sqlite_where=sa.text("state = 'PENDING'"),
        )
    op.create_index("ix_inbox_settled", "inbox", ["clinic_id", "state", "settled_at"], unique=False)


def _answers() -> None:
    op.create_table(
        "answers",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("key", CODE, nullable=False),
        sa.Column("request", CODE, nullable=False),
        sa.Column("state", CODE, nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.clinic_id"], name="fk_answers_clinics"),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_answers"),
        sa.UniqueConstraint("clinic_id", "key", name="uq_answers_key"),
    )
    op.create_index("ix_answers_until", "answers", ["clinic_id", "until"], unique=False)
