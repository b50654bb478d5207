"""Reports: tables made of metrics, as frozen values, and their renderings as JSON and CSV.

Every rendering shows the same value; the terminal's and the browser's are drawn from it elsewhere.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import Final

from attrs import frozen

from orthocrm.analytics.asking import Ask, By, Label
from orthocrm.analytics.funnel import COHORT_FUNNEL
from orthocrm.analytics.metrics import (
    LEAD_MIX,
    LOSS_MIX,
    OUTCOMES,
    PERIOD_CONVERSION,
    TIME_TO_CONVERT,
    answered,
)
from orthocrm.analytics.results import Days, Figures, Funnel, Outcomes, Ratio
from orthocrm.analytics.staying import STAGE_STAYS, Bottlenecks, Stay, Stays, bottlenecks
from orthocrm.core.query import Aggregate, Group
from orthocrm.core.settings import Practice
from orthocrm.core.time import Period

Aggregator = Callable[[Aggregate], Sequence[Group]]
"""Computes aggregates: `UnitOfWork.aggregate`, for example."""

Cell = str | int | float | None

NOT_RECORDED: Final = "(not recorded)"
"""The group of the leads without a source, apart from any source that is named unknown."""


class Kind(StrEnum):
    """What a column holds; a RATE is a share of 1 or a quotient, an ID need not be shown."""

    ID = "id"
    TEXT = "text"
    COUNT = "count"
    RATE = "rate"
    DAYS = "days"


@frozen
class Column:
    """A column: `name` is its key, `title` its heading."""

    name: str
    title: str
    kind: Kind


@frozen(kw_only=True)
class Table:
    """Rows of cells in the order of the columns, and a last row over all of them."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: tuple[Cell, ...] | None = None


@frozen(kw_only=True)
class Report:
    """A report about a period, or about all time. `notes` say what a reader has to know."""

    name: str
    title: str
    period: Period | None
    timezone: str
    tables: tuple[Table, ...]
    notes: tuple[str, ...] = ()


def funnel_report(ask: Ask, aggregate: Aggregator) -> Report:
    """Show how far the leads of the period came, and where they were lost."""
    total = answered(COHORT_FUNNEL, ask.cut(None), aggregate).total
    return _report(
        ask, "funnel", "Lead funnel by cohort", (_steps_table(total), _standing_table(total))
    )


def sources_report(ask: Ask, aggregate: Aggregator) -> Report:
    """Compare the sources by what became of the leads of the period."""
    figures = answered(OUTCOMES, ask.cut(By.SOURCE), aggregate)
    return _report(
        ask,
        "sources",
        "Lead sources by cohort",
        (_sources_table(ask.practice, figures),),
        _cohort_notes(figures.total.days),
    )


def summary_report(ask: Ask, aggregate: Aggregator) -> Report:
    """Show the leads of the period, what happened in it, and where they came from and went."""
    outcomes = answered(OUTCOMES, ask.cut(None), aggregate).total
    conversion = answered(PERIOD_CONVERSION, ask.cut(None), aggregate).total
    days = answered(TIME_TO_CONVERT, ask.cut(None), aggregate).total
    sources = answered(LEAD_MIX, ask.cut(By.SOURCE), aggregate)
    losses = answered(LOSS_MIX, ask.cut(By.LOST_REASON), aggregate)
    return _report(
        ask,
        "summary",
        "Lead summary",
        (
            _cohort_table(outcomes),
            _period_table(conversion, days, losses.total.numerator),
            _mix_table(ask.practice, sources),
            _losses_table(losses),
        ),
        _cohort_notes(outcomes.days) + _period_notes(ask, days),
    )


def stages_report(ask: Ask, aggregate: Aggregator) -> Report:
    """Show how long leads stay in the stages, how old the open ones are, and what holds them up."""
    stays = answered(STAGE_STAYS, ask.cut(None), aggregate)
    funnel = answered(COHORT_FUNNEL, ask.cut(None), aggregate).total
    return _report(
        ask,
        "stages",
        "Time in stage",
        (_stays_table(stays),),
        _stays_notes(stays, bottlenecks(stays, funnel)),
    )


REPORTS: Final = {
    "funnel": funnel_report,
    "sources": sources_report,
    "summary": summary_report,
    "stages": stages_report,
}
"""The reports by name."""


def _report(
    ask: Ask, name: str, title: str, tables: tuple[Table, ...], notes: tuple[str, ...] = ()
) -> Report:
    return Report(
        name=name,
        title=title,
        period=ask.period,
        timezone=ask.timezone,
        tables=tables,
        notes=notes,
    )


def _cohort_notes(days: Days) -> tuple[str, ...]:
    errors = days.data_errors
    if errors == 1:
        return ("1 lead was converted before it was created: a data error, counted",)
    if errors:
        return (f"{errors} leads were converted before they were created: data errors, counted",)
    return ()


