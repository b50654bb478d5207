"""The tables. Every key begins with the clinic; queryable columns are named as in `core.facts`.

A table's columns stand in the order in which `rows` writes and reads them. `sealed` holds all
personal fields of a row, encrypted; `leads.data_key` is the lead's own key, wrapped.
"""

from orthocrm.backends.sql.tables.columns import metadata
from orthocrm.backends.sql.tables.enquiries import (
    activities,
    lead_keys,
    leads,
    stage_visits,
    tasks,
)
from orthocrm.backends.sql.tables.practice import (
    availability,
    clinic_keys,
    clinics,
    coordinators,
    rotations,
    sources,
    stages,
    time_off,
)
from orthocrm.backends.sql.tables.records import (
    audit_entries,
    deliveries,
    import_changes,
    imports,
    outbox,
    personal_changes,
)
from orthocrm.backends.sql.tables.scheduling import appointments, reminders

__all__ = [
    "activities",
    "appointments",
    "audit_entries",
    "availability",
    "clinic_keys",
    "clinics",
    "coordinators",
    "deliveries",
    "import_changes",
    "imports",
    "lead_keys",
    "leads",
    "metadata",
    "outbox",
    "personal_changes",
    "reminders",
    "rotations",
    "sources",
    "stage_visits",
    "stages",
    "tasks",
    "time_off",
]
