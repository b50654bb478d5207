"""Calendars of others are expanded as another library expands them, and nothing escapes limits."""

from datetime import UTC, datetime, timedelta

import recurring_ical_events
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from orthocrm.core.errors import InvalidInput
from orthocrm.scheduling.ical.busy import BusyTime, busy_times, happening
from orthocrm.scheduling.ical.parsing import Limits

ZONES = (
    "America/New_York",
    "Europe/London",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
    "Pacific/Chatham",
    "America/Nuuk",
)
FIRST = datetime(2026, 1, 1)  # noqa: DTZ001 - a wall time
WINDOW = (datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
SMALL = Limits(size=20_000, components=50, occurrences=200, steps=5_000)

WALLS = st.integers(0, 330 * 24 * 4).map(lambda quarters: FIRST + timedelta(minutes=15 * quarters))
WEEKDAYS = st.lists(st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"]), min_size=1)
NTH = st.sampled_from(["1MO", "-1FR", "2TU", "3WE", "1SU"])
PARTS = {
    "DAILY": st.just(""),
    "WEEKLY": WEEKDAYS.map(lambda days: ";BYDAY=" + ",".join(dict.fromkeys(days))),
    "MONTHLY": NTH.map(lambda day: f";BYDAY={day}") | st.just(";BYMONTHDAY=15,-1"),
    "YEARLY": st.just(";BYMONTH=3,7;BYMONTHDAY=9"),
}


@st.composite
def series(draw: st.DrawFn) -> str:
    """Draw an event of one UID that repeats, with times taken out and one of them moved."""
    zone, start = draw(st.sampled_from(ZONES)), draw(WALLS)
    frequency = draw(st.sampled_from(sorted(PARTS)))
    rule = f"FREQ={frequency};INTERVAL={draw(st.integers(1, 3))}{draw(PARTS[frequency])}"
    end = draw(st.sampled_from(["", ";COUNT=7", ";UNTIL=20260901T000000Z"]))
    excluded = [start + timedelta(days=days) for days in draw(st.lists(st.integers(0, 60)))]
    lines = [
        "BEGIN:VEVENT",
        "UID:one",
        f"DTSTART;TZID={zone}:{start:%Y%m%dT%H%M%S}",
        f"DURATION:PT{draw(st.integers(1, 600))}M",
        f"RRULE:{rule}{end}",
        *(f"EXDATE;TZID={zone}:{one:%Y%m%dT%H%M%S}" for one in excluded),
        "END:VEVENT",
    ]
    if draw(st.booleans()) and start not in excluded:
        moved = draw(WALLS)
        lines += [
            "BEGIN:VEVENT",
            "UID:one",
            f"RECURRENCE-ID;TZID={zone}:{start:%Y%m%dT%H%M%S}",
            f"DTSTART;TZID={zone}:{moved:%Y%m%dT%H%M%S}",
            "DURATION:PT45M",
            "END:VEVENT",
        ]
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *lines, "END:VCALENDAR", ""])


def _elsewhere(text: str) -> set[datetime]:
    found = recurring_ical_events.of(Calendar.from_ical(text.encode())).between(*WINDOW)
    return {one["DTSTART"].dt.astimezone(UTC) for one in found}


@settings(max_examples=150, deadline=None)
@given(series())
def test_another_library_finds_the_same_starts(text: str) -> None:
    read = happening(text, "UTC", WINDOW)

    assert read.left_out == {}
    assert {one.starts_at for one in read.occurrences} == _elsewhere(text)


FRAGMENTS = st.sampled_from(
    [
        "BEGIN:VEVENT",
        "END:VEVENT",
        "BEGIN:VTIMEZONE",
        "END:VTIMEZONE",
        "BEGIN:STANDARD",
        "END:STANDARD",
        "TZID:X",
        "TZOFFSETFROM:+0100",
        "TZOFFSETTO:-0330",
        "DTSTART:20260302T090000",
        "DTSTART;TZID=X:20260302T090000",
        "DTSTART;VALUE=DATE:20260302",
        "DTEND:20260302T100000Z",
        "DURATION:P1W",
        "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10",
        "RRULE:FREQ=HOURLY",
        "RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
        "RDATE:20260303T090000,20260304",
        "RDATE;VALUE=PERIOD:20260303T090000/PT1H",
        "EXDATE;VALUE=DATE:20260303",
        "RECURRENCE-ID;RANGE=THISANDFUTURE:20260302T090000",
        "RECURRENCE-ID;VALUE=DATE:20260302",
        "SEQUENCE:7",
        "UID:one",
        "X-WR-TIMEZONE:Europe/Berlin",
        "BEGIN:VFREEBUSY",
        "FREEBUSY:20260302T090000Z/PT1H",
    ]
)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(FRAGMENTS | st.text(max_size=30), max_size=25), st.sampled_from(["END:VCALENDAR", ""])
)
def test_any_text_is_read_or_refused(fragments: list[str], end: str) -> None:
    text = "\r\n".join(["BEGIN:VCALENDAR", *fragments, end, ""])

    found = _times_or_path(text)

    if not isinstance(found, str):
        assert len(found) <= SMALL.occurrences
        assert all(one.starts_at < one.ends_at for one in found)
    else:
        assert found == "calendar"


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_octets_are_refused(octets: bytes) -> None:
    assert _times_or_path(octets) in ((), "calendar")


def _times_or_path(content: str | bytes) -> tuple[BusyTime, ...] | str:
    """Give what was read, or the field of the refusal; anything else that is raised is a bug."""
    try:
        return busy_times(content, "America/Chicago", WINDOW, limits=SMALL).times
    except InvalidInput as refusal:
        return refusal.problems[0].path
