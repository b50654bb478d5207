"""Reports on who works with the leads, how fast, and whether families come."""

from typing import Final

from orthocrm.analytics.asking import Ask, By
from orthocrm.analytics.reports.tabling import Comparison, Grid, grouped, interval, made_of, value
from orthocrm.analytics.reports.values import (
    Aggregator,
    Chart,
    ChartKind,
    Kind,
    Report,
    report_of,
)

CREDITS: Final = (
    "the first columns credit whoever held the lead at the event, the last ones whoever got it "
    "first; a lead counts once in each"
)

ACCEPTANCE: Final = (
    "beside your own: case acceptance is 70 to 80 % in the field, and new-patient adds lead to "
    "exams above 90 % as a goal, 81 % on average in the US (Gaidge 2025)"
)
RECALLS: Final = (
    "beside your own: about 20 % of exams go to observation, and 20 % of starts come from there "
    "(Gaidge 2025)"
)

_TRIED = (
    value("speed_to_lead", "On the clock", "n", of="n", kind=Kind.COUNT),
    value("speed_to_lead", "In time", "in_time"),
    value("speed_to_lead", "In time, day and night", "in_time_elapsed", of="in_time"),
    value("speed_to_lead", "Overdue", "overdue", of="overdue", kind=Kind.COUNT),
    value("speed_to_lead", "Waiting", "waiting", of="waiting", kind=Kind.COUNT),
    value("speed_to_lead", "Live", "live", of="live", kind=Kind.COUNT),
    value(
        "speed_to_lead",
        "Median, open hours",
        "business_median",
        of="business_attempt_median",
        kind=Kind.MINUTES,
    ),
    value(
        "speed_to_lead",
        "90 %, open hours",
        "business_p90",
        of="business_attempt_p90",
        kind=Kind.MINUTES,
    ),
    value("speed_to_lead", "Median", "median", of="attempt_median", kind=Kind.MINUTES),
    value("speed_to_lead", "90 %", "p90", of="attempt_p90", kind=Kind.MINUTES),
    value(
        "speed_to_lead", "Reached, median", "contact_median", of="contact_median", kind=Kind.MINUTES
    ),
    value("speed_to_lead", "Reached, 90 %", "contact_p90", of="contact_p90", kind=Kind.MINUTES),
)


def coordinators_report(ask: Ask, aggregate: Aggregator) -> Report:
    """Compare the coordinators by what became of the period's leads, with n and interval."""
    table = grouped(
        ask,
        aggregate,
        Grid(
            name="coordinators",
            title="Coordinators",
            by=By.OWNER,
            columns=(
                value("total_leads", "Leads", "leads"),
                value("conversion_rate", "Converted", "converted", of="numerator", kind=Kind.COUNT),
                *interval("conversion_rate", "conversion"),
                value("cohort_time_to_convert", "Median days", "median_days"),
                value("total_leads", "Leads, first", "first_leads", by=By.FIRST_OWNER),
                value(
                    "conversion_rate",
                    "Converted, first",
                    "first_converted",
                    of="numerator",
                    kind=Kind.COUNT,
                    by=By.FIRST_OWNER,
                ),
                value(
                    "conversion_rate", "Conversion, first", "first_conversion", by=By.FIRST_OWNER
                ),
            ),
            people="leads",
        ),
    )
    return report_of(
        ask,
        "coordinators",
        "Coordinators",
        (table,),
        (CREDITS,),
        (
            Chart(
                kind=ChartKind.BARS,
                title="Conversion by coordinator",
                table="coordinators",
                labels="owner",
                values=("conversion",),
            ),
        ),
    )


