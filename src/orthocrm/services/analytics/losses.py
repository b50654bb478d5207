"""Lost leads one by one, with what was noted: for those who may read them."""

from datetime import datetime

from attrs import field, frozen

from orthocrm.analytics.asking import Basis
from orthocrm.analytics.grouping import population
from orthocrm.core.actor import Permission
from orthocrm.core.ids import LeadId, StageSlug, UserId
from orthocrm.core.lead import Lead, LostReason
from orthocrm.core.masking import PERSONAL, mask
from orthocrm.core.query import Cond, Page, Sort, both
from orthocrm.core.reading import Reading
from orthocrm.core.time import Period
from orthocrm.services.analytics.scope import asked
from orthocrm.services.work import Work

MOST = 500


@frozen(kw_only=True)
class LostLead:
    """A lead that was lost: when, why, in which stage, whose it was, and what was noted."""

    lead_id: LeadId
    at: datetime
    reason: LostReason
    stage: StageSlug
    owner: UserId | None
    notes: str | None = field(default=None, repr=mask, metadata=PERSONAL)


def listed(
    work: Work, period: Period | None, reason: LostReason | str | None
) -> tuple[LostLead, ...]:
    """List the latest losses, within what the actor may count and read."""
    reading = Reading()
    known = reading.choice("reason", reason, LostReason)
    reading.finish()
    where = both(
        population(asked(work, period, None), Basis.LOST),
        None if known is None else Cond("lost_reason", "eq", known.value),
        work.reach(Permission.LEAD_READ),
    )
    latest = [Sort("lost_at", descending=True)]
    leads = work.store.leads.find(where, latest, Page(MOST)).items
    work.touch(lead.id for lead in leads)
    return tuple(found for lead in leads if (found := _of(lead)) is not None)


def _of(lead: Lead) -> LostLead | None:
    if lead.loss is None:
        return None
    return LostLead(
        lead_id=lead.id,
        at=lead.loss.at,
        reason=lead.loss.reason,
        stage=lead.loss.stage,
        owner=lead.ownership.owner,
        notes=lead.loss.notes,
    )
