"""Calendar texts for tests: what stands between the lines that every calendar has."""

from collections.abc import Mapping
from datetime import UTC, datetime

from orthocrm.scheduling.ical.busy import BusyTimes, busy_times

ZONE = "America/Chicago"
YEAR = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))


def a_calendar(*parts: str, head: str = "") -> str:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", *([head] if head else []), *parts]
    return "\r\n".join([*lines, "END:VCALENDAR", ""])


def an_event(*lines: str, uid: str = "one") -> str:
    return "\r\n".join(["BEGIN:VEVENT", f"UID:{uid}", *lines, "END:VEVENT"])


def read(*parts: str, head: str = "", zone: str = ZONE) -> BusyTimes:
    return busy_times(a_calendar(*parts, head=head), zone, YEAR)


def times(*parts: str, head: str = "", zone: str = ZONE) -> list[tuple[str, str]]:
    """Read a calendar of which nothing is left out; give its times as short texts in UTC."""
    found = read(*parts, head=head, zone=zone)
    assert found.left_out == {}
    return [(short(one.starts_at), short(one.ends_at)) for one in found.times]


def left_out(*parts: str) -> Mapping[str, int]:
    return read(*parts).left_out


def short(at: datetime) -> str:
    assert at.tzinfo is UTC
    return at.strftime("%m-%d %H:%M")
