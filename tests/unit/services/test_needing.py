"""What consists of several verbs asks for its own right first, in the unit of work of the first."""

from collections.abc import Iterator

import pytest

import orthocrm
from orthocrm import Forbidden, Permission
from orthocrm.core.query import Cond
from orthocrm.services.work import everything
from orthocrm.testing.clock import FrozenClock
from tests.flows.practice import House


@pytest.fixture
def house() -> Iterator[House]:
    clock = FrozenClock()
    with orthocrm.connect("memory://", clock=clock, discover_plugins=False) as crm:
        yield House(crm, crm.create_clinic(name="Bright Smiles", timezone="UTC"), clock)


def refused(house: House) -> list[tuple[str, str]]:
    with house.crm._backend.begin(house.clinic.id) as store:
        found = everything(store.audit, Cond("outcome", "ne", "done"))
    return [(entry.operation, entry.outcome) for entry in found]


def test_the_first_verb_asks_for_what_the_whole_is_for(house: House) -> None:
    desk = house.front.needing("privacy.export", Permission.PRIVACY_EXPORT)
    with pytest.raises(Forbidden):
        desk.leads.find()
    assert refused(house) == [("privacy.export", "forbidden")]


def test_what_was_asked_once_is_not_asked_again(house: House) -> None:
    desk = house.front.needing("leads.find", Permission.LEAD_READ)
    assert desk.leads.find().leads == ()
    desk.office.ensure_met()
    assert desk.leads.find().leads == ()
    assert refused(house) == []


def test_who_asked_no_verb_is_refused_afterwards(house: House) -> None:
    house.front.needing("leads.find", Permission.LEAD_READ).office.ensure_met()
    with pytest.raises(Forbidden):
        house.front.needing("privacy.export", Permission.PRIVACY_EXPORT).office.ensure_met()
    assert refused(house) == [("privacy.export", "forbidden")]
