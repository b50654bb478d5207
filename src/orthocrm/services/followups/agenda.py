"""Open tasks beside their leads: what becomes superfluous, and what comes next."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from attrs import evolve

from orthocrm.core.ids import LeadId
from orthocrm.core.lead import Lead
from orthocrm.core.query import Cond, both
from orthocrm.core.task import OPEN_TASKS, Task
from orthocrm.followup import rules, tasks
from orthocrm.services.followups import enrolling
from orthocrm.services.notifications import queueing
from orthocrm.services.work import Work, everything


def open_tasks(work: Work, leads: Collection[LeadId]) -> Mapping[LeadId, list[Task]]:
    """Read the open tasks of leads."""
    found: dict[LeadId, list[Task]] = defaultdict(list)
    if leads:
        where = both(Cond("lead_id", "in", leads), Cond("status", "in", OPEN_TASKS))
        for task in everything(work.store.tasks, where):
            found[task.lead_id].append(task)
    return found


def next_due(work: Work, leads: Collection[LeadId]) -> Mapping[LeadId, datetime]:
    """Tell when the next open task of each lead is due."""
    due = {lead: tasks.next_action(found) for lead, found in open_tasks(work, leads).items()}
    return {lead: at for lead, at in due.items() if at is not None}


def in_line(
    work: Work,
    leads: Sequence[Lead],
    made: Sequence[Sequence[Task]],
    answered: Collection[LeadId] = (),
) -> list[Lead]:
    """Store new tasks, cancel those that the lead's new state makes superfluous, date the next.

    Sequences end with the leads that were closed and those whose families `answered`, and waiting
    messages that have become needless are withdrawn.
    Gives the leads with their `next_action_at`; the caller saves them.
    """
    ended = enrolling.settle(work, leads, answered)
    present = open_tasks(work, [lead.id for lead in leads])
    settled = []
    for lead, new in zip(leads, made, strict=True):
        over = ended.get(lead.id, ())
        superfluous = [
            task
            for task in present[lead.id]
            if task.rule in over or rules.superfluous(task, lead, work.practice)
        ]
        cancel(work, superfluous)
        remaining = [task for task in present[lead.id] if task not in superfluous]
        settled.append(dated(lead, [*remaining, *new]))
    add(work, [task for new in made for task in new])
    queueing.withdraw(work, leads, ended)
    return settled


def add(work: Work, new: Sequence[Task]) -> None:
    """Store new tasks and tell of them."""
    work.store.tasks.add(new)
    work.record(*(rules.created(task) for task in new))


def cancel(work: Work, unwanted: Sequence[Task]) -> tuple[Task, ...]:
    """Cancel tasks and tell of it."""
    if not unwanted:
        return ()
    pairs = [tasks.cancelled(task, now=work.now, by=work.actor.user) for task in unwanted]
    work.record(*(event for _, event in pairs))
    return work.store.tasks.save([task for task, _ in pairs])


def dated(lead: Lead, remaining: Sequence[Task]) -> Lead:
    """Give the lead with the time of its next action."""
    at = tasks.next_action(remaining)
    return evolve(lead, milestones=evolve(lead.milestones, next_action_at=at))
