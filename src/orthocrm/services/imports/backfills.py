"""`desk.imports`: the history of leads that the practice had before."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence

from orthocrm.core.actor import Permission
from orthocrm.core.ids import ImportId
from orthocrm.leads.histories import History
from orthocrm.services.gate import composed, verb
from orthocrm.services.imports import backfilling
from orthocrm.services.imports.ledger import Tally
from orthocrm.services.imports.runs import (
    ImportReport,
    Runs,
    begun,
    progressed,
    running,
    uncollected,
)
from orthocrm.services.work import Work

HISTORY = "history"
"""The kind of an import of histories."""

HISTORIES = 200
"""Histories per unit of work; each of them may bring many rows."""


class Backfills(Runs, area="imports"):
    """Histories, brought in whole."""

    @composed
    def backfill(
        self,
        histories: Iterable[History],
        *,
        dry_run: bool = False,
        progress: Callable[[int], None] | None = None,
    ) -> ImportReport:
        """Bring the history of leads that the practice had before: each with its dated events.

        Every history becomes one lead, with the stages, coordinators, activities, tasks and
        appointments that it went through, each at its own instant, so that reports about the past
        are right. Nothing goes out for it: no rule speaks, nobody is told. A history whose
        reference is known already is unchanged, so that an interrupted run can be repeated. An
        event that a rule refuses is reported with the number of its history and its place in it,
        and the rest stands. `revert` takes the leads back.

        Args:
            histories: read once, in bounded memory.
            dry_run: decide everything and store nothing.
            progress: told after each batch how many histories are done.
        """
        import_id = None if dry_run else self.begin_backfill()
        tally, digest = Tally(), hashlib.sha256()
        for batch in _cut(enumerate(histories, start=1)):
            for number, history in batch:
                digest.update(repr((number, history)).encode())
            with uncollected():
                tally += self.backfill_batch(batch, import_id)
            if progress is not None:
                progress(tally.rows)
        if import_id is not None:
            self.finish(import_id, digest.hexdigest(), tally)
        return ImportReport(kind=HISTORY, import_id=import_id, tally=tally)

    @verb(Permission.LEAD_CREATE)
    def begin_backfill(self, work: Work) -> ImportId:
        """Open an import of histories."""
        _demand_history(work)
        return begun(work, HISTORY)

    @verb(Permission.LEAD_CREATE)
    def backfill_batch(
        self,
        work: Work,
        histories: Sequence[tuple[int, History]],
        import_id: ImportId | None,
    ) -> Tally:
        """Carry out one batch of histories, each with its number, as one unit of work."""
        _demand_history(work)
        if import_id is not None:
            running(work, import_id)
        tally = backfilling.batch(work, histories, import_id)
        if import_id is not None:
            work.record(progressed(work, import_id, tally))
        return tally


def _demand_history(work: Work) -> None:
    """Ask for the rights of the single verbs that a history stands for."""
    for permission in (Permission.LEAD_UPDATE, Permission.LEAD_ASSIGN, Permission.LEAD_CONVERT):
        work.demand(permission)


def _cut(
    histories: Iterable[tuple[int, History]],
) -> Iterator[list[tuple[int, History]]]:
    """Cut histories into batches."""
    batch: list[tuple[int, History]] = []
    for pair in histories:
        batch.append(pair)
        if len(batch) == HISTORIES:
            yield batch
            batch = []
    if batch:
        yield batch
