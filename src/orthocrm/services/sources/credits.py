"""`desk.sources`: the touches of leads, and what sources are credited with for them."""

import math
from collections.abc import Sequence
from datetime import timedelta

from orthocrm.analytics import small
from orthocrm.analytics.attributed import Attributed
from orthocrm.analytics.results import Figures
from orthocrm.core.actor import Permission
from orthocrm.core.errors import InvalidInput
from orthocrm.core.ids import LeadId
from orthocrm.core.marketing import Touch
from orthocrm.core.time import Period
from orthocrm.leads.attribution import HALF_LIFE, AttributionModel, Crediting
from orthocrm.leads.credit_groups import CreditBy, by_of
from orthocrm.leads.touching import NewTouch
from orthocrm.services.analytics import scope
from orthocrm.services.batch import Refused, only
from orthocrm.services.gate import Area, verb
from orthocrm.services.sources import attributing, touches
from orthocrm.services.sources import costs as source_costs
from orthocrm.services.work import Work


class SourceTouches(Area, area="sources"):
    """By what families found the practice, one contact after the other."""

    @verb(Permission.LEAD_READ)
    def touches(self, work: Work, lead_id: LeadId) -> tuple[Touch, ...]:
        """Give the touches of a lead, earliest first; the enquiry itself is among them.

        Raises:
            NotFound: there is no such lead, or it is out of the actor's reach.
        """
        (lead,) = work.leads([lead_id], lock=False)
        return tuple(touches.of(work, [lead.id])[lead.id])

    @verb(Permission.LEAD_UPDATE)
    def add_touch(self, work: Work, lead_id: LeadId, new: NewTouch) -> Touch:
        """Add a further enquiry, or a contact that becomes known.

        One that comes before all others becomes the lead's own source. The same touch again within
        the clinic's replay window is no second one.

        Raises:
            InvalidInput: it cannot be read, or a first touch names no source.
            LeadLocked: the lead was converted.
        """
        work.leads([lead_id])
        return only(touches.add(work, [(lead_id, new)]))

    @verb(Permission.LEAD_UPDATE)
    def add_touches(
        self, work: Work, news: Sequence[tuple[LeadId, NewTouch]]
    ) -> tuple[Touch | Refused, ...]:
        """Add touches of several leads in one unit of work, with a result for each."""
        if isinstance(news, str | bytes) or not isinstance(news, Sequence):
            raise InvalidInput.at("touches", "not_a_list", "give pairs of a lead and a NewTouch")
        return tuple(touches.add(work, news))

    @verb(Permission.LEAD_ANALYTICS)
    def attribution(
        self,
        work: Work,
        model: AttributionModel | str = AttributionModel.FIRST,
        period: Period | None = None,
        *,
        by: CreditBy | str = CreditBy.SOURCE,
        half_life: timedelta = HALF_LIFE,
        cohort: bool = True,
    ) -> Figures[Attributed]:
        """Credit leads and conversions to sources, categories, campaigns or referrers.

        Leads and conversions of the groups are fractions that add up to the total exactly; the
        group None is what nobody recorded. `period` covers local dates of the clinic, left open:
        all time. A `cohort` are the leads that came in during the period; otherwise conversions
        are those of the period, whenever their lead came in. `half_life` is after how long a touch
        weighs half under TIME_DECAY. Costs come with a period, and only for those who may see the
        whole clinic's.
        """
        default = work.practice.default_source
        crediting = Crediting(
            model=model, half_life=half_life, default=default.id if default else None
        )
        if period is not None:
            source_costs.checked_period(period)
        figures = attributing.of_period(work, crediting, period, by_of(by), cohort=cohort)
        return small.left(figures, lambda one: math.ceil(one.leads), scope.smallest(work))
