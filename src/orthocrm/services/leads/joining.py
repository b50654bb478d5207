"""Merging two leads: what belongs to the loser goes along, and the merge remembers all of it.

Both leads are locked before anything that hangs on them, as everywhere else.
"""

from collections.abc import Collection, Mapping, Sequence

from attrs import evolve, frozen

from orthocrm.core.activity import Activity, LeadActivityType
from orthocrm.core.cadence import Enrollment, EnrollmentState
from orthocrm.core.errors import InvalidInput, StaleVersion
from orthocrm.core.events import LeadsMerged
from orthocrm.core.ids import ActivityId, LeadId, MergeId
from orthocrm.core.lead import Lead, LeadStatus, StageVisit
from orthocrm.core.lead_link import Relation, Verdict
from orthocrm.core.merging import Merge
from orthocrm.core.notifying import Message, MessageState
from orthocrm.core.query import Cond, both
from orthocrm.core.task import Task, TaskStatus
from orthocrm.followup import attempts, rules, sending, sequences
from orthocrm.followup.due import Calendar
from orthocrm.followup.paces import paced
from orthocrm.leads import editing, merging
from orthocrm.leads.keeping import Choices, Pair
from orthocrm.services.assignment import assigning
from orthocrm.services.followups import agenda, enrolling
from orthocrm.services.leads import belongings, linking
from orthocrm.services.leads.belongings import Belongings
from orthocrm.services.notifications import queueing
from orthocrm.services.scheduling import visiting
from orthocrm.services.work import Work, everything

Versions = tuple[int, int]


@frozen(kw_only=True)
class _Fate:
    """What becomes of tasks and messages of both leads, and the sequences that stop."""

    tasks: tuple[Task, ...]
    cancelled: tuple[Task, ...]
    handed_over: tuple[Task, ...]
    messages: tuple[Message, ...]
    withdrawn: tuple[Message, ...]
    enrollments: tuple[Enrollment, ...]

    @property
    def remaining(self) -> list[Task]:
        """Give the open tasks that stay open."""
        gone = {task.id for task in self.cancelled}
        return [task for task in self.tasks if task.is_open and task.id not in gone]


def pair_of(work: Work, survivor_id: LeadId, loser_id: LeadId, *, lock: bool) -> Pair:
    """Read two leads within the actor's reach."""
    _check_ids(survivor_id, loser_id)
    survivor, loser = work.leads([survivor_id, loser_id], lock=lock)
    return Pair(survivor=survivor, loser=loser)


def _check_ids(survivor_id: LeadId, loser_id: LeadId) -> None:
    for path, given in (("survivor_id", survivor_id), ("loser_id", loser_id)):
        if not isinstance(given, str):
            raise InvalidInput.at(path, "wrong_type", "give the id of a lead")
    if survivor_id == loser_id:
        raise InvalidInput.at("loser_id", "same_lead", "give two different leads")


def merge(
    work: Work,
    survivor_id: LeadId,
    loser_id: LeadId,
    choices: Choices,
    versions: Versions | None,
) -> Merge:
    """Make two leads one; the same merge again gives the first one."""
    _check_ids(survivor_id, loser_id)
    earlier = _earlier(work, survivor_id, loser_id)
    if earlier is not None:
        return earlier
    pair = pair_of(work, survivor_id, loser_id, lock=True)
    _check(pair, versions)
    merging.ensure_mergeable(pair, choices)
    had = belongings.of(work, [survivor_id, loser_id])
    joined = merging.joined(
        pair,
        choices,
        work.practice,
        unanswered=attempts.replayed(_silent(pair.survivor), had.activities).unanswered,
        now=work.now,
        by=work.actor.user,
    )
    lead = _in_care(work, paced(joined.lead, Calendar.of_clinic(work.practice.clinic)))
    fate = _fate(work, pair, lead, had)
    notes = [_note(work, lead, text) for text in joined.notes]
    left = _give(work, pair, lead, had, fate)
    work.store.activities.add(notes)
    saved = _saved(work, pair, agenda.dated(lead, fate.remaining), joined.tombstone)
    return _recorded(
        work,
        pair,
        saved,
        {
            **{kind: belongings.ids(nouns) for kind, nouns in _along(pair, had).items()},
            "left": belongings.ids(left),
            "noted": belongings.ids(notes),
            **_remembered(fate),
        },
    )


