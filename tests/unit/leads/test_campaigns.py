"""Campaigns: names that last, sources by name, dates in order."""

from datetime import date, datetime
from typing import Any

import pytest
from attrs import evolve

from orthocrm import InvalidInput
from orthocrm.core.ids import ClinicId, SourceId
from orthocrm.leads import campaigns
from orthocrm.testing.factories import a_campaign
from tests.support.practices import a_practice

PRACTICE = a_practice()
SOURCE = PRACTICE.sources[0]
CAMPAIGN = a_campaign(PRACTICE.clinic, "Spring", source_id=SOURCE.id)


@pytest.mark.parametrize(
    "fields, problem",
    [
        ({"name": ""}, ("name", "required")),
        ({"name": None}, ("name", "required")),
        ({"name": "x" * 256}, ("name", "too_long")),
        ({"name": 7}, ("name", "wrong_type")),
        ({"source_id": "nobody"}, ("source_id", "unknown_source")),
        ({"starts_on": "2026"}, ("starts_on", "not_a_date")),
        ({"ends_on": datetime(2026, 1, 1)}, ("ends_on", "not_a_date")),  # noqa: DTZ001 - the subject
        (
            {"starts_on": date(2026, 3, 2), "ends_on": date(2026, 3, 1)},
            ("ends_on", "ends_before_start"),
        ),
        ({"is_active": 1}, ("is_active", "wrong_type")),
    ],
)
def test_a_campaign_that_cannot_be_read_names_its_field(
    fields: dict[str, Any], problem: tuple[str, str]
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        campaigns.checked(evolve(CAMPAIGN, **fields), PRACTICE)
    assert (refusal.value.problems[0].path, refusal.value.problems[0].code) == problem


def test_a_campaign_is_trimmed_and_its_source_may_be_named() -> None:
    given = evolve(CAMPAIGN, name="  Spring ", source_id=SourceId(SOURCE.name))
    assert campaigns.checked(given, PRACTICE) == CAMPAIGN


def test_the_name_of_a_campaign_lasts_but_for_its_case() -> None:
    louder = campaigns.changed(CAMPAIGN, evolve(CAMPAIGN, name="SPRING"), PRACTICE)
    assert louder.name == "SPRING"
    with pytest.raises(InvalidInput) as refusal:
        campaigns.changed(CAMPAIGN, evolve(CAMPAIGN, name="Summer"), PRACTICE)
    assert [(p.path, p.code) for p in refusal.value.problems] == [("name", "fixed")]


def test_a_change_does_not_move_a_campaign_elsewhere() -> None:
    given = evolve(CAMPAIGN, clinic_id=ClinicId("another"), created_at=datetime.max)  # noqa: DTZ901 - never kept
    assert campaigns.changed(CAMPAIGN, given, PRACTICE) == CAMPAIGN
