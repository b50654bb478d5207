"""What a worker leaves on the audit trail when there is nothing to do, and when there is."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

import orthocrm
from orthocrm.core.audit import AuditEntry
from orthocrm.core.query import Cond
from orthocrm.services.work import everything
from orthocrm.testing.clock import FrozenClock
from tests.flows.practice import House


@pytest.fixture
def house() -> Iterator[House]:
    clock = FrozenClock()
    with orthocrm.connect("memory://", clock=clock, discover_plugins=False) as crm:
        yield House(crm, crm.create_clinic(name="Bright Smiles", timezone="UTC"), clock)


def of_workers(house: House) -> list[AuditEntry]:
    with house.crm._backend.begin(house.clinic.id) as store:
        found = everything(store.audit, Cond("user", "eq", "system:worker"))
    return sorted(found, key=lambda entry: entry.position or 0)


def test_a_round_that_finds_nothing_leaves_one_entry_that_names_its_steps(house: House) -> None:
    house.crm.work()
    house.crm.work()
    first, second = of_workers(house)[-2:]
    assert (first.operation, first.outcome, first.objects) == ("rounds.idle", "done", ())
    (found,) = first.changes
    assert found["kind"] == "found_nothing"
    assert {"scheduling.expire_holds", "followups.raise_due", "notifications.take"} <= {
        *found["operations"]
    }
    assert (second.operation, second.changes) == ("rounds.idle", first.changes)


def test_a_step_that_does_something_leaves_its_own_entry(house: House) -> None:
    house.admin.settings.add_coordinator("tc-1", "Ana")
    house.lead()
    house.crm.work()
    before = len(of_workers(house))
    house.clock.advance(timedelta(days=8))
    done = house.crm.work()
    assert done.tasks or done.notices
    entries = of_workers(house)[before:]
    named = [entry.operation for entry in entries]
    assert [named.count(one) for one in ("followups.raise_due", "rounds.idle")] == [1, 1]
    assert "scheduling.expire_holds" not in named
