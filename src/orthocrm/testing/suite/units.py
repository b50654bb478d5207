"""Units of work: all or nothing, isolated, and consistent with themselves."""

import threading
from contextlib import suppress

import pytest
from attrs import evolve

from orthocrm.core.audit import OutboxItem
from orthocrm.core.errors import AlreadyExists, StaleVersion
from orthocrm.core.ids import UserId
from orthocrm.core.ports import Backend, UnitOfWork
from orthocrm.core.query import Aggregate, Cond, Group, Measure
from orthocrm.core.settings import Clinic
from orthocrm.testing.factories import (
    a_clinic,
    a_delivery,
    a_lead,
    a_source,
    a_task,
    an_audit_entry,
    an_outbox_item,
)
from orthocrm.testing.suite.arranged import (
    A_LEASE,
    A_MOMENT,
    PATIENCE_SECONDS,
    Capability,
    Rules,
    a_practice,
    failing,
    store,
    the_lead,
    together,
)

LEADS = Aggregate("leads", (Measure("n"),))


class Broken(Exception):
    """Something went wrong in the middle of a verb."""


class Interrupted(BaseException):
    """Somebody stopped the program."""


def _counts(backend: Backend, clinic: Clinic) -> tuple[int, ...]:
    with backend.begin(clinic.id) as unit:
        counted = (unit.leads, unit.tasks, unit.sources, unit.audit)
        return (*(each.count() for each in counted), unit.outbox.waiting())


def _write_everywhere(unit: UnitOfWork, clinic: Clinic) -> None:
    lead = a_lead(clinic)
    unit.leads.add([lead])
    unit.tasks.add([a_task(lead)])
    unit.sources.add([a_source(clinic, "Radio")])
    unit.audit.add([an_audit_entry(clinic)])
    unit.outbox.add([an_outbox_item(clinic)])


