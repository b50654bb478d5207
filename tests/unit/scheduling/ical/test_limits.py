"""Whatever a hostile calendar asks for, reading it ends soon: nothing of it is expanded."""

import pytest

from orthocrm.core.errors import InvalidInput
from orthocrm.scheduling.ical.busy import busy_times
from orthocrm.scheduling.ical.parsing import Limits
from tests.unit.scheduling.ical.calendars import YEAR, ZONE, a_calendar, an_event

SMALL = Limits(size=200_000, components=200, occurrences=500, steps=20_000)
NINE = ("DTSTART:20260302T150000Z", "DURATION:PT1H")


def _many(count: int, *lines: str) -> str:
    return a_calendar(*(an_event(*NINE, *lines, uid=str(number)) for number in range(count)))


ALL_TIMES = ";".join(
    f"{name}={','.join(map(str, range(most)))}"
    for name, most in (("BYHOUR", 24), ("BYMINUTE", 60), ("BYSECOND", 60))
)
EACH_HOUR = ",".join(f"202603{day:02}T{hour:02}0000Z" for day in range(1, 29) for hour in range(24))
ZONE_WITHOUT_END = """BEGIN:VTIMEZONE\r
TZID:X\r
BEGIN:STANDARD\r
DTSTART:16010101T000000\r
TZOFFSETFROM:+0100\r
TZOFFSETTO:+0200\r
RRULE:FREQ=SECONDLY\r
END:STANDARD\r
END:VTIMEZONE"""


@pytest.mark.parametrize(
    "code, content",
    [
        ("too_long", "x" * 200_001),
        ("too_long", b"x" * 100_000_000),
        ("too_many", _many(201)),
        ("too_many", _many(1, "RRULE:FREQ=SECONDLY;COUNT=999999")),
        ("too_many", _many(1, "RRULE:FREQ=SECONDLY")),
        ("too_many", _many(1, "RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30")),
        ("too_many", _many(5, "RRULE:FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30")),
        ("too_many", _many(1, f"RRULE:FREQ=DAILY;{ALL_TIMES}")),
        ("too_many", _many(2, "RRULE:FREQ=DAILY")),
        ("too_many", _many(1, f"RDATE:{EACH_HOUR}")),
        ("too_many", _many(200, "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=2")),
        (
            "too_many",
            a_calendar(
                "BEGIN:VFREEBUSY",
                f"FREEBUSY:{EACH_HOUR}/PT1M".replace(",", "/PT1M,"),
                "END:VFREEBUSY",
            ),
        ),
        ("too_deep", "BEGIN:VCALENDAR\r\n" + "BEGIN:VEVENT\r\n" * 100),
    ],
)
def test_too_much_is_refused(code: str, content: str | bytes) -> None:
    with pytest.raises(InvalidInput) as refused:
        busy_times(content, ZONE, YEAR, limits=SMALL)

    assert [(one.path, one.code) for one in refused.value.problems] == [("calendar", code)]


def test_a_zone_without_end_is_no_zone() -> None:
    event = an_event("DTSTART;TZID=X:20260302T090000", "DURATION:PT1H")

    found = busy_times(a_calendar(ZONE_WITHOUT_END, event), ZONE, YEAR, limits=SMALL)

    assert found.left_out == {"unknown_zone": 1}


@pytest.mark.parametrize(
    "line",
    [
        "DTSTART" + ";A=B" * 10_000 + ":1",
        'DTSTART;X="' + '"a"' * 10_000 + ":1",
        "SUMMARY:" + "a" * 100_000,
        "\r\n" * 10_000,
        "\r\n " * 10_000,
        "DTSTART;TZID=../../../etc/passwd:20260302T090000",
        "DTSTART;TZID=" + "x" * 1_000 + ":20260302T090000",
        "\x00\x01\x02",
    ],
)
def test_long_lines_and_odd_signs_do_no_harm(line: str) -> None:
    odd = a_calendar(an_event(line, uid="odd"), an_event(*NINE, uid="good"))

    found = busy_times(odd, ZONE, YEAR, limits=SMALL)

    assert [one.uid for one in found.times] == ["good"]


def test_old_series_cost_only_what_lies_in_the_window() -> None:
    old = ("DTSTART:19010302T150000Z", "DURATION:PT1H", "RRULE:FREQ=MONTHLY;BYDAY=1MO")
    series = a_calendar(*(an_event(*old, uid=str(number)) for number in range(30)))

    found = busy_times(series, ZONE, YEAR, limits=SMALL)

    assert len(found.times) == 30 * 12
