"""Messages on their way out: claimed, and asked at the gate, in one unit of work.

What the gate looks at is read for the whole batch. Messages to one address that are capped are
judged one after the other, also by several workers at once: whoever judges holds the address.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from attrs import field, frozen

from orthocrm.core.appointment import Appointment
from orthocrm.core.audit import Delivery
from orthocrm.core.events import MessageParked
from orthocrm.core.ids import LeadId, MessageId, UserId
from orthocrm.core.lead import Lead
from orthocrm.core.messaging import CalendarTarget, Cap, WebhookTarget
from orthocrm.core.notifying import (
    ConsentEntry,
    Letter,
    Message,
    MessageChannel,
    MessageState,
    Purpose,
    StaffContact,
)
from orthocrm.core.query import Cond, both
from orthocrm.core.reminding import is_reminder, revision_of
from orthocrm.followup import caps, sending, templates
from orthocrm.followup.sending import Circumstances, Send
from orthocrm.privacy import consent
from orthocrm.services.notifications import (
    announcing,
    calendar_pushes,
    digests,
    inviting,
    queueing,
)
from orthocrm.services.notifications.calendar_pushes import Waiting
from orthocrm.services.notifications.digests import Digest
from orthocrm.services.work import Work, everything

BATCH = 50
"""How many messages one unit of work takes on."""

LEASE = timedelta(minutes=5)
"""How long a claimed message is hidden from other workers, unless they ask for more."""

MOST_SHARING = 500
"""For how many leads that share one number its earlier messages are looked up."""

_SKIPPED = MessageState.SKIPPED
_TICK = timedelta(microseconds=1)


@frozen(kw_only=True)
class Outgoing:
    """A message that goes now: the letter for its carrier, and the claim by which it is settled."""

    message: Message
    letter: Letter
    carrier: str


@frozen(kw_only=True)
class Taken:
    """What a claim gave: messages to be handed over, and how many were kept back.

    `more` tells that others may still be due.
    """

    outgoing: tuple[Outgoing, ...] = ()
    skipped: int = 0
    delayed: int = 0
    parked: int = 0
    more: bool = False


@frozen(kw_only=True)
class _Facts:
    """What the gate looks at, for a batch."""

    leads: Mapping[str, Lead]
    visits: Mapping[LeadId, Appointment]
    appointments: Mapping[str, Appointment]
    named: Mapping[str, Appointment]
    waiting: Waiting
    mine: Collection[MessageId]
    contacts: Mapping[str, StaffContact]
    targets: Mapping[str, WebhookTarget | CalendarTarget]
    entries: Mapping[str, Sequence[ConsentEntry]] = field(repr=False)
    sent: Mapping[tuple[MessageChannel, str], dict[MessageId, datetime]] = field(repr=False)
    digests: Mapping[MessageId, Digest]


def take(work: Work, lease: timedelta = LEASE, most: int = BATCH) -> Taken:
    """Claim messages that are due and ask for each whether it may go."""
    claimed = work.store.messages.claim(work.now, lease, most)
    lost = [message for message in claimed if sending.is_lost(message)]
    alive = [message for message in claimed if not sending.is_lost(message)]
    parked = [_parked(work, message) for message in lost]
    leads = work.store.leads.get({m.lead_id for m in alive if m.lead_id})
    alive = [sending.readdressed(m, leads.get(m.lead_id or "")) for m in alive]
    facts = _facts(work, alive, leads)
    left, outgoing = [], []
    for message in alive:
        ruled = sending.verdict(message, _circumstances(work, message, facts))
        after = sending.judged(message, ruled, work.now)
        left.append(after)
        if isinstance(ruled, Send):
            facts.sent.get((message.channel, message.to), {})[message.id] = work.now
            outgoing.append((after, ruled.carrier))
    work.store.messages.save([*parked, *left])
    work.touch(message.lead_id for message in left if message.lead_id)
    skipped = sum(message.state is _SKIPPED for message in left)
    return Taken(
        outgoing=tuple(
            Outgoing(message=m, letter=_letter(work, m, facts), carrier=c) for m, c in outgoing
        ),
        skipped=skipped,
        delayed=len(left) - skipped - len(outgoing),
        parked=len(parked),
        more=len(claimed) == most,
    )


def _parked(work: Work, message: Message) -> Message:
    parked = sending.ended(message, MessageState.PARKED, sending.LEASE_OVER, work.now)
    work.record(told_parked(work, parked))
    return parked


def told_parked(work: Work, message: Message) -> MessageParked:
    """Tell that a message waits for a person."""
    return MessageParked(
        clinic_id=work.clinic_id,
        at=work.now,
        by=work.actor.user,
        message_id=message.id,
        lead_id=message.lead_id,
        channel=message.channel,
        because=message.because,
    )


def _facts(work: Work, messages: Sequence[Message], leads: Mapping[str, Lead]) -> _Facts:
    users = {m.user for m in messages if m.user}
    keys = {key for m in messages if (key := consent.address_key(m.channel, m.to))}
    capped = [m for m in messages if _cap(work, m) is not None]
    _hold(work, {key for m in capped if (key := consent.address_key(m.channel, m.to))})
    messaging = work.practice.clinic.settings.messaging
    named = _named(work, messages)
    return _Facts(
        leads=leads,
        visits=_visits(work, messages),
        appointments={i: a for i, a in named.items() if queueing.is_coming(a, work.now)},
        named=named,
        waiting=Waiting.beside(work.store, messages),
        mine={message.id for message in messages},
        contacts=work.store.contacts.get(users) if users else {},
        targets={
            **{f"{sending.WEBHOOK}{target.name}": target for target in messaging.webhooks},
            **{calendar_pushes.about_of(target): target for target in messaging.calendars},
        },
        entries=work.store.consents.of(keys) if keys else {},
        sent=_sent(work, capped),
        digests=digests.written(work, [m for m in messages if m.template == digests.TEMPLATE]),
    )


def _cap(work: Work, message: Message) -> Cap | None:
    return sending.cap_of(message, work.practice.clinic.settings.messaging)


def _hold(work: Work, addresses: set[str]) -> None:
    """Let nobody else judge messages to these addresses until this unit of work ends."""
    for address in sorted(addresses):
        mine = Delivery(
            clinic_id=work.clinic_id,
            operation=work.operation,
            user=UserId(Purpose.CARE),
            key=address,
            fingerprint=address,
            created_at=work.now,
        )
        work.store.deliveries.claim(mine, since=work.now + _TICK)


def _sent(
    work: Work, capped: Sequence[Message]
) -> Mapping[tuple[MessageChannel, str], dict[MessageId, datetime]]:
    """Tell what every address got of late, or may have got, whichever lead it was about."""
    found: dict[tuple[MessageChannel, str], dict[MessageId, datetime]] = {
        (message.channel, message.to): {} for message in capped
    }
    if not found:
        return found
    keys = {key for channel, to in found if (key := consent.address_key(channel, to))}
    sharing = work.store.leads.sharing_key(keys, MOST_SHARING)
    leads = {lead for ids in sharing.values() for lead in ids}
    leads |= {message.lead_id for message in capped if message.lead_id}
    recent = both(Cond("lead_id", "in", sorted(leads)), Cond("sent_at", "gt", work.now - caps.WEEK))
    for message in everything(work.store.messages, recent):
        if (message.channel, message.to) in found and message.sent_at is not None:
            found[message.channel, message.to][message.id] = message.sent_at
    return found


def _visits(work: Work, messages: Sequence[Message]) -> Mapping[LeadId, Appointment]:
    """Find the next visit of leads whose messages speak of one without naming which."""
    unnamed = [m for m in messages if m.appointment_id is None and _speaks_of_visit(work, m)]
    speaking = {message.lead_id for message in unnamed if message.lead_id}
    return queueing.coming(work, sorted(speaking)) if speaking else {}


def _named(work: Work, messages: Sequence[Message]) -> Mapping[str, Appointment]:
    """Read the appointments that messages name."""
    named = {m.appointment_id for m in messages if m.appointment_id is not None}
    return work.store.appointments.get(named) if named else {}


def _speaks_of_visit(work: Work, message: Message) -> bool:
    return any(
        queueing.speaks_of_visit(template)
        for template in work.practice.clinic.settings.message_templates
        if (template.name, template.channel) == (message.template, message.channel)
    )


def _circumstances(work: Work, message: Message, facts: _Facts) -> Circumstances:
    clinic = work.practice.clinic
    lead = facts.leads.get(message.lead_id) if message.lead_id else None
    key = consent.address_key(message.channel, message.to)
    earlier = facts.sent.get((message.channel, message.to), {})
    return Circumstances(
        now=work.now,
        messaging=clinic.settings.messaging,
        zone=clinic.timezone,
        state_hours=work.plugins.quiet_hours,
        lead=lead,
        contact=facts.contacts.get(message.user) if message.user else None,
        target=facts.targets.get(message.about or ""),
        objection=consent.refusal(
            facts.entries.get(key or "", ()), message.channel, message.purpose
        ),
        unneeded=_unneeded(work, message, lead, facts),
        sent=[at for i, at in earlier.items() if i != message.id],
        is_held_up=facts.waiting.is_held_up(message, work.now, facts.mine),
    )


def _unneeded(work: Work, message: Message, lead: Lead | None, facts: _Facts) -> str | None:
    if message.template == digests.TEMPLATE:
        return None if message.id in facts.digests else digests.ALL_READ
    if message.channel is MessageChannel.CALENDAR:
        is_gone = message.appointment_id not in facts.named
        return sending.NOT_NEEDED if is_gone or facts.waiting.is_overtaken(message) else None
    if announcing.is_announcement(message):
        return _no_longer_so(work, message, facts)
    if lead is None:
        return None
    if queueing.is_needless(work, message, lead, ()):
        return sending.NOT_NEEDED
    return _visit_changed(work, message, lead, facts)


def _no_longer_so(work: Work, message: Message, facts: _Facts) -> str | None:
    """Tell whether what is told of an appointment has been overtaken since."""
    visit = facts.named.get(message.appointment_id or "")
    speaks = message.user is not None or _speaks_of_visit(work, message)
    holds = announcing.still_holds(message, visit, work.now)
    is_dated = visit is not None and speaks and not announcing.is_of_before(message)
    if holds and visit is not None and is_dated:
        holds = templates.says_when(message.body, visit)
    return None if holds else sending.APPOINTMENT_CHANGED


def _visit_changed(work: Work, message: Message, lead: Lead, facts: _Facts) -> str | None:
    """Tell whether the visit of which a message speaks is off, or at another time.

    A reminder is of one revision of its visit.
    """
    if is_reminder(message):
        reminded = facts.appointments.get(message.appointment_id or "")
        stands = reminded is not None and reminded.sequence == revision_of(message)
        return None if stands else sending.APPOINTMENT_CHANGED
    speaks = _speaks_of_visit(work, message)
    if message.appointment_id is None and not speaks:
        return None
    if message.appointment_id is not None:
        visit = facts.appointments.get(message.appointment_id)
    else:
        visit = facts.visits.get(lead.id)
    if visit is None or (speaks and not templates.says_when(message.body, visit)):
        return sending.APPOINTMENT_CHANGED
    return None


def _letter(work: Work, message: Message, facts: _Facts) -> Letter:
    clinic = work.practice.clinic
    messaging = clinic.settings.messaging
    target = facts.targets.get(message.about or "")
    digest = facts.digests.get(message.id)
    is_mail = message.channel is MessageChannel.EMAIL
    if isinstance(target, CalendarTarget):
        return _entry(work, message, target, facts)
    return Letter(
        clinic_id=message.clinic_id,
        message_id=message.id,
        channel=message.channel,
        to=target.url if target is not None else message.to,
        body=digest.body if digest is not None else message.body,
        subject=digest.subject if digest is not None else message.subject,
        key=message.key,
        sender_name=messaging.sender_name or clinic.name,
        reply_to=messaging.email if is_mail and message.purpose is not Purpose.STAFF else None,
        target=target.name if target is not None else None,
        attachments=inviting.attachments(message, facts.named, clinic, work.now) if is_mail else (),
    )


def _entry(work: Work, message: Message, target: CalendarTarget, facts: _Facts) -> Letter:
    visit = facts.named[message.appointment_id or ""]
    uid, text = calendar_pushes.entry(visit, target, work.practice.clinic, work.now)
    return Letter(
        clinic_id=message.clinic_id,
        message_id=message.id,
        channel=message.channel,
        to=target.url,
        body=text,
        key=message.key,
        target=target.name,
        uid=uid,
    )
