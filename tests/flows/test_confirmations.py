"""A message that speaks of a visit goes only while the visit is as it says, on every backend."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from orthocrm.core.appointment import Appointment, AppointmentStatus
from orthocrm.core.notifying import MessageState
from orthocrm.core.rules import DEFAULT_RULES
from orthocrm.testing.factories import an_appointment
from tests.flows.carrying import Bird, a_practice, configure, held, put, states

HOUR = timedelta(hours=1)


def cancelled(visit: Appointment) -> Appointment:
    return evolve(visit, status=AppointmentStatus.CANCELLED)


def later(visit: Appointment) -> Appointment:
    return evolve(visit, starts_at=visit.starts_at + HOUR)


def same(visit: Appointment) -> Appointment:
    return evolve(visit, status=AppointmentStatus.CONFIRMED)


@pytest.mark.parametrize(
    "change, expected",
    [
        (cancelled, (MessageState.SKIPPED, "appointment_changed")),
        (later, (MessageState.SKIPPED, "appointment_changed")),
        (same, (MessageState.SENT, None)),
    ],
)
@pytest.mark.parametrize("named", [True, False])
def test_a_confirmation_of_a_visit_that_changed_is_not_sent(
    url: str, change: Callable[[Appointment], Appointment], expected: Any, *, named: bool
) -> None:
    with a_practice(Bird(), url=url, phone="(312) 555-0100") as house:
        configure(house, rules=DEFAULT_RULES)
        lead = house.lead()
        visit = an_appointment(lead, house.clock())
        with house.crm._backend.begin(house.clinic.id) as store:
            store.appointments.add([visit])
        house.coordinator.pipeline.move(lead.id, "consultation_scheduled")
        (message,) = [m for m in held(house) if m.template == "consultation_confirmation"]
        assert message.appointment_id == visit.id
        with house.crm._backend.begin(house.clinic.id) as store:
            present = store.appointments.get([visit.id])[visit.id]
            store.appointments.save([change(present)])
            if not named:
                store.messages.save([evolve(message, appointment_id=None)])

        house.crm.work()

        assert states(house, message) == [expected]


def test_a_reminder_of_a_visit_that_has_begun_is_not_sent(url: str) -> None:
    with a_practice(Bird(), url=url) as house:
        lead = house.lead()
        visit = an_appointment(lead, house.clock())
        with house.crm._backend.begin(house.clinic.id) as store:
            store.appointments.add([visit])
        early = put(house, lead, appointment_id=visit.id, about="reminder/day_before")
        house.crm.work()
        late = put(house, lead, appointment_id=visit.id, due_at=visit.starts_at)
        house.clock.set(visit.starts_at)
        house.crm.work()
        assert states(house, early, late) == [
            (MessageState.SENT, None),
            (MessageState.SKIPPED, "appointment_changed"),
        ]
