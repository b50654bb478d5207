"""What it costs that audit entries prove themselves, against entries that do not."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from time import perf_counter

from benchmarks.measuring import FLOOR, OURS, Pace
from benchmarks.practice import House, desk, founded
from benchmarks.results import Result, Unit
from orthocrm import Role
from orthocrm.core.audit import AuditEntry
from orthocrm.core.ports import UnitOfWork
from orthocrm.privacy import chain
from orthocrm.services import auditing

WRITERS = 4
Append = Callable[[UnitOfWork, Sequence[AuditEntry]], None]
_SEALED = auditing.append


def _bare(store: UnitOfWork, entries: Sequence[AuditEntry]) -> None:
    """Write entries that prove nothing."""
    store.audit.add(entries)


def _at_once(store: UnitOfWork, entries: Sequence[AuditEntry]) -> None:
    """Give entries their links as they are written, whoever has to wait for that."""
    trail = store.audit
    trail.add(chain.chained(trail.head(lock=True), entries, trail.mac))


@contextmanager
def _writing(append: Append) -> Iterator[None]:
    """Let the gate write its entries otherwise."""
    auditing.append = append  # type: ignore[assignment] # a function of the same form
    try:
        yield
    finally:
        auditing.append = _SEALED


def measure(house: House, pace: Pace) -> list[Result]:
    """Read one lead, whose entry is most of the work, alone and by several threads."""
    clinic = founded(house.crm)
    front = desk(house.crm, clinic, Role.FRONT_DESK, "front")
    (enquiry,) = house.strangers(1)
    lead = front.leads.capture(enquiry).lead.id

    def read(append: Append) -> None:
        with _writing(append):
            front.leads.get(lead)

    took = pace.medians(
        "sealing", house.on, {OURS: lambda _: read(_SEALED), FLOOR: lambda _: read(_bare)}
    )
    each = 20 if pace.quick else 150

    def rate(append: Append) -> float:
        started = perf_counter()
        with _writing(append), ThreadPoolExecutor(WRITERS) as threads:
            list(threads.map(lambda _: front.leads.get(lead), range(WRITERS * each)))
        return WRITERS * each / (perf_counter() - started)

    rate(_SEALED)
    bare, ours, at_once = rate(_bare), rate(_SEALED), rate(_at_once)
    return [
        Result(
            case="read one lead, its entry sealed",
            on=house.on,
            ours=took[OURS] * 1_000,
            floor=took[FLOOR] * 1_000,
            remark="against an entry without a seal",
        ),
        Result(
            case=f"the same by {WRITERS} threads",
            on=house.on,
            unit=Unit.READS,
            ours=ours,
            floor=bare,
            remark=f"chained at once: {at_once:,.0f}",
        ),
    ]
