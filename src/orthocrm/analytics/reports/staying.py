"""The report on time in stage."""

from collections.abc import Mapping

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
from orthocrm.analytics.results import Funnel
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
        (),
        (
            Chart(
                kind=ChartKind.BARS,
                title="Median age of open leads, in days",
                table="stages",
                labels="name",
                values=("median_age",),
            ),
        ),
        counted=_notes(stays, bottlenecks(stays, funnel), funnel),
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


def _notes(stays: Stays, found: Bottlenecks, funnel: Funnel) -> Mapping[str, int]:
    """Say what holds leads up, and of how many leads each sentence speaks."""
    by_stage = {stay.stage: stay for stay in stays.stages}
    steps = {step.stage: step.next_step for step in funnel.steps}
    notes: dict[str, int] = {}
    if found.slowest is not None:
        slowest = by_stage[found.slowest]
        notes[f"held up the longest: {slowest.name}"] = slowest.ages.n
    if found.narrowest is not None and (went_on := steps[found.narrowest]) is not None:
        note = f"the smallest share went on from: {by_stage[found.narrowest].name}"
        notes[note] = min(went_on.numerator, went_on.denominator - went_on.numerator)
    if stays.observed:
        notes[f"under observation, in no stage: {stays.observed}"] = stays.observed
    if errors := sum(stay.calendar.data_errors for stay in stays.stages):
        notes[f"stays that ended before they began: {errors}, data errors, counted"] = errors
    return notes
