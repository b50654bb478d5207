"""Is this enquiry of somebody who is known already, whatever phone and name it gives?"""

from collections.abc import Sequence

from benchmarks import people
from benchmarks.measuring import FLOOR, OURS, Pace
from benchmarks.practice import MILLION, House
from benchmarks.results import Result, Target
from orthocrm import Intake

_TARGET = Target(limit=2)
_TARGET_OF_A_MILLION = Target(limit=5)


def measure(house: House, pace: Pace) -> list[Result]:
    """Compare with an indexed select of phone and e-mail, for families known, new and misheard.

    A misheard one has another phone, another e-mail and a misspelt name: the select cannot find it.
    """
    many = pace.calls("duplicates")
    step = max(1, house.leads // many)
    numbers = [number * step % house.leads for number in range(many)]
    return [
        _compared(house, pace, "duplicates, hit", [people.enquiry(n) for n in numbers]),
        _compared(house, pace, "duplicates, miss", house.enquiries(many)),
        _misheard(house, pace, [people.misheard(n) for n in numbers]),
    ]


def among_a_million(house: House, pace: Pace) -> list[Result]:
    """Fill the practice up to a million leads, and measure there."""
    house.fill(MILLION, settled=False)
    return measure(house, pace)


def _compared(house: House, pace: Pace, case: str, asked: Sequence[Intake]) -> Result:
    desk, floor = house.coordinator, house.floor
    ours = {found.lead_id for found in desk.leads.duplicates(asked[0]).found}
    assert len(ours) >= len(floor.duplicates(asked[0]))
    taken = pace.medians(
        "duplicates",
        _label(house, case),
        {
            FLOOR: lambda n: floor.duplicates(asked[n]),
            OURS: lambda n: desk.leads.duplicates(asked[n]),
        },
    )
    return _result(house, case, taken[OURS], taken[FLOOR])


def _misheard(house: House, pace: Pace, asked: Sequence[Intake]) -> Result:
    desk, case = house.coordinator, "duplicates, misheard"
    assert desk.leads.duplicates(asked[0]).found
    taken = pace.medians(
        "duplicates", _label(house, case), {OURS: lambda n: desk.leads.duplicates(asked[n])}
    )
    return _result(house, case, taken[OURS], None)


def _label(house: House, case: str) -> str:
    return f"{case.partition(', ')[2]}-{house.on}-{house.leads}"


def _result(house: House, case: str, ours: float, floor: float | None) -> Result:
    return Result(
        case=case,
        on=house.on,
        leads=house.leads,
        ours=ours * 1000,
        floor=None if floor is None else floor * 1000,
        target=_target(house),
    )


def _target(house: House) -> Target | None:
    if house.leads >= MILLION:
        return _TARGET_OF_A_MILLION
    return _TARGET if house.is_large else None
