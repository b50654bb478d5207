"""Appointments and the pipeline: a consultation that is booked or done moves its lead.

A cancelled one leaves the lead where it is (C-06): whether families come is told by appointments.
"""

from typing import Final

from orthocrm.core.activity import LeadActivityType
from orthocrm.core.appointment import CONSULTATIONS, Appointment
from orthocrm.core.lead import Lead
from orthocrm.core.stage import Step
from orthocrm.core.task import LeadTaskType, Task, TaskPriority
from orthocrm.followup import attempts, tasks
from orthocrm.followup.attempts import LogEntry
from orthocrm.followup.tasks import NewTask
from orthocrm.services.followups import agenda
from orthocrm.services.pipeline import transitions
from orthocrm.services.work import Work

MISSED: Final = "Call after the missed appointment"


def scheduled(work: Work, appointment: Appointment) -> tuple[Task, ...]:
    """Note that a consultation is fixed, and move its lead if it stands before that stage."""
    return _reached(
        work,
        appointment,
        Step.CONSULTATION_SCHEDULED,
        LeadActivityType.CONSULTATION_SCHEDULED,
    )


def completed(work: Work, appointment: Appointment) -> tuple[Task, ...]:
    """Note that a consultation took place; the clinic's rules follow it up."""
    return _reached(
        work,
        appointment,
        Step.CONSULTATION_COMPLETED,
        LeadActivityType.CONSULTATION_COMPLETED,
    )


def missed(work: Work, appointment: Appointment) -> tuple[Task, ...]:
    """Have the family called; a patient of the practice is no lead any more, and is not chased."""
    lead = _lead(work, appointment)
    if lead is None or not lead.is_open:
        return ()
    new = NewTask(
        type=LeadTaskType.CALL,
        title=MISSED,
        due_at=work.now,
        priority=TaskPriority.HIGH,
        assigned_to=lead.ownership.owner
        or work.practice.clinic.settings.fallback
        or work.actor.user,
    )
    return (follow_up(work, lead, new),)


def follow_up(work: Work, lead: Lead, new: NewTask) -> Task:
    """Make a task of an appointment for its lead."""
    task, event = tasks.created(lead, new, now=work.now, by=work.actor.user, ids=work.ids)
    work.store.tasks.add([task])
    work.record(event)
    dated = agenda.dated(lead, agenda.open_tasks(work, [lead.id])[lead.id])
    if dated != lead:
        work.store.leads.save([dated])
    return task


def _reached(
    work: Work, appointment: Appointment, step: Step, activity: LeadActivityType
) -> tuple[Task, ...]:
    if appointment.type not in CONSULTATIONS:
        return ()
    lead = _lead(work, appointment)
    if lead is None:
        return ()
    _log(work, lead, activity)
    stage = work.practice.stage_by_slug.get(step)
    present = work.practice.stage_by_slug.get(lead.position.stage)
    order = lead.position.order if present is None else present.order
    if not lead.is_open or stage is None or stage.order <= order:
        return ()
    return transitions.advance(work, lead, stage.slug).tasks


def _lead(work: Work, appointment: Appointment) -> Lead | None:
    """Load the lead, which the caller has locked already; one that was deleted is left alone."""
    if appointment.lead_id is None:
        return None
    lead = work.store.leads.get([appointment.lead_id], lock=True).get(appointment.lead_id)
    return None if lead is None or lead.stamps.deleted_at is not None else lead


def _log(work: Work, lead: Lead, activity: LeadActivityType) -> None:
    entry = LogEntry(type=activity)
    logged = attempts.logged(lead, entry, now=work.now, by=work.actor.user, ids=work.ids)
    work.store.activities.add([logged.activity])
    work.record(logged.event)
