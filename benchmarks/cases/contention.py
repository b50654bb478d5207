"""Eight threads capture at once: nobody is lost, and the coordinators get equal shares."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from time import perf_counter

from benchmarks.floor import COORDINATORS
from benchmarks.measuring import Pace
from benchmarks.practice import House, desk, founded
from benchmarks.results import Result, Unit
from orthocrm import Intake, Role

THREADS = 8


def measure(house: House, pace: Pace) -> list[Result]:
    """Compare the throughput with the floor's, each thread on a connection of its own."""
    each = 15 if pace.quick else 75
    clinic = founded(house.crm)
    ours = desk(house.crm, clinic, Role.TREATMENT_COORDINATOR, "tc-1")
    owners: list[str | None] = []

    def capture(enquiries: Sequence[Intake]) -> None:
        owners.extend(ours.leads.capture(enquiry).lead.ownership.owner for enquiry in enquiries)

    many = THREADS * each
    by_floor = many / _seconds(lambda given: _by_hand(house, given), _parts(house, each))
    by_us = many / _seconds(capture, _parts(house, each))
    remark = _shares(owners, many)
    return [
        Result(
            case=f"capture by {THREADS} threads",
            on=house.on,
            unit=Unit.CAPTURES,
            ours=by_us,
            floor=by_floor,
            remark=remark,
        )
    ]


def _parts(house: House, each: int) -> list[list[Intake]]:
    return [house.strangers(each) for _ in range(THREADS)]


def _by_hand(house: House, enquiries: Sequence[Intake]) -> None:
    floor = house.engine.floor(house.pair)
    now = datetime.now(UTC)
    for enquiry in enquiries:
        floor.capture(enquiry, now)
    floor.close()


def _seconds(work: Callable[[Sequence[Intake]], None], parts: Sequence[Sequence[Intake]]) -> float:
    started = perf_counter()
    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(work, parts))
    return perf_counter() - started


def _shares(owners: Sequence[str | None], many: int) -> str:
    """Make sure that every lead has a coordinator, and that the shares are within one.

    Siblings stay with the coordinator of their family, so there must be none among the leads.
    """
    shares = Counter(owners)
    assert len(owners) == many
    assert set(shares) == set(COORDINATORS), "a lead has no coordinator"
    assert max(shares.values()) - min(shares.values()) <= 1, shares
    return "shares " + ", ".join(str(shares[user]) for user in COORDINATORS)
