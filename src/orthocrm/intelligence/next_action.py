"""What a coordinator should do next: the clinic's rules and the leads' scores in one ranked list.

A rule says that something is due, and how much a day of delay costs; a score moves a lead up or
down among others of about the same urgency, never past what is far more urgent. Nothing is put
forward that may not be done: of each lead is known by which means its family may be reached now.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from math import exp

from attrs import field, frozen

from orthocrm.core.errors import InvalidInput
from orthocrm.core.ids import AppointmentId, LeadId, TaskId
from orthocrm.core.lead import Lead
from orthocrm.core.people import PreferredContact
from orthocrm.core.rules import Trigger
from orthocrm.core.settings import Practice
from orthocrm.core.task import LeadTaskType, Task, TaskPriority
from orthocrm.core.time import zone


class Because(StrEnum):
    """Why something is to be done."""

    ANSWER_WAITING = "ANSWER_WAITING"
    FIRST_CONTACT_DUE = "FIRST_CONTACT_DUE"
    CONSULTATION_UNCONFIRMED = "CONSULTATION_UNCONFIRMED"
    TASK_OVERDUE = "TASK_OVERDUE"
    RECALL_DUE = "RECALL_DUE"
    OVER_AGE = "OVER_AGE"
    PROMISING_AND_COLD = "PROMISING_AND_COLD"
    BREAK_UP_DUE = "BREAK_UP_DUE"


class Means(StrEnum):
    """How it is done; DESK is work that reaches no family."""

    CALL = "CALL"
    SMS = "SMS"
    EMAIL = "EMAIL"
    DESK = "DESK"


URGENCY: Mapping[Because, float] = {
    Because.ANSWER_WAITING: 110,
    Because.FIRST_CONTACT_DUE: 105,
    Because.CONSULTATION_UNCONFIRMED: 90,
    Because.TASK_OVERDUE: 70,
    Because.RECALL_DUE: 60,
    Because.OVER_AGE: 50,
    Because.PROMISING_AND_COLD: 45,
    Because.BREAK_UP_DUE: 30,
}
"""How urgent each reason is by itself: who asked waits, who did not can wait."""

LATENESS = 10.0
"""What delay adds at most; a day adds two thirds of it."""

FURTHER = 3.0
"""What every further reason adds."""

SCORE_RANGE = 20.0
"""How far apart the score sets two leads of the same reason, at the most."""

PROMISING = 0.6
COLD_AFTER = timedelta(days=5)
CONFIRM_WITHIN = timedelta(hours=48)
DEFAULT_ATTEMPTS = 3

_PRIORITY = {TaskPriority.URGENT: 20.0, TaskPriority.HIGH: 10.0, TaskPriority.LOW: -10.0}
_DAY_IN_HOURS = 24.0
_CONTACT = (Means.CALL, Means.SMS, Means.EMAIL)
_PREFERRED = {
    PreferredContact.PHONE: Means.CALL,
    PreferredContact.TEXT: Means.SMS,
    PreferredContact.EMAIL: Means.EMAIL,
}
_BY_TASK: Mapping[LeadTaskType, tuple[Means, ...]] = {
    LeadTaskType.CALL: (Means.CALL,),
    LeadTaskType.SMS: (Means.SMS,),
    LeadTaskType.EMAIL: (Means.EMAIL,),
    LeadTaskType.CUSTOM: (Means.DESK,),
}
_WORDS: Mapping[Because, str] = {
    Because.ANSWER_WAITING: "the family wrote and nobody has answered",
    Because.FIRST_CONTACT_DUE: "nobody has tried to reach the family yet",
    Because.CONSULTATION_UNCONFIRMED: "the consultation is near and not confirmed",
    Because.TASK_OVERDUE: "a task is overdue",
    Because.RECALL_DUE: "the recall is due",
    Because.OVER_AGE: "longer in the stage than it should be, with nothing planned",
    Because.PROMISING_AND_COLD: "a high score, and nobody has been in touch for days",
    Because.BREAK_UP_DUE: "several attempts without an answer: say goodbye, or give the lead up",
}


@frozen(kw_only=True)
class Circumstances:
    """What is known of a lead.

    Attributes:
        means: By which the family may be reached now, as consent and quiet hours have it.
        overdue: The coordinator's open tasks for the lead whose time has passed.
        answered_at: When the family last wrote or called without an answer since.
        visit: The next consultation that is not confirmed, and when it starts.
        touched_at: When somebody was last in touch; the enquiry itself if nobody ever was.
        score: The chance to convert, 0 to 1, where it is known.
    """

    lead: Lead
    means: frozenset[Means] = frozenset()
    overdue: tuple[Task, ...] = ()
    answered_at: datetime | None = None
    visit: tuple[AppointmentId, datetime] | None = None
    touched_at: datetime | None = None
    score: float | None = None

    def __attrs_post_init__(self) -> None:
        if self.score is not None and not 0 <= self.score <= 1:
            raise InvalidInput.at("score", "out_of_range", "give a chance from 0 to 1")


@frozen(kw_only=True)
class NextAction:
    """Something to do for a lead: by which `means`, `because` of what, since when it waits.

    `also` are further reasons to turn to the same lead. `urgency` orders the list; it has no unit.
    """

    lead_id: LeadId
    means: Means
    because: Because
    since: datetime
    urgency: float
    also: tuple[Because, ...] = ()
    task_id: TaskId | None = None
    appointment_id: AppointmentId | None = None
    score: float | None = None
    words: str = field(default="")


@frozen(kw_only=True)
class _Due:
    because: Because
    since: datetime
    means: tuple[Means, ...]
    extra: float = 0.0
    task_id: TaskId | None = None
    appointment_id: AppointmentId | None = None


def next_actions(
    found: Iterable[Circumstances], practice: Practice, now: datetime
) -> tuple[NextAction, ...]:
    """Rank what is to be done, one action for each lead, the most urgent first.

    A lead that is converted, lost or archived gets none, nor one whose family may not be reached
    by any means that the reason asks for.
    """
    actions = [action for each in found if (action := _action(each, practice, now)) is not None]
    return tuple(sorted(actions, key=lambda a: (-a.urgency, a.since, a.lead_id)))


def attempts_of(practice: Practice) -> int:
    """Tell after how many attempts without an answer the clinic's rules say goodbye."""
    told = [
        rule.attempts
        for rule in practice.rules
        if rule.is_active and rule.trigger is Trigger.UNANSWERED and rule.suggest_lost
    ]
    return min((attempts for attempts in told if attempts), default=DEFAULT_ATTEMPTS)


