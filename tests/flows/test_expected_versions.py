"""Whoever saw an older version changes nothing: leads, tasks and appointments."""

from collections.abc import Callable
from typing import Any

import pytest

from orthocrm import InvalidInput, LeadEdit, LeadTaskType, NewTask, StaleVersion, TaskEdit
from orthocrm.scheduling.booking import AppointmentEdit
from tests.flows.practice import House
from tests.flows.scheduling import open_the_diary, wish
from tests.security.digest import digest


def test_a_lead_is_changed_as_it_was_seen_or_not_at_all(house: House) -> None:
    lead = house.lead()
    edited = house.coordinator.expecting(lead.version).leads.edit(lead.id, LeadEdit(notes="new"))
    assert edited.version == lead.version + 1
    refused(house, lambda: old(house).leads.edit(lead.id, LeadEdit(notes="late")))
    refused(house, lambda: old(house).pipeline.move(lead.id, "contacted"))
    house.coordinator.expecting(edited.version).pipeline.move(lead.id, "contacted")


def test_so_is_a_task(house: House) -> None:
    new = NewTask(type=LeadTaskType.CALL, title="Call", due_at=house.clock())
    task = house.coordinator.followups.add_task(house.lead().id, new)
    house.coordinator.expecting(task.version).followups.edit_task(task.id, TaskEdit(title="Ring"))
    refused(house, lambda: old(house).followups.complete(task.id))


def test_so_is_an_appointment(house: House) -> None:
    open_the_diary(house)
    booked = house.front.scheduling.book(wish(patient_ref="p-1")).appointment
    edit = AppointmentEdit(notes="bring the plan")
    house.front.expecting(booked.version).scheduling.edit(booked.id, edit)
    late = house.front.expecting(booked.version).scheduling
    refused(house, lambda: late.cancel(booked.id))


def test_a_version_where_nothing_has_one_is_refused(house: House) -> None:
    with pytest.raises(InvalidInput, match="version"):
        house.coordinator.expecting(1).leads.save_view("mine")
    assert house.coordinator.leads.views() == ()


def old(house: House) -> Any:
    return house.coordinator.expecting(1)


def refused(house: House, act: Callable[[], object]) -> None:
    before = digest(house.crm)
    with pytest.raises(StaleVersion):
        act()
    assert digest(house.crm) == before
