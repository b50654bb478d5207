"""A delivery that is worked off: what is in it takes effect with its settlement, or not at all."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from attrs import evolve, frozen

from orthocrm.core.errors import (
    BackendError,
    Conflict,
    InvalidInput,
    NotFound,
    OrthoCRMError,
    PluginError,
)
from orthocrm.core.events import DeliveryParked
from orthocrm.core.ids import InboundId
from orthocrm.core.inbox import Inbound, InboundKind, InboundState
from orthocrm.core.outside import Secrets
from orthocrm.leads.channels.delivery import Awaited, Delivered, Item, Unreadable
from orthocrm.services.batch import Refused
from orthocrm.services.deliveries import DeliveryMisused
from orthocrm.services.leads import receiving
from orthocrm.services.leads.receiving import DetailUnavailable
from orthocrm.services.notifications import callbacks
from orthocrm.services.work import Work

BATCH: Final = 20
"""So many deliveries one unit of work claims."""

LEASE: Final = timedelta(minutes=5)
"""How long a claimed delivery is hidden from other workers."""

MOST_ATTEMPTS: Final = 8
"""So often a delivery is tried before a person has to look at it."""

FIRST_PAUSE: Final = timedelta(seconds=30)
LONGEST_PAUSE: Final = timedelta(hours=1)

LOST: Final = "workers_lost"
"""Why a delivery is parked over which worker after worker was lost."""

DROPPED: Final = "dropped"
"""Why a delivery came to nothing that a person decided about."""

_PASSING = (BackendError, Conflict, PluginError, DetailUnavailable)
_FOR_GOOD = (DeliveryMisused,)

Details = Mapping[str, Mapping[str, Any] | None]


class NotYours(Conflict):
    """A delivery was claimed by somebody else meanwhile, or is settled."""

    code = "not_yours"

    def __init__(self) -> None:
        super().__init__("inbound_id: somebody else has this delivery by now")


@frozen(kw_only=True)
class Awaiting:
    """Leads that a delivery only announces, by their ids at the provider: fetch them first."""

    references: tuple[str, ...]


def claimed(work: Work, most: int = BATCH) -> tuple[Inbound, ...]:
    """Claim deliveries that are due; those over which workers were lost too often are parked."""
    found = work.store.inbox.claim(work.now, LEASE, most)
    for one in found:
        if one.attempts > MOST_ATTEMPTS:
            _settle(work, _parked(work, one, LOST))
    return tuple(one for one in found if one.attempts <= MOST_ATTEMPTS)


def leads(
    work: Work, secrets: Secrets, inbound: Inbound, details: Details | None
) -> Awaiting | Inbound:
    """Capture the enquiries of a delivery and settle it; tell first which leads have to be fetched.

    With `details` there is what was fetched, by the id; what could not be had is tried again.
    """
    held = _held(work, inbound, InboundKind.LEADS)
    given = Delivered(
        body=held.body, headers=held.headers, form=held.form, received_at=held.received_at
    )
    items = receiving.read(work, secrets, held.name, given, held.received_at)
    awaited = tuple(item.reference for item in items if isinstance(item, Awaited))
    if awaited and details is None:
        return Awaiting(references=awaited)
    fetched = [_fetched(work, secrets, held, item, details or {}) for item in items]
    results = receiving.taken_in(work, held.name, fetched)
    return _ended(work, held, [one.error for one in results if isinstance(one, Refused)])


def _fetched(work: Work, secrets: Secrets, held: Inbound, item: Item, details: Details) -> Item:
    """Give what a channel reads in the detail of a lead that was only announced."""
    if not isinstance(item, Awaited):
        return item
    told = details.get(item.reference)
    if told is None:
        return Unreadable(DetailUnavailable())
    given = Delivered(body={**told, "id": item.reference}, received_at=held.received_at)
    try:
        (read,) = receiving.read(work, secrets, held.name, given, held.received_at)
    except OrthoCRMError as error:
        return Unreadable(error)
    return read


def reports(work: Work, inbound: Inbound) -> Inbound:
    """Act on what a carrier reported, and settle it."""
    held = _held(work, inbound, InboundKind.REPORTS)
    found = callbacks.read(work, held.name, held.headers, held.body, held.url, held.received_at)
    callbacks.told(work, held.name, found)
    return _ended(work, held, [])


def failed(work: Work, inbound: Inbound, error: OrthoCRMError) -> Inbound:
    """Write down that a delivery could not be worked off: it is tried again, or parked."""
    return _ended(work, _held(work, inbound, inbound.kind), [error])


def _held(work: Work, inbound: Inbound, kind: InboundKind) -> Inbound:
    """Lock a claimed delivery, as it is stored; raises `NotYours` when it was claimed again."""
    held = work.store.inbox.get([inbound.id], lock=True).get(inbound.id)
    if held is None or held.kind is not kind:
        raise NotFound("delivery")
    if held.fence != inbound.fence or held.state is not InboundState.PENDING:
        raise NotYours
    work.touch([held.id])
    return held


def _ended(work: Work, held: Inbound, errors: Sequence[OrthoCRMError]) -> Inbound:
    """Settle a delivery: done, tried again where that may help, else parked for a person."""
    if not errors:
        after = evolve(held, state=InboundState.DONE, because=None, settled_at=work.now)
    elif (last := _worth_a_try(errors)) is not None and held.attempts < MOST_ATTEMPTS:
        after = evolve(held, because=last.code, due_at=work.now + pause(held.attempts))
    else:
        after = _parked(work, held, errors[-1].code)
    return _settle(work, after)


def _worth_a_try(errors: Sequence[OrthoCRMError]) -> OrthoCRMError | None:
    passing = (e for e in errors if isinstance(e, _PASSING) and not isinstance(e, _FOR_GOOD))
    return next(passing, None)


def pause(attempts: int) -> timedelta:
    """How long to wait after so many attempts: half a minute, four times as long, up to an hour.

    >>> [str(pause(n)) for n in (1, 2, 5)]
    ['0:00:30', '0:02:00', '1:00:00']
    """
    longer = 1 << 2 * min(max(attempts - 1, 0), 8)
    return min(FIRST_PAUSE * longer, LONGEST_PAUSE)


def _settle(work: Work, after: Inbound) -> Inbound:
    if not work.store.inbox.settle(after):
        raise NotYours
    return after


def _parked(work: Work, held: Inbound, because: str) -> Inbound:
    work.record(
        DeliveryParked(
            clinic_id=work.clinic_id,
            at=work.now,
            by=work.actor.user,
            inbound_id=held.id,
            name=held.name,
            because=because,
        )
    )
    return evolve(held, state=InboundState.PARKED, because=because, settled_at=work.now)


def again(held: Inbound, now: datetime) -> Inbound:
    """Let a parked delivery be tried from the beginning."""
    if held.state is not InboundState.PARKED:
        raise InvalidInput.at("inbound_id", "not_parked", "only a parked delivery is retried")
    return evolve(
        held, state=InboundState.PENDING, because=None, attempts=0, due_at=now, settled_at=None
    )


def one(work: Work, inbound_id: InboundId) -> Inbound:
    """Lock a delivery; raises `NotFound`."""
    work.seek([inbound_id])
    known = isinstance(inbound_id, str)
    held = work.store.inbox.get([inbound_id], lock=True).get(inbound_id) if known else None
    if held is None:
        raise NotFound("delivery")
    return held
