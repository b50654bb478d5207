"""What carriers tell by webhook: what became of letters, answers of families, objections."""

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime

from attrs import frozen

from orthocrm.core import limits
from orthocrm.core.activity import ActivityDirection, LeadActivityType
from orthocrm.core.audit import Delivery
from orthocrm.core.errors import InvalidInput, NotFound, OrthoCRMError, PluginError
from orthocrm.core.lead import Lead
from orthocrm.core.notifying import (
    Answer,
    Callback,
    Message,
    MessageChannel,
    MessageState,
    OptOut,
    Reported,
    ReportingNotifier,
    StatusReport,
)
from orthocrm.core.query import Cond
from orthocrm.followup import sending
from orthocrm.followup.attempts import LogEntry
from orthocrm.leads import dedupe
from orthocrm.leads.contact import read_email, read_phone
from orthocrm.privacy import answers, consent
from orthocrm.privacy.answers import Intent
from orthocrm.services.followups import desk as followups
from orthocrm.services.notifications import consenting, reminded
from orthocrm.services.work import Work, everything

MOST_BYTES = 4_000_000
"""No carrier's webhook is larger."""

_TYPES = {MessageChannel.SMS: LeadActivityType.SMS, MessageChannel.EMAIL: LeadActivityType.EMAIL}


@frozen(kw_only=True)
class Received:
    """What came of a carrier's request: messages settled, answers logged, objections recorded.

    `ignored` counts what was known already, or concerns nobody here.
    """

    settled: int = 0
    answers: int = 0
    objections: int = 0
    ignored: int = 0

    def __add__(self, other: "Received") -> "Received":
        return Received(
            settled=self.settled + other.settled,
            answers=self.answers + other.answers,
            objections=self.objections + other.objections,
            ignored=self.ignored + other.ignored,
        )


_IGNORED = Received(ignored=1)


def reports(
    work: Work, carrier: str, headers: Mapping[str, str], body: bytes, url: str
) -> Received:
    """Let the carrier verify and read a request, and act on all that is in it.

    What families say comes first: leads are locked before messages, here as everywhere.
    """
    return told(work, carrier, read(work, carrier, headers, body, url, work.now))


def told(work: Work, carrier: str, found: Sequence[Reported]) -> Received:
    """Act on all that a carrier reports."""
    total = Received()
    for answer in sorted((o for o in found if isinstance(o, Answer)), key=lambda o: o.sender):
        total += _answered(work, carrier, answer)
    for objection in sorted((o for o in found if isinstance(o, OptOut)), key=lambda o: o.address):
        total += _objected(work, carrier, objection)
    statuses = [one for one in found if isinstance(one, StatusReport)]
    return total + _settled(work, carrier, statuses) if statuses else total


def read(
    work: Work, carrier: str, headers: Mapping[str, str], body: bytes, url: str, at: datetime
) -> Sequence[Reported]:
    """Let a carrier verify and read a request that arrived at an instant."""
    notifier = work.plugins.notifiers.get(carrier) if isinstance(carrier, str) else None
    if not isinstance(notifier, ReportingNotifier):
        raise NotFound("carrier")
    _check(headers, body, url)
    callback = Callback(
        clinic_id=work.clinic_id, url=url, body=body, received_at=at, headers=headers
    )
    try:
        found = notifier.reports(callback)
    except OrthoCRMError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it raises may quote what families wrote
        raise PluginError(carrier, f"the carrier raised {type(error).__name__}") from None
    if not isinstance(found, Sequence) or not all(isinstance(one, Reported) for one in found):
        raise PluginError(carrier, "the carrier gave something else than what carriers report")
    return found


def _check(headers: object, body: object, url: object) -> None:
    if not isinstance(headers, Mapping):
        raise InvalidInput.at("headers", "wrong_type", "give a mapping of texts")
    if not isinstance(body, bytes):
        raise InvalidInput.at("body", "wrong_type", "give the bytes as they arrived")
    if len(body) > MOST_BYTES:
        raise InvalidInput.at("body", "too_long", f"give at most {MOST_BYTES} bytes")
    if not isinstance(url, str):
        raise InvalidInput.at("url", "wrong_type", "give the address as the carrier knows it")


