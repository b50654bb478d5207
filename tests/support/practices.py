"""A practice as the rules see it: the clinic with stages, sources and coordinators."""

from typing import Any

from orthocrm.core.lead import Lead
from orthocrm.core.settings import Clinic, Practice, Settings
from orthocrm.testing.clock import CountingIds
from orthocrm.testing.factories import (
    a_clinic,
    a_coordinator,
    a_lead,
    the_default_sources,
    the_default_stages,
)


def a_practice(*users: str, clinic: Clinic | None = None, **parts: Any) -> Practice:
    """Make a practice with the default stages and sources, and coordinators of weight 1.

    `settings` become the clinic's; every other keyword replaces a part of the practice.
    """
    settings = parts.pop("settings", Settings())
    clinic = clinic or a_clinic(settings=settings)
    usual: dict[str, Any] = {
        "stages": the_default_stages(clinic),
        "sources": the_default_sources(clinic),
        "coordinators": tuple(a_coordinator(clinic, user) for user in users or ("tc-1", "tc-2")),
    }
    return Practice(clinic=clinic, **{**usual, **parts})


def a_lead_of(practice: Practice, **fields: Any) -> Lead:
    """Make a lead of a practice, owned by tc-1 unless told otherwise."""
    return a_lead(practice.clinic, **{"owner": "tc-1", **fields})


def new_ids() -> CountingIds:
    """Give ids for one test."""
    return CountingIds()
