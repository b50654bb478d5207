"""The outbox: every event is handed out once, and again only when its lease has run out."""

from datetime import datetime, timedelta

from attrs import evolve

from orthocrm.core.audit import OutboxItem, OutboxState
from orthocrm.core.errors import AlreadyExists
from orthocrm.core.ports import Backend
from orthocrm.core.settings import Clinic
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories import an_outbox_item
from orthocrm.testing.suite.arranged import (
    A_LEASE,
    Capability,
    Rules,
    a_practice,
    exact,
    failing,
    together,
)

NOW = MONDAY_MORNING
TICK = timedelta(microseconds=1)


def _put(backend: Backend, clinic: Clinic, *items: OutboxItem) -> None:
    with backend.begin(clinic.id) as unit:
        unit.outbox.add(items)


def _claim(
    backend: Backend, clinic: Clinic, now: datetime = NOW, most: int = 10
) -> list[OutboxItem]:
    with backend.begin(clinic.id) as unit:
        return list(unit.outbox.claim(now, A_LEASE, most))


def _ids(items: list[OutboxItem]) -> list[str]:
    return [item.id for item in items]


def _waiting(backend: Backend, clinic: Clinic) -> dict[OutboxState, int]:
    with backend.begin(clinic.id) as unit:
        return {state: unit.outbox.waiting(state) for state in OutboxState}


def _settle(
    backend: Backend, clinic: Clinic, item: OutboxItem, state: OutboxState, due_at: datetime = NOW
) -> bool:
    with backend.begin(clinic.id) as unit:
        return unit.outbox.settle(item, state, due_at)


