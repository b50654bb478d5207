"""The keys of a clinic are replaced and destroyed, and nothing is lost but what was meant."""

from datetime import timedelta

import pytest
from attrs import evolve

from orthocrm.core.keyring import KeyLayer
from orthocrm.core.people import Contact
from orthocrm.core.ports import Backend
from orthocrm.core.settings import Clinic
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories import a_consent, a_lead
from orthocrm.testing.suite.arranged import Rules, a_practice, exact, store, the_lead

PHONE, EMAIL = "phone:+13125550100", "email:anna@example.com"
MOST_BATCHES = 100


class KeyringRules(Rules):
    """`begin`, `move`, `waits`, `status`, `forget`: also of a storage that encrypts nothing."""

    @pytest.mark.parametrize("layer", list(KeyLayer))
    def test_what_is_stored_outlives_its_keys(self, backend: Backend, layer: KeyLayer) -> None:
        """It is read and found as before, in the middle of a rotation and after it."""
        clinic = a_practice(backend)
        leads = [a_lead(clinic, keys=(PHONE, EMAIL)) for _ in range(3)]
        store(backend, clinic, "leads", leads)
        said = a_consent(clinic, PHONE, lead_id=leads[0].id, evidence="called")
        with backend.begin(clinic.id) as unit:
            unit.consents.add([said])
        with backend.begin(clinic.id) as unit:
            unit.keyring.begin(layer, MONDAY_MORNING)
        is_more = True
        for _ in range(MOST_BATCHES):
            assert [exact(the_lead(backend, clinic, lead)) for lead in leads] == exact(leads)[1]
            with backend.begin(clinic.id) as unit:
                assert unit.leads.sharing_key([EMAIL]) == {EMAIL: tuple(lead.id for lead in leads)}
                assert list(unit.consents.of([PHONE])[PHONE]) == [said]
            if not is_more:
                break
            is_more = moved(backend, clinic, 2)
        assert is_more is False
        with backend.begin(clinic.id) as unit:
            assert unit.keyring.status().is_done

    def test_without_a_rotation_nothing_moves(self, backend: Backend) -> None:
        """There is nothing to wait for, and nothing is destroyed."""
        clinic = a_practice(backend)
        store(backend, clinic, "leads", [a_lead(clinic)])
        with backend.begin(clinic.id) as unit:
            assert unit.keyring.waits() is False
            done = unit.keyring.move(10, MONDAY_MORNING)
            assert (done.rows, done.destroyed, done.more) == (0, (), False)

    def test_forgetting_the_keys_of_a_lead_costs_nobody_else_anything(
        self, backend: Backend
    ) -> None:
        """The lead itself is stored anew in the same unit of work, and read afterwards."""
        clinic = a_practice(backend)
        gone, other = a_lead(clinic, keys=(PHONE,)), a_lead(clinic, keys=(PHONE,))
        store(backend, clinic, "leads", [gone, other])
        with backend.begin(clinic.id) as unit:
            unit.keyring.alone()
            held = unit.leads.get([gone.id])[gone.id]
            unit.keyring.forget([gone.id])
            [emptied] = unit.leads.save(
                [evolve(held, keys=(), contact=Contact(first_name="", last_name=""))]
            )
        assert exact(the_lead(backend, clinic, gone)) == exact(emptied)
        assert exact(the_lead(backend, clinic, other)) == exact(other)
        with backend.begin(clinic.id) as unit:
            assert unit.leads.sharing_key([PHONE]) == {PHONE: (other.id,)}


def moved(backend: Backend, clinic: Clinic, most: int) -> bool:
    """Move a batch, and tell whether there is more."""
    with backend.begin(clinic.id) as unit:
        return unit.keyring.move(most, MONDAY_MORNING + timedelta(days=1)).more
