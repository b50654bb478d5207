"""What of somebody's other calendar takes their time."""

from datetime import UTC, datetime, timedelta

import pytest

from orthocrm.core.errors import InvalidInput
from orthocrm.scheduling.ical.busy import BusyTime, busy_times
from orthocrm.scheduling.ical.feeds import Feed, feed
from orthocrm.testing.factories import a_clinic, a_lead, an_appointment
from tests.unit.scheduling.ical.calendars import YEAR, ZONE, a_calendar, an_event, read, times

HOUR = "DURATION:PT1H"
NINE = "DTSTART:20260302T150000Z"
"""Nine o'clock in Chicago."""


def test_an_event_is_busy_from_start_to_end() -> None:
    event = an_event("DTSTART:20260302T150000Z", "DTEND:20260302T160000Z", uid="a@b")

    found = read(event)

    assert found.times == (
        BusyTime(datetime(2026, 3, 2, 15, tzinfo=UTC), datetime(2026, 3, 2, 16, tzinfo=UTC), "a@b"),
    )


@pytest.mark.parametrize(
    "line",
    [
        "TRANSP:TRANSPARENT",
        "STATUS:CANCELLED",
        "status:cancelled",
        "X-MICROSOFT-CDO-BUSYSTATUS:FREE",
    ],
)
def test_what_takes_no_time_is_not_busy(line: str) -> None:
    assert times(an_event(NINE, HOUR, line)) == []


@pytest.mark.parametrize("line", ["TRANSP:OPAQUE", "STATUS:TENTATIVE", "STATUS:CONFIRMED"])
def test_what_may_happen_is_busy(line: str) -> None:
    assert times(an_event(NINE, HOUR, line)) == [("03-02 15:00", "03-02 16:00")]


def test_tasks_journals_and_moments_are_not_busy() -> None:
    todo = an_event(NINE, HOUR).replace("VEVENT", "VTODO")

    assert times(todo, an_event(NINE)) == []


def test_whole_days_are_days_of_the_schedule() -> None:
    single = an_event("DTSTART;VALUE=DATE:20260302", uid="1")
    several = an_event("DTSTART;VALUE=DATE:20260307", "DTEND;VALUE=DATE:20260310", uid="2")

    assert times(single, several) == [
        ("03-02 06:00", "03-03 06:00"),
        ("03-07 06:00", "03-10 05:00"),
    ]


def test_times_without_a_zone_are_the_schedules() -> None:
    assert times(an_event("DTSTART:20260702T090000", HOUR)) == [("07-02 14:00", "07-02 15:00")]


@pytest.mark.parametrize(
    "tzid",
    [
        "Europe/Berlin",
        '"Europe/Berlin"',
        "W. Europe Standard Time",
        "/freeassociation.sourceforge.net/Europe/Berlin",
        "/softwarestudio.org/Tzfile/Europe/Berlin",
    ],
)
def test_zones_are_known_by_many_names(tzid: str) -> None:
    event = an_event(f"DTSTART;TZID={tzid}:20260702T090000", HOUR)

    assert times(event) == [("07-02 07:00", "07-02 08:00")]


DEFINED = """BEGIN:VTIMEZONE\r
TZID:Our place\r
BEGIN:STANDARD\r
DTSTART:16010101T030000\r
TZOFFSETFROM:+0200\r
TZOFFSETTO:+0100\r
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r
END:STANDARD\r
BEGIN:DAYLIGHT\r
DTSTART:16010101T020000\r
TZOFFSETFROM:+0100\r
TZOFFSETTO:+0200\r
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r
END:DAYLIGHT\r
END:VTIMEZONE"""


@pytest.mark.parametrize("zone", ["Our place", "Europe/Berlin"])
def test_a_zone_that_the_calendar_defines_is_as_good(zone: str) -> None:
    walls = (
        "20260115T090000",
        "20260329T013000",
        "20260329T023000",
        "20260329T033000",
        "20261025T023000",
    )
    events = [an_event(f"DTSTART;TZID={zone}:{wall}", HOUR, uid=wall) for wall in walls]

    assert [start for start, _ in times(DEFINED, *events)] == [
        "01-15 08:00",
        "03-29 00:30",
        "03-29 01:30",
        "03-29 01:30",
        "10-25 00:30",
    ]


