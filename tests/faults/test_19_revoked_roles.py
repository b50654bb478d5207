"""Fault 19. A role is revoked, or somebody deactivated: refused at the next call."""

from collections.abc import Callable, Iterator

import pytest

import orthocrm
from orthocrm import Actor, Forbidden, Permission, Role
from orthocrm.access.keys import NewKey
from orthocrm.access.passwords import HashCost
from orthocrm.core.ids import UserId
from orthocrm.services.access.users import NewUser
from orthocrm.testing.clock import FrozenClock
from tests.flows.conftest import KEYS
from tests.flows.practice import House
from tests.security.digest import digest

ANA, MAIL, PASSWORD = UserId("tc-1"), "ana@bright.example", "seven purple pianos"
CHEAP = HashCost(memory=8, passes=1, lanes=1)
COORDINATOR = [Role.TREATMENT_COORDINATOR]
Door = Callable[[], Actor | None]


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    engine, clock = request.param, FrozenClock()
    name = f"migrated_{engine}_url"
    url = "memory://" if engine == "memory" else str(request.getfixturevalue(name))
    with orthocrm.connect(
        url, keys=KEYS, clock=clock, discover_plugins=False, hash_cost=CHEAP
    ) as crm:
        house = House(crm, crm.create_clinic(name="Bright Smiles", timezone="UTC"), clock)
        house.admin.settings.add_coordinator(ANA, "Ana")
        yield house


@pytest.fixture
def doors(house: House) -> dict[str, Door]:
    """Three ways for Ana to come: a session, a key, and the word of an identity provider."""
    access, clinic = house.crm.access, house.clinic.id
    invited = house.desk(Role.ADMIN, "boss").access.add_user(
        NewUser(name="Ana", roles=COORDINATOR, email=MAIL, id=ANA)
    )
    assert invited.invitation is not None
    access.set_password(invited.invitation.token, PASSWORD)
    session = access.log_in(clinic, MAIL, PASSWORD).token
    key = NewKey(name="phone", scopes=[Permission.LEAD_CREATE, Permission.LEAD_READ], user=ANA)
    token = house.desk(Role.ADMIN, "boss").access.make_key(key).token
    assert session is not None
    return {
        "session": lambda: access.session(session),
        "key": lambda: access.key(token),
        "member": lambda: access.member(clinic, ANA),
    }


def _finds(house: House, door: Door) -> bool:
    """Whether whoever comes through a door may read leads now."""
    actor = door()
    if actor is None:
        return False
    try:
        house.crm.acting_as(actor).leads.find(mine=False)
    except Forbidden:
        return False
    return True


def _open(house: House, doors: dict[str, Door]) -> set[str]:
    return {name for name, door in doors.items() if _finds(house, door)}


def test_a_revoked_role_is_refused_at_the_next_call(house: House, doors: dict[str, Door]) -> None:
    assert _open(house, doors) == {*doors}
    house.desk(Role.ADMIN, "boss").access.change_roles(ANA, [Role.MARKETING_MANAGER])
    before = digest(house.crm)
    assert _open(house, doors) == set()
    assert digest(house.crm) == before
    house.desk(Role.ADMIN, "boss").access.change_roles(ANA, COORDINATOR)
    assert "member" in _open(house, doors)


def test_who_was_deactivated_comes_through_no_door(house: House, doors: dict[str, Door]) -> None:
    assert _open(house, doors) == {*doors}
    house.desk(Role.ADMIN, "boss").access.deactivate(ANA)
    assert [door() for door in doors.values()] == [None] * len(doors)
