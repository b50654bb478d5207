"""Users and failed attempts are found by the address of a log-in, as a whole and in one clinic."""

import pytest
from attrs import evolve

from orthocrm.core.access import login_of
from orthocrm.core.errors import AlreadyExists, StaleVersion
from orthocrm.core.ports import Backend, UnitOfWork
from orthocrm.testing.factories import a_user, another_clinic_id, some_attempts
from orthocrm.testing.suite.arranged import (
    Capability,
    Rules,
    a_practice,
    exact,
    failing,
    outcomes,
    store,
)

ANA, BEN = "ana@bright.example", "ben@bright.example"


class LoginRules(Rules):
    """`by_login`, and that no two share an address."""

    def test_users_are_found_by_their_address(self, backend: Backend) -> None:
        """As a whole: neither a part of it nor another case will do."""
        clinic = a_practice(backend)
        ana, program = a_user(clinic, ANA), a_user(clinic)
        store(backend, clinic, "users", [ana, program])
        asked = [login_of(ANA), login_of(BEN), login_of(ANA.upper()), f"email:{ANA}"]
        with backend.begin(clinic.id) as unit:
            assert exact(dict(unit.users.by_login(asked))) == exact({login_of(ANA): ana})
            assert unit.users.by_login(asked, lock=True) == {login_of(ANA): ana}
            assert unit.users.by_login([]) == {}

    def test_reads_by_address_see_what_the_unit_has_written(self, backend: Backend) -> None:
        """Also an address that has just changed."""
        clinic = a_practice(backend)
        ana = a_user(clinic, ANA)
        with backend.begin(clinic.id) as unit:
            unit.users.add([ana])
            assert unit.users.by_login([login_of(ANA)]) == {login_of(ANA): ana}
            [moved] = unit.users.save([evolve(ana, email=BEN)])
            assert unit.users.by_login([login_of(ANA), login_of(BEN)]) == {login_of(BEN): moved}

    @pytest.mark.parametrize("read", [True, False])
    def test_a_changed_address_is_found_under_the_new_one(
        self, backend: Backend, *, read: bool
    ) -> None:
        """Whether or not the unit of work that changed it had read it."""
        clinic = a_practice(backend)
        ana = a_user(clinic, ANA)
        store(backend, clinic, "users", [ana])
        with backend.begin(clinic.id) as unit:
            if read:
                unit.users.get([ana.id])
            [moved] = unit.users.save([evolve(ana, email=BEN)])
        with backend.begin(clinic.id) as unit:
            assert unit.users.by_login([login_of(ANA), login_of(BEN)]) == {login_of(BEN): moved}
        store(backend, clinic, "users", [a_user(clinic, ANA)])

    def test_an_address_belongs_to_one_user(self, backend: Backend) -> None:
        """Whether somebody new takes it, or somebody who is there."""
        clinic = a_practice(backend)
        ben = a_user(clinic, BEN)
        store(backend, clinic, "users", [a_user(clinic, ANA), ben])
        with failing(AlreadyExists, backend, clinic.id) as unit:
            unit.users.add([a_user(clinic, ANA)])
        with failing(AlreadyExists, backend, clinic.id) as unit:
            unit.users.save([evolve(ben, email=ANA)])
        store(backend, clinic, "users", [a_user(clinic), a_user(clinic)])

    def test_an_address_is_looked_for_in_one_clinic(self, backend: Backend) -> None:
        """The same one may be a user of two, and is nobody in a clinic that does not exist."""
        ours, theirs = a_practice(backend), a_practice(backend)
        ana = a_user(theirs, ANA)
        store(backend, theirs, "users", [ana])
        for clinic in (ours.id, another_clinic_id()):
            with backend.begin(clinic) as unit:
                assert unit.users.by_login([login_of(ANA)]) == {}
                assert unit.attempts.by_login([login_of(ANA)]) == {}
        store(backend, ours, "users", [evolve(ana, clinic_id=ours.id)])
        with backend.begin(theirs.id) as unit:
            assert unit.users.by_login([login_of(ANA)]) == {login_of(ANA): ana}

    def test_failures_are_counted_once_for_each_address(self, backend: Backend) -> None:
        """Of two who count the first one at once, one is refused."""
        clinic = a_practice(backend)
        store(backend, clinic, "attempts", [some_attempts(clinic, ANA)])
        with failing(AlreadyExists, backend, clinic.id) as unit:
            unit.attempts.add([some_attempts(clinic, ANA)])

    def test_no_failure_is_lost_when_several_count_at_once(self, backend: Backend) -> None:
        """Each locks the count, or is refused because it changed."""
        self.needs(Capability.THREADS)
        clinic = a_practice(backend)
        store(backend, clinic, "attempts", [some_attempts(clinic, ANA)])

        def count() -> None:
            with backend.begin(clinic.id) as unit:
                _counted(unit)

        ended = outcomes(*[count] * 4)
        refused = [outcome.error for outcome in ended if outcome.error is not None]
        assert [type(error) for error in refused] == [StaleVersion] * len(refused)
        with backend.begin(clinic.id) as unit:
            attempts = unit.attempts.by_login([login_of(ANA)])[login_of(ANA)]
        assert attempts.failures == 5 - len(refused)


def _counted(unit: UnitOfWork) -> None:
    attempts = unit.attempts.by_login([login_of(ANA)], lock=True)[login_of(ANA)]
    unit.attempts.save([evolve(attempts, failures=attempts.failures + 1)])
