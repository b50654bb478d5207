"""`/api/imports`: files of leads and of outcomes, and back again."""

import io

from orthocrm.core.errors import NotFound
from orthocrm.core.ids import ImportId
from orthocrm.desk import Desk
from orthocrm.leads import mapping as mappings
from orthocrm.services.imports.reverting import Reverted
from orthocrm.services.imports.runs import ImportReport
from orthocrm.web.declaring import function, upload


def run(desk: Desk, content: bytes, *, mapping: str, dry_run: bool = False) -> ImportReport:
    """Import a file by a saved mapping: every row that can be read goes in.

    With `dryRun` everything is decided and nothing is stored.
    """
    for saved in desk.settings.mappings():
        if saved.name.casefold() == mapping.casefold():
            parsed = mappings.parse(saved.text)
            return desk.imports.run(io.BytesIO(content), parsed, dry_run=dry_run)
    raise NotFound("mapping")


def revert(desk: Desk, import_id: ImportId) -> Reverted:
    """Take an import back: new leads go, changed ones are as they were before."""
    return desk.imports.revert(import_id)


ENDPOINTS = (
    upload("/api/imports", "imports.rows", run),
    function("POST", "/api/imports/{import_id}/revert", "imports.revert_batch", revert),
)
"""What somebody worked on since then is kept."""