@pytest.mark.parametrize(
    "definition",
    [
        "",
        "BEGIN:VTIMEZONE\r\nTZID:Mars/Base\r\nEND:VTIMEZONE",
        DEFINED.replace("Our place", "Mars/Base").replace("+0200", "+5744"),
        DEFINED.replace("Our place", "Mars/Base").replace("FREQ=YEARLY", "FREQ=NEVER"),
    ],
)
def test_an_entry_in_a_zone_that_nobody_knows_is_left_out(definition: str) -> None:
    lost = an_event("DTSTART;TZID=Mars/Base:20260302T090000", HOUR, uid="1")

    found = read(*filter(None, [definition]), lost, an_event(NINE, HOUR, uid="2"))

    assert [one.uid for one in found.times] == ["2"]
    assert found.left_out == {"unknown_zone": 1}


def test_the_zone_of_one_calendar_is_not_known_in_the_next() -> None:
    event = an_event("DTSTART;TZID=Our place:20260702T090000", HOUR)

    first = busy_times(a_calendar(DEFINED, event), ZONE, YEAR)
    second = busy_times(a_calendar(event), ZONE, YEAR)

    assert len(first.times) == 1
    assert second.left_out == {"unknown_zone": 1}


def test_floating_and_utc_times_repeat_where_the_calendar_was_kept() -> None:
    repeats = an_event("DTSTART:20260323T080000Z", HOUR, "RRULE:FREQ=WEEKLY;COUNT=2", uid="1")
    floating = an_event("DTSTART:20260702T090000", HOUR, uid="2")

    found = times(repeats, floating, head="X-WR-TIMEZONE:Europe/Berlin")

    assert [start for start, _ in found] == ["03-23 08:00", "03-30 07:00", "07-02 07:00"]


def test_wall_time_is_kept_over_a_change_of_the_clocks() -> None:
    event = an_event(
        "DTSTART;TZID=America/New_York:20260302T090000",
        "DTEND;TZID=America/New_York:20260302T100000",
        "RRULE:FREQ=WEEKLY;UNTIL=20260316T130000Z",
    )

    assert times(event) == [
        ("03-02 14:00", "03-02 15:00"),
        ("03-09 13:00", "03-09 14:00"),
        ("03-16 13:00", "03-16 14:00"),
    ]


def test_added_and_excluded_times() -> None:
    event = an_event(
        "DTSTART;TZID=America/Chicago:20260302T090000",
        HOUR,
        "RRULE:FREQ=DAILY;COUNT=4",
        "RDATE;TZID=America/Chicago:20260310T090000",
        "RDATE;VALUE=PERIOD:20260311T150000Z/PT2H,20260312T150000Z/20260312T153000Z",
        "EXDATE:20260303T150000Z",
        "EXDATE;VALUE=DATE:20260304",
    )

    assert times(event) == [
        ("03-02 15:00", "03-02 16:00"),
        ("03-05 15:00", "03-05 16:00"),
        ("03-10 14:00", "03-10 15:00"),
        ("03-11 15:00", "03-11 17:00"),
        ("03-12 15:00", "03-12 15:30"),
    ]


def test_single_occurrences_are_moved_and_cancelled() -> None:
    series = an_event(NINE, HOUR, "RRULE:FREQ=DAILY;COUNT=3")
    moved = an_event("RECURRENCE-ID:20260303T150000Z", "DTSTART:20260303T190000Z", HOUR)
    gone = an_event("RECURRENCE-ID:20260304T150000Z", NINE, HOUR, "STATUS:CANCELLED")

    assert times(gone, moved, series) == [
        ("03-02 15:00", "03-02 16:00"),
        ("03-03 19:00", "03-03 20:00"),
    ]


