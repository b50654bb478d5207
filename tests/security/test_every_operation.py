"""Every operation: audited or not done, and within its clinic."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

import orthocrm
from orthocrm import BackendError, Cond, OrthoCRM, Role
from orthocrm.core.audit import DONE, AuditEntry
from orthocrm.core.ids import ClinicId
from orthocrm.core.ports import AuditTrail, Backend, UnitOfWork
from orthocrm.services.areas import OPERATIONS
from orthocrm.services.work import everything
from orthocrm.testing.clock import FrozenClock
from tests.flows.conftest import KEYS
from tests.security.digest import digest_of, ids_of
from tests.security.operations import Target
from tests.security.prepared import CALLS, a_target, ready


@pytest.fixture
def crm(url: str, clock: FrozenClock) -> Iterator[OrthoCRM]:
    with orthocrm.connect(url, keys=KEYS, clock=clock, discover_plugins=False) as crm:
        crm.migrate()
        yield crm


def test_every_operation_is_tried() -> None:
    assert set(CALLS) == set(OPERATIONS)


def test_every_operation_leaves_one_entry_or_nothing_and_keeps_to_its_clinic(
    crm: OrthoCRM, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The three rules share the operations: to prepare each of them is what takes long."""
    theirs = a_target(crm, clock).house.clinic
    untouched, hidden = digest_of(crm, theirs), ids_of(crm, theirs)
    for name in CALLS:
        target = a_target(crm, clock, name)
        ours, attempt = target.house.clinic, ready(target, name)
        desk = target.house.desk(Role.OPERATOR, "me")
        before, known = digest_of(crm, ours), {entry.id for entry in entries(target, name)}

        with monkeypatch.context() as patch:
            patch.setattr(desk.office, "backend", _FullBackend(crm._backend))
            with pytest.raises(BackendError):
                attempt(desk)
        assert digest_of(crm, ours) == before, name

        shown = repr(attempt(desk))
        (entry,) = (entry for entry in entries(target, name) if entry.id not in known)
        assert (entry.operation, entry.outcome, entry.user) == (name, DONE, "me")
        assert (entry.roles, entry.at) == (("system:operator",), clock())

        assert [i for i in hidden if i in shown] == [], name
    assert digest_of(crm, theirs) == untouched


def entries(target: Target, operation: str) -> list[AuditEntry]:
    """Give what an operation has left in the audit trail of a clinic."""
    with target.house.crm._backend.begin(target.house.clinic.id) as store:
        return list(everything(store.audit, Cond("operation", "eq", operation)))


class _Full:
    """A repository that takes nothing more."""

    def __init__(self, stored: AuditTrail) -> None:
        self.find, self.head, self.mac = stored.find, stored.head, stored.mac
        self.seals_at_once = stored.seals_at_once

    def add(self, nouns: Sequence[AuditEntry]) -> None:
        raise BackendError(f"no room for {len(nouns)}")

    save = add


class _Unaudited:
    """A unit of work whose audit trail is full."""

    def __init__(self, store: UnitOfWork) -> None:
        self._store = store
        self.audit = _Full(store.audit)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


class _FullBackend:
    """A backend that writes everything but the audit trail."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    @contextmanager
    def begin(self, clinic: ClinicId) -> Iterator[Any]:
        with self._backend.begin(clinic) as store:
            yield _Unaudited(store)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)
