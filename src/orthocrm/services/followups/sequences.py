"""Leads walking through sequences: begun and stopped by hand, advanced by the worker."""

from collections.abc import Mapping, Sequence

from attrs import frozen

from orthocrm.core.cadence import Enrollment, EnrollmentState, Step
from orthocrm.core.errors import InvalidInput
from orthocrm.core.ids import EnrollmentId, LeadId
from orthocrm.core.lead import Lead
from orthocrm.core.notifying import Message
from orthocrm.core.query import Page, Sort
from orthocrm.core.task import Task
from orthocrm.followup import sequences, templates
from orthocrm.services.followups import agenda, enrolling, reacting
from orthocrm.services.notifications import queueing
from orthocrm.services.notifications.queueing import Wanted
from orthocrm.services.work import Work

BATCH = 100
"""How many enrolments one unit of work takes on."""


@frozen(kw_only=True)
class Advanced:
    """The enrolments that went on or ended, and the tasks and messages that came of it."""

    enrollments: tuple[Enrollment, ...] = ()
    tasks: tuple[Task, ...] = ()
    messages: tuple[Message, ...] = ()


@frozen(kw_only=True)
class _Touch:
    """A step that is to be taken for a lead."""

    enrollment: Enrollment
    lead: Lead
    step: Step

    @property
    def origin(self) -> str:
        return f"{sequences.ORIGIN}{self.enrollment.sequence}"

    @property
    def key(self) -> str:
        return f"{sequences.ORIGIN}{self.enrollment.id}:{self.enrollment.step}"


def start(work: Work, lead_id: LeadId, name: str) -> Enrollment:
    """Let a lead begin a sequence."""
    sequence = sequences.sequence_named(name, work.practice)
    (lead,) = work.leads([lead_id])
    present = enrolling.of_leads(work, [lead_id])[lead_id]
    enrollment = sequences.started(
        lead,
        sequence,
        tuple(present),
        work.practice,
        now=work.now,
        by=work.actor.user,
        ids=work.ids,
    )
    enrolling.add(work, [enrollment])
    return enrollment


def stop(work: Work, lead_id: LeadId, name: str | None) -> tuple[Enrollment, ...]:
    """Stop what runs for a lead, with the tasks and messages that wait: one sequence, or all."""
    (lead,) = work.leads([lead_id])
    running = [
        enrollment
        for enrollment in enrolling.of_leads(work, [lead_id], lock=True)[lead_id]
        if enrollment.state is EnrollmentState.RUNNING and name in (None, enrollment.sequence)
    ]
    if name is not None and not running:
        raise InvalidInput.at("sequence", "not_running", "the lead is not in this sequence")
    return halt(work, lead, running, sequences.BY_HAND)


def halt(
    work: Work, lead: Lead, running: Sequence[Enrollment], because: str
) -> tuple[Enrollment, ...]:
    """Stop running enrolments of a locked lead, with the tasks and messages that wait."""
    ended = {f"{sequences.ORIGIN}{enrollment.sequence}" for enrollment in running}
    waiting = agenda.open_tasks(work, [lead.id])[lead.id]
    agenda.cancel(work, [task for task in waiting if task.rule in ended])
    dated = agenda.dated(lead, [task for task in waiting if task.rule not in ended])
    if dated != lead:
        work.store.leads.save([dated])
    queueing.withdraw(work, [lead], {lead.id: ended})
    return enrolling.save(work, [sequences.stopped(e, because, work.now) for e in running])


