"""FHIR R4: every resource is valid, says the right status, and nothing of health."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fhir.resources.R4B.appointment import Appointment as R4Appointment
from fhir.resources.R4B.bundle import Bundle as R4Bundle
from fhir.resources.R4B.schedule import Schedule as R4Schedule
from fhir.resources.R4B.slot import Slot as R4Slot

from orthocrm.core.appointment import Appointment, AppointmentStatus
from orthocrm.scheduling import fhir
from orthocrm.testing.factories import (
    a_clinic,
    a_lead,
    a_schedule,
    a_time_off,
    an_appointment,
)

NAMES = fhir.Names(system="https://bright.example/", types={"consultation": "Consultation"})
START = datetime(2026, 11, 24, 15, tzinfo=UTC)
HOUR = timedelta(hours=1)


def booked(**fields: Any) -> Appointment:
    return an_appointment(a_lead(a_clinic()), **{"starts_at": START, **fields})


def valid(kind: Any, resource: fhir.Resource) -> fhir.Resource:
    """Let the validator of R4 read it, and see that nothing is lost by JSON."""
    read = kind.model_validate(resource)
    assert json.loads(read.model_dump_json()).keys() == resource.keys() | {"resourceType"}
    assert json.loads(json.dumps(resource)) == resource
    return resource


def test_an_appointment_names_time_type_and_everybody() -> None:
    one = booked(providers=("dr-1", "dr-2"), resources=("chair-1",), uid="lasting@bright")

    found = valid(R4Appointment, fhir.appointment(one, NAMES))

    assert found["id"] == one.id
    assert found["identifier"] == [{"value": "lasting@bright"}]
    assert (found["start"], found["end"]) == ("2026-11-24T15:00:00Z", "2026-11-24T16:00:00Z")
    assert found["minutesDuration"] == 60
    assert found["serviceType"][0]["text"] == "Consultation"
    assert [
        (one["actor"]["type"], one["actor"]["identifier"]["value"]) for one in found["participant"]
    ] == [
        ("Practitioner", "dr-1"),
        ("Practitioner", "dr-2"),
        ("Patient", one.lead_id),
        ("Location", "chair-1"),
    ]
    assert found["participant"][2]["actor"]["identifier"]["system"] == "https://bright.example/lead"


@pytest.mark.parametrize(
    "status, told, patient, provider",
    [
        ("HELD", "proposed", "needs-action", "tentative"),
        ("REQUESTED", "pending", "accepted", "needs-action"),
        ("BOOKED", "booked", "needs-action", "accepted"),
        ("CONFIRMED", "booked", "accepted", "accepted"),
        ("ARRIVED", "arrived", "accepted", "accepted"),
        ("IN_PROGRESS", "checked-in", "accepted", "accepted"),
        ("COMPLETED", "fulfilled", "accepted", "accepted"),
        ("CANCELLED", "cancelled", "declined", "accepted"),
        ("DECLINED", "cancelled", "accepted", "declined"),
        ("EXPIRED", "cancelled", "declined", "accepted"),
        ("NO_SHOW", "noshow", "accepted", "accepted"),
    ],
)
def test_every_status_has_its_word(status: str, told: str, patient: str, provider: str) -> None:
    one = booked(status=AppointmentStatus(status))

    found = valid(R4Appointment, fhir.appointment(one, NAMES))

    answers = {one["actor"]["type"]: one["status"] for one in found["participant"]}
    assert found["status"] == told
    assert answers == {"Patient": patient, "Practitioner": provider}


def test_the_table_of_statuses_is_whole() -> None:
    assert set(fhir.APPOINTMENT_STATUS) == set(AppointmentStatus)


def test_why_it_was_cancelled_is_told_where_fhir_allows_it() -> None:
    cancelled = booked(status=AppointmentStatus.CANCELLED, cancelled_because="ILL")
    still_on = booked(cancelled_because="ILL")

    told, untold = (
        valid(R4Appointment, fhir.appointment(one, NAMES)) for one in (cancelled, still_on)
    )

    assert told["cancelationReason"] == {"text": "ILL"}
    assert "cancelationReason" not in untold


def test_nothing_of_health_leaves() -> None:
    one = booked(
        reason="canary", notes="canary", meeting_link="https://canary", answers={"a": "canary"}
    )

    assert "canary" not in json.dumps(fhir.appointment(one, NAMES))


def test_a_patient_of_the_practice_is_named_as_one() -> None:
    one = booked(lead_id=None, patient_ref="p/7")

    (_, patient) = valid(R4Appointment, fhir.appointment(one, NAMES))["participant"]

    assert patient["actor"]["identifier"] == {
        "system": "https://bright.example/patient",
        "value": "p/7",
    }


def test_a_schedule_says_whose_it_is_and_for_when() -> None:
    one = a_schedule(a_clinic(), "dr lee@bright")

    found = valid(R4Schedule, fhir.schedule(one, NAMES, START, START + HOUR))

    assert found["active"] is True
    assert found["actor"][0]["identifier"]["value"] == "dr lee@bright"
    assert found["planningHorizon"] == {
        "start": "2026-11-24T15:00:00Z",
        "end": "2026-11-24T16:00:00Z",
    }


def test_templates_and_schedules_out_of_use_are_not_active() -> None:
    clinic = a_clinic()
    schedules = [a_schedule(clinic, is_template=True), a_schedule(clinic, is_active=False)]

    found = [fhir.schedule(one, NAMES, START, START)["active"] for one in schedules]

    assert found == [False, False]


def test_slots_are_free_or_taken() -> None:
    clinic = a_clinic()
    states = ("HELD", "REQUESTED", "BOOKED", "COMPLETED", "CANCELLED", "NO_SHOW")
    appointments = [booked(status=AppointmentStatus(state)) for state in states]

    free = valid(R4Slot, fhir.free_slot("dr-1", "consultation", START, START + HOUR, NAMES))
    taken = fhir.busy_slots(appointments, [a_time_off(clinic, "dr-1")])

    assert free["status"] == "free"
    assert [valid(R4Slot, one)["status"] for one in taken] == [
        "busy-tentative",
        "busy-tentative",
        "busy",
        "busy",
        "busy-unavailable",
    ]
    assert {one["schedule"]["reference"] for one in (free, *taken)} == {"Schedule/dr-1"}


def test_slots_of_a_schedule_refer_to_it_whatever_its_id_is() -> None:
    one = a_schedule(a_clinic(), "Dr. Müller/2")

    schedule = fhir.schedule(one, NAMES, START, START)
    slot = fhir.free_slot(one.id, "consultation", START, START + HOUR, NAMES)

    assert slot["schedule"]["reference"] == f"Schedule/{schedule['id']}"
    assert len(schedule["id"]) == 64


def test_a_bundle_holds_them_all() -> None:
    resources = [
        fhir.schedule(a_schedule(a_clinic()), NAMES, START, START + HOUR),
        *fhir.busy_slots([booked()], []),
        fhir.appointment(booked(), NAMES),
    ]

    found = valid(R4Bundle, fhir.bundle(resources))

    assert [one["resource"]["resourceType"] for one in found["entry"]] == [
        "Schedule",
        "Slot",
        "Appointment",
    ]