def test_an_occurrence_is_moved_with_all_later_ones() -> None:
    series = an_event(NINE, HOUR, "RRULE:FREQ=DAILY;COUNT=4")
    later = an_event(
        "RECURRENCE-ID;RANGE=THISANDFUTURE:20260304T150000Z",
        "DTSTART:20260304T180000Z",
        "DURATION:PT30M",
    )

    assert times(series, later) == [
        ("03-02 15:00", "03-02 16:00"),
        ("03-03 15:00", "03-03 16:00"),
        ("03-04 18:00", "03-04 18:30"),
        ("03-05 18:00", "03-05 18:30"),
    ]


def test_the_newest_of_equal_entries_counts() -> None:
    old = an_event(NINE, HOUR, "SEQUENCE:1")
    new = an_event("DTSTART:20260302T180000Z", HOUR, "SEQUENCE:2")

    assert times(new, old) == times(old, new) == [("03-02 18:00", "03-02 19:00")]


def test_entries_without_a_uid_do_not_replace_each_other() -> None:
    entries = [an_event(NINE, HOUR).replace("UID:one\r\n", "") for _ in range(2)]

    found = read(*entries)

    assert [one.uid for one in found.times] == ["entry-1", "entry-2"]


def test_uids_can_be_stored() -> None:
    found = read(an_event(NINE, HOUR, uid="a\x00b\ud800" + "c" * 500))

    assert [one.uid for one in found.times] == ["a?b?" + "c" * 251]


def test_free_and_busy_periods_are_read() -> None:
    text = """BEGIN:VFREEBUSY
UID:fb
FREEBUSY;FBTYPE=BUSY:20260302T150000Z/PT1H,20260303T150000Z/20260303T170000Z
FREEBUSY;FBTYPE=FREE:20260304T150000Z/PT1H
FREEBUSY;FBTYPE=BUSY-TENTATIVE:20260305T150000Z/PT1H
FREEBUSY:nonsense
END:VFREEBUSY"""

    found = read(text)

    assert [one.starts_at.day for one in found.times] == [2, 3, 5]
    assert found.left_out == {"bad_period": 1}


def test_what_overlaps_the_window_is_given_whole() -> None:
    window = (datetime(2026, 3, 2, 15, 30, tzinfo=UTC), datetime(2026, 3, 3, 15, tzinfo=UTC))
    series = an_event(NINE, HOUR, "RRULE:FREQ=DAILY")

    found = busy_times(a_calendar(series), ZONE, window)

    assert [(one.starts_at, one.ends_at) for one in found.times] == [
        (datetime(2026, 3, 2, 15, tzinfo=UTC), datetime(2026, 3, 2, 16, tzinfo=UTC))
    ]


def test_our_own_appointments_do_not_block_themselves() -> None:
    lead = a_lead(a_clinic())
    start = datetime(2026, 11, 24, 15, tzinfo=UTC)
    uids = (None, "lasting@clinic-1")
    appointments = [an_appointment(lead, starts_at=start, uid=uid) for uid in uids]
    text = feed(appointments, Feed(name="Dr. Lee", timezone=ZONE), start)

    known = busy_times(text, ZONE, YEAR, own=("@orthocrm", "@clinic-1"))
    unknown = busy_times(text, ZONE, YEAR)

    assert known.times == ()
    assert [(one.starts_at, one.uid) for one in unknown.times] == [(start, "lasting@clinic-1")]


def test_folded_lines_and_any_line_break_are_read() -> None:
    text = a_calendar(an_event("DTSTART:2026\r\n 0302T150000Z", HOUR))

    for broken in (text, text.replace("\r\n", "\n"), text.replace("\r\n", "\r"), "\ufeff" + text):
        assert len(busy_times(broken, ZONE, YEAR).times) == 1
        assert len(busy_times(broken.encode(), ZONE, YEAR).times) == 1


def test_titles_in_any_encoding_do_not_matter() -> None:
    text = a_calendar(an_event("SUMMARY:Zähne", NINE, HOUR)).encode("latin-1")

    assert len(busy_times(text, ZONE, YEAR).times) == 1


