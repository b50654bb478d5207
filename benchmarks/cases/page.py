"""The newest fifty leads of an open status, names decrypted."""

from benchmarks.measuring import FLOOR, OURS, Pace
from benchmarks.practice import House
from benchmarks.results import Result, Target
from orthocrm import Cond

_TARGET = Target(limit=4)
_ACTIVE = Cond("status", "eq", "ACTIVE")


def measure(house: House, pace: Pace) -> list[Result]:
    """Compare with a plain select of the same leads."""
    desk, floor = house.coordinator, house.floor

    def page(_: int) -> list[str]:
        found = desk.leads.find(_ACTIVE, mine=False, size=50)
        return [lead.contact.first_name for lead in found.leads]

    assert page(0) == [row[2] for row in floor.page("ACTIVE")]
    taken = pace.medians(
        "page",
        f"{house.on}-{house.leads}",
        {FLOOR: lambda _: floor.page("ACTIVE"), OURS: page},
    )
    result = Result(
        case="page of 50",
        on=house.on,
        leads=house.leads,
        ours=taken[OURS] * 1000,
        floor=taken[FLOOR] * 1000,
        target=_TARGET if house.is_large else None,
    )
    return [result]
