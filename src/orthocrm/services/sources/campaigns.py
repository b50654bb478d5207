"""`desk.sources`: the clinic's campaigns."""

from datetime import date

from attrs import evolve

from orthocrm.core.actor import Permission
from orthocrm.core.errors import AlreadyExists, InvalidInput, NotFound
from orthocrm.core.ids import CampaignId, SourceId
from orthocrm.core.marketing import Campaign
from orthocrm.leads import campaigns
from orthocrm.services.gate import Area, verb
from orthocrm.services.settings import configuring
from orthocrm.services.sources import campaign_records
from orthocrm.services.sources import costs as source_costs
from orthocrm.services.work import Work


class Campaigns(Area, area="sources"):
    """Campaigns of sources; leads, touches and costs name them."""

    @verb(Permission.LEAD_ANALYTICS)
    def campaigns(self, work: Work) -> tuple[Campaign, ...]:
        """List the campaigns by name, those that have ended included."""
        return tuple(sorted(campaign_records.every(work), key=lambda c: (c.name.casefold(), c.id)))

    @verb(Permission.LEAD_CONFIGURE)
    def add_campaign(
        self,
        work: Work,
        name: str,
        *,
        source: SourceId | str | None = None,
        starts_on: date | None = None,
        ends_on: date | None = None,
    ) -> Campaign:
        """Add a campaign; its name is what `utm_campaign` says, unique whatever the case."""
        draft = Campaign(
            id=CampaignId(work.ids()),
            clinic_id=work.clinic_id,
            name=name,
            created_at=work.now,
            source_id=None if source is None else SourceId(source),
            starts_on=starts_on,
            ends_on=ends_on,
        )
        campaign = campaigns.checked(draft, work.practice)
        if campaign_records.named(work, campaign.name) is not None:
            raise AlreadyExists("campaign", "name")
        work.store.campaigns.add([campaign])
        configuring.changed(work, "campaign", campaign.id)
        return campaign

    @verb(Permission.LEAD_CONFIGURE)
    def change_campaign(self, work: Work, campaign: Campaign) -> Campaign:
        """Replace a campaign by an evolved copy of what was read; its name stays."""
        if not isinstance(campaign, Campaign):
            raise InvalidInput.at("campaign", "wrong_type", "give a Campaign")
        before = _known(work, campaign.id)
        (saved,) = work.store.campaigns.save([campaigns.changed(before, campaign, work.practice)])
        configuring.changed(work, "campaign", campaign.id)
        return saved

    @verb(Permission.LEAD_CONFIGURE)
    def end_campaign(
        self, work: Work, campaign_id: CampaignId, last: date | None = None
    ) -> Campaign:
        """End a campaign, and what it costs every month, after a day: today unless told."""
        before = _known(work, campaign_id)
        day = source_costs.today(work) if last is None else last
        draft = evolve(before, is_active=False, ends_on=day)
        ended = campaigns.changed(before, draft, work.practice)
        (saved,) = work.store.campaigns.save([ended])
        source_costs.campaign_ended(work, saved.name, day)
        configuring.changed(work, "campaign", campaign_id)
        return saved


def _known(work: Work, campaign_id: CampaignId) -> Campaign:
    work.seek([campaign_id])
    found = work.store.campaigns.get([campaign_id])
    if campaign_id not in found:
        raise NotFound("campaign")
    return found[campaign_id]
