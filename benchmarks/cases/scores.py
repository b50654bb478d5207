"""Which of all open leads will convert: a model that was trained before scores each of them."""

from benchmarks.measuring import OURS, Pace
from benchmarks.practice import House
from benchmarks.results import Result, Target
from orthocrm import Cond, NotEnoughOutcomes

_TARGET = Target(limit=10_000)
"""Milliseconds for a hundred thousand leads."""


def measure(house: House, pace: Pace) -> list[Result]:
    """Train on the practice's own outcomes, and rank; too few outcomes give no figure."""
    desk = house.admin.intelligence
    try:
        desk.train()
    except NotEnoughOutcomes:
        return []
    found = house.admin.leads.find(Cond("status", "in", ("NEW", "ACTIVE")), size=1).leads
    assert bool(found) == bool(desk.ranked(most=1))
    taken = pace.medians(
        "scores", f"{house.on}-{house.leads}", {OURS: lambda _: desk.ranked(most=50)}
    )
    result = Result(
        case="scores of all open leads",
        on=house.on,
        leads=house.leads,
        ours=taken[OURS] * 1000,
        target=_TARGET if house.is_large else None,
    )
    return [result]
