"""How far did the leads come: by stage, over all leads."""

from benchmarks.floor import ORDER
from benchmarks.measuring import FLOOR, OURS, Pace
from benchmarks.practice import House
from benchmarks.results import Result, Target

_TARGET = Target(limit=60)


def measure(house: House, pace: Pace) -> list[Result]:
    """Compare with a grouping of the raw stage history that gives the same numbers."""
    desk, floor = house.admin, house.floor
    assert _ours(house) == _theirs(house)
    taken = pace.medians(
        "funnel",
        f"{house.on}-{house.leads}",
        {FLOOR: lambda _: floor.funnel(), OURS: lambda _: desk.analytics.funnel()},
    )
    result = Result(
        case="funnel",
        on=house.on,
        leads=house.leads,
        ours=taken[OURS] * 1000,
        floor=taken[FLOOR] * 1000,
        target=_TARGET if house.is_large else None,
    )
    return [result]


def _ours(house: House) -> list[int]:
    return [step.reached for step in house.admin.analytics.funnel().total.steps]


def _theirs(house: House) -> list[int]:
    counts = [(int(str(row[0])), int(str(row[2]))) for row in house.floor.funnel()]
    steps = [order for stage, order in ORDER.items() if stage != "lost"]
    return [sum(many for furthest, many in counts if furthest >= step) for step in steps]
