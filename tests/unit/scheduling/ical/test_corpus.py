"""Real exports and edge cases: expanded as another library does, or refused with a reason.

Not read, or not as there: entries in zones that nobody knows (there they float), ends before
starts (there they are swapped), rules that RFC 5545 does not allow, and components outside of any
VCALENDAR.
"""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orthocrm.core.errors import InvalidInput
from orthocrm.scheduling.ical.busy import Happening, happening

CORPUS = Path(__file__).parents[5] / "shared" / "data" / "ics_corpus"
DAY = timedelta(days=1)
LISTED = 200

needs_corpus = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="needs the calendar files in shared/data"
)


def truths() -> list[dict[str, Any]]:
    if not CORPUS.is_dir():
        return []
    files: list[dict[str, Any]] = json.loads((CORPUS / "truth.json").read_text())["files"]
    return files


def _window(truth: dict[str, Any]) -> tuple[datetime, datetime]:
    first, last = truth.get("window") or ("2019-01-01", "2020-02-05")
    return datetime.fromisoformat(f"{first}T00:00Z"), datetime.fromisoformat(f"{last}T00:00Z")


def _instant(told: str) -> datetime:
    """Read a time as the truth tells it: dates and floating times are taken in UTC."""
    plain = told.replace("(floating)", "").strip().removesuffix("Z")
    return datetime.fromisoformat(plain).replace(tzinfo=UTC)


Times = Counter[tuple[datetime, datetime]]


def _expected(truth: dict[str, Any], since: datetime, before: datetime) -> Times:
    listed = [(_instant(start), _instant(end)) for start, end, _ in truth["first_200"]]
    return Counter(one for one in listed if since <= one[0] < before)


def _found(read: Happening, since: datetime, before: datetime) -> Times:
    times = ((one.starts_at, one.ends_at) for one in read.occurrences)
    return Counter(one for one in times if since <= one[0] < before)


def _compared(truth: dict[str, Any]) -> str:
    window = _window(truth)
    try:
        read = happening((CORPUS / truth["file"]).read_bytes(), "UTC", window)
    except InvalidInput as refusal:
        return f"refused: {refusal.problems[0].code}"
    if truth.get("occurrences") is None:
        return "nothing to compare"
    since, before = window[0] + DAY, window[1] - DAY
    if truth["occurrences"] > LISTED:
        before = min(before, _instant(truth["first_200"][-1][0]))
    expected, found = _expected(truth, since, before), _found(read, since, before)
    if found == expected:
        return "same"
    if found <= expected and read.left_out:
        return f"left out: {sorted(read.left_out)}"
    return f"different: {expected - found} missing, {found - expected} too many"


@needs_corpus
def test_every_file_expands_as_it_should_or_is_refused_with_a_reason() -> None:
    compared = Counter(_compared(truth) for truth in truths())

    assert compared == {
        "same": 140,
        "nothing to compare": 52,
        "refused: not_a_calendar": 4,
        "refused: truncated": 5,
        "left out: ['unknown_zone']": 5,
        "left out: ['end_before_start']": 2,
        "left out: ['bad_rule']": 1,
    }


@needs_corpus
def test_what_the_other_library_cannot_expand_is_left_out_with_a_reason() -> None:
    broken = [truth for truth in truths() if truth.get("expand_error")]

    reasons = {}
    for truth in broken:
        read = happening((CORPUS / truth["file"]).read_bytes(), "UTC", _window(truth))
        reasons[truth["file"].partition("/")[2]] = dict(read.left_out)

    assert reasons == {
        "created_calendar_with_unicode_fields.ics": {"no_start": 1},
        "invalid_duration.ics": {"bad_length": 1},
        "issue_1081_invalid_rrule_freq.ics": {"bad_rule": 1},
        "issue_165_missing_event.ics": {"bad_rule": 1},
        "issue_722_missing_timezones.ics": {"no_start": 2},
        "multiple_timezones.ics": {"bad_time": 3},
        "parsing_error.ics": {},  # an empty EXDATE excludes nothing
        "rfc_7529.ics": {"bad_rule": 4},
        "bad_rrule_missing_until_event.ics": {"bad_rule": 1},
    }
