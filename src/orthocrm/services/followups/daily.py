"""The day of one coordinator, and tasks that nobody gets round to."""

from datetime import date

from attrs import frozen

from orthocrm.core.facts import TASKS
from orthocrm.core.ids import UserId
from orthocrm.core.lead import OPEN_STATUSES, Lead
from orthocrm.core.query import AnyOf, Cond, Page, Sort, Where, both, predicate
from orthocrm.core.reading import Reading
from orthocrm.core.task import OPEN_TASKS, Task
from orthocrm.core.time import DAY, midnight, zone
from orthocrm.followup import tasks
from orthocrm.services.work import Work, everything

MOST = Page(500)
BATCH = 200
"""How many tasks are escalated in one unit of work."""

UNTOUCHED = Cond("first_contact_at", "absent")


@frozen(kw_only=True)
class Agenda:
    """What a day holds for somebody, each list with the most urgent or oldest first.

    `overdue` are open tasks whose time has passed, `due` those of the day that are still to come.
    `escalated` are overdue tasks of others, of which the fallback person was told. `new_leads`
    wait for their first contact, `recalls` are under observation until this day or before,
    `silent` have had attempts without an answer. At most 500 of each are listed.
    """

    user: UserId
    day: date
    overdue: tuple[Task, ...] = ()
    due: tuple[Task, ...] = ()
    escalated: tuple[Task, ...] = ()
    new_leads: tuple[Lead, ...] = ()
    recalls: tuple[Lead, ...] = ()
    silent: tuple[Lead, ...] = ()


def local_day(day: object) -> date | None:
    """Read a day; an instant is none, since it lies in different days in different zones."""
    reading = Reading()
    read = reading.day("day", day)
    reading.finish()
    return read


def agenda(work: Work, user: str | None, day: date | None) -> Agenda:
    """Gather somebody's day; who reaches only the own leads sees only the own day."""
    known = work.practice.clinic
    mine = UserId(user or work.actor.user)
    if not work.reaches_all(work.permission):
        mine = work.actor.user
    on = local_day(day) or work.now.astimezone(zone(known.timezone)).date()
    waiting = both(
        Cond("status", "in", OPEN_TASKS),
        Cond("assigned_to", "eq", mine),
        Cond("due_at", "lt", max(work.now, midnight(on + DAY, known.timezone))),
    )
    found = work.store.tasks.find(waiting, [Sort("due_at")], MOST).items
    overdue = [task for task in found if task.is_overdue(work.now)]
    later = [task for task in found if not task.is_overdue(work.now)]
    begins = midnight(on, known.timezone)
    gathered = Agenda(
        user=mine,
        day=on,
        overdue=tuple(sorted(overdue, key=tasks.by_urgency)),
        due=tuple(task for task in later if task.due_at >= begins),
        escalated=_escalated(work, mine),
        new_leads=_leads(work, mine, both(UNTOUCHED, _unobserved(on)), "created_at"),
        recalls=_leads(work, mine, Cond("recall_due_on", "le", on), "recall_due_on"),
        silent=_leads(work, mine, Cond("unanswered", "ge", 1), "next_action_at"),
    )
    work.touch(_objects(gathered))
    return gathered


def escalate(work: Work) -> tuple[Task, ...]:
    """Tell the fallback person of tasks that are long overdue, of each once.

    Tasks of deleted leads are only marked, so that they do not stand in the way of others.
    """
    where = tasks.long_overdue(work.practice, work.now)
    to = work.practice.clinic.settings.fallback
    if where is None or to is None:
        return ()
    found = work.store.tasks.find(where, [Sort("due_at")], Page(BATCH)).items
    leads = work.reachable(sorted({task.lead_id for task in found}))
    locked = work.store.tasks.get(sorted(task.id for task in found), lock=True).values()
    pairs = [
        tasks.escalated(task, to, now=work.now, by=work.actor.user)
        for task in filter(predicate(where, TASKS), locked)
    ]
    work.record(*(event for _, event in pairs if event.lead_id in leads))
    return work.store.tasks.save([task for task, _ in pairs])


def _unobserved(on: date) -> Where:
    return AnyOf((Cond("recall_due_on", "absent"), Cond("recall_due_on", "le", on)))


def _escalated(work: Work, user: UserId) -> tuple[Task, ...]:
    if user != work.practice.clinic.settings.fallback:
        return ()
    where = both(
        Cond("status", "in", OPEN_TASKS),
        Cond("escalated_at", "present"),
        Cond("assigned_to", "ne", user),
    )
    found = everything(work.store.tasks, where)
    overdue = [task for task in found if task.is_overdue(work.now)]
    return tuple(sorted(overdue, key=tasks.by_urgency))[: MOST.size]


def _leads(work: Work, user: UserId, where: Where, order: str) -> tuple[Lead, ...]:
    mine = both(
        work.reach(work.permission),
        Cond("owner", "eq", user),
        Cond("status", "in", OPEN_STATUSES),
        where,
    )
    return work.store.leads.find(mine, [Sort(order)], MOST).items


def _objects(gathered: Agenda) -> list[str]:
    waiting = (*gathered.overdue, *gathered.due, *gathered.escalated)
    leads = (*gathered.new_leads, *gathered.recalls, *gathered.silent)
    return [*(task.lead_id for task in waiting), *(lead.id for lead in leads)]