class UnitOfWorkRules(Rules):
    """Committing, rolling back, and seeing."""

    def test_a_clean_exit_keeps_everything(self, backend: Backend) -> None:
        """All writes of a unit of work are there when it has ended."""
        clinic = a_practice(backend)
        with backend.begin(clinic.id) as unit:
            _write_everywhere(unit, clinic)
        assert _counts(backend, clinic) == (1, 1, 2, 1, 1)

    @pytest.mark.parametrize("error", [Broken, Interrupted])
    def test_an_exception_drops_everything(
        self, backend: Backend, error: type[BaseException]
    ) -> None:
        """Nothing of the unit is kept, and the exception itself comes out."""
        clinic = a_practice(backend)
        with failing(error, backend, clinic.id) as unit:
            _write_everywhere(unit, clinic)
            raise error
        assert _counts(backend, clinic) == (0, 0, 1, 0, 0)

    def test_writes_that_were_read_are_dropped_too(self, backend: Backend) -> None:
        """A read may send the collected writes to the storage; they are dropped all the same."""
        clinic = a_practice(backend)
        with failing(Broken, backend, clinic.id) as unit:
            _write_everywhere(unit, clinic)
            assert unit.leads.count() == 1
            assert unit.outbox.waiting() == 1
            raise Broken
        assert _counts(backend, clinic) == (0, 0, 1, 0, 0)

    def test_saves_and_removals_are_dropped(self, backend: Backend) -> None:
        """What was changed or removed stands as it stood."""
        clinic = a_practice(backend)
        kept, changed = a_lead(clinic), a_lead(clinic)
        store(backend, clinic, "leads", [kept, changed])
        with failing(Broken, backend, clinic.id) as unit:
            unit.leads.remove([kept.id])
            unit.leads.save([evolve(changed, keys=("phone:+1",))])
            assert unit.leads.count() == 1
            raise Broken
        assert the_lead(backend, clinic, kept) == kept
        assert the_lead(backend, clinic, changed) == changed

    def test_claims_are_dropped(self, backend: Backend) -> None:
        """A delivery or outbox item claimed in vain can be claimed again."""
        clinic = a_practice(backend)
        item = an_outbox_item(clinic)
        with backend.begin(clinic.id) as unit:
            unit.outbox.add([item])
        for _ in range(2):
            with suppress(Broken), backend.begin(clinic.id) as unit:
                assert unit.deliveries.claim(a_delivery(clinic)) is None
                assert _claimed_ids(unit, item) == [item.id]
                raise Broken

    def test_a_clinic_is_dropped_with_everything_in_it(self, backend: Backend) -> None:
        """Also the clinic that a broken unit of work has founded was never there."""
        clinic = a_clinic()
        with failing(Broken, backend, clinic.id) as unit:
            unit.clinics.add([clinic])
            unit.sources.add([a_source(clinic)])
            assert unit.revision() == 1
            raise Broken
        with backend.begin(clinic.id) as unit:
            assert unit.revision() is None
            assert unit.sources.count() == 0
        assert list(backend.clinics()) == []

    def test_the_backend_works_on_after_an_exception(self, backend: Backend) -> None:
        """The next unit of work of the same thread is a new one."""
        clinic = a_practice(backend)
        lead = a_lead(clinic)
        with failing(Broken, backend, clinic.id) as unit:
            unit.leads.add([lead])
            raise Broken
        store(backend, clinic, "leads", [lead])
        assert the_lead(backend, clinic, lead) == lead

    def test_reads_see_what_the_unit_has_added(self, backend: Backend) -> None:
        """Every way of reading shows the unit's own new nouns."""
        clinic = a_practice(backend)
        with backend.begin(clinic.id) as unit:
            lead = a_lead(clinic, phone="+13125550199")
            unit.leads.add([lead])
            assert unit.leads.get([lead.id]) == {lead.id: lead}
            assert unit.leads.get([lead.id], lock=True) == {lead.id: lead}
            assert unit.leads.find(Cond("id", "eq", lead.id)).items == (lead,)
            assert unit.leads.count() == 1
            assert unit.leads.sharing_key(["phone:+13125550199"]) == {
                "phone:+13125550199": (lead.id,)
            }
            assert unit.aggregate(LEADS) == [Group((), {"n": 1})]

    def test_reads_see_what_the_unit_has_saved(self, backend: Backend) -> None:
        """A saved noun replaces the stored one in every way of reading."""
        clinic = a_practice(backend)
        lead = a_lead(clinic, owner="tc-1")
        store(backend, clinic, "leads", [lead])
        with backend.begin(clinic.id) as unit:
            assert unit.leads.count(Cond("owner", "eq", "tc-1")) == 1
            [saved] = unit.leads.save(
                [
                    evolve(
                        lead,
                        ownership=evolve(lead.ownership, owner=UserId("tc-2")),
                        keys=("phone:+1",),
                    )
                ]
            )
            assert unit.leads.get([lead.id]) == {lead.id: saved}
            assert unit.leads.find().items == (saved,)
            assert unit.leads.count(Cond("owner", "eq", "tc-1")) == 0
            assert unit.leads.sharing_key([*lead.keys, "phone:+1"]) == {"phone:+1": (lead.id,)}
            query = Aggregate("leads", (Measure("n"),), by=("owner",))
            assert unit.aggregate(query) == [Group(("tc-2",), {"n": 1})]

    def test_reads_miss_what_the_unit_has_removed(self, backend: Backend) -> None:
        """A removed noun is gone at once for the unit itself."""
        clinic = a_practice(backend)
        lead = a_lead(clinic)
        store(backend, clinic, "leads", [lead])
        with backend.begin(clinic.id) as unit:
            unit.leads.remove([lead.id])
            assert unit.leads.get([lead.id]) == {}
            assert unit.leads.find().items == ()
            assert unit.leads.count() == 0
            assert unit.leads.sharing_key(lead.keys) == {}
            assert unit.aggregate(LEADS) == [Group((), {"n": 0})]

    def test_nothing_uncommitted_is_seen_by_others(self, backend: Backend) -> None:
        """Whether a reader waits for the writer or not, it never sees what is dropped later."""
        self.needs(Capability.THREADS)
        clinic = a_practice(backend)
        wrote, seen = threading.Event(), threading.Event()

        def write() -> None:
            with suppress(Broken), backend.begin(clinic.id) as unit:
                _write_everywhere(unit, clinic)
                assert unit.leads.count() == 1
                wrote.set()
                seen.wait(A_MOMENT)
                raise Broken

        def read() -> tuple[int, ...]:
            assert wrote.wait(PATIENCE_SECONDS)
            counts = _counts(backend, clinic)
            seen.set()
            return counts

        assert together(write, read)[1] == (0, 0, 1, 0, 0)

    def test_the_clinic_is_the_one_that_was_asked_for(self, backend: Backend) -> None:
        """A unit of work knows its clinic."""
        clinic = a_practice(backend)
        with backend.begin(clinic.id) as unit:
            assert unit.clinic == clinic.id

    def test_a_taken_id_is_refused(self, backend: Backend) -> None:
        """Nothing of the refused unit of work is kept."""
        clinic = a_practice(backend)
        lead = a_lead(clinic)
        store(backend, clinic, "leads", [lead])
        with failing(AlreadyExists, backend, clinic.id) as unit:
            unit.audit.add([an_audit_entry(clinic)])
            unit.leads.add([a_lead(clinic), a_lead(clinic, id=lead.id, owner="tc-2")])
        assert _counts(backend, clinic) == (1, 0, 1, 0, 0)
        assert the_lead(backend, clinic, lead) == lead

    def test_an_id_is_taken_within_the_unit_of_work_too(self, backend: Backend) -> None:
        """The same noun twice, in one call or in two, is refused."""
        clinic = a_practice(backend)
        lead = a_lead(clinic)
        with failing(AlreadyExists, backend, clinic.id) as unit:
            unit.leads.add([lead, lead])
        with failing(AlreadyExists, backend, clinic.id) as unit:
            unit.leads.add([lead])
            unit.leads.add([lead])
        assert _counts(backend, clinic) == (0, 0, 1, 0, 0)

    def test_a_refused_unit_of_work_keeps_nothing(self, backend: Backend) -> None:
        """Not even when the caller passes over the refusal and leaves the block cleanly."""
        clinic = a_practice(backend)
        lead = a_lead(clinic)
        store(backend, clinic, "leads", [lead])
        with suppress(AlreadyExists), backend.begin(clinic.id) as unit:
            unit.audit.add([an_audit_entry(clinic)])
            assert unit.audit.count() == 1
            with suppress(AlreadyExists):
                unit.leads.add([lead])
                unit.leads.count()
        with suppress(StaleVersion), backend.begin(clinic.id) as unit:
            unit.audit.add([an_audit_entry(clinic)])
            assert unit.audit.count() == 1
            with suppress(StaleVersion):
                unit.leads.save([evolve(lead, version=7)])
                unit.leads.count()
        assert _counts(backend, clinic) == (1, 0, 1, 0, 0)


def _claimed_ids(unit: UnitOfWork, item: OutboxItem) -> list[str]:
    return [claimed.id for claimed in unit.outbox.claim(item.due_at, A_LEASE, 5)]