def _period_notes(ask: Ask, days: Days) -> tuple[str, ...]:
    if ask.period is None or not days.data_errors:
        return ()
    return (f"conversions in the period before their lead was created: {days.data_errors}",)


_CONVERSION = (
    Column("conversion_rate", "Conversion", Kind.RATE),
    Column("conversion_low", "95 % from", Kind.RATE),
    Column("conversion_high", "95 % to", Kind.RATE),
)


def _conversion_cells(ratio: Ratio) -> tuple[Cell, ...]:
    low, high = ratio.wilson() or (None, None)
    return ratio.value, low, high


def _steps_table(funnel: Funnel) -> Table:
    rows = (
        (
            step.stage,
            step.name,
            step.reached,
            step.cumulative.value,
            None if step.next_step is None else step.next_step.value,
            step.drop_off,
            step.still_open,
        )
        for step in funnel.steps
    )
    return Table(
        name="steps",
        title="Steps",
        columns=(
            Column("stage", "Key", Kind.ID),
            Column("name", "Stage", Kind.TEXT),
            Column("reached", "Reached", Kind.COUNT),
            Column("of_all", "Of all", Kind.RATE),
            Column("to_next", "To next", Kind.RATE),
            Column("drop_off", "Lost here", Kind.COUNT),
            Column("still_open", "Open here", Kind.COUNT),
        ),
        rows=tuple(rows),
    )


def _stays_table(stays: Stays) -> Table:
    return Table(
        name="stages",
        title="Stages",
        columns=(
            Column("stage", "Key", Kind.ID),
            Column("name", "Stage", Kind.TEXT),
            Column("left", "Left it", Kind.COUNT),
            Column("mean", "Mean", Kind.DAYS),
            Column("median", "Median", Kind.DAYS),
            Column("p90", "90 %", Kind.DAYS),
            Column("business_median", "Median, open hours", Kind.DAYS),
            Column("open", "Open now", Kind.COUNT),
            Column("median_age", "Median age", Kind.DAYS),
            Column("max_days", "At most", Kind.DAYS),
            Column("over_age", "Over age", Kind.COUNT),
        ),
        rows=tuple(_stay_cells(stay) for stay in stays.stages),
    )


def _stay_cells(stay: Stay) -> tuple[Cell, ...]:
    return (
        stay.stage,
        stay.name,
        stay.calendar.n,
        stay.calendar.mean,
        stay.calendar.median,
        stay.calendar.p90,
        stay.business.median,
        stay.ages.n,
        stay.ages.median,
        stay.max_days,
        stay.over_age,
    )


def _stays_notes(stays: Stays, found: Bottlenecks) -> tuple[str, ...]:
    names = {stay.stage: stay.name for stay in stays.stages}
    errors = sum(stay.calendar.data_errors for stay in stays.stages)
    notes = (
        found.slowest and f"held up the longest: {names[found.slowest]}",
        found.narrowest and f"the smallest share went on from: {names[found.narrowest]}",
        stays.observed and f"under observation, in no stage: {stays.observed}",
        errors and f"stays that ended before they began: {errors}, data errors, counted",
    )
    return tuple(note for note in notes if note)


def _standing_table(funnel: Funnel) -> Table:
    return Table(
        name="standing",
        title="Where they stand",
        columns=(
            Column("leads", "Leads", Kind.COUNT),
            Column("converted", "Converted", Kind.COUNT),
            Column("lost", "Lost", Kind.COUNT),
            Column("open", "Open", Kind.COUNT),
        ),
        rows=((funnel.leads, funnel.won, funnel.lost, funnel.open),),
    )


def _sources_table(practice: Practice, figures: Figures[Outcomes]) -> Table:
    rows = [
        (*_source_cells(practice, label), *_performance_cells(outcomes))
        for label, outcomes in figures.groups
    ]
    return Table(
        name="sources",
        title="Sources",
        columns=(
            *_SOURCE,
            Column("leads", "Leads", Kind.COUNT),
            Column("converted", "Converted", Kind.COUNT),
            *_CONVERSION,
            Column("median_days", "Median days", Kind.DAYS),
        ),
        rows=_largest_first(rows),
        total=(None, "Total", *_performance_cells(figures.total)),
    )


def _performance_cells(outcomes: Outcomes) -> tuple[Cell, ...]:
    rates = _conversion_cells(outcomes.conversion)
    return outcomes.leads, outcomes.won, *rates, outcomes.days.median


