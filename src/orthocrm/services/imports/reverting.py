"""Taking an import back: new leads are deleted, changed ones get their former state again."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Protocol, TypeVar

from attrs import evolve, frozen

from orthocrm.core.audit import Import, ImportChange
from orthocrm.core.ids import ImportId, LeadId, UserId, VisitId
from orthocrm.core.lead import Lead, LeadStatus
from orthocrm.core.ports import Repository
from orthocrm.core.query import Cond, Page, Sort, both
from orthocrm.core.task import Task, TaskStatus
from orthocrm.services.followups import agenda
from orthocrm.services.scheduling import visiting
from orthocrm.services.sources import touches
from orthocrm.services.work import LIVING, Work, everything

BATCH = 500
_AGAIN = ("again",)
"""Where the next batch starts while there are changes to undo."""


@frozen(kw_only=True)
class Reverted:
    """How many new leads are gone, changed ones as before, and which were worked on and kept."""

    removed: int = 0
    restored: int = 0
    kept: int = 0

    def __add__(self, other: "Reverted") -> "Reverted":
        return Reverted(
            removed=self.removed + other.removed,
            restored=self.restored + other.restored,
            kept=self.kept + other.kept,
        )


def batch(
    work: Work, run: Import, after: tuple[str, ...] | None
) -> tuple[Reverted, tuple[str, ...] | None]:
    """Take back the next leads of an import: first those that it changed, then those it made."""
    changes = _changes(work, run.id)
    if changes:
        return _undone(work, run, changes), _AGAIN
    made = work.store.leads.find(
        both(LIVING, Cond("import_id", "eq", run.id)),
        [Sort("id")],
        Page(BATCH, None if after == _AGAIN else after),
    )
    busy = _worked_on(work, made.items)
    untouched = [lead for lead in made.items if _is_as_made(run, lead) and lead.id not in busy]
    _delete(work, untouched)
    return Reverted(removed=len(untouched), kept=len(made.items) - len(untouched)), made.after


def _is_as_made(run: Import, lead: Lead) -> bool:
    """Whether no person changed a lead since; the date of the next action follows its tasks."""
    if lead.version == 1:
        return True
    by_import = lead.stamps.updated_by == run.started_by
    return by_import and run.finished_at is not None and lead.stamps.updated_at < run.finished_at


class _Logged(Protocol):
    """Something that was noted for a lead."""

    @property
    def lead_id(self) -> LeadId | None: ...

    @property
    def created_at(self) -> datetime: ...


N = TypeVar("N", bound=_Logged)


def _worked_on(work: Work, leads: Sequence[Lead]) -> set[LeadId]:
    """Find the leads for which somebody did or planned something since they last changed."""
    since = {lead.id: lead.stamps.updated_at for lead in leads}
    if not since:
        return set()
    store, by_people = work.store, Cond("rule", "absent")
    noted: list[_Logged] = [
        *_since(store.activities, since.keys(), min(since.values())),
        *_since(store.appointments, since.keys(), min(since.values())),
        *_since(store.tasks, since.keys(), min(since.values()), by_people),
    ]
    busy = {n.lead_id for n in noted if n.lead_id in since and n.created_at > since[n.lead_id]}
    return {i for i in busy if i is not None} | _survivors(work, since.keys())


def _survivors(work: Work, leads: Collection[LeadId]) -> set[LeadId]:
    """Find the leads into which others were merged: they hold more than an import has brought."""
    standing = both(Cond("survivor_id", "in", [*leads]), Cond("undone_at", "absent"))
    return {merge.survivor_id for merge in everything(work.store.merges, standing)}


def _since(
    repository: Repository[N], leads: Collection[LeadId], at: datetime, where: Cond | None = None
) -> Iterable[N]:
    recent = both(Cond("lead_id", "in", [*leads]), Cond("created_at", "gt", at), where)
    return everything(repository, recent)


def _delete(work: Work, leads: Sequence[Lead]) -> None:
    """Delete leads softly: their rows stay for the history, their keys find nothing any more."""
    work.touch(lead.id for lead in leads)
    work.store.leads.save(
        [
            evolve(
                lead,
                status=LeadStatus.ARCHIVED,
                keys=(),
                stamps=evolve(
                    lead.stamps,
                    deleted_at=work.now,
                    updated_at=work.now,
                    updated_by=work.actor.user,
                ),
            )
            for lead in leads
        ]
    )
    waiting = agenda.open_tasks(work, [lead.id for lead in leads])
    agenda.cancel(work, [task for tasks in waiting.values() for task in tasks])


def _changes(work: Work, import_id: ImportId) -> Sequence[ImportChange]:
    """Read the next changes of an import: all of each lead that is among them."""
    found = work.store.import_changes.find(
        Cond("import_id", "eq", import_id), [Sort("lead_id")], Page(BATCH)
    )
    if found.after is None:
        return found.items
    last = found.items[-1].lead_id
    whole = [change for change in found.items if change.lead_id != last]
    of_last = both(Cond("import_id", "eq", import_id), Cond("lead_id", "eq", last))
    return whole or everything(work.store.import_changes, of_last)


def _undone(work: Work, run: Import, changes: Sequence[ImportChange]) -> Reverted:
    """Undo what the import changed, as far back as nobody came in between."""
    present = work.store.leads.get({change.lead_id for change in changes}, lock=True)
    work.touch(present)
    busy, total = _worked_on(work, list(present.values())), Reverted()
    for lead_id, of_lead in groupby(changes, key=lambda change: change.lead_id):
        lead = present[lead_id]
        steps, is_whole = _steps(lead, list(of_lead))
        if lead.origin.import_id != run.id:
            _undo(work, lead, steps)
            total += Reverted(restored=1) if steps else Reverted(kept=1)
        elif is_whole and lead_id not in busy:
            _delete(work, [lead])
            total += Reverted(removed=1)
    work.store.import_changes.remove([change.id for change in changes])
    return total


def _steps(lead: Lead, changes: Sequence[ImportChange]) -> tuple[list[ImportChange], bool]:
    """Give the changes upon which nobody has built, the latest first, and whether these are all."""
    steps: list[ImportChange] = []
    version = lead.version
    for change in sorted(changes, key=lambda change: -change.version_after):
        if change.version_after != version:
            break
        steps.append(change)
        version = change.before.version
    return steps, len(steps) == len(changes)


def _undo(work: Work, lead: Lead, steps: Sequence[ImportChange]) -> None:
    """Give a lead its former state, and take back the visits that the import began."""
    if not steps:
        return
    _restore_tasks(work, lead, steps)
    work.store.leads.save([evolve(steps[-1].before, version=lead.version)])
    touches.follow(work, [(lead, steps[-1].before)])
    present = lead.position.visit_id
    for step in steps:
        former = step.before.position.visit_id
        if former != present:
            _rejoin(work, present, former)
        present = former


def _rejoin(work: Work, present: VisitId, former: VisitId) -> None:
    """Let the former visit be the open one again, as if it had never been left."""
    left = work.store.visits.get([former])
    work.store.visits.remove([present, former])
    work.store.visits.add([visiting.reopened(visit) for visit in left.values()])


def _restore_tasks(work: Work, lead: Lead, steps: Sequence[ImportChange]) -> None:
    """Undo what became of tasks at the moments at which the import changed their lead.

    Those that became superfluous are open again, those that went along to a new coordinator go
    back, and those that the rules of a new stage made are cancelled.
    """
    former = steps[-1].before
    moments = {lead.stamps.updated_at, *(step.before.stamps.updated_at for step in steps[:-1])}
    touched = [
        task
        for task in everything(work.store.tasks, Cond("lead_id", "eq", lead.id))
        if task.updated_at in moments
    ]
    made = [task for task in touched if _was_made(task, moments, former.stamps.updated_at)]
    agenda.cancel(work, [task for task in made if task.is_open])
    work.store.tasks.save(
        [
            evolve(
                task,
                status=_former_status(task),
                assigned_to=_former_owner(task, lead, former),
                updated_at=work.now,
            )
            for task in touched
            if task not in made
        ]
    )


def _was_made(task: Task, moments: Collection[datetime], since: datetime) -> bool:
    return task.rule is not None and task.created_at in moments and task.created_at > since


def _former_status(task: Task) -> TaskStatus:
    return TaskStatus.PENDING if task.status is TaskStatus.CANCELLED else task.status


def _former_owner(task: Task, lead: Lead, former: Lead) -> UserId:
    went_along = task.assigned_to == lead.ownership.owner
    return (former.ownership.owner if went_along else None) or task.assigned_to