def advance(work: Work) -> Advanced:
    """Take the steps that are due, at most `BATCH` enrolments at a time.

    The leads are locked before their enrolments, and what another worker took meanwhile is left
    alone: each step is taken once, however many work.
    """
    due = work.store.enrollments.find(
        sequences.due_conditions(work.now), [Sort("next_at")], Page(BATCH)
    ).items
    if not due:
        return Advanced()
    leads = work.reachable(sorted({enrollment.lead_id for enrollment in due}))
    found = work.store.enrollments.get(sorted(e.id for e in due), lock=True)
    still = [e for _, e in sorted(found.items()) if sequences.is_due(e, work.now)]
    touches = [touch for e in still if (touch := _touch(work, e, leads.get(e.lead_id))) is not None]
    after = [_after(work, e, leads.get(e.lead_id)) for e in still]
    tasks, messages = _made(work, touches)
    _suggest(work, after, leads)
    return Advanced(enrollments=enrolling.save(work, after), tasks=tasks, messages=messages)


def _touch(work: Work, enrollment: Enrollment, lead: Lead | None) -> _Touch | None:
    sequence = sequences.sequence_of(enrollment, work.practice)
    if lead is None or sequence is None or sequences.reason_to_stop(lead, sequence):
        return None
    if sequences.is_observed(lead, work.practice, work.now):
        return None
    if enrollment.step >= len(sequence.steps):
        return None
    return _Touch(enrollment=enrollment, lead=lead, step=sequence.steps[enrollment.step])


def _after(work: Work, enrollment: Enrollment, lead: Lead | None) -> Enrollment:
    """Say where an enrolment stands once its due step was taken, or could not be."""
    sequence = sequences.sequence_of(enrollment, work.practice)
    gone = sequences.GONE if lead is None else sequences.reason_to_stop(lead, sequence)
    if gone or lead is None or sequence is None:
        return sequences.stopped(enrollment, gone or sequences.GONE, work.now)
    if sequences.is_observed(lead, work.practice, work.now):
        return sequences.put_off(enrollment, lead, work.practice)
    return sequences.advanced(enrollment, sequence, work.practice, work.now)


def _made(work: Work, touches: Sequence[_Touch]) -> tuple[tuple[Task, ...], tuple[Message, ...]]:
    queued = _queued(work, touches)
    tasks: dict[LeadId, list[Task]] = {}
    for touch in touches:
        if touch.step.task is not None or touch.enrollment.id not in queued:
            tasks.setdefault(touch.lead.id, []).append(_task(work, touch))
    leads = {touch.lead.id: touch.lead for touch in touches if touch.lead.id in tasks}
    settled = agenda.in_line(work, [*leads.values()], [tasks[lead_id] for lead_id in leads])
    work.store.leads.save(settled)
    return tuple(task for made in tasks.values() for task in made), tuple(queued.values())


def _queued(work: Work, touches: Sequence[_Touch]) -> Mapping[EnrollmentId, Message]:
    sending = [touch for touch in touches if touch.step.message is not None]
    messages = queueing.queue(
        work,
        [
            Wanted(
                lead=touch.lead,
                template=touch.step.message or "",
                key=touch.key,
                about=touch.origin,
                due_at=work.now,
            )
            for touch in sending
        ],
    )
    pairs = zip(sending, messages, strict=True)
    return {touch.enrollment.id: message for touch, message in pairs if message is not None}


def _task(work: Work, touch: _Touch) -> Task:
    named = [
        template
        for template in work.practice.clinic.settings.message_templates
        if template.name == touch.step.message
    ]
    return sequences.step_task(
        touch.enrollment,
        touch.step,
        touch.lead,
        work.practice,
        now=work.now,
        by=work.actor.user,
        ids=work.ids,
        instead_of=templates.in_language(named, templates.language_of(touch.lead)),
    )


def _suggest(work: Work, after: Sequence[Enrollment], leads: Mapping[LeadId, Lead]) -> None:
    """Suggest to give up the leads whose last touch was made."""
    for enrollment in after:
        sequence = sequences.sequence_of(enrollment, work.practice)
        finished = enrollment.state is EnrollmentState.FINISHED
        if finished and sequence is not None and sequence.suggest_lost:
            work.record(reacting.suggestion(work, leads[enrollment.lead_id]))
