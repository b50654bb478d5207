"""`desk.imports`: files of leads and of outcomes, batch by batch, and back again."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import BinaryIO, TypeVar, cast

from attrs import evolve

from orthocrm.core.actor import Permission
from orthocrm.core.audit import Import, ImportState
from orthocrm.core.errors import InvalidInput
from orthocrm.core.events import ImportReverted
from orthocrm.core.ids import ImportId, SourceId
from orthocrm.core.source import Source
from orthocrm.leads import tables
from orthocrm.leads.mapping import LeadMapping, LeadRow, OutcomeMapping, OutcomeRow
from orthocrm.leads.tabular import BadRow
from orthocrm.services.gate import composed, verb
from orthocrm.services.imports import importing, outcomes, reverting
from orthocrm.services.imports.backfills import Backfills
from orthocrm.services.imports.ledger import Plan, Tally
from orthocrm.services.imports.rehearsal import Rehearsal
from orthocrm.services.imports.reverting import Reverted
from orthocrm.services.imports.runs import (
    ImportReport,
    begun,
    known,
    progressed,
    running,
    uncollected,
)
from orthocrm.services.settings import configuring
from orthocrm.services.work import Work

BATCH = 1_000
"""Rows per unit of work: what a crash can lose, and what memory has to hold."""


class Imports(Backfills, area="imports"):
    """Files of leads and of outcomes."""

    @composed
    def run(
        self,
        stream: BinaryIO,
        mapping: LeadMapping | OutcomeMapping,
        *,
        dry_run: bool = False,
        progress: Callable[[int], None] | None = None,
    ) -> ImportReport:
        """Import a file: every row that can be read goes in, every other one is reported.

        Args:
            stream: the bytes of a text table or a workbook; read once, in bounded memory.
            mapping: what `orthocrm.leads.mapping.parse` made of a mapping file.
            dry_run: decide everything and store nothing; memory then grows with the leads.
            progress: told after each batch how many rows are done.

        Raises:
            InvalidInput: the file is not a table, or lacks columns that the mapping names.
            MissingExtra: the file is a workbook, and the extra `xlsx` is not installed.
        """
        if not isinstance(mapping, LeadMapping | OutcomeMapping):
            raise InvalidInput.at("mapping", "wrong_type", "give what mapping.parse has made")
        digest = hashlib.sha256()
        counted = cast("BinaryIO", _Counted(stream, digest.update))
        rows = mapping.read(tables.table(counted, mapping.file))
        kind = "leads" if isinstance(mapping, LeadMapping) else "outcomes"
        import_id = None if dry_run else self.begin(kind, mapping)
        tally, rehearsal = Tally(), Rehearsal(by_key=_looks_for_leads(mapping))
        if dry_run:
            self.rows((), mapping, None, rehearsal)
        for batch in _batches(rows):
            good = [row for row in batch if not isinstance(row, BadRow)]
            tally += _refused([row for row in batch if isinstance(row, BadRow)])
            if good:
                with uncollected():
                    tally += self.rows(good, mapping, import_id, rehearsal)
            if progress is not None:
                progress(tally.rows)
        if import_id is not None:
            self.finish(import_id, digest.hexdigest(), tally)
        return ImportReport(kind=kind, import_id=import_id, tally=tally)

    @verb(Permission.LEAD_CREATE)
    def begin(self, work: Work, kind: str, mapping: LeadMapping | OutcomeMapping) -> ImportId:
        """Open an import, and make the sources that its mapping asks for."""
        _demand(work, mapping)
        new = _new_sources(work, mapping)
        if new:
            work.demand(Permission.LEAD_CONFIGURE)
            work.store.sources.add(new)
            configuring.changed(work, "sources")
        return begun(work, kind)

    @verb(Permission.LEAD_CREATE)
    def rows(
        self,
        work: Work,
        rows: Sequence[LeadRow | OutcomeRow],
        mapping: LeadMapping | OutcomeMapping,
        import_id: ImportId | None,
        rehearsal: Rehearsal | None = None,
    ) -> Tally:
        """Carry out one batch of rows as one unit of work.

        Without an import it is only rehearsed, and `rehearsal` carries what would have been stored
        from batch to batch.
        """
        _demand(work, mapping)
        if import_id is None:
            return _rehearsed(work, mapping, rows, rehearsal or Rehearsal())
        running(work, import_id)
        tally = _carried_out(work, Plan(mapping=mapping, import_id=import_id), rows)
        work.record(progressed(work, import_id, tally))
        return tally

    @composed
    def revert(self, import_id: ImportId) -> Reverted:
        """Take an import back: new leads go, changed ones are as they were before.

        What somebody worked on since then is kept and counted. A revert that was interrupted can
        be repeated.
        """
        total, after = Reverted(), None
        while True:
            batch, after = self.revert_batch(import_id, after)
            total += batch
            if after is None:
                break
        self.close_revert(import_id, total)
        return total

    @verb(Permission.LEAD_ARCHIVE)
    def revert_batch(
        self, work: Work, import_id: ImportId, after: tuple[str, ...] | None
    ) -> tuple[Reverted, tuple[str, ...] | None]:
        """Take back one batch of an import's leads as one unit of work."""
        return reverting.batch(work, known(work, import_id), after)

    @verb(Permission.LEAD_ARCHIVE)
    def close_revert(self, work: Work, import_id: ImportId, total: Reverted) -> Import:
        """Mark an import as taken back."""
        run = known(work, import_id)
        work.record(
            ImportReverted(
                clinic_id=work.clinic_id,
                at=work.now,
                by=work.actor.user,
                import_id=import_id,
                removed=total.removed,
                restored=total.restored,
                kept=total.kept,
            )
        )
        return work.store.imports.save([evolve(run, state=ImportState.REVERTED)])[0]


