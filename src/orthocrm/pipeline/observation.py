"""Observation: a patient who is not ready yet waits for a recall, and comes back by then.

That is a disposition, not a loss (about a fifth of all exams end so): the lead stays open in its
stage, asks nobody for anything, and its time under observation is no time in the stage.
"""

from datetime import date, datetime, timedelta

from attrs import evolve, frozen

from orthocrm.core.activity import Activity, LeadActivityType
from orthocrm.core.errors import InvalidInput
from orthocrm.core.events import Event, LeadObserved, LeadRecalled
from orthocrm.core.ids import ActivityId, UserId, VisitId
from orthocrm.core.lead import OPEN_STATUSES, Lead, StageVisit, ensure_open
from orthocrm.core.ports import IdSource
from orthocrm.core.query import AnyOf, Cond, Op, Where, both
from orthocrm.core.reading import Reading
from orthocrm.core.settings import Practice
from orthocrm.core.time import zone
from orthocrm.pipeline.progression import visit_of

LONGEST = timedelta(days=3653)
"""How far ahead a recall may lie: ten years, longer than any patient grows."""

OBSERVED, RECALLED = "OBSERVED", "RECALLED"
"""The outcomes by which notes in the timeline tell of it."""


@frozen(kw_only=True)
class Pause:
    """A lead that went under observation or came back, and everything that records it.

    There are no visits when only the date of the recall changed.
    """

    lead: Lead
    closed: StageVisit | None = None
    opened: StageVisit | None = None
    activity: Activity
    event: Event


def observed(
    lead: Lead,
    recall_due_on: date,
    practice: Practice,
    *,
    notes: str | None = None,
    now: datetime,
    by: UserId,
    ids: IdSource,
) -> Pause:
    """Put an open lead under observation, or give its recall another date.

    Args:
        lead: the lead, in any open stage.
        recall_due_on: the clinic's local date, after today and within ten years.
        practice: the clinic.
        notes: why, for the timeline.
        now: the instant of the act.
        by: who does it.
        ids: draws identities.

    Raises:
        LeadLocked: the lead was converted.
        LeadClosed: the lead is lost or archived.
        InvalidInput: the date or the notes cannot be accepted.
    """
    ensure_open(lead)
    why = _read(recall_due_on, notes, practice, now)
    event = LeadObserved(
        clinic_id=lead.clinic_id,
        at=now,
        by=by,
        lead_id=lead.id,
        recall_due_on=recall_due_on,
        before=lead.recall_due_on,
    )
    activity = _note(lead, OBSERVED, why, now=now, by=by, ids=ids)
    if lead.recall_due_on is not None:
        dated = _stamped(evolve(lead, recall_due_on=recall_due_on), now, by)
        return Pause(lead=dated, activity=activity, event=event)
    known = lead.milestones
    waiting = evolve(
        _entered_again(lead, now, ids),
        recall_due_on=recall_due_on,
        milestones=evolve(known, observed_at=known.observed_at or now),
    )
    return _pause(lead, _stamped(waiting, now, by), now, activity, event)


def recalled(
    lead: Lead, *, notes: str | None = None, now: datetime, by: UserId, ids: IdSource
) -> Pause:
    """Bring a lead back from observation into its stage, whose clock starts anew.

    Raises:
        LeadLocked: the lead was converted.
        LeadClosed: the lead is lost or archived.
        InvalidInput: the lead is not under observation.
    """
    ensure_open(lead)
    if lead.recall_due_on is None:
        raise InvalidInput.at("lead", "not_observed", "the lead is not under observation")
    reading = Reading()
    why = reading.prose("notes", notes)
    reading.finish()
    back = evolve(
        _entered_again(lead, now, ids),
        recall_due_on=None,
        milestones=evolve(lead.milestones, recalled_at=now),
    )
    event = LeadRecalled(
        clinic_id=lead.clinic_id,
        at=now,
        by=by,
        lead_id=lead.id,
        recall_due_on=lead.recall_due_on,
    )
    activity = _note(lead, RECALLED, why, now=now, by=by, ids=ids)
    return _pause(lead, _stamped(back, now, by), now, activity, event)


def today(practice: Practice, now: datetime) -> date:
    """Give the clinic's local date."""
    return now.astimezone(zone(practice.clinic.timezone)).date()


def due(practice: Practice, now: datetime) -> Where:
    """Say which leads are to be recalled by now."""
    reached = Cond("recall_due_on", Op.LE, today(practice, now))
    return both(Cond("status", Op.IN, OPEN_STATUSES), Cond("deleted_at", Op.ABSENT), reached)


def waiting(practice: Practice, now: datetime) -> Where:
    """Say which open leads still wait for their recall."""
    later = Cond("recall_due_on", Op.GT, today(practice, now))
    return both(Cond("status", Op.IN, OPEN_STATUSES), later)


def active(practice: Practice, now: datetime) -> Where:
    """Say which leads do not wait for a recall, or no longer."""
    reached = Cond("recall_due_on", Op.LE, today(practice, now))
    return AnyOf((Cond("recall_due_on", Op.ABSENT), reached))


def _read(
    recall_due_on: object, notes: str | None, practice: Practice, now: datetime
) -> str | None:
    reading = Reading()
    day = reading.day("recall_due_on", recall_due_on)
    reading.required("recall_due_on", day)
    this_day = today(practice, now)
    if day is not None and not this_day < day <= this_day + LONGEST:
        reading.refuse("recall_due_on", "out_of_range", "give a date after today, within ten years")
    why = reading.prose("notes", notes)
    reading.finish()
    return why


def _entered_again(lead: Lead, now: datetime, ids: IdSource) -> Lead:
    position = evolve(lead.position, entered_at=now, visit_id=VisitId(ids()))
    return evolve(lead, position=position)


def _stamped(lead: Lead, now: datetime, by: UserId) -> Lead:
    return evolve(lead, stamps=evolve(lead.stamps, updated_at=now, updated_by=by))


def _pause(before: Lead, after: Lead, now: datetime, activity: Activity, event: Event) -> Pause:
    return Pause(
        lead=after,
        closed=evolve(visit_of(before), left_at=now),
        opened=visit_of(after),
        activity=activity,
        event=event,
    )


def _note(
    lead: Lead, outcome: str, notes: str | None, *, now: datetime, by: UserId, ids: IdSource
) -> Activity:
    return Activity(
        id=ActivityId(ids()),
        clinic_id=lead.clinic_id,
        lead_id=lead.id,
        type=LeadActivityType.NOTE,
        occurred_at=now,
        created_at=now,
        created_by=by,
        outcome=outcome,
        notes=notes,
    )
