"""Telling plug-ins what happened: claim from the outbox, tell, settle."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from attrs import evolve

from orthocrm.core.audit import OutboxItem, OutboxState
from orthocrm.core.events import restored
from orthocrm.core.ids import ClinicId
from orthocrm.core.ports import Backend
from orthocrm.hooks import Failure, Plugins, Told

LEASE = timedelta(minutes=5)
"""How long a claimed event is hidden from other processes."""

MOST_ATTEMPTS = 8
"""After so many failures an event is parked for a person to look at."""

FIRST_PAUSE = timedelta(seconds=30)
"""The pause after the first failure; it doubles with each further one."""

BATCH = 100


def deliver(
    backend: Backend, plugins: Plugins, clinic: ClinicId, now: datetime
) -> tuple[Failure, ...]:
    """Tell the plug-ins every event of a clinic that is due, and give the failures."""
    failures: list[Failure] = []
    while True:
        with backend.begin(clinic) as store:
            items = store.outbox.claim(now, LEASE, BATCH)
        failures.extend(_told(backend, plugins, clinic, items, now))
        if len(items) < BATCH:
            return tuple(failures)


def _told(
    backend: Backend,
    plugins: Plugins,
    clinic: ClinicId,
    items: Sequence[OutboxItem],
    now: datetime,
) -> list[Failure]:
    outcomes = [(item, _tell(plugins, item)) for item in items]
    if outcomes:
        with backend.begin(clinic) as store:
            for item, told in outcomes:
                heard = evolve(item, heard=told.heard)
                store.outbox.settle(heard, _state(item, told), now + _pause(item))
    return [failure for _, told in outcomes for failure in told.failures]


def _tell(plugins: Plugins, item: OutboxItem) -> Told:
    """Tell those who have not heard it; an event of a newer release waits for one that knows it."""
    try:
        event = restored(item.kind, item.payload)
    except (KeyError, TypeError, ValueError) as error:
        return Told(item.heard, (Failure("orthocrm", item.kind, type(error).__name__),))
    return plugins.tell(event, item.heard)


def _state(item: OutboxItem, told: Told) -> OutboxState:
    if not told.failures:
        return OutboxState.DONE
    return OutboxState.PARKED if item.attempts >= MOST_ATTEMPTS else OutboxState.PENDING


def _pause(item: OutboxItem) -> timedelta:
    return FIRST_PAUSE * (1 << max(item.attempts - 1, 0))
