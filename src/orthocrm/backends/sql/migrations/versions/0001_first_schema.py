"""The first schema."""

from orthocrm.backends.sql.migrations.schema_0001 import (
    access,
    cadence,
    enquiries,
    inbox,
    kinship,
    learning,
    marketing,
    messages,
    practice,
    records,
    scheduling,
)
from orthocrm.backends.sql.migrations.walls import between_clinics

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create every table, those that are referred to first, and keep clinics apart."""
    with between_clinics():
        practice.create()
        enquiries.create()
        scheduling.create()
        kinship.create()
        marketing.create()
        messages.create()
        inbox.create()
        cadence.create()
        learning.create()
        access.create()
        records.create()
