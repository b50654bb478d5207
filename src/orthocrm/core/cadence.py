"""Sequences of follow-ups, and the leads that walk through them."""

from datetime import datetime, timedelta
from enum import StrEnum

from attrs import frozen

from orthocrm.core.ids import ClinicId, EnrollmentId, LeadId, UserId
from orthocrm.core.task import LeadTaskType, TaskPriority


class EnrollmentState(StrEnum):
    """Where a lead stands in a sequence."""

    RUNNING = "RUNNING"
    FINISHED = "FINISHED"
    STOPPED = "STOPPED"


@frozen(kw_only=True)
class Enrollment:
    """A lead in a sequence: `step` is the next one (from 0), due at `next_at`.

    A lead runs through a sequence once at a time. `because` says in a code why it stopped:
    `answered`, `lost`, `converted`, `archived`, `by_hand`, `opted_out`, `removed` (the sequence is
    no longer among the settings). A finished one is `answered` too when the family does so later.
    """

    id: EnrollmentId
    clinic_id: ClinicId
    lead_id: LeadId
    sequence: str
    started_at: datetime
    started_by: UserId
    step: int = 0
    next_at: datetime | None = None
    state: EnrollmentState = EnrollmentState.RUNNING
    because: str | None = None
    ended_at: datetime | None = None
    version: int = 1


@frozen(kw_only=True)
class Step:
    """One touch of a sequence, `after` so long since the one before (the start, for the first).

    It makes a task, queues the message of a template, or both; `business` counts business time.
    A message that cannot be queued (no carrier, no address) is made a task instead, of this title.
    """

    after: timedelta
    task: LeadTaskType | None = None
    title: str | None = None
    message: str | None = None
    business: bool = False
    priority: TaskPriority = TaskPriority.NORMAL


@frozen(kw_only=True)
class Sequence:
    """Touches one after the other, until the family answers; `suggest_lost` when none did."""

    name: str
    steps: tuple[Step, ...]
    suggest_lost: bool = False
    is_active: bool = True


_WORKING_DAY = timedelta(hours=8, minutes=1)
"""Nine to five, and a minute: what began at the opening does not come at the closing."""


def _call(days: int, title: str) -> Step:
    return Step(after=days * _WORKING_DAY, business=True, task=LeadTaskType.CALL, title=title)


def _write(days: int, message: str, title: str) -> Step:
    return Step(after=days * _WORKING_DAY, business=True, message=message, title=title)


SIX_TOUCH = Sequence(
    name="six_touch",
    steps=(
        _write(0, "six_touch_hello", "Text: thank the family and ask when to call"),
        _call(1, "Second touch: call"),
        _write(1, "six_touch_nudge", "Text: offer a time for the visit"),
        _call(2, "Fourth touch: call"),
        _write(3, "six_touch_last", "Text: say that this is the last one for now"),
        _write(3, "break_up", "Send the break-up e-mail and consider moving the lead to Lost"),
    ),
    suggest_lost=True,
)
"""Six touches in ten working days from nine to five, offered beside the six rules."""
