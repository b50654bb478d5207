"""Notices gathered into one message to somebody of the practice, on each of their channels.

Time is cut into windows of `Messaging.digest_after`; the notices of one window make one message,
which goes when the window has ended. It is written when it goes: what was read by then is left out.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from attrs import frozen

from orthocrm.core.ids import ClinicId, MessageId, UserId
from orthocrm.core.notifying import (
    Message,
    MessageChannel,
    Notice,
    Purpose,
    StaffContact,
)
from orthocrm.core.ports import IdSource, UnitOfWork
from orthocrm.core.query import Cond, both
from orthocrm.core.settings import Clinic
from orthocrm.followup import noticing, sending
from orthocrm.services.work import Work, everything

TEMPLATE = "digest"
ALL_READ = "read"
"""Why a digest was not sent: its notices had all been read."""

_BLANK = "."
_SECOND = timedelta(seconds=1)


@frozen(kw_only=True)
class Digest:
    """What a digest says; no names, no numbers of families."""

    subject: str
    body: str


def gather(
    store: UnitOfWork, clinic: Clinic, notices: Sequence[Notice], ids: IdSource
) -> list[Message]:
    """See that a message will tell of new notices, on the channels that their users chose.

    Gives the messages that are to be stored; those that wait already are left alone.
    """
    messaging = clinic.settings.messaging
    carried = {channel for channel, _ in messaging.carriers}
    if not notices or not carried:
        return []
    contacts = store.contacts.get({notice.user for notice in notices})
    wanted: dict[str, Message] = {}
    for notice in notices:
        contact = contacts.get(notice.user)
        if contact is None or notice.kind in contact.muted:
            continue
        for channel in contact.channels:
            if channel in carried and not _is_apart(notice, channel):
                made = _messages(clinic, notice, contact, channel, ids)
                wanted.update((message.key, message) for message in made)
    if not wanted:
        return []
    present = everything(store.messages, Cond("key", "in", sorted(wanted)))
    for message in present:
        wanted.pop(message.key, None)
    return [*wanted.values()]


def _messages(
    clinic: Clinic, notice: Notice, contact: StaffContact, channel: MessageChannel, ids: IdSource
) -> list[Message]:
    window = clinic.settings.messaging.digest_after
    number = noticing.bucket(notice.created_at, window)
    _, ends = noticing.bounds(number, window)
    addresses = sending.reached_at(contact, channel)
    return [
        Message(
            id=MessageId(ids()),
            clinic_id=ClinicId(clinic.id),
            key=f"{TEMPLATE}:{notice.user}:{channel}:{place}:{number}",
            channel=channel,
            purpose=Purpose.STAFF,
            due_at=ends,
            created_at=notice.created_at,
            created_by=notice.user,
            to=address,
            body=_BLANK,
            user=notice.user,
            template=TEMPLATE,
            about=f"{TEMPLATE}:{window // _SECOND}:{number}",
        )
        for place, address in enumerate(addresses)
    ]


def written(work: Work, messages: Sequence[Message]) -> Mapping[MessageId, Digest]:
    """Write digests that are about to go; one of which everything was read is left out."""
    if not messages:
        return {}
    clinic = work.practice.clinic
    spans = {message.id: _span(message) for message in messages}
    users = sorted({m.user for m in messages if m.user})
    unread = both(
        Cond("user", "in", users),
        Cond("read_at", "absent"),
        Cond("created_at", "ge", min(start for start, _ in spans.values())),
        Cond("created_at", "lt", max(end for _, end in spans.values())),
    )
    found = everything(work.store.notices, unread)
    contacts = work.store.contacts.get(users)
    digests: dict[MessageId, Digest] = {}
    for message in messages:
        start, end = spans[message.id]
        muted = _muted(contacts, message.user)
        said = noticing.lines(
            [
                notice
                for notice in found
                if notice.user == message.user
                and start <= notice.created_at < end
                and notice.kind not in muted
                and not _is_apart(notice, message.channel)
            ]
        )
        if said:
            digests[message.id] = _digest(clinic, message.channel, said)
    return digests


def _is_apart(notice: Notice, channel: MessageChannel) -> bool:
    return channel is MessageChannel.EMAIL and notice.kind in noticing.WRITTEN_APART


def _span(message: Message) -> tuple[datetime, datetime]:
    """Give the window of a digest, which stands although the clinic chose another length since."""
    _, seconds, number = (message.about or "").split(":")
    return noticing.bounds(int(number), int(seconds) * _SECOND)


def _muted(contacts: Mapping[str, StaffContact], user: UserId | None) -> tuple[str, ...]:
    contact = contacts.get(user) if user is not None else None
    return contact.muted if contact is not None else ()


def _digest(clinic: Clinic, channel: MessageChannel, said: Sequence[str]) -> Digest:
    name = clinic.settings.messaging.sender_name or clinic.name
    subject = f"{name}: {said[0]}" if len(said) == 1 else f"{name}: {said[0]}, and more"
    if channel is MessageChannel.SMS:
        return Digest(subject=subject, body=f"{name}: {', '.join(said)}")
    return Digest(subject=subject, body="\n".join(said))
