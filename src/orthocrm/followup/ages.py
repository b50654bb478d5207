"""Leads that stay too long in a stage: `max_days` as a rule that nobody had to write (C-24)."""

from datetime import datetime, timedelta

from orthocrm.core.ids import StageSlug
from orthocrm.core.query import AnyOf, Cond, Op, Where
from orthocrm.core.rules import FollowUpRule, Trigger
from orthocrm.core.settings import Practice
from orthocrm.core.stage import Stage
from orthocrm.core.task import LeadTaskType
from orthocrm.core.wording import counted

ORIGIN = "stage_age:"
"""What the name of such a rule begins with, before the slug of its stage."""


def rule_of(stage: Stage, days: int) -> FollowUpRule:
    """Give the rule that speaks once of a lead's visit that took longer than `days`."""
    return FollowUpRule(
        name=f"{ORIGIN}{stage.slug}",
        trigger=Trigger.IN_STAGE,
        stage=stage.slug,
        task=LeadTaskType.FOLLOW_UP,
        title=f"Longer than {counted(days, 'day')} in {stage.name}: decide what comes next",
        after=timedelta(days=days),
    )


def rule_named(name: str) -> FollowUpRule | None:
    """Give the rule of a name as far as its tasks are concerned, None for another name."""
    if not name.startswith(ORIGIN):
        return None
    slug = StageSlug(name.removeprefix(ORIGIN))
    return FollowUpRule(name=name, trigger=Trigger.IN_STAGE, stage=slug)


def speaking(practice: Practice) -> tuple[tuple[FollowUpRule, tuple[str, ...]], ...]:
    """Give the rules by which over-age leads are found, and whose tasks count as having spoken.

    Where the clinic's own rules look after a stage by then, they speak first, and whom they spoke
    of in this visit needs no second alert.
    """
    return tuple(
        pair
        for stage in sorted(practice.stages, key=lambda one: one.order)
        if not stage.is_terminal and stage.max_days is not None
        for pair in _of_stage(stage, stage.max_days, practice)
    )


def unplanned(now: datetime) -> Where:
    """Say which leads may have no open task that is still to come."""
    return AnyOf((Cond("next_action_at", Op.ABSENT), Cond("next_action_at", Op.LE, now)))


def _of_stage(
    stage: Stage, days: int, practice: Practice
) -> list[tuple[FollowUpRule, tuple[str, ...]]]:
    own = [rule for rule in practice.rules if _looks_after(rule, stage, days)]
    last = rule_of(stage, days)
    names = tuple(rule.name for rule in (*own, last))
    return [(rule, names) for rule in (*own, last)]


def _looks_after(rule: FollowUpRule, stage: Stage, days: int) -> bool:
    in_stage = rule.trigger is Trigger.IN_STAGE and rule.stage in (None, stage.slug)
    in_time = rule.after <= timedelta(days=days)
    return rule.is_active and in_stage and in_time and rule.task is not None
