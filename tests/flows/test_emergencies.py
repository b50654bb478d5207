"""Breaking the glass: one record, a reason, a time limit, an alert, on every backend."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from orthocrm import (
    Actor,
    Cond,
    Desk,
    Forbidden,
    InvalidInput,
    LeadEdit,
    LeadLocked,
    NotFound,
    Role,
)
from orthocrm.core.ids import LeadId, UserId
from orthocrm.core.lead import Lead
from orthocrm.services.access.users import NewUser
from tests.flows.practice import House

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
REASON = "Qzreason: he swallowed a bracket"

READINGS: dict[str, Callable[[Desk, LeadId], Any]] = {
    "leads.get": lambda desk, lead: desk.leads.get(lead),
    "leads.timeline": lambda desk, lead: desk.leads.timeline(lead),
    "notifications.consent": lambda desk, lead: desk.notifications.consent(lead),
    "notifications.messages": lambda desk, lead: desk.notifications.messages(lead),
}
NOTHING_ELSE: dict[str, Callable[[Desk, LeadId], Any]] = {
    "find": lambda desk, _: desk.leads.find(),
    "export": lambda desk, _: desk.leads.export_page(),
    "links": lambda desk, lead: desk.leads.links(lead),
    "edit": lambda desk, lead: desk.leads.edit(lead, LeadEdit(notes="x")),
    "move": lambda desk, lead: desk.pipeline.move(lead, "contacted"),
    "convert": lambda desk, lead: desk.pipeline.convert(lead),
    "deidentified": lambda desk, _: desk.privacy.deidentified(),
}


def _user(user: str, role: Role) -> NewUser:
    return NewUser(id=UserId(user), name=user, roles=[role], email=f"{user}@practice.example")


@pytest.fixture
def lead(house: House) -> Lead:
    return house.lead()


@pytest.fixture
def doctor(house: House) -> Desk:
    return house.desk(Role.DOCTOR, "dr-1")


@pytest.mark.parametrize("role", [Role.DOCTOR, Role.PROVIDER])
def test_one_record_can_be_read_until_the_time_is_over(
    house: House, lead: Lead, role: Role
) -> None:
    desk = house.desk(role, "dr-1")
    opened = desk.privacy.break_glass(lead.id, REASON)
    assert (opened.lead_id, opened.ends_at - opened.began_at) == (lead.id, HOUR)
    house.clock.advance(59 * MINUTE)
    assert desk.leads.get(lead.id) == lead
    for read in READINGS.values():
        read(desk, lead.id)
    house.clock.advance(MINUTE)
    for read in READINGS.values():
        with pytest.raises(Forbidden):
            read(desk, lead.id)


def test_nothing_else_comes_with_it(house: House, lead: Lead, doctor: Desk) -> None:
    other = house.lead(patient_first_name="Ben", email="ben@example.com", phone="+13125550177")
    doctor.privacy.break_glass(lead.id, REASON)
    with pytest.raises(NotFound):
        doctor.leads.get(other.id)
    for act in NOTHING_ELSE.values():
        with pytest.raises(Forbidden):
            act(doctor, lead.id)
    with pytest.raises(Forbidden):
        house.desk(Role.DOCTOR, "dr-2").leads.get(lead.id)
    with pytest.raises(Forbidden):
        house.desk(Role.MARKETING_MANAGER, "dr-1").leads.get(lead.id)


def test_every_reading_stands_in_the_audit_trail_under_its_purpose(
    house: House, lead: Lead, doctor: Desk
) -> None:
    opened = doctor.privacy.break_glass(lead.id, REASON)
    for read in READINGS.values():
        read(doctor, lead.id)
    trail = house.admin.privacy.trail(Cond("user", "eq", "dr-1")).entries
    assert {(e.operation, e.purpose, e.objects) for e in trail if e.purpose} == {
        (name, f"break_glass:{opened.id}", (lead.id,)) for name in READINGS
    }
    assert [e.operation for e in house.admin.privacy.glass_broken()] == [
        "privacy.break_glass",
        *READINGS,
    ]
    assert house.coordinator.leads.get(lead.id) == lead
    (theirs, *_) = house.admin.privacy.trail(Cond("user", "eq", "tc-1")).entries
    assert theirs.purpose is None


def test_who_administers_is_told_at_once(house: House, lead: Lead, doctor: Desk) -> None:
    house.desk(Role.OPERATOR).access.add_user(_user("boss", Role.CLINIC_ADMIN))
    house.desk(Role.OPERATOR).access.add_user(_user("desk", Role.FRONT_DESK))
    opened = doctor.privacy.break_glass(lead.id, REASON)
    house.crm.work()
    for user in ("boss", "manager"):
        (notice,) = house.desk(Role.CLINIC_ADMIN, user).notifications.notices().notices
        assert (notice.kind, notice.lead_id, notice.object_id) == (
            "glass_broken",
            lead.id,
            opened.id,
        )
    assert house.desk(Role.FRONT_DESK, "desk").notifications.unread() == 0


def test_a_list_says_who_why_and_until_when(house: House, lead: Lead, doctor: Desk) -> None:
    first = doctor.privacy.break_glass(lead.id, REASON)
    house.clock.advance(MINUTE)
    second = house.desk(Role.PROVIDER, "dr-2").privacy.break_glass(
        lead.id, "a fall", length=8 * HOUR
    )
    assert house.admin.privacy.emergencies().emergencies == (second, first)
    page = house.admin.privacy.emergencies(size=1)
    assert page.emergencies == (second,)
    assert house.admin.privacy.emergencies(size=1, cursor=page.cursor).emergencies == (first,)
    trail = house.admin.privacy.trail(Cond("operation", "eq", "privacy.break_glass")).entries
    assert "Qzreason" not in repr(trail)


def test_it_can_be_ended_before_its_time(house: House, lead: Lead, doctor: Desk) -> None:
    opened = doctor.privacy.break_glass(lead.id, REASON)
    house.desk(Role.DOCTOR, "dr-2").privacy.break_glass(lead.id, REASON)
    house.clock.advance(MINUTE)
    (ended,) = doctor.privacy.end_emergency(lead.id)
    assert (ended.id, ended.user) == (opened.id, "dr-1")
    with pytest.raises(Forbidden):
        doctor.leads.get(lead.id)
    house.desk(Role.DOCTOR, "dr-2").leads.get(lead.id)
    (listed,) = [e for e in house.admin.privacy.emergencies().emergencies if e.id == opened.id]
    assert listed.ends_at == house.clock()
    assert doctor.privacy.end_emergency(lead.id) == ()


def test_an_administrator_ends_those_of_others(house: House, lead: Lead, doctor: Desk) -> None:
    doctor.privacy.break_glass(lead.id, REASON)
    assert [one.user for one in house.admin.privacy.end_emergency(lead.id)] == ["dr-1"]
    with pytest.raises(Forbidden):
        doctor.leads.get(lead.id)


def test_opened_again_it_lasts_as_long_as_the_longest(
    house: House, lead: Lead, doctor: Desk
) -> None:
    doctor.privacy.break_glass(lead.id, REASON, length=2 * HOUR)
    doctor.privacy.break_glass(lead.id, REASON, length=MINUTE)
    house.clock.advance(HOUR)
    assert doctor.leads.get(lead.id) == lead


def test_who_has_rights_of_their_own_keeps_them(house: House) -> None:
    mine = house.lead(owner="tc-1")
    other = house.lead(owner="tc-2", patient_first_name="Ben", email="b@example.com", phone=None)
    roles = {Role.AGENT, Role.PROVIDER}
    desk = house.crm.acting_as(Actor(user=UserId("tc-1"), clinic=house.clinic.id, roles=roles))
    with pytest.raises(NotFound):
        desk.leads.get(other.id)
    opened = desk.privacy.break_glass(other.id, REASON)
    assert desk.leads.get(other.id) == other
    assert desk.leads.get(mine.id) == mine
    newest, before, *_ = house.admin.privacy.trail(Cond("operation", "eq", "leads.get")).entries
    assert (newest.purpose, before.purpose) == (None, opened.purpose)
    with pytest.raises(NotFound):
        desk.leads.edit(other.id, LeadEdit(notes="x"))


def test_the_conversion_lock_holds_and_deletion_ends_it(
    house: House, lead: Lead, doctor: Desk
) -> None:
    doctor.privacy.break_glass(lead.id, REASON)
    house.coordinator.pipeline.convert(lead.id)
    assert doctor.leads.get(lead.id).is_locked
    with pytest.raises(LeadLocked):
        house.coordinator.leads.edit(lead.id, LeadEdit(notes="x"))
    with house.crm._backend.begin(house.clinic.id) as store:
        (stored,) = store.leads.get([lead.id]).values()
        stamps = evolve(stored.stamps, deleted_at=house.clock())
        store.leads.save([evolve(stored, stamps=stamps)])
    with pytest.raises(NotFound):
        doctor.leads.get(lead.id)


def test_another_clinic_has_no_such_lead(house: House, lead: Lead) -> None:
    other = house.crm.create_clinic(name="Other", timezone="UTC")
    theirs = house.desk(Role.DOCTOR, "dr-1", other)
    for missing in (lead.id, LeadId("nothing"), LeadId("0190c0de-0000-7000-8000-000000000000")):
        with pytest.raises(NotFound):
            theirs.privacy.break_glass(missing, REASON)
    house.desk(Role.DOCTOR, "dr-1").privacy.break_glass(lead.id, REASON)
    with pytest.raises(Forbidden):
        theirs.leads.get(lead.id)


def test_without_a_reason_nothing_opens(lead: Lead, doctor: Desk) -> None:
    with pytest.raises(InvalidInput):
        doctor.privacy.break_glass(lead.id, " ")
    with pytest.raises(Forbidden):
        doctor.leads.get(lead.id)


def test_nobody_opens_record_after_record(house: House, doctor: Desk) -> None:
    leads = [
        house.lead(patient_first_name=f"N{n}", email=f"n{n}@example.com", phone=None)
        for n in range(6)
    ]
    for lead in leads[:5]:
        doctor.privacy.break_glass(lead.id, REASON)
    doctor.privacy.break_glass(leads[0].id, REASON)
    with pytest.raises(InvalidInput, match="end what is open"):
        doctor.privacy.break_glass(leads[5].id, REASON)
    doctor.privacy.end_emergency(leads[0].id)
    house.clock.advance(MINUTE)
    doctor.privacy.break_glass(leads[5].id, REASON)


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.TREATMENT_COORDINATOR, Role.AGENT])
def test_whoever_has_no_such_right_breaks_nothing(house: House, lead: Lead, role: Role) -> None:
    with pytest.raises(Forbidden):
        house.desk(role, "x").privacy.break_glass(lead.id, REASON)
