"""The generated matrix: every operation x every role x every kind of object.

What a role may do stands here once more, copied by hand from the source document and from the
resolutions, so that a slip in the library's own table is seen.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache

import pytest
from attrs import evolve

import orthocrm
from orthocrm import Forbidden, NotFound, Permission, Refused, Role
from orthocrm.assignment.handover import OwnerPresent
from orthocrm.core.ids import ClinicId, ImportId, LeadId, TaskId, TimeOffId, UserId
from orthocrm.core.lead import Lead
from orthocrm.core.ports import Backend
from orthocrm.services.areas import OPERATIONS
from orthocrm.services.imports.ledger import Tally
from orthocrm.testing.clock import FrozenClock
from tests.flows.conftest import KEYS
from tests.flows.practice import House, enquiry
from tests.security import operations
from tests.security.delivered import DELIVERING
from tests.security.digest import digest, refusals
from tests.security.entered import ENTERING
from tests.security.notified import NOTIFYING
from tests.security.operations import (
    ANALYTICS,
    ON_ABSENT_OWNERS,
    ON_LEADS,
    ON_LOST_LEADS,
    ON_MERGED_LEADS,
    ON_OBSERVED_LEADS,
    ON_THE_CLINIC,
    ON_TWO_LEADS,
    PER_ITEM,
    Target,
)
from tests.security.prepared import CALLS, merged, observe
from tests.security.scheduled import SCHEDULING
from tests.support.copies import refill

READ, CREATE, UPDATE = Permission.LEAD_READ, Permission.LEAD_CREATE, Permission.LEAD_UPDATE
ASSIGN, CONVERT = Permission.LEAD_ASSIGN, Permission.LEAD_CONVERT
CONFIGURE, ANALYSE = Permission.LEAD_CONFIGURE, Permission.LEAD_ANALYTICS

GRANTED = {
    Role.FRONT_DESK: {READ, CREATE, UPDATE},
    Role.TREATMENT_COORDINATOR: {READ, CREATE, UPDATE, ASSIGN, CONVERT, ANALYSE},
    Role.CLINIC_ADMIN: {READ, UPDATE, ASSIGN, CONVERT, CONFIGURE, ANALYSE},
    Role.DOCTOR: {ANALYSE},
    Role.MARKETING_MANAGER: {ANALYSE},
    Role.AGENT: {READ, CREATE, UPDATE, CONVERT, ANALYSE},
    Role.ADMIN: {READ, CREATE, UPDATE, ASSIGN, CONVERT, CONFIGURE, ANALYSE},
    Role.PROVIDER: set(),
    Role.PATIENT: set(),
    Role.WEB_FORM: {CREATE},
    Role.WORKER: {READ, UPDATE, ASSIGN},
    Role.IMPORTER: {READ, CREATE, UPDATE, ASSIGN, CONVERT, CONFIGURE},
    Role.OPERATOR: {READ, CREATE, UPDATE, ASSIGN, CONVERT, CONFIGURE, ANALYSE},
}
"""The source's seven permissions by role, in the preset that follows it to the letter."""

OWN_ONLY = {Role.AGENT}
OWN_FIGURES = {Role.AGENT, Role.TREATMENT_COORDINATOR}
"""Roles that get numbers about their own leads, and none about the practice's money."""

OBJECTS = ("own", "of_another", "unassigned", "of_another_clinic", "missing")


def test_every_operation_is_in_the_matrix() -> None:
    known = {*ON_LEADS, *ON_LOST_LEADS, *ON_ABSENT_OWNERS, *PER_ITEM, *ON_THE_CLINIC, *ANALYTICS}
    beside = {*SCHEDULING, *NOTIFYING, *ENTERING, *DELIVERING}
    assert known | beside == set(OPERATIONS)


def test_the_library_grants_what_the_source_grants() -> None:
    seven = {READ, CREATE, UPDATE, ASSIGN, CONVERT, CONFIGURE, ANALYSE}
    granted = {role: set(grants) & seven for role, grants in orthocrm.Preset.LITERAL.grants.items()}
    assert granted == GRANTED


def test_the_practical_preset_only_lets_admins_create() -> None:
    literal, practical = orthocrm.Preset.LITERAL.grants, orthocrm.Preset.PRACTICAL.grants
    more = {
        (role, permission)
        for role in Role
        for permission in set(practical[role]) - set(literal[role])
    }
    assert more == {(Role.CLINIC_ADMIN, CREATE)}


