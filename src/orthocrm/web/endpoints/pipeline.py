"""`/api/pipeline-stages` and the board: the clinic's own pipeline."""

from collections.abc import Sequence

from orthocrm.core.stage import Stage
from orthocrm.crm import Desk
from orthocrm.web.declaring import function, verb


def stages(desk: Desk) -> Sequence[Stage]:
    """List the stages in their order."""
    return desk.settings.practice().stages


ENDPOINTS = (
    function("GET", "/api/pipeline-stages", "settings.practice", stages),
    verb("POST", "/api/pipeline-stages", "settings.add_stage", 201),
    verb("PUT", "/api/pipeline-stages/reorder", "settings.reorder_stages"),
    verb("GET", "/api/board", "pipeline.board"),
)
"""The board is the pipeline with its leads."""