def _cohort_table(outcomes: Outcomes) -> Table:
    days = outcomes.days
    return Table(
        name="cohort",
        title="Leads that came in",
        columns=(
            Column("leads", "Leads", Kind.COUNT),
            Column("converted", "Converted", Kind.COUNT),
            Column("lost", "Lost", Kind.COUNT),
            Column("open", "Open", Kind.COUNT),
            *_CONVERSION,
            *_DAYS,
        ),
        rows=(
            (
                outcomes.leads,
                outcomes.won,
                outcomes.lost,
                outcomes.open,
                *_conversion_cells(outcomes.conversion),
                *_days_cells(days),
            ),
        ),
    )


_DAYS = (
    Column("mean_days", "Mean days", Kind.DAYS),
    Column("median_days", "Median days", Kind.DAYS),
    Column("p90_days", "90 % within days", Kind.DAYS),
    Column("data_errors", "Data errors", Kind.COUNT),
)


def _days_cells(days: Days) -> tuple[Cell, ...]:
    return days.mean, days.median, days.p90, days.data_errors


def _period_table(conversion: Ratio, days: Days, losses: int) -> Table:
    return Table(
        name="period",
        title="What happened, whenever the lead came in",
        columns=(
            Column("converted", "Converted", Kind.COUNT),
            Column("lost", "Lost", Kind.COUNT),
            Column("conversions_per_lead", "Conversions per new lead", Kind.RATE),
            *_DAYS,
        ),
        rows=((conversion.numerator, losses, conversion.value, *_days_cells(days)),),
    )


def _mix_table(practice: Practice, mix: Figures[Ratio]) -> Table:
    rows = [
        (*_source_cells(practice, label), share.numerator, share.value)
        for label, share in mix.groups
    ]
    return Table(
        name="sources",
        title="Where they came from",
        columns=(
            *_SOURCE,
            Column("leads", "Leads", Kind.COUNT),
            Column("share", "Share", Kind.RATE),
        ),
        rows=_largest_first(rows),
    )


def _losses_table(mix: Figures[Ratio]) -> Table:
    rows = [
        (label, str(label).replace("_", " ").capitalize(), share.numerator, share.value)
        for label, share in mix.groups
        if isinstance(label, str)
    ]
    return Table(
        name="lost_reasons",
        title="Why they were lost",
        columns=(
            Column("reason", "Key", Kind.ID),
            Column("name", "Reason", Kind.TEXT),
            Column("lost", "Lost", Kind.COUNT),
            Column("share", "Share", Kind.RATE),
        ),
        rows=_largest_first(rows),
    )


_SOURCE = (Column("source_id", "Key", Kind.ID), Column("source", "Source", Kind.TEXT))


def _source_cells(practice: Practice, label: Label) -> tuple[Cell, Cell]:
    if not isinstance(label, str):
        return None, NOT_RECORDED
    names = {str(source.id): source.name for source in practice.sources}
    return label, names.get(label, "(removed source)")


def _largest_first(rows: Iterable[tuple[Cell, ...]]) -> tuple[tuple[Cell, ...], ...]:
    """Sort rows of key, name and count by count, the largest first, then by name."""
    return tuple(sorted(rows, key=lambda row: (-int(row[2] or 0), str(row[1]), str(row[0]))))


def as_json(report: Report) -> str:
    """Write a report as JSON: numbers in full precision, rates as quotients, unknown as null."""
    period = report.period
    dates = period and {"first": period.first.isoformat(), "until": period.until.isoformat()}
    content = {
        "report": report.name,
        "title": report.title,
        "period": dates,
        "timezone": report.timezone,
        "tables": {table.name: _table_object(table) for table in report.tables},
        "notes": list(report.notes),
    }
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _table_object(table: Table) -> dict[str, object]:
    total = {} if table.total is None else {"total": _object(table, table.total)}
    return {"rows": [_object(table, row) for row in table.rows], **total}


def _object(table: Table, row: Sequence[Cell]) -> dict[str, Cell]:
    return {column.name: cell for column, cell in zip(table.columns, row, strict=True)}


def as_csv(report: Report) -> str:
    """Write a report as CSV (RFC 4180); tables of one report follow each other after a blank line.

    A text that a spreadsheet would take for a formula gets a quote in front.
    """
    several = len(report.tables) > 1
    return "\r\n".join(_table_csv(table, titled=several) for table in report.tables)


def _table_csv(table: Table, *, titled: bool) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    if titled:
        writer.writerow([_safe(table.title)])
    writer.writerow([_safe(column.name) for column in table.columns])
    totals = () if table.total is None else (table.total,)
    writer.writerows([_safe(cell) for cell in row] for row in (*table.rows, *totals))
    return out.getvalue()


_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")


def _safe(cell: Cell) -> Cell:
    if isinstance(cell, str) and cell.startswith(_FORMULA):
        return "'" + cell
    return cell
