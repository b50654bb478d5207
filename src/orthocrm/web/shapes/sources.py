"""Sources and stages as the source document writes them."""

from datetime import datetime

from attrs import frozen

from orthocrm.core.money import Money
from orthocrm.core.source import LeadSourceCategory, Source
from orthocrm.core.stage import Stage, StageKind


@frozen(kw_only=True)
class LeadSource:
    """Where leads come from."""

    id: str
    clinic_id: str
    name: str
    category: LeadSourceCategory
    description: str | None
    is_active: bool
    is_default: bool
    monthly_cost: Money | None
    created_at: datetime
    updated_at: datetime
    version: int


def source_shown(source: Source) -> LeadSource:
    """Give a source in its shape."""
    return LeadSource(
        id=source.id,
        clinic_id=source.clinic_id,
        name=source.name,
        category=source.category,
        description=source.description,
        is_active=source.is_active,
        is_default=source.is_default,
        monthly_cost=source.monthly_cost,
        created_at=source.created_at,
        updated_at=source.updated_at,
        version=source.version,
    )


@frozen(kw_only=True)
class PipelineStage:
    """One column of the pipeline; `slug` lasts, whatever the stage is called."""

    id: str
    clinic_id: str
    name: str
    slug: str
    description: str | None
    order: int
    color: str | None
    kind: StageKind
    auto_task_template: str | None
    auto_email_template: str | None
    max_days_in_stage: int | None
    is_terminal: bool
    is_default: bool
    created_at: datetime
    updated_at: datetime
    version: int


def stage_shown(stage: Stage) -> PipelineStage:
    """Give a stage in its shape."""
    return PipelineStage(
        id=stage.id,
        clinic_id=stage.clinic_id,
        name=stage.name,
        slug=stage.slug,
        description=stage.description,
        order=stage.order,
        color=stage.color,
        kind=stage.kind,
        auto_task_template=stage.auto_task,
        auto_email_template=stage.auto_email,
        max_days_in_stage=stage.max_days,
        is_terminal=stage.is_terminal,
        is_default=stage.is_default,
        created_at=stage.created_at,
        updated_at=stage.updated_at,
        version=stage.version,
    )
