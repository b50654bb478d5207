"""The first schema."""

from orthocrm.backends.sql.migrations.schema_0001 import (
    cadence,
    enquiries,
    kinship,
    learning,
    marketing,
    messages,
    practice,
    records,
    scheduling,
)

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create every table, those that are referred to first."""
    practice.create()
    enquiries.create()
    scheduling.create()
    kinship.create()
    marketing.create()
    messages.create()
    cadence.create()
    learning.create()
    records.create()