R = TypeVar("R", bound="LeadRow | OutcomeRow | BadRow")


class _Counted:
    """A stream that tells of every byte that is read."""

    def __init__(self, stream: BinaryIO, tell: Callable[[bytes], None]) -> None:
        self._stream = stream
        self._tell = tell

    def read(self, size: int = -1) -> bytes:
        """Read on."""
        read = getattr(self._stream, "read", None)
        data = None if read is None else read(size)
        if not isinstance(data, bytes):
            raise InvalidInput.at("stream", "wrong_type", "open the file to read bytes")
        self._tell(data)
        return data


def _batches(rows: Iterable[R]) -> Iterator[list[R]]:
    """Cut rows into batches; what is wrong with one row stays together."""
    batch: list[R] = []
    for row in rows:
        if len(batch) >= BATCH and row.number != batch[-1].number:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def _refused(problems: Sequence[BadRow]) -> Tally:
    numbers = {problem.number for problem in problems}
    return Tally(refused=len(numbers), problems=tuple(problems))


def _demand(work: Work, mapping: LeadMapping | OutcomeMapping) -> None:
    """Ask for the rights of the single verbs that an import stands for."""
    work.demand(Permission.LEAD_UPDATE)
    if isinstance(mapping, OutcomeMapping):
        work.demand(Permission.LEAD_CONVERT)


def _looks_for_leads(mapping: LeadMapping | OutcomeMapping) -> bool:
    """Tell whether a row may be about a lead that an earlier one made."""
    if isinstance(mapping, OutcomeMapping):
        return True
    return mapping.key is not None or mapping.fields.column_of("delivery_key") is not None


def _new_sources(work: Work, mapping: LeadMapping | OutcomeMapping) -> list[Source]:
    if not isinstance(mapping, LeadMapping):
        return []
    known = work.practice.source_by_name
    return [
        Source(
            id=SourceId(work.ids()),
            clinic_id=work.clinic_id,
            name=new.name,
            category=new.category,
            created_at=work.now,
            updated_at=work.now,
        )
        for new in mapping.sources
        if new.name.casefold() not in known
    ]


def _rehearsed(
    work: Work,
    mapping: LeadMapping | OutcomeMapping,
    rows: Sequence[LeadRow | OutcomeRow],
    rehearsal: Rehearsal,
) -> Tally:
    """Carry rows out where nothing is stored; only what was read goes on the audit trail."""
    new = _new_sources(work, mapping)
    if new:
        work.demand(Permission.LEAD_CONFIGURE)
    acted = rehearsal.of(work, new)
    tally = _carried_out(acted, Plan(mapping=mapping), rows)
    work.touch(i for i in acted.objects if i not in rehearsal.made)
    return tally


def _carried_out(work: Work, plan: Plan, rows: Sequence[LeadRow | OutcomeRow]) -> Tally:
    """Carry rows out within the reach of the right to change leads, not of that to create them."""
    if isinstance(plan.mapping, LeadMapping):
        leads = [row for row in rows if isinstance(row, LeadRow)]
        return importing.lead_rows(work, plan, plan.mapping, leads)
    ended = [row for row in rows if isinstance(row, OutcomeRow)]
    return outcomes.outcome_rows(evolve(work, permission=Permission.LEAD_CONVERT), plan, ended)
