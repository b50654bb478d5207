"""What operations leave behind."""

import sqlalchemy as sa
from alembic import op

from orthocrm.backends.sql.types import CODE, JSON, UtcDateTime


def create() -> None:
    """Create the tables, those that are referred to first."""
    _imports()
    _audit_entries()
    _import_changes()
    _personal_changes()
    _outbox()
    _deliveries()


def _imports() -> None:
    op.create_table(
        "imports",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("digest", CODE, nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("started_by", CODE, nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("state", CODE, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=False),
        sa.Column("unchanged", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.clinic_id"], name="fk_imports_clinics"),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_imports"),
    )


def _audit_entries() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("user", CODE, nullable=False),
        sa.Column("roles", JSON, nullable=False),
        sa.Column("operation", CODE, nullable=False),
        sa.Column("outcome", CODE, nullable=False),
        sa.Column("purpose", CODE, nullable=True),
        sa.Column("credential", CODE, nullable=True),
        sa.Column("objects", JSON, nullable=False),
        sa.Column("fields", JSON, nullable=False),
        sa.Column("changes", JSON, nullable=False),
        sa.Column("digests", JSON, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("seal", CODE, nullable=True),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_audit_entries"),
    )
    op.create_index("ix_audit_entries_at", "audit_entries", ["clinic_id", "at"], unique=False)
    op.create_index(
        "ix_audit_entries_position",
        "audit_entries",
        ["clinic_id", "position"],
        unique=False,
        postgresql_where=sa.text("position IS NOT NULL"),
        sqlite_where=sa.text("position IS NOT NULL"),
    )
    op.create_index(
        "ix_audit_entries_unsealed",
        "audit_entries",
        ["clinic_id", "id"],
        unique=False,
        postgresql_where=sa.text("position IS NULL"),
        sqlite_where=sa.text("position IS NULL"),
    )


def _import_changes() -> None:
    op.create_table(
        "import_changes",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("import_id", CODE, nullable=False),
        sa.Column("lead_id", CODE, nullable=False),
        sa.Column("version_after", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["clinic_id", "import_id"],
            ["imports.clinic_id", "imports.id"],
            name="fk_import_changes_imports",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "lead_id"],
            ["leads.clinic_id", "leads.id"],
            name="fk_import_changes_leads",
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_import_changes"),
    )
    op.create_index(
        "ix_import_changes_import", "import_changes", ["clinic_id", "import_id"], unique=False
    )
    op.create_index(
        "ix_import_changes_lead", "import_changes", ["clinic_id", "lead_id"], unique=False
    )


def _personal_changes() -> None:
    op.create_table(
        "personal_changes",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("audit_id", CODE, nullable=False),
        sa.Column("lead_id", CODE, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["clinic_id", "lead_id"],
            ["leads.clinic_id", "leads.id"],
            name="fk_personal_changes_leads",
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_personal_changes"),
    )
    op.create_index(
        "ix_personal_changes_audit", "personal_changes", ["clinic_id", "audit_id"], unique=False
    )
    op.create_index(
        "ix_personal_changes_lead", "personal_changes", ["clinic_id", "lead_id"], unique=False
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("payload", JSON, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("state", CODE, nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("heard", JSON, nullable=False),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_outbox"),
    )
    op.create_index(
        "ix_outbox_pending",
        "outbox",
        ["clinic_id", "due_at", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'PENDING'"),
        sqlite_where=sa.text("state = 'PENDING'"),
    )


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("operation", CODE, nullable=False),
        sa.Column("user", CODE, nullable=False),
        sa.Column("key", CODE, nullable=False),
        sa.Column("fingerprint", CODE, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("result", JSON, nullable=True),
        sa.PrimaryKeyConstraint("clinic_id", "operation", "user", "key", name="pk_deliveries"),
    )
