"""Who of the practice should know of what happened, and what a digest says about it.

A notice holds codes and ids only. Nobody is told of what they did themselves, but of an import that
has come to its end.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from attrs import field, frozen

from orthocrm.core import events
from orthocrm.core.activity import LeadActivityType
from orthocrm.core.actor import Role
from orthocrm.core.appointment import Appointment, AppointmentStatus
from orthocrm.core.events import Event
from orthocrm.core.ids import LeadId, UserId
from orthocrm.core.lead import Lead
from orthocrm.core.notifying import Notice, NoticeKind, StaffContact
from orthocrm.core.settings import Practice
from orthocrm.core.task import Task

_K = NoticeKind
_SYSTEM = "system:"
_WRITTEN = (LeadActivityType.SMS, LeadActivityType.EMAIL)
_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


_FIXED = frozenset({AppointmentStatus.BOOKED, AppointmentStatus.CONFIRMED})

WRITTEN_APART = frozenset({_K.APPOINTMENT_BOOKED, _K.APPOINTMENT_MOVED, _K.APPOINTMENT_CANCELLED})
"""Kinds of which an e-mail of its own tells, with an invitation; other messages gather them."""


@frozen(kw_only=True)
class Told:
    """A notice to come: `user` is told of `count` things, under a `key` that is theirs only once.

    What `gathers` joins the one of the same key instead, and is unread again.
    """

    user: UserId
    kind: NoticeKind
    key: str
    lead_id: LeadId | None = None
    object_id: str | None = None
    count: int = 1
    gathers: bool = False


@frozen(kw_only=True)
class Known:
    """What is looked up for events: leads, visits, the owners for imports, and the fallback.

    `others` hear of leads that need a coordinator while the fallback person is away as well, and
    `administrators` of emergencies.
    """

    leads: Mapping[str, Lead]
    fallback: UserId | None = None
    window: timedelta
    imported: Mapping[str, Mapping[UserId, int]]
    visits: Mapping[str, Appointment] = field(factory=dict)
    others: tuple[UserId, ...] = ()
    administrators: tuple[UserId, ...] = ()


def told(event: Event, item: str, known: Known) -> list[Told]:
    """Say who is told of an event; `item` is its own name in the outbox."""
    rule = _RULES.get(event.kind)
    found = rule(event, item, known) if rule is not None else []
    return [one for one in found if _is_news(one, event.by)]


def _is_news(one: Told, by: UserId) -> bool:
    is_own = one.user == by and one.kind is not _K.IMPORT_FINISHED
    return not is_own and not one.user.startswith(_SYSTEM)


def overdue(task: Task) -> Told:
    """Tell of a task whose time has passed; put off, it may become overdue once more."""
    return _of_task(task, _K.TASK_OVERDUE, task.due_at)


def reminder(task: Task, at: datetime) -> Told:
    """Remind of a task; put off, it is reminded of once more."""
    return _of_task(task, _K.TASK_REMINDER, at)


def _of_task(task: Task, kind: NoticeKind, at: datetime) -> Told:
    return Told(
        user=task.assigned_to,
        kind=kind,
        key=f"{kind}:{task.id}:{int((at - _EPOCH).total_seconds())}",
        lead_id=task.lead_id,
        object_id=task.id,
    )


def leaves_silent(event: Event) -> bool:
    """Whether leads went to nobody but a fallback person who is away as well."""
    return isinstance(event, events.LeadAssigned | events.LeadsAssigned) and event.fallback_away


def standing_in(
    practice: Practice, contacts: Iterable[StaffContact], now: datetime
) -> tuple[UserId, ...]:
    """Name who is told in the place of a fallback person who is away: all who can be reached.

    Those are the active coordinators, whoever says how to be reached, and who covers for the
    fallback person. Absent ones are left out, unless everybody is absent.
    """
    settings, known = practice.clinic.settings, practice.coordinator_by_id
    covers = [
        one.cover for one in practice.absences if one.user == settings.fallback and one.covers(now)
    ]
    users = {*known, *(one.id for one in contacts), *(user for user in covers if user)}
    users -= {one.id for one in known.values() if not one.is_active}
    there = {user for user in users if not practice.is_away(user, now)}
    return tuple(sorted((there or users) - {settings.fallback}))


def _assigned(event: events.LeadAssigned, item: str, known: Known) -> list[Told]:
    kind = _K.NEEDS_ASSIGNMENT if event.needs_assignment else _K.LEAD_ASSIGNED
    others = known.others if leaves_silent(event) else ()
    return [_one(user, kind, item, event.lead_id) for user in (event.after, *others)]


def _many_assigned(event: events.LeadsAssigned, item: str, known: Known) -> list[Told]:  # noqa: ARG001 - one signature
    window = bucket(event.at, known.window)
    lost = event.needs_assignment
    shares = dict(zip(event.users, event.counts, strict=True))
    if lost and known.fallback in shares:
        shares[known.fallback] -= lost
    found = [_gathered(u, _K.LEADS_ASSIGNED, window, n) for u, n in shares.items() if n > 0]
    if lost and known.fallback is not None:
        others = known.others if leaves_silent(event) else ()
        to = (known.fallback, *others)
        found += [_gathered(user, _K.NEEDS_ASSIGNMENT, window, lost) for user in to]
    return found


def _escalated(event: events.TaskEscalated, item: str, known: Known) -> list[Told]:  # noqa: ARG001 - one signature
    return [_one(event.escalated_to, _K.TASK_ESCALATED, item, event.lead_id, event.task_id)]


def _answered(event: events.ActivityLogged, item: str, known: Known) -> list[Told]:
    if not is_answer(event):
        return []
    return _owners(_K.ANSWER_RECEIVED, item, event.lead_id, known, event.activity_id)


def _upset(event: events.UpsetNoticed, item: str, known: Known) -> list[Told]:
    """Tell the coordinator, and the fallback person beside them."""
    found = _owners(_K.FAMILY_UPSET, item, event.lead_id, known, event.activity_id)
    to = known.fallback
    if to is None or any(one.user == to for one in found):
        return found
    return [*found, _one(to, _K.FAMILY_UPSET, item, event.lead_id, event.activity_id)]


def _suggested(event: events.LostSuggested, item: str, known: Known) -> list[Told]:
    return _owners(_K.LOST_SUGGESTED, item, event.lead_id, known)


def _recalled(event: events.LeadRecalled, item: str, known: Known) -> list[Told]:
    return _owners(_K.LEAD_RECALLED, item, event.lead_id, known)


def _captured(event: events.LeadCaptured, item: str, known: Known) -> list[Told]:
    if not event.duplicates:
        return []
    found = _owners(_K.DUPLICATES_FOUND, item, event.lead_id, known)
    return [_counted(one, len(event.duplicates)) for one in found]


def _imported(event: events.ImportFinished, item: str, known: Known) -> list[Told]:  # noqa: ARG001 - one signature
    done = Told(
        user=event.by,
        kind=_K.IMPORT_FINISHED,
        key=f"{_K.IMPORT_FINISHED}:{event.import_id}",
        object_id=event.import_id,
        count=event.created + event.updated,
    )
    shares = known.imported.get(event.import_id, {})
    given = [
        Told(
            user=user,
            kind=_K.LEADS_ASSIGNED,
            key=f"{_K.LEADS_ASSIGNED}:{event.import_id}",
            object_id=event.import_id,
            count=count,
        )
        for user, count in sorted(shares.items())
    ]
    return [done, *given]


def _parked(event: events.MessageParked, item: str, known: Known) -> list[Told]:
    to = known.fallback
    return [_one(to, _K.MESSAGE_PARKED, item, event.lead_id, event.message_id)] if to else []


def _undelivered(event: events.DeliveryParked, item: str, known: Known) -> list[Told]:
    to = known.fallback
    return [_one(to, _K.DELIVERY_PARKED, item, None, event.inbound_id)] if to else []


def _alarmed(event: events.EmergencyBegun, item: str, known: Known) -> list[Told]:
    """Tell who administers the clinic that somebody broke the glass, and the fallback person."""
    to = dict.fromkeys([*known.administrators, *([known.fallback] if known.fallback else [])])
    return [_one(user, _K.GLASS_BROKEN, item, event.lead_id, event.emergency_id) for user in to]


def is_promised(event: Event, visit: Appointment) -> bool:
    """Whether an event is about a visit that people expect, or asked for and wait for an answer.

    Nobody was promised a hold.
    """
    if isinstance(event, events.AppointmentCancelled):
        return event.before in _FIXED or is_turned_down(event, visit)
    if isinstance(event, events.AppointmentDeclined):
        return visit.status is AppointmentStatus.DECLINED
    return visit.status in _FIXED


def is_turned_down(event: Event, visit: Appointment) -> bool:
    """Whether the practice ended a request instead of declining it: the family waits for a word."""
    if not isinstance(event, events.AppointmentCancelled):
        return False
    by_family = event.by in (visit.lead_id, visit.patient_ref)
    return event.before is AppointmentStatus.REQUESTED and not by_family


def _asked_for(event: events.AppointmentRequested, item: str, known: Known) -> list[Told]:
    """Tell those who would take part, and the fallback person, that somebody has to decide."""
    visit = known.visits.get(event.appointment_id)
    if visit is None or visit.status is not AppointmentStatus.REQUESTED:
        return []
    users = dict.fromkeys([*visit.providers, *([known.fallback] if known.fallback else [])])
    return [_one(u, _K.APPOINTMENT_REQUESTED, item, event.lead_id, visit.id) for u in users]


def _stranded(event: events.AppointmentStranded, item: str, known: Known) -> list[Told]:
    """Tell those who take part, and the fallback person, that another time has to be found."""
    visit = known.visits.get(event.appointment_id)
    if visit is None:
        return []
    users = dict.fromkeys([*visit.providers, *([known.fallback] if known.fallback else [])])
    return [_one(u, _K.APPOINTMENT_STRANDED, item, event.lead_id, visit.id) for u in users]


def _booked(event: events.AppointmentBooked, item: str, known: Known) -> list[Told]:
    return _of_visit(_K.APPOINTMENT_BOOKED, event, item, known)


def _moved(event: events.AppointmentMoved, item: str, known: Known) -> list[Told]:
    return _of_visit(_K.APPOINTMENT_MOVED, event, item, known)


def _called_off(event: events.AppointmentCancelled, item: str, known: Known) -> list[Told]:
    return _of_visit(_K.APPOINTMENT_CANCELLED, event, item, known)


def _of_visit(
    kind: NoticeKind,
    event: events.AppointmentBooked | events.AppointmentMoved | events.AppointmentCancelled,
    item: str,
    known: Known,
) -> list[Told]:
    """Tell everybody who takes part in a visit."""
    visit = known.visits.get(event.appointment_id)
    if visit is None or not is_promised(event, visit) or is_turned_down(event, visit):
        return []
    return [_one(user, kind, item, event.lead_id, visit.id) for user in visit.providers]


def _owners(
    kind: NoticeKind, item: str, lead_id: LeadId, known: Known, about: str | None = None
) -> list[Told]:
    """Tell the coordinator of a lead, or the fallback person when it has none."""
    lead = known.leads.get(lead_id)
    to = (lead.ownership.owner or known.fallback) if lead is not None else None
    return [_one(to, kind, item, lead_id, about)] if to is not None else []


def _one(
    user: UserId, kind: NoticeKind, item: str, lead_id: LeadId | None, about: str | None = None
) -> Told:
    return Told(user=user, kind=kind, key=f"{kind}:{item}", lead_id=lead_id, object_id=about)


def _gathered(user: UserId, kind: NoticeKind, window: int, count: int) -> Told:
    return Told(user=user, kind=kind, key=f"{kind}:{window}", count=count, gathers=True)


def _counted(one: Told, count: int) -> Told:
    return Told(user=one.user, kind=one.kind, key=one.key, lead_id=one.lead_id, count=count)


_RULES: Mapping[str, Callable[[Any, str, Known], list[Told]]] = {
    events.LeadAssigned.kind: _assigned,
    events.LeadsAssigned.kind: _many_assigned,
    events.TaskEscalated.kind: _escalated,
    events.ActivityLogged.kind: _answered,
    events.UpsetNoticed.kind: _upset,
    events.LostSuggested.kind: _suggested,
    events.LeadRecalled.kind: _recalled,
    events.LeadCaptured.kind: _captured,
    events.ImportFinished.kind: _imported,
    events.MessageParked.kind: _parked,
    events.DeliveryParked.kind: _undelivered,
    events.EmergencyBegun.kind: _alarmed,
    events.AppointmentRequested.kind: _asked_for,
    events.AppointmentBooked.kind: _booked,
    events.AppointmentMoved.kind: _moved,
    events.AppointmentCancelled.kind: _called_off,
    events.AppointmentStranded.kind: _stranded,
}


def is_answer(event: events.ActivityLogged) -> bool:
    """Whether a family wrote back: what comes in by a carrier is logged by the worker alone."""
    return event.by == Role.WORKER.value and event.type in _WRITTEN


def concerns(kind: str) -> bool:
    """Whether anybody of the practice may be told of events of a kind."""
    return kind in _RULES


def bucket(at: datetime, window: timedelta) -> int:
    """Number the window of time in which an instant lies."""
    return (at - _EPOCH) // window


def bounds(number: int, window: timedelta) -> tuple[datetime, datetime]:
    """Give the instants between which a numbered window of time lies, half-open."""
    return _EPOCH + number * window, _EPOCH + (number + 1) * window


_WORDS: Mapping[str, tuple[str, str]] = {
    _K.LEAD_ASSIGNED: ("new lead for you", "new leads for you"),
    _K.LEADS_ASSIGNED: ("lead was given to you", "leads were given to you"),
    _K.NEEDS_ASSIGNMENT: ("lead needs a coordinator", "leads need a coordinator"),
    _K.TASK_REMINDER: ("task to remember", "tasks to remember"),
    _K.TASK_OVERDUE: ("task of yours is overdue", "tasks of yours are overdue"),
    _K.TASK_ESCALATED: ("task is long overdue", "tasks are long overdue"),
    _K.ANSWER_RECEIVED: ("family answered", "families answered"),
    _K.FAMILY_UPSET: ("family is upset", "families are upset"),
    _K.LOST_SUGGESTED: ("lead may be given up", "leads may be given up"),
    _K.LEAD_RECALLED: ("recall is due", "recalls are due"),
    _K.STAGE_OVERSTAYED: ("lead stays long in its stage", "leads stay long in their stages"),
    _K.DUPLICATES_FOUND: ("lead looks like one you have", "leads look like ones you have"),
    _K.IMPORT_FINISHED: ("row was imported", "rows were imported"),
    _K.GLASS_BROKEN: ("record was opened in an emergency", "records were opened in emergencies"),
    _K.MESSAGE_PARKED: ("message could not be sent", "messages could not be sent"),
    _K.DELIVERY_PARKED: ("delivery came to nothing", "deliveries came to nothing"),
    _K.APPOINTMENT_REQUESTED: ("request waits for an answer", "requests wait for an answer"),
    _K.APPOINTMENT_BOOKED: ("new appointment with you", "new appointments with you"),
    _K.APPOINTMENT_MOVED: ("appointment of yours was moved", "appointments of yours were moved"),
    _K.APPOINTMENT_CANCELLED: (
        "appointment of yours was cancelled",
        "appointments of yours were cancelled",
    ),
    _K.APPOINTMENT_STRANDED: (
        "appointment needs another time, since clocks have changed",
        "appointments need another time, since clocks have changed",
    ),
}
_OTHER = ("other notice", "other notices")


def lines(notices: Sequence[Notice]) -> list[str]:
    """Say in words what some notices are about, one line for each kind; no names, no numbers.

    What counts leads or rows counts them; of duplicates the leads that have them count.
    """
    totals: dict[str, int] = {}
    for notice in notices:
        by_lead = notice.kind == _K.DUPLICATES_FOUND
        totals[notice.kind] = totals.get(notice.kind, 0) + (1 if by_lead else notice.count)
    order = {kind: place for place, kind in enumerate(_WORDS)}
    known = sorted(totals, key=lambda kind: (order.get(kind, len(order)), kind))
    return [f"{totals[k]} {_WORDS.get(k, _OTHER)[totals[k] != 1]}" for k in known]
