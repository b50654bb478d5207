"""Deliveries of every channel: verified, read, captured, and answered.

A channel says what a delivery holds, `capture` makes leads of it. Whoever may not read leads, such
as the public form, learns of an accepted delivery only that it was accepted: the same whether a
lead was made, was there already, or a machine filled the honeypot.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from attrs import evolve, field, frozen

from orthocrm.core.actor import Permission
from orthocrm.core.errors import InvalidInput, NotFound, OrthoCRMError, PluginError
from orthocrm.core.facts import LEADS
from orthocrm.core.lead import Lead
from orthocrm.core.masking import PERSONAL, mask
from orthocrm.core.outside import CallerDetails, CallerId, Secrets
from orthocrm.core.query import predicate
from orthocrm.hooks import Plugins, hook
from orthocrm.leads import dedupe
from orthocrm.leads.channels.delivery import (
    Awaited,
    Channel,
    Delivered,
    Ignored,
    Item,
    Reason,
    Reception,
    Unreadable,
)
from orthocrm.leads.channels.registry import CHANNELS
from orthocrm.leads.contact import read_phone
from orthocrm.leads.intake import Intake
from orthocrm.services.batch import Refused
from orthocrm.services.deliveries import AlreadyErased
from orthocrm.services.leads.capture import capture
from orthocrm.services.results import Captured
from orthocrm.services.work import Work


class OurChannels:
    """The channels of the library, brought in like those of a plug-in."""

    @hook
    def register_channels(self) -> Mapping[str, Channel]:
        """Bring every channel of `orthocrm.leads.channels`."""
        return CHANNELS


@frozen(kw_only=True)
class Accepted:
    """A delivery, or a part of it, that was taken in; `ignored` says why no lead was made of it.

    For actors who may not read leads `ignored` is always None.
    """

    ignored: Reason | None = None


class DetailUnavailable(OrthoCRMError):
    """A lead that a provider announced cannot be had from it now; the delivery may be repeated."""

    code = "detail_unavailable"

    def __init__(self) -> None:
        super().__init__("the provider does not give the lead that it announced")


Received = Captured | Accepted | Awaited | Refused


@frozen(kw_only=True)
class Caller:
    """Who may be calling: the household that has this number, else what the carrier knows.

    `hidden` counts leads of the household that the actor may not read. `failed` tells that caller
    ID gave no answer because it is out of order, not because nobody knows the number.
    """

    number: str = field(repr=mask, metadata=PERSONAL)
    household: tuple[Lead, ...] = ()
    hidden: int = 0
    details: CallerDetails | None = None
    failed: bool = False


def check(plugins: Plugins) -> None:
    """Refuse channels that cannot read: at the start, not at the first delivery."""
    for name, channel in plugins.channels.items():
        if not isinstance(channel, Channel):
            raise PluginError(name, "register_channels: give a channel, with a method read")


def received(work: Work, secrets: Secrets, name: str, delivered: Delivered) -> tuple[Received, ...]:
    """Read a delivery and capture what is in it, with a result for each enquiry."""
    return taken_in(work, name, read(work, secrets, name, delivered, work.now))


def taken_in(work: Work, name: str, items: Sequence[Item]) -> tuple[Received, ...]:
    """Capture what a channel has read, with a result for each item."""
    work.touch([f"channel:{name}"])
    work.fields.extend(f"ignored.{item.reason}" for item in items if isinstance(item, Ignored))
    captured = iter(capture(work, [item for item in items if isinstance(item, Intake)]))
    blind = not work.may(Permission.LEAD_READ)
    return tuple(
        _shown(next(captured) if isinstance(item, Intake) else _answer(item), blind=blind)
        for item in items
    )


def read(
    work: Work, secrets: Secrets, name: str, delivered: Delivered, now: datetime
) -> Sequence[Item]:
    """Let a channel verify and read a delivery, as it could at the instant `now`."""
    channel = work.plugins.channels.get(name) if isinstance(name, str) else None
    if channel is None:
        raise NotFound("channel")
    if not isinstance(delivered, Delivered):
        raise InvalidInput.at("delivered", "wrong_type", "give a Delivered")
    reception = Reception(
        practice=work.practice,
        now=now,
        secrets=lambda secret: secrets.live(work.clinic_id, secret),
    )
    try:
        items = channel.read(delivered, reception)
    except OrthoCRMError:
        raise
    except Exception as error:
        raise PluginError(name, f"the channel raised {type(error).__name__}") from error
    if not isinstance(items, Sequence) or not all(isinstance(item, Item) for item in items):
        raise PluginError(name, "the channel gave something else than what channels give")
    return items


def _answer(item: Ignored | Unreadable | Awaited) -> Accepted | Awaited | Refused:
    if isinstance(item, Unreadable):
        return Refused(item.error)
    return item if isinstance(item, Awaited) else Accepted(ignored=item.reason)


def _shown(result: Received, *, blind: bool) -> Received:
    if isinstance(result, Refused) and isinstance(result.error, AlreadyErased):
        result = Accepted(ignored=Reason.ERASED)
    return Accepted() if blind and isinstance(result, Captured | Accepted) else result


def completed(
    results: Sequence[Received],
    detail: Callable[[str], Mapping[str, Any] | None],
    take_in: Callable[[Delivered], Sequence[Received]],
) -> tuple[Received, ...]:
    """Put in the place of every announced lead what comes of its detail."""
    return tuple(
        _completed(result.reference, detail, take_in) if isinstance(result, Awaited) else result
        for result in results
    )


def _completed(
    reference: str,
    detail: Callable[[str], Mapping[str, Any] | None],
    take_in: Callable[[Delivered], Sequence[Received]],
) -> Received:
    told = _asked(detail, reference).answer
    if not isinstance(told, Mapping):
        return Refused(DetailUnavailable())
    try:
        (result,) = take_in(Delivered(body={**told, "id": reference}))
    except OrthoCRMError as error:
        return Refused(error)
    return result


@frozen
class _Asked:
    """What a port of the host application answered, if it did."""

    answer: object = field(default=None, repr=False)
    failed: bool = False


def _asked(port: Callable[[str], object], about: str) -> _Asked:
    """Ask a port; whatever it raises, the work at the desk goes on."""
    try:
        return _Asked(port(about))
    except Exception:  # noqa: BLE001 - the host application's port may raise anything
        return _Asked(failed=True)


def household(work: Work, number: str) -> Caller:
    """Find the leads that have a number, the latest first; a crowd's number tells nothing."""
    phone = read_phone(number, work.practice.clinic.settings.region, "number")
    key = f"phone:{phone.number}"
    shared = work.store.leads.sharing_key([key], dedupe.CROWD).get(key, ())
    if len(shared) > dedupe.CROWD:
        return Caller(number=phone.number)
    found = work.store.leads.get(shared)
    living = [found[i] for i in sorted(found, reverse=True) if found[i].stamps.deleted_at is None]
    visible = predicate(work.reach(Permission.LEAD_READ), LEADS)
    seen = tuple(lead for lead in living if visible(lead))
    work.touch(lead.id for lead in seen)
    return Caller(number=phone.number, household=seen, hidden=len(living) - len(seen))


def looked_up(caller: Caller, port: CallerId | None) -> Caller:
    """Ask caller ID about a number that belongs to no household in sight."""
    if caller.household or port is None:
        return caller
    asked = _asked(port.look_up, caller.number)
    details = asked.answer if isinstance(asked.answer, CallerDetails) else None
    return evolve(caller, details=details, failed=asked.failed)
