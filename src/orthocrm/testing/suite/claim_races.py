"""Many want the same time at once: one has it, and a group never has more than may share it."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import combinations
from typing import TypeVar

from orthocrm.core.appointment import Appointment
from orthocrm.core.claims import Claim
from orthocrm.core.errors import SlotTaken
from orthocrm.core.ids import AppointmentId
from orthocrm.core.lead import Lead
from orthocrm.core.ports import Backend, UnitOfWork
from orthocrm.core.query import Cond
from orthocrm.core.settings import Clinic
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories import a_claim, a_lead, an_appointment
from orthocrm.testing.suite.arranged import (
    A_MOMENT,
    Capability,
    Rules,
    a_practice,
    store,
    together,
)
from orthocrm.testing.suite.claims import CHAIR, DOCTOR, held_by, some_appointments, take

T = TypeVar("T")

NOW = MONDAY_MORNING
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
RIVALS = 8


def _claim(unit: UnitOfWork, appointment: AppointmentId, claims: Sequence[Claim]) -> None:
    """Take time as a verb does: what is taken ends the unit of work."""
    if unit.claims.take(appointment, claims):
        raise SlotTaken


def _won(
    backend: Backend,
    clinic: Clinic,
    appointment: Appointment,
    *claims: Claim,
    secured: bool,
) -> bool:
    """Book in the one way or the other: both are safe from each other too."""
    try:
        with backend.begin(clinic.id) as unit:
            unit.appointments.add([appointment])
            if secured:
                unit.claims.secure(appointment.id, claims)
            else:
                _claim(unit, appointment.id, claims)
    except SlotTaken:
        return False
    return True


def _overlaps(held: Sequence[Sequence[Claim]]) -> int:
    """Count pairs of claims of two appointments that have a resource at the same instant."""
    pairs = combinations(held, 2)
    return sum(one.overlaps(other) for mine, theirs in pairs for one in mine for other in theirs)


class ClaimRaceRules(Rules):
    """Threads that want the same people and things, and the control that overlaps."""

    def test_of_many_who_want_a_time_one_has_it(self, backend: Backend) -> None:
        """Of those that wanted the chair first and those that wanted the doctor first alike."""
        self.needs(Capability.THREADS)
        clinic = a_practice(backend)
        lead = a_lead(clinic)
        store(backend, clinic, "leads", [lead])
        rivals = [an_appointment(lead) for _ in range(RIVALS)]

        def book(place: int) -> list[bool]:
            mine = rivals[place]
            claims = [a_claim(DOCTOR, NOW + place % 3 * MINUTE), a_claim(CHAIR)]
            turned = claims[:: 1 if place % 2 else -1]
            return [_won(backend, clinic, mine, *turned, secured=place % 4 > 1)]

        won = [one for wins in together(*_each(book)) for one in wins]
        assert won.count(True) == 1
        held = held_by(backend, clinic, *rivals)
        assert [len(claims) for claims in held] == [2 if one else 0 for one in won]
        with backend.begin(clinic.id) as unit:
            assert unit.appointments.count() == 1

    def test_a_crowd_of_bookings_leaves_no_overlap(self, backend: Backend) -> None:
        """Threads that book overlapping times of two doctors and a chair, over and over."""
        self.needs(Capability.THREADS)
        clinic = a_practice(backend)
        lead = a_lead(clinic)
        store(backend, clinic, "leads", [lead])
        tries = [[an_appointment(lead) for _ in range(12)] for _ in range(4)]

        def book(place: int) -> list[bool]:
            return [
                _won(backend, clinic, one, *_wishes(place + step), secured=place > 1)
                for step, one in enumerate(tries[place])
            ]

        won = [one for wins in together(*_each(book, 4)) for one in wins]
        everything = [one for mine in tries for one in mine]
        held = held_by(backend, clinic, *everything)
        assert [bool(claims) for claims in held] == won
        assert [len(claims) for claims in held if claims] == [2] * won.count(True)
        assert _overlaps(held) == 0
        with backend.begin(clinic.id) as unit:
            assert unit.appointments.count() == won.count(True) > 0

    def test_a_group_takes_as_many_as_may_at_once(self, backend: Backend) -> None:
        """Each in a lane of its own, however many try at the same moment."""
        self.needs(Capability.THREADS)
        clinic, appointments = some_appointments(backend, RIVALS)
        shared = a_claim(capacity=3)

        def join(place: int) -> list[Claim]:
            return take(backend, clinic, appointments[place], shared)

        answers = together(*_each(join))
        assert answers.count([]) == 3
        held = held_by(backend, clinic, *appointments)
        assert sorted(claim.lane for claims in held for claim in claims) == [0, 1, 2]

    def test_to_look_first_and_book_then_is_not_enough(self, backend: Backend) -> None:
        """The control: two who see the same free time both book it, unless they claim it.

        So that these races are races indeed. Where only one unit of work can look at a time the
        control cannot be caught at it, and the claim has nothing to add.
        """
        self.needs(Capability.THREADS)
        clinic = a_practice(backend)
        lead = a_lead(clinic)
        store(backend, clinic, "leads", [lead])

        def rivals(*, claiming: bool, at: datetime) -> list[tuple[bool, bool]]:
            both = threading.Barrier(2)
            return together(
                *[lambda: _look_and_book(backend, lead, at, both, claiming=claiming)] * 2
            )

        naive = rivals(claiming=False, at=NOW)
        assert [won for won, _ in naive] == [True, True] or [at_once for _, at_once in naive] != [
            True,
            True,
        ]
        assert [won for won, _ in rivals(claiming=True, at=NOW + HOUR)].count(True) == 1


def _each(job: Callable[[int], T], count: int = RIVALS) -> list[Callable[[], T]]:
    return [lambda place=place: job(place) for place in range(count)]  # type: ignore[misc]  # mypy infers no default


def _wishes(number: int) -> list[Claim]:
    """Give a doctor and a chair for three quarters of an hour, in one order or the other."""
    at = NOW + number * 20 % 120 * MINUTE
    claims = [a_claim(f"user/{number % 2}", at, 45), a_claim(CHAIR, at, 45)]
    return claims[:: 1 if number % 3 else -1]


def _look_and_book(
    backend: Backend, lead: Lead, at: datetime, both: threading.Barrier, *, claiming: bool
) -> tuple[bool, bool]:
    """Book when a look says that the time is free; tell whether it was, and both looked at once."""
    appointment, at_once = an_appointment(lead, starts_at=at), False
    try:
        with backend.begin(lead.clinic_id) as unit:
            free = not unit.appointments.count(Cond("starts_at", "eq", at))
            at_once = _met(both)
            if free:
                unit.appointments.add([appointment])
            if claiming:
                _claim(unit, appointment.id, [a_claim(at=at)])
    except SlotTaken:
        return False, at_once
    return free, at_once


def _met(barrier: threading.Barrier) -> bool:
    try:
        barrier.wait(5 * A_MOMENT)
    except threading.BrokenBarrierError:
        return False
    return True
