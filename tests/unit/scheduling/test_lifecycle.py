"""Which state follows which: every act on every state, and what ends with an appointment."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from orthocrm.core.appointment import Appointment, AppointmentStatus
from orthocrm.core.errors import AppointmentClosed, HoldExpired, TooLate
from orthocrm.core.ids import AppointmentId, ClinicId, UserId
from orthocrm.core.visit_type import VisitType
from orthocrm.scheduling import booking, lifecycle
from orthocrm.scheduling.lifecycle import ALLOWED, FINAL, Act, Occasion
from orthocrm.testing.clock import MONDAY_MORNING

NOW, HOUR = MONDAY_MORNING, timedelta(hours=1)
S = AppointmentStatus
KIND = VisitType(slug="consultation", name="Consultation", cancel_notice=24 * HOUR)
VISIT = Appointment(
    id=AppointmentId("a-1"),
    clinic_id=ClinicId("c-1"),
    provider=UserId("dr-lee"),
    type="consultation",
    starts_at=NOW,
    length=HOUR,
    timezone="UTC",
    status=S.BOOKED,
    created_at=NOW,
    updated_at=NOW,
    patient_ref="p-1",
    meeting_link="https://meet.example/x",
    resources=("chair-1",),
    buffer_before=timedelta(minutes=5),
    buffer_after=timedelta(minutes=10),
)
STAFF = Occasion(now=NOW, by=UserId("front"))
PATIENT = Occasion(now=NOW, by=UserId("p-1"), is_patient=True)

RULES: dict[Act, Callable[[Appointment, Occasion], Any]] = {
    Act.CONFIRM: lifecycle.confirmed,
    Act.ACCEPT: lifecycle.accepted,
    Act.DECLINE: lifecycle.declined,
    Act.ARRIVE: lifecycle.arrived,
    Act.START: lifecycle.started,
    Act.COMPLETE: lifecycle.completed,
    Act.MISS: lifecycle.missed,
    Act.CANCEL: lambda visit, when: lifecycle.cancelled(visit, when, KIND),
    Act.MOVE: lambda visit, when: lifecycle.ensure_movable(visit, when, KIND),
    Act.EXPIRE: lifecycle.expired,
}


@pytest.mark.parametrize("status", S)
@pytest.mark.parametrize("act", Act)
def test_every_act_is_possible_in_its_states_only(act: Act, status: S) -> None:
    visit = evolve(VISIT, status=status)
    if status in ALLOWED[act]:
        RULES[act](visit, STAFF)
        return
    with pytest.raises(
        HoldExpired if (act, status) == (Act.CONFIRM, S.EXPIRED) else AppointmentClosed
    ):
        RULES[act](visit, STAFF)


def test_final_states_allow_nothing() -> None:
    assert not any(FINAL & states for states in ALLOWED.values())


@pytest.mark.parametrize("act", [Act.COMPLETE, Act.MISS, Act.CANCEL])
def test_the_way_into_a_meeting_ends_with_it(act: Act) -> None:
    assert RULES[act](VISIT, STAFF).appointment.meeting_link is None


@pytest.mark.parametrize("minutes, expired", [(-1, True), (0, True), (1, False)])
def test_a_hold_has_run_out_at_its_instant(minutes: int, *, expired: bool) -> None:
    held = evolve(VISIT, status=S.HELD, expires_at=NOW + timedelta(minutes=minutes))
    assert lifecycle.has_run_out(held, NOW) == expired
    assert lifecycle.is_blocking(held, NOW) != expired


def test_a_patient_may_let_go_of_a_hold_and_of_a_request_at_any_time() -> None:
    for status in (S.HELD, S.REQUESTED):
        lifecycle.cancelled(evolve(VISIT, status=status), PATIENT, KIND)
    with pytest.raises(TooLate):
        lifecycle.cancelled(VISIT, PATIENT, KIND)


def test_claims_cover_people_and_things_with_buffers_and_the_patient_without() -> None:
    claims = {one.resource: one for one in booking.claims_of(VISIT)}
    assert claims.keys() == {"user/dr-lee", "thing/chair-1", "patient/p-1"}
    for name in ("user/dr-lee", "thing/chair-1"):
        assert (claims[name].starts_at, claims[name].ends_at) == (
            NOW - timedelta(minutes=5),
            NOW + HOUR + timedelta(minutes=10),
        )
    assert (claims["patient/p-1"].starts_at, claims["patient/p-1"].ends_at) == (NOW, NOW + HOUR)
