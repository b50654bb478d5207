"""A file of leads is imported: eight columns, each reference once."""

from datetime import UTC, datetime

from benchmarks import people
from benchmarks.measuring import Pace, seconds
from benchmarks.practice import House, house, imported, numbers_of_file
from benchmarks.results import Result, Target, Unit

_TARGET = Target(limit=5_000)


def into_empty(engine_house: House, pace: Pace) -> list[Result]:
    """Import into empty databases, in turns with the floor; the quietest turn counts."""
    rows = _rows(pace)
    taken = [_both(house(engine_house.engine), 0, rows) for _ in range(1 if pace.quick else 4)]
    ours, floor = min(taken, key=sum)
    return [_result(engine_house, 0, rows / ours, rows / floor, _TARGET)]


def into_filled(practice: House, pace: Pace) -> list[Result]:
    """Import into a database that holds many leads already."""
    rows = _rows(pace)
    ours, floor = _both(practice, practice.leads, rows, keep=True)
    return [_result(practice, practice.leads, rows / ours, rows / floor, None)]


def _rows(pace: Pace) -> int:
    return 2_000 if pace.quick else 10_000


def _both(practice: House, first: int, rows: int, *, keep: bool = False) -> tuple[float, float]:
    file = people.leads_file(numbers_of_file(first, rows))
    new = rows - rows // 100
    now = datetime.now(UTC)
    floor = seconds(lambda _: practice.floor.load(file, now), 0)
    ours = seconds(lambda _: imported(practice.importer, file, people.LEADS, new), 0)
    if not keep:
        practice.close()
    return ours, floor


def _result(
    practice: House, leads: int, ours: float, floor: float, target: Target | None
) -> Result:
    return Result(
        case="import",
        on=practice.on,
        leads=leads,
        unit=Unit.ROWS,
        ours=ours,
        floor=floor,
        target=target,
    )
