"""Appointments from the first hold to the last note, on every backend (R26 to R31)."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from orthocrm import InvalidInput, NotFound, Role
from orthocrm.core.activity import LeadActivityType
from orthocrm.core.appointment import AppointmentStatus
from orthocrm.core.errors import (
    AppointmentClosed,
    HoldExpired,
    InPast,
    KeyMisused,
    LeadClosed,
    MovedTooOften,
    NotOffered,
    OutsideHours,
    SlotTaken,
    TooEarly,
    TooLate,
)
from orthocrm.core.ids import AppointmentId
from orthocrm.core.lead import Lead
from orthocrm.core.task import LeadTaskType
from orthocrm.scheduling.booking import AppointmentEdit
from tests.flows.practice import House
from tests.flows.scheduling import HOUR, KIM, LEE, TUESDAY, open_the_diary, search, wish

S = AppointmentStatus
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _open(house: House) -> None:
    open_the_diary(house)


def starts(house: House, **fields: Any) -> list[datetime]:
    found = house.front.scheduling.slots(search(providers=(LEE,), **fields))
    return [slot.start for slot in found]


def stage(house: House, lead: Lead) -> str:
    return house.coordinator.leads.get(lead.id).position.stage


def test_every_time_that_is_offered_can_be_booked(house: House) -> None:
    offered = house.front.scheduling.slots(search())
    assert [slot.start for slot in offered] == [TUESDAY + n * HOUR for n in range(8)]
    for number, slot in enumerate(offered):
        booked = house.front.scheduling.book(
            wish(patient_ref=f"p-{number}", starts_at=slot.start, provider=None)
        ).appointment
        assert booked.provider == slot.providers[0]
    assert {slot.providers for slot in house.front.scheduling.slots(search())} == {(LEE,)}


def test_r26_an_overlap_on_the_provider_is_taken(house: House) -> None:
    house.front.scheduling.book(wish(patient_ref="p-1"))
    with pytest.raises(SlotTaken) as refusal:
        house.front.scheduling.book(wish(patient_ref="p-2"))
    assert refusal.value.rule == "R11"
    other = house.front.scheduling.book(wish(patient_ref="p-2", provider=KIM))
    assert other.appointment.provider == KIM


def test_r26_an_overlap_on_a_chair_is_taken(house: House) -> None:
    first = house.front.scheduling.book(wish(type="follow_up", patient_ref="p-1"))
    assert first.appointment.resources == ("chair-1",)
    with pytest.raises(SlotTaken) as refusal:
        house.front.scheduling.book(wish(type="follow_up", patient_ref="p-2", provider=KIM))
    assert refusal.value.rule == "R18"


def test_r19_times_at_which_the_patient_is_with_somebody_else_are_not_offered(
    house: House,
) -> None:
    house.front.scheduling.book(wish(provider=KIM))
    assert TUESDAY in starts(house, patient_ref="p-2")
    assert TUESDAY not in starts(house, patient_ref="p-1")


def test_r19_nobody_is_in_two_places(house: House) -> None:
    lead = house.lead()
    house.front.scheduling.book(wish(lead))
    with pytest.raises(SlotTaken) as refusal:
        house.front.scheduling.book(wish(lead, provider=KIM))
    assert refusal.value.rule == "R19"


def test_r26_a_start_before_now_is_in_past_and_one_right_now_is_not(house: House) -> None:
    house.clock.set(TUESDAY)
    with pytest.raises(InPast):
        house.front.scheduling.book(wish(starts_at=TUESDAY - HOUR))
    assert house.front.scheduling.book(wish()).appointment.status is S.BOOKED


def test_a_refusal_names_the_rule(house: House) -> None:
    with pytest.raises(OutsideHours) as refusal:
        house.front.scheduling.book(wish(starts_at=TUESDAY - HOUR))
    assert (refusal.value.why, refusal.value.rule) == ("outside_hours", "R2")
    with pytest.raises(NotOffered) as off_grid:
        house.front.scheduling.book(wish(starts_at=TUESDAY + timedelta(minutes=7)))
    assert (off_grid.value.why, off_grid.value.rule) == ("off_grid", "R7")
    with pytest.raises(NotOffered) as far:
        house.front.scheduling.book(wish(starts_at=TUESDAY + 98 * DAY))
    assert (far.value.why, far.value.rule) == ("past_horizon", "R15")
    explained = house.front.scheduling.explain(search(from_=house.clock()), TUESDAY - HOUR)
    assert explained is not None
    assert (explained.code, explained.rule) == ("outside_hours", "R2")


def test_r27_a_hold_is_confirmed_to_booked_and_then_to_confirmed(house: House) -> None:
    held = house.front.scheduling.hold(wish()).appointment
    assert (held.status, held.expires_at) == (S.HELD, house.clock() + timedelta(minutes=10))
    assert starts(house)[0] == TUESDAY + HOUR
    booked = house.front.scheduling.confirm(held.id).appointment
    assert (booked.status, booked.expires_at) == (S.BOOKED, None)
    confirmed = house.front.scheduling.confirm(held.id).appointment
    assert (confirmed.status, confirmed.confirmed_at) == (S.CONFIRMED, house.clock())


def test_r27_a_hold_that_ran_out_is_expired_and_its_time_is_free(house: House) -> None:
    held = house.front.scheduling.hold(wish()).appointment
    house.clock.advance(timedelta(minutes=10))
    with pytest.raises(HoldExpired):
        house.front.scheduling.confirm(held.id)
    assert starts(house)[0] == TUESDAY
    house.front.scheduling.book(wish(patient_ref="p-2"))
    assert house.front.scheduling.appointment(held.id).status is S.EXPIRED


def test_a_worker_ends_holds_that_ran_out(house: House) -> None:
    held = house.front.scheduling.hold(wish()).appointment
    house.clock.advance(timedelta(minutes=10))
    assert house.crm.work().expired == 1
    assert house.crm.work().expired == 0
    assert house.front.scheduling.appointment(held.id).status is S.EXPIRED


def test_r28_a_move_keeps_one_chain(house: House) -> None:
    lead = house.lead()
    booked = house.front.scheduling.book(wish(lead)).appointment
    house.front.scheduling.confirm(booked.id)
    moved = house.front.scheduling.reschedule(booked.id, TUESDAY + HOUR).appointment
    assert (moved.id, moved.uid, moved.sequence, moved.status, moved.confirmed_at) == (
        booked.id,
        booked.uid,
        1,
        S.BOOKED,
        None,
    )
    assert starts(house) == [TUESDAY, *(TUESDAY + n * HOUR for n in range(2, 8))]
    assert [one.id for one in house.front.scheduling.history(lead_id=lead.id)] == [booked.id]


def test_r28_a_move_ignores_itself(house: House) -> None:
    open_the_diary(house, step=timedelta(minutes=30))
    booked = house.front.scheduling.book(wish()).appointment
    moved = house.front.scheduling.reschedule(booked.id, TUESDAY + HOUR / 2).appointment
    assert moved.starts_at == TUESDAY + HOUR / 2
    back = house.front.scheduling.reschedule(booked.id, TUESDAY, KIM).appointment
    assert (back.provider, back.sequence) == (KIM, 2)


def test_r28_a_move_that_fails_changes_nothing(house: House) -> None:
    booked = house.front.scheduling.book(wish()).appointment
    house.front.scheduling.book(wish(patient_ref="p-2", starts_at=TUESDAY + HOUR))
    with pytest.raises(SlotTaken):
        house.front.scheduling.reschedule(booked.id, TUESDAY + HOUR)
    assert house.front.scheduling.appointment(booked.id) == booked
    with pytest.raises(SlotTaken):
        house.front.scheduling.book(wish(patient_ref="p-3"))


def test_a_move_onto_itself_is_refused(house: House) -> None:
    booked = house.front.scheduling.book(wish()).appointment
    with pytest.raises(InvalidInput) as refusal:
        house.front.scheduling.reschedule(booked.id, TUESDAY)
    assert [(one.path, one.code) for one in refusal.value.problems] == [("starts_at", "same_time")]


def test_r28_a_limit_on_own_moves_binds_patients_and_not_staff(house: House) -> None:
    lead = house.lead()
    patient = house.desk(Role.PATIENT, lead.id).scheduling
    booked = patient.book(wish(lead, starts_at=TUESDAY + 2 * DAY)).appointment
    patient.reschedule(booked.id, TUESDAY + 2 * DAY + HOUR)
    with pytest.raises(MovedTooOften):
        patient.reschedule(booked.id, TUESDAY + 2 * DAY)
    house.front.scheduling.reschedule(booked.id, TUESDAY + 2 * DAY)
    assert house.front.scheduling.appointment(booked.id).moved == 1


def test_r29_patients_cancel_only_in_time_and_staff_always(house: House) -> None:
    lead = house.lead()
    patient = house.desk(Role.PATIENT, lead.id).scheduling
    booked = patient.book(wish(lead)).appointment
    house.clock.advance(timedelta(microseconds=1))
    with pytest.raises(TooLate):
        patient.cancel(booked.id)
    with pytest.raises(TooLate):
        patient.reschedule(booked.id, TUESDAY + HOUR)
    assert house.front.scheduling.cancel(booked.id).appointment.status is S.CANCELLED


def test_r29_exactly_at_the_notice_is_in_time(house: House) -> None:
    lead = house.lead()
    patient = house.desk(Role.PATIENT, lead.id).scheduling
    booked = patient.book(wish(lead, starts_at=house.clock() + DAY)).appointment
    assert patient.cancel(booked.id).appointment.status is S.CANCELLED


@pytest.mark.parametrize("verb", ["complete", "no_show"])
def test_r30_completed_or_missed_only_at_or_after_the_start(house: House, verb: str) -> None:
    booked = house.front.scheduling.book(wish()).appointment
    house.clock.set(TUESDAY - timedelta(minutes=1))
    with pytest.raises(TooEarly):
        getattr(house.front.scheduling, verb)(booked.id)
    house.clock.set(TUESDAY)
    assert getattr(house.front.scheduling, verb)(booked.id).appointment.status in (
        S.COMPLETED,
        S.NO_SHOW,
    )


def test_r30_final_states_refuse_everything(house: House) -> None:
    desk = house.front.scheduling
    cancelled = desk.cancel(desk.book(wish()).appointment.id).appointment
    declined = desk.decline(desk.request(wish(patient_ref="p-2")).appointment.id).appointment
    past = wish(patient_ref="p-3", is_manual=True, starts_at=house.clock() - DAY)
    completed = desk.complete(desk.book(past).appointment.id).appointment
    acts = [
        "confirm",
        "accept",
        "decline",
        "arrive",
        "start",
        "complete",
        "no_show",
        "cancel",
    ]
    for one in (cancelled, declined, completed):
        for act in acts:
            with pytest.raises(AppointmentClosed):
                getattr(desk, act)(one.id)
        with pytest.raises(AppointmentClosed):
            desk.reschedule(one.id, TUESDAY + HOUR)
        assert desk.appointment(one.id) == one


def test_r30_a_no_show_frees_the_rest_of_the_time(house: House) -> None:
    open_the_diary(house, step=timedelta(minutes=30))
    booked = house.front.scheduling.book(wish()).appointment
    house.clock.set(TUESDAY + HOUR / 2)
    assert starts(house)[0] == TUESDAY + HOUR
    house.front.scheduling.no_show(booked.id)
    assert starts(house)[0] == TUESDAY + HOUR / 2
    house.front.scheduling.book(wish(patient_ref="p-2", starts_at=TUESDAY + HOUR / 2))


def test_r31_the_same_key_and_request_have_one_effect(house: House) -> None:
    lead = house.lead()
    first = house.front.scheduling.book(wish(lead, key="k-1"))
    again = house.front.scheduling.book(wish(lead, key="k-1"))
    assert (again.appointment, again.replayed) == (first.appointment, True)
    assert len(house.front.scheduling.history(lead_id=lead.id)) == 1


def test_r31_the_same_key_with_another_request_is_refused(house: House) -> None:
    house.front.scheduling.book(wish(key="k-1"))
    with pytest.raises(KeyMisused):
        house.front.scheduling.book(wish(key="k-1", starts_at=TUESDAY + HOUR))


def test_r31_a_key_of_a_refused_request_is_free_again(house: House) -> None:
    with pytest.raises(OutsideHours):
        house.front.scheduling.book(wish(key="k-1", starts_at=TUESDAY - HOUR))
    assert not house.front.scheduling.book(wish(key="k-1")).replayed


def test_r31_a_move_is_repeated_by_its_key(house: House) -> None:
    booked = house.front.scheduling.book(wish()).appointment
    for _ in range(2):
        moved = house.front.scheduling.reschedule(booked.id, TUESDAY + HOUR, key="m-1")
        assert moved.appointment.sequence == 1


def test_r31_a_move_with_the_same_key_that_asks_for_more_is_refused(house: House) -> None:
    booked = house.front.scheduling.book(wish()).appointment
    house.front.scheduling.reschedule(booked.id, TUESDAY + HOUR, key="m-1")
    with pytest.raises(KeyMisused):
        house.front.scheduling.reschedule(booked.id, TUESDAY + HOUR, key="m-1", is_manual=True)


def test_a_request_waits_for_the_practice(house: House) -> None:
    lead = house.lead()
    asked = house.front.scheduling.request(wish(lead)).appointment
    assert (asked.status, stage(house, lead)) == (S.REQUESTED, "new_lead")
    assert starts(house)[0] == TUESDAY + HOUR
    accepted = house.front.scheduling.accept(asked.id).appointment
    assert (accepted.status, stage(house, lead)) == (S.BOOKED, "consultation_scheduled")


def test_a_request_that_keeps_no_time_may_come_too_late(house: House) -> None:
    open_the_diary(house, requests_block=False)
    asked = house.front.scheduling.request(wish(patient_ref="p-1")).appointment
    house.front.scheduling.book(wish(patient_ref="p-2"))
    with pytest.raises(SlotTaken):
        house.front.scheduling.accept(asked.id)
    assert house.front.scheduling.appointment(asked.id).status is S.REQUESTED


def test_a_consultation_takes_its_lead_along(house: House) -> None:
    lead = house.lead()
    booked = house.front.scheduling.book(wish(lead))
    assert stage(house, lead) == "consultation_scheduled"
    assert [task.type for task in booked.tasks] == [LeadTaskType.CONSULTATION_CONFIRM]
    house.clock.set(TUESDAY + HOUR)
    done = house.front.scheduling.complete(booked.appointment.id)
    assert stage(house, lead) == "consultation_completed"
    assert [(task.type, task.due_at) for task in done.tasks] == [
        (LeadTaskType.FOLLOW_UP, house.clock() + 3 * DAY)
    ]
    logged = [item.what for item in house.coordinator.leads.timeline(lead.id).entries]
    assert logged.count(LeadActivityType.CONSULTATION_SCHEDULED) == 1
    assert logged.count(LeadActivityType.CONSULTATION_COMPLETED) == 1


def test_a_lead_that_is_further_on_stays_where_it_is(house: House) -> None:
    lead = house.lead()
    house.coordinator.pipeline.move(lead.id, "pending_decision")
    house.front.scheduling.book(wish(lead))
    assert stage(house, lead) == "pending_decision"


def test_a_hold_moves_nobody_before_it_is_confirmed(house: House) -> None:
    lead = house.lead()
    held = house.front.scheduling.hold(wish(lead)).appointment
    assert stage(house, lead) == "new_lead"
    house.front.scheduling.confirm(held.id)
    assert stage(house, lead) == "consultation_scheduled"


def test_a_cancelled_consultation_leaves_its_lead_where_it_is(house: House) -> None:
    lead = house.lead()
    booked = house.front.scheduling.book(wish(lead)).appointment
    cancelled = house.front.scheduling.cancel(booked.id, "patient_ill").appointment
    assert (cancelled.cancelled_because, cancelled.cancelled_at) == ("patient_ill", house.clock())
    assert stage(house, lead) == "consultation_scheduled"
    assert starts(house)[0] == TUESDAY


def test_a_no_show_has_the_family_called(house: House) -> None:
    lead = house.lead()
    booked = house.front.scheduling.book(wish(lead)).appointment
    house.clock.set(TUESDAY + HOUR)
    missed = house.front.scheduling.no_show(booked.id)
    assert [(task.type, task.assigned_to) for task in missed.tasks] == [
        (LeadTaskType.CALL, house.coordinator.leads.get(lead.id).ownership.owner)
    ]
    assert missed.tasks[0] in house.coordinator.followups.open_tasks()
    assert stage(house, lead) == "consultation_scheduled"


def test_lost_leads_are_reopened_before_they_are_booked(house: House) -> None:
    lead = house.lead()
    house.coordinator.pipeline.lose(lead.id, "RELOCATED")
    with pytest.raises(LeadClosed):
        house.front.scheduling.book(wish(lead))


def test_patients_of_the_practice_are_booked_without_a_lead(house: House) -> None:
    lead = house.lead()
    house.coordinator.pipeline.convert(lead.id)
    booked = house.front.scheduling.book(wish(lead, type="follow_up"))
    assert booked.tasks == ()
    house.front.scheduling.book(wish(patient_ref="p-9", starts_at=TUESDAY + HOUR))
    (found,) = house.front.scheduling.history(patient_ref="p-9")
    assert found.lead_id is None


def test_staff_enter_by_hand_what_was_agreed_on(house: House) -> None:
    evening = TUESDAY + timedelta(hours=10, minutes=7)
    entered = wish(starts_at=evening, is_manual=True, length=timedelta(minutes=20))
    booked = house.front.scheduling.book(entered).appointment
    assert (booked.length, booked.timezone) == (timedelta(minutes=20), "America/Chicago")
    with pytest.raises(SlotTaken):
        house.front.scheduling.book(evolve(entered, patient_ref="p-2"))
    yesterday = wish(patient_ref="p-3", is_manual=True, starts_at=house.clock() - DAY)
    past = house.front.scheduling.book(yesterday).appointment
    assert house.front.scheduling.complete(past.id).appointment.status is S.COMPLETED


def test_notes_and_links_are_written_and_the_link_ends_with_the_visit(house: House) -> None:
    booked = house.front.scheduling.book(wish()).appointment
    edit = AppointmentEdit(notes="asks for a mirror", meeting_link="https://meet.example/x")
    edited = house.front.scheduling.edit(booked.id, edit)
    assert (edited.notes, edited.meeting_link) == ("asks for a mirror", "https://meet.example/x")
    house.clock.set(TUESDAY)
    done = house.front.scheduling.complete(booked.id).appointment
    assert (done.notes, done.meeting_link) == ("asks for a mirror", None)


def test_no_link_is_written_to_a_visit_that_is_over(house: House) -> None:
    booked = house.front.scheduling.book(wish()).appointment
    house.front.scheduling.cancel(booked.id)
    with pytest.raises(AppointmentClosed):
        house.front.scheduling.edit(
            booked.id, AppointmentEdit(notes="no", meeting_link="https://meet.example/x")
        )
    edited = house.front.scheduling.edit(booked.id, AppointmentEdit(notes="rang", meeting_link=""))
    assert (edited.notes, edited.meeting_link) == ("rang", None)


def test_the_day_goes_from_arrival_to_completion(house: House) -> None:
    booked = house.front.scheduling.book(wish()).appointment
    house.clock.set(TUESDAY)
    assert house.front.scheduling.arrive(booked.id).appointment.status is S.ARRIVED
    assert house.front.scheduling.start(booked.id).appointment.status is S.IN_PROGRESS
    with pytest.raises(AppointmentClosed):
        house.front.scheduling.cancel(booked.id)
    assert house.front.scheduling.complete(booked.id).appointment.status is S.COMPLETED
    with pytest.raises(SlotTaken):
        house.front.scheduling.book(wish(patient_ref="p-2"))


def test_a_series_has_one_result_for_each_visit(house: House) -> None:
    house.front.scheduling.book(wish(patient_ref="p-2", starts_at=TUESDAY + 7 * DAY))
    series = house.front.scheduling.book_series(wish(), "FREQ=WEEKLY;COUNT=3")
    kinds = [type(one).__name__ for one in series.results]
    assert kinds == ["Booked", "Refused", "Booked"]
    made = house.front.scheduling.history(patient_ref="p-1")
    assert {one.series_id for one in made} == {series.id}
    cancelled = house.front.scheduling.cancel_series(series.id)
    assert [one.appointment.status for one in cancelled] == [S.CANCELLED, S.CANCELLED]


def test_a_limit_per_day_holds(house: House) -> None:
    open_the_diary(house, max_per_day=1)
    house.front.scheduling.book(wish())
    with pytest.raises(NotOffered) as refusal:
        house.front.scheduling.book(wish(patient_ref="p-2", starts_at=TUESDAY + HOUR))
    assert refusal.value.rule == "R16"


def test_a_group_visit_is_shared_up_to_its_capacity(house: House) -> None:
    open_the_diary(house, capacity=2)
    for patient in ("p-1", "p-2"):
        house.front.scheduling.book(wish(patient_ref=patient))
    with pytest.raises(SlotTaken) as refusal:
        house.front.scheduling.book(wish(patient_ref="p-3"))
    assert refusal.value.rule == "R13"


def test_buffers_keep_their_distance(house: House) -> None:
    quarter = timedelta(minutes=15)
    open_the_diary(house, buffer_after=quarter, step=quarter)
    house.front.scheduling.book(wish(starts_at=TUESDAY + HOUR))
    assert [at for at in starts(house) if at < TUESDAY + 3 * HOUR] == [
        TUESDAY + HOUR + HOUR + quarter + n * quarter for n in range(3)
    ]


def test_what_is_not_there_is_not_found(house: House) -> None:
    with pytest.raises(NotFound):
        house.front.scheduling.confirm(AppointmentId("0190c0de-0000-7000-8000-000000000000"))
    with pytest.raises(NotFound):
        house.front.scheduling.book(wish(house.lead(), lead_id="nobody"))
