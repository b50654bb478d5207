"""Two clinics in one backend never see or touch each other's nouns."""

from contextlib import suppress
from datetime import timedelta

import pytest
from attrs import evolve

from orthocrm.core.errors import OrthoCRMError
from orthocrm.core.ports import Backend
from orthocrm.core.query import Aggregate, Cond, Measure
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories import (
    a_delivery,
    a_lead,
    a_task,
    an_outbox_item,
    another_clinic_id,
)
from orthocrm.testing.suite.arranged import (
    A_LEASE,
    Rules,
    a_practice,
    exact,
    repository,
    store,
    stored,
    the_lead,
)
from orthocrm.testing.suite.sample_values import the_clinic
from orthocrm.testing.suite.samples import TABLES, store_samples

LATER = MONDAY_MORNING + timedelta(days=1)


class TenantRules(Rules):
    """Every way of reading and writing, with a second clinic beside."""

    @pytest.mark.parametrize("table", TABLES)
    def test_nothing_of_another_clinic_is_visible(self, backend: Backend, table: str) -> None:
        """Neither by id nor by search nor by count."""
        ours, theirs = store_samples(backend), store_samples(backend)
        foreign = {noun.id for noun in theirs[table]} - {noun.id for noun in ours[table]}
        with backend.begin(the_clinic(ours).id) as unit:
            found = repository(unit, table)
            assert found.get(foreign) == {}
            assert found.get(foreign, lock=True) == {}
            assert found.find(Cond("id", "in", tuple(foreign))).items == ()
            assert sorted(noun.id for noun in found.find().items) == sorted(
                noun.id for noun in ours[table]
            )
            assert found.count() == len(ours[table])

    @pytest.mark.parametrize("table", TABLES)
    def test_nothing_of_another_clinic_can_be_changed(self, backend: Backend, table: str) -> None:
        """To save it is refused, to remove it does nothing."""
        ours, theirs = store_samples(backend), store_samples(backend)
        foreign = theirs[table][-1]
        for noun in (foreign, evolve(foreign, **_owned_by(the_clinic(ours).id, foreign))):
            with suppress(OrthoCRMError), backend.begin(the_clinic(ours).id) as unit:
                repository(unit, table).save([noun])
        if foreign.id not in [noun.id for noun in ours[table]]:
            with backend.begin(the_clinic(ours).id) as unit:
                repository(unit, table).remove([foreign.id])
        got = stored(backend, the_clinic(theirs), table, [foreign.id])
        assert exact(got) == exact({foreign.id: foreign})

    def test_a_noun_is_never_filed_with_another_clinic(self, backend: Backend) -> None:
        """Whether it is refused or not, another clinic's lead does not come into being."""
        ours, theirs = a_practice(backend), a_practice(backend)
        lead = a_lead(theirs)
        with suppress(OrthoCRMError):
            store(backend, ours, "leads", [lead])
        assert the_lead(backend, theirs, lead) is None

    def test_the_same_id_may_exist_in_two_clinics(self, backend: Backend) -> None:
        """The clinic is part of every key."""
        ours, theirs = a_practice(backend), a_practice(backend)
        one = a_lead(ours, owner="tc-1")
        two = a_lead(theirs, owner="tc-2", id=one.id)
        store(backend, ours, "leads", [one])
        store(backend, theirs, "leads", [two])
        task = a_task(one)
        store(backend, ours, "tasks", [task])
        store(backend, theirs, "tasks", [evolve(task, clinic_id=theirs.id, title="theirs")])
        with backend.begin(ours.id) as unit:
            unit.leads.save([evolve(one, keys=())])
        assert the_lead(backend, theirs, two) == two
        assert the_lead(backend, ours, one) == evolve(one, keys=(), version=2)
        assert stored(backend, ours, "tasks", [task.id]) == {task.id: task}

    def test_match_keys_do_not_cross_clinics(self, backend: Backend) -> None:
        """A family that asks in two practices is known to each by itself."""
        ours, theirs = a_practice(backend), a_practice(backend)
        one, two = a_lead(ours), a_lead(theirs)
        store(backend, ours, "leads", [one])
        store(backend, theirs, "leads", [two])
        for clinic, lead in ((ours, one), (theirs, two)):
            with backend.begin(clinic.id) as unit:
                assert unit.leads.sharing_key(one.keys) == dict.fromkeys(one.keys, (lead.id,))

    def test_aggregates_do_not_cross_clinics(self, backend: Backend) -> None:
        """Numbers are those of one clinic."""
        ours, theirs = store_samples(backend), store_samples(backend)
        with backend.begin(the_clinic(theirs).id) as unit:
            unit.leads.add([a_lead(the_clinic(theirs))])
        for table in ("leads", "visits", "activities", "tasks", "appointments"):
            with backend.begin(the_clinic(ours).id) as unit:
                [group] = unit.aggregate(Aggregate(table, (Measure("n"),)))
            assert group.values == {"n": len(ours[table])}

    def test_the_outbox_does_not_cross_clinics(self, backend: Backend) -> None:
        """A worker of one clinic claims nothing of another, and settles nothing of it."""
        ours, theirs = a_practice(backend), a_practice(backend)
        with backend.begin(theirs.id) as unit:
            unit.outbox.add([an_outbox_item(theirs)])
        with backend.begin(theirs.id) as unit:
            [claimed] = unit.outbox.claim(LATER, A_LEASE, 10)
        with backend.begin(ours.id) as unit:
            assert unit.outbox.waiting() == 0
            assert list(unit.outbox.claim(LATER + A_LEASE, A_LEASE, 10)) == []
            assert unit.outbox.settle(claimed, type(claimed.state).DONE, LATER) is False
        with backend.begin(theirs.id) as unit:
            assert unit.outbox.waiting() == 1

    def test_deliveries_do_not_cross_clinics(self, backend: Backend) -> None:
        """The same key of the same user in two clinics: two deliveries."""
        ours, theirs = a_practice(backend), a_practice(backend)
        for clinic in (ours, theirs):
            with backend.begin(clinic.id) as unit:
                assert unit.deliveries.claim(a_delivery(clinic)) is None

    def test_an_unknown_clinic_is_empty(self, backend: Backend) -> None:
        """A clinic that does not exist holds nothing, and has no revision."""
        a_practice(backend)
        with backend.begin(another_clinic_id()) as unit:
            assert unit.revision() is None
            assert unit.clinics.find().items == ()
            assert unit.leads.find().items == ()
            assert unit.leads.sharing_key(["phone:+1"]) == {}
            assert unit.outbox.waiting() == 0


def _owned_by(clinic: str, noun: object) -> dict[str, str]:
    return {"clinic_id": clinic} if hasattr(noun, "clinic_id") else {}
