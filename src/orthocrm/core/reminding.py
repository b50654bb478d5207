"""How a clinic reminds families of appointments, and how a reminder is told from other messages."""

import re
from datetime import datetime, timedelta
from enum import StrEnum

from attrs import frozen

from orthocrm.core.appointment import Appointment
from orthocrm.core.ids import AppointmentId, MessageId
from orthocrm.core.notifying import Message, MessageChannel

ORIGIN = "reminder/"
"""What a reminder says it is `about`, before the name of its rule; its key begins so as well."""

CONFIRMATION = "confirmation-instead"
"""In place of a rule: told at once, since a reminder would have been due already (S2-12)."""

BY_HAND = "by-hand"
"""In place of a rule: somebody of the practice asked for it (S2-16)."""

RULES_CHANGED = "rules_changed"
"""Why a reminder was cancelled whose rule is gone, or speaks at a time that has passed."""

_KEY = re.compile(r"reminder/[^/]+/(\d{1,9})/[A-Z]+/[^/]+")


class QuietPolicy(StrEnum):
    """What becomes of a text that would be due in quiet hours (R24).

    LATER: it waits for their end if that leaves `Reminding.min_lead` before the start, else it
    goes in the last minute before them. EARLIER: always that. SKIP: it is not sent.
    """

    LATER = "later"
    EARLIER = "earlier"
    SKIP = "skip"


@frozen(kw_only=True)
class Reminding:
    """The clinic's choices beside its rules.

    `by_hand_a_day` is how often somebody may send one by hand, for each appointment and 24 hours
    (S2-16). With `details` e-mails name the patient and the kind of visit (S2-14); texts never do.
    """

    quiet: QuietPolicy = QuietPolicy.LATER
    min_lead: timedelta = timedelta(hours=1)
    by_hand_a_day: int = 2
    details: bool = False


class ReminderStatus(StrEnum):
    """Where a reminder stands.

    CLAIMED: a worker hands it to its carrier. FAILED: it was refused for good, or failed too
    often. VOIDED: the appointment was moved or is off, its rule was changed, or somebody cancelled
    it.
    """

    PENDING = "PENDING"
    CLAIMED = "CLAIMED"
    SENT = "SENT"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"
    VOIDED = "VOIDED"


@frozen(kw_only=True)
class Reminder:
    """One reminder of an appointment, without what it says and to whom.

    `rule` names the rule, or is `confirmation-instead` or `by-hand`. `revision` is the
    appointment's `sequence` for which it was made. `due_at` is None once a worker has taken it.
    `because` says in a code why it was skipped, failed, voided or put off.
    """

    message_id: MessageId
    rule: str
    channel: MessageChannel
    revision: int
    status: ReminderStatus
    due_at: datetime | None = None
    sent_at: datetime | None = None
    because: str | None = None


@frozen(kw_only=True)
class Reminders:
    """Every reminder of an appointment, oldest revision first, then by what comes first."""

    appointment_id: AppointmentId
    revision: int
    reminders: tuple[Reminder, ...] = ()

    @property
    def reminder_sent(self) -> bool:
        """Whether the family was reminded of the appointment as it stands now (S2-10)."""
        return any(
            one.status is ReminderStatus.SENT and one.revision == self.revision
            for one in self.reminders
        )


def key_of(appointment: Appointment, channel: MessageChannel, rule: str) -> str:
    """Give the key of a reminder: at most one is ever sent for it."""
    return f"{ORIGIN}{appointment.id}/{appointment.sequence}/{channel}/{rule}"


def is_reminder(message: Message) -> bool:
    """Whether a message reminds of an appointment."""
    return message.appointment_id is not None and _KEY.fullmatch(message.key) is not None


def revision_of(message: Message) -> int | None:
    """Give the `sequence` of the appointment for which a reminder was made."""
    found = _KEY.fullmatch(message.key)
    return None if found is None else int(found[1])


def rule_of(message: Message) -> str:
    """Name the rule of a reminder."""
    return (message.about or "").removeprefix(ORIGIN)
