"""Leads that change hands: saved with their tasks, their history and one notice."""

from collections.abc import Sequence

from attrs import evolve, frozen

from orthocrm.assignment import handover, owning
from orthocrm.core.activity import Activity, Decision, LeadActivityType
from orthocrm.core.appointment import TimeOff
from orthocrm.core.errors import NotFound
from orthocrm.core.facts import LEADS
from orthocrm.core.ids import LeadId, TimeOffId, UserId
from orthocrm.core.lead import OPEN_STATUSES, Lead
from orthocrm.core.query import Aggregate, Cond, Measure, Where, both, predicate
from orthocrm.core.task import OPEN_TASKS, Task
from orthocrm.services.assignment import assigning
from orthocrm.services.assignment.assigning import Owned
from orthocrm.services.followups import agenda
from orthocrm.services.results import Assigned
from orthocrm.services.work import Work, everything

OPEN = Cond("status", "in", OPEN_STATUSES)


@frozen(kw_only=True)
class Handed:
    """Leads with their new coordinator, and the open tasks that went along or by themselves."""

    assigned: tuple[Assigned, ...] = ()
    tasks: tuple[Task, ...] = ()

    @property
    def leads(self) -> tuple[Lead, ...]:
        """The leads as they are now."""
        return tuple(item.lead for item in self.assigned)


def chosen(work: Work, where: Where) -> list[Lead]:
    """Load the open leads within the operation's reach that satisfy a condition, oldest first.

    Only their ids are read before they are locked, and what changed in between is left out.
    """
    within = LEADS.checked(both(work.reach(work.permission), OPEN, where))
    matches = predicate(within, LEADS)
    groups = work.store.aggregate(Aggregate("leads", (Measure("n"),), by=("id",), where=within))
    found = work.reachable(sorted(LeadId(group.key[0]) for group in groups))
    return [lead for _, lead in sorted(found.items()) if matches(lead)]


def kept(work: Work, pairs: Sequence[tuple[Lead, Owned]]) -> list[Assigned]:
    """Save the leads with their tasks, and tell of each of them."""
    assigned, _ = _saved(work, pairs)
    work.record(*(owned.event for _, owned in pairs if owned.event))
    return assigned


def kept_quietly(work: Work, pairs: Sequence[tuple[Lead, Owned]]) -> Handed:
    """Save the leads with their tasks; the caller tells of it."""
    assigned, tasks = _saved(work, pairs)
    return Handed(assigned=tuple(assigned), tasks=tasks)


def tell_of_all(work: Work, given: Sequence[tuple[LeadId, Decision]], rule: str) -> None:
    """Tell of many assignments at once."""
    if given:
        work.record(owning.digest(work.clinic_id, given, rule, at=work.now, by=work.actor.user))


def _saved(
    work: Work, pairs: Sequence[tuple[Lead, Owned]]
) -> tuple[list[Assigned], tuple[Task, ...]]:
    """Save the leads, and hand their open tasks from the old owner to the new one (C-26)."""
    saved = work.store.leads.save([owned.lead for _, owned in pairs])
    work.store.activities.add([owned.activity for _, owned in pairs if owned.activity])
    present = agenda.open_tasks(work, [lead.id for lead, _ in pairs if lead.ownership.owner])
    handed = [
        evolve(task, assigned_to=owned.decision.chosen, updated_at=work.now)
        for before, owned in pairs
        for task in present.get(before.id, ())
        if owned.decision and task.assigned_to == before.ownership.owner
    ]
    assigned = [
        Assigned(lead=lead, decision=owned.decision)
        for lead, (_, owned) in zip(saved, pairs, strict=True)
        if owned.decision
    ]
    return assigned, work.store.tasks.save(handed)


def all_to(work: Work, leads: Sequence[Lead], to: UserId, rule: str, path: str) -> Handed:
    """Give leads to one person as one act."""
    pairs = [
        (lead, assigning.own(work, lead, owning.manual(lead, to, work.practice, path, rule=rule)))
        for lead in leads
    ]
    handed = kept_quietly(work, pairs)
    tell_of_all(work, [(item.lead.id, item.decision) for item in handed.assigned], rule)
    return handed


