"""The stages themselves: how they begin, and which edits keep the pipeline sound.

Reordering moves no lead and rewrites no history: visits keep the order that was in force.
"""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from attrs import evolve

from orthocrm.core import limits
from orthocrm.core.errors import InvalidInput, StageInUse
from orthocrm.core.ids import ClinicId, LeadId, StageId, StageSlug
from orthocrm.core.ports import IdSource
from orthocrm.core.reading import Reading
from orthocrm.core.settings import Practice
from orthocrm.core.stage import DEFAULT_STAGES, Stage

RESERVED_SLUGS = frozenset({"reorder"})
"""Words that stand in the place of a stage in addresses."""

_SLUG = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_SLUG_LENGTH = 50
_MOST_DAYS = 3650


def default_stages(clinic_id: ClinicId, ids: IdSource, now: datetime) -> tuple[Stage, ...]:
    """Make the eight default stages of a new clinic."""
    return tuple(
        Stage(
            id=StageId(ids()),
            clinic_id=clinic_id,
            slug=StageSlug(template.slug.value),
            name=template.name,
            order=order,
            kind=template.kind,
            description=template.description,
            color=template.color,
            max_days=template.max_days,
            is_default=order == 1,
            created_at=now,
            updated_at=now,
        )
        for order, template in enumerate(DEFAULT_STAGES, start=1)
    )


def ordered(practice: Practice, slugs: Sequence[str]) -> tuple[Stage, ...]:
    """Put the stages into another order, counted from 1; every stage has to be named once.

    Raises:
        InvalidInput: a stage is missing, unknown or named twice, or an open stage comes after
            the won or the lost one.
    """
    if isinstance(slugs, str) or Counter(slugs) != Counter([*practice.stage_by_slug]):
        raise InvalidInput.at("slugs", "not_a_permutation", "name every stage exactly once")
    stages = [practice.stage(slug, "slugs") for slug in slugs]
    if [stage.is_terminal for stage in stages] != sorted(stage.is_terminal for stage in stages):
        raise InvalidInput.at("slugs", "terminal_not_last", "keep the won and lost stages last")
    return tuple(evolve(stage, order=order) for order, stage in enumerate(stages, start=1))


def checked_stage(stage: Stage, others: Sequence[Stage] = ()) -> Stage:
    """Check a new or edited stage, and give it back with its texts trimmed.

    Slug and name have to differ from those of `others`, the name whatever its case.

    Raises:
        InvalidInput: names every field that is wrong.
    """
    reading = Reading()
    name = reading.text("name", stage.name, limits.NAME) or ""
    reading.required("name", name or None)
    description = reading.prose("description", stage.description, limits.LABEL)
    color = reading.text("color", stage.color, limits.NAME)
    reading.whole("max_days", stage.max_days, 1, _MOST_DAYS)
    _check_slug(reading, stage.slug)
    if color is not None and not _COLOR.fullmatch(color):
        reading.refuse("color", "not_a_color", "give a colour such as #4c6ef5")
    _check_unique(reading, stage.slug, name, [one for one in others if one.id != stage.id])
    reading.finish()
    return evolve(stage, name=name, description=description, color=color)


def removable(
    stage: Stage,
    held: Sequence[LeadId],
    *,
    rules: Sequence[str] = (),
    mappings: Sequence[str] = (),
) -> None:
    """Raise unless a stage can go: it is no fixed point of the pipeline, and nothing needs it.

    Raises:
        InvalidInput: the stage is the won, the lost or the default one.
        StageInUse: these leads stand in it, or follow-up rules and saved mappings name it.
    """
    if stage.is_terminal or stage.is_default:
        raise InvalidInput.at("stage", "fixed_stage", "won, lost and default stages stay")
    if held or rules or mappings:
        raise StageInUse(stage.slug, len(held), held, rules=rules, mappings=mappings)


def _check_slug(reading: Reading, slug: object) -> None:
    if not isinstance(slug, str) or len(slug) > _SLUG_LENGTH or not _SLUG.fullmatch(slug):
        reading.refuse("slug", "not_a_slug", "give small letters, digits and single underscores")
    elif slug in RESERVED_SLUGS:
        reading.refuse("slug", "reserved", "give another slug, this word is reserved")


def _check_unique(reading: Reading, slug: str, name: str, others: Sequence[Stage]) -> None:
    if any(other.slug == slug for other in others):
        reading.refuse("slug", "taken", "another stage has this slug")
    if any(other.name.casefold() == name.casefold() for other in others):
        reading.refuse("name", "taken", "another stage has this name")
