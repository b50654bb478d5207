"""Undoing a merge: the loser is back as it was, and what still is with the survivor goes back."""

from collections.abc import Collection, Sequence

from attrs import evolve

from orthocrm.core.cadence import EnrollmentState
from orthocrm.core.errors import InvalidInput, LeadLocked, MergedSince, NotFound
from orthocrm.core.events import LeadsUnmerged
from orthocrm.core.ids import MergeId, UserId
from orthocrm.core.lead import Lead, Milestones, Position, StageVisit
from orthocrm.core.lead_link import Verdict
from orthocrm.core.merging import Merge
from orthocrm.core.notifying import Message, MessageState
from orthocrm.core.query import Cond, both
from orthocrm.core.task import Task, TaskStatus
from orthocrm.followup import attempts, sending, sequences
from orthocrm.followup.due import Calendar
from orthocrm.followup.paces import paced
from orthocrm.leads import editing, unmerging
from orthocrm.pipeline import progression
from orthocrm.services.followups import agenda
from orthocrm.services.leads import belongings, linking
from orthocrm.services.leads.belongings import Belongings
from orthocrm.services.scheduling import visiting
from orthocrm.services.work import Work, everything


def unmerge(work: Work, merge_id: MergeId) -> Merge:
    """Make two leads of a merged one again; once more gives the same."""
    merge = _merge(work, merge_id)
    (survivor,) = work.leads([merge.survivor_id])
    merge = work.store.merges.get([merge_id], lock=True)[merge_id]
    if merge.undone_at is not None:
        return merge
    tombstone = _tombstone(work, merge, survivor)
    had = belongings.of(work, [survivor.id])
    parted = unmerging.survivor_of(merge, survivor, _lived(work, merge, had), work.practice)
    back = unmerging.loser_of(merge, tombstone)
    calendar = Calendar.of_clinic(work.practice.clinic)
    lead, loser = _in_force(work, paced(parted, calendar)), _in_force(work, back)
    _give_back(work, merge, had)
    _part_visits(work, merge, had.visits, lead, loser)
    tasks = _part_tasks(work, merge, had.tasks)
    work.store.activities.remove(merge.moved.get("noted", ()))
    _resume(work, merge)
    _save(work, survivor, _dated(lead, tasks), _dated(loser, tasks))
    return _recorded(work, merge, survivor, lead)


def _merge(work: Work, merge_id: MergeId) -> Merge:
    if not isinstance(merge_id, str):
        raise InvalidInput.at("merge_id", "wrong_type", "give the id of a merge")
    merge = work.store.merges.get([merge_id]).get(merge_id)
    if merge is None:
        raise NotFound("merge")
    return merge


def _tombstone(work: Work, merge: Merge, survivor: Lead) -> Lead:
    """Read the tombstone, unless what came since forbids to bring it back."""
    if survivor.is_locked and not merge.survivor_before.is_locked:
        raise LeadLocked
    since = both(Cond("survivor_id", "eq", survivor.id), Cond("undone_at", "absent"))
    for other in everything(work.store.merges, since):
        if (other.at, other.id) > (merge.at, merge.id):
            raise MergedSince(other.id)
    found = work.store.leads.get([merge.loser_id], lock=True).get(merge.loser_id)
    if found is None or found.merged_into != survivor.id:
        raise NotFound("lead")
    return found


def _lived(work: Work, merge: Merge, had: Belongings) -> Milestones:
    """Tell which milestones the survivor would have reached alone."""
    before = merge.survivor_before
    since = [one for one in had.activities if _is_own(merge, one.id) and one.created_at >= merge.at]
    visits = [one for one in had.visits if _is_own(merge, one.id) and one.entered_at >= merge.at]
    known = {*_all(merge, "noted"), before.position.visit_id}
    alone = attempts.replayed(before, [one for one in since if one.id not in known])
    return progression.reached_since(
        alone, [one for one in visits if one.id not in known], work.practice
    )


def _is_own(merge: Merge, row: str) -> bool:
    return row not in _all(merge, "activities") and row not in _all(merge, "visits")


def _all(merge: Merge, kind: str) -> Collection[str]:
    return merge.moved.get(kind, ())


def _in_force(work: Work, lead: Lead) -> Lead:
    """Put a lead into a stage that there still is."""
    return evolve(lead, position=progression.in_force(lead.position, work.practice))


