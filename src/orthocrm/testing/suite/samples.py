"""One practice with nouns of every kind: each with every field filled, and each as bare as can be.

The tables stand in the order in which they have to be stored: what is referred to comes first.
"""

from typing import Any

from orthocrm.core.ports import Backend
from orthocrm.testing.suite.arranged import repository
from orthocrm.testing.suite.sample_access import access
from orthocrm.testing.suite.sample_leads import around, enquiries, traces
from orthocrm.testing.suite.sample_marketing import kinship, marketing
from orthocrm.testing.suite.sample_messages import correspondence
from orthocrm.testing.suite.sample_practice import practice
from orthocrm.testing.suite.sample_values import the_clinic

TABLES = (
    "clinics",
    "stages",
    "sources",
    "coordinators",
    "rotations",
    "time_off",
    "schedules",
    "imports",
    "campaigns",
    "referrers",
    "spend",
    "leads",
    "visits",
    "activities",
    "tasks",
    "appointments",
    "waitlist",
    "touches",
    "links",
    "merges",
    "messages",
    "notices",
    "contacts",
    "inbox",
    "answers",
    "enrollments",
    "views",
    "models",
    "users",
    "user_secrets",
    "attempts",
    "sessions",
    "api_keys",
    "audit",
    "import_changes",
    "personal_changes",
)


def samples() -> dict[str, tuple[Any, ...]]:
    """Make the nouns of a new practice by table."""
    rows = practice()
    rows.update(marketing(rows))
    rows.update(enquiries(rows))
    rows.update(around(rows))
    rows.update(kinship(rows))
    rows.update(correspondence(rows))
    rows.update(access(rows))
    rows.update(traces(rows))
    assert tuple(rows) == TABLES
    return rows


def store_samples(backend: Backend) -> dict[str, tuple[Any, ...]]:
    """Store a new practice in one unit of work."""
    rows = samples()
    with backend.begin(the_clinic(rows).id) as unit:
        for table, nouns in rows.items():
            repository(unit, table).add(nouns)
    return rows
