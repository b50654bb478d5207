"""Consent to be written to: what the ledger says of an address.

Sources: 47 CFR 64.1200 (a text needs consent that was given, a revocation holds as soon as it is
said), CAN-SPAM (e-mail may be sent until its recipient objects). What a family prefers is no
consent.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from attrs import field, frozen

from orthocrm.core import limits
from orthocrm.core.errors import InvalidInput
from orthocrm.core.ids import ConsentId, UserId
from orthocrm.core.lead import Lead
from orthocrm.core.masking import PERSONAL, mask
from orthocrm.core.notifying import ConsentEntry, MessageChannel, Purpose
from orthocrm.core.ports import IdSource
from orthocrm.core.reading import Reading

NO_CONSENT, OPTED_OUT = "no_consent", "opted_out"
"""Why the ledger keeps a message back."""

_EMAIL, _SMS = MessageChannel.EMAIL, MessageChannel.SMS
_KINDS = {_EMAIL: "email", _SMS: "phone"}


@frozen(kw_only=True)
class NewConsent:
    """What somebody records: raw values, checked by `recorded`.

    Attributes:
        purpose: None for every purpose.
        at: When the family said so; now when missing.
        evidence: How it is known (a signed form, a call at a date); a grant needs it.
        address: Which of the lead's numbers or addresses; the main one when missing.
    """

    channel: MessageChannel
    granted: bool
    purpose: Purpose | None = None
    at: datetime | None = None
    evidence: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    address: str | None = field(default=None, repr=mask, metadata=PERSONAL)


def address_key(channel: MessageChannel, address: str) -> str | None:
    """Give the match key by which the ledger knows an address; push and webhooks have none."""
    kind = _KINDS.get(channel)
    return None if kind is None else f"{kind}:{address}"


def said(entries: Iterable[ConsentEntry], channel: MessageChannel, purpose: Purpose) -> bool | None:
    """Tell what the newest entry about a purpose says; None when there is none.

    The newest is that of the latest `at`, whenever it was written down; of two of the same instant
    the revocation holds.
    """
    about = [e for e in entries if e.channel is channel and e.purpose in (None, purpose)]
    return max(about, key=lambda e: (e.at, not e.granted)).granted if about else None


def refusal(
    entries: Iterable[ConsentEntry], channel: MessageChannel, purpose: Purpose
) -> str | None:
    """Say why a message must not go: `opted_out`, `no_consent`, or None when it may.

    Families get no text without having agreed, and e-mail until they object; staff chose their
    channels themselves, and may object like anybody.
    """
    told = said(entries, channel, purpose)
    if told is not None:
        return None if told else OPTED_OUT
    return NO_CONSENT if channel is _SMS and purpose is not Purpose.STAFF else None


def recorded(
    lead: Lead, given: NewConsent, *, now: datetime, by: UserId, ids: IdSource
) -> ConsentEntry:
    """Make the entry of what a family said.

    Raises:
        InvalidInput: names every field that is wrong; a grant without evidence is refused.
    """
    if not isinstance(given, NewConsent):
        raise InvalidInput.at("given", "wrong_type", "give a NewConsent")
    reading = Reading()
    channel = reading.choice("channel", given.channel, MessageChannel)
    reading.required("channel", channel)
    granted = reading.flag("granted", given.granted)
    reading.required("granted", granted)
    purpose = reading.choice("purpose", given.purpose, Purpose)
    at = reading.past("at", given.at, now)
    evidence = reading.prose("evidence", given.evidence)
    if granted:
        reading.required("evidence", evidence, "say how the consent is known")
    wanted = reading.text("address", given.address, limits.EMAIL)
    address = _address(reading, lead, channel, wanted)
    reading.finish()
    return ConsentEntry(
        id=ConsentId(ids()),
        clinic_id=lead.clinic_id,
        channel=channel or _EMAIL,
        address=address,
        granted=bool(granted),
        at=at or now,
        created_at=now,
        created_by=by,
        purpose=purpose,
        lead_id=lead.id,
        evidence=evidence,
    )


def _address(
    reading: Reading, lead: Lead, channel: MessageChannel | None, wanted: str | None
) -> str:
    if channel is None:
        return ""
    known = addresses(lead, channel)
    found = next((one for one in known if wanted in (None, one)), None)
    key = None if found is None else address_key(channel, found)
    if key is None:
        reading.refuse("address", "no_address", "the contact has no such address on this channel")
        return ""
    return key


def addresses(lead: Lead, channel: MessageChannel) -> Sequence[str]:
    """Give the addresses of a lead's contact on a channel, the main one first."""
    contact = lead.contact
    if channel is _EMAIL:
        return [contact.email.address] if contact.email else []
    if channel is _SMS:
        return [phone.number for phone in (contact.phone, contact.phone_alt) if phone]
    return []