def _give_back(work: Work, merge: Merge, had: Belongings) -> None:
    store = work.store
    for kind in belongings.AS_THEY_ARE:
        moved = [one for one in getattr(had, kind) if one.id in _all(merge, kind)]
        getattr(store, kind).save(belongings.given(moved, merge.loser_id))
    messages = [_message_back(merge, message) for message in had.messages]
    belongings.kept(store.messages, had.messages, messages)


def _message_back(merge: Merge, message: Message) -> Message:
    if message.id in _all(merge, "messages"):
        message = evolve(message, lead_id=merge.loser_id)
    is_needless = (message.state, message.because) == (MessageState.CANCELLED, sending.NOT_NEEDED)
    by_merge = message.id in _all(merge, "withdrawn") and message.settled_at == merge.at
    if not (is_needless and by_merge):
        return message
    return evolve(message, state=MessageState.PENDING, because=None, settled_at=None)


def _part_visits(
    work: Work, merge: Merge, visits: Sequence[StageVisit], lead: Lead, loser: Lead
) -> None:
    """Give the loser its visits back, and leave each lead in one of them."""
    held = {one.position.visit_id: one.position for one in (lead, loser)}
    back = _all(merge, "visits")
    own = [evolve(v, lead_id=loser.id) if v.id in back else v for v in visits]
    after = [_visit(work, visit, held.get(visit.id)) for visit in own]
    belongings.visited(work, visits, after)


def _visit(work: Work, visit: StageVisit, held: Position | None) -> StageVisit:
    """Leave a visit, unless a lead is there."""
    if held is not None:
        return evolve(visiting.reopened(visit), stage=held.stage, order=held.order)
    if visit.left_at is not None:
        return visit
    return visiting.timed(evolve(visit, left_at=work.now), Calendar.of_clinic(work.practice.clinic))


def _part_tasks(work: Work, merge: Merge, tasks: Sequence[Task]) -> Sequence[Task]:
    after = [_task_back(work, merge, task) for task in tasks]
    belongings.kept(work.store.tasks, tasks, after)
    return after


def _task_back(work: Work, merge: Merge, task: Task) -> Task:
    """Give a task back as it was, unless somebody has worked on it since."""
    former, owner = merge.loser_before.ownership.owner, merge.survivor_after.ownership.owner
    if task.id in _all(merge, "tasks"):
        task = evolve(task, lead_id=merge.loser_id)
    if task.id in _all(merge, "handed_over") and former and task.assigned_to == owner:
        task = evolve(task, assigned_to=UserId(former))
    untouched = task.status is TaskStatus.CANCELLED and task.updated_at == merge.at
    if task.id in _all(merge, "cancelled") and untouched:
        begun = task.id in _all(merge, "interrupted")
        status = TaskStatus.IN_PROGRESS if begun else TaskStatus.PENDING
        task = evolve(task, status=status, updated_at=work.now)
    return task


def _resume(work: Work, merge: Merge) -> None:
    """Let the loser's sequences go on that stopped by the merge."""
    found = work.store.enrollments.get(_all(merge, "enrollments"), lock=True)
    stopped = [
        one
        for one in found.values()
        if one.state is EnrollmentState.STOPPED and one.ended_at == merge.at
    ]
    work.store.enrollments.save([sequences.resumed(one) for one in stopped])


def _dated(lead: Lead, tasks: Sequence[Task]) -> Lead:
    waiting = [task for task in belongings.only(tasks, lead.id) if task.is_open]
    return agenda.dated(lead, waiting)


def _save(work: Work, before: Lead, survivor: Lead, loser: Lead) -> None:
    work.store.leads.save([loser, *([survivor] if survivor != before else [])])
    work.forget_sharers()


def _recorded(work: Work, merge: Merge, before: Lead, after: Lead) -> Merge:
    linking.decide(
        work, [linking.pair_of(merge.survivor_id, merge.loser_id)], None, Verdict.REJECTED
    )
    edited = editing.compared(before, after)
    work.changed(after.id, edited.fields, edited.before, edited.after)
    work.touch([merge.loser_id])
    work.record(
        LeadsUnmerged(
            clinic_id=work.clinic_id,
            at=work.now,
            by=work.actor.user,
            merge_id=merge.id,
            survivor_id=merge.survivor_id,
            loser_id=merge.loser_id,
        )
    )
    undone = evolve(merge, undone_at=work.now, undone_by=work.actor.user)
    return work.store.merges.save([undone])[0]
