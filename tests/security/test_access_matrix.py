"""Users, keys, sessions and the own account: every operation x every role x whose object."""

from collections.abc import Iterator

import pytest
from attrs import evolve

import orthocrm
from orthocrm import Forbidden, NotFound, Permission, Role
from orthocrm.core.ids import KeyId, SessionId, UserId
from orthocrm.services.areas import OPERATIONS
from orthocrm.testing.clock import FrozenClock
from tests.flows.conftest import KEYS
from tests.flows.practice import House
from tests.security.digest import digest, refusals
from tests.security.entered import (
    CHEAP,
    ENTERING,
    ME,
    OF_ONESELF,
    ON_THE_CLINIC,
    ON_USERS,
    Door,
    at_the_door,
)

GRANTED = {
    Permission.USER_MANAGE: {Role.CLINIC_ADMIN, Role.ADMIN, Role.OPERATOR},
    Permission.ACCOUNT_MANAGE: {*Role} - {Role.PATIENT, Role.WEB_FORM, Role.WORKER, Role.IMPORTER},
}
"""Who administers users, and who has an account: nobody but people, and who runs the programs.

The source document knows no users. Its clinic administrators keep the clinic's configuration, and
its administrators everything, so these two administer users; whoever works there looks after
their own account.
"""

NOTHING = "0190c0de-0000-7000-8000-000000000000"


@pytest.fixture
def house() -> Iterator[House]:
    clock = FrozenClock()
    with orthocrm.connect(
        "memory://", keys=KEYS, clock=clock, discover_plugins=False, hash_cost=CHEAP
    ) as crm:
        yield House(crm, crm.create_clinic(name="Bright Smiles", timezone="UTC"), clock)


def _door(house: House, whose: str) -> Door:
    door = at_the_door(house)
    if whose == "missing":
        return evolve(door, user=UserId(NOTHING), key=KeyId(NOTHING), session=SessionId(NOTHING))
    if whose == "of_another_clinic":
        other = House(house.crm, house.crm.create_clinic(name="Other", timezone="UTC"), house.clock)
        theirs = at_the_door(other)
        with house.crm._backend.begin(other.clinic.id) as store:
            user = store.users.get([theirs.user])[theirs.user]
            store.users.remove([user.id])
            store.users.add([evolve(user, id=UserId(NOTHING), version=1)])
        return evolve(theirs, user=UserId(NOTHING))
    return door


def test_every_operation_on_access_is_tried() -> None:
    assert {name for name in OPERATIONS if name.startswith("access.")} == set(ENTERING)


@pytest.mark.parametrize("whose", ["own", "of_another_clinic", "missing"])
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", ON_USERS)
def test_operations_on_a_user(house: House, name: str, role: Role, whose: str) -> None:
    door, desk = _door(house, whose), house.desk(role, ME)
    before = digest(house.crm)
    refusal = NotFound if role in GRANTED[Permission.USER_MANAGE] else Forbidden
    if refusal is NotFound and whose == "own":
        ON_USERS[name](desk, door)
        assert refusals(house) == ()
        return
    with pytest.raises(refusal):
        ON_USERS[name](desk, door)
    assert digest(house.crm) == before
    assert len(refusals(house)) == 1


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", [*ON_THE_CLINIC, *OF_ONESELF])
def test_operations_on_the_clinic_and_oneself(house: House, name: str, role: Role) -> None:
    door, desk = _door(house, "own"), house.desk(role, ME)
    before = digest(house.crm)
    if role in GRANTED[OPERATIONS[name].permission]:
        ENTERING[name](desk, door)
        assert refusals(house) == ()
        return
    with pytest.raises(Forbidden):
        ENTERING[name](desk, door)
    assert digest(house.crm) == before
    assert len(refusals(house)) == 1


@pytest.mark.parametrize("name", OF_ONESELF)
def test_who_has_no_account_finds_none(house: House, name: str) -> None:
    door = _door(house, "own")
    if name == "access.own_sessions":
        assert house.desk(Role.ADMIN, "stranger").access.own_sessions() == ()
        return
    with pytest.raises(NotFound):
        OF_ONESELF[name](house.desk(Role.ADMIN, "stranger"), door)


def test_the_library_grants_both_to_whom_it_should() -> None:
    grants = orthocrm.Preset.LITERAL.grants
    held = {p: {role for role in Role if p in grants[role]} for p in GRANTED}
    assert held == GRANTED