@contextmanager
def _opened() -> Iterator[tuple[orthocrm.OrthoCRM, FrozenClock]]:
    clock = FrozenClock()
    with orthocrm.connect("memory://", keys=KEYS, clock=clock, discover_plugins=False) as crm:
        yield crm, clock


@pytest.fixture
def house() -> Iterator[House]:
    with _copy_of_the_house() as house:
        yield house


@contextmanager
def _copy_of_the_house() -> Iterator[House]:
    backend, clinic = _the_house()
    with _opened() as (crm, clock):
        refill(crm._backend, backend)
        yield House(crm, clinic, clock)


@cache
def _the_house() -> tuple[Backend, orthocrm.Clinic]:
    """Set a practice up once; every test works in a copy."""
    with _opened() as (crm, clock):
        return crm._backend, _house(crm, clock).clinic


def _house(crm: orthocrm.OrthoCRM, clock: FrozenClock) -> House:
    settings = orthocrm.Settings(sequences=(orthocrm.SIX_TOUCH,))
    clinic = crm.create_clinic(name="Bright Smiles", timezone="America/Chicago", settings=settings)
    house = House(crm, clinic, clock)
    house.admin.settings.add_coordinator(UserId("tc-1"), "Ana")
    house.admin.settings.add_coordinator(UserId("me"), "Me")
    house.admin.settings.save_form(operations._form("kept"))
    house.admin.settings.save_mapping("kept", operations.MAPPING_TEXT)
    operations.marketed(house.admin)
    operations.taught(house)
    return house


def _target(house: House, kind: str, *, lost: bool = False) -> Target:
    """Bring a house that nobody has used to where it has a lead of a kind."""
    backend, target = _the_target(kind, lost=lost)
    refill(house.crm._backend, backend)
    return evolve(target, house=house)


@cache
def _the_target(kind: str, *, lost: bool) -> tuple[Backend, Target]:
    with _copy_of_the_house() as house:
        return house.crm._backend, _made(house, kind, lost=lost)


def _made(house: House, kind: str, *, lost: bool) -> Target:
    """Make a lead of a kind, with a task, an open import and an absence beside it."""
    where = house
    if kind == "of_another_clinic":
        other = house.crm.create_clinic(name="Other", timezone="UTC")
        where = House(house.crm, other, house.clock)
        where.admin.settings.add_coordinator(UserId("me"), "Me")
        where.admin.settings.add_coordinator(UserId("tc-1"), "Ana")
    lead, task = _lead(where, kind)
    if lost:
        where.desk(Role.OPERATOR).pipeline.lose(lead, "RELOCATED")
    if kind == "missing":
        lead, task = LeadId("0190c0de-0000-7000-8000-000000000000"), TaskId("nothing")
    return Target(
        house=house,
        lead=lead,
        task=task,
        import_id=_import(house),
        absence=_absence(house),
        view=operations.a_view(house),
    )


def _lead(house: House, kind: str) -> tuple[LeadId, TaskId]:
    desk = house.desk(Role.OPERATOR)
    lead: Lead
    if kind == "unassigned":
        for coordinator in house.admin.settings.practice().coordinators:
            _switch(house, coordinator.id, active=False)
        lead = desk.leads.capture(enquiry()).lead
        for coordinator in house.admin.settings.practice().coordinators:
            _switch(house, coordinator.id, active=True)
    else:
        owner = UserId("tc-1" if kind == "of_another" else "me")
        lead = desk.leads.capture(enquiry(owner=owner)).lead
    task = desk.followups.add_task(lead.id, operations._task(_bare(house, lead.id)))
    return lead.id, task.id


def _sibling(house: House) -> LeadId:
    enquired = enquiry(owner="me", patient_first_name="Ben")
    return house.desk(Role.OPERATOR).leads.capture(enquired).lead.id


def _switch(house: House, user: UserId, *, active: bool) -> None:
    practice = house.admin.settings.practice()
    known = practice.coordinator_by_id[user]
    house.admin.settings.change_coordinator(evolve(known, is_active=active))


def _bare(house: House, lead: LeadId) -> Target:
    return Target(
        house=house, lead=lead, task=TaskId(""), import_id=ImportId(""), absence=TimeOffId("")
    )


def _import(house: House) -> ImportId:
    return house.desk(Role.OPERATOR).imports.begin("leads", operations.MAPPING)


def _absence(house: House) -> TimeOffId:
    now = house.clock()
    return house.admin.settings.add_absence(
        UserId("tc-1"), now + timedelta(days=8), now + timedelta(days=9), cover="me"
    ).id


