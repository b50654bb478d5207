"""Stages that are put in order, or removed with the leads in them going elsewhere."""

from collections.abc import Sequence

from attrs import evolve

from orthocrm.core.errors import InvalidInput
from orthocrm.core.ids import LeadId
from orthocrm.core.lead import Lead
from orthocrm.core.query import Aggregate, Cond, Measure, both
from orthocrm.core.settings import Practice
from orthocrm.core.stage import Stage
from orthocrm.followup import naming
from orthocrm.pipeline import history, progression
from orthocrm.services.followups import agenda
from orthocrm.services.pipeline import transitions
from orthocrm.services.scheduling import visiting
from orthocrm.services.settings import configuring, saved
from orthocrm.services.work import LIVING, Work

BATCH = 500
"""How many leads are read and written together while a stage is removed."""


def reordered(work: Work, practice: Practice, slugs: Sequence[str]) -> tuple[Stage, ...]:
    """Save the stages whose order changed, in two steps so that no two share one in between."""
    ordered = history.ordered(practice, slugs)
    present = {stage.id: stage.order for stage in practice.stages}
    moving = [stage for stage in ordered if stage.order != present[stage.id]]
    aside = [evolve(stage, order=-stage.order) for stage in moving]
    settled = {
        stage.id: stage
        for stage in work.store.stages.save(
            [evolve(stage, order=-stage.order) for stage in work.store.stages.save(aside)]
        )
    }
    return tuple(settled.get(stage.id, stage) for stage in ordered)


def remove(work: Work, slug: str, move_to: str | None) -> tuple[Stage, ...]:
    """Remove a stage, once no lead stands in it any more."""
    stage = work.practice.stage(slug, "slug")
    target = None if move_to is None else work.practice.stage(move_to, "move_to")
    if target is not None and target.id == stage.id:
        raise InvalidInput.at("move_to", "same_stage", "give another stage")
    held = _standing(work, stage)
    settings = work.practice.clinic.settings
    history.removable(
        stage,
        held if target is None else (),
        rules=naming.rules_naming(stage.slug, settings),
        mappings=saved.mappings_naming(stage.slug, settings),
    )
    rest = tuple(kept for kept in work.practice.stages if kept.id != stage.id)
    work.store.stages.remove([stage.id])
    stages = reordered(work, evolve(work.practice, stages=rest), [kept.slug for kept in rest])
    if target is not None:
        _relocate(work, held, target.slug, evolve(work.practice, stages=stages))
    configuring.changed(work, "stage", stage.id)
    return stages


def _standing(work: Work, stage: Stage) -> list[LeadId]:
    """Name the leads in a stage, without reading them."""
    where = both(LIVING, Cond("stage", "eq", stage.slug))
    groups = work.store.aggregate(Aggregate("leads", (Measure("n"),), by=("id",), where=where))
    return [LeadId(group.key[0]) for group in groups]


def _relocate(work: Work, held: Sequence[LeadId], slug: str, after: Practice) -> None:
    """Move leads by the order of the stages that will be in force."""
    for start in range(0, len(held), BATCH):
        found = work.store.leads.get(held[start : start + BATCH], lock=True)
        _relocate_some(work, [lead for _, lead in sorted(found.items())], slug, after)


def _relocate_some(work: Work, leads: Sequence[Lead], slug: str, after: Practice) -> None:
    target = after.stage(slug, "move_to")
    for lead in leads:
        transitions.ask(work, lead, target)
    moved = [
        progression.relocated(lead, target, after, now=work.now, by=work.actor.user, ids=work.ids)
        for lead in leads
    ]
    settled = agenda.in_line(work, [item.lead for item in moved], [()] * len(moved))
    visiting.close(work, [item.closed for item in moved])
    work.store.visits.add([item.opened for item in moved])
    work.store.activities.add([item.activity for item in moved])
    work.store.leads.save(settled)
    work.record(*(item.event for item in moved))
    work.touch(lead.id for lead in leads)
