"""`desk.followups`: activities and tasks, so that no lead is forgotten."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from attrs import evolve

from orthocrm.core.activity import Activity
from orthocrm.core.actor import Permission
from orthocrm.core.cadence import Enrollment
from orthocrm.core.errors import InvalidInput, NotFound
from orthocrm.core.ids import ActivityId, LeadId, TaskId, UserId
from orthocrm.core.lead import Lead
from orthocrm.core.query import (
    Cond,
    Page,
    Sort,
    both,
)
from orthocrm.core.rules import Trigger
from orthocrm.core.task import OPEN_TASKS, Task
from orthocrm.followup import attempts, rules, task_edits, tasks
from orthocrm.followup.attempts import LogEntry
from orthocrm.followup.due import Calendar
from orthocrm.followup.paces import paced
from orthocrm.followup.task_edits import TaskEdit
from orthocrm.followup.tasks import NewTask
from orthocrm.services.assignment import assigning
from orthocrm.services.batch import Refused, attempt, checked, done, listed, only
from orthocrm.services.followups import (
    agenda,
    daily,
    enrolling,
    reacting,
    sequences,
    timed,
    upsets,
)
from orthocrm.services.followups.daily import Agenda
from orthocrm.services.followups.reacting import Reaction
from orthocrm.services.followups.sequences import Advanced
from orthocrm.services.gate import Area, verb
from orthocrm.services.results import Logged
from orthocrm.services.work import Work, everything


class FollowUps(Area, area="followups"):
    """What was done for a lead, and what is to be done."""

    @verb(Permission.LEAD_UPDATE)
    def log(self, work: Work, lead_id: LeadId, entry: LogEntry) -> Logged:
        """Log a call, message, meeting, note or document; calls need an outcome (rule 3).

        A converted lead takes activities too: they are marked as later than the conversion.
        """
        return only(log_entries(work, [(lead_id, checked(entry, LogEntry, "entry"))]))

    @verb(Permission.LEAD_UPDATE)
    def log_many(
        self, work: Work, entries: Sequence[tuple[LeadId, LogEntry]]
    ) -> tuple[Logged | Refused, ...]:
        """Log activities of several leads in one unit of work, with a result for each."""
        return tuple(log_entries(work, _pairs(entries)))

    @verb(Permission.LEAD_UPDATE)
    def add_task(self, work: Work, lead_id: LeadId, new: NewTask) -> Task:
        """Make a task for a lead; it goes to the lead's coordinator unless told otherwise."""
        checked(new, NewTask, "new")
        (lead,) = work.leads([lead_id])
        wanted = new if new.assigned_to else evolve(new, assigned_to=_responsible(work, lead))
        task, event = tasks.created(lead, wanted, now=work.now, by=work.actor.user, ids=work.ids)
        work.store.tasks.add([task])
        work.record(event)
        _redate(work, lead)
        return task

    @verb(Permission.LEAD_UPDATE)
    def edit_task(self, work: Work, task_id: TaskId, edit: TaskEdit) -> Task:
        """Change an open task: what is to be done, by whom, when, and whether it was begun.

        Raises:
            LeadLocked: the lead was converted.
            InvalidInput: the task is not open, or names every field that is wrong.
        """
        checked(edit, TaskEdit, "edit")
        task, lead = _task(work, task_id)
        after, event = task_edits.edited(task, lead, edit, now=work.now, by=work.actor.user)
        if event is None:
            return task
        work.changed(lead.id, event.fields, _words(task, event.fields), _words(after, event.fields))
        work.record(event)
        (saved,) = work.store.tasks.save([after])
        _redate(work, lead)
        return saved

    @verb(Permission.LEAD_UPDATE)
    def complete(self, work: Work, task_id: TaskId) -> Task:
        """Tick a task off; the lead's timeline says so."""
        task, lead = _task(work, task_id)
        completed, event, activity = tasks.completed(
            task, lead, now=work.now, by=work.actor.user, ids=work.ids
        )
        (saved,) = work.store.tasks.save([completed])
        work.store.activities.add([activity])
        work.record(event)
        _redate(work, lead)
        return saved

    @verb(Permission.LEAD_UPDATE)
    def cancel(self, work: Work, task_id: TaskId) -> Task:
        """Cancel a task that is not needed any more."""
        task, lead = _task(work, task_id)
        (saved,) = agenda.cancel(work, [task])
        _redate(work, lead)
        return saved

    @verb(Permission.LEAD_UPDATE)
    def snooze(self, work: Work, task_id: TaskId, until: datetime) -> Task:
        """Put an open task off until an instant of the coming year."""
        task, lead = _task(work, task_id)
        later, event = tasks.snoozed(task, until, now=work.now, by=work.actor.user)
        (saved,) = work.store.tasks.save([later])
        work.record(event)
        _redate(work, lead)
        return saved

    @verb(Permission.LEAD_READ)
    def activities(self, work: Work, lead_id: LeadId) -> tuple[Activity, ...]:
        """List what happened to a lead, the latest first; what was corrected stays."""
        about = Cond("lead_id", "eq", work.standing(lead_id).id)
        found = everything(work.store.activities, about)
        return tuple(sorted(found, key=lambda one: (one.occurred_at, one.id), reverse=True))

    @verb(Permission.LEAD_READ)
    def tasks(self, work: Work, lead_id: LeadId) -> tuple[Task, ...]:
        """List every task of a lead, the next due first; those that are done come after it."""
        about = Cond("lead_id", "eq", work.standing(lead_id).id)
        found = everything(work.store.tasks, about)
        return tuple(sorted(found, key=lambda task: (not task.is_open, task.due_at, task.id)))

    @verb(Permission.LEAD_READ)
    def open_tasks(
        self, work: Work, user: str | None = None, due_before: datetime | None = None
    ) -> tuple[Task, ...]:
        """List open tasks, next due first; of one user, or of everybody the actor may see.

        Who reaches only the own leads sees only the own tasks.
        """
        mine = user if work.reaches_all(Permission.LEAD_READ) else work.actor.user
        found = work.store.tasks.find(
            both(
                Cond("status", "in", OPEN_TASKS),
                Cond("assigned_to", "eq", mine) if mine else None,
                Cond("due_at", "lt", due_before) if due_before else None,
            ),
            [Sort("due_at")],
            Page(500),
        )
        work.touch(task.lead_id for task in found.items)
        return found.items

    @verb(Permission.LEAD_READ)
    def agenda(self, work: Work, user: str | None = None, day: date | None = None) -> Agenda:
        """Gather what a local day holds for somebody, the actor and today unless told otherwise.

        Who reaches only the own leads gets only the own agenda.
        """
        return daily.agenda(work, user, day)

    @verb(Permission.LEAD_UPDATE)
    def start_sequence(self, work: Work, lead_id: LeadId, name: str) -> Enrollment:
        """Let an open lead begin one of the clinic's sequences.

        Raises:
            AlreadyExists: the lead is in this sequence already.
        """
        return sequences.start(work, lead_id, name)

    @verb(Permission.LEAD_UPDATE)
    def stop_sequence(
        self, work: Work, lead_id: LeadId, name: str | None = None
    ) -> tuple[Enrollment, ...]:
        """Stop a sequence of a lead, all of them unless one is named; what waits is cancelled."""
        return sequences.stop(work, lead_id, name)

    @verb(Permission.LEAD_READ)
    def sequences(self, work: Work, lead_id: LeadId) -> tuple[Enrollment, ...]:
        """List the sequences in which a lead stands or stood, oldest first."""
        work.leads([lead_id], lock=False)
        return tuple(enrolling.of_leads(work, [lead_id])[lead_id])

    @verb(Permission.LEAD_UPDATE)
    def advance_sequences(self, work: Work) -> Advanced:
        """Take the steps of sequences that are due, each once, a hundred leads at a time."""
        return sequences.advance(work)

    @verb(Permission.LEAD_UPDATE)
    def escalate_overdue(self, work: Work) -> tuple[Task, ...]:
        """Tell the fallback person of tasks long overdue, of each once, 200 at a time."""
        return daily.escalate(work)

    @verb(Permission.LEAD_UPDATE)
    def raise_due(self, work: Work) -> tuple[Task, ...]:
        """Make the tasks of the rules whose time has passed: no contact, too long in a stage.

        Each rule speaks once for a lead and visit, however often this runs, and of at most 500
        leads at a time.
        """
        return timed.raise_due(work)