def agents_report(ask: Ask, aggregate: Aggregator) -> Report:
    """Show what each agent converts, how soon each answers, and what each has to do."""
    table = grouped(
        ask,
        aggregate,
        Grid(
            name="agents",
            title="Agents",
            by=By.OWNER,
            columns=(
                value("total_leads", "Leads", "leads"),
                *interval("conversion_rate", "conversion"),
                value("tried_in_time", "In time", "in_time"),
                value("time_to_attempt", "Minutes to try", "minutes_to_attempt"),
                value("time_to_contact", "Minutes to reach", "minutes_to_contact"),
                value("show_rate", "Show rate", "show_rate"),
                value("open_leads", "Open leads", "open_leads"),
                value("open_tasks", "Open tasks", "open_tasks"),
                value("overdue_tasks", "Overdue tasks", "overdue_tasks"),
                value("consultations_this_week", "Consultations this week", "consultations"),
            ),
            people="leads",
        ),
    )
    return report_of(
        ask,
        "agents",
        "Agents",
        (table,),
        charts=(
            Chart(
                kind=ChartKind.BARS,
                title="Minutes until families are tried",
                table="agents",
                labels="owner",
                values=("minutes_to_attempt",),
            ),
        ),
    )


def workload_report(ask: Ask, aggregate: Aggregator) -> Report:
    """Show what each coordinator has to do now, whatever the period."""
    table = grouped(
        ask.during(None),
        aggregate,
        Grid(
            name="workload",
            title="Workload",
            by=By.OWNER,
            columns=(
                value("open_leads", "Open leads", "open_leads"),
                value("open_tasks", "Open tasks", "open_tasks"),
                value("overdue_tasks", "Overdue tasks", "overdue_tasks"),
                value("consultations_this_week", "Consultations this week", "consultations"),
            ),
            people="open_leads",
        ),
    )
    return report_of(
        ask,
        "workload",
        "Workload now",
        (table,),
        charts=(
            Chart(
                kind=ChartKind.BARS,
                title="Open leads by coordinator",
                table="workload",
                labels="owner",
                values=("open_leads",),
            ),
        ),
    )


def speed_report(ask: Ask, aggregate: Aggregator) -> Report:
    """Show how soon new leads are tried and reached, by source and by coordinator."""
    tables = made_of(
        ask,
        aggregate,
        (
            Grid(
                name="coordinators",
                title="By coordinator",
                by=By.OWNER,
                columns=_TRIED,
                people="n",
            ),
            Grid(name="sources", title="By source", by=By.SOURCE, columns=_TRIED, people="n"),
        ),
    )
    note = (
        "in time is within 5 minutes of open hours; leads answered live and those that went under "
        "observation first are left out, leads overdue without an attempt count as failures"
    )
    return report_of(
        ask,
        "speed",
        "Speed to lead",
        tables,
        (note,),
        (
            Chart(
                kind=ChartKind.BARS,
                title="Tried in time, by source",
                table="sources",
                labels="source",
                values=("in_time",),
            ),
        ),
    )


_APPOINTMENTS = (
    "show_rate",
    "unrecorded_consultations",
    "consultations_scheduled",
    "acceptance_rate",
    "recommended_acceptance_rate",
    "same_day_acceptance_rate",
    "observation_rate",
    "recall_starts",
)


_BY_SOURCE = Grid(
    name="sources",
    title="By source",
    by=By.SOURCE,
    columns=(
        value("show_rate", "Consultations", "consultations", of="n", kind=Kind.COUNT),
        value("show_rate", "Kept", "kept", of="numerator", kind=Kind.COUNT),
        *interval("show_rate", "show_rate")[1:],
        value("acceptance_rate", "Completed", "completed", of="n", kind=Kind.COUNT),
        value("acceptance_rate", "Accepted", "accepted"),
    ),
    people="consultations",
)


def appointments_report(ask: Ask, aggregate: Aggregator) -> Report:
    """Show whether families come to their consultations, and what they decide then."""
    tables = made_of(
        ask,
        aggregate,
        (Comparison(name="rates", title="Rates", metrics=_APPOINTMENTS), _BY_SOURCE),
    )
    return report_of(
        ask,
        "appointments",
        "Appointments and show rate",
        tables,
        (ACCEPTANCE, RECALLS),
        (
            Chart(
                kind=ChartKind.BARS,
                title="Show rate by source",
                table="sources",
                labels="source",
                values=("show_rate",),
            ),
        ),
    )
