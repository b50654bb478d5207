"""What a practice brings along of a lead that it had before: the enquiry, and what came of it.

Every event has its own instant. Events come in the order of their instants, whatever the order in
which they are given; those of the same instant in the order given.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from attrs import evolve, field, frozen

from orthocrm.core import limits
from orthocrm.core.activity import ActivityDirection, CallOutcome, LeadActivityType
from orthocrm.core.appointment import CONSULTATIONS, AppointmentStatus, AppointmentType
from orthocrm.core.errors import InvalidInput
from orthocrm.core.ids import UserId
from orthocrm.core.lead import LostReason
from orthocrm.core.masking import PERSONAL, mask
from orthocrm.core.reading import Reading
from orthocrm.core.stage import Step
from orthocrm.core.task import LeadTaskType
from orthocrm.leads.intake import Intake

MOST_EVENTS = 2_000
"""How many events one lead may have."""

_LONGEST = timedelta(hours=8)


class PastKind(StrEnum):
    """What happened to a lead; its creation is the history itself."""

    CONTACTED = "contacted"
    MOVED = "moved"
    ASSIGNED = "assigned"
    APPOINTMENT = "appointment"
    TASK = "task"
    LOST = "lost"
    CONVERTED = "converted"
    REOPENED = "reopened"


@frozen(kw_only=True)
class Past:
    """One thing that happened at an instant.

    Args:
        kind: What happened.
        at: When: of an appointment its start, of a task when it was made.
        by: Who did it; nobody known: the importer.
        stage: MOVED: the slug of the stage that was entered.
        owner: ASSIGNED: the coordinator; TASK: who had to do it. It may be somebody who has left.
        activity: CONTACTED: how, a phone call unless told otherwise.
        direction: CONTACTED: outbound unless told otherwise.
        call_outcome: CONTACTED: how a phone call ended.
        minutes: CONTACTED and APPOINTMENT: how long.
        status: APPOINTMENT: COMPLETED, NO_SHOW or CANCELLED.
        provider: APPOINTMENT: with whom.
        visit_type: APPOINTMENT: its type, a consultation unless told otherwise.
        booked_at: APPOINTMENT: when it was made; at its start unless told otherwise.
        due_at: TASK: when it was to be done; at once unless told otherwise.
        done_at: TASK: when it was done; never: it was cancelled.
        task: TASK: its type.
        title: TASK: what was to be done.
        reason: LOST: why.
        notes: LOST, REOPENED, CONTACTED: in words.
        patient_ref: CONVERTED: the patient of the host application.
    """

    kind: PastKind
    at: datetime
    by: UserId | str | None = None
    stage: str | None = None
    owner: UserId | str | None = None
    activity: LeadActivityType = LeadActivityType.PHONE_CALL
    direction: ActivityDirection | None = None
    call_outcome: CallOutcome | None = None
    minutes: int | None = None
    status: AppointmentStatus | None = None
    provider: UserId | str | None = None
    visit_type: str = AppointmentType.CONSULTATION.value
    booked_at: datetime | None = None
    due_at: datetime | None = None
    done_at: datetime | None = None
    task: LeadTaskType = LeadTaskType.CUSTOM
    title: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    reason: LostReason | str | None = None
    notes: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    patient_ref: str | None = None


@frozen(kw_only=True)
class History:
    """A lead of the past: its enquiry, with `received_at` and `external_ref`, and what followed."""

    intake: Intake
    events: tuple[Past, ...] = ()


OVER = frozenset(
    {AppointmentStatus.COMPLETED, AppointmentStatus.NO_SHOW, AppointmentStatus.CANCELLED}
)


@frozen
class Numbered:
    """An event with its place in the history, from 1 on; `implied` ones follow from another."""

    number: int
    past: Past
    implied: bool = False


def checked_history(history: object) -> History:
    """Take a history whose parts are what they should be.

    Raises:
        InvalidInput: it is none, it has too many events, or its enquiry has no date or reference.
    """
    if not isinstance(history, History) or not isinstance(history.intake, Intake):
        raise InvalidInput.at("history", "wrong_type", "give a History")
    reading = Reading()
    reading.required("received_at", history.intake.received_at, "say when the lead came in")
    reading.required("external_ref", history.intake.external_ref, "give the reference of the lead")
    events = history.events
    if not isinstance(events, tuple) or len(events) > MOST_EVENTS:
        reading.refuse("events", "not_a_list", f"give a tuple of at most {MOST_EVENTS} events")
    reading.finish()
    return history


def checked_past(past: object, now: datetime) -> Past:
    """Take an event, or raise one `InvalidInput` with everything that is wrong with it."""
    if not isinstance(past, Past):
        raise InvalidInput.at("event", "wrong_type", "give a Past")
    reading = Reading()
    kind = reading.choice("kind", past.kind, PastKind)
    reading.required("kind", kind)
    at = reading.past("at", past.at, now)
    reading.required("at", at)
    checked = {
        "kind": kind,
        "at": at,
        "booked_at": reading.past("booked_at", past.booked_at, now),
        "done_at": reading.past("done_at", past.done_at, now),
        "due_at": reading.moment("due_at", past.due_at),
        "by": _user(reading, "by", past.by),
        "owner": _user(reading, "owner", past.owner),
        "provider": _user(reading, "provider", past.provider),
    }
    _demand(reading, past, kind)
    reading.finish()
    changes: dict[str, Any] = checked
    return evolve(past, **changes)


def _user(reading: Reading, path: str, raw: object) -> UserId | None:
    user = reading.text(path, raw, limits.REFERENCE)
    return None if user is None else UserId(user)


def _demand(reading: Reading, past: Past, kind: PastKind | None) -> None:
    """Ask for what an event of a kind cannot do without."""
    if kind is PastKind.MOVED:
        reading.required("stage", past.stage)
    if kind in (PastKind.ASSIGNED, PastKind.TASK):
        reading.required("owner", past.owner)
    if kind is PastKind.APPOINTMENT:
        reading.required("provider", past.provider)
        status = reading.choice("status", past.status, AppointmentStatus)
        reading.required("status", status)
        if status is not None and status not in OVER:
            reading.refuse("status", "not_over", "give COMPLETED, NO_SHOW or CANCELLED")
        reading.text("visit_type", past.visit_type, limits.NAME)
        reading.whole("minutes", past.minutes, 1, _LONGEST // timedelta(minutes=1))
    if kind is PastKind.TASK:
        reading.choice("task", past.task, LeadTaskType)
        reading.text("title", past.title)


def in_order(events: Sequence[Numbered]) -> tuple[Numbered, ...]:
    """Sort events by their instants, with the moves that consultations make of themselves."""
    every = [one for event in events for one in (event, *_implied(event))]
    return tuple(sorted(every, key=lambda one: _begins(one.past)))


def _begins(past: Past) -> datetime:
    return past.booked_at or past.at if past.kind is PastKind.APPOINTMENT else past.at


def _implied(event: Numbered) -> Iterator[Numbered]:
    """Give the moves of a consultation: to its stage when it was made, on when it took place."""
    past = event.past
    if past.kind is not PastKind.APPOINTMENT or past.visit_type not in CONSULTATIONS:
        return
    scheduled, completed = Step.CONSULTATION_SCHEDULED.value, Step.CONSULTATION_COMPLETED.value
    moved = Past(kind=PastKind.MOVED, at=past.booked_at or past.at, by=past.by, stage=scheduled)
    yield Numbered(event.number, moved, implied=True)
    if past.status is AppointmentStatus.COMPLETED:
        yield Numbered(event.number, evolve(moved, at=past.at, stage=completed), implied=True)
