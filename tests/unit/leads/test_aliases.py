"""The words of the appointment-scheduling document (S2-01, S2-04, C-32)."""

from typing import Any

import pytest
from attrs import evolve

from orthocrm import InvalidInput, LeadActivityType, LeadStatus, LostReason
from orthocrm.core.lead import Lead
from orthocrm.leads import aliases
from orthocrm.leads.aliases import Meaning
from orthocrm.testing.factories import a_lead
from tests.support.practices import a_practice

PRACTICE = a_practice()
CLOSED = Meaning(
    status=LeadStatus.LOST, reason=LostReason.OTHER, notes="imported: no reason recorded"
)


def standing(status: LeadStatus, stage: str) -> Lead:
    return a_lead(PRACTICE.clinic, stage=stage, status=status)


@pytest.mark.parametrize("word", ["", "NEWS", "New", "lead", None, 7, ["new"]])
def test_an_unknown_status_is_refused_by_name_of_the_field(word: Any) -> None:
    with pytest.raises(InvalidInput) as refusal:
        aliases.status_of(word, "status")
    assert [(p.path, p.code) for p in refusal.value.problems] == [("status", "unknown_status")]
    assert "NEWS" not in str(refusal.value)


@pytest.mark.parametrize(
    "word, meaning",
    [
        ("new", Meaning(status=LeadStatus.NEW, stage="new_lead")),
        ("contacted", Meaning(status=LeadStatus.ACTIVE, stage="contacted")),
        ("qualified", Meaning(status=LeadStatus.ACTIVE, stage="consultation_scheduled")),
        ("enrolled", Meaning(status=LeadStatus.CONVERTED)),
        ("closed", CLOSED),
        ("NEW", Meaning(status=LeadStatus.NEW, stage="new_lead")),
        ("ACTIVE", Meaning(status=LeadStatus.ACTIVE)),
        ("CONVERTED", Meaning(status=LeadStatus.CONVERTED)),
        ("LOST", CLOSED),
        ("ARCHIVED", Meaning(status=LeadStatus.ARCHIVED)),
    ],
)
def test_the_five_words_and_the_librarys_own_statuses(word: str, meaning: Meaning) -> None:
    assert aliases.status_of(word) == meaning


@pytest.mark.parametrize(
    "status, stage, word",
    [
        (LeadStatus.NEW, "new_lead", "new"),
        (LeadStatus.ACTIVE, "new_lead", "contacted"),
        (LeadStatus.ACTIVE, "contacted", "contacted"),
        (LeadStatus.ACTIVE, "consultation_scheduled", "qualified"),
        (LeadStatus.ACTIVE, "treatment_accepted", "qualified"),
        (LeadStatus.CONVERTED, "treatment_started", "enrolled"),
        (LeadStatus.LOST, "lost", "closed"),
        (LeadStatus.ARCHIVED, "lost", "closed"),
    ],
)
def test_the_word_for_where_a_lead_stands(status: LeadStatus, stage: str, word: str) -> None:
    assert aliases.word_of(standing(status, stage), PRACTICE) == word


def test_words_read_back_to_the_status_that_they_came_from() -> None:
    for word in ("new", "contacted", "qualified", "enrolled", "closed"):
        meaning = aliases.status_of(word)
        stage = meaning.stage or "lost"
        assert aliases.word_of(standing(meaning.status, stage), PRACTICE) == word


def test_without_its_stage_nothing_is_qualified() -> None:
    stages = tuple(s for s in PRACTICE.stages if s.slug != "consultation_scheduled")
    practice = evolve(PRACTICE, stages=stages)
    lead = standing(LeadStatus.ACTIVE, "treatment_accepted")
    assert aliases.word_of(lead, practice) == "contacted"


@pytest.mark.parametrize(
    "word, type_",
    [
        ("call", LeadActivityType.PHONE_CALL),
        ("email", LeadActivityType.EMAIL),
        ("meeting", LeadActivityType.IN_PERSON),
        ("note", LeadActivityType.NOTE),
    ],
)
def test_the_four_types_of_activity_both_ways(word: str, type_: LeadActivityType) -> None:
    assert aliases.activity_of(word) is type_
    assert aliases.activity_of(type_.value) is type_
    assert aliases.activity_word(type_) == word


def test_types_without_a_word_keep_their_code() -> None:
    assert aliases.activity_word(LeadActivityType.SMS) == "SMS"


@pytest.mark.parametrize("word", ["fax", "CALL", None, 7])
def test_an_unknown_activity_is_refused(word: Any) -> None:
    with pytest.raises(InvalidInput) as refusal:
        aliases.activity_of(word)
    assert [p.path for p in refusal.value.problems] == ["activityType"]


@pytest.mark.parametrize(
    "word, source, detail",
    [
        ("contact_form", "Web - Organic search", None),
        ("website", "Web - Organic search", None),
        ("referral", "Patient referral", None),
        ("walk-in", "Walk-in", None),
        ("billboard", "Other", "billboard"),
        ("", "Other", None),
        (None, "Other", None),
    ],
)
def test_every_word_has_a_source(word: str | None, source: str, detail: str | None) -> None:
    named = aliases.source_named(word, PRACTICE)
    assert named.source is not None
    assert (named.source.name, named.detail) == (source, detail)


def test_a_source_out_of_use_gives_way_to_the_default_one() -> None:
    sources = tuple(evolve(s, is_active=s.name != "Web - Organic search") for s in PRACTICE.sources)
    named = aliases.source_named("website", evolve(PRACTICE, sources=sources))
    assert named.source is not None
    assert (named.source.name, named.detail) == ("Other", "website")
