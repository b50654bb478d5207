"""Lost leads are archived and erased by the clinic's rules, and others are left alone."""

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from orthocrm import InvalidInput, NotFound
from orthocrm.core.ids import LeadId
from orthocrm.core.lead import Lead, LeadStatus
from orthocrm.core.retention import LEAST_MONTHS, Retention
from orthocrm.services.privacy.retaining import Retained
from orthocrm.testing.factories import an_appointment
from tests.flows.practice import House

YEAR = timedelta(days=366)


def keep(house: House, **rules: Any) -> None:
    """Set the clinic's rules of retention."""
    settings = house.admin.settings.practice().clinic.settings
    retention = evolve(settings.retention, **rules)
    house.admin.settings.change(evolve(settings, retention=retention))


def lost(house: House) -> Lead:
    """Lose a lead."""
    return house.coordinator.pipeline.lose(house.lead().id, "RELOCATED").lead


def test_nothing_happens_unless_it_is_asked_for(house: House) -> None:
    lead = lost(house)
    house.clock.advance(10 * YEAR)
    assert house.admin.privacy.retain(really=True) == Retained(done=True)
    house.crm.work()
    assert house.coordinator.leads.get(lead.id).status is LeadStatus.LOST


def test_a_lost_lead_is_archived_and_in_the_end_erased(house: House) -> None:
    keep(house, archive_after=12, erase_after=48)
    lead, alive = lost(house), house.lead()
    house.clock.advance(timedelta(days=300))
    assert house.admin.privacy.retain(really=True) == Retained(done=True)
    house.clock.advance(timedelta(days=66))
    assert house.admin.privacy.retain() == Retained(archived=(lead.id,))
    assert house.coordinator.leads.get(lead.id).status is LeadStatus.LOST
    assert house.crm.work().archived == 1
    kept = house.coordinator.leads.get(lead.id)
    assert (kept.status, kept.stamps.archived_at) == (LeadStatus.ARCHIVED, house.clock())
    assert house.crm.work().archived == 0
    house.clock.advance(3 * YEAR)
    assert house.admin.privacy.retain() == Retained(erased=(lead.id,))
    assert house.crm.work().erased == 1
    with pytest.raises(NotFound):
        house.coordinator.leads.get(lead.id)
    assert house.coordinator.leads.get(alive.id).status is not LeadStatus.ARCHIVED
    assert house.admin.privacy.retain(really=True) == Retained(done=True)


def test_who_is_held_converted_or_expected_is_not_erased(house: House) -> None:
    keep(house, erase_after=48)
    held, expected, gone = lost(house), lost(house), lost(house)
    patient = house.lead()
    house.coordinator.pipeline.convert(patient.id)
    house.admin.privacy.hold(held.id)
    house.clock.advance(5 * YEAR)
    with house.crm._backend.begin(house.clinic.id) as store:
        store.appointments.add([an_appointment(expected, house.clock())])
    assert house.admin.privacy.retain(really=True) == Retained(
        erased=(gone.id,), passed_over=(expected.id,), done=True
    )
    for lead in (held, expected, patient):
        assert house.coordinator.leads.get(lead.id).patient == lead.patient


def test_batches_follow_each_other(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orthocrm.services.privacy.retaining.BATCH", 2)
    keep(house, erase_after=48)
    ids: list[LeadId] = sorted(lost(house).id for _ in range(3))
    house.clock.advance(5 * YEAR)
    first = house.admin.privacy.retain()
    assert first == Retained(erased=tuple(ids[:2]), after=ids[1])
    assert house.admin.privacy.retain(after=first.after) == Retained(erased=(ids[2],))
    assert house.crm.work().erased == 3


@pytest.mark.parametrize("url", ["memory"], indirect=True)
@pytest.mark.parametrize(
    "path, rules",
    [
        ("retention.archive_after", {"archive_after": 0}),
        ("retention.archive_after", {"archive_after": True}),
        ("retention.erase_after", {"erase_after": LEAST_MONTHS - 1}),
        ("retention.erase_after", {"erase_after": 1_201}),
        ("retention.erase_after", {"erase_after": "60"}),
        ("retention.holds", {"holds": ["a"]}),
        ("retention.holds", {"holds": (1,)}),
    ],
)
def test_rules_are_checked(house: House, path: str, rules: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as refused:
        keep(house, **rules)
    assert [problem.path for problem in refused.value.problems] == [path]


@pytest.mark.parametrize("url", ["memory"], indirect=True)
def test_rules_and_places_are_of_their_type(house: House) -> None:
    settings = house.admin.settings.practice().clinic.settings
    with pytest.raises(InvalidInput) as refused:
        house.admin.settings.change(evolve(settings, retention="for ever"))  # type: ignore[arg-type]  # that is the point
    assert [problem.path for problem in refused.value.problems] == ["retention"]
    with pytest.raises(InvalidInput) as refused:
        house.admin.privacy.retain(after=3)  # type: ignore[arg-type]  # that is the point
    assert [problem.path for problem in refused.value.problems] == ["after"]


def test_the_shortest_time_is_four_years(house: House) -> None:
    keep(house, erase_after=LEAST_MONTHS)
    assert house.admin.settings.practice().clinic.settings.retention == Retention(erase_after=48)
