"""What another library reads in the calendars that we write."""

from datetime import timedelta
from typing import Any

from icalendar import Calendar


def calendar(text: str) -> Any:
    """Read our text strictly: every line is as long as it may be, and ends as it has to."""
    assert text.endswith("\r\n")
    lines = text.encode().split(b"\r\n")[:-1]
    assert not any(b"\r" in line or b"\n" in line for line in lines)
    assert max(map(len, lines)) <= 75
    return Calendar.from_ical(text.encode())


def the_event(text: str) -> Any:
    (event,) = calendar(text).walk("VEVENT")
    return event


def properties(event: Any) -> set[str]:
    return set(event.keys())


HOUR = timedelta(hours=1)
