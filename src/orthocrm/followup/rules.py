"""Follow-up rules: which tasks they make, when those are due, and when they are needless."""

from datetime import datetime

from orthocrm.core.events import TaskCreated
from orthocrm.core.facts import LEADS
from orthocrm.core.ids import TaskId, UserId
from orthocrm.core.lead import OPEN_STATUSES, Lead, LeadStatus
from orthocrm.core.ports import IdSource
from orthocrm.core.query import AnyOf, Cond, Op, Where, both, predicate
from orthocrm.core.rules import TIMED, FollowUpRule, Recipient, Trigger
from orthocrm.core.settings import Practice
from orthocrm.core.task import LeadTaskType, Task
from orthocrm.core.time import zone
from orthocrm.followup import ages
from orthocrm.followup.due import Calendar, add_business, subtract_business
from orthocrm.followup.tasks import task_created
from orthocrm.followup.templates import title_words

ORIGIN = "rule:"
"""What messages that a rule asked for name before its own name."""


def woken(
    trigger: Trigger,
    lead: Lead,
    practice: Practice,
    *,
    stage: str | None = None,
    attempts: int | None = None,
) -> tuple[FollowUpRule, ...]:
    """Give the active rules that a trigger wakes and whose condition holds for the lead.

    A rule with a stage wants that `stage`, a rule with attempts exactly so many `attempts`. To
    call a new lead is needless once somebody has spoken with the family (C-59). A lead under
    observation wakes none.
    """
    if lead.recall_due_on is not None:
        return ()
    return tuple(
        rule
        for rule in practice.rules
        if rule.is_active
        and rule.trigger is trigger
        and rule.stage in (None, stage)
        and rule.attempts in (None, attempts)
        and not _is_answered_call(rule, lead)
        and holds(rule, lead)
    )


def holds(rule: FollowUpRule, lead: Lead) -> bool:
    """Whether a rule's condition holds for a lead; one without a condition always speaks."""
    return rule.where is None or predicate(rule.where, LEADS)(lead)


def tasks_for(
    trigger: Trigger,
    lead: Lead,
    practice: Practice,
    *,
    now: datetime,
    by: UserId,
    ids: IdSource,
    stage: str | None = None,
    attempts: int | None = None,
) -> tuple[Task, ...]:
    """Make the tasks of the rules that a trigger wakes."""
    rules = woken(trigger, lead, practice, stage=stage, attempts=attempts)
    return tuple(
        raised(rule, lead, practice, now=now, by=by, ids=ids) for rule in rules if rule.task
    )


def raised(
    rule: FollowUpRule,
    lead: Lead,
    practice: Practice,
    *,
    now: datetime,
    by: UserId,
    ids: IdSource,
) -> Task:
    """Make the task of one rule; it goes to the owner, or for MANAGER to the fallback person."""
    return Task(
        id=TaskId(ids()),
        clinic_id=lead.clinic_id,
        lead_id=lead.id,
        type=rule.task or LeadTaskType.FOLLOW_UP,
        title=title_words(rule.title or rule.name, lead, practice),
        assigned_to=_recipient(rule, lead, practice) or by,
        due_at=due_at(rule, practice, now),
        created_at=now,
        created_by=by,
        priority=rule.priority,
        updated_at=now,
        rule=rule.name,
    )


def created(task: Task) -> TaskCreated:
    """Tell that a task waits for somebody."""
    return task_created(task)


def is_timed(rule: FollowUpRule, practice: Practice) -> bool:
    """Whether a rule speaks by the passing of time, so that somebody has to look for it.

    One that only begins a sequence is silent while the clinic has that sequence switched off.
    """
    if not rule.is_active or rule.trigger not in TIMED:
        return False
    sequences = practice.clinic.settings.sequences
    return rule.task is not None or any(
        sequence.is_active and sequence.name == rule.sequence for sequence in sequences
    )


