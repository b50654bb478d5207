"""The naive floor of the slots case gives what the search gives."""

from benchmarks.cases.slots import Size, asked, naive
from orthocrm.scheduling import find_slots


def test_the_naive_floor_gives_the_same_starts_with_the_same_people() -> None:
    size = Size(3, 75, 400, 20, 20)
    request = asked(size)

    found = {slot.start: slot.providers for slot in find_slots(request)}

    assert len(found) > 500
    assert naive(request, size.days) == found