def _visible(role: Role, kind: str) -> bool:
    if kind in ("of_another_clinic", "missing"):
        return False
    return kind == "own" or role not in OWN_ONLY


@pytest.mark.parametrize("kind", OBJECTS)
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", [*ON_LEADS, *ON_LOST_LEADS])
def test_operations_on_one_lead(house: House, name: str, role: Role, kind: str) -> None:
    target = _target(house, kind, lost=name in ON_LOST_LEADS)
    if name in ON_TWO_LEADS:
        target = evolve(target, sibling=_sibling(house))
    if name in ON_MERGED_LEADS and kind not in ("of_another_clinic", "missing"):
        target = merged(evolve(target, sibling=_lead(house, kind)[0]))
    if name in ON_OBSERVED_LEADS and kind not in ("of_another_clinic", "missing"):
        observe(target)
    call = {**ON_LEADS, **ON_LOST_LEADS}[name]
    desk = house.desk(role, "me")
    before, refused = digest(house.crm), len(refusals(house))
    if not _holds(role, OPERATIONS[name].permission):
        with pytest.raises(Forbidden):
            call(desk, target)
    elif not _visible(role, kind):
        with pytest.raises(NotFound):
            call(desk, target)
    else:
        call(desk, target)
        assert len(refusals(house)) == refused
        return
    assert digest(house.crm) == before
    assert len(refusals(house)) == refused + 1


@pytest.mark.parametrize("kind", OBJECTS)
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", PER_ITEM)
def test_operations_with_a_result_per_item(house: House, name: str, role: Role, kind: str) -> None:
    target, desk = _target(house, kind), house.desk(role, "me")
    before = digest(house.crm)
    if OPERATIONS[name].permission not in GRANTED[role]:
        with pytest.raises(Forbidden):
            PER_ITEM[name](desk, target)
        assert digest(house.crm) == before
        return
    (result,) = PER_ITEM[name](desk, target)
    if _visible(role, kind):
        assert not isinstance(result, Refused)
    else:
        assert isinstance(result.error, NotFound)
        assert digest(house.crm) == before


@pytest.mark.parametrize("kind", OBJECTS)
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", ON_ABSENT_OWNERS)
def test_operations_on_a_lead_whose_coordinator_is_away(
    house: House, name: str, role: Role, kind: str
) -> None:
    target, desk = _target(house, kind), house.desk(role, "me")
    house.admin.settings.add_coordinator(UserId("tc-2"), "Ben")
    for away in ("me", "tc-1"):
        house.admin.settings.add_absence(away, house.clock(), house.clock() + timedelta(days=1))
    before, refused = digest(house.crm), len(refusals(house))
    refusal: type[Exception] = NotFound if not _visible(role, kind) else OwnerPresent
    if role not in MORE[Permission.LEAD_REASSIGN_ABSENT]:
        refusal = Forbidden
    elif kind in ("own", "of_another"):
        ON_ABSENT_OWNERS[name](desk, target)
        assert len(refusals(house)) == refused
        return
    with pytest.raises(refusal):
        ON_ABSENT_OWNERS[name](desk, target)
    assert digest(house.crm) == before
    assert len(refusals(house)) == refused + 1


BEYOND = {
    "imports.begin": {CREATE, UPDATE},
    "imports.begin_backfill": {CREATE, UPDATE, ASSIGN, CONVERT},
    "imports.backfill_batch": {CREATE, UPDATE, ASSIGN, CONVERT},
    "imports.rows": {CREATE, UPDATE},
    "imports.revert_batch": {Permission.LEAD_ARCHIVE},
    "imports.close_revert": {Permission.LEAD_ARCHIVE},
    "privacy.trail": {Permission.AUDIT_READ},
    "privacy.seal": {Permission.AUDIT_SEAL},
    "privacy.checkpoint": {Permission.AUDIT_SEAL},
    "settings.add_absence": {Permission.AVAILABILITY_MANAGE},
    "settings.remove_absence": {Permission.AVAILABILITY_MANAGE},
    "analytics.behind": {ANALYSE, READ},
    "analytics.lost_leads": {ANALYSE, READ},
    "intelligence.examples": {Permission.MODEL_TRAIN},
    "intelligence.adopt": {Permission.MODEL_TRAIN},
    "intelligence.decisions": {Permission.MODEL_TRAIN},
    "intelligence.adopt_weights": {Permission.MODEL_TRAIN},
    "intelligence.due": {Permission.MODEL_TRAIN},
    "intelligence.call_the_risky": {Permission.APPOINTMENT_MANAGE, UPDATE},
    "intelligence.no_show_risk": {Permission.APPOINTMENT_MANAGE},
}
"""Operations that ask for more than, or other than, one of the seven permissions."""

