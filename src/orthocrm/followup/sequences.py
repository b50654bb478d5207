"""Sequences: leads walk through their steps in business time, until the family answers."""

from datetime import datetime

from attrs import evolve

from orthocrm.core.cadence import Enrollment, EnrollmentState, Sequence, Step
from orthocrm.core.errors import AlreadyExists, InvalidInput
from orthocrm.core.events import SequenceEnded, SequenceStarted
from orthocrm.core.ids import EnrollmentId, TaskId, UserId
from orthocrm.core.lead import Lead, LeadStatus, ensure_open
from orthocrm.core.ports import IdSource
from orthocrm.core.query import Cond, Op, Where, both
from orthocrm.core.settings import Practice
from orthocrm.core.task import LeadTaskType, Task
from orthocrm.core.templates import MessageTemplate
from orthocrm.core.time import midnight, zone
from orthocrm.followup.due import Calendar, add_business
from orthocrm.followup.templates import title_words

ORIGIN = "sequence:"
"""What tasks and messages that a sequence asked for name before its own name."""

ANSWERED, BY_HAND, REMOVED, GONE = "answered", "by_hand", "removed", "archived"

_RUNNING, _STOPPED = EnrollmentState.RUNNING, EnrollmentState.STOPPED
_FINISHED = EnrollmentState.FINISHED


def sequence_named(name: object, practice: Practice) -> Sequence:
    """Find an active sequence among the clinic's."""
    found = _known(name, practice)
    if found is None:
        raise InvalidInput.at("sequence", "unknown_sequence", "name one of the sequences")
    if not found.is_active:
        raise InvalidInput.at("sequence", "inactive", "the sequence is switched off")
    return found


def sequence_of(enrollment: Enrollment, practice: Practice) -> Sequence | None:
    """Find the sequence of an enrolment; None when it is no longer among the settings."""
    return _known(enrollment.sequence, practice)


def _known(name: object, practice: Practice) -> Sequence | None:
    return next((s for s in practice.clinic.settings.sequences if s.name == name), None)


def started(
    lead: Lead,
    sequence: Sequence,
    present: tuple[Enrollment, ...],
    practice: Practice,
    *,
    now: datetime,
    by: UserId,
    ids: IdSource,
) -> Enrollment:
    """Let an open lead begin a sequence in which it does not stand already.

    Raises:
        LeadLocked, LeadClosed: nobody works on the lead any more.
        AlreadyExists: the lead is in this sequence.
    """
    ensure_open(lead)
    if any(e.sequence == sequence.name and e.state is _RUNNING for e in present):
        raise AlreadyExists("enrollment", "sequence")
    return Enrollment(
        id=EnrollmentId(ids()),
        clinic_id=lead.clinic_id,
        lead_id=lead.id,
        sequence=sequence.name,
        started_at=now,
        started_by=by,
        next_at=_later(sequence.steps[0], practice, now),
    )


def due_conditions(now: datetime) -> Where:
    """Say which enrolments wait for their next step."""
    return both(Cond("state", Op.EQ, _RUNNING), Cond("next_at", Op.LE, now))


def is_due(enrollment: Enrollment, now: datetime) -> bool:
    """Whether the next step is to be taken now."""
    waits = enrollment.next_at
    return enrollment.state is _RUNNING and waits is not None and waits <= now


def advanced(
    enrollment: Enrollment, sequence: Sequence, practice: Practice, now: datetime
) -> Enrollment:
    """Go past the step that was just taken; the next one is counted from now."""
    step = enrollment.step + 1
    if step >= len(sequence.steps):
        return evolve(enrollment, step=step, next_at=None, state=_FINISHED, ended_at=now)
    return evolve(enrollment, step=step, next_at=_later(sequence.steps[step], practice, now))


def put_off(enrollment: Enrollment, lead: Lead, practice: Practice) -> Enrollment:
    """Wait until a lead under observation is recalled: nobody is disturbed before."""
    if lead.recall_due_on is None:
        return enrollment
    return evolve(enrollment, next_at=midnight(lead.recall_due_on, practice.clinic.timezone))


def is_observed(lead: Lead, practice: Practice, now: datetime) -> bool:
    """Whether a lead waits for a recall that is not due yet."""
    today = now.astimezone(zone(practice.clinic.timezone)).date()
    return lead.recall_due_on is not None and lead.recall_due_on > today


