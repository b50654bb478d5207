"""Every metric that comes with the library, each declared once.

The definitions are those of the practice's own numbers (Gaidge's and OrthoFi's ratios) and of
HubSpot's funnel reports. Plug-ins add theirs by `register_metrics`, as these are.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from orthocrm.analytics import metrics
from orthocrm.analytics.asking import LOST, OPEN, WON, Ask, Basis, By
from orthocrm.analytics.costing import PerHead, Revenue, Roi
from orthocrm.analytics.declaring import (
    Declared,
    Unit,
    of_cost,
    of_count,
    of_earned,
    of_part,
    of_price,
    of_rate,
    of_return,
    of_share,
    of_speed,
    of_spread,
    of_velocity,
)
from orthocrm.analytics.grouping import COHORT, Facts, during, facts_of
from orthocrm.analytics.measures import Durations, Growth, Quotient, Tally
from orthocrm.analytics.speed import MINUTE, SpeedToLead
from orthocrm.analytics.velocity import PipelineVelocity
from orthocrm.analytics.visited import FLOW
from orthocrm.core.appointment import CONSULTATIONS, AppointmentStatus
from orthocrm.core.errors import InvalidInput
from orthocrm.core.lead import LostReason
from orthocrm.core.query import AllOf, AnyOf, Cond, Op, Where, both
from orthocrm.core.task import OPEN_TASKS
from orthocrm.core.time import Period, zone

CONVERTED: Final = facts_of(Basis.CONVERTED)

_CLOSED: Final = AnyOf((WON, LOST))

_KEPT: Final = (
    AppointmentStatus.ARRIVED.value,
    AppointmentStatus.IN_PROGRESS.value,
    AppointmentStatus.COMPLETED.value,
)
_MISSED: Final = AppointmentStatus.NO_SHOW.value
_FIXED: Final = (AppointmentStatus.BOOKED.value, AppointmentStatus.CONFIRMED.value)


def _past(ask: Ask) -> Where:
    return AllOf((Cond("type", Op.IN, CONSULTATIONS), Cond("starts_at", Op.LE, ask.now)))


PAST_CONSULTATIONS: Final = Facts(of="lead_appointments", at="starts_at", where=_past)
"""Consultations of leads whose start has passed."""


def _this_week(ask: Ask) -> Where:
    today = ask.now.astimezone(zone(ask.timezone)).date()
    monday = today - today.weekday() * timedelta(days=1)
    start, end = Period(monday, monday + timedelta(days=7)).instants(ask.timezone)
    standing = Cond("status", Op.IN, (*_FIXED, *_KEPT))
    return both(Cond("type", Op.IN, CONSULTATIONS), standing, during("starts_at", start, end))


THIS_WEEK: Final = Facts(of="lead_appointments", at=None, where=_this_week)

OPEN_LEADS: Final = Facts(at=None, where=both(OPEN, Cond("archived_at", Op.ABSENT)))
OPEN_TASKS_NOW: Final = Facts(
    of="lead_tasks",
    at=None,
    where=Cond("status", Op.IN, OPEN_TASKS),
    fields={By.OWNER: "assigned_to"},
)

COMPLETED: Final = Facts(at="completed_at", where=Cond("completed_at", Op.PRESENT))
"""Leads whose consultation was completed in the period."""

_ACCEPTED: Final = Cond("accepted_at", Op.PRESENT)
_NOT_RECALLED: Final = Cond("recalled_at", Op.ABSENT)
_AT_ONCE: Final = both(_ACCEPTED, _NOT_RECALLED)
_RECOMMENDED: Final = AllOf(
    (
        Cond("observed_at", Op.ABSENT),
        Cond("lost_reason", Op.NE, LostReason.NOT_A_CANDIDATE.value),
    )
)


def _same_day(ask: Ask) -> Where:
    """Say that the treatment was accepted on the day of the consultation, day by day."""
    if ask.period is None:
        raise InvalidInput.at("period", "needs_period", "days are compared within a period")
    days = ask.cut(By.DAY).pieces
    edges = [day.instants(ask.timezone) for day in days]
    both_on = (both(during("completed_at", *edge), during("accepted_at", *edge)) for edge in edges)
    return both(_NOT_RECALLED, AnyOf(tuple(both_on)))


_SCHEDULED: Final = Facts(at="scheduled_at", where=Cond("scheduled_at", Op.PRESENT))

_ALL = (
    Declared(
        name="total_leads",
        title="Leads",
        unit=Unit.COUNT,
        formula="leads created in the period; a merged pair once, at its earliest creation",
        metric=metrics.TOTAL_LEADS,
        figure=of_count,
        for_marketing=True,
    ),
    Declared(
        name="lead_mix",
        title="Share of leads",
        unit=Unit.SHARE,
        formula="leads of the group over all leads of the period",
        metric=metrics.LEAD_MIX,
        figure=of_part,
        for_marketing=True,
    ),
    Declared(
        name="conversion_rate",
        title="Conversion, by cohort",
        unit=Unit.SHARE,
        formula="leads of the period that ever converted over leads of the period",
        metric=Quotient(top=Tally(where=WON), bottom=Tally()),
        figure=of_share,
        for_marketing=True,
    ),
    Declared(
        name="period_conversion_rate",
        title="Conversions per new lead",
        unit=Unit.RATE,
        formula="conversions in the period over leads created in it; may exceed 100 %",
        metric=metrics.PERIOD_CONVERSION,
        figure=of_rate,
        for_marketing=True,
    ),
    Declared(
        name="conversions",
        title="Conversions",
        unit=Unit.COUNT,
        formula="leads converted in the period, whenever they came in",
        metric=metrics.CONVERSIONS,
        figure=of_count,
        for_marketing=True,
    ),
    Declared(
        name="win_rate",
        title="Won of closed, by cohort",
        unit=Unit.SHARE,
        formula="leads of the period that converted over those that converted or were lost",
        metric=Quotient(top=Tally(where=WON), bottom=Tally(where=_CLOSED)),
        figure=of_share,
        for_marketing=True,
    ),
    Declared(
        name="time_to_convert",
        title="Days to convert",
        unit=Unit.DAYS,
        formula="days from creation to conversion, of conversions in the period; median",
        metric=metrics.TIME_TO_CONVERT,
        figure=of_spread,
        for_marketing=True,
    ),
    Declared(
        name="cohort_time_to_convert",
        title="Days to convert, by cohort",
        unit=Unit.DAYS,
        formula="days from creation to conversion, of leads created in the period; median",
        metric=metrics.COHORT_TIME_TO_CONVERT,
        figure=of_spread,
        for_marketing=True,
    ),
    Declared(
        name="stage_entries",
        title="Leads that entered a stage",
        unit=Unit.COUNT,
        formula="different leads that entered the stage in the period; cut it by stage",
        metric=FLOW,
        figure=of_count,
        for_marketing=True,
    ),
    Declared(
        name="speed_to_lead",
        title="Tried within five minutes",
        unit=Unit.SHARE,
        formula=(
            "leads whose first outbound attempt came within 5 minutes of business time over leads "
            "that were tried, or whose time is over; answered live and observed ones are left out"
        ),
        metric=SpeedToLead(),
        figure=of_speed,
    ),
    Declared(
        name="time_to_attempt",
        title="Minutes to the first attempt",
        unit=Unit.MINUTES,
        formula="minutes from creation to the first outbound attempt; median",
        metric=Durations(took="ms_to_attempt", unit=MINUTE),
        figure=of_spread,
    ),
    Declared(
        name="time_to_contact",
        title="Minutes to the first contact",
        unit=Unit.MINUTES,
        formula="minutes from creation to the first two-way contact; answered live is 0; median",
        metric=Durations(took="ms_to_contact", unit=MINUTE),
        figure=of_spread,
    ),
    Declared(
        name="consultations_scheduled",
        title="Consultations scheduled",
        unit=Unit.COUNT,
        formula="leads that reached Consultation Scheduled in the period",
        metric=Tally(facts=_SCHEDULED),
        figure=of_count,
        for_marketing=True,
    ),
    Declared(
        name="lead_velocity",
        title="Lead velocity",
        unit=Unit.RATE,
        formula=(
            "(q - before) / before, q the leads that reached Consultation Scheduled; a period that "
            "runs is compared by its days that are over"
        ),
        metric=Growth(of=Tally(facts=_SCHEDULED)),
        figure=of_rate,
        for_marketing=True,
    ),
    Declared(
        name="pipeline_velocity",
        title="Pipeline velocity",
        unit=Unit.MONEY,
        formula="open leads * win rate * average fee / average days to convert, a day",
        metric=PipelineVelocity(),
        figure=of_velocity,
        is_of_the_clinic=True,
    ),
    Declared(
        name="show_rate",
        title="Consultation show rate",
        unit=Unit.SHARE,
        formula=(
            "consultations kept over kept and missed, of those whose start lies in the period and "
            "has passed; cancelled and moved ones are left out"
        ),
        metric=Quotient(
            top=Tally(facts=PAST_CONSULTATIONS, where=Cond("status", Op.IN, _KEPT)),
            bottom=Tally(facts=PAST_CONSULTATIONS, where=Cond("status", Op.IN, (*_KEPT, _MISSED))),
        ),
        figure=of_share,
    ),
    Declared(
        name="unrecorded_consultations",
        title="Consultations without an outcome",
        unit=Unit.COUNT,
        formula="consultations of the period that have passed and are neither kept nor missed",
        metric=Tally(facts=PAST_CONSULTATIONS, where=Cond("status", Op.IN, _FIXED)),
        figure=of_count,
    ),
    Declared(
        name="acceptance_rate",
        title="Treatment acceptance",
        unit=Unit.SHARE,
        formula=(
            "treatments accepted over consultations completed in the period; who accepts after "
            "a recall counts as not accepted here, and in recall_starts"
        ),
        metric=Quotient(top=Tally(facts=COMPLETED, where=_AT_ONCE), bottom=Tally(facts=COMPLETED)),
        figure=of_share,
    ),
    Declared(
        name="recommended_acceptance_rate",
        title="Acceptance of recommended treatment",
        unit=Unit.SHARE,
        formula=(
            "treatments accepted over consultations completed in the period, without observation "
            "patients and those who are no candidates"
        ),
        metric=Quotient(
            top=Tally(facts=COMPLETED, where=both(_AT_ONCE, _RECOMMENDED)),
            bottom=Tally(facts=COMPLETED, where=_RECOMMENDED),
        ),
        figure=of_share,
    ),
    Declared(
        name="same_day_acceptance_rate",
        title="Same-day acceptance",
        unit=Unit.SHARE,
        formula="treatments accepted on the day of the consultation over consultations completed",
        metric=Quotient(top=Tally(facts=COMPLETED, where=_same_day), bottom=Tally(facts=COMPLETED)),
        figure=of_share,
    ),
    Declared(
        name="observation_rate",
        title="Exams that go to observation",
        unit=Unit.SHARE,
        formula="leads ever put under observation over consultations completed in the period",
        metric=Quotient(
            top=Tally(facts=COMPLETED, where=Cond("observed_at", Op.PRESENT)),
            bottom=Tally(facts=COMPLETED),
        ),
        figure=of_share,
    ),
    Declared(
        name="recall_starts",
        title="Starts from the recall pool",
        unit=Unit.SHARE,
        formula="conversions in the period after a recall over conversions in the period",
        metric=Quotient(
            top=Tally(facts=CONVERTED, where=Cond("recalled_at", Op.PRESENT)),
            bottom=Tally(facts=CONVERTED),
        ),
        figure=of_share,
    ),
    Declared(
        name="cost",
        title="Cost",
        unit=Unit.MONEY,
        formula="monthly costs by the day and one-off costs of the period",
        metric=PerHead(of=metrics.TOTAL_LEADS),
        figure=of_cost,
        for_marketing=True,
        is_of_the_clinic=True,
    ),
    Declared(
        name="cost_per_lead",
        title="Cost per lead",
        unit=Unit.MONEY,
        formula="cost of the period over leads created in it",
        metric=PerHead(of=metrics.TOTAL_LEADS),
        figure=of_price,
        for_marketing=True,
        is_of_the_clinic=True,
    ),
    Declared(
        name="cost_per_acquisition",
        title="Cost per patient, by cohort",
        unit=Unit.MONEY,
        formula="cost of the period over leads created in it that converted",
        metric=PerHead(of=Tally(where=WON)),
        figure=of_price,
        for_marketing=True,
        is_of_the_clinic=True,
    ),
    Declared(
        name="period_cost_per_acquisition",
        title="Cost per patient",
        unit=Unit.MONEY,
        formula="cost of the period over conversions in it",
        metric=PerHead(of=metrics.CONVERSIONS),
        figure=of_price,
        for_marketing=True,
        is_of_the_clinic=True,
    ),
    Declared(
        name="revenue",
        title="Revenue",
        unit=Unit.MONEY,
        formula="what conversions in the period brought in: the revenue field, or the average fee",
        metric=Revenue(),
        figure=of_earned,
        for_marketing=True,
        is_of_the_clinic=True,
    ),
    Declared(
        name="cohort_revenue",
        title="Revenue, by cohort",
        unit=Unit.MONEY,
        formula="what the converted leads of the period brought in",
        metric=Revenue(basis=Basis.CREATED),
        figure=of_earned,
        for_marketing=True,
        is_of_the_clinic=True,
    ),
    Declared(
        name="roi",
        title="Return on marketing, by cohort",
        unit=Unit.RATE,
        formula="(revenue of the period's leads - cost) / cost; unknown where nothing was spent",
        metric=Roi(revenue=Revenue(basis=Basis.CREATED)),
        figure=of_return,
        for_marketing=True,
        is_of_the_clinic=True,
    ),
    Declared(
        name="period_roi",
        title="Return on marketing",
        unit=Unit.RATE,
        formula="(revenue of conversions in the period - cost) / cost",
        metric=Roi(revenue=Revenue()),
        figure=of_return,
        for_marketing=True,
        is_of_the_clinic=True,
    ),
    Declared(
        name="losses",
        title="Lost leads",
        unit=Unit.COUNT,
        formula="leads lost in the period, whenever they came in",
        metric=metrics.LOSSES,
        figure=of_count,
    ),
    Declared(
        name="loss_mix",
        title="Share of losses",
        unit=Unit.SHARE,
        formula="losses of the group over all losses of the period, by the date of loss",
        metric=metrics.LOSS_MIX,
        figure=of_part,
    ),
    Declared(
        name="cohort_losses",
        title="Lost leads, by cohort",
        unit=Unit.COUNT,
        formula="leads created in the period that are lost",
        metric=Tally(where=LOST),
        figure=of_count,
    ),
    Declared(
        name="open_leads",
        title="Open leads",
        unit=Unit.COUNT,
        formula="leads that are neither won, lost nor archived now",
        metric=Tally(facts=OPEN_LEADS),
        figure=of_count,
    ),
    Declared(
        name="cohort_open",
        title="Still open, by cohort",
        unit=Unit.COUNT,
        formula="leads created in the period that are neither won nor lost",
        metric=Tally(facts=COHORT, where=OPEN),
        figure=of_count,
        for_marketing=True,
    ),
    Declared(
        name="open_tasks",
        title="Open tasks",
        unit=Unit.COUNT,
        formula="tasks that have to be done, by whom they are assigned to",
        metric=Tally(facts=OPEN_TASKS_NOW),
        figure=of_count,
    ),
    Declared(
        name="overdue_tasks",
        title="Overdue tasks",
        unit=Unit.COUNT,
        formula="open tasks whose time has passed",
        metric=Tally(facts=OPEN_TASKS_NOW, where=lambda ask: Cond("due_at", Op.LT, ask.now)),
        figure=of_count,
    ),
    Declared(
        name="consultations_this_week",
        title="Consultations this week",
        unit=Unit.COUNT,
        formula="consultations from Monday to Sunday of this week that stand",
        metric=Tally(facts=THIS_WEEK),
        figure=of_count,
    ),
)

METRICS: Final[Mapping[str, Declared]] = {declared.name: declared for declared in _ALL}
"""The metrics by name."""
