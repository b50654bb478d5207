"""Leads that belong together: what moves from one to another, and what is unique about them."""

from typing import Any

import pytest
from attrs import evolve

from orthocrm.core.errors import AlreadyExists
from orthocrm.core.lead import Custom, Lead
from orthocrm.core.marketing import ReferrerKind
from orthocrm.core.ports import Backend
from orthocrm.core.query import Cond
from orthocrm.core.settings import Clinic
from orthocrm.testing.factories import (
    a_campaign,
    a_lead,
    a_link,
    a_merge,
    a_referrer,
    a_task,
    a_touch,
    a_visit,
    a_waitlist_entry,
    an_activity,
    an_appointment,
)
from orthocrm.testing.suite.arranged import (
    Rules,
    a_practice,
    exact,
    failing,
    repository,
    store,
    stored,
)
from orthocrm.testing.suite.sample_values import LONG

MOVED = ("visits", "activities", "tasks", "appointments", "touches", "waitlist")


def _of(clinic: Clinic, lead: Lead, table: str) -> Any:  # noqa: ANN401 - a noun of the table
    """Make a noun of a lead, with personal fields where it has any."""
    if table == "visits":
        return a_visit(lead)
    if table == "activities":
        return an_activity(lead, notes=LONG, outcome="call back")
    if table == "tasks":
        return a_task(lead, title="Rückruf", description=LONG)
    if table == "appointments":
        return an_appointment(lead, reason="gap", notes=LONG)
    if table == "waitlist":
        return a_waitlist_entry(clinic, lead)
    return a_touch(lead, detail="flyer 🦷")


def _two_leads(backend: Backend) -> tuple[Clinic, Lead, Lead]:
    clinic = a_practice(backend)
    loser, survivor = leads = a_lead(clinic), a_lead(clinic, patient="Mia K.")
    store(backend, clinic, "leads", leads)
    return clinic, loser, survivor