def _action(of: Circumstances, practice: Practice, now: datetime) -> NextAction | None:
    if not of.lead.is_open:
        return None
    possible = [
        (_urgency(due, of, now), due, means)
        for due in _dues(of, practice, now)
        if (means := _chosen(due, of)) is not None
    ]
    if not possible:
        return None
    possible.sort(key=lambda one: -one[0])
    urgency, due, means = possible[0]
    others = [other.because for _, other, _ in possible[1:] if other.because is not due.because]
    also = tuple(dict.fromkeys(others))
    return NextAction(
        lead_id=of.lead.id,
        means=means,
        because=due.because,
        since=due.since,
        urgency=urgency + FURTHER * len(also),
        also=also,
        task_id=due.task_id,
        appointment_id=due.appointment_id,
        score=of.score,
        words=_WORDS[due.because],
    )


def _urgency(due: _Due, of: Circumstances, now: datetime) -> float:
    late = max(0.0, (now - due.since).total_seconds() / 3600)
    lateness = LATENESS * (1 - exp(-late / _DAY_IN_HOURS))
    score = SCORE_RANGE * (of.score - 0.5) if of.score is not None else 0.0
    return URGENCY[due.because] + due.extra + lateness + score


def _chosen(due: _Due, of: Circumstances) -> Means | None:
    """Choose the means that the family prefers among those that are asked for and permitted."""
    permitted = {Means.DESK} if of.lead.enquiry.no_contact else {*of.means, Means.DESK}
    preferred = _PREFERRED.get(of.lead.contact.preferred)
    order = sorted(due.means, key=lambda means: means is not preferred)
    return next((means for means in order if means in permitted), None)


