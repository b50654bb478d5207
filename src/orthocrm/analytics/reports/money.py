"""Reports on why leads are lost, and on what marketing costs and brings."""

from collections.abc import Iterator
from typing import Final

from attrs import evolve

from orthocrm.analytics.asking import Ask, By, Cut
from orthocrm.analytics.costing import knows_revenue
from orthocrm.analytics.reports.tabling import Grid, made_of, value
from orthocrm.analytics.reports.values import (
    Aggregator,
    Cell,
    Chart,
    ChartKind,
    Kind,
    Report,
    Table,
    report_of,
)
from orthocrm.core.money import Money
from orthocrm.core.time import DAY, zone

NO_REVENUE: Final = (
    "what patients bring is not known: name a revenue field or an average fee in the settings"
)

TO_COME: Final = "days of the period that are still to come: {}; their costs are counted already"


def losses_report(ask: Ask, aggregate: Aggregator) -> Report:
    """Show why leads are lost, and in which stage: by the date of loss, and by cohort."""
    tables = made_of(
        ask,
        aggregate,
        (
            _lost("reasons", "By reason", By.LOST_REASON),
            _lost("stages", "By the stage in which they were lost", By.LOST_STAGE),
            _lost("sources", "By source", By.SOURCE),
        ),
    )
    return report_of(
        ask,
        "losses",
        "Lost leads",
        tuple(map(_with_losses, tables)),
        charts=(
            _bars("Reasons", "reasons", By.LOST_REASON.value, "lost"),
            _bars("Stages in which leads are lost", "stages", By.LOST_STAGE.value, "lost"),
        ),
    )


def _lost(name: str, title: str, by: Cut) -> Grid:
    return Grid(
        name=name,
        title=title,
        by=by,
        columns=(
            value("losses", "Lost", "lost"),
            value("loss_mix", "Share", "share"),
            value("cohort_losses", "Lost, of the period's leads", "cohort_lost"),
        ),
        people="lost",
    )


def _with_losses(table: Table) -> Table:
    """Leave out the rows in which nobody was lost."""
    places = table.place("lost"), table.place("cohort_lost")
    return evolve(table, rows=tuple(row for row in table.rows if any(row[i] for i in places)))


def _bars(title: str, table: str, labels: str, shown: str) -> Chart:
    return Chart(kind=ChartKind.BARS, title=title, table=table, labels=labels, values=(shown,))


def roi_report(ask: Ask, aggregate: Aggregator) -> Report:
    """Show what each source costs and brings: by cohort, and by what happened in the period."""
    is_known = knows_revenue(ask.practice)
    none = Money(0, ask.practice.clinic.settings.currency).amount if is_known else None
    tables = made_of(
        ask,
        aggregate,
        (
            _costs("sources", "By source", By.SOURCE, none),
            _costs("categories", "By category", By.CATEGORY, none),
        ),
    )
    return report_of(
        ask,
        "roi",
        "Marketing return",
        tables,
        tuple(_notes(ask, is_known=is_known)),
        (
            _bars("Cost per lead by source", "sources", By.SOURCE.value, "cost_per_lead"),
            _bars("Return by source", "sources", By.SOURCE.value, "roi"),
        ),
    )


def _notes(ask: Ask, *, is_known: bool) -> Iterator[str]:
    if not is_known:
        yield NO_REVENUE
    today = ask.now.astimezone(zone(ask.timezone)).date()
    if ask.period is not None and ask.period.until > today + DAY:
        first = max(ask.period.first, today + DAY)
        yield TO_COME.format((ask.period.until - first).days)


def _costs(name: str, title: str, by: Cut, none: Cell) -> Grid:
    return Grid(
        name=name,
        title=title,
        by=by,
        columns=(
            value("total_leads", "Leads", "leads"),
            value("cost", "Cost", "cost"),
            value("cost_per_lead", "Per lead", "cost_per_lead"),
            value("conversion_rate", "Converted", "converted", of="numerator", kind=Kind.COUNT),
            value("cost_per_acquisition", "Per patient", "cost_per_acquisition"),
            value("cohort_revenue", "Revenue", "revenue", nothing=none),
            value("roi", "Return", "roi"),
            value("conversions", "Converted in the period", "conversions"),
            value(
                "period_cost_per_acquisition",
                "Per patient of the period",
                "period_cost_per_acquisition",
            ),
            value("period_roi", "Return in the period", "period_roi"),
        ),
        people="leads",
    )
