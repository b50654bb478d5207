"""One effect per delivery: a retry is answered with what the first one did."""

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from orthocrm import Channel, Intake, InvalidInput, LeadStatus, Refused, Role, TaskStatus
from orthocrm.core.ids import UserId
from orthocrm.services.deliveries import DeliveryMisused
from orthocrm.services.results import Captured
from tests.flows.practice import House, enquiry
from tests.security.digest import digest

WINDOW = timedelta(seconds=300)
A_MOMENT = timedelta(microseconds=1)


def keyed(key: str = "event-1", **fields: Any) -> Intake:
    return enquiry(delivery_key=key, **fields)


def form(**fields: Any) -> Intake:
    return enquiry(channel=Channel.WEB_FORM, **fields)


def count(house: House) -> int:
    return len(house.admin.leads.find(mine=False, size=500).leads)


def done(result: Captured | Refused) -> Captured:
    assert isinstance(result, Captured)
    return result


def test_a_retry_gives_the_first_result(house: House) -> None:
    house.lead()
    first = house.front.leads.capture(keyed())
    house.clock.advance(timedelta(days=3))
    again = house.front.leads.capture(keyed())

    assert again == evolve(first, replayed=True)
    assert len(again.duplicates) == 1
    assert count(house) == 2


def test_a_retry_after_the_lead_moved_on_names_what_was_made_then(house: House) -> None:
    first = house.front.leads.capture(keyed())
    house.coordinator.followups.complete(first.tasks[0].id)
    moved = house.coordinator.pipeline.move(first.lead.id, "pending_decision").lead
    house.lead()  # a duplicate that was not there then
    again = house.front.leads.capture(keyed())

    assert again.replayed
    assert again.lead == moved
    assert [(task.id, task.status) for task in again.tasks] == [
        (first.tasks[0].id, TaskStatus.COMPLETED)
    ]
    assert (again.duplicates, again.decision) == (first.duplicates, first.decision)


def test_a_retry_changes_nothing(house: House) -> None:
    house.front.leads.capture(keyed())
    before = digest(house.crm)
    house.front.leads.capture(keyed())
    assert digest(house.crm) == before


def test_a_key_that_comes_with_another_enquiry_is_misused(house: House) -> None:
    first = house.front.leads.capture(keyed())
    before = digest(house.crm)
    with pytest.raises(DeliveryMisused):
        house.front.leads.capture(keyed(patient_first_name="Diego"))

    assert digest(house.crm) == before
    assert house.front.leads.capture(keyed()).lead == first.lead


def test_the_time_of_receipt_is_no_other_content(house: House) -> None:
    first = house.front.leads.capture(keyed(received_at=house.clock()))
    house.clock.advance(timedelta(minutes=1))
    again = house.front.leads.capture(keyed(received_at=house.clock()))
    assert again == evolve(first, replayed=True)


def test_the_same_form_within_the_window_is_the_same_enquiry(house: House) -> None:
    first = house.front.leads.capture(form())
    house.clock.advance(WINDOW)
    again = house.front.leads.capture(form())
    house.clock.advance(A_MOMENT)
    later = house.front.leads.capture(form())

    assert again == evolve(first, replayed=True)
    assert not later.replayed
    assert [duplicate.lead_id for duplicate in later.duplicates] == [first.lead.id]
    assert house.front.leads.capture(form()) == evolve(later, replayed=True)


def test_a_form_with_another_value_is_another_enquiry(house: House) -> None:
    first = house.front.leads.capture(form())
    sibling = house.front.leads.capture(form(patient_first_name="Diego"))
    assert not sibling.replayed
    assert sibling.lead.id != first.lead.id


def test_staff_may_type_the_same_enquiry_twice(house: House) -> None:
    results = [house.front.leads.capture(enquiry()) for _ in range(2)]
    assert [result.replayed for result in results] == [False, False]
    assert count(house) == 2


def test_a_key_belongs_to_its_clinic(house: House) -> None:
    first = house.front.leads.capture(keyed())
    other = house.crm.create_clinic(name="Braces & Co", timezone="Europe/Zurich")
    there = house.desk(Role.FRONT_DESK, clinic=other).leads.capture(keyed())
    assert (there.replayed, there.lead.clinic_id) == (False, other.id)
    assert there.lead.id != first.lead.id


def test_a_key_belongs_to_its_user(house: House) -> None:
    first = house.front.leads.capture(keyed())
    other = house.coordinator.leads.capture(keyed(patient_first_name="Diego"))
    assert not other.replayed
    assert other.lead.id != first.lead.id


def test_a_key_comes_twice_in_a_batch(house: House) -> None:
    batch = [keyed(), keyed("event-2"), keyed(), keyed(patient_first_name="Diego")]
    first, second, again, misused = house.front.leads.capture_many(batch)

    assert again == evolve(done(first), replayed=True)
    assert done(second).lead.id != done(first).lead.id
    assert isinstance(misused, Refused)
    assert isinstance(misused.error, DeliveryMisused)
    assert count(house) == 2


def test_a_batch_replays_what_came_before_it(house: House) -> None:
    first = house.front.leads.capture(keyed())
    again, fresh = house.front.leads.capture_many([keyed(), keyed("event-2")])
    assert again == evolve(first, replayed=True)
    assert not done(fresh).replayed


def test_a_refused_enquiry_leaves_its_key_usable(house: House) -> None:
    with pytest.raises(InvalidInput):
        house.front.leads.capture(keyed(email="two@at@once"))
    captured = house.front.leads.capture(keyed())
    assert not captured.replayed
    assert captured.lead.status is LeadStatus.NEW


def test_a_refused_item_of_a_batch_leaves_its_key_usable(house: House) -> None:
    stranger = keyed(owner=UserId("nobody"))
    refused, kept = house.coordinator.leads.capture_many([stranger, keyed("event-2")])
    assert isinstance(refused, Refused)
    captured = house.coordinator.leads.capture(keyed())

    assert not captured.replayed
    assert house.coordinator.leads.capture(keyed()) == evolve(captured, replayed=True)
    with pytest.raises(DeliveryMisused):
        house.coordinator.leads.capture(keyed(patient_first_name="Diego"))
    assert house.coordinator.leads.capture(keyed("event-2")) == evolve(done(kept), replayed=True)


def test_a_replay_is_audited_with_the_lead_that_it_shows(house: House) -> None:
    first = house.front.leads.capture(keyed())
    house.clock.advance(timedelta(seconds=1))
    house.front.leads.capture(keyed())
    replay = house.admin.privacy.trail(size=1).entries[0]
    assert (replay.operation, replay.outcome) == ("leads.capture", "done")
    assert replay.objects == (first.lead.id,)
    assert replay.changes == ()
