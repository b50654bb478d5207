"""The report on time in stage."""

from orthocrm.analytics.asking import Ask
from orthocrm.analytics.funnel import COHORT_FUNNEL
from orthocrm.analytics.metrics import answered
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
from orthocrm.analytics.staying import STAGE_STAYS, Bottlenecks, Stay, Stays, bottlenecks


def stages_report(ask: Ask, aggregate: Aggregator) -> Report:
    """Show how long leads stay in the stages, how old the open ones are, and what holds them up."""
    stays = answered(STAGE_STAYS, ask.cut(None), aggregate)
    funnel = answered(COHORT_FUNNEL, ask.cut(None), aggregate).total
    return report_of(
        ask,
        "stages",
        "Time in stage",
        (_stays_table(stays),),
        _stays_notes(stays, bottlenecks(stays, funnel)),
        (
            Chart(
                kind=ChartKind.BARS,
                title="Median age of open leads, in days",
                table="stages",
                labels="name",
                values=("median_age",),
            ),
        ),
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
