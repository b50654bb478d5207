"""Marketing: touches, costs, campaigns and referrers."""

from datetime import date, datetime
from typing import Any

from orthocrm.core.lead import Lead
from orthocrm.core.marketing import Campaign, ReferrerKind, ReferrerRecord, Spend, SpendKind, Touch
from orthocrm.core.money import Money
from orthocrm.core.settings import Clinic
from orthocrm.core.source import Source
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories.making import made, new_id


def a_touch(lead: Lead, at: datetime = MONDAY_MORNING, **fields: Any) -> Touch:  # noqa: ANN401
    """Make the touch that an enquiry itself is."""
    usual = {
        "id": new_id(),
        "clinic_id": lead.clinic_id,
        "lead_id": lead.id,
        "at": at,
        "channel": lead.origin.channel,
        "created_at": at,
        "source_id": lead.origin.source_id,
    }
    return made(Touch, usual, fields)


def a_spend(source: Source, **fields: Any) -> Spend:  # noqa: ANN401
    """Make a one-off cost of 500 dollars on the first of November."""
    usual = {
        "id": new_id(),
        "clinic_id": source.clinic_id,
        "source_id": source.id,
        "kind": SpendKind.ONE_OFF,
        "amount": Money(500_00, "USD"),
        "starts_on": date(2026, 11, 1),
        "created_at": MONDAY_MORNING,
    }
    return made(Spend, usual, fields)


def a_campaign(clinic: Clinic, name: str = "Back to school", **fields: Any) -> Campaign:  # noqa: ANN401
    """Make an active campaign without an end."""
    usual = {
        "id": new_id(),
        "clinic_id": clinic.id,
        "name": name,
        "created_at": MONDAY_MORNING,
    }
    return made(Campaign, usual, fields)


def a_referrer(clinic: Clinic, ref: str = "dr-weber", **fields: Any) -> ReferrerRecord:  # noqa: ANN401
    """Make a dentist who refers families."""
    usual = {
        "id": new_id(),
        "clinic_id": clinic.id,
        "kind": ReferrerKind.PROVIDER,
        "ref": ref,
        "created_at": MONDAY_MORNING,
        "updated_at": MONDAY_MORNING,
        "name": "Dr. Weber",
    }
    return made(ReferrerRecord, usual, fields)
