"""The tables. Every key begins with the clinic; queryable columns are named as in `core.facts`.

A table's columns stand in the order in which `rows` writes and reads them. `sealed` holds all
personal fields of a row, encrypted; `leads.data_key` is the lead's own key, wrapped.
"""

from orthocrm.backends.sql.tables.access import (
    api_keys,
    attempts,
    sessions,
    user_secrets,
    users,
)
from orthocrm.backends.sql.tables.cadence import enrollments, saved_views
from orthocrm.backends.sql.tables.columns import metadata
from orthocrm.backends.sql.tables.enquiries import (
    activities,
    lead_keys,
    leads,
    stage_visits,
    tasks,
)
from orthocrm.backends.sql.tables.inbox import answers, inbox
from orthocrm.backends.sql.tables.kinship import links, merges
from orthocrm.backends.sql.tables.learning import trained_models
from orthocrm.backends.sql.tables.marketing import campaigns, referrers, spend, touches
from orthocrm.backends.sql.tables.messages import consents, messages, notices, staff_contacts
from orthocrm.backends.sql.tables.practice import (
    clinic_keys,
    clinics,
    coordinators,
    rotations,
    schedules,
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
from orthocrm.backends.sql.tables.scheduling import appointments, claims, waitlist

__all__ = [
    "activities",
    "answers",
    "api_keys",
    "appointments",
    "attempts",
    "audit_entries",
    "campaigns",
    "claims",
    "clinic_keys",
    "clinics",
    "consents",
    "coordinators",
    "deliveries",
    "enrollments",
    "import_changes",
    "imports",
    "inbox",
    "lead_keys",
    "leads",
    "links",
    "merges",
    "messages",
    "metadata",
    "notices",
    "outbox",
    "personal_changes",
    "referrers",
    "rotations",
    "saved_views",
    "schedules",
    "sessions",
    "sources",
    "spend",
    "staff_contacts",
    "stage_visits",
    "stages",
    "tasks",
    "time_off",
    "touches",
    "trained_models",
    "user_secrets",
    "users",
    "waitlist",
]
