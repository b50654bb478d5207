"""Reports on leads: how far they came, where they came from, what became of them."""

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from orthocrm.analytics.asking import Ask, By
from orthocrm.analytics.funnel import COHORT_FUNNEL
from orthocrm.analytics.metrics import (
    LEAD_MIX,
    LOSS_MIX,
    OUTCOMES,
    PERIOD_CONVERSION,
    TIME_TO_CONVERT,
    Metric,
    answered,
)
from orthocrm.analytics.reports.values import (
    SOURCE,
    Aggregator,
    Cell,
    Chart,
    ChartKind,
    Column,
    Kind,
    Report,
    Table,
    largest_first,
    report_of,
    source_cells,
)
from orthocrm.analytics.results import Figures, Funnel, Outcomes, Ratio, Spread
from orthocrm.analytics.together import together
from orthocrm.core.settings import Practice


def funnel_report(ask: Ask, aggregate: Aggregator) -> Report:
    """Show how far the leads of the period came, and where they were lost."""
    total = answered(COHORT_FUNNEL, ask.cut(None), aggregate).total
    return report_of(
        ask,
        "funnel",
        "Lead funnel by cohort",
        (_steps_table(total), _standing_table(total)),
        charts=(_drawn(ChartKind.FUNNEL, "How far leads came", "steps", "name", "reached"),),
    )


def sources_report(ask: Ask, aggregate: Aggregator) -> Report:
    """Compare the sources by what became of the leads of the period."""
    figures = answered(OUTCOMES, ask.cut(By.SOURCE), aggregate)
    return report_of(
        ask,
        "sources",
        "Lead sources by cohort",
        (_sources_table(ask.practice, figures),),
        (),
        (
            _drawn(ChartKind.BARS, "Leads by source", "sources", "source", "leads"),
            _drawn(ChartKind.BARS, "Conversion by source", "sources", "source", "conversion_rate"),
        ),
        counted=_cohort_notes(figures.total.days),
    )


def _drawn(kind: ChartKind, title: str, table: str, labels: str, value: str) -> Chart:
    return Chart(kind=kind, title=title, table=table, labels=labels, values=(value,))


def summary_report(ask: Ask, aggregate: Aggregator) -> Report:
    """Show the leads of the period, what happened in it, and where they came from and went."""
    asked: list[tuple[Metric[Figures[Any]], Ask]] = [
        (OUTCOMES, ask.cut(None)),
        (PERIOD_CONVERSION, ask.cut(None)),
        (TIME_TO_CONVERT, ask.cut(None)),
        (LEAD_MIX, ask.cut(By.SOURCE)),
        (LOSS_MIX, ask.cut(By.LOST_REASON)),
    ]
    whole_cohort, converted, took, sources, losses = together(asked, aggregate)
    outcomes, conversion, days = whole_cohort.total, converted.total, took.total
    return report_of(
        ask,
        "summary",
        "Lead summary",
        (
            _cohort_table(outcomes),
            _period_table(conversion, days, losses.total.numerator),
            _mix_table(ask.practice, sources),
            losses_table(losses),
        ),
        (),
        (
            _drawn(ChartKind.BARS, "Where they came from", "sources", "source", "leads"),
            _drawn(ChartKind.BARS, "Why they were lost", "lost_reasons", "name", "lost"),
        ),
        counted={**_cohort_notes(outcomes.days), **_period_notes(ask, days)},
    )


def _cohort_notes(days: Spread) -> Mapping[str, int]:
    errors = days.data_errors
    if errors == 1:
        return {"1 lead was converted before it was created: a data error, counted": 1}
    if errors:
        note = f"{errors} leads were converted before they were created: data errors, counted"
        return {note: errors}
    return {}


def _period_notes(ask: Ask, days: Spread) -> Mapping[str, int]:
    errors = days.data_errors
    if ask.period is None or not errors:
        return {}
    return {f"conversions in the period before their lead was created: {errors}": errors}


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
        onward="to_next",
    )


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
        (*source_cells(practice, label), *_performance_cells(outcomes))
        for label, outcomes in figures.groups
    ]
    return Table(
        name="sources",
        title="Sources",
        columns=(
            *SOURCE,
            Column("leads", "Leads", Kind.COUNT),
            Column("converted", "Converted", Kind.COUNT),
            *_CONVERSION,
            Column("median_days", "Median days", Kind.DAYS),
        ),
        rows=largest_first(rows),
        people="leads",
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


def _days_cells(days: Spread) -> tuple[Cell, ...]:
    return days.mean, days.median, days.p90, days.data_errors


def _period_table(conversion: Ratio, days: Spread, losses: int) -> Table:
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
        (*source_cells(practice, label), share.numerator, share.value)
        for label, share in mix.groups
    ]
    return Table(
        name="sources",
        title="Where they came from",
        columns=(
            *SOURCE,
            Column("leads", "Leads", Kind.COUNT),
            Column("share", "Share", Kind.RATE),
        ),
        rows=largest_first(rows),
    )


@frozen
class Losses:
    """The reasons for the losses of a period, as a part of a report."""

    def asked(self, ask: Ask) -> list[tuple[Metric[Figures[Any]], Ask]]:
        """Ask for each reason's share."""
        return [(LOSS_MIX, ask.cut(By.LOST_REASON))]

    def made(self, ask: Ask, answers: Sequence[Figures[Any]]) -> Table:  # noqa: ARG002 - as parts are made
        """Make the table."""
        return losses_table(answers[0])


def losses_table(mix: Figures[Ratio]) -> Table:
    """List the reasons for losses."""
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
        rows=largest_first(rows),
    )