def _dues(of: Circumstances, practice: Practice, now: datetime) -> list[_Due]:
    found = [*_of_tasks(of), _answer(of), _visit(of, now)]
    if _is_observed(of.lead, practice, now):
        return [due for due in found if due is not None]
    found += [
        _recall(of.lead, practice),
        _first_contact(of.lead),
        _over_age(of.lead, practice, now),
        _cold(of, now),
        _break_up(of, practice),
    ]
    return [due for due in found if due is not None]


def _is_observed(lead: Lead, practice: Practice, now: datetime) -> bool:
    today = now.astimezone(zone(practice.clinic.timezone)).date()
    return lead.recall_due_on is not None and lead.recall_due_on > today


def _of_tasks(of: Circumstances) -> Sequence[_Due]:
    return [
        _Due(
            because=Because.TASK_OVERDUE,
            since=task.due_at,
            means=_BY_TASK.get(task.type, _CONTACT),
            extra=_PRIORITY.get(task.priority, 0.0),
            task_id=task.id,
        )
        for task in of.overdue
    ]


def _answer(of: Circumstances) -> _Due | None:
    if of.answered_at is None:
        return None
    return _Due(because=Because.ANSWER_WAITING, since=of.answered_at, means=_CONTACT)


def _visit(of: Circumstances, now: datetime) -> _Due | None:
    if of.visit is None or not now <= of.visit[1] <= now + CONFIRM_WITHIN:
        return None
    return _Due(
        because=Because.CONSULTATION_UNCONFIRMED,
        since=min(now, of.visit[1] - CONFIRM_WITHIN),
        means=_CONTACT,
        appointment_id=of.visit[0],
    )


def _recall(lead: Lead, practice: Practice) -> _Due | None:
    if lead.recall_due_on is None:
        return None
    day = lead.recall_due_on
    since = datetime(day.year, day.month, day.day, tzinfo=zone(practice.clinic.timezone))
    return _Due(because=Because.RECALL_DUE, since=since, means=_CONTACT)


def _first_contact(lead: Lead) -> _Due | None:
    known = lead.milestones
    if known.first_attempt_at is not None or known.first_contact_at is not None:
        return None
    since = lead.stamps.created_at
    return _Due(because=Because.FIRST_CONTACT_DUE, since=since, means=_CONTACT)


def _over_age(lead: Lead, practice: Practice, now: datetime) -> _Due | None:
    stage = practice.stage_by_slug.get(lead.position.stage)
    planned = lead.milestones.next_action_at
    if stage is None or stage.max_days is None or (planned is not None and planned > now):
        return None
    since = lead.position.entered_at + timedelta(days=stage.max_days)
    return _Due(because=Because.OVER_AGE, since=since, means=_CONTACT) if since < now else None


def _cold(of: Circumstances, now: datetime) -> _Due | None:
    if of.score is None or of.score < PROMISING or of.touched_at is None:
        return None
    since = of.touched_at + COLD_AFTER
    if since > now:
        return None
    return _Due(because=Because.PROMISING_AND_COLD, since=since, means=_CONTACT)


def _break_up(of: Circumstances, practice: Practice) -> _Due | None:
    if of.lead.milestones.unanswered < attempts_of(practice):
        return None
    since = of.touched_at or of.lead.stamps.updated_at
    return _Due(because=Because.BREAK_UP_DUE, since=since, means=(Means.EMAIL, Means.DESK))
