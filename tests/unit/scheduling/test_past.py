"""Visits of the past are read strictly, and become the appointments that they were."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from orthocrm.core.appointment import Appointment, AppointmentStatus
from orthocrm.core.errors import InvalidInput
from orthocrm.core.ids import AppointmentId
from orthocrm.core.settings import Clinic, Settings
from orthocrm.core.visit_type import BookableResource
from orthocrm.scheduling.past import PastVisit, read
from orthocrm.testing.factories import a_clinic

NOW = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)
START = datetime(2026, 5, 4, 14, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def clinic() -> Clinic:
    chair = BookableResource(id="chair-1", label="Chair 1")
    return evolve(a_clinic(), settings=Settings(resources=(chair,)))


def visit(**fields: Any) -> PastVisit:
    usual = {"type": "consultation", "starts_at": START, "provider": "dr-lee", "patient_ref": "p"}
    return PastVisit(**{**usual, **fields})


def recorded(**fields: Any) -> Appointment:
    return read(visit(**fields), clinic(), AppointmentId("v-1"), NOW)


def test_a_visit_is_the_appointment_that_it_was() -> None:
    booked_at = START - timedelta(days=9)

    made = recorded(booked_at=booked_at, moves=2, resources=["chair-1"])

    assert (made.status, made.completed_at) == (AppointmentStatus.COMPLETED, START + HOUR)
    assert (made.created_at, made.sequence, made.resources) == (booked_at, 2, ("chair-1",))
    assert (made.provider, made.providers, made.length) == ("dr-lee", ("dr-lee",), HOUR)
    assert recorded().created_at == START


@pytest.mark.parametrize("status", ["NO_SHOW", "CANCELLED"])
def test_a_visit_that_did_not_take_place_was_not_completed(status: str) -> None:
    made = recorded(status=status)

    assert (made.status, made.completed_at) == (status, None)
    assert made.cancelled_at == (START if status == "CANCELLED" else None)


@pytest.mark.parametrize(
    "field, value",
    [
        ("type", "haircut"),
        ("type", None),
        ("starts_at", START.replace(tzinfo=None)),
        ("starts_at", START.replace(second=1)),
        ("starts_at", None),
        ("starts_at", NOW - HOUR + timedelta(minutes=1)),
        ("starts_at", NOW + HOUR),
        ("provider", ""),
        ("provider", "x" * 300),
        ("status", "BOOKED"),
        ("status", "EXPIRED"),
        ("status", "gone"),
        ("status", None),
        ("length", timedelta()),
        ("length", timedelta(days=3650)),
        ("length", 60),
        ("booked_at", START + HOUR),
        ("booked_at", NOW + HOUR),
        ("booked_at", "yesterday"),
        ("moves", -1),
        ("moves", True),
        ("resources", ["chair-9"]),
        ("resources", "chair-1"),
        ("resources", None),
    ],
)
def test_a_visit_refuses_by_the_name_of_the_field(field: str, value: Any) -> None:
    with pytest.raises(InvalidInput) as refused:
        recorded(**{field: value})

    assert {problem.path for problem in refused.value.problems} == {field}


@pytest.mark.parametrize("subject", [{"patient_ref": None}, {"lead_id": "l-1"}])
def test_a_visit_is_of_a_lead_or_of_a_patient(subject: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="lead_id: give either a lead or a patient"):
        recorded(**subject)
