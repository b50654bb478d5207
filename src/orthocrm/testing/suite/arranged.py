"""What the rules of the suite arrange with: practices, plain reads and writes, threads.

No test opens a unit of work inside another one of its own thread: a backend may serve but one.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from enum import Enum, StrEnum
from typing import Any, ClassVar, TypeVar

import attrs
import pytest
from attrs import define, field

from orthocrm.core.ids import ClinicId
from orthocrm.core.lead import Lead
from orthocrm.core.ports import Backend, Repository, UnitOfWork
from orthocrm.core.query import EVERYTHING, Page, Sort, Where
from orthocrm.core.settings import Clinic
from orthocrm.core.stage import Step
from orthocrm.testing.factories import a_clinic, a_coordinator, a_source, the_default_stages

R = TypeVar("R")

PATIENCE_SECONDS = 60.0
"""After this long, threads of the suite count as stuck."""

A_LEASE = timedelta(minutes=1)
"""For how long the suite claims outbox items."""

A_MOMENT = 0.2
"""How long a unit of work stays open for another one to do the wrong thing."""


class Capability(StrEnum):
    """What a backend may lack without being wrong; say so in `BackendSuite.lacking`."""

    THREADS = "threads"
    """Units of work of several threads may be open at once."""


class Rules:
    """A theme of the suite; `lacking` gives the reason for each capability that is not there."""

    lacking: ClassVar[Mapping[Capability, str]] = {}

    def needs(self, capability: Capability) -> None:
        """Skip the test, with the reason given, when the backend lacks a capability."""
        if capability in self.lacking:
            pytest.skip(f"{capability}: {self.lacking[capability]}")


def a_practice(backend: Backend, **fields: Any) -> Clinic:  # noqa: ANN401 - any field of a clinic
    """Store a clinic with the default stages, one source and one coordinator."""
    clinic = a_clinic(**fields)
    with backend.begin(clinic.id) as unit:
        unit.clinics.add([clinic])
        unit.stages.add(the_default_stages(clinic))
        unit.sources.add([a_source(clinic)])
        unit.coordinators.add([a_coordinator(clinic)])
    return clinic


@contextmanager
def failing(error: type[BaseException], backend: Backend, clinic: ClinicId) -> Iterator[UnitOfWork]:
    """Open a unit of work that has to end in an error, at its commit at the latest."""
    with pytest.raises(error), backend.begin(clinic) as unit:
        yield unit


def repository(unit: UnitOfWork, table: str) -> Repository[Any]:
    """Give the repository of a table."""
    found: Repository[Any] = getattr(unit, table)
    return found


def store(backend: Backend, clinic: Clinic, table: str, nouns: Iterable[Any]) -> None:
    """Add nouns in a unit of work of their own."""
    with backend.begin(clinic.id) as unit:
        repository(unit, table).add(list(nouns))


def stored(backend: Backend, clinic: Clinic, table: str, ids: Iterable[str]) -> Mapping[str, Any]:
    """Read nouns in a unit of work of their own."""
    with backend.begin(clinic.id) as unit:
        return repository(unit, table).get(list(ids))


def the_lead(backend: Backend, clinic: Clinic, lead: Lead) -> Lead | None:
    """Read one lead as it stands now."""
    found: Lead | None = stored(backend, clinic, "leads", [lead.id]).get(lead.id)
    return found


def walk(
    repository: Repository[Any], where: Where = EVERYTHING, sort: Sequence[Sort] = (), size: int = 3
) -> list[Any]:
    """Collect all pages of a query."""
    items: list[Any] = []
    page: Page | None = Page(size)
    while page is not None:
        found = repository.find(where, sort, page)
        items.extend(found.items)
        page = Page(size, found.after) if found.after is not None else None
    return items


def exact(value: Any) -> Any:  # noqa: ANN401 - any part of a noun
    """Describe a value so that only one of the same types throughout describes alike.

    Text and an enum's member compare equal, as do instants of different zones; here they differ.
    """
    if attrs.has(type(value)):
        fields = attrs.fields(type(value))
        return (type(value), {f.name: exact(getattr(value, f.name)) for f in fields})
    if isinstance(value, Mapping):
        return {key: exact(item) for key, item in value.items()}
    if isinstance(value, frozenset):
        return frozenset(exact(item) for item in value)
    if isinstance(value, tuple | list):
        return (type(value), [exact(item) for item in value])
    return _exact_scalar(value)


def _exact_scalar(value: Any) -> Any:  # noqa: ANN401 - any scalar
    if isinstance(value, Step):  # a slug is text, wherever it came from
        return (str, value.value)
    if isinstance(value, date | datetime | time):
        return (type(value), value.isoformat())
    if isinstance(value, Enum):
        return (type(value), value.name)
    return (type(value), value)


@define
class Outcome:
    """What a thread came to: a result or an error."""

    result: Any = None
    error: BaseException | None = None


@define
class _Job:
    work: Callable[[], Any]
    outcome: Outcome = field(factory=Outcome)

    def __call__(self) -> None:
        try:
            self.outcome.result = self.work()
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
            self.outcome.error = error


def outcomes(*works: Callable[[], Any], patience: float = PATIENCE_SECONDS) -> list[Outcome]:
    """Run functions in threads at the same time, and give what came of each.

    None of them may take longer than `patience`, in seconds.
    """
    barrier = threading.Barrier(len(works))

    def after_the_others(work: Callable[[], Any]) -> Callable[[], Any]:
        def run() -> Any:  # noqa: ANN401 - whatever the work gives
            barrier.wait(PATIENCE_SECONDS)
            return work()

        return run

    jobs = [_Job(after_the_others(work)) for work in works]
    threads = [threading.Thread(target=job, daemon=True) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(patience)
    assert not any(thread.is_alive() for thread in threads), "units of work wait for each other"
    return [job.outcome for job in jobs]


def together(*works: Callable[[], R], patience: float = PATIENCE_SECONDS) -> list[R]:
    """Run functions in threads at the same time; raise the first error, else give the results."""
    ended = outcomes(*works, patience=patience)
    for outcome in ended:
        if outcome.error is not None:
            raise outcome.error
    return [outcome.result for outcome in ended]
