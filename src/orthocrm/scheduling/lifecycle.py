"""The life of an appointment: which state follows which, when, and for whom (R27 to R30).

```
HELD ─confirm→ BOOKED ─confirm→ CONFIRMED ─arrive→ ARRIVED ─start→ IN_PROGRESS ─complete→ COMPLETED
REQUESTED ─accept→ BOOKED          (arrive, start and complete may be skipped)
HELD ─time→ EXPIRED   REQUESTED ─decline→ DECLINED   BOOKED, CONFIRMED ─no_show→ NO_SHOW
whatever is not over ─cancel→ CANCELLED
```
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from attrs import evolve, frozen

from orthocrm.core.appointment import Appointment, AppointmentStatus
from orthocrm.core.errors import (
    AppointmentClosed,
    HoldExpired,
    InvalidInput,
    MovedTooOften,
    TooEarly,
    TooLate,
)
from orthocrm.core.events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentCompleted,
    AppointmentConfirmed,
    AppointmentDeclined,
    AppointmentMoved,
    AppointmentNoShow,
    AppointmentRequested,
    Event,
)
from orthocrm.core.ids import UserId
from orthocrm.core.visit_type import VisitType

_S = AppointmentStatus

FINAL: Final = frozenset({_S.COMPLETED, _S.CANCELLED, _S.NO_SHOW, _S.DECLINED, _S.EXPIRED})
"""States after which nothing follows."""

FREED: Final = FINAL - {_S.COMPLETED}
"""States that give their time back."""

_FIXED: Final = frozenset({_S.BOOKED, _S.CONFIRMED})


class Act(StrEnum):
    """What may happen to an appointment."""

    CONFIRM = "confirm"
    ACCEPT = "accept"
    DECLINE = "decline"
    ARRIVE = "arrive"
    START = "start"
    COMPLETE = "complete"
    MISS = "miss"
    CANCEL = "cancel"
    MOVE = "move"
    EXPIRE = "expire"


ALLOWED: Final[Mapping[Act, frozenset[AppointmentStatus]]] = MappingProxyType(
    {
        Act.CONFIRM: frozenset({_S.HELD, _S.BOOKED}),
        Act.ACCEPT: frozenset({_S.REQUESTED}),
        Act.DECLINE: frozenset({_S.REQUESTED}),
        Act.ARRIVE: _FIXED,
        Act.START: _FIXED | {_S.ARRIVED},
        Act.COMPLETE: _FIXED | {_S.ARRIVED, _S.IN_PROGRESS},
        Act.MISS: _FIXED,
        Act.CANCEL: _FIXED | {_S.HELD, _S.REQUESTED, _S.ARRIVED},
        Act.MOVE: _FIXED | {_S.REQUESTED},
        Act.EXPIRE: frozenset({_S.HELD}),
    }
)
"""The states in which each act is possible."""


@frozen(kw_only=True)
class Occasion:
    """When and through whom something happens; a patient is bound by the type's policy."""

    now: datetime
    by: UserId
    is_patient: bool = False


@frozen(kw_only=True)
class Turn:
    """An appointment in its new state, and what to tell of it."""

    appointment: Appointment
    event: Event | None = None


def is_blocking(appointment: Appointment, now: datetime) -> bool:
    """Whether an appointment keeps its time (R12); a request does as its type says."""
    return appointment.status not in FREED and not has_run_out(appointment, now)


def has_run_out(appointment: Appointment, now: datetime) -> bool:
    """Whether a hold is over, whatever its stored state says."""
    at = appointment.expires_at
    return appointment.status is _S.HELD and at is not None and at <= now


def made(appointment: Appointment, occasion: Occasion) -> Event | None:
    """Tell of a new appointment: a hold is nobody's business yet."""
    kinds = {_S.BOOKED: AppointmentBooked, _S.REQUESTED: AppointmentRequested}
    kind = kinds.get(appointment.status)
    if kind is None:
        return None
    return kind(
        clinic_id=appointment.clinic_id,
        at=occasion.now,
        by=occasion.by,
        appointment_id=appointment.id,
        type=appointment.type,
        provider=appointment.provider,
        starts_at=appointment.starts_at,
        lead_id=appointment.lead_id,
    )


