"""`desk.analytics`: the practice's numbers, and the leads behind them."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from attrs import evolve

from orthocrm.analytics import metrics
from orthocrm.analytics.asking import Ask, Basis, By, Choice, Whole
from orthocrm.analytics.funnel import COHORT_FUNNEL
from orthocrm.analytics.metrics import CohortConversion, Metric, TimeToConvert, answered
from orthocrm.analytics.reports import (
    Aggregator,
    Report,
    funnel_report,
    sources_report,
    stages_report,
    summary_report,
)
from orthocrm.analytics.results import Days, Figures, Funnel, Outcomes, Ratio
from orthocrm.analytics.staying import (
    LEAST,
    STAGE_STAYS,
    Bottlenecks,
    Stays,
    bottlenecks,
)
from orthocrm.core.actor import Permission, Scope
from orthocrm.core.errors import Forbidden, InvalidInput
from orthocrm.core.ids import LeadId
from orthocrm.core.query import Cond, Where, both
from orthocrm.core.time import Period
from orthocrm.services.gate import Area, verb
from orthocrm.services.work import Work, everything

R = TypeVar("R")

_REPORTS: Mapping[str, tuple[Callable[[Ask, Aggregator], Report], By | None]] = {
    "funnel": (funnel_report, None),
    "sources": (sources_report, By.SOURCE),
    "summary": (summary_report, By.LOST_REASON),
    "stages": (stages_report, By.LOST_STAGE),
}
"""The reports by name, with the finest cut that each of them shows."""

_FOR_MARKETING = frozenset({None, By.SOURCE, By.CATEGORY, By.MONTH, By.FURTHEST})


class Analytics(Area, area="analytics"):
    """Numbers. Coordinators get their own, doctors and marketing managers no lead behind any.

    `period` covers local dates of the clinic, left open: all time. `by` cuts the number into
    groups; each lead falls into exactly one.
    """

    @verb(Permission.LEAD_ANALYTICS)
    def funnel(
        self, work: Work, period: Period | None = None, by: By | str | None = None
    ) -> Figures[Funnel]:
        """Follow the leads that came in during the period: the furthest stage that each reached."""
        return _answered(work, COHORT_FUNNEL, period, by)

    @verb(Permission.LEAD_ANALYTICS)
    def outcomes(
        self, work: Work, period: Period | None = None, by: By | str | None = By.SOURCE
    ) -> Figures[Outcomes]:
        """Tell what became of the leads of the period, by source unless cut otherwise."""
        return _answered(work, metrics.OUTCOMES, period, by)

    @verb(Permission.LEAD_ANALYTICS)
    def conversion(
        self,
        work: Work,
        period: Period | None = None,
        by: By | str | None = None,
        *,
        within_days: int | None = None,
    ) -> Figures[Ratio]:
        """Give the share of the period's leads that became patients, in time if asked for."""
        metric = CohortConversion("cohort_conversion", within_days)
        return _answered(work, metric, period, by)

    @verb(Permission.LEAD_ANALYTICS)
    def period_conversion(
        self, work: Work, period: Period | None = None, by: By | str | None = None
    ) -> Figures[Ratio]:
        """Give the conversions in the period over the leads in it; this may exceed 1."""
        return _answered(work, metrics.PERIOD_CONVERSION, period, by)

    @verb(Permission.LEAD_ANALYTICS)
    def time_to_convert(
        self,
        work: Work,
        period: Period | None = None,
        by: By | str | None = None,
        *,
        cohort: bool = False,
    ) -> Figures[Days]:
        """Give the days from capture to conversion, by conversions in the period or by cohort."""
        basis = Basis.CREATED if cohort else Basis.CONVERTED
        return _answered(work, TimeToConvert("time_to_convert", basis), period, by)

    @verb(Permission.LEAD_ANALYTICS)
    def lead_mix(
        self, work: Work, period: Period | None = None, by: By | str | None = By.SOURCE
    ) -> Figures[Ratio]:
        """Give each group's share of the period's leads."""
        return _answered(work, metrics.LEAD_MIX, period, by)

    @verb(Permission.LEAD_ANALYTICS)
    def lost_reasons(
        self, work: Work, period: Period | None = None, by: By | str | None = By.LOST_REASON
    ) -> Figures[Ratio]:
        """Give each reason's share of the period's losses."""
        return _answered(work, metrics.LOSS_MIX, period, by)

    @verb(Permission.LEAD_ANALYTICS)
    def stages(self, work: Work, period: Period | None = None) -> Stays:
        """Tell how long leads that left a stage in the period had stayed, and ages by now."""
        return answered(STAGE_STAYS, _of_stages(work, period), work.store.aggregate)

    @verb(Permission.LEAD_ANALYTICS)
    def bottlenecks(
        self, work: Work, period: Period | None = None, *, least: int = LEAST
    ) -> Bottlenecks:
        """Tell in which stage open leads are held up, and after which the fewest went on.

        The share that went on is of the leads that came in during the period; stages that fewer
        than `least` of them reached are left out.
        """
        if type(least) is not int or least < 1:
            raise InvalidInput.at("least", "out_of_range", "give a whole number from 1 on")
        ask = _of_stages(work, period)
        stays = answered(STAGE_STAYS, ask, work.store.aggregate)
        funnel = answered(COHORT_FUNNEL, ask, work.store.aggregate).total
        return bottlenecks(stays, funnel, least)

    @verb(Permission.LEAD_ANALYTICS)
    def report(self, work: Work, name: str, period: Period | None = None) -> Report:
        """Make a report: `funnel`, `sources`, `summary` or `stages`.

        Marketing managers get the first two.
        """
        if name not in _REPORTS:
            raise InvalidInput.at("name", "unknown_report", f"give one of {', '.join(_REPORTS)}")
        make, by = _REPORTS[name]
        ask = _ask(work, period, by)
        return make(evolve(ask, by=None), work.store.aggregate)

    @verb(Permission.LEAD_ANALYTICS)
    def behind(
        self,
        work: Work,
        metric: Metric[object],
        part: str,
        *,
        period: Period | None = None,
        by: By | str | None = None,
        choice: Choice = Whole.TOTAL,
    ) -> tuple[LeadId, ...]:
        """Name the leads behind one part of a metric; only for those who may read leads."""
        work.demand(Permission.LEAD_READ)
        where = metric.drill(_ask(work, period, by), part, choice)
        leads = everything(work.store.leads, both(where, work.reach(Permission.LEAD_READ)))
        work.touch(lead.id for lead in leads)
        return tuple(lead.id for lead in leads)


def _answered(work: Work, metric: Metric[R], period: Period | None, by: By | str | None) -> R:
    return answered(metric, _ask(work, period, by), work.store.aggregate)


def _ask(work: Work, period: Period | None, by: By | str | None) -> Ask:
    """Put a question within what the actor may count."""
    ask = Ask(practice=work.practice, now=work.now, period=period, by=by)
    return evolve(ask, within=_within(work, ask))


def _of_stages(work: Work, period: Period | None) -> Ask:
    """Ask about stages, which marketing managers may not."""
    return evolve(_ask(work, period, By.LOST_STAGE), by=None)


def _within(work: Work, ask: Ask) -> Where:
    reach = work.scopes(Permission.LEAD_ANALYTICS)
    if reach & {Scope.CLINIC, Scope.AGGREGATES}:
        return ask.within
    if Scope.OWN_FIGURES in reach:
        return Cond("owner", "eq", work.actor.user)
    if ask.by not in _FOR_MARKETING:
        raise Forbidden(work.operation, Permission.LEAD_ANALYTICS)
    return ask.within
