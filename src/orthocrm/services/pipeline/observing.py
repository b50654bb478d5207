"""Leads that go under observation, and come back: by hand, or when their recall is due."""

from collections.abc import Iterable, Sequence
from datetime import date

from orthocrm.core.facts import LEADS
from orthocrm.core.ids import LeadId
from orthocrm.core.lead import Lead, StageVisit
from orthocrm.core.query import Page, Sort, both, predicate
from orthocrm.core.task import Task
from orthocrm.followup import recalls
from orthocrm.pipeline import observation
from orthocrm.pipeline.observation import Pause
from orthocrm.services.followups import agenda
from orthocrm.services.results import Observed, Recalled
from orthocrm.services.scheduling import visiting
from orthocrm.services.work import Work

BATCH = 200
"""How many leads are recalled in one unit of work."""


def observe(work: Work, lead_id: LeadId, recall_due_on: date, notes: str | None) -> Observed:
    """Put a lead under observation; what rules wanted of it meanwhile is cancelled."""
    (lead,) = work.leads([lead_id])
    pause = observation.observed(
        lead,
        recall_due_on,
        work.practice,
        notes=notes,
        now=work.now,
        by=work.actor.user,
        ids=work.ids,
    )
    (saved,) = _saved(work, [pause], [()])
    return Observed(lead=saved, activity=pause.activity)


def recall(work: Work, lead_id: LeadId, notes: str | None) -> Recalled:
    """Bring a lead back before its time, or when it has come."""
    return _recalled(work, work.leads([lead_id]), notes)[0]


def recall_due(work: Work) -> tuple[Recalled, ...]:
    """Bring back the leads whose date has come, at most `BATCH` of them, each once.

    They are locked before they are looked at again: another worker may have been there.
    """
    where = LEADS.checked(
        both(work.reach(work.permission), observation.due(work.practice, work.now))
    )
    found = work.store.leads.find(where, [Sort("recall_due_on")], Page(BATCH)).items
    locked = work.store.leads.get(sorted(lead.id for lead in found), lock=True)
    leads = [lead for _, lead in sorted(locked.items()) if predicate(where, LEADS)(lead)]
    work.touch(lead.id for lead in leads)
    return _recalled(work, leads)


def _recalled(work: Work, leads: Sequence[Lead], notes: str | None = None) -> tuple[Recalled, ...]:
    now, by = work.now, work.actor.user
    pauses = [
        observation.recalled(lead, notes=notes, now=now, by=by, ids=work.ids) for lead in leads
    ]
    made = [
        recalls.recall_task(pause.lead, work.practice, now=now, by=by, ids=work.ids)
        for pause in pauses
    ]
    saved = _saved(work, pauses, [(task,) for task in made])
    return tuple(
        Recalled(lead=lead, activity=pause.activity, task=task)
        for lead, pause, task in zip(saved, pauses, made, strict=True)
    )


def _saved(work: Work, pauses: Sequence[Pause], made: Sequence[Sequence[Task]]) -> tuple[Lead, ...]:
    leads = agenda.in_line(work, [pause.lead for pause in pauses], made)
    visiting.close(work, _present(pause.closed for pause in pauses))
    work.store.visits.add(_present(pause.opened for pause in pauses))
    work.store.activities.add([pause.activity for pause in pauses])
    work.record(*(pause.event for pause in pauses))
    return work.store.leads.save(leads)


def _present(visits: Iterable[StageVisit | None]) -> list[StageVisit]:
    return [visit for visit in visits if visit is not None]
