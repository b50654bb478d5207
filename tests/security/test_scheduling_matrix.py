"""Every operation on appointments x every role x whose they are.

What a role may do stands here once more, copied by hand from the table of roles, so that a slip in
the library's own table is seen.
"""

from collections.abc import Iterable, Iterator

import pytest
from attrs import evolve

import orthocrm
from orthocrm import Forbidden, InvalidInput, NotFound, Permission, Role
from orthocrm.core.ids import LeadId, UserId
from orthocrm.services.areas import OPERATIONS
from orthocrm.testing.clock import FrozenClock
from tests.flows.conftest import KEYS
from tests.flows.practice import House, enquiry
from tests.flows.scheduling import TUESDAY, open_the_diary, search
from tests.security.digest import digest, refusals
from tests.security.scheduled import (
    FOR_LEADS,
    LOOKING,
    ME,
    ON_HOURS,
    ON_VISITS,
    SCHEDULING,
    Visit,
    prepared,
)

READ, BOOK, MANAGE = (
    Permission.APPOINTMENT_READ,
    Permission.APPOINTMENT_BOOK,
    Permission.APPOINTMENT_MANAGE,
)
REMIND = Permission.APPOINTMENT_REMIND
LOOK, HOURS = Permission.AVAILABILITY_READ, Permission.AVAILABILITY_MANAGE

GRANTED = {
    Role.FRONT_DESK: {READ, BOOK, MANAGE, REMIND, LOOK},
    Role.TREATMENT_COORDINATOR: {READ, BOOK, MANAGE, REMIND, LOOK},
    Role.CLINIC_ADMIN: {READ, BOOK, MANAGE, REMIND, LOOK, HOURS},
    Role.DOCTOR: set(),
    Role.MARKETING_MANAGER: set(),
    Role.AGENT: {READ, BOOK, MANAGE, REMIND, LOOK, HOURS},
    Role.ADMIN: {READ, BOOK, MANAGE, REMIND, LOOK, HOURS},
    Role.PROVIDER: {READ, BOOK, MANAGE, LOOK, HOURS},
    Role.PATIENT: {READ, BOOK, LOOK},
    Role.WEB_FORM: set(),
    Role.WORKER: {MANAGE},
    Role.IMPORTER: set(),
    Role.OPERATOR: {READ, BOOK, MANAGE, REMIND, LOOK, HOURS},
}

OWN_ONLY = {Role.AGENT, Role.PROVIDER, Role.PATIENT}
KINDS = ("own", "of_another", "of_another_clinic")


@pytest.fixture
def house() -> Iterator[House]:
    clock = FrozenClock()
    with orthocrm.connect("memory://", keys=KEYS, clock=clock, discover_plugins=False) as crm:
        yield a_practice(crm, clock)


def a_practice(crm: orthocrm.OrthoCRM, clock: FrozenClock) -> House:
    settings = orthocrm.Settings(fallback=UserId("manager"))
    clinic = crm.create_clinic(name="Bright Smiles", timezone="UTC", settings=settings)
    house = House(crm, clinic, clock)
    for user in ("me", "tc-1"):
        house.admin.settings.add_coordinator(UserId(user), user)
    return house


def a_visit(house: House, name: str, kind: str) -> Visit:
    """Prepare a visit of a lead, in the actor's diary or in somebody else's."""
    where = house
    if kind == "of_another_clinic":
        open_the_diary(house)
        where = a_practice(house.crm, house.clock)
    owner = "tc-1" if kind == "of_another" else "me"
    lead = where.desk(Role.OPERATOR).leads.capture(enquiry(owner=owner)).lead
    return prepared(where, lead.id, name, ME if owner == "me" else UserId(owner))


def test_the_library_grants_what_the_table_says() -> None:
    every = {READ, BOOK, MANAGE, REMIND, LOOK, HOURS}
    grants = orthocrm.Preset.LITERAL.grants
    assert {role: set(grants[role]) & every for role in Role} == GRANTED


def tried(names: Iterable[str], kinds: Iterable[str]) -> list[tuple[str, Role, str]]:
    """Try what is granted on every kind, and what is not on one."""
    return [
        (name, role, kind)
        for name in names
        for role in Role
        for kind in (kinds if granted(role, name) else ("own",))
    ]


def granted(role: Role, name: str) -> bool:
    return OPERATIONS[f"scheduling.{name}"].permission in GRANTED[role]


