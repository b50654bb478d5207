"""The first schema."""

from orthocrm.backends.sql.migrations.schema_0001 import enquiries, practice, records, scheduling

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create every table, those that are referred to first."""
    practice.create()
    enquiries.create()
    scheduling.create()
    records.create()
