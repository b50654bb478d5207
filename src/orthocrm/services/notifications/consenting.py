"""Consent: recorded at the desk, taken from answers, and what a revocation ends at once."""

from collections.abc import Sequence
from datetime import datetime

from attrs import field, frozen

from orthocrm.core.cadence import EnrollmentState
from orthocrm.core.events import ConsentRecorded
from orthocrm.core.ids import ConsentId, LeadId
from orthocrm.core.lead import Lead
from orthocrm.core.masking import PERSONAL, mask
from orthocrm.core.notifying import (
    ConsentEntry,
    MessageChannel,
    MessageState,
    Purpose,
)
from orthocrm.core.query import Cond, both
from orthocrm.followup import sending
from orthocrm.privacy import consent
from orthocrm.privacy.consent import NewConsent
from orthocrm.services.followups import enrolling, sequences
from orthocrm.services.notifications.gating import MOST_SHARING
from orthocrm.services.work import Work, everything

_PURPOSES = (Purpose.CARE, Purpose.MARKETING)
_CHANNELS = (MessageChannel.EMAIL, MessageChannel.SMS)


@frozen(kw_only=True)
class Standing:
    """Whether an address may be written to for a purpose; `because` says why not, in a code."""

    channel: MessageChannel
    address: str = field(repr=mask, metadata=PERSONAL)
    purpose: Purpose
    allowed: bool
    because: str | None = None


@frozen(kw_only=True)
class Consent:
    """What a family agreed to: where each of its addresses stands, and every entry, oldest first.

    Entries hold for the address, whoever of the leads that share it they came by.
    """

    lead_id: LeadId
    standings: tuple[Standing, ...]
    entries: tuple[ConsentEntry, ...]


def record(work: Work, lead_id: LeadId, given: NewConsent) -> ConsentEntry:
    """Add to the ledger what a family said."""
    (lead,) = work.leads([lead_id], lock=False)
    entry = consent.recorded(lead, given, now=work.now, by=work.actor.user, ids=work.ids)
    _keep(work, entry)
    if not entry.granted:
        _end(work, entry)
    return entry


def of_lead(work: Work, lead_id: LeadId) -> Consent:
    """Read the ledger for the addresses of a lead."""
    (lead,) = work.leads([lead_id], lock=False)
    known = {
        (channel, address): f"{consent.address_key(channel, address)}"
        for channel in _CHANNELS
        for address in consent.addresses(lead, channel)
    }
    found = work.store.consents.of(sorted(set(known.values())))
    entries = {entry.id: entry for held in found.values() for entry in held}
    return Consent(
        lead_id=lead_id,
        standings=tuple(
            _standing(channel, address, purpose, found.get(key, ()))
            for (channel, address), key in known.items()
            for purpose in _PURPOSES
        ),
        entries=tuple(sorted(entries.values(), key=lambda entry: (entry.at, entry.id))),
    )


def _standing(
    channel: MessageChannel, address: str, purpose: Purpose, entries: Sequence[ConsentEntry]
) -> Standing:
    because = consent.refusal(entries, channel, purpose)
    return Standing(
        channel=channel,
        address=address,
        purpose=purpose,
        allowed=because is None,
        because=because,
    )


def answered(
    work: Work,
    channel: MessageChannel,
    key: str,
    at: datetime,
    *,
    granted: bool,
    text: str,
    leads: Sequence[Lead],
) -> None:
    """Add what an answer says, for every purpose.

    The words are kept as evidence with the family's own key, so not where nobody is known.
    """
    first = leads[0].id if leads else None
    evidence = text if first is not None else "answered from this address"
    _add(work, channel, key, at, granted=granted, evidence=evidence, lead_id=first)


def hold(work: Work, addresses: Sequence[tuple[MessageChannel, str]]) -> None:
    """Lock the leads that share addresses of which objections will be recorded."""
    keys = {key for channel, to in addresses if (key := consent.address_key(channel, to))}
    if keys:
        sharing = work.store.leads.sharing_key(keys, MOST_SHARING)
        work.store.leads.get(sorted({i for ids in sharing.values() for i in ids}), lock=True)


def carrier_objected(
    work: Work, channel: MessageChannel, address: str, reason: str, at: datetime
) -> bool:
    """Add that somebody told a carrier to hear no more; False for what has no ledger."""
    key = consent.address_key(channel, address)
    if key is None:
        return False
    _add(work, channel, key, at, granted=False, evidence=f"the carrier: {reason}", lead_id=None)
    return True


def _add(
    work: Work,
    channel: MessageChannel,
    key: str,
    at: datetime,
    *,
    granted: bool,
    evidence: str,
    lead_id: LeadId | None,
) -> None:
    entry = ConsentEntry(
        id=ConsentId(work.ids()),
        clinic_id=work.clinic_id,
        channel=channel,
        address=key,
        granted=granted,
        at=at,
        created_at=work.now,
        created_by=work.actor.user,
        lead_id=lead_id,
        evidence=evidence,
    )
    _keep(work, entry)
    if not granted:
        _end(work, entry)


def _keep(work: Work, entry: ConsentEntry) -> None:
    work.store.consents.add([entry])
    work.fields.append(f"consent.{entry.channel}")
    work.record(
        ConsentRecorded(
            clinic_id=work.clinic_id,
            at=work.now,
            by=work.actor.user,
            lead_id=entry.lead_id,
            channel=entry.channel,
            granted=entry.granted,
            purpose=entry.purpose,
        )
    )


def _end(work: Work, entry: ConsentEntry) -> None:
    """End at once what the ledger now forbids, for every lead that shares the address.

    Where a later agreement stands against it nothing ends: an old revocation may be written down
    late. Who wants to hear nothing at all is not walked through a sequence either.
    """
    entries = work.store.consents.of([entry.address]).get(entry.address, ())
    purposes = _PURPOSES if entry.purpose is None else (entry.purpose,)
    ended = [p for p in purposes if consent.said(entries, entry.channel, p) is False]
    leads = _sharing(work, entry.address) if ended else []
    if not leads:
        return
    if entry.purpose is None and len(ended) == len(purposes):
        _stop_sequences(work, leads)
    ids = [lead.id for lead in leads]
    waiting = both(
        Cond("lead_id", "in", ids),
        Cond("state", "eq", MessageState.PENDING),
        Cond("channel", "eq", entry.channel),
        Cond("purpose", "in", ended),
    )
    found = [
        message.id
        for message in everything(work.store.messages, waiting)
        if consent.address_key(message.channel, message.to) == entry.address
    ]
    locked = work.store.messages.get(sorted(found), lock=True) if found else {}
    work.store.messages.save(
        [
            sending.cancelled(message, consent.OPTED_OUT, work.now)
            for message in locked.values()
            if message.state is MessageState.PENDING
        ]
    )


def _sharing(work: Work, key: str) -> list[Lead]:
    """Lock the living leads that share an address, whoever may read them."""
    ids = work.store.leads.sharing_key([key], MOST_SHARING).get(key, ())
    found = work.store.leads.get(sorted(ids), lock=True) if ids else {}
    return [lead for _, lead in sorted(found.items()) if lead.stamps.deleted_at is None]


def _stop_sequences(work: Work, leads: Sequence[Lead]) -> None:
    held = enrolling.of_leads(work, [lead.id for lead in leads], lock=True)
    for lead in leads:
        running = [e for e in held[lead.id] if e.state is EnrollmentState.RUNNING]
        if running:
            sequences.halt(work, lead, running, consent.OPTED_OUT)