def _earlier(work: Work, survivor_id: LeadId, loser_id: LeadId) -> Merge | None:
    """Find the merge that has made just this of both already."""
    found = work.reachable([survivor_id, loser_id])
    if survivor_id not in found or loser_id in found:
        return None
    pair = both(Cond("survivor_id", "eq", survivor_id), Cond("loser_id", "eq", loser_id))
    done = everything(work.store.merges, both(pair, Cond("undone_at", "absent")))
    return done[0] if done else None


def _check(pair: Pair, versions: Versions | None) -> None:
    """Refuse leads that changed since somebody compared them."""
    if versions is None:
        return
    if not isinstance(versions, tuple) or [type(one) for one in versions] != [int, int]:
        raise InvalidInput.at("versions", "wrong_type", "give those of a preview: two numbers")
    if versions != (pair.survivor.version, pair.loser.version):
        raise StaleVersion("lead")


def _silent(lead: Lead) -> Lead:
    """Forget the attempts that were counted: those of both leads are counted anew."""
    return evolve(lead, milestones=evolve(lead.milestones, unanswered=0))


def _in_care(work: Work, lead: Lead) -> Lead:
    """Give a coordinator to a lead that becomes active by the merge (rule 2)."""
    if lead.status is not LeadStatus.ACTIVE or lead.ownership.owner is not None:
        return lead
    adoptions = assigning.Adoptions(work, [lead])
    owned = adoptions.adopt(lead)
    adoptions.record([lead.id])
    return owned


def _along(pair: Pair, had: Belongings) -> Mapping[str, Sequence[belongings.Belonging]]:
    """Say what of the loser goes along, by kind."""
    loser = pair.loser.id
    return {
        "activities": belongings.only(had.activities, loser),
        "tasks": belongings.only(had.tasks, loser),
        "visits": belongings.only(had.visits, loser),
        "touches": belongings.only(had.touches, loser),
        "appointments": belongings.only(had.appointments, loser),
        "waitlist": belongings.only(had.waitlist, loser),
        "messages": belongings.only(had.messages, loser),
    }


def _fate(work: Work, pair: Pair, lead: Lead, had: Belongings) -> _Fate:
    running = [
        enrollment
        for enrollment in enrolling.of_leads(work, [pair.loser.id], lock=True)[pair.loser.id]
        if enrollment.state is EnrollmentState.RUNNING
    ]
    ended = {f"{sequences.ORIGIN}{enrollment.sequence}" for enrollment in running}
    cancelled = _cancelled(work, pair, lead, had.tasks, ended)
    gone = {task.id for task in cancelled}
    former, owner = pair.loser.ownership.owner, lead.ownership.owner
    return _Fate(
        tasks=had.tasks,
        cancelled=tuple(cancelled),
        handed_over=tuple(
            task
            for task in belongings.only(had.tasks, pair.loser.id)
            if task.is_open and task.id not in gone and task.assigned_to == former != owner
        ),
        messages=had.messages,
        withdrawn=tuple(_withdrawn(work, pair, lead, had.messages, ended)),
        enrollments=tuple(running),
    )


def _cancelled(
    work: Work, pair: Pair, lead: Lead, tasks: Sequence[Task], ended: Collection[str]
) -> list[Task]:
    """Find open tasks that the merged lead does not need, or that the survivor has already."""
    waiting = [task for task in tasks if task.is_open]
    asked = {task.rule for task in belongings.only(waiting, pair.survivor.id)} - {None}
    return [
        task
        for task in waiting
        if rules.superfluous(task, lead, work.practice)
        or (task.lead_id == pair.loser.id and task.rule in {*asked, *ended})
    ]


def _withdrawn(
    work: Work, pair: Pair, lead: Lead, messages: Sequence[Message], ended: Collection[str]
) -> list[Message]:
    """Find waiting messages that are needless now, or that the family gets from the survivor."""
    waiting = [message for message in messages if message.state is MessageState.PENDING]
    twins = {(m.about, m.channel) for m in belongings.only(waiting, pair.survivor.id) if m.about}
    needless = []
    for message in waiting:
        is_loser = message.lead_id == pair.loser.id
        is_twin = is_loser and (message.about, message.channel) in twins
        if is_twin or queueing.is_needless(work, message, lead, ended if is_loser else ()):
            needless.append(message)
    return needless


