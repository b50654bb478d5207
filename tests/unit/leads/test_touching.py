"""Touches: bad input first, then which is the first one and what it says."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from orthocrm import Channel, InvalidInput, NewTouch
from orthocrm.core.ids import SourceId
from orthocrm.core.lead import Origin
from orthocrm.core.marketing import Touch
from orthocrm.leads import touching
from orthocrm.testing.clock import CountingIds
from orthocrm.testing.factories import a_lead, a_touch
from tests.support.practices import a_practice

NOW = datetime(2026, 11, 2, 15, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PRACTICE = a_practice()
PRINT = next(s for s in PRACTICE.sources if s.name == "Print advertising")
LEAD = a_lead(PRACTICE.clinic)


def read(new: Any, practice: Any = PRACTICE, **campaigns: str) -> Touch:
    known = {name: SourceId(source) for name, source in campaigns.items()}
    return touching.read(new, LEAD, practice, known, now=NOW, ids=CountingIds())


@pytest.mark.parametrize(
    "fields, problem",
    [
        ({"channel": "PIGEON"}, ("channel", "unknown_value")),
        ({"channel": None}, ("channel", "required")),
        ({"at": datetime(2026, 11, 2)}, ("at", "naive_datetime")),  # noqa: DTZ001 - the subject
        ({"at": NOW + timedelta(hours=1)}, ("at", "in_the_future")),
        ({"at": "yesterday"}, ("at", "not_an_instant")),
        ({"source": "nobody"}, ("source", "unknown_source")),
        ({"campaign": 7}, ("campaign", "wrong_type")),
        ({"referring_provider": "x" * 256}, ("referring_provider", "too_long")),
        ({"referring_patient": b"x"}, ("referring_patient", "wrong_type")),
        ({"detail": "\ud800"}, ("detail", "bad_character")),
    ],
)
def test_a_touch_that_cannot_be_read_names_its_field(
    fields: dict[str, Any], problem: tuple[str, str]
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        read(NewTouch(**fields))
    assert [(p.path, p.code) for p in refusal.value.problems] == [problem]


@pytest.mark.parametrize("given", [None, "Radio", {"source": "Radio"}])
def test_only_a_touch_is_read(given: Any) -> None:
    with pytest.raises(InvalidInput):
        read(given)


def test_a_source_out_of_use_is_refused_for_what_staff_enter_now() -> None:
    gone = evolve(PRINT, is_active=False)
    others = [source for source in PRACTICE.sources if source.id != gone.id]
    practice = evolve(PRACTICE, sources=(*others, gone))
    with pytest.raises(InvalidInput) as refusal:
        read(NewTouch(source=gone.id), practice)
    assert [(p.path, p.code) for p in refusal.value.problems] == [("source", "inactive_source")]
    kept = [
        NewTouch(source=gone.id, at=NOW - MINUTE),
        NewTouch(source=gone.id, channel=Channel.WEB_FORM),
    ]
    assert [read(new, practice).source_id for new in kept] == [gone.id, gone.id]


def test_a_touch_is_of_now_by_hand_and_unknown_unless_told() -> None:
    touch = read(NewTouch())
    assert (touch.at, touch.channel, touch.source_id) == (NOW, Channel.MANUAL, None)
    assert (touch.lead_id, touch.clinic_id) == (LEAD.id, LEAD.clinic_id)


def test_a_campaign_tells_its_source_unless_one_was_named() -> None:
    assert read(NewTouch(campaign="SPRING"), spring="source-9").source_id == "source-9"
    assert read(NewTouch(campaign="spring", source="print ADVERTISING"), spring="s").source_id == (
        PRINT.id
    )
    assert read(NewTouch(campaign="summer"), spring="source-9").source_id is None


def test_the_first_touch_says_what_the_enquiry_says() -> None:
    origin = Origin(
        channel=Channel.WEB_FORM,
        source_id=PRINT.id,
        campaign="spring",
        detail="flyer",
        referring_provider_ref="dr-1",
        referring_patient_ref="p-1",
    )
    lead = evolve(LEAD, origin=origin)
    touch = touching.first_touch(lead, now=NOW, ids=CountingIds())
    assert (touch.at, touch.created_at) == (lead.stamps.created_at, NOW)
    assert touching.edit_of(touch) == touching.edit_of(touching.corrected(touch, origin))
    assert not touching.is_corrected(origin, evolve(origin, external_ref="x"))
    assert touching.is_corrected(origin, evolve(origin, detail=None))
    assert touching.corrected(touch, Origin(channel=Channel.PHONE)).source_id is None


def test_the_first_of_two_at_the_same_instant_has_the_lower_id() -> None:
    one, other = a_touch(LEAD, NOW, id="1"), a_touch(LEAD, NOW, id="2")
    assert touching.first_of([other, one]) == one
    assert touching.first_of([]) is None
    assert touching.is_first(one, [other])
    assert not touching.is_first(other, [one])


def test_a_touch_before_the_first_one_needs_a_source() -> None:
    known = [a_touch(LEAD, NOW)]
    earlier = a_touch(LEAD, NOW - MINUTE, source_id=None)
    with pytest.raises(InvalidInput) as refusal:
        touching.ensure_in_order(earlier, known)
    assert [(p.path, p.code) for p in refusal.value.problems] == [("source", "required")]
    touching.ensure_in_order(evolve(earlier, source_id=PRINT.id), known)
    touching.ensure_in_order(a_touch(LEAD, NOW + MINUTE, source_id=None), known)


def test_the_same_touch_within_the_window_is_known() -> None:
    known = [a_touch(LEAD, NOW, source_id=PRINT.id)]
    again = a_touch(LEAD, NOW + MINUTE, source_id=PRINT.id)
    assert touching.repeated(again, known, MINUTE) == known[0]
    assert touching.repeated(again, known, MINUTE / 2) is None
    assert touching.repeated(evolve(again, campaign="x"), known, MINUTE) is None
