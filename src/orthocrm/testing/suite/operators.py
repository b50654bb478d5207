"""What operators and start-up need: the list of clinics, revisions, migrations."""

from datetime import timedelta

from attrs import evolve

from orthocrm.core.ports import Backend
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories import a_clinic, a_lead
from orthocrm.testing.suite.arranged import (
    Capability,
    Rules,
    a_practice,
    exact,
    store,
    the_lead,
    together,
)
from orthocrm.testing.suite.sample_values import the_clinic
from orthocrm.testing.suite.samples import store_samples


class OperatorRules(Rules):
    """Above the single clinic."""

    def test_a_new_backend_has_no_clinic(self, backend: Backend) -> None:
        """Nothing is there before somebody founds it."""
        assert list(backend.clinics()) == []

    def test_clinics_are_listed_oldest_first(self, backend: Backend) -> None:
        """Whole, as they stand now, whenever they were stored."""
        clinics = [a_clinic(created_at=MONDAY_MORNING + timedelta(days=n)) for n in range(3)]
        for clinic in (clinics[2], clinics[0], clinics[1]):
            store(backend, clinic, "clinics", [clinic])
        with backend.begin(clinics[1].id) as unit:
            [renamed] = unit.clinics.save([evolve(clinics[1], name="Neu")])
        assert list(backend.clinics()) == [clinics[0], renamed, clinics[2]]

    def test_listed_clinics_are_whole(self, backend: Backend) -> None:
        """Settings, hours and rules come with them."""
        clinic = the_clinic(store_samples(backend))
        assert [exact(each) for each in backend.clinics()] == [exact(clinic)]

    def test_the_revision_is_that_of_the_clinic(self, backend: Backend) -> None:
        """It is given as it was last saved, by this unit of work or before it."""
        clinic = a_practice(backend)
        with backend.begin(clinic.id) as unit:
            assert unit.revision() == 1
            unit.clinics.save([evolve(clinic, revision=2)])
            assert unit.revision() == 2
        with backend.begin(clinic.id) as unit:
            assert unit.revision() == 2

    def test_migrating_again_changes_nothing(self, backend: Backend) -> None:
        """What is stored stays, and the backend works on."""
        clinic = a_practice(backend)
        lead = a_lead(clinic)
        store(backend, clinic, "leads", [lead])
        backend.migrate()
        backend.migrate()
        assert the_lead(backend, clinic, lead) == lead

    def test_two_may_migrate_at_once(self, backend: Backend) -> None:
        """Several processes that start together do no harm."""
        self.needs(Capability.THREADS)
        clinic = a_practice(backend)
        together(backend.migrate, backend.migrate)
        assert list(backend.clinics()) == [clinic]
