"""Does anybody have this phone or this e-mail already?"""

from collections.abc import Sequence

from benchmarks import people
from benchmarks.measuring import FLOOR, OURS, Pace
from benchmarks.practice import House
from benchmarks.results import Result, Target
from orthocrm import Intake

_TARGET = Target(limit=1)


def measure(house: House, pace: Pace) -> list[Result]:
    """Compare with an indexed select, for families that are known and for new ones."""
    many = pace.calls("duplicates")
    step = max(1, house.leads // many)
    known = [people.enquiry(number * step % house.leads) for number in range(many)]
    return [
        _measured(house, pace, "duplicates, hit", known),
        _measured(house, pace, "duplicates, miss", house.enquiries(many)),
    ]


def _measured(house: House, pace: Pace, case: str, asked: Sequence[Intake]) -> Result:
    desk, floor = house.coordinator, house.floor
    ours = {found.lead_id for found in desk.leads.duplicates(asked[0]).found}
    assert len(ours) == len(floor.duplicates(asked[0]))
    taken = pace.medians(
        "duplicates",
        f"{case.partition(', ')[2]}-{house.on}-{house.leads}",
        {
            FLOOR: lambda n: floor.duplicates(asked[n]),
            OURS: lambda n: desk.leads.duplicates(asked[n]),
        },
    )
    return Result(
        case=case,
        on=house.on,
        leads=house.leads,
        ours=taken[OURS] * 1000,
        floor=taken[FLOOR] * 1000,
        target=_TARGET if house.is_large else None,
    )
