"""The decision about one start, and what staff and patients are told of a refusal."""

from datetime import time, timedelta
from typing import Any

import pytest
from attrs import evolve

from orthocrm.core.appointment import AppointmentStatus
from orthocrm.core.errors import InPast, NotOffered, OutsideHours, SlotTaken
from orthocrm.core.ids import AppointmentId, ClinicId, UserId
from orthocrm.core.occupied import Occupied
from orthocrm.core.schedule import Schedule, WeeklyWindow
from orthocrm.core.visit_type import BookableResource, VisitType
from orthocrm.scheduling import choosing
from orthocrm.scheduling.asking import Diary, Question, blocks, request_for
from orthocrm.scheduling.booking import Taken, Wanted
from orthocrm.scheduling.refusals import Refusal, Why
from orthocrm.testing.clock import MONDAY_MORNING

NOW, HOUR = MONDAY_MORNING, timedelta(hours=1)
S = AppointmentStatus
KIND = VisitType(slug="check", name="Check", duration=HOUR)
WEEK = tuple(WeeklyWindow(weekday=day, start=time(9), end=time(17)) for day in range(1, 6))
SCHEDULES = {
    name: Schedule(id=name, clinic_id=ClinicId("c"), windows=WEEK) for name in ("ann", "ben")
}
DIARY = Diary(schedules=SCHEDULES, occupied=(), types={"check": KIND})
AT_NINE = NOW


def wanted(kind: VisitType = KIND, **fields: Any) -> Wanted:
    return Wanted(type=kind, starts_at=AT_NINE, length=HOUR, patient_ref="p-1", **fields)


def asked(kind: VisitType = KIND, **fields: Any) -> Question:
    return Question(
        type=kind,
        now=NOW,
        zone="America/Chicago",
        from_=AT_NINE,
        patient_ref="p-1",
        **fields,
    )


def taken(status: S = S.BOOKED, **fields: Any) -> Occupied:
    return Occupied(
        id=AppointmentId("a-1"),
        type="check",
        status=status,
        starts_at=AT_NINE,
        ends_at=AT_NINE + HOUR,
        expires_at=None,
        providers=(UserId("ann"),),
        resources=(),
        buffer_before=timedelta(),
        buffer_after=timedelta(),
        capacity=1,
        lead_id=None,
        patient_ref="p-2",
    )._replace(**fields)


def test_the_first_who_is_free_takes_it() -> None:
    diary = evolve(DIARY, occupied=[taken()])
    assert choosing.chosen(wanted(), asked(), diary) == Taken(
        providers=(UserId("ben"),), zone="America/Chicago"
    )


def test_a_refusal_is_that_of_the_search() -> None:
    diary = evolve(DIARY, occupied=[taken()])
    refusal = choosing.chosen(wanted(), asked(providers=("ann",)), diary)
    assert refusal == Refusal(code=Why.BUSY, rule="R11", provider="ann")


def test_every_pool_gets_a_member_of_its_own() -> None:
    kind = evolve(KIND, pools=("chairs", "rooms"))
    things = [
        BookableResource(id="chair-1", label="Chair", pool="chairs"),
        BookableResource(id="room-1", label="Room", pool="rooms"),
    ]
    found = choosing.chosen(wanted(kind), asked(kind), evolve(DIARY, resources=things))
    assert isinstance(found, Taken)
    assert found.resources == ("chair-1", "room-1")


def test_things_are_nobody_who_could_take_a_visit() -> None:
    chair = BookableResource(id="ben", label="A chair with hours")
    request = request_for(asked(), evolve(DIARY, resources=[chair]))
    assert [one.id for one in request.providers] == ["ann"]


def test_a_schedule_that_is_not_active_offers_nothing() -> None:
    closed = {**SCHEDULES, "ann": evolve(SCHEDULES["ann"], is_active=False)}
    assert [one.id for one in request_for(asked(), evolve(DIARY, schedules=closed)).providers] == [
        "ben"
    ]


@pytest.mark.parametrize("status", S)
def test_what_blocks_is_what_the_rule_says(status: S) -> None:
    free = {S.CANCELLED, S.NO_SHOW, S.DECLINED, S.EXPIRED}
    assert blocks(taken(status), DIARY.types, NOW) == (status not in free)


def test_a_hold_that_ran_out_and_a_request_that_keeps_no_time_block_nothing() -> None:
    assert not blocks(taken(S.HELD, expires_at=NOW), DIARY.types, NOW)
    assert blocks(taken(S.HELD, expires_at=NOW + HOUR), DIARY.types, NOW)
    quiet = {"check": evolve(KIND, requests_block=False)}
    assert not blocks(taken(S.REQUESTED), quiet, NOW)
    assert blocks(taken(S.REQUESTED), {}, NOW)


@pytest.mark.parametrize("why", Why)
def test_patients_are_told_nothing_of_others(why: Why) -> None:
    told = choosing.blurred(Refusal(code=why, rule="R0", provider="ann"))
    if isinstance(told, SlotTaken):
        assert told.rule == "R26"
    elif isinstance(told, OutsideHours):
        assert (told.why, told.rule) == (Why.OUTSIDE_HOURS, "R2")
    else:
        assert isinstance(told, NotOffered)
        assert why not in (Why.BUSY, Why.BUFFER, Why.FULL, Why.TIME_OFF, Why.DAY_FULL)
    assert "ann" not in str(told)


def test_a_start_in_the_past_is_told_as_such() -> None:
    assert isinstance(choosing.error_of(Refusal(code=Why.IN_PAST, rule="R14")), InPast)