def _settled(work: Work, carrier: str, statuses: Sequence[StatusReport]) -> Received:
    """Apply reports to the messages that they are about, each from the state of the one before."""
    held = _messages(work, carrier, statuses)
    changed: dict[str, Message] = {}
    total = Received()
    for status in statuses:
        message = _about(status, carrier, held)
        after = None
        if message is not None:
            after = sending.reported(changed.get(message.id, message), carrier, status)
        if message is None or after is None:
            total += _IGNORED
            continue
        if held[message.id].state is MessageState.PENDING and message.id not in changed:
            reminded.tell(work, after)
        changed[message.id] = after
        total += Received(settled=1)
    work.store.messages.save([*changed.values()])
    work.touch(message.lead_id for message in changed.values() if message.lead_id)
    return total


def _messages(work: Work, carrier: str, statuses: Sequence[StatusReport]) -> Mapping[str, Message]:
    """Lock the messages that reports name, by our id or by the carrier's name for them."""
    named = {status.message_id for status in statuses if status.message_id is not None}
    refs = Cond("carrier_ref", "in", sorted({status.ref for status in statuses}))
    found = {message.id for message in everything(work.store.messages, refs)}
    locked = work.store.messages.get(sorted(found | named), lock=True)
    return {i: message for i, message in locked.items() if message.carrier in (None, carrier)}


def _about(status: StatusReport, carrier: str, held: Mapping[str, Message]) -> Message | None:
    if status.message_id is not None:
        return held.get(status.message_id)
    return next(
        (m for m in held.values() if (m.carrier, m.carrier_ref) == (carrier, status.ref)), None
    )


def _is_new(work: Work, carrier: str, operation: str, ref: str) -> bool:
    """Whether something is told for the first time: carriers repeat themselves."""
    told = Delivery(
        clinic_id=work.clinic_id,
        operation=operation,
        user=work.actor.user,
        key=f"{carrier}:{ref}",
        fingerprint=ref,
        created_at=work.now,
    )
    return work.store.deliveries.claim(told) is None


def _answered(work: Work, carrier: str, answer: Answer) -> Received:
    """Log what a family answered with each of its leads, and heed what it says of writing to it."""
    key = key_of(work, answer.channel, answer.sender)
    if key is None or not _is_new(work, carrier, "notifications.answer", answer.ref):
        return _IGNORED
    leads = _family(work, key)
    intent = answers.intent_of(answer.text)
    text = _clean(answer.text)
    if intent is not None:
        granted = intent is Intent.START
        at = min(answer.at, work.now)
        consenting.answered(work, answer.channel, key, at, granted=granted, text=text, leads=leads)
    entry = LogEntry(
        type=_TYPES[answer.channel],
        direction=ActivityDirection.INBOUND,
        notes=text or None,
        occurred_at=min(answer.at, work.now),
    )
    if leads:
        followups.log_entries(work, [(lead.id, entry) for lead in leads])
    objected = intent is Intent.STOP
    known = bool(leads) or intent is not None
    return Received(answers=1, objections=int(objected)) if known else _IGNORED


def _objected(work: Work, carrier: str, objection: OptOut) -> Received:
    key = key_of(work, objection.channel, objection.address)
    if key is None or not _is_new(work, carrier, "notifications.objection", objection.ref):
        return _IGNORED
    address = key.partition(":")[2]
    at = min(objection.at, work.now)
    consenting.carrier_objected(work, objection.channel, address, objection.reason, at)
    return Received(objections=1)


def key_of(work: Work, channel: MessageChannel, sender: str) -> str | None:
    """Give the match key of whoever wrote; None for what is no address of a person."""
    try:
        if channel is MessageChannel.SMS:
            region = work.practice.clinic.settings.region
            return consent.address_key(channel, read_phone(sender, region, "sender").number)
        if channel is MessageChannel.EMAIL:
            return consent.address_key(channel, read_email(sender, "sender").address)
    except InvalidInput:
        return None
    return None


def _family(work: Work, key: str) -> list[Lead]:
    """Find the living leads that share an address; a crowd is no family."""
    ids = work.store.leads.sharing_key([key], dedupe.CROWD).get(key, ())
    if len(ids) > dedupe.CROWD:
        return []
    found = work.reachable(ids)
    return [found[i] for i in sorted(found) if found[i].merged_into is None]


def _clean(text: str) -> str:
    """Leave out what no database stores, and what is longer than notes may be."""
    kept = (s for s in text if s in "\n\t" or unicodedata.category(s) not in ("Cc", "Cs"))
    return "".join(kept).strip()[: limits.NOTES]
