"""Who sees which event, and marks."""

from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from orthocrm.core.actor import Permission
from orthocrm.core.events import KINDS
from orthocrm.core.happening import Happening
from orthocrm.core.ids import AppointmentId, LeadId, UserId
from orthocrm.services.live import marks
from orthocrm.services.live.marks import Mark
from orthocrm.services.live.seeing import Item, Reach, Sight, needs
from orthocrm.testing.clock import FrozenClock

MINE, FREE, THEIRS = LeadId("mine"), LeadId("free"), LeadId("theirs")
ME, OTHER = UserId("me"), UserId("other")
OWNERS = {MINE: ME, FREE: None, THEIRS: OTHER}
READER = Sight(user=ME, permissions=frozenset({Permission.LEAD_READ}))


def item(kind: str, *leads: LeadId, **fields: Any) -> Item:
    told = Happening(
        id="1-0",
        kind=kind,
        at=FrozenClock()(),
        by=OTHER,
        lead_ids=leads,
        versions={**dict.fromkeys(leads, 3), "task": 1},
    )
    return evolve(Item(mark=Mark(1, 0), told=told, owners=OWNERS), **fields)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_event_is_for_somebody(kind: str) -> None:
    assert needs(kind) != ()


def test_an_event_of_a_newer_release_is_for_nobody() -> None:
    assert needs("teeth_counted") == ()


@pytest.mark.parametrize(
    "reach, seen",
    [
        (Reach.ALL, (MINE, FREE, THEIRS)),
        (Reach.OWN_AND_FREE, (MINE, FREE)),
        (Reach.OWN, (MINE,)),
    ],
)
def test_of_many_leads_those_within_reach_are_told(reach: Reach, seen: tuple[LeadId, ...]) -> None:
    told = evolve(READER, leads=reach).of(item("leads_assigned", MINE, FREE, THEIRS))
    assert told is not None
    assert told.lead_ids == seen
    assert set(told.versions) == {*seen, "task"}


def test_who_loses_a_lead_is_told_and_nobody_else_out_of_reach() -> None:
    assert READER.of(item("lead_assigned", THEIRS)) is None
    assert READER.of(item("lead_assigned", THEIRS, before=ME)) is not None
    assert READER.of(item("lead_updated", LeadId("erased"))) is None


def test_appointments_are_for_who_takes_part_and_for_who_sees_all() -> None:
    visit = item("appointment_booked", THEIRS, takers=frozenset({OTHER}))
    visit = evolve(visit, told=evolve(visit.told, appointment_id=AppointmentId("a")))
    reader = evolve(READER, permissions=frozenset({Permission.APPOINTMENT_READ}))
    assert reader.of(visit) is None
    assert reader.of(evolve(visit, takers=frozenset({ME}))) is not None
    assert evolve(reader, appointments=Reach.ALL).of(visit) == visit.told
    assert evolve(READER, leads=Reach.ALL).of(visit) is None


def test_without_the_permission_nothing_is_told() -> None:
    blind = Sight(user=ME, permissions=frozenset(), leads=Reach.ALL, appointments=Reach.ALL)
    assert [kind for kind in KINDS if blind.of(item(kind, MINE)) is not None] == []


@given(st.integers(0, 10**18 - 1), st.none() | st.integers(0, 10**9 - 1))
def test_a_mark_is_read_as_it_was_written(position: int, index: int | None) -> None:
    mark = Mark(position) if index is None else Mark(position, index)
    assert marks.read(str(mark)) == mark


@given(st.text(max_size=30))
def test_any_text_is_a_mark_or_none(text: str) -> None:
    mark = marks.read(text)
    assert mark is None or marks.read(str(mark)) == mark
