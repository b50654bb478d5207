"""An enquiry is captured: duplicates, coordinator, history, activity, task, in one commit."""

from datetime import UTC, datetime

from benchmarks.engines import PostgresFloor
from benchmarks.measuring import FLOOR, OURS, Pace
from benchmarks.practice import House
from benchmarks.results import Result, Target

_TARGETS = {
    "PostgreSQL": Target(limit=2.5, of_ratio=True),
    "SQLite": Target(limit=6, of_ratio=True),
}


def measure(house: House, pace: Pace) -> list[Result]:
    """Compare with the transaction of eight statements, and with one statement."""
    enquiries = house.enquiries(pace.calls("capture"))
    desk, floor, now = house.coordinator, house.floor, datetime.now(UTC)
    taken = pace.medians(
        "capture",
        f"{house.on}-{house.leads}",
        {
            FLOOR: lambda n: floor.capture(enquiries[n], now),
            OURS: lambda n: desk.leads.capture(enquiries[n]),
        },
    )
    result = Result(
        case="capture",
        on=house.on,
        leads=house.leads,
        ours=taken[OURS] * 1000,
        floor=taken[FLOOR] * 1000,
        target=_TARGETS[house.on],
    )
    return [result, *_beside(house, pace, taken[OURS])]


def _beside(house: House, pace: Pace, ours: float) -> list[Result]:
    """Measure one statement that modifies data in its parts, which only PostgreSQL has."""
    floor = house.floor
    if not isinstance(floor, PostgresFloor):
        return []
    enquiries, now = house.enquiries(pace.calls("capture")), datetime.now(UTC)
    last = floor.last_lead()
    taken = pace.medians(
        "capture",
        "at-once",
        {OURS: lambda n: floor.capture_at_once(enquiries[n], now)},
    )
    floor.keep_to(last)
    return [
        Result(
            case="capture, floor in one statement",
            on=house.on,
            leads=house.leads,
            ours=ours * 1000,
            floor=taken[OURS] * 1000,
        )
    ]
