"""How the people of the practice are reached: read, and chosen by themselves or for them."""

from collections.abc import Iterable
from enum import StrEnum
from typing import TypeVar

from attrs import evolve, field, frozen

from orthocrm.core import limits
from orthocrm.core.actor import Permission
from orthocrm.core.errors import InvalidInput
from orthocrm.core.ids import UserId
from orthocrm.core.masking import PERSONAL, mask
from orthocrm.core.notifying import MessageChannel, NoticeKind, PushTarget, StaffContact
from orthocrm.core.reading import Reading
from orthocrm.followup import sending
from orthocrm.leads.contact import read_email, read_phone
from orthocrm.services.work import Work

E = TypeVar("E", bound=StrEnum)

MOST_PUSH = 10
_MOST_ENDPOINT = 2_048
_MOST_KEY = 200


@frozen(kw_only=True)
class ContactDetails:
    """How somebody wants to hear of things: raw values, checked by `set_contact`.

    Attributes:
        channels: EMAIL, SMS and PUSH, as wanted; the centre always gets everything.
        muted: Kinds of notices of which no message tells.
        push: Subscriptions as browsers make them.
    """

    email: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    phone: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    push: tuple[PushTarget, ...] = field(default=(), repr=mask, metadata=PERSONAL)
    channels: tuple[MessageChannel, ...] = ()
    muted: tuple[NoticeKind, ...] = ()


def read(work: Work, user: str | None) -> StaffContact:
    """Give how somebody is reached; nothing is chosen as long as nobody did."""
    mine = _whose(work, user)
    found = work.store.contacts.get([mine])
    return found.get(mine) or StaffContact(id=mine, clinic_id=work.clinic_id)


def change(work: Work, details: ContactDetails, user: str | None) -> StaffContact:
    """Store how somebody wants to be reached."""
    mine = _whose(work, user)
    wanted = _checked(details, work, mine)
    present = work.store.contacts.get([mine], lock=True).get(mine)
    work.fields.append("contact")
    if present is None:
        work.store.contacts.add([wanted])
        return wanted
    (saved,) = work.store.contacts.save([evolve(wanted, version=present.version)])
    return saved


def _whose(work: Work, user: str | None) -> UserId:
    """Everybody's own; that of others is for those who configure the clinic."""
    if user is None or user == work.actor.user:
        return work.actor.user
    work.demand(Permission.LEAD_CONFIGURE)
    reading = Reading()
    known = reading.text("user", user, limits.REFERENCE)
    reading.required("user", known)
    reading.finish()
    return UserId(known or "")


def _checked(details: object, work: Work, user: UserId) -> StaffContact:
    if not isinstance(details, ContactDetails):
        raise InvalidInput.at("details", "wrong_type", "give ContactDetails")
    reading = Reading()
    email = phone = None
    try:
        email = read_email(details.email, "email").address if details.email else None
    except InvalidInput as error:
        reading.adopt(error)
    try:
        region = work.practice.clinic.settings.region
        phone = read_phone(details.phone, region, "phone").number if details.phone else None
    except InvalidInput as error:
        reading.adopt(error)
    wanted = StaffContact(
        id=user,
        clinic_id=work.clinic_id,
        email=email,
        phone=phone,
        push=_push(reading, details.push),
        channels=_codes(reading, "channels", details.channels, MessageChannel),
        muted=_codes(reading, "muted", details.muted, NoticeKind),
    )
    _reachable(reading, wanted)
    reading.finish()
    return wanted


def _codes(reading: Reading, path: str, raw: object, kind: type[E]) -> tuple[E, ...]:
    if isinstance(raw, str) or not isinstance(raw, Iterable):
        reading.refuse(path, "not_a_list", "give several values")
        return ()
    read = (reading.choice(path, one, kind) for one in raw)
    return tuple(dict.fromkeys(one for one in read if one is not None))


def _push(reading: Reading, raw: object) -> tuple[PushTarget, ...]:
    if not isinstance(raw, tuple | list) or not all(isinstance(one, PushTarget) for one in raw):
        reading.refuse("push", "wrong_type", "give PushTargets")
        return ()
    if len(raw) > MOST_PUSH:
        reading.refuse("push", "too_many", f"give at most {MOST_PUSH}")
        return ()
    for target in raw:
        endpoint = reading.text("push.endpoint", target.endpoint, _MOST_ENDPOINT)
        if endpoint is None or not endpoint.startswith("https://"):
            reading.refuse("push.endpoint", "not_https", "give an address that begins with https")
        for name in ("p256dh", "auth"):
            path = f"push.{name}"
            reading.required(path, reading.text(path, getattr(target, name), _MOST_KEY))
    return tuple(raw)


def _reachable(reading: Reading, wanted: StaffContact) -> None:
    """Refuse channels on which there is no address, and webhooks, which are the clinic's."""
    for channel in wanted.channels:
        if not sending.reached_at(wanted, channel):
            reading.refuse("channels", "no_address", "give an address for every channel")
