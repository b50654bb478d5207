"""Attribution of a practice's leads: their touches are read, credited and added up."""

from collections.abc import Iterable, Iterator

from orthocrm.analytics.asking import Ask, Basis
from orthocrm.analytics.attributed import Attributed, Counted, attributed
from orthocrm.analytics.costs import Cost
from orthocrm.analytics.grouping import population
from orthocrm.analytics.results import Figures
from orthocrm.core.actor import Permission, Scope
from orthocrm.core.errors import Forbidden
from orthocrm.core.lead import Lead
from orthocrm.core.limits import PAGE
from orthocrm.core.marketing import Touch
from orthocrm.core.query import EVERYTHING, Cond, Page, Where
from orthocrm.core.time import Period
from orthocrm.leads.attribution import AttributionModel, Crediting, credited, rounded
from orthocrm.leads.credit_groups import COSTED, CreditBy, Labels
from orthocrm.services.sources import campaign_records, touches
from orthocrm.services.sources import costs as source_costs
from orthocrm.services.work import Work


def of_period(
    work: Work, crediting: Crediting, period: Period | None, by: CreditBy, *, cohort: bool
) -> Figures[Attributed]:
    """Credit the leads of a period, page by page: memory holds the sums only."""
    ask = Ask(practice=work.practice, now=work.now, period=period, within=_within(work, by))
    labels = Labels.of(by, work.practice, campaign_records.every(work))
    parts = _parts(work, ask, crediting, labels, cohort=cohort)
    return attributed(parts, _costs(work, period, by))


def _within(work: Work, by: CreditBy) -> Where:
    """Keep to what the actor may count: marketing managers see nobody who referred."""
    reach = work.scopes(Permission.LEAD_ANALYTICS)
    if reach & {Scope.CLINIC, Scope.AGGREGATES}:
        return EVERYTHING
    if Scope.OWN_FIGURES in reach:
        return Cond("owner", "eq", work.actor.user)
    if by not in COSTED:
        raise Forbidden(work.operation, Permission.LEAD_ANALYTICS)
    return EVERYTHING


def _costs(work: Work, period: Period | None, by: CreditBy) -> Figures[Cost] | None:
    """Give the costs of the period, where groups have some and the actor gets the clinic's."""
    if period is None or by not in COSTED or not source_costs.sees_costs(work):
        return None
    found = source_costs.costs_by(work, period, by)
    return Figures(found.total.cost, tuple((label, one.cost) for label, one in found.groups))


def _parts(
    work: Work, ask: Ask, crediting: Crediting, labels: Labels, *, cohort: bool
) -> Iterator[Counted]:
    """Give the parts of all leads of a question.

    A cohort is the leads that came in during the period, and those of them that converted at any
    time. Else conversions are those of the period, whenever their lead came in.
    """
    for lead, known in _with_touches(work, population(ask, Basis.CREATED)):
        won = cohort and lead.conversion is not None
        yield from _counted(lead, known, crediting, labels, as_lead=True, as_won=won)
    if not cohort:
        for lead, known in _with_touches(work, population(ask, Basis.CONVERTED)):
            yield from _counted(lead, known, crediting, labels, as_lead=False, as_won=True)


def _with_touches(work: Work, where: Where) -> Iterator[tuple[Lead, list[Touch]]]:
    page: Page | None = Page(PAGE)
    while page is not None:
        found = work.store.leads.find(where, (), page)
        known = touches.of(work, [lead.id for lead in found.items])
        yield from ((lead, known[lead.id]) for lead in found.items)
        page = Page(PAGE, found.after) if found.after is not None else None


def _counted(
    lead: Lead,
    known: Iterable[Touch],
    crediting: Crediting,
    labels: Labels,
    *,
    as_lead: bool,
    as_won: bool,
) -> Iterator[Counted]:
    until = None if lead.conversion is None else lead.conversion.at
    given = credited(known, crediting, until)
    shares = [credit.share for credit in given]
    if crediting.model is AttributionModel.TIME_DECAY:
        shares = list(rounded(shares))
    for credit, share in zip(given, shares, strict=True):
        if share:
            yield Counted(labels.of_touch(credit.touch), share, as_lead, as_won)
