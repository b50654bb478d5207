"""The regular reports: what came in yesterday or last week, and how the months went."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from attrs import frozen

from orthocrm.analytics.asking import Ask, By
from orthocrm.analytics.funnel import COHORT_FUNNEL, steps_of
from orthocrm.analytics.reports import leads
from orthocrm.analytics.reports.tabling import (
    Asked,
    Comparison,
    Grid,
    interval,
    label_cells,
    label_columns,
    made_of,
    value,
)
from orthocrm.analytics.reports.values import (
    Aggregator,
    Cell,
    Chart,
    ChartKind,
    Column,
    Kind,
    Report,
    Table,
    report_of,
)
from orthocrm.analytics.results import Figures, Funnel
from orthocrm.core.time import Period

_DAY = timedelta(days=1)

_HEADLINES = (
    "total_leads",
    "consultations_scheduled",
    "show_rate",
    "conversions",
    "period_conversion_rate",
    "losses",
    "tried_in_time",
    "time_to_contact",
    "open_leads",
    "overdue_tasks",
)


def yesterday(today: date) -> Period:
    """Give the day that is over."""
    return Period(today - _DAY, today)


def last_week(today: date) -> Period:
    """Give the week that is over, from Monday on."""
    monday = today - today.weekday() * _DAY
    return Period(monday - 7 * _DAY, monday)


def last_month(today: date) -> Period:
    """Give the month that is over."""
    return Period.month(today.year, today.month).previous()


def last_twelve_months(today: date) -> Period:
    """Give the twelve months that are over."""
    until = today.replace(day=1)
    return Period(until.replace(year=until.year - 1), until)


def daily_report(ask: Ask, aggregate: Aggregator) -> Report:
    """Tell what a day brought, beside the day before."""
    return _summary(ask, aggregate, "daily", "Daily lead summary")


def weekly_report(ask: Ask, aggregate: Aggregator) -> Report:
    """Tell what a week brought, beside the week before, day by day."""
    return _summary(ask, aggregate, "weekly", "Weekly lead summary", by_day=True)


def _summary(
    ask: Ask, aggregate: Aggregator, name: str, title: str, *, by_day: bool = False
) -> Report:
    parts = (_GLANCE, *((_DAYS,) if by_day else ()), _SOURCES, leads.Losses())
    return report_of(
        ask,
        name,
        title,
        made_of(ask, aggregate, parts),
        charts=(
            *((_by_day(),) if by_day else ()),
            Chart(
                kind=ChartKind.BARS,
                title="Leads by source",
                table="sources",
                labels="source",
                values=("leads",),
            ),
        ),
    )


_GLANCE = Comparison(name="headlines", title="At a glance", metrics=_HEADLINES)

_SOURCES = Grid(
    name="sources",
    title="Where leads came from",
    by=By.SOURCE,
    columns=(value("total_leads", "Leads", "leads"), value("lead_mix", "Share", "share")),
    people="leads",
)

_DAYS = Grid(
    name="days",
    title="Day by day",
    by=By.DAY,
    columns=(
        value("total_leads", "Leads", "leads"),
        value("conversions", "Converted", "converted"),
        value("losses", "Lost", "lost"),
    ),
    people="leads",
)


_MONTHS = Grid(
    name="months",
    title="Months",
    by=By.MONTH,
    columns=(
        value("total_leads", "Leads", "leads"),
        value("conversion_rate", "Converted", "converted", of="numerator", kind=Kind.COUNT),
        value("cohort_losses", "Lost", "lost"),
        value("cohort_open", "Open", "open"),
        *interval("conversion_rate", "conversion")[1:],
        value("cohort_time_to_convert", "Median days", "median_days"),
        value("conversions", "Conversions in the month", "conversions"),
    ),
    people="leads",
)


@frozen
class _Funnels:
    """How far the leads of each month came: how many reached each stage, and what share went on."""

    def asked(self, ask: Ask) -> Asked:
        """Ask for the funnel of each month."""
        return [(COHORT_FUNNEL, ask.cut(By.MONTH))]

    def made(self, ask: Ask, answers: Sequence[Figures[Any]]) -> Table:
        """Make the table."""
        steps = steps_of(ask.practice)
        funnels: Figures[Funnel] = answers[0]
        return Table(
            name="reached",
            title="How far each month's leads came",
            columns=(
                *label_columns(By.MONTH),
                Column("leads", "Leads", Kind.COUNT),
                *(Column(f"reached_{step.slug}", step.name, Kind.COUNT) for step in steps),
                *(
                    Column(f"went_on_{step.slug}", f"On from {step.name}", Kind.RATE)
                    for step in steps[:-1]
                ),
            ),
            rows=tuple(
                (*label_cells(ask.practice, By.MONTH, month), *_funnel_cells(funnel))
                for month, funnel in funnels.groups
            ),
            total=(None, "Total", *_funnel_cells(funnels.total)),
        )


def _funnel_cells(funnel: Funnel) -> tuple[Cell, ...]:
    rates = (step.next_step.value for step in funnel.steps if step.next_step is not None)
    return funnel.leads, *(step.reached for step in funnel.steps), *rates


def _by_day() -> Chart:
    return Chart(
        kind=ChartKind.LINES,
        title="Leads, conversions and losses by day",
        table="days",
        labels="day",
        values=("leads", "converted", "lost"),
    )


def months_report(ask: Ask, aggregate: Aggregator) -> Report:
    """Show the cohorts of the months beside each other, and how far each of them came."""
    return report_of(
        ask,
        "months",
        "Conversion by month",
        made_of(ask, aggregate, (_MONTHS, _Funnels())),
        charts=(
            Chart(
                kind=ChartKind.STACKED,
                title="What became of each month's leads",
                table="months",
                labels="month",
                values=("converted", "open", "lost"),
            ),
            Chart(
                kind=ChartKind.LINES,
                title="Conversion by month",
                table="months",
                labels="month",
                values=("conversion",),
            ),
        ),
    )
