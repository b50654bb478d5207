"""A lead moves to the next stage, with history and audit, in one commit."""

from datetime import UTC, datetime

from benchmarks.measuring import FLOOR, OURS, Pace
from benchmarks.practice import House
from benchmarks.results import Result, Target

_TARGETS = {"PostgreSQL": Target(limit=2.5, of_ratio=True)}


def measure(house: House, pace: Pace) -> list[Result]:
    """Move leads that were just captured to the second stage."""
    enquiries = house.enquiries(pace.calls("move"))
    desk, floor, now = house.coordinator, house.floor, datetime.now(UTC)
    ours = [desk.leads.capture(enquiry).lead.id for enquiry in enquiries]
    theirs = [floor.capture(enquiry, now) for enquiry in enquiries]
    taken = pace.medians(
        "move",
        f"{house.on}-{house.leads}",
        {
            FLOOR: lambda n: floor.move(theirs[n], "contacted", now),
            OURS: lambda n: desk.pipeline.move(ours[n], "contacted"),
        },
    )
    result = Result(
        case="move",
        on=house.on,
        leads=house.leads,
        ours=taken[OURS] * 1000,
        floor=taken[FLOOR] * 1000,
        target=_TARGETS.get(house.on),
    )
    return [result]
