"""The regular reports: what came in yesterday or last week, and how the months went."""

from datetime import date, timedelta

from orthocrm.analytics.asking import Ask, By
from orthocrm.analytics.reports import leads
from orthocrm.analytics.reports.tabling import Comparison, Grid, grouped, interval, made_of, value
from orthocrm.analytics.reports.values import (
    Aggregator,
    Chart,
    ChartKind,
    Kind,
    Report,
    report_of,
)
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


def _by_day() -> Chart:
    return Chart(
        kind=ChartKind.LINES,
        title="Leads, conversions and losses by day",
        table="days",
        labels="day",
        values=("leads", "converted", "lost"),
    )


def months_report(ask: Ask, aggregate: Aggregator) -> Report:
    """Show the cohorts of the months beside each other."""
    table = grouped(
        ask,
        aggregate,
        Grid(
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
        ),
    )
    return report_of(
        ask,
        "months",
        "Conversion by month",
        (table,),
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