def confirmed(appointment: Appointment, occasion: Occasion) -> Turn:
    """Make a hold an appointment, or note that the patient will come (R27).

    Raises:
        HoldExpired: the hold has run out.
        AppointmentClosed: it is neither held nor booked.
    """
    if appointment.status is _S.EXPIRED or has_run_out(appointment, occasion.now):
        raise HoldExpired
    _ensure(appointment, Act.CONFIRM)
    if appointment.status is _S.HELD:
        return _fixed(appointment, occasion)
    changed = _turned(appointment, _S.CONFIRMED, occasion)
    event = AppointmentConfirmed(
        clinic_id=appointment.clinic_id,
        at=occasion.now,
        by=occasion.by,
        appointment_id=appointment.id,
        lead_id=appointment.lead_id,
    )
    return Turn(appointment=evolve(changed, confirmed_at=occasion.now), event=event)


def accepted(appointment: Appointment, occasion: Occasion) -> Turn:
    """Accept a request: it is booked now."""
    _ensure(appointment, Act.ACCEPT)
    return _fixed(appointment, occasion)


def _fixed(appointment: Appointment, occasion: Occasion) -> Turn:
    booked = evolve(_turned(appointment, _S.BOOKED, occasion), expires_at=None, held_by=None)
    return Turn(appointment=booked, event=made(booked, occasion))


def declined(appointment: Appointment, occasion: Occasion) -> Turn:
    """Decline a request."""
    _ensure(appointment, Act.DECLINE)
    event = AppointmentDeclined(
        clinic_id=appointment.clinic_id,
        at=occasion.now,
        by=occasion.by,
        appointment_id=appointment.id,
        lead_id=appointment.lead_id,
    )
    return Turn(appointment=_over(appointment, _S.DECLINED, occasion), event=event)


def arrived(appointment: Appointment, occasion: Occasion) -> Turn:
    """Note that the patient is in the practice."""
    _ensure(appointment, Act.ARRIVE)
    changed = _turned(appointment, _S.ARRIVED, occasion)
    return Turn(appointment=evolve(changed, arrived_at=occasion.now))


def started(appointment: Appointment, occasion: Occasion) -> Turn:
    """Note that the visit has begun."""
    _ensure(appointment, Act.START)
    changed = _turned(appointment, _S.IN_PROGRESS, occasion)
    return Turn(
        appointment=evolve(
            changed,
            arrived_at=appointment.arrived_at or occasion.now,
            started_at=occasion.now,
        )
    )


def completed(appointment: Appointment, occasion: Occasion) -> Turn:
    """Note that the visit took place, at its start or later (R30)."""
    _ensure(appointment, Act.COMPLETE)
    _ensure_begun(appointment, occasion)
    event = AppointmentCompleted(
        clinic_id=appointment.clinic_id,
        at=occasion.now,
        by=occasion.by,
        appointment_id=appointment.id,
        lead_id=appointment.lead_id,
    )
    over = _over(appointment, _S.COMPLETED, occasion)
    return Turn(appointment=evolve(over, completed_at=occasion.now), event=event)


def missed(appointment: Appointment, occasion: Occasion) -> Turn:
    """Note that nobody came, at its start or later; the rest of the time is free (R30)."""
    _ensure(appointment, Act.MISS)
    _ensure_begun(appointment, occasion)
    event = AppointmentNoShow(
        clinic_id=appointment.clinic_id,
        at=occasion.now,
        by=occasion.by,
        appointment_id=appointment.id,
        lead_id=appointment.lead_id,
    )
    return Turn(appointment=_over(appointment, _S.NO_SHOW, occasion), event=event)