def due_conditions(rule: FollowUpRule, practice: Practice, now: datetime) -> Where:
    """Say which leads a timed rule is due for; those under observation wait for their recall."""
    passed = _passed(rule, practice, now)
    conditions: list[Where] = [Cond("status", Op.IN, OPEN_STATUSES), Cond("deleted_at", Op.ABSENT)]
    today = now.astimezone(zone(practice.clinic.timezone)).date()
    recall = Cond("recall_due_on", Op.ABSENT), Cond("recall_due_on", Op.LE, today)
    conditions.append(AnyOf(recall))
    if rule.trigger is Trigger.NO_CONTACT:
        conditions += [Cond("first_contact_at", Op.ABSENT), Cond("created_at", Op.LE, passed)]
    else:
        conditions.append(Cond("entered_at", Op.LE, passed))
    if rule.stage is not None:
        conditions.append(Cond("stage", Op.EQ, rule.stage))
    if rule.where is not None:
        conditions.append(rule.where)
    return both(*conditions)


def since(rule: FollowUpRule, lead: Lead) -> datetime:
    """Tell since when a timed rule waits: the visit to the stage, or the enquiry."""
    in_stage = rule.trigger is Trigger.IN_STAGE
    return lead.position.entered_at if in_stage else lead.stamps.created_at


def may_speak(
    rule: FollowUpRule, waiting_since: datetime, spoken_at: datetime | None, now: datetime
) -> bool:
    """Whether a timed rule may speak: once for a lead, or once for each visit to a stage (C-24)."""
    if now - waiting_since < rule.after:
        return False
    in_stage = rule.trigger is Trigger.IN_STAGE
    return spoken_at is None or (in_stage and spoken_at < waiting_since)


def superfluous(task: Task, lead: Lead, practice: Practice) -> bool:
    """Whether the lead's state has made an open task needless.

    A converted or archived lead needs no task, one that is lost or under observation none that a
    rule made. Otherwise: calls to a family that was reached, what follows silence after an answer,
    and what belongs to a stage that the lead has left.
    """
    if lead.status in (LeadStatus.CONVERTED, LeadStatus.ARCHIVED):
        return True
    if task.rule is None:
        return False
    if lead.status is LeadStatus.LOST or lead.recall_due_on is not None:
        return True
    return is_settled(task.rule, lead, practice)


def is_settled(name: str, lead: Lead, practice: Practice) -> bool:
    """Whether what a rule asked for has become needless; rules that are gone settle nothing."""
    rule = practice.rule_by_name.get(name) or ages.rule_named(name)
    return rule is not None and _is_settled(rule, lead)


def _is_settled(rule: FollowUpRule, lead: Lead) -> bool:
    if rule.trigger is Trigger.UNANSWERED:
        return lead.milestones.unanswered == 0
    if rule.trigger is Trigger.NO_CONTACT:
        return lead.milestones.first_contact_at is not None
    if rule.trigger is Trigger.LEAD_CAPTURED:
        return _is_answered_call(rule, lead)
    of_stage = rule.trigger is Trigger.IN_STAGE or rule.task is LeadTaskType.CONSULTATION_CONFIRM
    return of_stage and rule.stage not in (None, lead.position.stage)


def _is_answered_call(rule: FollowUpRule, lead: Lead) -> bool:
    is_first_call = rule.trigger is Trigger.LEAD_CAPTURED and rule.task is LeadTaskType.CALL
    return is_first_call and lead.milestones.first_contact_at is not None


def _recipient(rule: FollowUpRule, lead: Lead, practice: Practice) -> UserId | None:
    owner, fallback = lead.ownership.owner, practice.clinic.settings.fallback
    if rule.recipient is Recipient.MANAGER:
        return fallback or owner
    return owner or fallback


def due_at(rule: FollowUpRule, practice: Practice, now: datetime) -> datetime:
    """Tell when what a rule asks for is due."""
    if rule.trigger in TIMED:
        return now
    if not rule.business:
        return now + rule.after
    return add_business(Calendar.of_clinic(practice.clinic), now, rule.after)


def _passed(rule: FollowUpRule, practice: Practice, now: datetime) -> datetime:
    """Give the instant since which the rule's time has passed."""
    if not rule.business:
        return now - rule.after
    return subtract_business(Calendar.of_clinic(practice.clinic), now, rule.after)
