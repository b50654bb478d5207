"""Optimistic versions: nobody overwrites what they have not read."""

from typing import Any

import pytest
from attrs import evolve

from orthocrm.core.errors import StaleVersion
from orthocrm.core.ports import Backend
from orthocrm.testing.factories import a_lead, an_audit_entry
from orthocrm.testing.suite.arranged import (
    Rules,
    a_practice,
    exact,
    failing,
    repository,
    store,
    stored,
    the_lead,
)
from orthocrm.testing.suite.sample_values import the_clinic
from orthocrm.testing.suite.samples import TABLES, store_samples


class VersionRules(Rules):
    """Saving with the version that was read, and with any other."""

    @pytest.mark.parametrize("table", TABLES)
    def test_a_save_gives_the_next_version(self, backend: Backend, table: str) -> None:
        """The noun comes back as it is stored, its version grown by one."""
        rows = store_samples(backend)
        noun: Any = rows[table][-1]
        with backend.begin(the_clinic(rows).id) as unit:
            saved = repository(unit, table).save([noun])
        wanted = evolve(noun, version=noun.version + 1)
        assert [exact(each) for each in saved] == [exact(wanted)]
        got = stored(backend, the_clinic(rows), table, [noun.id])
        assert exact(got) == exact({noun.id: wanted})

    @pytest.mark.parametrize("table", TABLES)
    def test_a_stale_save_is_refused(self, backend: Backend, table: str) -> None:
        """The second of two who read the same version is refused, with all that it wrote."""
        rows = store_samples(backend)
        clinic, noun = the_clinic(rows), rows[table][-1]
        with backend.begin(clinic.id) as unit:
            repository(unit, table).save([noun])
        with failing(StaleVersion, backend, clinic.id) as unit:
            unit.audit.add([an_audit_entry(clinic)])
            repository(unit, table).save([noun])
        [got] = stored(backend, clinic, table, [noun.id]).values()
        assert got.version == noun.version + 1
        with backend.begin(clinic.id) as unit:
            assert unit.audit.count() == len(rows["audit"])

    def test_a_version_that_never_was_is_refused(self, backend: Backend) -> None:
        """The version has to be the stored one, not just a newer one."""
        clinic = a_practice(backend)
        lead = a_lead(clinic)
        store(backend, clinic, "leads", [lead])
        with failing(StaleVersion, backend, clinic.id) as unit:
            unit.leads.save([evolve(lead, version=2)])
        assert the_lead(backend, clinic, lead) == lead

    def test_what_is_gone_cannot_be_saved(self, backend: Backend) -> None:
        """A save never brings a removed noun back, nor makes a new one."""
        clinic = a_practice(backend)
        lead = a_lead(clinic)
        store(backend, clinic, "leads", [lead])
        with backend.begin(clinic.id) as unit:
            unit.leads.remove([lead.id])
        with failing(StaleVersion, backend, clinic.id) as unit:
            unit.leads.save([lead])
        assert the_lead(backend, clinic, lead) is None

    def test_what_the_unit_has_removed_cannot_be_saved(self, backend: Backend) -> None:
        """The same holds within one unit of work, and its removal is not kept either."""
        clinic = a_practice(backend)
        lead = a_lead(clinic)
        store(backend, clinic, "leads", [lead])
        with failing(StaleVersion, backend, clinic.id) as unit:
            unit.leads.remove([lead.id])
            unit.leads.save([lead])
        assert the_lead(backend, clinic, lead) == lead

    def test_a_noun_can_be_saved_again_and_again(self, backend: Backend) -> None:
        """Each save within a unit of work continues from the one before, also from an add."""
        clinic = a_practice(backend)
        lead = a_lead(clinic)
        with backend.begin(clinic.id) as unit:
            unit.leads.add([lead])
            [second] = unit.leads.save([evolve(lead, keys=("phone:+1",))])
            [third] = unit.leads.save([evolve(second, keys=("phone:+2",))])
        assert third == evolve(lead, keys=("phone:+2",), version=3)
        assert the_lead(backend, clinic, lead) == third

    def test_a_unit_of_work_refuses_its_own_stale_version(self, backend: Backend) -> None:
        """The version before its own save is as stale as anybody else's."""
        clinic = a_practice(backend)
        lead = a_lead(clinic)
        store(backend, clinic, "leads", [lead])
        with failing(StaleVersion, backend, clinic.id) as unit:
            unit.leads.save([lead])
            unit.leads.save([lead])
        assert the_lead(backend, clinic, lead) == lead

    def test_one_stale_noun_refuses_the_batch(self, backend: Backend) -> None:
        """Either all nouns of a save are replaced, or none."""
        clinic = a_practice(backend)
        leads = [a_lead(clinic) for _ in range(3)]
        store(backend, clinic, "leads", leads)
        with backend.begin(clinic.id) as unit:
            unit.leads.save([leads[1]])
        with failing(StaleVersion, backend, clinic.id) as unit:
            unit.leads.save([evolve(lead, keys=("phone:+1",)) for lead in leads])
        with backend.begin(clinic.id) as unit:
            assert unit.leads.sharing_key(["phone:+1"]) == {}
            assert [lead.version for lead in unit.leads.find().items] == [1, 2, 1]