@pytest.mark.parametrize(
    "reason, lines",
    [
        ("no_start", [HOUR]),
        ("bad_time", ["DTSTART:tomorrow"]),
        ("bad_time", ["DTSTART:20260230T090000Z"]),
        ("bad_time", ["DTSTART:20260302T250000Z"]),
        ("bad_time", [NINE, HOUR, "EXDATE:x"]),
        ("bad_time", [NINE, HOUR, "RDATE:x"]),
        ("bad_time", [NINE, HOUR, "RECURRENCE-ID:x"]),
        ("out_of_range", ["DTSTART:99991231T235959Z"]),
        ("out_of_range", ["DTSTART:00010101T000000Z"]),
        ("bad_length", [NINE, "DURATION:P"]),
        ("bad_length", [NINE, "DURATION:P99999999999999D"]),
        ("too_long", [NINE, "DURATION:P9999D"]),
        ("too_long", [NINE, "DTEND:21260302T160000Z"]),
        ("end_before_start", [NINE, "DURATION:-PT1H"]),
        ("end_before_start", [NINE, "DTEND:20260302T140000Z"]),
        ("bad_rule", [NINE, HOUR, "RRULE:FREQ=SOMETIMES"]),
        ("bad_rule", [NINE, HOUR, "RRULE:FREQ=DAILY;COUNT=1000000000"]),
        ("bad_rule", [NINE, HOUR, "RRULE:FREQ=DAILY;COUNT=1;UNTIL=20260303"]),
        ("bad_rule", [NINE, HOUR, "RRULE:FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30"]),
        ("bad_rule", [NINE, HOUR, "RRULE:FREQ=HOURLY;INTERVAL=24;BYHOUR=3"]),
    ],
)
def test_an_entry_that_cannot_be_read_is_left_out_with_its_reason(
    reason: str, lines: list[str]
) -> None:
    good = an_event("DTSTART:20260302T180000Z", HOUR, uid="good")

    found = read(an_event(*lines, uid="bad"), good)

    assert [one.uid for one in found.times] == ["good"]
    assert found.left_out == {reason: 1}


@pytest.mark.parametrize(
    "code, content",
    [
        ("wrong_type", None),
        ("wrong_type", 7),
        ("not_a_calendar", ""),
        ("not_a_calendar", "/etc/passwd"),
        ("not_a_calendar", "<!doctype html><html></html>"),
        ("not_a_calendar", b"PK\x03\x04\xff\xfe"),
        ("not_a_calendar", a_calendar().encode("utf-16")),
        ("not_a_calendar", "BEGIN:VEVENT\r\nEND:VEVENT\r\n"),
        ("not_a_calendar", a_calendar() + "END:VCALENDAR\r\n"),
        ("truncated", a_calendar(an_event(NINE, HOUR))[:-20]),
        ("truncated", a_calendar(an_event(NINE, HOUR).removesuffix("END:VEVENT"))),
        ("unknown_scale", a_calendar(head="CALSCALE:HEBREW")),
    ],
)
def test_what_is_no_whole_calendar_is_refused(code: str, content: object) -> None:
    with pytest.raises(InvalidInput) as refused:
        busy_times(content, ZONE, YEAR)  # type: ignore[arg-type]  # bad input is the point

    assert [(one.path, one.code) for one in refused.value.problems] == [("calendar", code)]


@pytest.mark.parametrize(
    "path, zone, window",
    [
        ("timezone", "Mars/Base", YEAR),
        ("window", ZONE, (YEAR[1], YEAR[0])),
        ("window", ZONE, (YEAR[0], YEAR[0] + timedelta(days=1101))),
        ("window", ZONE, (YEAR[0].replace(tzinfo=None), YEAR[1])),
        ("window", ZONE, ("today", "tomorrow")),
    ],
)
def test_a_bad_question_is_refused_by_field(path: str, zone: str, window: object) -> None:
    with pytest.raises(InvalidInput) as refused:
        busy_times(a_calendar(), zone, window)  # type: ignore[arg-type]  # bad input is the point

    assert [one.path for one in refused.value.problems] == [path]


def test_nothing_of_an_entry_is_shown() -> None:
    found = read(an_event(NINE, HOUR, "SUMMARY:canary", uid="canary"))

    assert "canary" not in repr(found)