def _words(task: Task, fields: Collection[str]) -> dict[str, str | None]:
    """Give what is personal among some fields of a task."""
    return {name: getattr(task, name) for name in ("title", "description") if name in fields}


def _pairs(entries: object) -> Sequence[tuple[LeadId, LogEntry]]:
    pairs: Sequence[tuple[LeadId, LogEntry]] = listed(entries, tuple, "entries")
    for i, pair in enumerate(pairs):
        if len(pair) != 2:  # noqa: PLR2004 - a pair
            raise InvalidInput.at(f"entries.{i}", "wrong_type", "give a lead and its entry")
        checked(pair[1], LogEntry, f"entries.{i}.1")
    return pairs


def log_entries(work: Work, entries: Sequence[tuple[LeadId, LogEntry]]) -> list[Logged | Refused]:
    """Log activities, with a result for each; what an answer ends is ended."""
    found = work.reachable([lead_id for lead_id, _ in entries])
    known = _corrected(work, [entry for _, entry in entries])
    adoptions = assigning.Adoptions(work, found.values())
    present: dict[LeadId, Lead] = {}
    calendar = Calendar.of_clinic(work.practice.clinic)

    def log(item: tuple[LeadId, LogEntry]) -> attempts.Logged:
        lead_id, entry = item
        if lead_id not in found:
            raise work.absence(lead_id)
        _check_correction(entry, lead_id, known)
        lead = present[lead_id] if lead_id in present else adoptions.adopt(found[lead_id])
        logged = attempts.logged(lead, entry, now=work.now, by=work.actor.user, ids=work.ids)
        present[lead_id] = paced(logged.lead, calendar)
        return evolve(logged, lead=present[lead_id])

    results = attempt(entries, log)
    logged = done(results)
    adoptions.record(present)
    made = _reactions(work, logged)
    saved = _saved(work, found, present, logged, made)
    reacting.follow(work, [*made.values()])
    return [
        item
        if isinstance(item, Refused)
        else Logged(
            lead=saved[item.lead.id],
            activity=item.activity,
            tasks=made[item.activity.id].tasks,
            suggest_lost=made[item.activity.id].suggests_lost,
            call_instead=attempts.other_number(item),
        )
        for item in results
    ]


