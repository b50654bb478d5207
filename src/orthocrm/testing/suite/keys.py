"""Leads by match key."""

from attrs import evolve

from orthocrm.core.ports import Backend
from orthocrm.testing.factories import a_lead, ids_of
from orthocrm.testing.suite.arranged import Rules, a_practice, store

PHONE, EMAIL, NAME = "phone:+13125550100", "email:anna@example.com", "name:KLR,A"


class MatchKeyRules(Rules):
    """`sharing_key`: who else has this phone, this address, this name."""

    def test_leads_are_found_by_each_of_their_keys(self, backend: Backend) -> None:
        """Keys that nobody carries are left out."""
        clinic = a_practice(backend)
        one = a_lead(clinic, keys=(PHONE, EMAIL))
        two = a_lead(clinic, keys=(NAME, PHONE))
        store(backend, clinic, "leads", [one, two])
        with backend.begin(clinic.id) as unit:
            assert unit.leads.sharing_key([EMAIL, PHONE, NAME, "phone:+0"]) == {
                EMAIL: (one.id,),
                PHONE: (one.id, two.id),
                NAME: (two.id,),
            }
            assert unit.leads.sharing_key([]) == {}
            assert unit.leads.sharing_key(["phone:+0"]) == {}

    def test_a_key_matches_as_a_whole(self, backend: Backend) -> None:
        """Neither a part of a key nor another case of it will do."""
        clinic = a_practice(backend)
        store(backend, clinic, "leads", [a_lead(clinic, keys=(PHONE, NAME))])
        others = [PHONE[:-1], PHONE + "0", NAME.lower(), "mail:+13125550100"]
        with backend.begin(clinic.id) as unit:
            assert unit.leads.sharing_key(others) == {}

    def test_the_oldest_come_first(self, backend: Backend) -> None:
        """In the order of ids, whenever they were stored."""
        clinic = a_practice(backend)
        leads = [a_lead(clinic, keys=(PHONE,)) for _ in range(5)]
        for lead in (leads[3], leads[0], leads[4], leads[2], leads[1]):
            store(backend, clinic, "leads", [lead])
        with backend.begin(clinic.id) as unit:
            assert unit.leads.sharing_key([PHONE]) == {PHONE: ids_of(leads)}

    def test_a_crowd_is_cut_one_above_the_limit(self, backend: Backend) -> None:
        """`most + 1` ids tell a crowd; `most` of them are still a family. Each key by itself."""
        clinic = a_practice(backend)
        leads = [a_lead(clinic, keys=(PHONE,)) for _ in range(22)]
        family = [a_lead(clinic, keys=(EMAIL,)) for _ in range(2)]
        store(backend, clinic, "leads", [*leads, *family])
        with backend.begin(clinic.id) as unit:
            assert unit.leads.sharing_key([PHONE, EMAIL]) == {
                PHONE: ids_of(leads[:21]),
                EMAIL: ids_of(family),
            }
            assert unit.leads.sharing_key([PHONE, EMAIL], most=2) == {
                PHONE: ids_of(leads[:3]),
                EMAIL: ids_of(family),
            }

    def test_saving_a_lead_replaces_its_keys(self, backend: Backend) -> None:
        """The old keys lead nowhere, the new ones to the lead, the kept ones still to it."""
        clinic = a_practice(backend)
        lead = a_lead(clinic, keys=(PHONE, NAME))
        store(backend, clinic, "leads", [lead])
        with backend.begin(clinic.id) as unit:
            unit.leads.save([evolve(lead, keys=(NAME, EMAIL))])
        with backend.begin(clinic.id) as unit:
            assert unit.leads.sharing_key([PHONE, EMAIL, NAME]) == {
                EMAIL: (lead.id,),
                NAME: (lead.id,),
            }

    def test_a_removed_lead_shares_nothing(self, backend: Backend) -> None:
        """Its keys are gone with it, and those of the others stay."""
        clinic = a_practice(backend)
        one, two = a_lead(clinic, keys=(PHONE,)), a_lead(clinic, keys=(PHONE, EMAIL))
        store(backend, clinic, "leads", [one, two])
        with backend.begin(clinic.id) as unit:
            unit.leads.remove([two.id])
        with backend.begin(clinic.id) as unit:
            assert unit.leads.sharing_key([PHONE, EMAIL]) == {PHONE: (one.id,)}
