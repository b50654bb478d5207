"""The ledger of consent: it is read by address, keeps everything, and outlives leads."""

from datetime import timedelta

import pytest
from attrs import evolve

from orthocrm.core.errors import AlreadyExists
from orthocrm.core.ids import ConsentId
from orthocrm.core.ports import Backend
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories import a_consent, a_lead, another_clinic_id
from orthocrm.testing.suite.arranged import Rules, a_practice, exact, failing, store
from orthocrm.testing.suite.sample_messages import ledger

PHONE, EMAIL = "phone:+13125550100", "email:łucja@exämple.com"
HOUR = timedelta(hours=1)


class ConsentRules(Rules):
    """`add`, `of` and `forget`."""

    def test_entries_come_back_as_they_were_added(self, backend: Backend) -> None:
        """By the address as it was asked for; addresses without an entry are left out."""
        clinic = a_practice(backend)
        lead = a_lead(clinic)
        store(backend, clinic, "leads", [lead])
        of_email, *of_phone = entries = ledger(clinic, lead.id)
        with backend.begin(clinic.id) as unit:
            unit.consents.add(entries)
        with backend.begin(clinic.id) as unit:
            found = unit.consents.of([PHONE, EMAIL, "phone:+0"])
        assert {address: exact(list(held)) for address, held in found.items()} == {
            PHONE: exact(of_phone),
            EMAIL: exact([of_email]),
        }

    def test_reads_see_what_the_unit_has_added_to_the_ledger(self, backend: Backend) -> None:
        """Also when the lead is as new as the entry."""
        clinic = a_practice(backend)
        lead = a_lead(clinic)
        entry = a_consent(clinic, PHONE, lead_id=lead.id, evidence="called")
        with backend.begin(clinic.id) as unit:
            unit.leads.add([lead])
            unit.consents.add([entry])
            assert list(unit.consents.of([PHONE])[PHONE]) == [entry]
            unit.consents.add([evolve(entry, id=ConsentId("next"), evidence=None)])
            assert [held.id for held in unit.consents.of([PHONE])[PHONE]] == [entry.id, "next"]

    def test_the_oldest_entry_comes_first(self, backend: Backend) -> None:
        """By the instant from which it holds, whenever it was written; ids break ties."""
        clinic = a_practice(backend)
        hours = (2, 0, 1, 0, 2)
        entries = [a_consent(clinic, PHONE, MONDAY_MORNING + n * HOUR) for n in hours]
        for entry in (entries[3], entries[4], entries[1], entries[0], entries[2]):
            with backend.begin(clinic.id) as unit:
                unit.consents.add([entry])
        with backend.begin(clinic.id) as unit:
            found = unit.consents.of([PHONE])[PHONE]
        assert [entry.id for entry in found] == [entries[i].id for i in (1, 3, 2, 0, 4)]

    def test_an_address_matches_as_a_whole(self, backend: Backend) -> None:
        """Neither a part of it nor another case nor another kind will do."""
        clinic = a_practice(backend)
        with backend.begin(clinic.id) as unit:
            unit.consents.add([a_consent(clinic, "email:anna@example.com")])
        others = ["email:anna@example.co", "email:Anna@example.com", "phone:anna@example.com"]
        with backend.begin(clinic.id) as unit:
            assert unit.consents.of(others) == {}
            assert unit.consents.of([]) == {}

    def test_an_entry_is_added_once(self, backend: Backend) -> None:
        """Nothing in the ledger is ever replaced."""
        clinic = a_practice(backend)
        entry = a_consent(clinic, PHONE)
        with backend.begin(clinic.id) as unit:
            unit.consents.add([entry])
        with failing(AlreadyExists, backend, clinic.id) as unit:
            unit.consents.add([evolve(entry, granted=True)])
        with backend.begin(clinic.id) as unit:
            assert list(unit.consents.of([PHONE])[PHONE]) == [entry]

    @pytest.mark.parametrize("evidence", ["signed the form", None])
    def test_an_entry_outlives_its_lead(self, backend: Backend, evidence: str | None) -> None:
        """What it says still holds; only its evidence may go with the lead."""
        clinic = a_practice(backend)
        lead = a_lead(clinic)
        store(backend, clinic, "leads", [lead])
        entry = a_consent(clinic, PHONE, lead_id=lead.id, evidence=evidence)
        with backend.begin(clinic.id) as unit:
            unit.consents.add([entry])
        with backend.begin(clinic.id) as unit:
            unit.leads.remove([lead.id])
        with backend.begin(clinic.id) as unit:
            [held] = unit.consents.of([PHONE])[PHONE]
        assert evolve(held, evidence=None) == evolve(entry, evidence=None)
        assert held.evidence in (evidence, None)

    def test_whose_entries_are_is_forgotten_and_what_they_say_holds(self, backend: Backend) -> None:
        """Of entries that name no lead the evidence goes, where their address is named."""
        clinic = a_practice(backend)
        lead, other = a_lead(clinic), a_lead(clinic)
        store(backend, clinic, "leads", [lead, other])
        theirs = a_consent(clinic, PHONE, lead_id=lead.id, evidence="called", granted=True)
        nobodys = a_consent(clinic, PHONE, MONDAY_MORNING + HOUR, evidence="a form")
        others = a_consent(
            clinic, PHONE, MONDAY_MORNING + 2 * HOUR, lead_id=other.id, evidence="wrote"
        )
        elsewhere = a_consent(clinic, EMAIL, evidence="a letter")
        apart = a_consent(clinic, EMAIL, MONDAY_MORNING + HOUR, lead_id=lead.id, evidence="said")
        with backend.begin(clinic.id) as unit:
            unit.consents.add([theirs, nobodys, others, elsewhere, apart])
        with backend.begin(clinic.id) as unit:
            unit.consents.forget([lead.id], [PHONE])
        with backend.begin(clinic.id) as unit:
            found = unit.consents.of([PHONE, EMAIL])
        assert {address: list(entries) for address, entries in found.items()} == {
            PHONE: [
                evolve(theirs, lead_id=None, evidence=None),
                evolve(nobodys, evidence=None),
                others,
            ],
            EMAIL: [elsewhere, evolve(apart, lead_id=None, evidence=None)],
        }

    def test_the_ledger_does_not_cross_clinics(self, backend: Backend) -> None:
        """A family that says STOP to one practice has said nothing to another."""
        ours, theirs = a_practice(backend), a_practice(backend)
        entry = a_consent(theirs, PHONE)
        with backend.begin(theirs.id) as unit:
            unit.consents.add([entry])
        for clinic in (ours.id, another_clinic_id()):
            with backend.begin(clinic) as unit:
                assert unit.consents.of([PHONE]) == {}
        with backend.begin(ours.id) as unit:
            unit.consents.add([evolve(entry, clinic_id=ours.id, granted=True)])
        with backend.begin(theirs.id) as unit:
            assert list(unit.consents.of([PHONE])[PHONE]) == [entry]