def over(work: Work, absence_id: TimeOffId) -> Handed:
    """Give the open leads and tasks of who is away to the cover person."""
    absence = _absence(work, absence_id)
    cover = handover.cover_of(absence, work.practice, work.now)
    leads = chosen(work, Cond("owner", "eq", absence.user))
    handed = all_to(work, leads, cover, handover.HAND_OVER, "cover")
    strays = _open_tasks(work, absence.user)
    moved = _moved(work, strays, cover, handover.TASK_HANDED_OVER)
    return evolve(handed, tasks=(*handed.tasks, *moved))


def back(work: Work, absence_id: TimeOffId) -> Handed:
    """Give back what the cover person still has from who was away."""
    absence = _absence(work, absence_id)
    if absence.cover is None:
        return Handed()
    leads = _still_covered(work, absence.user, absence.cover)
    handed = all_to(work, leads, absence.user, handover.HAND_BACK, "user")
    strays = _covered_tasks(work, absence.user, absence.cover)
    moved = _moved(work, strays, absence.user, handover.TASK_HANDED_BACK)
    return evolve(handed, tasks=(*handed.tasks, *moved))


def strays_home(work: Work, user: UserId) -> None:
    """Give tasks of somebody, on leads of others, to the coordinators of those leads."""
    tasks = _open_tasks(work, user)
    leads = work.reachable(sorted({task.lead_id for task in tasks}))
    fallback = work.practice.clinic.settings.fallback
    homes = {i: lead.ownership.owner or fallback for i, lead in leads.items()}
    for home in sorted({owner for owner in homes.values() if owner and owner != user}):
        theirs = [task for task in tasks if homes.get(task.lead_id) == home]
        _moved(work, theirs, home, handover.TASK_HANDED_OVER)


def changes(work: Work, leads: Sequence[LeadId]) -> dict[LeadId, list[Activity]]:
    """Read the changes of ownership of leads, oldest first."""
    found: dict[LeadId, list[Activity]] = {lead: [] for lead in leads}
    if leads:
        kind = Cond("type", "eq", LeadActivityType.ASSIGNMENT_CHANGE)
        where = both(Cond("lead_id", "in", leads), kind)
        for activity in everything(work.store.activities, where):
            found[activity.lead_id].append(activity)
    return found


def decisions(activities: Sequence[Activity]) -> list[Decision]:
    """Give the decisions among changes of ownership."""
    return [activity.decision for activity in activities if activity.decision]


def _absence(work: Work, absence_id: TimeOffId) -> TimeOff:
    found = work.store.time_off.get([absence_id])
    if absence_id not in found:
        raise NotFound("absence")
    work.touch([absence_id])
    return found[absence_id]


def _still_covered(work: Work, user: UserId, cover: UserId) -> list[Lead]:
    leads = chosen(work, Cond("owner", "eq", cover))
    history = changes(work, [lead.id for lead in leads])
    return [lead for lead in leads if handover.stands(decisions(history[lead.id]), user, cover)]


def _open_tasks(work: Work, user: UserId) -> list[Task]:
    waiting = both(Cond("assigned_to", "eq", user), Cond("status", "in", OPEN_TASKS))
    return list(everything(work.store.tasks, waiting))


def _covered_tasks(work: Work, user: UserId, cover: UserId) -> list[Task]:
    tasks = _open_tasks(work, cover)
    notes = changes(work, list(dict.fromkeys(task.lead_id for task in tasks)))
    known = [note for of_lead in notes.values() for note in of_lead]
    theirs = handover.handed_tasks(known, user, cover)
    return [task for task in tasks if task.id in theirs]


def _moved(work: Work, tasks: Sequence[Task], to: UserId, rule: str) -> tuple[Task, ...]:
    """Hand over tasks whose leads are somebody else's, and remember whose they were."""
    work.touch(task.lead_id for task in tasks)
    work.store.activities.add(
        [
            handover.task_note(task, to, rule, at=work.now, by=work.actor.user, ids=work.ids)
            for task in tasks
        ]
    )
    return work.store.tasks.save(
        [evolve(task, assigned_to=to, updated_at=work.now) for task in tasks]
    )
