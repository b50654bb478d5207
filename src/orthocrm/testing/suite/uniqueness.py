"""Names that are unique within a clinic."""

import pytest
from attrs import evolve

from orthocrm.core.cadence import EnrollmentState
from orthocrm.core.errors import AlreadyExists
from orthocrm.core.ids import StageSlug
from orthocrm.core.ports import Backend
from orthocrm.core.query import Sort
from orthocrm.core.settings import Clinic
from orthocrm.core.trained_model import ModelPurpose
from orthocrm.testing.factories import (
    a_lead,
    a_notice,
    a_saved_view,
    a_source,
    a_stage,
    a_trained_model,
    an_enrollment,
)
from orthocrm.testing.suite.arranged import (
    Capability,
    Rules,
    a_practice,
    failing,
    outcomes,
    store,
    stored,
)


def _slugs(backend: Backend, clinic: Clinic) -> list[str]:
    with backend.begin(clinic.id) as unit:
        return [stage.slug for stage in unit.stages.find(sort=[Sort("stage_order")]).items]


class UniquenessRules(Rules):
    """Slugs and orders of stages, and names of sources."""

    @pytest.mark.parametrize("slug,order", [("contacted", 20), ("recall", 2)])
    def test_slug_and_order_of_a_stage_are_unique(
        self, backend: Backend, slug: str, order: int
    ) -> None:
        """A second stage of the same slug or order is refused, and all that came with it."""
        clinic = a_practice(backend)
        with failing(AlreadyExists, backend, clinic.id) as unit:
            unit.leads.add([a_lead(clinic)])
            unit.stages.add([a_stage(clinic, slug, order)])
        with backend.begin(clinic.id) as unit:
            assert unit.leads.count() == 0
            assert unit.stages.count() == 8

    def test_a_taken_slug_cannot_be_saved(self, backend: Backend) -> None:
        """Changing a stage obeys the same rule as adding one."""
        clinic = a_practice(backend)
        with backend.begin(clinic.id) as unit:
            first = unit.stages.find(sort=[Sort("stage_order")]).items[0]
        with failing(AlreadyExists, backend, clinic.id) as unit:
            unit.stages.save([evolve(first, slug=StageSlug("contacted"))])
        with failing(AlreadyExists, backend, clinic.id) as unit:
            unit.stages.save([evolve(first, order=2)])
        assert stored(backend, clinic, "stages", [first.id]) == {first.id: first}

    def test_stages_can_change_places_in_one_save(self, backend: Backend) -> None:
        """What counts is that the orders are unique when all of them are saved."""
        clinic = a_practice(backend)
        before = _slugs(backend, clinic)
        with backend.begin(clinic.id) as unit:
            stages = unit.stages.find(sort=[Sort("stage_order")]).items
            unit.stages.save([evolve(stage, order=9 - stage.order) for stage in stages])
        assert _slugs(backend, clinic) == before[::-1]

    @pytest.mark.parametrize("name", ["Zürcher Straße", "ZÜRCHER STRASSE", "zürcher strasse"])
    def test_a_source_name_is_unique_whatever_its_case(self, backend: Backend, name: str) -> None:
        """Names are compared case-folded, in every script."""
        clinic = a_practice(backend)
        store(backend, clinic, "sources", [a_source(clinic, "Zürcher Straße")])
        with failing(AlreadyExists, backend, clinic.id) as unit:
            unit.sources.add([a_source(clinic, name)])
        with backend.begin(clinic.id) as unit:
            assert unit.sources.count() == 2

    def test_source_names_are_unique_within_a_call(self, backend: Backend) -> None:
        """Two new sources cannot share a name either."""
        clinic = a_practice(backend)
        with pytest.raises(AlreadyExists):
            store(backend, clinic, "sources", [a_source(clinic, "Tv"), a_source(clinic, "TV")])

    def test_a_source_cannot_take_the_name_of_another(self, backend: Backend) -> None:
        """Renaming obeys the same rule; changing the case of one's own name is free."""
        clinic = a_practice(backend)
        radio, flyer = a_source(clinic, "Radio"), a_source(clinic, "Flyer")
        store(backend, clinic, "sources", [radio, flyer])
        with failing(AlreadyExists, backend, clinic.id) as unit:
            unit.sources.save([evolve(flyer, name="RADIO")])
        with backend.begin(clinic.id) as unit:
            unit.sources.save([evolve(radio, name="RADIO")])
        got = stored(backend, clinic, "sources", [radio.id, flyer.id])
        assert got == {radio.id: evolve(radio, name="RADIO", version=2), flyer.id: flyer}

    def test_a_name_that_was_given_up_is_free(self, backend: Backend) -> None:
        """After a rename the old name may be used by somebody else."""
        clinic = a_practice(backend)
        radio = a_source(clinic, "Radio")
        store(backend, clinic, "sources", [radio])
        with backend.begin(clinic.id) as unit:
            unit.sources.save([evolve(radio, name="Podcast")])
        store(backend, clinic, "sources", [a_source(clinic, "radio")])

    def test_the_key_of_a_notice_is_unique_by_user(self, backend: Backend) -> None:
        """One thing is told to somebody once; others may be told the same."""
        clinic = a_practice(backend)
        store(backend, clinic, "notices", [a_notice(clinic, "tc-1", key="late:1")])
        with failing(AlreadyExists, backend, clinic.id) as unit:
            unit.notices.add([a_notice(clinic, "tc-1", key="late:1")])
        store(backend, clinic, "notices", [a_notice(clinic, "tc-2", key="late:1")])
        store(backend, clinic, "notices", [a_notice(clinic, "tc-1", key="late:2")])

    def test_a_lead_runs_through_a_sequence_once_at_a_time(self, backend: Backend) -> None:
        """Once it has finished or was stopped, it may begin anew; other sequences are free."""
        clinic = a_practice(backend)
        lead, other = a_lead(clinic), a_lead(clinic)
        store(backend, clinic, "leads", [lead, other])
        running = an_enrollment(lead, "new")
        store(backend, clinic, "enrollments", [running, an_enrollment(other, "new")])
        store(backend, clinic, "enrollments", [an_enrollment(lead, "recall")])
        with failing(AlreadyExists, backend, clinic.id) as unit:
            unit.enrollments.add([an_enrollment(lead, "new")])
        with backend.begin(clinic.id) as unit:
            unit.enrollments.save([evolve(running, state=EnrollmentState.STOPPED)])
            unit.enrollments.add([an_enrollment(lead, "new")])
        with backend.begin(clinic.id) as unit:
            again = unit.enrollments.get([running.id])[running.id]
        with failing(AlreadyExists, backend, clinic.id) as unit:
            unit.enrollments.save([evolve(again, state=EnrollmentState.RUNNING)])
        ended = [an_enrollment(lead, "new", state=state) for state in EnrollmentState][1:]
        store(backend, clinic, "enrollments", ended)

    def test_the_name_of_a_saved_view_is_unique_by_owner(self, backend: Backend) -> None:
        """Whatever its case; somebody else may give the same name."""
        clinic = a_practice(backend)
        store(backend, clinic, "views", [a_saved_view(clinic, "Straße", owner="tc-1")])
        with failing(AlreadyExists, backend, clinic.id) as unit:
            unit.views.add([a_saved_view(clinic, "STRASSE", owner="tc-1")])
        store(backend, clinic, "views", [a_saved_view(clinic, "Straße", owner="tc-2")])

    def test_models_of_a_purpose_are_numbered_once(self, backend: Backend) -> None:
        """Those of another purpose have numbers of their own."""
        clinic = a_practice(backend)
        store(backend, clinic, "models", [a_trained_model(clinic, 3)])
        with failing(AlreadyExists, backend, clinic.id) as unit:
            unit.models.add([a_trained_model(clinic, 3)])
        other = a_trained_model(clinic, 3, purpose=ModelPurpose.NO_SHOWS)
        store(backend, clinic, "models", [other])

    def test_two_clinics_may_use_the_same_names(self, backend: Backend) -> None:
        """Slugs, orders and names are unique in one clinic, not in the world."""
        one, two = a_practice(backend), a_practice(backend)
        for clinic in (one, two):
            store(backend, clinic, "sources", [a_source(clinic, "Radio")])
            store(backend, clinic, "stages", [a_stage(clinic)])

    def test_of_two_at_once_one_gets_the_name(self, backend: Backend) -> None:
        """Threads that add the same name: one succeeds, the others are refused."""
        self.needs(Capability.THREADS)
        clinic = a_practice(backend)
        sources = [a_source(clinic, "Radio") for _ in range(4)]
        ended = outcomes(*(lambda s=s: store(backend, clinic, "sources", [s]) for s in sources))
        refused = [outcome.error for outcome in ended if outcome.error is not None]
        assert [type(error) for error in refused] == [AlreadyExists] * 3