def stopped(enrollment: Enrollment, because: str, now: datetime) -> Enrollment:
    """End a running sequence, for a reason."""
    return evolve(enrollment, state=_STOPPED, because=because, next_at=None, ended_at=now)


def suspended(enrollment: Enrollment, now: datetime) -> Enrollment:
    """End what runs for a lead that is merged away; when it would have gone on stays known."""
    return evolve(enrollment, state=_STOPPED, because=GONE, ended_at=now)


def resumed(enrollment: Enrollment) -> Enrollment:
    """Let a sequence go on where it was suspended."""
    return evolve(enrollment, state=_RUNNING, because=None, ended_at=None)


def answered(enrollment: Enrollment, now: datetime) -> Enrollment:
    """End what runs because the family answered; what had finished is marked so."""
    if enrollment.state is _RUNNING:
        return stopped(enrollment, ANSWERED, now)
    unmarked = enrollment.state is _FINISHED and enrollment.because is None
    return evolve(enrollment, because=ANSWERED) if unmarked else enrollment


def reason_to_stop(lead: Lead, sequence: Sequence | None) -> str | None:
    """Say why a running sequence has to end: the lead is closed, or the sequence is gone."""
    if lead.stamps.deleted_at is not None or lead.merged_into is not None:
        return LeadStatus.ARCHIVED.lower()
    if not lead.is_open:
        return lead.status.lower()
    return REMOVED if sequence is None else None


def holds_back(enrollment: Enrollment, practice: Practice) -> bool:
    """Whether the suggestion to give the lead up is the sequence's own affair.

    It is while the sequence runs, and after it has ended without an answer: the family is not sent
    two farewells, and the suggestion comes once.
    """
    sequence = sequence_of(enrollment, practice)
    silent = enrollment.state is _FINISHED and enrollment.because is None
    suggests = sequence is not None and sequence.suggest_lost
    return suggests and (enrollment.state is _RUNNING or silent)


def step_task(
    enrollment: Enrollment,
    step: Step,
    lead: Lead,
    practice: Practice,
    *,
    now: datetime,
    by: UserId,
    ids: IdSource,
    instead_of: MessageTemplate | None = None,
) -> Task:
    """Make the task of a step, or the one that stands in for a message that cannot be queued."""
    fallback = practice.clinic.settings.fallback
    return Task(
        id=TaskId(ids()),
        clinic_id=lead.clinic_id,
        lead_id=lead.id,
        type=step.task or _stand_in(instead_of),
        title=_title(step, lead, practice),
        assigned_to=lead.ownership.owner or fallback or by,
        due_at=now,
        created_at=now,
        created_by=by,
        priority=step.priority,
        updated_at=now,
        rule=f"{ORIGIN}{enrollment.sequence}",
    )


def _title(step: Step, lead: Lead, practice: Practice) -> str:
    if step.title is None:
        return f"Send the message {step.message}"
    return title_words(step.title, lead, practice)


def _stand_in(template: MessageTemplate | None) -> LeadTaskType:
    if template is None:
        return LeadTaskType.FOLLOW_UP
    is_text = template.channel.value == LeadTaskType.SMS.value
    return LeadTaskType.SMS if is_text else LeadTaskType.EMAIL


def _later(step: Step, practice: Practice, now: datetime) -> datetime:
    if not step.business:
        return now + step.after
    return add_business(Calendar.of_clinic(practice.clinic), now, step.after)


def begun(enrollment: Enrollment) -> SequenceStarted:
    """Tell that a lead began a sequence."""
    return SequenceStarted(
        clinic_id=enrollment.clinic_id,
        at=enrollment.started_at,
        by=enrollment.started_by,
        lead_id=enrollment.lead_id,
        sequence=enrollment.sequence,
    )


def over(enrollment: Enrollment, *, now: datetime, by: UserId) -> SequenceEnded:
    """Tell that a lead's sequence has ended."""
    return SequenceEnded(
        clinic_id=enrollment.clinic_id,
        at=now,
        by=by,
        lead_id=enrollment.lead_id,
        sequence=enrollment.sequence,
        because=enrollment.because,
    )
