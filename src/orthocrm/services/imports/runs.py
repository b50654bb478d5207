"""Runs of imports: opened, told of, closed; what leads and histories have in common."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from attrs import evolve, frozen

from orthocrm.core.actor import Permission
from orthocrm.core.audit import Import, ImportState
from orthocrm.core.errors import InvalidInput, NotFound
from orthocrm.core.events import ImportFinished, ImportProgressed
from orthocrm.core.ids import ImportId
from orthocrm.services.gate import Area, verb
from orthocrm.services.imports.ledger import Tally
from orthocrm.services.work import Work


@frozen(kw_only=True)
class ImportReport:
    """What an import did, or would do: `import_id` is None after a dry run.

    Rows, not problems, are counted in `refused`; `problems` names every one with row number,
    line, column and reason. `duplicates` counts new leads that share a phone or e-mail.
    """

    kind: str
    import_id: ImportId | None
    tally: Tally


class Runs(Area, area="imports"):
    """How every import ends."""

    @verb(Permission.LEAD_CREATE)
    def finish(self, work: Work, import_id: ImportId, digest: str, tally: Tally) -> Import:
        """Close an import with its counts."""
        work.record(
            ImportFinished(
                clinic_id=work.clinic_id,
                at=work.now,
                by=work.actor.user,
                import_id=import_id,
                created=tally.created,
                updated=tally.updated,
            )
        )
        (saved,) = work.store.imports.save(
            [
                evolve(
                    running(work, import_id),
                    state=ImportState.FINISHED,
                    finished_at=work.now,
                    digest=digest,
                    created=tally.created,
                    updated=tally.updated,
                    unchanged=tally.unchanged,
                    refused=tally.refused,
                )
            ]
        )
        return saved


def begun(work: Work, kind: str) -> ImportId:
    """Open an import."""
    run = Import(
        id=ImportId(work.ids()),
        clinic_id=work.clinic_id,
        kind=kind,
        digest="",
        started_at=work.now,
        started_by=work.actor.user,
    )
    work.store.imports.add([run])
    work.touch([run.id])
    return run.id


def progressed(work: Work, import_id: ImportId, tally: Tally) -> ImportProgressed:
    """Tell of a batch that was written."""
    return ImportProgressed(
        clinic_id=work.clinic_id,
        at=work.now,
        by=work.actor.user,
        import_id=import_id,
        created=tally.created,
        updated=tally.updated,
    )


def known(work: Work, import_id: ImportId) -> Import:
    """Find an import."""
    work.seek([import_id])
    found = work.store.imports.get([import_id])
    if import_id not in found:
        raise NotFound("import")
    return found[import_id]


def running(work: Work, import_id: ImportId) -> Import:
    """Find an import that is not closed yet."""
    run = known(work, import_id)
    if run.state is not ImportState.RUNNING:
        raise InvalidInput.at("import_id", "not_running", "this import is closed")
    return run


@contextmanager
def uncollected() -> Iterator[None]:
    """Leave the garbage collector out of one batch.

    The values of a batch hold no cycles; looking for some takes a tenth of an import's time.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
