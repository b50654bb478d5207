"""Logging what was done for a lead, and counting attempts to reach the family (rules 3 and 8)."""

from collections.abc import Iterable
from datetime import datetime

from attrs import evolve, field, frozen

from orthocrm.core import limits
from orthocrm.core.activity import Activity, ActivityDirection, CallOutcome, LeadActivityType
from orthocrm.core.events import ActivityLogged
from orthocrm.core.ids import ActivityId, UserId
from orthocrm.core.lead import Lead, LeadStatus, Milestones
from orthocrm.core.masking import PERSONAL, mask
from orthocrm.core.notifying import Message, MessageChannel
from orthocrm.core.people import Phone
from orthocrm.core.ports import IdSource
from orthocrm.core.reading import Reading
from orthocrm.core.time import milliseconds

_CONTACTS = frozenset(
    {
        LeadActivityType.PHONE_CALL,
        LeadActivityType.EMAIL,
        LeadActivityType.SMS,
        LeadActivityType.IN_PERSON,
    }
)
"""Activities that have a direction and may reach the family."""

_BY_OTHER_VERBS = frozenset(
    {
        LeadActivityType.STAGE_CHANGE,
        LeadActivityType.ASSIGNMENT_CHANGE,
        LeadActivityType.TASK_COMPLETED,
    }
)

_MESSAGES = {
    MessageChannel.EMAIL: LeadActivityType.EMAIL,
    MessageChannel.SMS: LeadActivityType.SMS,
}

_LONGEST = 24 * 60
_OUTBOUND, _INBOUND = ActivityDirection.OUTBOUND, ActivityDirection.INBOUND


@frozen(kw_only=True)
class LogEntry:
    """What somebody logs: raw values, checked by `logged`.

    A phone call needs its `call_outcome`. Calls and messages are outbound unless told otherwise.
    A meeting may be `virtual`: held by video.
    `occurred_at` is now when missing. A correction names the activity that it `corrects`.
    """

    type: LeadActivityType
    direction: ActivityDirection | None = None
    call_outcome: CallOutcome | None = None
    outcome: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    notes: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    duration_minutes: int | None = None
    occurred_at: datetime | None = None
    corrects: ActivityId | None = None
    virtual: bool = False


@frozen(kw_only=True)
class Logged:
    """The lead with its milestones, the activity, and what it was.

    `answered`: the family was reached. `attempted`: the practice tried to reach them. `attempts`
    counts those without an answer since the last answer.
    """

    lead: Lead
    activity: Activity
    event: ActivityLogged
    answered: bool
    attempted: bool
    attempts: int


def logged(lead: Lead, entry: LogEntry, *, now: datetime, by: UserId, ids: IdSource) -> Logged:
    """Log an activity, and set the milestones that it reaches.

    A converted lead takes activities too; they are marked, and the lead stays as it is.

    Raises:
        InvalidInput: names every field that is wrong; a stage or coordinator changes by its own
            verb and is never logged by hand.
    """
    activity = _activity(lead, entry, now=now, by=by, ids=ids)
    answered, attempted = _is_contact(activity), _is_attempt(activity)
    counted = not lead.is_locked and (answered or attempted)
    after = _counted(lead, activity, answered=answered, attempted=attempted) if counted else lead
    return Logged(
        lead=after,
        activity=activity,
        event=ActivityLogged(
            clinic_id=lead.clinic_id,
            at=now,
            by=by,
            lead_id=lead.id,
            activity_id=activity.id,
            type=activity.type,
            call_outcome=activity.call_outcome,
        ),
        answered=answered,
        attempted=attempted,
        attempts=after.milestones.unanswered,
    )


def replayed(lead: Lead, activities: Iterable[Activity]) -> Milestones:
    """Give the milestones of a lead once these activities, too, have been logged for it.

    They count in the order in which they were logged; those after a conversion do not.
    """
    for activity in sorted(activities, key=lambda one: (one.created_at, one.id)):
        answered, attempted = _is_contact(activity), _is_attempt(activity)
        if (answered or attempted) and not activity.after_conversion:
            lead = _counted(lead, activity, answered=answered, attempted=attempted)
    return lead.milestones


def other_number(done: Logged) -> Phone | None:
    """Suggest the alternative number after a wrong one, if the family gave another."""
    contact = done.lead.contact
    is_wrong = done.activity.call_outcome is CallOutcome.WRONG_NUMBER
    return contact.phone_alt if is_wrong and contact.phone_alt != contact.phone else None


