"""Times that are offered for a move are accepted, also where types have changed or are gone."""

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from orthocrm import Actor, InvalidInput, NotFound, Permission, Role
from orthocrm.core.appointment import Appointment, AppointmentStatus
from orthocrm.core.errors import NotOffered, OutsideHours, SlotTaken
from orthocrm.core.ids import AppointmentId, UserId
from orthocrm.core.visit_type import Question
from orthocrm.services.scheduling.links import NewLink
from tests.flows.practice import House
from tests.flows.scheduling import HOUR, KIM, LEE, TUESDAY, open_the_diary, search, types, wish

DAY = timedelta(days=1)
MINUTES = timedelta(minutes=1)
S = AppointmentStatus


@pytest.fixture(autouse=True)
def _open(house: House) -> None:
    open_the_diary(house)


def _change(house: House, **fields: Any) -> None:
    """Change what consultations take from now on."""
    settings = house.admin.settings.practice().clinic.settings
    house.admin.settings.change(evolve(settings, visit_types=types(**fields)))


def _longer(house: House, **fields: Any) -> None:
    """Let consultations take two hours from now on."""
    _change(house, duration=2 * HOUR, step=HOUR, **fields)


def _booked(house: House, **fields: Any) -> Appointment:
    return house.front.scheduling.book(wish(**fields)).appointment


# --- bad input


def test_what_is_to_move_has_to_be_there_and_within_reach(house: House) -> None:
    mine, other = house.lead(), house.lead(phone="+1 312 555 0177", email="ann@example.com")
    theirs = house.front.scheduling.book(wish(other)).appointment
    token = house.front.scheduling.make_link(NewLink(lead_id=mine.id)).token
    patient = house.crm.with_link(token).scheduling
    for desk, visit in ((house.front.scheduling, "nothing"), (patient, theirs.id)):
        with pytest.raises(NotFound):
            desk.slots(search(exclude=AppointmentId(visit)))
    with pytest.raises(InvalidInput) as refusal:
        house.front.scheduling.slots(search(exclude=theirs.id, type="follow_up"))
    assert [(one.path, one.code) for one in refusal.value.problems] == [("type", "another_type")]
    with pytest.raises(InvalidInput) as refusal:
        house.front.scheduling.slots(search(exclude=7))
    assert [one.path for one in refusal.value.problems] == ["exclude"]


def test_whoever_may_not_see_a_lead_does_not_learn_when_it_is_busy(house: House) -> None:
    lead = house.lead()
    house.front.scheduling.book(wish(lead))
    agent = house.desk(Role.AGENT, LEE).scheduling
    provider = house.desk(Role.PROVIDER, KIM).scheduling
    for desk in (agent, provider):
        for ask in (desk.slots, desk.glance, desk.next_available):
            for name in (lead.id, "nobody"):
                with pytest.raises(NotFound, match="no such lead"):
                    ask(search(lead_id=name))
        with pytest.raises(NotFound, match="no such lead"):
            desk.explain(search(lead_id=lead.id), TUESDAY)
        assert desk.slots(search())
    assert (
        house.front.scheduling.slots(search(lead_id=lead.id, providers=(KIM,)))[0].start > TUESDAY
    )


def test_a_key_that_reads_no_leads_does_not_learn_when_they_are_busy(house: House) -> None:
    lead = house.lead()
    house.front.scheduling.book(wish(lead))
    actor = Actor(
        user=UserId("key"),
        clinic=house.clinic.id,
        roles={Role.FRONT_DESK},
        only={Permission.AVAILABILITY_READ},
    )
    desk = house.crm.acting_as(actor).scheduling
    assert desk.slots(search())
    with pytest.raises(NotFound):
        desk.slots(search(lead_id=lead.id))


# --- what is offered for a move


def test_a_move_is_offered_as_long_as_the_visit_is(house: House) -> None:
    visit = _booked(house, is_manual=True, length=20 * MINUTES)
    offered = house.front.scheduling.slots(search(exclude=visit.id, providers=(LEE,)))
    starts = [one.start for one in offered]
    assert [one.end - one.start for one in offered] == [20 * MINUTES] * len(offered)
    assert starts == [TUESDAY + n * HOUR for n in range(8)]
    moved = house.front.scheduling.reschedule(visit.id, starts[-1]).appointment
    assert moved.length == 20 * MINUTES


def test_every_time_that_is_offered_for_a_move_is_accepted(house: House) -> None:
    """Types grow and get buffers after the booking; the visit keeps what it takes."""
    visit = _booked(house)
    house.front.scheduling.book(wish(patient_ref="p-2", starts_at=TUESDAY + 2 * HOUR))
    _longer(house, buffer_before=15 * MINUTES, buffer_after=15 * MINUTES)
    desk = house.front.scheduling
    offered = desk.slots(search(exclude=visit.id, providers=(LEE,)))
    assert [one.start for one in offered] == [TUESDAY + n * HOUR for n in (0, 1, 3, 4, 5, 6, 7)]
    for slot in offered[1:]:
        moved = desk.reschedule(visit.id, slot.start).appointment
        assert (moved.starts_at, moved.length) == (slot.start, HOUR)
        assert (moved.buffer_before, moved.buffer_after) == (timedelta(), timedelta())


