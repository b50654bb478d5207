"""Short ways to ask for slots and to read the answer."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from orthocrm.scheduling.busy import Busy
from orthocrm.scheduling.hours import WeeklyHours
from orthocrm.scheduling.request import Provider, SlotRequest
from orthocrm.scheduling.slots import Slot, find_slots

NEW_YORK = "America/New_York"
PROVIDER = (
    "hours",
    "overrides",
    "closed_dates",
    "time_off",
    "blocks",
    "busy",
)


def at(text: str, zone: str = NEW_YORK) -> datetime:
    """Read a wall time of a zone as an instant; `+` at the end means its second occurrence."""
    wall = datetime.fromisoformat(text.rstrip("+"))
    return wall.replace(tzinfo=ZoneInfo(zone), fold=int(text.endswith("+"))).astimezone(UTC)


def week(*pairs: tuple[str, str], **more: Any) -> list[WeeklyHours]:
    """Give the same windows on every day."""
    return [
        WeeklyHours(weekday=day, start=start, end=end, **more)
        for day in range(7)
        for start, end in pairs
    ]


def busy(start: str, end: str, zone: str = NEW_YORK, **more: Any) -> Busy:
    return Busy(start=at(start, zone), end=at(end, zone), **more)


def ask(day: str, until: str | None = None, zone: str = NEW_YORK, **more: Any) -> SlotRequest:
    """Ask one provider for the starts of a local date, or up to a wall time."""
    own = {name: more.pop(name) for name in PROVIDER if name in more}
    start = at(f"{day}T00:00", zone)
    given: dict[str, Any] = {
        "now": start,
        "zone": zone,
        "duration": 60,
        "date_range": (start.astimezone(ZoneInfo(zone)).date(),) * 2 if until is None else None,
        "to": None if until is None else at(until, zone),
        "providers": [Provider(id="dr-lee", **own)],
    }
    return SlotRequest(**{**given, **more})


def times(slots: Iterable[Slot]) -> list[str]:
    """Give the wall times of starts: `09:00`."""
    return [f"{slot.start:%H:%M}" for slot in slots]


def starts(request: SlotRequest) -> list[str]:
    """Give the starts as wall times of one date."""
    return times(find_slots(request))


def dated(request: SlotRequest) -> list[str]:
    """Give the starts as `24 09:00`."""
    return [f"{slot.start:%d %H:%M}" for slot in find_slots(request)]


def instants(request: SlotRequest) -> list[str]:
    """Give the starts with their offsets."""
    return [slot.start.isoformat(timespec="minutes") for slot in find_slots(request)]
