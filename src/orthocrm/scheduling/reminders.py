"""Reminders of an appointment: which, when, by which channel, and which of them not (R22 to R25).

Nothing here knows whether the family agreed to be written to (R23): that is asked when a reminder
is about to go, by the same gate as for every other message.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Final

from attrs import evolve, field, frozen

from orthocrm.core.appointment import Appointment
from orthocrm.core.messaging import QuietHours
from orthocrm.core.notifying import Message, MessageChannel, MessageState
from orthocrm.core.quiet import Quiet, last_allowed, next_allowed
from orthocrm.core.reminding import (
    CONFIRMATION,
    QuietPolicy,
    Reminder,
    Reminders,
    ReminderStatus,
    Reminding,
    is_reminder,
    revision_of,
    rule_of,
)
from orthocrm.core.settings import Settings
from orthocrm.core.time import zone
from orthocrm.core.visit_type import ReminderRule

TOO_LATE, AFTER_START, SAME_TIME, QUIET = "too_late", "after_start", "same_time", "quiet_hours"
"""Why a reminder is skipped at once."""

DISTURBING: Final = frozenset({MessageChannel.SMS, MessageChannel.PUSH})
"""Channels that keep quiet hours; an e-mail wakes nobody (S2-15)."""

_MINUTES = 60
_S = MessageState


@frozen(kw_only=True)
class Terms:
    """What reminders of one appointment go by.

    Attributes:
        made_at: When the appointment was made, fixed or moved.
        starts_at: When it starts.
        zone: By whose clocks the family lives.
        zones: All in which they may be: none of them is disturbed in its quiet hours.
    """

    made_at: datetime
    starts_at: datetime
    zone: str
    zones: tuple[str, ...]
    quiet: Quiet = field(factory=QuietHours)
    reminding: Reminding = field(factory=Reminding)


@frozen(kw_only=True)
class Planned:
    """A reminder that a rule asks for, or `because` of which code there is none."""

    rule: ReminderRule
    due_at: datetime
    because: str | None = None


def rules_of(settings: Settings, visit_type: str) -> tuple[ReminderRule, ...]:
    """Give the rules of a type: its own, else the clinic's."""
    kind = next((one for one in settings.visit_types if one.slug == visit_type), None)
    return settings.reminders if kind is None or kind.reminders is None else kind.reminders


def planned(rules: Sequence[ReminderRule], terms: Terms) -> tuple[Planned, ...]:
    """Plan the reminders of an appointment, in the order of its rules.

    In place of those of a channel that would have been due already, one confirmation goes at once
    (S2-12). There are none of an appointment that has begun.
    """
    if terms.starts_at <= terms.made_at:
        return ()
    asked = [_asked(rule, terms) for rule in rules]
    late = dict.fromkeys(one.rule.channel for one in asked if one.because == TOO_LATE)
    return tuple(_without_twins([*asked, *(_confirmation(channel, terms) for channel in late)]))


def due_at(rule: ReminderRule, starts_at: datetime, zone_name: str) -> datetime:
    """Tell when a rule speaks: so much elapsed time before the start, or by the clock on the wall.

    A wall time that comes twice is its first occurrence, one that is skipped is put off by as much
    (R1, R22).
    """
    if rule.before is not None:
        return starts_at - rule.before
    local = zone(zone_name)
    day = starts_at.astimezone(local).date() - timedelta(days=rule.days_before or 0)
    wall = time(*divmod(rule.wall_time or 0, _MINUTES))
    return datetime.combine(day, wall, local).astimezone(UTC)


def _asked(rule: ReminderRule, terms: Terms) -> Planned:
    at = due_at(rule, terms.starts_at, terms.zone)
    if at <= terms.made_at:
        return Planned(rule=rule, due_at=at, because=TOO_LATE)
    if at >= terms.starts_at:
        return Planned(rule=rule, due_at=at, because=AFTER_START)
    return _undisturbing(Planned(rule=rule, due_at=at), terms)


def _confirmation(channel: MessageChannel, terms: Terms) -> Planned:
    rule = ReminderRule(name=CONFIRMATION, channel=channel, before=timedelta())
    return _undisturbing(Planned(rule=rule, due_at=terms.made_at), terms)


def _undisturbing(one: Planned, terms: Terms) -> Planned:
    """Put a text where it disturbs nobody, or leave it out (R24)."""
    if one.rule.channel not in DISTURBING:
        return one
    if next_allowed(one.due_at, terms.quiet, terms.zones) == one.due_at:
        return one
    at = _allowed(one.due_at, terms)
    if at is None:
        return evolve(one, because=QUIET)
    if at <= terms.made_at:
        return evolve(one, because=QUIET if one.rule.name == CONFIRMATION else TOO_LATE)
    return evolve(one, due_at=at)


def _allowed(at: datetime, terms: Terms) -> datetime | None:
    policy, latest = terms.reminding.quiet, terms.starts_at - terms.reminding.min_lead
    if policy is QuietPolicy.SKIP:
        return None
    later = next_allowed(at, terms.quiet, terms.zones)
    if policy is QuietPolicy.LATER and later is not None and later <= latest < terms.starts_at:
        return later
    return last_allowed(at, terms.quiet, terms.zones)


def _without_twins(several: Iterable[Planned]) -> Iterator[Planned]:
    """Let only the first of those go that would come at the same instant by the same channel."""
    seen: set[tuple[MessageChannel, datetime]] = set()
    for one in several:
        place = (one.rule.channel, one.due_at)
        if one.because is None and place in seen:
            yield evolve(one, because=SAME_TIME)
            continue
        if one.because is None:
            seen.add(place)
        yield one


_STATUS: Final = {
    _S.SENT: ReminderStatus.SENT,
    _S.DELIVERED: ReminderStatus.SENT,
    _S.BOUNCED: ReminderStatus.FAILED,
    _S.PARKED: ReminderStatus.FAILED,
    _S.SKIPPED: ReminderStatus.SKIPPED,
    _S.CANCELLED: ReminderStatus.VOIDED,
}


def told(appointment: Appointment, messages: Iterable[Message]) -> Reminders:
    """Tell how the reminders of an appointment stand."""
    found = sorted(filter(is_reminder, messages), key=_order)
    return Reminders(
        appointment_id=appointment.id,
        revision=appointment.sequence,
        reminders=tuple(map(shown, found)),
    )


def _order(message: Message) -> tuple[int, datetime, str]:
    return (revision_of(message) or 0, message.sent_at or message.due_at, message.id)


def shown(message: Message) -> Reminder:
    """Show a reminder, without what it says and to whom."""
    status = _status_of(message)
    is_over = status is ReminderStatus.SENT or message.state is _S.BOUNCED
    taken = is_over or status is ReminderStatus.CLAIMED
    return Reminder(
        message_id=message.id,
        rule=rule_of(message),
        channel=message.channel,
        revision=revision_of(message) or 0,
        status=status,
        due_at=None if taken else message.due_at,
        sent_at=message.sent_at if status is ReminderStatus.SENT else None,
        because=message.because,
    )


def _status_of(message: Message) -> ReminderStatus:
    """A carrier has what is marked as sent and is not settled, unless it gave it back."""
    if message.state is not _S.PENDING:
        return _STATUS[message.state]
    held = message.sent_at is not None and message.because is None
    return ReminderStatus.CLAIMED if held else ReminderStatus.PENDING
