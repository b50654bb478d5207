"""How much patients may book by themselves: so many appointments to come, and as many waits.

Whoever has a link could otherwise take every time that there is. Staff are not bound by it.
"""

from typing import Final

from orthocrm.core.appointment import AppointmentStatus
from orthocrm.core.audit import Delivery
from orthocrm.core.errors import TooManyOpen
from orthocrm.core.query import AnyOf, Cond, Where, both
from orthocrm.core.waitlist import WaitlistState
from orthocrm.services.deliveries import TICK
from orthocrm.services.scheduling import reaching
from orthocrm.services.work import Work

_S: Final = AppointmentStatus
_FIXED: Final = (_S.REQUESTED, _S.BOOKED, _S.CONFIRMED)
_WAITS: Final = (WaitlistState.WAITING, WaitlistState.OFFERED)


def room(work: Work) -> int | None:
    """Tell how many appointments the actor may still book; None: as many as they like.

    A patient's bookings wait for each other here, so that two at once are counted as two.
    """
    most = work.practice.clinic.settings.own_bookings
    if most is None or not reaching.is_patient(work):
        return None
    _take_turn(work)
    held = both(Cond("status", "eq", _S.HELD), Cond("expires_at", "gt", work.now))
    to_come = both(
        _theirs(work),
        Cond("booked_by", "eq", work.actor.user),
        Cond("ends_at", "gt", work.now),
        AnyOf((Cond("status", "in", _FIXED), held)),
    )
    return most - work.store.appointments.count(to_come)


def ensure(work: Work, left: int | None, made: int) -> None:
    """Refuse another appointment where there is no room left for it.

    Raises:
        TooManyOpen: the patient has booked as many as the clinic allows at a time.
    """
    if left is not None and made >= left:
        raise TooManyOpen(work.practice.clinic.settings.own_bookings or 0)


def ensure_may_wait(work: Work) -> None:
    """Refuse another wait of a patient who waits for as many times as they may book.

    Raises:
        TooManyOpen: there are as many already.
    """
    most = work.practice.clinic.settings.own_bookings
    if most is None or not reaching.is_patient(work):
        return
    _take_turn(work)
    if work.store.waitlist.count(both(_theirs(work), Cond("state", "in", _WAITS))) >= most:
        raise TooManyOpen(most)


def _theirs(work: Work) -> Where:
    user = work.actor.user
    return AnyOf((Cond("lead_id", "eq", user), Cond("patient_ref", "eq", user)))


def _take_turn(work: Work) -> None:
    """Wait for other units of work in which the same patient books."""
    turn = Delivery(
        clinic_id=work.clinic_id,
        operation="scheduling.book",
        user=work.actor.user,
        key="turn",
        fingerprint="",
        created_at=work.now,
    )
    work.store.deliveries.claim(turn, work.now + TICK)
