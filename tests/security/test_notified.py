"""Notices, consent and messages: every operation x every role x every kind of lead."""

from collections.abc import Iterator

import pytest

import orthocrm
from orthocrm import Forbidden, NotFound, Permission, Role
from orthocrm.core.ids import UserId
from orthocrm.services.areas import OPERATIONS
from orthocrm.services.notifications.contacts import ContactDetails
from orthocrm.testing.clock import FrozenClock
from tests.flows.conftest import KEYS
from tests.flows.practice import House, enquiry
from tests.security.digest import digest, refusals
from tests.security.notified import ME, NOTIFYING, ON_LEADS, Box, boxed

READERS = {
    Role.FRONT_DESK,
    Role.TREATMENT_COORDINATOR,
    Role.CLINIC_ADMIN,
    Role.AGENT,
    Role.ADMIN,
    Role.WORKER,
    Role.IMPORTER,
    Role.OPERATOR,
}
CONFIGURERS = {Role.CLINIC_ADMIN, Role.ADMIN, Role.IMPORTER, Role.OPERATOR}
GRANTED = {
    Permission.LEAD_READ: READERS,
    Permission.LEAD_UPDATE: READERS,
    Permission.LEAD_CONFIGURE: CONFIGURERS,
    Permission.MESSAGE_SEND: {Role.ADMIN, Role.WORKER, Role.OPERATOR},
    Permission.NOTICE_READ: {*Role} - {Role.PATIENT, Role.WEB_FORM, Role.WORKER, Role.IMPORTER},
}
"""Who has a permission, copied by hand: the source document's table, who sends, who is told."""

LEADS = ("own", "of_another", "of_another_clinic", "missing")


@pytest.fixture
def house() -> Iterator[House]:
    clock = FrozenClock()
    with orthocrm.connect("memory://", keys=KEYS, clock=clock, discover_plugins=False) as crm:
        yield _house(crm, clock)


def _house(crm: orthocrm.OrthoCRM, clock: FrozenClock) -> House:
    clinic = crm.create_clinic(name="Bright Smiles", timezone="America/Chicago")
    house = House(crm, clinic, clock)
    for user in (ME, "tc-1"):
        house.admin.settings.add_coordinator(UserId(user), user)
    return house


def _box(house: House, kind: str) -> Box:
    where = _house(house.crm, house.clock) if kind == "of_another_clinic" else house
    owner = UserId("tc-1" if kind == "of_another" else ME)
    lead = where.desk(Role.OPERATOR).leads.capture(enquiry(owner=owner)).lead.id
    box = boxed(where, lead)
    if kind == "missing":
        with house.crm._backend.begin(house.clinic.id) as store:
            store.messages.remove([box.waiting, box.parked])
            store.leads.remove([lead])
    return box


def test_every_operation_that_tells_somebody_is_tried() -> None:
    known = {name for name in OPERATIONS if name.startswith(("notifications.", "live."))}
    assert {*known, "analytics.mail_reports"} == set(NOTIFYING)


@pytest.mark.parametrize("kind", LEADS)
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", ON_LEADS)
def test_operations_on_a_lead(house: House, name: str, role: Role, kind: str) -> None:
    box, desk = _box(house, kind), house.desk(role, ME)
    before = digest(house.crm)
    seen = kind == "own" or (kind == "of_another" and role is not Role.AGENT)
    refusal = NotFound if role in GRANTED[OPERATIONS[name].permission] else Forbidden
    if refusal is NotFound and seen:
        ON_LEADS[name](desk, box)
        assert refusals(house) == ()
        return
    with pytest.raises(refusal):
        ON_LEADS[name](desk, box)
    assert digest(house.crm) == before
    assert len(refusals(house)) == 1


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", [name for name in NOTIFYING if name not in ON_LEADS])
def test_operations_on_the_clinic_and_oneself(house: House, name: str, role: Role) -> None:
    box, desk = _box(house, "own"), house.desk(role, ME)
    before = digest(house.crm)
    if role in GRANTED[OPERATIONS[name].permission]:
        NOTIFYING[name](desk, box)
        assert refusals(house) == ()
        return
    with pytest.raises(Forbidden):
        NOTIFYING[name](desk, box)
    assert digest(house.crm) == before
    assert len(refusals(house)) == 1


@pytest.mark.parametrize("role", Role)
def test_how_others_are_reached_is_for_who_configures(house: House, role: Role) -> None:
    desk = house.desk(role, ME)
    for call in (
        lambda: desk.notifications.contact("tc-1"),
        lambda: desk.notifications.set_contact(ContactDetails(), "tc-1"),
    ):
        if role in CONFIGURERS & GRANTED[Permission.NOTICE_READ]:
            assert call().id == "tc-1"
        else:
            with pytest.raises(Forbidden):
                call()


def test_nobody_reads_or_marks_the_notices_of_others(house: House) -> None:
    box = _box(house, "own")
    other = house.desk(Role.TREATMENT_COORDINATOR, "tc-1").notifications
    assert (other.unread(), other.notices().notices) == (0, ())
    with pytest.raises(NotFound):
        other.mark_read([box.notice])
    assert house.desk(Role.TREATMENT_COORDINATOR, ME).notifications.unread() == 1
