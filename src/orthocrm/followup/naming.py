"""What follow-up rules name of what a clinic has: stages, and its own fields of leads."""

from collections.abc import Collection, Iterator

from orthocrm.core.custom_fields import CustomField, FieldKind
from orthocrm.core.custom_queries import custom_parts
from orthocrm.core.errors import Problem
from orthocrm.core.query import Cond, Kind, Op, Where
from orthocrm.core.rules import FollowUpRule
from orthocrm.core.settings import Settings

_KINDS = {
    FieldKind.CHOICE: Kind.CODE,
    FieldKind.NUMBER: Kind.NUMBER,
    FieldKind.DATE: Kind.DATE,
    FieldKind.FLAG: Kind.FLAG,
}


def rule_problems(settings: Settings, stages: Collection[str]) -> list[Problem]:
    """Name the rules that speak of a stage, or of a field of the clinic, that is not there."""
    fields = {(_KINDS[each.kind], each.name) for each in _filterable(settings)}
    return [
        problem
        for i, rule in enumerate(settings.rules)
        for problem in (
            *_of_stages(rule, f"rules.{i}", stages),
            *_of_fields(rule, f"rules.{i}", fields),
        )
    ]


def rules_naming(stage: str, settings: Settings) -> tuple[str, ...]:
    """Name the rules that speak of a stage."""
    return tuple(
        rule.name
        for rule in settings.rules
        if rule.stage == stage or stage in _stages_compared(rule.where)
    )


def _filterable(settings: Settings) -> list[CustomField]:
    return [each for each in settings.custom_fields if not each.is_encrypted]


def _of_stages(rule: FollowUpRule, path: str, stages: Collection[str]) -> Iterator[Problem]:
    message = f"the rule {rule.name} names a stage that the clinic does not have"
    if rule.stage is not None and not _is_among(rule.stage, stages):
        yield Problem(f"{path}.stage", "unknown_stage", message)
    if any(not _is_among(slug, stages) for slug in _stages_compared(rule.where)):
        yield Problem(f"{path}.where", "unknown_stage", message)


def _of_fields(
    rule: FollowUpRule, path: str, fields: Collection[tuple[Kind, str]]
) -> Iterator[Problem]:
    asked = (custom_parts(cond.field) for cond in _conditions(rule.where))
    if any(parts is not None and parts not in fields for parts in asked):
        message = f"the rule {rule.name} names a field that the clinic does not have"
        yield Problem(f"{path}.where", "unknown_field", message)


def _is_among(slug: object, stages: Collection[str]) -> bool:
    return isinstance(slug, str) and slug in stages


def _stages_compared(where: Where | None) -> list[object]:
    """Give the slugs that a condition compares a lead's stage with."""
    compared = [c for c in _conditions(where) if c.field == "stage" and c.op in _EQUALS]
    return [
        slug for cond in compared for slug in (cond.value if cond.op is Op.IN else (cond.value,))
    ]


_EQUALS = (Op.EQ, Op.NE, Op.IN)


def _conditions(where: Where | None) -> Iterator[Cond]:
    if isinstance(where, Cond):
        yield where
    elif where is not None:
        for part in where.parts:
            yield from _conditions(part)
