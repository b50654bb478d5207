"""`/api/lead-sources`, campaigns, spending, touches and referrers: where leads come from."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol, TypeVar

from attrs import evolve, frozen

from orthocrm.core.errors import NotFound
from orthocrm.core.ids import CampaignId, ReferrerId, SourceId
from orthocrm.core.marketing import Campaign, ReferrerRecord
from orthocrm.core.money import Money
from orthocrm.core.source import LeadSourceCategory, Source
from orthocrm.desk import Desk
from orthocrm.web.declaring import function, verb
from orthocrm.web.wire.annotations import Changes


@frozen(kw_only=True)
class SourceFields:
    """What may be changed of a source."""

    name: str
    category: LeadSourceCategory
    description: str | None
    is_active: bool
    is_default: bool
    monthly_cost: Money | None
    version: int


def change_source(desk: Desk, source_id: SourceId, edit: Changes[SourceFields]) -> Source:
    """Change a source; what is not named stays. The monthly cost counts from today on."""
    present = _one(desk.sources.all(), source_id, "source")
    return desk.sources.change(evolve(present, **edit))


@frozen(kw_only=True)
class CampaignFields:
    """What may be changed of a campaign."""

    name: str
    starts_on: date | None
    ends_on: date | None
    version: int


def change_campaign(desk: Desk, campaign_id: CampaignId, edit: Changes[CampaignFields]) -> Campaign:
    """Change a campaign; what is not named stays."""
    present = _one(desk.sources.campaigns(), campaign_id, "campaign")
    return desk.sources.change_campaign(evolve(present, **edit))


@frozen(kw_only=True)
class ReferrerFields:
    """What may be changed of a referrer."""

    name: str
    organisation: str | None
    phone: str | None
    email: str | None
    notes: str | None
    version: int


def change_referrer(
    desk: Desk, referrer_id: ReferrerId, edit: Changes[ReferrerFields]
) -> ReferrerRecord:
    """Change a referrer; what is not named stays."""
    present = _one(desk.sources.referrers(), referrer_id, "referrer")
    return desk.sources.change_referrer(evolve(present, **edit))


class _Known(Protocol):
    """Something with an id."""

    @property
    def id(self) -> str:
        """Its id."""
        ...


K = TypeVar("K", bound=_Known)


def _one(found: Sequence[K], wanted: str, kind: str) -> K:
    for one in found:
        if one.id == wanted:
            return one
    raise NotFound(kind)


ENDPOINTS = (
    verb("GET", "/api/lead-sources", "sources.all"),
    verb("POST", "/api/lead-sources", "sources.add", 201),
    function("PUT", "/api/lead-sources/{source_id}", "sources.change", change_source),
    verb("PUT", "/api/lead-sources/{source}/cost", "sources.change_cost"),
    verb("GET", "/api/spend", "sources.spend"),
    verb("POST", "/api/spend", "sources.add_spend", 201),
    verb("POST", "/api/spend/bulk", "sources.add_spends"),
    verb("DELETE", "/api/spend/{spend_id}", "sources.remove_spend"),
    verb("GET", "/api/costs", "sources.costs"),
    verb("GET", "/api/attribution", "sources.attribution"),
    verb("GET", "/api/campaigns", "sources.campaigns"),
    verb("POST", "/api/campaigns", "sources.add_campaign", 201),
    function("PUT", "/api/campaigns/{campaign_id}", "sources.change_campaign", change_campaign),
    verb("POST", "/api/campaigns/{campaign_id}/end", "sources.end_campaign"),
    verb("GET", "/api/leads/{lead_id}/touches", "sources.touches"),
    verb("POST", "/api/leads/{lead_id}/touches", "sources.add_touch", 201),
    verb("GET", "/api/referrers", "sources.referrers"),
    verb("POST", "/api/referrers", "sources.add_referrer", 201),
    function("PUT", "/api/referrers/{referrer_id}", "sources.change_referrer", change_referrer),
    verb("POST", "/api/referrers/{referrer_id}/retire", "sources.retire_referrer"),
)
"""Sources are never removed: they become inactive, and history keeps them."""
