"""`/api/pipeline-stages` and the board: the clinic's own pipeline."""

from collections.abc import Sequence

from attrs import evolve, frozen

from orthocrm.core.errors import NotFound
from orthocrm.core.ids import StageId
from orthocrm.core.stage import Stage
from orthocrm.desk import Desk
from orthocrm.web.declaring import function, verb
from orthocrm.web.wire.annotations import Changes


def stages(desk: Desk) -> Sequence[Stage]:
    """List the stages in their order."""
    return desk.settings.practice().stages


@frozen(kw_only=True)
class StageFields:
    """What may be changed of a stage; its slug lasts, and its place is changed by reordering."""

    name: str
    description: str | None
    color: str | None
    max_days: int | None
    auto_task: str | None
    auto_email: str | None
    version: int


def change_stage(desk: Desk, stage_id: StageId, edit: Changes[StageFields]) -> Stage:
    """Change a stage; what is not named stays."""
    return desk.settings.change_stage(evolve(_stage(desk, stage_id), **edit))


def remove_stage(desk: Desk, stage_id: StageId, *, move_to: str | None = None) -> Sequence[Stage]:
    """Remove an open stage; the leads in it go to the stage whose slug is given."""
    return desk.settings.remove_stage(_stage(desk, stage_id).slug, move_to)


def _stage(desk: Desk, stage_id: StageId) -> Stage:
    """Find a stage by its id, or by its slug."""
    for stage in desk.settings.practice().stages:
        if stage_id in (stage.id, stage.slug):
            return stage
    raise NotFound("stage")


ENDPOINTS = (
    function("GET", "/api/pipeline-stages", "settings.practice", stages),
    verb("POST", "/api/pipeline-stages", "settings.add_stage", 201),
    verb("PUT", "/api/pipeline-stages/reorder", "settings.reorder_stages"),
    function("PUT", "/api/pipeline-stages/{stage_id}", "settings.change_stage", change_stage),
    function("DELETE", "/api/pipeline-stages/{stage_id}", "settings.remove_stage", remove_stage),
    verb("GET", "/api/board", "pipeline.board"),
    verb("GET", "/api/board/observed", "pipeline.observed"),
    verb("GET", "/api/board/{stage}", "pipeline.column"),
    verb("POST", "/api/leads/stage", "pipeline.move_many"),
    verb("POST", "/api/leads/lost", "pipeline.lose_many"),
    verb("POST", "/api/leads/convert", "pipeline.convert_many"),
    verb("POST", "/api/leads/{lead_id}/observe", "pipeline.observe"),
    verb("POST", "/api/leads/{lead_id}/recall", "pipeline.recall"),
    verb("PUT", "/api/leads/{lead_id}/objection", "pipeline.set_objection"),
)
"""Bulk endpoints answer with a result for each item."""