def cancelled(
    appointment: Appointment,
    occasion: Occasion,
    visit_type: VisitType | None,
    because: str | None = None,
) -> Turn:
    """Cancel, a patient only within the type's notice (R29).

    Raises:
        TooLate: a patient cancels what starts too soon.
        AppointmentClosed: it is over already, or in progress.
    """
    _ensure(appointment, Act.CANCEL)
    _ensure_in_time(appointment, occasion, visit_type)
    event = AppointmentCancelled(
        clinic_id=appointment.clinic_id,
        at=occasion.now,
        by=occasion.by,
        appointment_id=appointment.id,
        because=because,
        lead_id=appointment.lead_id,
        before=appointment.status,
    )
    over = _over(appointment, _S.CANCELLED, occasion)
    changed = evolve(over, cancelled_at=occasion.now, cancelled_because=because)
    return Turn(appointment=changed, event=event)


def ensure_movable(appointment: Appointment, occasion: Occasion, visit_type: VisitType) -> None:
    """Refuse to move what cannot be moved, before another time is looked for (R28).

    Raises:
        AppointmentClosed: it is over, in progress, or only held.
        TooLate, MovedTooOften: a patient moves it too late, or too often.
    """
    _ensure(appointment, Act.MOVE)
    _ensure_in_time(appointment, occasion, visit_type)
    most = visit_type.moves
    if occasion.is_patient and most is not None and appointment.moved >= most:
        raise MovedTooOften


def moved(before: Appointment, after: Appointment, occasion: Occasion) -> Turn:
    """Give an appointment another time or other people; id and uid stay, `sequence` grows (R28).

    Raises:
        InvalidInput: neither the time nor anybody who takes part changes.
    """
    if (before.starts_at, before.length, before.providers) == (
        after.starts_at,
        after.length,
        after.providers,
    ):
        raise InvalidInput.at("starts_at", "same_time", "give another time or provider")
    status = _S.BOOKED if before.status is _S.CONFIRMED else before.status
    changed = evolve(
        _turned(after, status, occasion),
        sequence=before.sequence + 1,
        moved=before.moved + int(occasion.is_patient),
        confirmed_at=None,
    )
    event = AppointmentMoved(
        clinic_id=before.clinic_id,
        at=occasion.now,
        by=occasion.by,
        appointment_id=before.id,
        before=before.starts_at,
        after=changed.starts_at,
        sequence=changed.sequence,
        lead_id=before.lead_id,
    )
    return Turn(appointment=changed, event=event)


def expired(appointment: Appointment, occasion: Occasion) -> Turn:
    """End a hold that has run out."""
    _ensure(appointment, Act.EXPIRE)
    return Turn(appointment=_over(appointment, _S.EXPIRED, occasion))


def _ensure(appointment: Appointment, act: Act) -> None:
    if appointment.status not in ALLOWED[act]:
        raise AppointmentClosed(appointment.status)


def _ensure_begun(appointment: Appointment, occasion: Occasion) -> None:
    if occasion.now < appointment.starts_at:
        raise TooEarly


def _ensure_in_time(
    appointment: Appointment, occasion: Occasion, visit_type: VisitType | None
) -> None:
    """Hold a patient to the notice of what is fixed; types that are gone ask for none."""
    if not occasion.is_patient or visit_type is None or appointment.status not in _FIXED:
        return
    if appointment.starts_at - occasion.now < visit_type.cancel_notice:
        raise TooLate


def _turned(appointment: Appointment, status: AppointmentStatus, occasion: Occasion) -> Appointment:
    return evolve(appointment, status=status, updated_at=occasion.now)


def _over(appointment: Appointment, status: AppointmentStatus, occasion: Occasion) -> Appointment:
    """End an appointment; the way into its meeting ends with it (a link lets anybody in)."""
    return evolve(
        _turned(appointment, status, occasion), expires_at=None, held_by=None, meeting_link=None
    )
