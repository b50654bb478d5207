"""The inbox: every operation x every role, and deliveries of other clinics."""

from collections.abc import Iterator

import pytest

import orthocrm
from orthocrm import Forbidden, NotFound, Permission, Role
from orthocrm.services.areas import OPERATIONS
from orthocrm.testing.clock import FrozenClock
from tests.flows.conftest import KEYS
from tests.flows.practice import House
from tests.security.delivered import DELIVERING, shelved
from tests.security.digest import digest, refusals

OPERATORS = {Role.ADMIN, Role.OPERATOR}
GRANTED = {
    Permission.LEAD_CREATE: {
        Role.FRONT_DESK,
        Role.TREATMENT_COORDINATOR,
        Role.AGENT,
        Role.WEB_FORM,
        Role.IMPORTER,
    }
    | OPERATORS,
    Permission.LEAD_CONFIGURE: {Role.CLINIC_ADMIN, Role.IMPORTER} | OPERATORS,
    Permission.MESSAGE_SEND: {Role.WORKER} | OPERATORS,
}
"""Who has a permission, copied by hand."""


@pytest.fixture(scope="module")
def crm() -> Iterator[orthocrm.OrthoCRM]:
    clock = FrozenClock()
    with orthocrm.connect("memory://", keys=KEYS, clock=clock, discover_plugins=False) as crm:
        yield crm


def _house(crm: orthocrm.OrthoCRM) -> House:
    clinic = crm.create_clinic(name="Bright Smiles", timezone="America/Chicago")
    house = House(crm, clinic, crm._clock)  # type: ignore[arg-type]  # the frozen one
    house.admin.settings.add_coordinator("tc-1", "Ana")
    return house


def test_every_operation_of_the_inbox_is_tried() -> None:
    assert {name for name in OPERATIONS if name.startswith("inbox.")} == set(DELIVERING)


@pytest.mark.parametrize("name", DELIVERING)
def test_who_may_do_what_with_deliveries(crm: orthocrm.OrthoCRM, name: str) -> None:
    for role in Role:
        house = _house(crm)
        shelf, desk = shelved(house), house.desk(role, "me")
        if role in GRANTED[OPERATIONS[name].permission]:
            DELIVERING[name](desk, shelf)
            continue
        before, known = digest(crm), len(refusals(house))
        with pytest.raises(Forbidden):
            DELIVERING[name](desk, shelf)
        assert digest(crm) == before
        assert [(e.operation, e.outcome) for e in refusals(house)[known:]] == [(name, "forbidden")]


@pytest.mark.parametrize("name", ["capture", "apply", "fail", "open", "retry", "drop"])
def test_deliveries_of_another_clinic_are_not_there(crm: orthocrm.OrthoCRM, name: str) -> None:
    theirs, ours = shelved(_house(crm)), _house(crm)
    shelved(ours)
    before = digest(crm)
    with pytest.raises(NotFound):
        DELIVERING[f"inbox.{name}"](ours.desk(Role.OPERATOR), theirs)
    assert digest(crm) == before