def _remembered(fate: _Fate) -> Mapping[str, tuple[str, ...]]:
    begun = [task for task in fate.cancelled if task.status is TaskStatus.IN_PROGRESS]
    return {
        "cancelled": belongings.ids(fate.cancelled),
        "interrupted": belongings.ids(begun),
        "handed_over": belongings.ids(fate.handed_over),
        "withdrawn": belongings.ids(fate.withdrawn),
        "enrollments": belongings.ids(fate.enrollments),
    }


def _give(work: Work, pair: Pair, lead: Lead, had: Belongings, fate: _Fate) -> Sequence[StageVisit]:
    """Give everything to the survivor; the visits of which the lead is no longer part are left."""
    to, along = lead.id, _along(pair, had)
    for kind in belongings.AS_THEY_ARE:
        getattr(work.store, kind).save(belongings.given(along[kind], to))
    left = [v for v in had.visits if v.left_at is None and v.id != lead.position.visit_id]
    ended, calendar = {visit.id for visit in left}, Calendar.of_clinic(work.practice.clinic)
    after = [
        visiting.timed(evolve(visit, left_at=work.now), calendar) if visit.id in ended else visit
        for visit in had.visits
    ]
    belongings.visited(work, had.visits, belongings.given(after, to))
    _give_tasks(work, lead, fate)
    _give_messages(work, lead, fate)
    enrolling.save(work, [sequences.suspended(one, work.now) for one in fate.enrollments])
    return left


def _give_tasks(work: Work, lead: Lead, fate: _Fate) -> None:
    gone = {task.id for task in fate.cancelled}
    handed = {task.id for task in fate.handed_over}
    owner = lead.ownership.owner
    after = [
        evolve(
            task,
            lead_id=lead.id,
            assigned_to=owner if owner and task.id in handed else task.assigned_to,
        )
        for task in fate.tasks
    ]
    agenda.cancel(work, [task for task in after if task.id in gone])
    rest = [task for task in after if task.id not in gone]
    belongings.kept(work.store.tasks, fate.tasks, rest)


def _give_messages(work: Work, lead: Lead, fate: _Fate) -> None:
    gone = {message.id for message in fate.withdrawn}
    after = [evolve(message, lead_id=lead.id) for message in fate.messages]
    belongings.kept(
        work.store.messages,
        fate.messages,
        [
            sending.cancelled(message, sending.NOT_NEEDED, work.now)
            if message.id in gone
            else message
            for message in after
        ],
    )


def _note(work: Work, lead: Lead, text: str) -> Activity:
    """Keep on the timeline what has no place in the lead."""
    return Activity(
        id=ActivityId(work.ids()),
        clinic_id=work.clinic_id,
        lead_id=lead.id,
        type=LeadActivityType.NOTE,
        occurred_at=work.now,
        created_at=work.now,
        created_by=work.actor.user,
        notes=text,
        after_conversion=lead.is_locked,
    )


def _saved(work: Work, pair: Pair, lead: Lead, tombstone: Lead) -> Lead:
    """Store both leads; a converted survivor that stays as it is is not touched."""
    work.store.leads.save([tombstone, *([lead] if lead != pair.survivor else [])])
    work.forget_sharers()
    return work.store.leads.get([lead.id])[lead.id]


def _recorded(work: Work, pair: Pair, saved: Lead, moved: Mapping[str, tuple[str, ...]]) -> Merge:
    survivor, loser = pair.survivor, pair.loser
    merge = Merge(
        id=MergeId(work.ids()),
        clinic_id=work.clinic_id,
        survivor_id=survivor.id,
        loser_id=loser.id,
        at=work.now,
        by=work.actor.user,
        survivor_version=saved.version,
        survivor_before=survivor,
        survivor_after=saved,
        loser_before=loser,
        moved={kind: ids for kind, ids in moved.items() if ids},
    )
    work.store.merges.add([merge])
    pair_of_ids = linking.pair_of(survivor.id, loser.id)
    linking.decide(work, [pair_of_ids], Relation.SAME_PERSON, Verdict.CONFIRMED)
    edited = editing.compared(survivor, saved)
    work.changed(survivor.id, edited.fields, edited.before, edited.after)
    work.record(
        LeadsMerged(
            clinic_id=work.clinic_id,
            at=work.now,
            by=work.actor.user,
            merge_id=merge.id,
            survivor_id=survivor.id,
            loser_id=loser.id,
        )
    )
    return merge