class OutboxRules(Rules):
    """Adding, claiming and settling."""

    def test_a_claimed_item_is_what_was_added(self, backend: Backend) -> None:
        """Its attempts and its fence have grown by one; all else is as it was."""
        clinic = a_practice(backend)
        payload = {"lead_id": "l", "n": 1, "none": None, "many": ["ü", {"deep": True}]}
        item = an_outbox_item(clinic, NOW, payload=payload, created_at=NOW - TICK)
        _put(backend, clinic, item)
        [claimed] = _claim(backend, clinic)
        assert (claimed.id, claimed.clinic_id, claimed.kind) == (item.id, clinic.id, item.kind)
        assert exact(claimed.payload) == exact(payload)
        assert exact(claimed.created_at) == exact(item.created_at)
        assert claimed.state is OutboxState.PENDING
        assert (claimed.attempts, claimed.fence) == (1, 1)

    def test_a_payload_is_not_shared_with_the_caller(self, backend: Backend) -> None:
        """A mapping that is changed after it was added changes nothing stored."""
        clinic = a_practice(backend)
        payload = {"lead_id": "l"}
        _put(backend, clinic, an_outbox_item(clinic, payload=payload))
        payload["lead_id"] = "spoiled"
        [claimed] = _claim(backend, clinic)
        assert claimed.payload == {"lead_id": "l"}

    def test_an_item_is_claimed_once_it_is_due(self, backend: Backend) -> None:
        """Not a microsecond earlier."""
        clinic = a_practice(backend)
        item = an_outbox_item(clinic, NOW)
        _put(backend, clinic, item)
        assert _claim(backend, clinic, NOW - TICK) == []
        assert _ids(_claim(backend, clinic, NOW)) == [item.id]

    def test_the_oldest_are_claimed_first(self, backend: Backend) -> None:
        """At most as many as were asked for; the rest waits for the next claim."""
        clinic = a_practice(backend)
        items = [an_outbox_item(clinic, NOW + n * TICK) for n in range(5)]
        _put(backend, clinic, items[3], items[0], items[4])
        _put(backend, clinic, items[2], items[1])
        later = NOW + timedelta(seconds=1)
        assert _ids(_claim(backend, clinic, later, most=2)) == _ids(items[:2])
        assert _ids(_claim(backend, clinic, later, most=2)) == _ids(items[2:4])
        assert _ids(_claim(backend, clinic, later, most=2)) == _ids(items[4:])
        assert _claim(backend, clinic, later, most=2) == []

    def test_a_lease_that_runs_out_frees_the_item(self, backend: Backend) -> None:
        """The next claim gets it with a larger fence; until then nobody does."""
        clinic = a_practice(backend)
        item = an_outbox_item(clinic, NOW)
        _put(backend, clinic, item)
        [first] = _claim(backend, clinic, NOW)
        assert _claim(backend, clinic, NOW + A_LEASE - TICK) == []
        [second] = _claim(backend, clinic, NOW + A_LEASE)
        assert (second.id, second.attempts) == (item.id, 2)
        assert second.fence > first.fence

    def test_a_late_answer_is_refused(self, backend: Backend) -> None:
        """Once somebody else has claimed the item, only their answer counts."""
        clinic = a_practice(backend)
        _put(backend, clinic, an_outbox_item(clinic, NOW))
        [slow] = _claim(backend, clinic, NOW)
        [quick] = _claim(backend, clinic, NOW + A_LEASE)
        assert _settle(backend, clinic, slow, OutboxState.PARKED) is False
        assert _waiting(backend, clinic)[OutboxState.PENDING] == 1
        assert _settle(backend, clinic, quick, OutboxState.DONE) is True
        assert _settle(backend, clinic, slow, OutboxState.PENDING) is False
        assert _waiting(backend, clinic) == {
            OutboxState.PENDING: 0,
            OutboxState.DONE: 1,
            OutboxState.PARKED: 0,
        }

    def test_an_answer_to_an_unknown_item_is_refused(self, backend: Backend) -> None:
        """There is nothing to settle."""
        clinic = a_practice(backend)
        assert _settle(backend, clinic, an_outbox_item(clinic), OutboxState.DONE) is False

    def test_settled_items_are_not_claimed_again(self, backend: Backend) -> None:
        """Neither those that are done nor those that were parked."""
        clinic = a_practice(backend)
        _put(backend, clinic, *(an_outbox_item(clinic, NOW) for _ in range(3)))
        done, parked, _ = _claim(backend, clinic)
        assert _settle(backend, clinic, done, OutboxState.DONE) is True
        assert _settle(backend, clinic, parked, OutboxState.PARKED) is True
        assert _waiting(backend, clinic) == dict.fromkeys(OutboxState, 1)
        assert len(_claim(backend, clinic, NOW + 2 * A_LEASE)) == 1

    def test_an_item_to_be_tried_again_waits_until_then(self, backend: Backend) -> None:
        """Settled as pending, it is due when the answer says, and counts its attempts on."""
        clinic = a_practice(backend)
        _put(backend, clinic, an_outbox_item(clinic, NOW))
        [item] = _claim(backend, clinic)
        again = NOW + timedelta(seconds=5)
        assert _settle(backend, clinic, item, OutboxState.PENDING, again) is True
        assert _claim(backend, clinic, again - TICK) == []
        [second] = _claim(backend, clinic, again)
        assert (second.id, second.attempts) == (item.id, 2)

    def test_who_heard_of_it_is_kept(self, backend: Backend) -> None:
        """The next claim knows the plug-ins that need not be told again; nothing else changes."""
        clinic = a_practice(backend)
        _put(backend, clinic, an_outbox_item(clinic, NOW))
        [item] = _claim(backend, clinic)
        heard = evolve(item, heard=("Bell", 'Ünlisted, "quoted"'), kind="spoiled", payload={})
        assert _settle(backend, clinic, heard, OutboxState.PENDING) is True
        [second] = _claim(backend, clinic)
        assert exact(second.heard) == exact(heard.heard)
        assert (second.kind, second.payload) == (item.kind, item.payload)

    def test_waiting_counts_one_state(self, backend: Backend) -> None:
        """Pending unless told otherwise, due or not, claimed or not."""
        clinic = a_practice(backend)
        later = NOW + timedelta(days=9)
        _put(backend, clinic, an_outbox_item(clinic, NOW), an_outbox_item(clinic, later))
        _claim(backend, clinic)
        with backend.begin(clinic.id) as unit:
            assert unit.outbox.waiting() == 2
            assert unit.outbox.waiting(OutboxState.DONE) == 0

    def test_an_item_is_added_once(self, backend: Backend) -> None:
        """Its id is taken from then on."""
        clinic = a_practice(backend)
        item = an_outbox_item(clinic)
        _put(backend, clinic, item)
        with failing(AlreadyExists, backend, clinic.id) as unit:
            unit.outbox.add([item])
        assert _waiting(backend, clinic)[OutboxState.PENDING] == 1

    def test_each_item_goes_to_one_of_many_workers(self, backend: Backend) -> None:
        """Threads that claim until nothing is left get every item exactly once."""
        self.needs(Capability.THREADS)
        clinic = a_practice(backend)
        items = [an_outbox_item(clinic, NOW) for _ in range(40)]
        _put(backend, clinic, *items)

        def work() -> list[str]:
            mine: list[str] = []
            while True:
                batch = _claim(backend, clinic, NOW, most=3)
                mine.extend(_ids(batch))
                with backend.begin(clinic.id) as unit:
                    settled = [unit.outbox.settle(i, OutboxState.DONE, NOW) for i in batch]
                    left = unit.outbox.waiting()
                assert all(settled)
                if not left:
                    return mine

        shares = together(*[work] * 4)
        assert sorted(item for share in shares for item in share) == sorted(_ids(items))
        assert _waiting(backend, clinic)[OutboxState.DONE] == 40