def _activity(lead: Lead, entry: LogEntry, *, now: datetime, by: UserId, ids: IdSource) -> Activity:
    reading = Reading()
    type_ = _type(reading, entry)
    outcome, direction = _call_outcome(reading, entry, type_), _direction(reading, entry, type_)
    occurred_at = reading.past("occurred_at", entry.occurred_at, now)
    said = reading.text("outcome", entry.outcome)
    notes = reading.prose("notes", entry.notes)
    minutes = reading.whole("duration_minutes", entry.duration_minutes, 0, _LONGEST)
    corrects = reading.text("corrects", entry.corrects, limits.REFERENCE)
    virtual = _virtual(reading, entry, type_)
    reading.finish()
    return Activity(
        id=ActivityId(ids()),
        clinic_id=lead.clinic_id,
        lead_id=lead.id,
        type=type_ or LeadActivityType.NOTE,
        occurred_at=occurred_at or now,
        created_at=now,
        created_by=by,
        direction=direction,
        call_outcome=outcome,
        outcome=said,
        notes=notes,
        duration_minutes=minutes,
        corrects=None if corrects is None else ActivityId(corrects),
        after_conversion=lead.is_locked,
        virtual=virtual,
    )


def _type(reading: Reading, entry: LogEntry) -> LeadActivityType | None:
    type_ = reading.choice("type", entry.type, LeadActivityType)
    reading.required("type", type_)
    if type_ in _BY_OTHER_VERBS:
        reading.refuse("type", "not_by_hand", "this is recorded by the verb that does it")
    return type_


def _call_outcome(
    reading: Reading, entry: LogEntry, type_: LeadActivityType | None
) -> CallOutcome | None:
    outcome = reading.choice("call_outcome", entry.call_outcome, CallOutcome)
    if type_ is LeadActivityType.PHONE_CALL:
        reading.required("call_outcome", outcome, "say how the call ended")
    elif outcome is not None and type_ is not None:
        reading.refuse("call_outcome", "not_for_this_type", "only a phone call has this outcome")
    return outcome


def _direction(
    reading: Reading, entry: LogEntry, type_: LeadActivityType | None
) -> ActivityDirection | None:
    direction = reading.choice("direction", entry.direction, ActivityDirection)
    return _OUTBOUND if direction is None and type_ in _CONTACTS else direction


def _virtual(reading: Reading, entry: LogEntry, type_: LeadActivityType | None) -> bool:
    virtual = reading.flag("virtual", entry.virtual)
    if virtual and type_ not in (None, LeadActivityType.IN_PERSON):
        reading.refuse("virtual", "not_for_this_type", "only a meeting may be held by video")
    return bool(virtual)


def of_message(
    lead: Lead, message: Message, *, now: datetime, by: UserId, ids: IdSource
) -> Activity | None:
    """Write down a message that was sent to a family; None for one that is no e-mail and no text.

    It is no attempt of a coordinator to reach the family: those are counted by what people log.
    """
    type_ = _MESSAGES.get(message.channel)
    if type_ is None:
        return None
    return Activity(
        id=ActivityId(ids()),
        clinic_id=lead.clinic_id,
        lead_id=lead.id,
        type=type_,
        direction=_OUTBOUND,
        occurred_at=message.sent_at or now,
        created_at=now,
        created_by=by,
        after_conversion=lead.is_locked,
        message_id=message.id,
    )


def _is_contact(activity: Activity) -> bool:
    """Whether the family was reached: spoken to, met, or turned to the practice themselves."""
    if activity.type not in _CONTACTS:
        return False
    spoke = activity.call_outcome is CallOutcome.SPOKE
    return spoke or activity.type is LeadActivityType.IN_PERSON or activity.direction is _INBOUND


def _is_attempt(activity: Activity) -> bool:
    by_people = activity.message_id is None
    return by_people and activity.type in _CONTACTS and activity.direction is _OUTBOUND


def _counted(lead: Lead, activity: Activity, *, answered: bool, attempted: bool) -> Lead:
    known, at, born = lead.milestones, activity.occurred_at, lead.stamps.created_at
    if attempted:
        known = _attempted(known, at, born)
    if answered:
        known = _contacted(known, at, born)
    elif activity.corrects is None:
        known = evolve(known, unanswered=known.unanswered + 1)
    is_new = lead.status is LeadStatus.NEW
    return evolve(
        lead,
        milestones=known,
        status=LeadStatus.ACTIVE if is_new and answered else lead.status,
        stamps=evolve(lead.stamps, updated_at=activity.created_at, updated_by=activity.created_by),
    )


def _attempted(known: Milestones, at: datetime, born: datetime) -> Milestones:
    """Keep the earliest attempt, also when it is logged late."""
    if known.first_attempt_at is not None and known.first_attempt_at <= at:
        return known
    took = milliseconds(born, at)
    return evolve(known, first_attempt_at=at, ms_to_attempt=took, business_ms_to_attempt=None)


def _contacted(known: Milestones, at: datetime, born: datetime) -> Milestones:
    """Keep the earliest contact; every contact ends the row of attempts without an answer."""
    known = evolve(known, unanswered=0)
    if known.first_contact_at is not None and known.first_contact_at <= at:
        return known
    took = milliseconds(born, at)
    return evolve(known, first_contact_at=at, ms_to_contact=took, business_ms_to_contact=None)
