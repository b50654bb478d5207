"""The database itself holds claims apart, whoever writes them, in one statement where it can."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from orthocrm.backends.sql import SqlBackend
from orthocrm.backends.sql.claims import SqlClaims
from orthocrm.backends.sql.session import Session
from orthocrm.core.appointment import Appointment
from orthocrm.core.claims import Claim
from orthocrm.core.errors import BackendError, SlotTaken
from orthocrm.core.ids import AppointmentId
from orthocrm.core.settings import Clinic
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories import a_claim
from orthocrm.testing.suite.claims import held_by, some_appointments

HALF = timedelta(minutes=30)
SHARED = a_claim(capacity=2)


@contextmanager
def unguarded(backend: SqlBackend, clinic: Clinic) -> Iterator[Session]:
    """Open a unit of work for statements that no rule of ours has looked at."""
    with backend.begin(clinic.id) as unit:
        yield unit.claims._session


def insert(backend: SqlBackend, clinic: Clinic, appointment: Appointment, *claims: Claim) -> None:
    """Store claims as they are, whatever stands already."""
    names = "clinic_id, appointment_id, resource, lane, capacity, starts_at, ends_at"
    with unguarded(backend, clinic) as session:
        for claim in claims:
            at = [one.isoformat(timespec="microseconds")[:26] + "Z" for one in _edges(claim)]
            values = [clinic.id, appointment.id, claim.resource, claim.lane, claim.capacity, *at]
            listed = ", ".join(f"'{value}'" for value in values)
            run(session, f"INSERT INTO claims ({names}) VALUES ({listed})")  # noqa: S608 - our own values


def _edges(claim: Claim) -> Sequence[Any]:
    return claim.starts_at, claim.ends_at


def run(session: Session, sql: str) -> None:
    """Run a statement, and say what its error means as every statement of ours does."""
    try:
        session._driver.run(session._open(), sql, ())
    except session._driver.failure as error:
        raise session.doom(session._driver.refusal(error)) from error


LATER = evolve(a_claim(), starts_at=MONDAY_MORNING + HALF, ends_at=MONDAY_MORNING + 3 * HALF)


@pytest.mark.parametrize(
    "standing,wish",
    [
        (a_claim(), a_claim()),
        (a_claim(), LATER),
        (SHARED, SHARED),
        (SHARED, a_claim()),
        (a_claim(), evolve(SHARED, lane=1)),
        (evolve(SHARED, lane=1), a_claim()),
        (evolve(SHARED, lane=1), evolve(LATER, capacity=3, lane=1)),
    ],
)
def test_an_overlap_is_refused_by_the_database(
    backend: SqlBackend, standing: Claim, wish: Claim
) -> None:
    clinic, (first, second) = some_appointments(backend, 2)
    insert(backend, clinic, first, standing)
    with pytest.raises(SlotTaken):
        insert(backend, clinic, second, wish)
    assert held_by(backend, clinic, first, second) == [[standing], []]


def test_other_lanes_and_times_are_none_of_its_business(backend: SqlBackend) -> None:
    clinic, (first, second) = some_appointments(backend, 2)
    after = a_claim(at=MONDAY_MORNING + 2 * HALF)
    insert(backend, clinic, first, SHARED, a_claim("chair/1"))
    insert(backend, clinic, second, evolve(SHARED, lane=1), after, a_claim("chair/2"))
    assert [len(claims) for claims in held_by(backend, clinic, first, second)] == [2, 3]


@pytest.mark.parametrize("change", ["lane = 0", "resource = 'user/dr-1'"])
def test_a_claim_that_is_changed_is_held_apart_too(backend: SqlBackend, change: str) -> None:
    clinic, (first, second) = some_appointments(backend, 2)
    insert(backend, clinic, first, SHARED)
    insert(backend, clinic, second, evolve(SHARED, lane=1), evolve(SHARED, resource="chair/1"))
    with pytest.raises(SlotTaken), unguarded(backend, clinic) as session:
        update(session, second, change)
    with unguarded(backend, clinic) as session:
        update(session, first, "ends_at = starts_at")
        update(session, second, change, "lane = 1")


def update(session: Session, appointment: Appointment, change: str, where: str = "1 = 1") -> None:
    """Change claims of an appointment."""
    of = f"appointment_id = '{appointment.id}' AND {where}"
    run(session, f"UPDATE claims SET {change} WHERE {of}")  # noqa: S608 - our own values


def test_time_is_taken_for_appointments_only(backend: SqlBackend) -> None:
    clinic, _ = some_appointments(backend)
    with pytest.raises(BackendError), backend.begin(clinic.id) as unit:
        unit.claims.take(AppointmentId("nobody"), [a_claim()])
    assert not holders(backend, clinic)


def holders(backend: SqlBackend, clinic: Clinic) -> Any:
    with backend.begin(clinic.id) as unit:
        return unit.claims.holders(["user/dr-1"], MONDAY_MORNING, MONDAY_MORNING + HALF)


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect the statements that claims run."""
    told: list[str] = []
    for name in ("rows", "met", "write"):
        whole = getattr(Session, name)

        def noted(self: Session, what: Any, *given: Any, whole: Any = whole, **options: Any) -> Any:
            told.extend(step.sql for step in what) if isinstance(what, list) else told.append(
                what.sql
            )
            return whole(self, what, *given, **options)

        monkeypatch.setattr(Session, name, noted)
    return told


@pytest.mark.parametrize("count", [1, 3])
def test_time_is_taken_with_few_statements(
    backend: SqlBackend, statements: list[str], count: int
) -> None:
    clinic, (mine, other) = some_appointments(backend, 2)
    wishes = [a_claim(f"chair/{number}") for number in range(count)]
    is_one = backend._engine.language.has_arrays
    with backend.begin(clinic.id) as unit:
        counts = counted(unit.claims, mine.id, wishes, statements)
    assert counts == {"take": 1 if is_one else 2, "of": 1, "holders": 1, "release": 1}
    shared = [evolve(wish, capacity=2) for wish in wishes]
    with backend.begin(clinic.id) as unit:
        counts = counted(unit.claims, other.id, shared, statements)
    assert counts == {"take": 2, "of": 1, "holders": 1, "release": 1}


def counted(
    claims: SqlClaims, appointment: AppointmentId, wishes: Sequence[Claim], statements: list[str]
) -> dict[str, int]:
    """Run every verb of the claims once, and count its statements."""
    start, end = MONDAY_MORNING, MONDAY_MORNING + HALF
    verbs = {
        "take": lambda: claims.take(appointment, wishes),
        "of": lambda: claims.of([appointment]),
        "holders": lambda: claims.holders([wish.resource for wish in wishes], start, end),
        "release": lambda: claims.release([appointment]),
    }
    counts = {}
    for name, verb in verbs.items():
        statements.clear()
        verb()
        counts[name] = len(statements)
    return counts