def test_a_move_is_not_offered_where_the_family_is_elsewhere(house: House) -> None:
    visit = _booked(house)
    _booked(house, provider=KIM, starts_at=TUESDAY + HOUR)
    offered = house.front.scheduling.slots(search(exclude=visit.id, providers=(LEE,)))
    assert TUESDAY + HOUR not in [one.start for one in offered]
    with pytest.raises(SlotTaken):
        house.front.scheduling.reschedule(visit.id, TUESDAY + HOUR)


def test_a_patient_finds_times_for_what_only_the_practice_books(house: House) -> None:
    lead = house.lead()
    visit = house.front.scheduling.book(
        wish(lead, type="follow_up", starts_at=TUESDAY + 2 * DAY)
    ).appointment
    patient = house.crm.with_link(
        house.front.scheduling.make_link(NewLink(lead_id=lead.id)).token
    ).scheduling
    asked = search(type="follow_up", exclude=visit.id, from_=TUESDAY + 3 * DAY, to=None, limit=1)
    (slot,) = patient.slots(asked)
    assert patient.reschedule(visit.id, slot.start).appointment.starts_at == slot.start
    with pytest.raises(InvalidInput):
        patient.slots(evolve(asked, exclude=None))


def test_a_move_needs_no_answer_to_questions_that_came_or_went(house: House) -> None:
    asks = (Question(name="jaw", label="Does it hurt?", is_required=True),)
    _change(house, questions=asks)
    visit = _booked(house, answers={"jaw": "no"})
    _change(house, questions=(Question(name="age", label="Age?", is_required=True),))
    moved = house.front.scheduling.reschedule(visit.id, TUESDAY + HOUR).appointment
    assert moved.answers == {"jaw": "no"}


# --- types that are gone


def test_a_visit_whose_type_is_gone_is_moved_by_staff_and_by_nobody_else(house: House) -> None:
    lead = house.lead()
    visit = house.front.scheduling.book(
        wish(lead, type="follow_up", starts_at=TUESDAY + 2 * DAY)
    ).appointment
    house.admin.settings.remove_visit_type("follow_up")
    patient = house.desk(Role.PATIENT, lead.id).scheduling
    for act in (
        lambda: patient.reschedule(visit.id, TUESDAY + 3 * DAY),
        lambda: patient.slots(search(type="follow_up", exclude=visit.id)),
        lambda: house.front.scheduling.book(wish(type="follow_up")),
        lambda: house.front.scheduling.slots(search(type="follow_up")),
    ):
        with pytest.raises(InvalidInput) as refusal:
            act()
        assert [one.path for one in refusal.value.problems] == ["type"]
    desk = house.front.scheduling
    with pytest.raises(OutsideHours):
        desk.reschedule(visit.id, TUESDAY + 12 * HOUR)
    with pytest.raises(NotOffered):
        desk.reschedule(visit.id, TUESDAY + 7 * MINUTES)
    _booked(house, starts_at=TUESDAY)
    offered = [s.start for s in desk.slots(search(type="follow_up", exclude=visit.id))]
    assert offered[0] == TUESDAY
    with pytest.raises(SlotTaken):
        desk.reschedule(visit.id, TUESDAY)
    moved = desk.reschedule(visit.id, TUESDAY, KIM).appointment
    assert (moved.provider, moved.resources, moved.length) == (KIM, ("chair-1",), HOUR)
    later = desk.reschedule(visit.id, TUESDAY + 12 * HOUR, is_manual=True).appointment
    assert (later.sequence, later.length, later.resources) == (2, HOUR, ("chair-1",))


@pytest.mark.parametrize("is_removed", [True, False], ids=["removed", "no longer active"])
def test_a_visit_whose_type_is_gone_comes_to_its_end(house: House, *, is_removed: bool) -> None:
    desk, lead = house.front.scheduling, house.lead()
    starts = [TUESDAY + n * HOUR for n in range(4)]
    done, missed, off = (desk.book(wish(lead, starts_at=at)).appointment for at in starts[:3])
    asked = desk.request(wish(lead, starts_at=starts[3])).appointment
    if is_removed:
        house.admin.settings.remove_visit_type("consultation")
    else:
        _change(house, is_active=False)
    assert desk.accept(asked.id).appointment.status is S.BOOKED
    assert desk.confirm(done.id).appointment.status is S.CONFIRMED
    assert desk.cancel(off.id).appointment.status is S.CANCELLED
    house.clock.set(TUESDAY + 2 * HOUR)
    desk.arrive(done.id)
    desk.start(done.id)
    assert desk.complete(done.id).appointment.status is S.COMPLETED
    assert desk.no_show(missed.id).appointment.status is S.NO_SHOW
    assert house.coordinator.leads.get(lead.id).position.stage == "consultation_completed"
