"""Several threads at once: locks hold, and no update is ever lost."""

import threading

from attrs import evolve

from orthocrm.core.coordinator import Rotation, Turn
from orthocrm.core.errors import StaleVersion
from orthocrm.core.lead import Lead
from orthocrm.core.ports import Backend
from orthocrm.core.settings import Clinic
from orthocrm.testing.factories import COORDINATOR, a_lead, a_rotation
from orthocrm.testing.suite.arranged import (
    A_MOMENT,
    PATIENCE_SECONDS,
    Capability,
    Rules,
    a_practice,
    outcomes,
    store,
    stored,
    the_lead,
    together,
)

WORKERS, ROUNDS = 4, 8


def _next(rotation: Rotation) -> Rotation:
    taken = rotation.turns[0].time if rotation.turns else 0
    return evolve(rotation, turns=(Turn(user=COORDINATOR, time=taken + 1),))


def _taken(backend: Backend, clinic: Clinic, rotation: Rotation) -> int:
    held: Rotation = stored(backend, clinic, "rotations", [rotation.id])[rotation.id]
    return held.turns[0].time


class ConcurrencyRules(Rules):
    """Locks and lost updates."""

    def test_under_a_lock_every_turn_counts(self, backend: Backend) -> None:
        """Read with a lock, decide, save: nobody is refused, and nobody's turn is lost."""
        self.needs(Capability.THREADS)
        clinic = a_practice(backend)
        rotation = a_rotation(clinic)
        store(backend, clinic, "rotations", [rotation])

        def take_turns() -> None:
            for _ in range(ROUNDS):
                with backend.begin(clinic.id) as unit:
                    held = unit.rotations.get([rotation.id], lock=True)[rotation.id]
                    unit.leads.add([a_lead(clinic)])
                    unit.rotations.save([_next(held)])

        together(*[take_turns] * WORKERS)
        assert _taken(backend, clinic, rotation) == WORKERS * ROUNDS
        with backend.begin(clinic.id) as unit:
            assert unit.leads.count() == WORKERS * ROUNDS

    def test_without_a_lock_a_lost_update_is_refused(self, backend: Backend) -> None:
        """Every save that was not refused is there in the end."""
        self.needs(Capability.THREADS)
        clinic = a_practice(backend)
        rotation = a_rotation(clinic)
        store(backend, clinic, "rotations", [rotation])

        def try_turns() -> int:
            return sum(_turn_was_taken(backend, clinic, rotation) for _ in range(ROUNDS))

        successes = sum(together(*[try_turns] * WORKERS))
        assert successes > 0
        assert _taken(backend, clinic, rotation) == successes

    def test_who_locks_second_waits_for_the_first(self, backend: Backend) -> None:
        """And then sees what the first one has saved."""
        self.needs(Capability.THREADS)
        clinic = a_practice(backend)
        lead = a_lead(clinic)
        store(backend, clinic, "leads", [lead])
        locked, second_has_it = threading.Event(), threading.Event()

        def first() -> Lead:
            with backend.begin(clinic.id) as unit:
                held = unit.leads.get([lead.id], lock=True)[lead.id]
                locked.set()
                second_has_it.wait(A_MOMENT)
                return unit.leads.save([evolve(held, keys=("phone:+1",))])[0]

        def second() -> Lead:
            assert locked.wait(PATIENCE_SECONDS)
            with backend.begin(clinic.id) as unit:
                held = unit.leads.get([lead.id], lock=True)[lead.id]
                second_has_it.set()
                return held

        saved, seen = together(first, second)
        assert seen == saved

    def test_a_locked_noun_is_not_saved_by_others(self, backend: Backend) -> None:
        """Who holds the lock saves; who read the same version before is refused afterwards."""
        self.needs(Capability.THREADS)
        clinic = a_practice(backend)
        lead = a_lead(clinic)
        store(backend, clinic, "leads", [lead])
        locked, tried = threading.Event(), threading.Event()

        def holder() -> None:
            with backend.begin(clinic.id) as unit:
                held = unit.leads.get([lead.id], lock=True)[lead.id]
                locked.set()
                tried.wait(A_MOMENT)
                unit.leads.save([evolve(held, keys=("holder:1",))])

        def other() -> None:
            assert locked.wait(PATIENCE_SECONDS)
            try:
                with backend.begin(clinic.id) as unit:
                    unit.leads.save([evolve(lead, keys=("other:1",))])
            finally:
                tried.set()

        ended = outcomes(holder, other)
        assert [type(outcome.error) for outcome in ended] == [type(None), StaleVersion]
        assert the_lead(backend, clinic, lead) == evolve(lead, keys=("holder:1",), version=2)

    def test_a_lock_ends_with_its_unit_of_work(self, backend: Backend) -> None:
        """Also when that ends in an exception; the next one need not wait."""
        self.needs(Capability.THREADS)
        clinic = a_practice(backend)
        lead = a_lead(clinic)
        store(backend, clinic, "leads", [lead])

        def lock_and_fail() -> None:
            with backend.begin(clinic.id) as unit:
                unit.leads.get([lead.id], lock=True)
                raise ZeroDivisionError

        def lock() -> Lead:
            with backend.begin(clinic.id) as unit:
                return unit.leads.get([lead.id], lock=True)[lead.id]

        [broken] = outcomes(lock_and_fail)
        assert isinstance(broken.error, ZeroDivisionError)
        assert together(lock, lock) == [lead, lead]

    def test_locks_of_one_noun_each_do_not_deadlock(self, backend: Backend) -> None:
        """Whatever else the units of work write after they have locked theirs."""
        self.needs(Capability.THREADS)
        clinic = a_practice(backend)
        leads = [a_lead(clinic) for _ in range(WORKERS)]
        store(backend, clinic, "leads", leads)

        def work(mine: Lead) -> None:
            for _ in range(ROUNDS):
                with backend.begin(clinic.id) as unit:
                    held = unit.leads.get([mine.id], lock=True)[mine.id]
                    unit.leads.add([a_lead(clinic)])
                    unit.leads.save([held])

        together(*(lambda lead=lead: work(lead) for lead in leads))
        versions = [lead.version for lead in stored(backend, clinic, "leads", _ids(leads)).values()]
        assert versions == [1 + ROUNDS] * WORKERS

    def test_two_clinics_work_side_by_side(self, backend: Backend) -> None:
        """Units of work of two clinics do not disturb each other."""
        self.needs(Capability.THREADS)
        clinics = [a_practice(backend), a_practice(backend)]

        def fill(clinic: Clinic) -> None:
            for _ in range(ROUNDS):
                store(backend, clinic, "leads", [a_lead(clinic)])

        together(*(lambda clinic=clinic: fill(clinic) for clinic in clinics))
        for clinic in clinics:
            with backend.begin(clinic.id) as unit:
                found = unit.leads.find().items
            assert [lead.clinic_id for lead in found] == [clinic.id] * ROUNDS


def _ids(leads: list[Lead]) -> list[str]:
    return [lead.id for lead in leads]


def _turn_was_taken(backend: Backend, clinic: Clinic, rotation: Rotation) -> bool:
    try:
        with backend.begin(clinic.id) as unit:
            held = unit.rotations.get([rotation.id])[rotation.id]
            unit.rotations.save([_next(held)])
    except StaleVersion:
        return False
    return True
