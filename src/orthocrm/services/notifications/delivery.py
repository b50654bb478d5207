"""Telling what happened: claim from the outbox, make notices and webhooks, tell plug-ins, settle.

Notices and webhooks are made in the unit of work that claims, and so once. Plug-ins are told
outside of any, and so perhaps again.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from attrs import evolve, frozen

from orthocrm.core.audit import OutboxItem, OutboxState
from orthocrm.core.errors import Conflict
from orthocrm.core.events import Event, restored
from orthocrm.core.ids import ClinicId
from orthocrm.core.ports import Backend, Clock, IdSource, UnitOfWork
from orthocrm.core.settings import Clinic, Practice
from orthocrm.hooks import Failure, Plugins, Told
from orthocrm.services.notifications import announcing, centre
from orthocrm.services.notifications.centre import Arrival
from orthocrm.services.work import current_practice

LEASE = timedelta(minutes=5)
"""How long a claimed event is hidden from other processes."""

MOST_ATTEMPTS = 8
"""After so many failures an event is parked for a person to look at."""

FIRST_PAUSE = timedelta(seconds=30)
"""The pause after the first failure; it doubles with each further one."""

BATCH = 100


MOST_CONFLICTS = 10
"""How often a claim is made anew because somebody else made the same notice just then."""


@frozen(kw_only=True)
class Post:
    """What events are delivered with, in every clinic."""

    backend: Backend
    plugins: Plugins
    clock: Clock
    ids: IdSource
    practices: dict[ClinicId, Practice]


def deliver(post: Post, clinic: ClinicId) -> tuple[Failure, ...]:
    """Deliver every event of a clinic that is due, and give the plug-ins that failed."""
    failures: list[Failure] = []
    while True:
        now = post.clock()
        items = _claimed(post, clinic, now)
        failures.extend(_told(post, clinic, items, now))
        if len(items) < BATCH:
            return tuple(failures)


def _claimed(post: Post, clinic: ClinicId, now: datetime) -> Sequence[OutboxItem]:
    """Claim events, and make of them what is the library's own affair."""
    for _ in range(MOST_CONFLICTS):
        try:
            return _taken_in(post, clinic, now)
        except Conflict:
            continue
    return _taken_in(post, clinic, now)


def _taken_in(post: Post, clinic: ClinicId, now: datetime) -> Sequence[OutboxItem]:
    with post.backend.begin(clinic) as store:
        items = store.outbox.claim(now, LEASE, BATCH)
        arrivals = _arrivals(post, store, items, now)
        heard = {a.item.id: evolve(a.item, heard=(*a.item.heard, centre.NAME)) for a in arrivals}
        for item in heard.values():
            store.outbox.settle(item, OutboxState.PENDING, now + LEASE)
    return [heard.get(item.id, item) for item in items]


def _arrivals(
    post: Post, store: UnitOfWork, items: Sequence[OutboxItem], now: datetime
) -> list[Arrival]:
    new = [item for item in items if centre.NAME not in item.heard]
    if not new:
        return []
    practice = current_practice(store, post.practices, now, post.plugins.followup_rules)
    arrivals = [
        Arrival(item=item, event=event)
        for item in new
        if _concerns(practice.clinic, item.kind) and (event := _restored(item)) is not None
    ]
    centre.take_in(store, practice, arrivals, now, post.ids)
    announcing.announce(store, practice, arrivals, now, post.ids)
    return arrivals


def _concerns(clinic: Clinic, kind: str) -> bool:
    return centre.concerns(clinic, kind) or announcing.concerns(kind)


def _restored(item: OutboxItem) -> Event | None:
    """Build an event; one of a newer release is told by whoever tries to tell it to plug-ins."""
    try:
        return restored(item.kind, item.payload)
    except (KeyError, TypeError, ValueError):
        return None


def _told(
    post: Post, clinic: ClinicId, items: Sequence[OutboxItem], now: datetime
) -> list[Failure]:
    outcomes = [(item, _tell(post.plugins, item)) for item in items]
    if outcomes:
        with post.backend.begin(clinic) as store:
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