@pytest.mark.parametrize("name, role, kind", tried(ON_VISITS, KINDS))
def test_operations_on_one_appointment(house: House, name: str, role: Role, kind: str) -> None:
    visit = a_visit(house, name, kind)
    desk = house.desk(role, visit.lead if role is Role.PATIENT and kind == "own" else "me")
    before, refused = digest(house.crm), len(refusals(house))
    if not granted(role, name):
        with pytest.raises(Forbidden):
            ON_VISITS[name](desk, visit)
    elif kind == "of_another_clinic" or (role in OWN_ONLY and kind != "own"):
        with pytest.raises(NotFound):
            ON_VISITS[name](desk, visit)
    elif name == "leave_waitlist" and role in OWN_ONLY - {Role.PATIENT}:
        with pytest.raises(NotFound):  # somebody else put the family on the list
            ON_VISITS[name](desk, visit)
    else:
        ON_VISITS[name](desk, visit)
        assert len(refusals(house)) == refused
        return
    assert digest(house.crm) == before
    assert len(refusals(house)) == refused + 1


@pytest.mark.parametrize("name, role, kind", tried(ON_HOURS, ("own", "of_another")))
def test_operations_on_hours(house: House, name: str, role: Role, kind: str) -> None:
    visit, desk = a_visit(house, name, kind), house.desk(role, "me")
    if name == "save_schedule":
        visit = evolve(visit, provider=UserId("me" if kind == "own" else "new"))
        house.admin.scheduling.remove_schedule("me")
    before = digest(house.crm)
    if granted(role, name) and (role not in OWN_ONLY or kind == "own"):
        ON_HOURS[name](desk, visit)
        return
    with pytest.raises(Forbidden):
        ON_HOURS[name](desk, visit)
    assert digest(house.crm) == before


@pytest.mark.parametrize("name, role, kind", tried(FOR_LEADS, KINDS))
def test_operations_for_a_lead(house: House, name: str, role: Role, kind: str) -> None:
    visit = a_visit(house, name, kind)
    desk = house.desk(role, visit.lead if role is Role.PATIENT and kind == "own" else "me")
    before = digest(house.crm)
    refusal: tuple[type[Exception], ...] = (Forbidden,)
    if granted(role, name):
        if role is Role.PROVIDER or (role in OWN_ONLY and kind == "of_another"):
            # leads belong to coordinators; another's diary is refused before the lead is sought
            refusal = (NotFound, Forbidden)
            if role is Role.PROVIDER and kind == "own":
                FOR_LEADS[name](desk, visit)
                return
        elif kind == "of_another_clinic":
            refusal = (NotFound,)
        else:
            FOR_LEADS[name](desk, visit)
            return
    with pytest.raises(refusal):
        FOR_LEADS[name](desk, visit)
    assert digest(house.crm) == before


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", LOOKING)
def test_operations_on_the_diary(house: House, name: str, role: Role) -> None:
    visit, desk = a_visit(house, name, "own"), house.desk(role, "me")
    forbidden = not granted(role, name) or (role is Role.PATIENT and name == "explain")
    if role is Role.PATIENT and name == "utilisation":
        forbidden = True
    if name == "revoke_link" and role in OWN_ONLY and not forbidden:
        with pytest.raises(NotFound):  # nobody of these has made it
            LOOKING[name](desk, visit)
    elif forbidden:
        with pytest.raises(Forbidden):
            LOOKING[name](desk, visit)
    else:
        LOOKING[name](desk, visit)


@pytest.mark.parametrize("role", sorted(OWN_ONLY - {Role.PATIENT}))
@pytest.mark.parametrize("name", ["slots", "next_available", "explain", "utilisation"])
def test_who_sees_only_the_own_diary_asks_for_no_other(house: House, name: str, role: Role) -> None:
    visit, desk = a_visit(house, name, "of_another"), house.desk(role, "me")
    with pytest.raises(Forbidden):
        LOOKING[name](desk, visit)


@pytest.mark.parametrize("role", sorted(OWN_ONLY))
def test_lists_hold_the_own_appointments_and_no_others(house: House, role: Role) -> None:
    theirs, mine = a_visit(house, "confirm", "of_another"), a_visit(house, "confirm", "own")
    desk = house.desk(role, mine.lead if role is Role.PATIENT else "me").scheduling
    assert [one.id for one in desk.day(TUESDAY.date()).appointments] == [mine.appointment]
    assert [one.id for sheet in desk.week(TUESDAY.date()) for one in sheet.appointments] == [
        mine.appointment
    ]
    assert desk.history(lead_id=LeadId(theirs.lead)) == ()


def test_a_patient_finds_public_types_only(house: House) -> None:
    visit = a_visit(house, "slots", "own")
    desk = house.desk(Role.PATIENT, visit.lead)
    with pytest.raises(InvalidInput):
        desk.scheduling.slots(search(type="follow_up"))
    assert {slot.resources for slot in desk.scheduling.slots(search())} == {()}


def test_every_operation_is_tried() -> None:
    found = {name for name in OPERATIONS if name.startswith("scheduling.")}
    assert set(SCHEDULING) == found
