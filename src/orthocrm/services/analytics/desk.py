"""`desk.analytics`: the practice's numbers, and the leads behind them."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from orthocrm.analytics import funnel as funnels
from orthocrm.analytics import metrics, small
from orthocrm.analytics.asking import By, Choice, Cut, Whole
from orthocrm.analytics.declaring import Declared, Measured
from orthocrm.analytics.funnel import COHORT_FUNNEL
from orthocrm.analytics.metrics import CohortConversion, Metric, answered
from orthocrm.analytics.reports import Report
from orthocrm.analytics.results import Figures, Funnel, Outcomes, Ratio, Speed, Spread
from orthocrm.analytics.speed import TARGET, SpeedToLead, checked_target
from orthocrm.analytics.staying import (
    LEAST,
    STAGE_STAYS,
    Bottlenecks,
    Stays,
    bottlenecks,
    without_few,
)
from orthocrm.analytics.visited import Snapshot, StageCount, Variant, VisitedFunnel, variant_of
from orthocrm.core.actor import Permission
from orthocrm.core.errors import InvalidInput
from orthocrm.core.ids import LeadId
from orthocrm.core.lead import LostReason
from orthocrm.core.time import Period
from orthocrm.services.analytics import losses, mailing, measuring, reporting, scope
from orthocrm.services.analytics.losses import LostLead
from orthocrm.services.analytics.scope import asked, asked_about_stages, smallest
from orthocrm.services.gate import Area, verb
from orthocrm.services.work import Work

R = TypeVar("R")


class Analytics(Area, area="analytics"):
    """Numbers. Coordinators get their own, doctors and marketing managers no lead behind any.

    `period` covers local dates of the clinic, left open: all time. `by` cuts the number into
    groups; each lead falls into exactly one.
    """

    @verb(Permission.LEAD_ANALYTICS)
    def metrics(self, work: Work) -> tuple[Declared, ...]:
        """List the metrics that the actor may ask for, those of plug-ins included."""
        return tuple(one for one in work.plugins.metrics.values() if scope.allows(work, one))

    @verb(Permission.LEAD_ANALYTICS)
    def measure(
        self,
        work: Work,
        metric: str,
        period: Period | None = None,
        by: Cut | str | None = None,
        *,
        compare: bool = False,
    ) -> Measured:
        """Give what a metric says of a period, and of the window before to `compare`.

        `by` is a `By`, or `custom.` and the name of a field of the clinic's own that is not
        encrypted. The window before is as many days long, or the calendar month or year before;
        what is about now, as open tasks are, has none.

        Raises:
            InvalidInput: there is no such metric or cut, or it needs a period.
            Forbidden: the metric or the cut is not for the actor.
            PluginError: the metric is a plug-in's, and failed.
        """
        return measuring.measure_one(work, metric, period, by, compare=compare)

    @verb(Permission.LEAD_ANALYTICS)
    def measure_all(
        self,
        work: Work,
        metrics: Sequence[str],
        period: Period | None = None,
        by: Cut | str | None = None,
        *,
        compare: bool = False,
    ) -> tuple[Measured, ...]:
        """Measure several metrics in one pass, for a dashboard.

        A plug-in's metric that fails says so in `failed`, and has no number; the others stand.
        """
        return measuring.measure(work, metrics, period, by, compare=compare)

    @verb(Permission.LEAD_ANALYTICS)
    def speed(
        self,
        work: Work,
        period: Period | None = None,
        by: Cut | str | None = None,
        *,
        target: timedelta = TARGET,
    ) -> Figures[Speed]:
        """Tell how soon the leads of the period were tried and reached, in minutes.

        `target` is how soon they should be tried, by elapsed and by business time.

        Raises:
            InvalidInput: the target is none, or longer than 30 days.
        """
        scope.demand(work, measuring.known(work, "speed_to_lead"))
        metric = SpeedToLead(target=checked_target(target))
        return _answered(work, metric, period, by, lambda speed: speed.in_time.denominator)

    @verb(Permission.LEAD_ANALYTICS)
    def snapshot(self, work: Work, at: datetime) -> tuple[StageCount, ...]:
        """Count the leads by the stage in which they stood at an instant."""
        return _stage_counts(work, Snapshot(at=at), None)

    @verb(Permission.LEAD_ANALYTICS)
    def visited(
        self, work: Work, period: Period | None = None, variant: Variant | str = Variant.VISITED
    ) -> tuple[StageCount, ...]:
        """Count the leads of the period by the stages in which they really were.

        `visited`: ever in the stage; `strict`: in every stage before it as well, in their order.
        """
        wanted = variant_of(variant)
        if wanted is Variant.FURTHEST:
            raise InvalidInput.at("variant", "unknown_variant", "desk.analytics.funnel gives it")
        return _stage_counts(work, VisitedFunnel(strict=wanted is Variant.STRICT), period)

    @verb(Permission.LEAD_ANALYTICS)
    def funnel(
        self, work: Work, period: Period | None = None, by: Cut | str | None = None
    ) -> Figures[Funnel]:
        """Follow the leads that came in during the period: the furthest stage that each reached.

        Who sees no leads gets no step that so few stand behind that they could be recognised.
        """
        figures = _answered(work, COHORT_FUNNEL, period, by, lambda funnel: funnel.leads)
        few = smallest(work)
        return Figures(
            funnels.without_few(figures.total, few),
            tuple((label, funnels.without_few(funnel, few)) for label, funnel in figures.groups),
            hidden=figures.hidden,
        )

    @verb(Permission.LEAD_ANALYTICS)
    def outcomes(
        self, work: Work, period: Period | None = None, by: Cut | str | None = By.SOURCE
    ) -> Figures[Outcomes]:
        """Tell what became of the leads of the period, by source unless cut otherwise."""
        return _answered(work, metrics.OUTCOMES, period, by, lambda outcomes: outcomes.leads)

    @verb(Permission.LEAD_ANALYTICS)
    def conversion(
        self,
        work: Work,
        period: Period | None = None,
        by: Cut | str | None = None,
        *,
        within_days: int | None = None,
    ) -> Figures[Ratio]:
        """Give the share of the period's leads that became patients, in time if asked for."""
        metric = CohortConversion(within_days)
        return _answered(work, metric, period, by, lambda share: share.denominator)

    @verb(Permission.LEAD_ANALYTICS)
    def period_conversion(
        self, work: Work, period: Period | None = None, by: Cut | str | None = None
    ) -> Figures[Ratio]:
        """Give the conversions in the period over the leads in it; this may exceed 1."""
        return _answered(work, metrics.PERIOD_CONVERSION, period, by, lambda rate: rate.denominator)

    @verb(Permission.LEAD_ANALYTICS)
    def time_to_convert(
        self,
        work: Work,
        period: Period | None = None,
        by: Cut | str | None = None,
        *,
        cohort: bool = False,
    ) -> Figures[Spread]:
        """Give the days from capture to conversion, by conversions in the period or by cohort."""
        metric = metrics.COHORT_TIME_TO_CONVERT if cohort else metrics.TIME_TO_CONVERT
        return _answered(work, metric, period, by, lambda spread: spread.n)

    @verb(Permission.LEAD_ANALYTICS)
    def lead_mix(
        self, work: Work, period: Period | None = None, by: Cut | str | None = By.SOURCE
    ) -> Figures[Ratio]:
        """Give each group's share of the period's leads."""
        return _answered(work, metrics.LEAD_MIX, period, by, lambda part: part.numerator)

    @verb(Permission.LEAD_ANALYTICS)
    def lost_reasons(
        self, work: Work, period: Period | None = None, by: Cut | str | None = By.LOST_REASON
    ) -> Figures[Ratio]:
        """Give each reason's share of the period's losses."""
        return _answered(work, metrics.LOSS_MIX, period, by, lambda part: part.numerator)

    @verb(Permission.LEAD_ANALYTICS)
    def lost_leads(
        self, work: Work, period: Period | None = None, reason: LostReason | str | None = None
    ) -> tuple[LostLead, ...]:
        """List the losses of the period with what was noted of them, the latest first.

        A competitor's name stands in the notes. Only for those who may read leads; the latest
        500 are given.
        """
        work.demand(Permission.LEAD_READ)
        return losses.listed(work, period, reason)

    @verb(Permission.LEAD_ANALYTICS)
    def stages(self, work: Work, period: Period | None = None) -> Stays:
        """Tell how long leads that left a stage in the period had stayed, and ages by now.

        Who sees no leads gets no stage that so few stand behind that they could be recognised.
        """
        ask = asked_about_stages(work, period)
        stays = answered(STAGE_STAYS, ask, work.store.aggregate)
        return without_few(stays, smallest(work))

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
        ask = asked_about_stages(work, period)
        stays = answered(STAGE_STAYS, ask, work.store.aggregate)
        funnel = answered(COHORT_FUNNEL, ask, work.store.aggregate).total
        few = smallest(work)
        return bottlenecks(without_few(stays, few), funnel, least, few)

    @verb(Permission.LEAD_ANALYTICS)
    def report(self, work: Work, name: str, period: Period | None = None) -> Report:
        """Make one of the reports of `orthocrm.analytics.reports.REPORTS`.

        Raises:
            InvalidInput: there is no such report, or it needs a period.
            Forbidden: it is not for the actor: marketing managers get those by source only.
        """
        return reporting.report(work, name, period)

    @verb(Permission.MESSAGE_SEND)
    def mail_reports(self, work: Work) -> int:
        """Queue the e-mails of scheduled reports whose time has come; for the worker.

        Each goes once for a period and person, however many workers there are.
        """
        return len(mailing.queue(work))

    @verb(Permission.LEAD_ANALYTICS)
    def behind(
        self,
        work: Work,
        metric: Metric[Any] | str,
        part: str = "numerator",
        *,
        period: Period | None = None,
        by: Cut | str | None = None,
        choice: Choice = Whole.TOTAL,
    ) -> tuple[LeadId, ...]:
        """Name the leads behind one part of a metric; only for those who may read leads.

        `metric` is a metric or its name, or one of funnel, outcomes and stages, whose parts the
        reference lists; `part` is one of those that `Declared.parts` names. `choice` names one
        group of a question that is cut, None what nobody recorded; dates, numbers and flags may be
        texts. A number of appointments or tasks has fewer leads behind it where one lead has
        several.

        Raises:
            InvalidInput: the metric has no such part, or the question no such group.
            PluginError: the metric is a plug-in's, and failed.
        """
        work.demand(Permission.LEAD_READ)
        found = measuring.behind(work, metric, asked(work, period, by), part, choice)
        work.touch(found)
        return found


def _stage_counts(
    work: Work, metric: Snapshot | VisitedFunnel, period: Period | None
) -> tuple[StageCount, ...]:
    """Count leads by stage; stages that hold too few are left out."""
    ask = asked(work, period, None)
    counts = metric.read(ask, [work.store.aggregate(query) for query in metric.queries(ask)])
    hidden = small.to_hide([one.leads for one in counts], smallest(work) or 0)
    return tuple(one for place, one in enumerate(counts) if place not in hidden)


def _answered(
    work: Work,
    metric: Metric[Figures[R]],
    period: Period | None,
    by: Cut | str | None,
    size: Callable[[R], int],
) -> Figures[R]:
    """Answer a question within what the actor may count, without groups that are too small."""
    figures = answered(metric, asked(work, period, by), work.store.aggregate)
    return small.left(figures, size, smallest(work))