def _corrected(work: Work, entries: Sequence[LogEntry]) -> Mapping[str, Activity]:
    """Read the activities that entries correct."""
    ids = sorted({entry.corrects for entry in entries if isinstance(entry.corrects, str)})
    return work.store.activities.get(ids) if ids else {}


def _check_correction(entry: LogEntry, lead_id: LeadId, known: Mapping[str, Activity]) -> None:
    if entry.corrects is None:
        return
    earlier = known.get(entry.corrects) if isinstance(entry.corrects, str) else None
    if earlier is None or earlier.lead_id != lead_id:
        raise InvalidInput.at("corrects", "unknown_activity", "name an activity of this lead")


def _reactions(work: Work, logged: Sequence[attempts.Logged]) -> Mapping[ActivityId, Reaction]:
    """Wake the rules about attempts without an answer (rule 8).

    A running sequence says farewell by itself: the rules that would do so keep silent meanwhile.
    """
    silent = [i for i in logged if i.attempted and not i.answered]
    held = enrolling.holding(work, {item.lead.id for item in silent}) if silent else frozenset()
    alarmed = upsets.alarmed(work, logged)
    return {
        item.activity.id: alarmed.get(item.activity.id) or _reaction(work, item, held)
        for item in logged
    }


def _reaction(work: Work, logged: attempts.Logged, held: Collection[LeadId]) -> Reaction:
    lead, effect = logged.lead, logged.activity.id
    if logged.answered or not logged.attempted or not lead.is_open:
        return Reaction(lead=lead, effect=effect)
    count = lead.milestones.unanswered
    woken = rules.woken(Trigger.UNANSWERED, lead, work.practice, attempts=count)
    spoken = [rule for rule in woken if not (rule.suggest_lost and lead.id in held)]
    return reacting.of_rules(work, lead, spoken, effect)


def _saved(
    work: Work,
    found: Mapping[LeadId, Lead],
    present: Mapping[LeadId, Lead],
    logged: Sequence[attempts.Logged],
    made: Mapping[ActivityId, Reaction],
) -> Mapping[LeadId, Lead]:
    work.store.activities.add([item.activity for item in logged])
    work.record(*(item.event for item in logged))
    new = {
        lead.id: [t for i in logged if i.lead.id == lead.id for t in made[i.activity.id].tasks]
        for lead in present.values()
    }
    changed = [lead for lead in present.values() if lead != found[lead.id] or new[lead.id]]
    answered = {item.lead.id for item in logged if item.answered}
    settled = agenda.in_line(work, changed, [new[lead.id] for lead in changed], answered)
    return {**present, **{lead.id: lead for lead in work.store.leads.save(settled)}}


def _responsible(work: Work, lead: Lead) -> UserId:
    """Give the lead's coordinator, else the fallback person, else the actor (C-26)."""
    return lead.ownership.owner or work.practice.clinic.settings.fallback or work.actor.user


def _task(work: Work, task_id: TaskId) -> tuple[Task, Lead]:
    """Load a task through its lead, so that the lead's rights hold for it.

    The lead is locked before its task, in the order in which every other verb does so.
    """
    found = work.store.tasks.get([task_id])
    if task_id not in found:
        raise NotFound("task")
    lead_id = found[task_id].lead_id
    reachable = work.reachable([lead_id], meant=False)
    if lead_id not in reachable:
        raise NotFound("task")
    task = work.store.tasks.get([task_id], lock=True)[task_id]
    work.ensure_expected(task, "task")
    return task, reachable[lead_id]


def _redate(work: Work, lead: Lead) -> None:
    """Keep the lead's next action in step with its tasks; a locked lead stays as it is."""
    dated = agenda.dated(lead, agenda.open_tasks(work, [lead.id])[lead.id])
    if dated != lead and not lead.is_locked:
        work.store.leads.save([dated])
