"""Rules about time: when somebody can be booked, and why not at another time (R1 to R21).

>>> from datetime import UTC, datetime
>>> from orthocrm import scheduling
>>> hours = scheduling.WeeklyHours(weekday=1, start="09:00", end="10:30")
>>> request = scheduling.SlotRequest(
...     now=datetime(2026, 11, 23, 6, tzinfo=UTC),
...     horizon=7,
...     duration=30,
...     zone="America/Chicago",
...     providers=[scheduling.Provider(id="dr-lee", hours=[hours])],
... )
>>> [slot.start.strftime("%a %H:%M") for slot in scheduling.find_slots(request)][:3]
['Mon 09:00', 'Mon 09:30', 'Mon 10:00']
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orthocrm.scheduling.blocks import RecurringBlock
    from orthocrm.scheduling.busy import Busy, State
    from orthocrm.scheduling.hours import Away, DayWindow, Override, WeeklyHours
    from orthocrm.scheduling.refusals import Refusal, Why, explain
    from orthocrm.scheduling.request import (
        Align,
        BufferScope,
        HorizonDays,
        Provider,
        ProviderMode,
        Resource,
        ResourcePool,
        Scheduled,
        SlotRequest,
    )
    from orthocrm.scheduling.slots import Slot, by_local_date, find_slots, next_available

_HOMES = {
    "blocks": ("RecurringBlock",),
    "busy": ("Busy", "State"),
    "hours": ("Away", "DayWindow", "Override", "WeeklyHours"),
    "refusals": ("Refusal", "Why", "explain"),
    "request": (
        "Align",
        "BufferScope",
        "HorizonDays",
        "Provider",
        "ProviderMode",
        "Resource",
        "ResourcePool",
        "Scheduled",
        "SlotRequest",
    ),
    "slots": ("Slot", "by_local_date", "find_slots", "next_available"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    """Load the module of a public name when the name is first asked for."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


__all__ = [
    "Align",
    "Away",
    "BufferScope",
    "Busy",
    "DayWindow",
    "HorizonDays",
    "Override",
    "Provider",
    "ProviderMode",
    "RecurringBlock",
    "Refusal",
    "Resource",
    "ResourcePool",
    "Scheduled",
    "Slot",
    "SlotRequest",
    "State",
    "WeeklyHours",
    "Why",
    "by_local_date",
    "explain",
    "find_slots",
    "next_available",
]