class KinshipRules(Rules):
    """Moves between leads, links, merges, campaigns and referrers."""

    @pytest.mark.parametrize("table", MOVED)
    def test_a_noun_can_move_to_another_lead(self, backend: Backend, table: str) -> None:
        """It is whole, found with its new lead only, and needs the old one no more."""
        clinic, loser, survivor = _two_leads(backend)
        noun = _of(clinic, loser, table)
        store(backend, clinic, table, [noun])
        with backend.begin(clinic.id) as unit:
            [held] = repository(unit, table).get([noun.id], lock=True).values()
            [moved] = repository(unit, table).save([evolve(held, lead_id=survivor.id)])
        with backend.begin(clinic.id) as unit:
            unit.leads.remove([loser.id])
        with backend.begin(clinic.id) as unit:
            found = repository(unit, table)
            assert found.find(Cond("lead_id", "eq", survivor.id)).items == (moved,)
            assert found.find(Cond("lead_id", "eq", loser.id)).items == ()
        [got] = stored(backend, clinic, table, [noun.id]).values()
        assert exact(got) == exact(evolve(noun, lead_id=survivor.id, version=2))

    @pytest.mark.parametrize("table", MOVED)
    def test_a_noun_can_move_without_being_read(self, backend: Backend, table: str) -> None:
        """Whoever knows it may save it at once, and move it back later."""
        clinic, loser, survivor = _two_leads(backend)
        noun = _of(clinic, loser, table)
        store(backend, clinic, table, [noun])
        with backend.begin(clinic.id) as unit:
            [moved] = repository(unit, table).save([evolve(noun, lead_id=survivor.id)])
        with backend.begin(clinic.id) as unit:
            assert repository(unit, table).count(Cond("lead_id", "eq", survivor.id)) == 1
            [back] = repository(unit, table).save([evolve(moved, lead_id=loser.id)])
        with backend.begin(clinic.id) as unit:
            unit.leads.remove([survivor.id])
        got = stored(backend, clinic, table, [noun.id])
        assert exact(got) == exact({noun.id: back}) == exact({noun.id: evolve(noun, version=3)})

    @pytest.mark.parametrize("table", MOVED)
    def test_a_noun_can_move_to_a_lead_of_the_same_unit(self, backend: Backend, table: str) -> None:
        """The lead that takes it may be new, and other fields may change along."""
        clinic, loser, _ = _two_leads(backend)
        noun, survivor = _of(clinic, loser, table), a_lead(clinic)
        store(backend, clinic, table, [noun])
        with backend.begin(clinic.id) as unit:
            unit.leads.add([survivor])
            [held] = repository(unit, table).get([noun.id]).values()
            [once] = repository(unit, table).save([evolve(held, lead_id=survivor.id)])
            [twice] = repository(unit, table).save([once])
        got = stored(backend, clinic, table, [noun.id])
        assert exact(got) == exact({noun.id: twice})

    def test_a_move_of_many_is_whole(self, backend: Backend) -> None:
        """More than a statement may hold can move at once."""
        clinic, loser, survivor = _two_leads(backend)
        tasks = [a_task(loser, title=f"Call {n}") for n in range(600)]
        store(backend, clinic, "tasks", tasks)
        with backend.begin(clinic.id) as unit:
            held = unit.tasks.get([task.id for task in tasks])
            unit.tasks.save([evolve(task, lead_id=survivor.id) for task in held.values()])
        got = stored(backend, clinic, "tasks", [task.id for task in tasks])
        wanted = [evolve(task, lead_id=survivor.id, version=2) for task in tasks]
        assert got == {task.id: task for task in wanted}

    def test_two_leads_have_one_link(self, backend: Backend) -> None:
        """A second one of the same pair is refused; each lead may have links to others."""
        clinic, first, second = _two_leads(backend)
        third = a_lead(clinic)
        store(backend, clinic, "leads", [third])
        links = [a_link(first, second), a_link(first, third), a_link(second, third)]
        store(backend, clinic, "links", links)
        with failing(AlreadyExists, backend, clinic.id) as unit:
            unit.links.add([a_link(second, first)])
        with failing(AlreadyExists, backend, clinic.id) as unit:
            unit.links.save([evolve(links[2], lead_id=links[0].lead_id, other_id=second.id)])
        with backend.begin(clinic.id) as unit:
            assert unit.links.find().items == tuple(links)
            of_third = unit.links.find(Cond("other_id", "eq", third.id)).items
        assert of_third == tuple(links[1:])

    def test_a_merge_keeps_both_leads_as_they_were(self, backend: Backend) -> None:
        """Whatever becomes of them."""
        clinic, loser, survivor = _two_leads(backend)
        was = evolve(loser, custom=Custom(shown={"colour": "blue"}))
        merge = a_merge(survivor, was, moved={"tasks": ("task-1",)})
        store(backend, clinic, "merges", [merge])
        with backend.begin(clinic.id) as unit:
            unit.leads.save([evolve(loser, keys=(), merged_into=survivor.id)])
            unit.leads.save([evolve(survivor, tags=("vip",))])
        [got] = stored(backend, clinic, "merges", [merge.id]).values()
        assert exact(got) == exact(merge)

    def test_tombstones_are_found_by_the_survivor(self, backend: Backend) -> None:
        """And both leads by the merge's fields."""
        clinic, loser, survivor = _two_leads(backend)
        merge = a_merge(survivor, loser)
        store(backend, clinic, "merges", [merge])
        with backend.begin(clinic.id) as unit:
            [tombstone] = unit.leads.save([evolve(loser, merged_into=survivor.id)])
        with backend.begin(clinic.id) as unit:
            into = Cond("merged_into", "eq", survivor.id)
            assert unit.leads.find(into).items == (tombstone,)
            assert unit.merges.find(Cond("loser_id", "eq", loser.id)).items == (merge,)
            assert unit.merges.find(Cond("survivor_id", "eq", loser.id)).items == ()

    def test_tags_are_looked_for_as_wholes(self, backend: Backend) -> None:
        """A tag is no part of another one."""
        clinic = a_practice(backend)
        vip, both, none = leads = [
            a_lead(clinic, tags=tags) for tags in (("vip",), ("2nd", "vip_2nd"), ())
        ]
        store(backend, clinic, "leads", leads)
        with backend.begin(clinic.id) as unit:
            assert unit.leads.find(Cond("tag", "has", "vip")).items == (vip,)
            assert unit.leads.find(Cond("tag", "has", "2nd")).items == (both,)
            assert unit.leads.find(Cond("tag", "absent")).items == (none,)

    def test_a_campaign_name_is_unique_whatever_its_case(self, backend: Backend) -> None:
        """As it is for sources."""
        clinic = a_practice(backend)
        first, second = campaigns = [a_campaign(clinic, "Straße 7"), a_campaign(clinic, "Radio")]
        store(backend, clinic, "campaigns", campaigns)
        with failing(AlreadyExists, backend, clinic.id) as unit:
            unit.campaigns.add([a_campaign(clinic, "STRASSE 7")])
        with failing(AlreadyExists, backend, clinic.id) as unit:
            unit.campaigns.save([evolve(second, name="straße 7")])
        with backend.begin(clinic.id) as unit:
            [renamed] = unit.campaigns.save([evolve(first, name="STRASSE 7")])
        got = stored(backend, clinic, "campaigns", [first.id, second.id])
        assert got == {first.id: renamed, second.id: second}

    def test_a_referrer_is_unique_by_kind_and_ref(self, backend: Backend) -> None:
        """A patient may have the reference of a dentist; case makes a difference."""
        clinic = a_practice(backend)
        referrers = [
            a_referrer(clinic, "r-1"),
            a_referrer(clinic, "R-1"),
            a_referrer(clinic, "r-1", kind=ReferrerKind.PATIENT),
        ]
        store(backend, clinic, "referrers", referrers)
        with failing(AlreadyExists, backend, clinic.id) as unit:
            unit.referrers.add([a_referrer(clinic, "r-1", name="Dr. Other")])
        with failing(AlreadyExists, backend, clinic.id) as unit:
            unit.referrers.save([evolve(referrers[1], ref="r-1")])
        with backend.begin(clinic.id) as unit:
            assert unit.referrers.find().items == tuple(referrers)
