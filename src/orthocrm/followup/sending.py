"""What becomes of a message: the gate before it goes, and what a carrier made of it.

The gate is asked in the transaction of the claim, so that what it saw still holds when the message
is in a worker's hands. It says for good (`Never`), for now (`Later`), or lets it go (`Send`).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from attrs import evolve, field, frozen

from orthocrm.core.lead import Lead
from orthocrm.core.masking import PERSONAL, mask
from orthocrm.core.messaging import CalendarTarget, Cap, Messaging, QuietHours, WebhookTarget
from orthocrm.core.notifying import (
    CarrierError,
    Message,
    MessageChannel,
    MessageState,
    Purpose,
    Sent,
    StaffContact,
    StatusReport,
)
from orthocrm.core.quiet import next_allowed
from orthocrm.core.reminding import is_reminder
from orthocrm.followup import caps, quiet

MOST_ATTEMPTS = 10
"""After so many attempts a message is parked for a person to look at."""

FIRST_PAUSE = timedelta(minutes=1)
"""The pause after the first failure; it doubles with each further one."""

LONGEST_PAUSE = timedelta(hours=6)

WEBHOOK, CALENDAR = "webhook:", "calendar:"
"""What a message to a webhook or calendar says it is `about`, before the name of the target."""

ANNOUNCED = "appointment/"
"""What a message that tells of an appointment says it is `about`, before the kind of the event."""

_TO_MACHINES = frozenset({MessageChannel.WEBHOOK, MessageChannel.CALENDAR})
_DISTURBING = frozenset({MessageChannel.SMS, MessageChannel.PUSH})
_PENDING, _SENT, _PARKED = MessageState.PENDING, MessageState.SENT, MessageState.PARKED

TOO_LATE, NOT_NEEDED, LEAD_GONE, NO_CONTACT = "too_late", "not_needed", "lead_gone", "no_contact"
ADDRESS_CHANGED, NOT_WANTED, NO_CARRIER = "address_changed", "not_wanted", "no_carrier"
APPOINTMENT_CHANGED, RESTORED = "appointment_changed", "restored"
QUIET, CAP, LEASE_OVER, HELD_UP = "quiet_hours", "cap", "worker_lost", "held_up"


@frozen
class Send:
    """It may go, by this carrier."""

    carrier: str


@frozen
class Later:
    """It may not go before `at`."""

    at: datetime
    because: str


@frozen
class Never:
    """It must not go at all."""

    because: str


Verdict = Send | Later | Never


@frozen(kw_only=True)
class Circumstances:
    """What the gate knows of a message besides its own words.

    Attributes:
        lead: Whom it is about; None for staff and webhooks, and when the lead is gone.
        contact: How the person of the practice is reached whom it is for.
        target: The webhook or calendar that it is for.
        is_held_up: Whether an older one about the same has to come first.
        objection: What the ledger of consent says against it.
        unneeded: What it says no longer holds, in a code.
        sent: When the address got earlier ones on this channel, or may have got them.
        zone: That of the practice.
        state_hours: Quiet hours by state, as plug-ins know them.
    """

    now: datetime
    messaging: Messaging
    zone: str
    state_hours: Mapping[str, QuietHours] = field(factory=dict)
    lead: Lead | None = None
    contact: StaffContact | None = None
    target: WebhookTarget | CalendarTarget | None = None
    objection: str | None = None
    unneeded: str | None = None
    sent: Sequence[datetime] = field(default=(), repr=mask, metadata=PERSONAL)
    is_held_up: bool = False


def verdict(message: Message, given: Circumstances) -> Verdict:
    """Ask the gate: whether a message is still wanted, may go at all, and may go now."""
    never = _hindrance(message, given)
    if never is not None:
        return Never(never)
    carrier = carrier_of(message.channel, given.messaging, given.target)
    if carrier is None:
        return Never(NO_CARRIER)
    if given.is_held_up:
        return Later(given.now + FIRST_PAUSE, HELD_UP)
    later = _quiet(message, given) or _capped(message, given)
    if later is None:
        return Send(carrier)
    if isinstance(later, Later) and message.not_after is not None and later.at >= message.not_after:
        return Never(TOO_LATE)
    return later


def _hindrance(message: Message, given: Circumstances) -> str | None:
    """Say what keeps a message back for good, first what is no longer so."""
    if message.not_after is not None and message.not_after <= given.now:
        return TOO_LATE
    if message.channel in _TO_MACHINES:
        is_wanted = given.target is not None and given.target.is_active
        return given.unneeded if is_wanted else NOT_WANTED
    changed = _of_staff(message, given) if message.lead_id is None else _of_family(message, given)
    return changed or given.unneeded or given.objection


def _of_family(message: Message, given: Circumstances) -> str | None:
    lead = given.lead
    if lead is None or lead.stamps.deleted_at is not None or lead.merged_into is not None:
        return LEAD_GONE
    if lead.enquiry.no_contact:
        return NO_CONTACT
    return None if _address(message.channel, lead) == message.to else ADDRESS_CHANGED


def _of_staff(message: Message, given: Circumstances) -> str | None:
    contact = given.contact
    if contact is None or message.channel not in contact.channels:
        return NOT_WANTED
    return None if message.to in reached_at(contact, message.channel) else ADDRESS_CHANGED


def readdressed(message: Message, lead: Lead | None) -> Message:
    """Let a reminder that nobody can have yet go to where its family is reached by now."""
    if lead is None or message.sent_at is not None or not is_reminder(message):
        return message
    return evolve(message, to=_address(message.channel, lead) or message.to)


def _address(channel: MessageChannel, lead: Lead) -> str | None:
    contact = lead.contact
    if channel is MessageChannel.EMAIL:
        return contact.email.address if contact.email else None
    return contact.phone.number if channel is MessageChannel.SMS and contact.phone else None


def reached_at(contact: StaffContact, channel: MessageChannel) -> tuple[str, ...]:
    """Give the addresses of somebody of the practice on a channel."""
    if channel is MessageChannel.PUSH:
        return tuple(target.address for target in contact.push)
    one = contact.email if channel is MessageChannel.EMAIL else contact.phone
    return () if one is None or channel in _TO_MACHINES else (one,)


def carrier_of(
    channel: MessageChannel,
    messaging: Messaging,
    target: WebhookTarget | CalendarTarget | None = None,
) -> str | None:
    """Name the carrier of a channel, or that of a target of its own; None when there is none."""
    own = target.carrier if target is not None else None
    return own or dict(messaging.carriers).get(channel)


def _quiet(message: Message, given: Circumstances) -> Verdict | None:
    if message.channel not in _DISTURBING:
        return None
    number = message.to if message.channel is MessageChannel.SMS else None
    state = given.lead.contact.address.state if given.lead else None
    zones = quiet.zones_of(number, given.zone, state)
    hours = quiet.hours_of(given.messaging.quiet, given.state_hours, number, state)
    at = next_allowed(given.now, hours, zones)
    if at is None:
        return Never(QUIET)
    return None if at == given.now else Later(at, QUIET)


def _capped(message: Message, given: Circumstances) -> Verdict | None:
    cap = cap_of(message, given.messaging)
    if cap is None:
        return None
    at = caps.free_at(cap, given.sent, given.now)
    if at is None:
        return Never(CAP)
    return None if at == given.now else Later(at, CAP)


def cap_of(message: Message, messaging: Messaging) -> Cap | None:
    """Find the cap that holds for a message."""
    if message.purpose is Purpose.STAFF:
        return None
    cap = next((cap for cap in messaging.caps if cap.channel is message.channel), None)
    return None if cap is not None and is_reminder(message) and not cap.reminders else cap


def judged(message: Message, ruled: Verdict, now: datetime) -> Message:
    """Give a claimed message as the gate leaves it.

    One that goes is marked as being with its carrier; one that waits has not been attempted.
    """
    if isinstance(ruled, Send):
        return evolve(message, carrier=ruled.carrier, sent_at=now, because=None)
    if isinstance(ruled, Later):
        return released(evolve(message, because=ruled.because), ruled.at)
    return ended(message, MessageState.SKIPPED, ruled.because, now)


def released(message: Message, due_at: datetime) -> Message:
    """Give a claimed message back as if nobody had taken it."""
    attempts = max(message.attempts - 1, 0)
    return evolve(message, attempts=attempts, due_at=due_at, sent_at=None)


def ended(message: Message, state: MessageState, because: str | None, now: datetime) -> Message:
    """Give a message that will not be sent."""
    return evolve(message, state=state, because=because, sent_at=None, settled_at=now)


def cancelled(message: Message, because: str, now: datetime) -> Message:
    """Cancel a message that a worker may hold: what the worker says of it afterwards is refused."""
    return _away(ended(message, MessageState.CANCELLED, because, now))


def again(message: Message, now: datetime) -> Message:
    """Let a parked message be tried once more, from the beginning."""
    return _away(
        evolve(message, state=_PENDING, because=None, attempts=0, due_at=now, settled_at=None)
    )


def _away(message: Message) -> Message:
    """Take a message out of the hands of whoever holds it."""
    return evolve(message, fence=message.fence + 1)


def taken(message: Message, carrier: str, sent: Sent, now: datetime) -> Message:
    """Give a message that a carrier took."""
    return evolve(
        message, state=_SENT, because=None, carrier=carrier, carrier_ref=sent.ref, sent_at=now
    )


def failed(message: Message, error: CarrierError, now: datetime) -> Message:
    """Give a message that a carrier did not take, or of which nobody knows.

    What is refused for good has bounced. Anything else is tried again after a pause that doubles,
    or after the carrier's own, until it is parked, or its use is over.
    """
    if error.permanent:
        return ended(message, MessageState.BOUNCED, error.reason, now)
    sent_at = message.sent_at if error.uncertain else None
    held = evolve(message, because=error.reason, sent_at=sent_at)
    if message.attempts >= MOST_ATTEMPTS:
        return evolve(held, state=_PARKED, settled_at=now)
    due_at = now + max(_pause(message.attempts), error.wait or timedelta())
    if message.not_after is not None and due_at >= message.not_after:
        return evolve(held, state=MessageState.SKIPPED, because=TOO_LATE, settled_at=now)
    return evolve(held, due_at=due_at)


def _pause(attempts: int) -> timedelta:
    return min(FIRST_PAUSE * (1 << min(max(attempts - 1, 0), 16)), LONGEST_PAUSE)


def is_in_hand(message: Message, now: datetime) -> bool:
    """Whether a worker hands a message to its carrier just now."""
    is_given = message.sent_at is not None and message.because is None
    return message.state is _PENDING and is_given and message.due_at > now


def is_lost(message: Message) -> bool:
    """Whether workers were lost over a message as often as it may be tried."""
    return message.attempts > MOST_ATTEMPTS


_RANK = {_SENT: 1, MessageState.DELIVERED: 2, MessageState.BOUNCED: 3}


def reported(message: Message, carrier: str, report: StatusReport) -> Message | None:
    """Give a message as a report leaves it; None when the report tells nothing new.

    Reports come in any order and more than once: a bounce outweighs a delivery, and that the mere
    taking; of two of the same kind the later one holds. A report about a message that a worker
    holds settles it, so that nobody sends it again.
    """
    weight = _RANK.get(report.state, 0)
    present = _RANK.get(message.state, 0)
    if weight == 0 or _weighed(weight, report.at, report.reason) <= _weighed(
        present, message.settled_at, message.because
    ):
        return None
    changed = evolve(
        message,
        state=report.state,
        because=report.reason,
        carrier=carrier,
        carrier_ref=report.ref,
        sent_at=message.sent_at or report.at,
        settled_at=report.at,
    )
    return changed if present else _away(changed)


def _weighed(rank: int, at: datetime | None, reason: str | None) -> tuple[int, float, str]:
    """Order reports; of those that are no answer of a carrier only the rank counts."""
    if rank == 0:
        return (0, 0.0, "")
    return (rank, at.timestamp() if at is not None else 0.0, reason or "")