MORE = {
    Permission.LEAD_ARCHIVE: {Role.CLINIC_ADMIN, Role.ADMIN, Role.IMPORTER, Role.OPERATOR},
    Permission.LEAD_REASSIGN_ABSENT: {
        Role.FRONT_DESK,
        Role.TREATMENT_COORDINATOR,
        Role.CLINIC_ADMIN,
        Role.ADMIN,
        Role.OPERATOR,
    },
    Permission.MODEL_TRAIN: {Role.CLINIC_ADMIN, Role.ADMIN, Role.WORKER, Role.OPERATOR},
    Permission.APPOINTMENT_MANAGE: {
        Role.FRONT_DESK,
        Role.TREATMENT_COORDINATOR,
        Role.CLINIC_ADMIN,
        Role.AGENT,
        Role.ADMIN,
        Role.PROVIDER,
        Role.WORKER,
        Role.OPERATOR,
    },
    Permission.BREAK_GLASS: {
        Role.DOCTOR,
        Role.PROVIDER,
        Role.CLINIC_ADMIN,
        Role.ADMIN,
        Role.OPERATOR,
    },
    Permission.AUDIT_READ: {Role.CLINIC_ADMIN, Role.ADMIN, Role.OPERATOR},
    Permission.AUDIT_SEAL: {Role.ADMIN, Role.WORKER, Role.OPERATOR},
    Permission.PRIVACY_EXPORT: {Role.CLINIC_ADMIN, Role.ADMIN, Role.OPERATOR},
    Permission.PRIVACY_ERASE: {Role.CLINIC_ADMIN, Role.ADMIN, Role.WORKER, Role.OPERATOR},
    Permission.KEYS_ROTATE: {Role.ADMIN, Role.WORKER, Role.OPERATOR},
    Permission.AVAILABILITY_MANAGE: {
        Role.CLINIC_ADMIN,
        Role.ADMIN,
        Role.OPERATOR,
        Role.AGENT,
        Role.PROVIDER,
    },
}


NOT_FOR_MARKETING = (
    "analytics.lost_reasons",
    "analytics.stages",
    "analytics.bottlenecks",
    "analytics.speed",
    "intelligence.contact_times",
)

OWN_ONLY_HOURS = {Role.AGENT, Role.PROVIDER}
"""Roles that manage their own absences and hours; the matrix tries somebody else's."""


def _may(role: Role, name: str) -> bool:
    needed = BEYOND.get(name, {OPERATIONS[name].permission})
    if role in OWN_ONLY_HOURS and name.endswith("_absence"):
        return False
    if role in OWN_ONLY and name in ("leads.survey", "leads.hold", "leads.settle"):
        return False
    if role in OWN_ONLY and "referrer" in name:
        return False
    if role in OWN_FIGURES and name in ("sources.spend", "sources.costs"):
        return False
    if role is Role.MARKETING_MANAGER and name in NOT_FOR_MARKETING:
        return False
    return all(_holds(role, permission) for permission in needed)


def _holds(role: Role, permission: Permission) -> bool:
    return permission in GRANTED[role] or role in MORE.get(permission, ())


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", [*ON_THE_CLINIC, *ANALYTICS])
def test_operations_on_the_clinic(house: House, name: str, role: Role) -> None:
    target, desk = _target(house, "own"), house.desk(role, "me")
    if name in ("imports.revert_batch", "imports.close_revert"):
        house.desk(Role.OPERATOR).imports.finish(target.import_id, "", Tally())
    call = {**ON_THE_CLINIC, **ANALYTICS}[name]
    if _may(role, name):
        call(desk, target)
        return
    before, refused = digest(house.crm), len(refusals(house))
    with pytest.raises(Forbidden):
        call(desk, target)
    assert digest(house.crm) == before
    assert len(refusals(house)) == refused + 1


@pytest.mark.parametrize("name", [*OPERATIONS])
def test_an_actor_of_a_clinic_that_is_not_there_finds_nothing(house: House, name: str) -> None:
    target = _target(house, "own")
    nowhere = orthocrm.Clinic(
        id=ClinicId("0190c0de-0000-7000-8000-00000000c11c"),
        name="Nowhere",
        timezone="UTC",
        created_at=house.clock(),
    )
    with pytest.raises(NotFound):
        CALLS[name](house.desk(Role.ADMIN, clinic=nowhere), target)
