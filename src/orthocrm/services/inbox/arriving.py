"""A delivery that arrives: verified, known again when it is repeated, and put into the inbox.

Who delivered is told nothing but that it is here. It is verified and read when it arrives, and the
same bytes are verified and read again, as of that instant, when they are worked off.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from attrs import frozen

from orthocrm.core.audit import Delivery
from orthocrm.core.errors import InvalidInput
from orthocrm.core.ids import InboundId
from orthocrm.core.inbox import Inbound, InboundKind
from orthocrm.core.notifying import Answer, OptOut, Reported, StatusReport
from orthocrm.core.outside import Secrets
from orthocrm.leads.channels.delivery import Awaited, Delivered, Ignored, Item
from orthocrm.leads.contact import read_email, read_phone
from orthocrm.leads.intake import Intake
from orthocrm.services.leads import receiving
from orthocrm.services.notifications import callbacks
from orthocrm.services.work import Work

_LEFT_OUT: Final = ("cookie",)
"""Headers of a request that say nothing of a delivery, and much of who sits at the browser."""


@frozen(kw_only=True)
class Arrived:
    """What came of a delivery when it arrived.

    `inbound_id` is its place in the inbox; None where nothing is to be done. One that `is_repeat`
    came before, and has the place of the first one.
    """

    inbound_id: InboundId | None = None
    is_repeat: bool = False


@frozen(kw_only=True)
class _Parcel:
    """A delivery before it has a place: `names` tell it from others, if anything does."""

    kind: InboundKind
    name: str
    names: Sequence[str] | None
    keys: frozenset[str]
    line: str
    body: bytes
    headers: Mapping[str, str]
    form: str | None = None
    url: str = ""


def leads(work: Work, secrets: Secrets, channel: str, delivered: Delivered) -> Arrived:
    """Verify what a channel gets, and put it into the inbox unless there is nothing in it."""
    items = receiving.read(work, secrets, channel, delivered, work.now)
    if not isinstance(delivered.body, bytes):
        raise InvalidInput.at("body", "wrong_type", "give the bytes as they arrived")
    work.touch([f"channel:{channel}"])
    work.fields.extend(f"ignored.{item.reason}" for item in items if isinstance(item, Ignored))
    telling = [item for item in items if not isinstance(item, Ignored)]
    if not telling:
        return Arrived()
    parcel = _Parcel(
        kind=InboundKind.LEADS,
        name=channel,
        names=_names_of_items(telling, delivered.body),
        keys=frozenset(key for item in telling for key in _keys_of_item(work, item)),
        line="",
        body=delivered.body,
        headers=delivered.headers,
        form=delivered.form,
    )
    return _placed(work, parcel)


def reports(work: Work, carrier: str, headers: Mapping[str, str], body: bytes, url: str) -> Arrived:
    """Verify what a carrier reports, and put it into the inbox unless there is nothing in it."""
    found = callbacks.read(work, carrier, headers, body, url, work.now)
    work.touch([f"carrier:{carrier}"])
    if not found:
        return Arrived()
    keys = frozenset(key for one in found if (key := _key_of_report(work, one)) is not None)
    parcel = _Parcel(
        kind=InboundKind.REPORTS,
        name=carrier,
        names=[_name_of_report(one) for one in found],
        keys=keys,
        line=_line(carrier, found, keys),
        body=body,
        headers=headers,
        url=url,
    )
    return _placed(work, parcel)


def _placed(work: Work, parcel: _Parcel) -> Arrived:
    """Give a delivery its place, or tell which one it has."""
    own = InboundId(work.ids())
    register = None if parcel.names is None else _register(work, parcel, parcel.names)
    if register is not None:
        earlier = work.store.deliveries.claim(register)
        if earlier is not None:
            place = (earlier.result or {}).get("inbox")
            return Arrived(inbound_id=place, is_repeat=True)
        work.store.deliveries.finish(register, {"inbox": own})
    work.store.inbox.add([_inbound(work, parcel, own)])
    work.touch([own])
    return Arrived(inbound_id=own)


def _inbound(work: Work, parcel: _Parcel, own: InboundId) -> Inbound:
    headers = {n: v for n, v in parcel.headers.items() if n.lower() not in _LEFT_OUT}
    return Inbound(
        id=own,
        clinic_id=work.clinic_id,
        kind=parcel.kind,
        name=parcel.name,
        received_at=work.now,
        due_at=work.now,
        line=digest(work, f"line:{parcel.line}") if parcel.line else "",
        whose=tuple(sorted(digest(work, key) for key in parcel.keys)),
        form=parcel.form,
        url=parcel.url,
        headers=headers,
        body=parcel.body,
    )


def _register(work: Work, parcel: _Parcel, names: Iterable[str]) -> Delivery:
    """Say by what a delivery is known again; of that only a digest is ever stored."""
    told = "\n".join((parcel.kind, parcel.name, *sorted(set(names))))
    own = hashlib.sha256(told.encode()).hexdigest()
    return Delivery(
        clinic_id=work.clinic_id,
        operation="inbox",
        user=work.actor.user,
        key=f"inbox:{own}",
        fingerprint=own,
        created_at=work.now,
    )


def digest(work: Work, text: str) -> str:
    """Give what a text is known by in the inbox: only who has the clinic's key can guess it."""
    return hmac.digest(work.store.secret("inbox"), text.encode(), "sha256").hex()[:32]


def _names_of_items(items: Sequence[Item], body: bytes) -> Sequence[str] | None:
    """Name the enquiries of a delivery; an enquiry without one may come as often as it likes."""
    names = []
    for item in items:
        if isinstance(item, Awaited):
            names.append(f"awaited:{item.reference}")
        elif not isinstance(item, Intake):
            names.append(f"body:{hashlib.sha256(body).hexdigest()}")
        elif item.delivery_key is None:
            return None
        else:
            names.append(f"key:{item.delivery_key}")
    return names


def _keys_of_item(work: Work, item: Item) -> Iterable[str]:
    if not isinstance(item, Intake):
        return
    region = work.practice.clinic.settings.region
    for number in filter(None, (item.phone, item.phone_alt)):
        try:
            yield f"phone:{read_phone(number, region, 'phone').number}"
        except InvalidInput:
            continue
    if item.email:
        try:
            yield f"email:{read_email(item.email, 'email').address}"
        except InvalidInput:
            return


def _name_of_report(one: Reported) -> str:
    if isinstance(one, StatusReport):
        return f"status:{one.ref}:{one.state}:{one.message_id or ''}"
    kind = "answer" if isinstance(one, Answer) else "objection"
    return f"{kind}:{one.ref}"


def _key_of_report(work: Work, one: Reported) -> str | None:
    if isinstance(one, Answer):
        return callbacks.key_of(work, one.channel, one.sender)
    return callbacks.key_of(work, one.channel, one.address) if isinstance(one, OptOut) else None


def _line(carrier: str, found: Sequence[Reported], keys: frozenset[str]) -> str:
    """Keep the order of what one person says, and of what is told of one message.

    Reports about several have no line: what they change is decided by their instants.
    """
    if len(keys) == 1 and all(isinstance(one, Answer | OptOut) for one in found):
        return next(iter(keys))
    refs = {one.ref for one in found}
    is_status = all(isinstance(one, StatusReport) for one in found)
    return f"{carrier}:{next(iter(refs))}" if is_status and len(refs) == 1 else ""
