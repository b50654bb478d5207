"""Leads that wait without a coordinator are given out by the clinic's rules, as one act."""

from benchmarks import people
from benchmarks.floor import COORDINATORS
from benchmarks.measuring import Pace, seconds
from benchmarks.practice import House, desk, imported
from benchmarks.results import Result, Target
from orthocrm import Role
from orthocrm.core.ids import UserId

_TARGET = Target(limit=1_000)
_LINEAR = Target(limit=2.3, of_ratio=True)
_TURNS = 3


def measure(house: House, pace: Pace) -> list[Result]:
    """Assign so many leads, and twice as many, in turns; the quietest of each counts."""
    few = 1_000 if pace.quick else 5_000
    turns = range(1 if pace.quick else _TURNS)
    taken = [(_assigned(house, few), _assigned(house, 2 * few)) for _ in turns]
    once, twice = (1000 * min(times) for times in zip(*taken, strict=True))
    return [
        Result(case=f"assign {few:,} leads", on=house.on, ours=once, target=_TARGET),
        Result(
            case=f"assign {2 * few:,} leads, beside {few:,}",
            on=house.on,
            ours=twice,
            floor=once,
            target=_LINEAR,
        ),
    ]


def _assigned(house: House, leads: int) -> float:
    """Import leads while nobody is there to take them, and time what gives them out."""
    clinic = house.crm.create_clinic(name="Bright Smiles", timezone="America/Chicago")
    importer = desk(house.crm, clinic, Role.IMPORTER, "importer")
    imported(importer, people.leads_file(range(leads)), people.LEADS, leads)
    admin = desk(house.crm, clinic, Role.CLINIC_ADMIN, "adm")
    for user in COORDINATORS:
        admin.settings.add_coordinator(UserId(user), user.upper())
    given: list[int] = []
    taken = seconds(lambda _: given.append(len(admin.assignment.assign_unassigned().leads)), 0)
    assert given == [leads]
    return taken
