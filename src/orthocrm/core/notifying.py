"""Messages to families and staff, the centre of notices, consent, and what carriers promise."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, runtime_checkable

from attrs import field, frozen

from orthocrm.core.errors import OrthoCRMError
from orthocrm.core.headers import one_header
from orthocrm.core.ids import (
    AppointmentId,
    ClinicId,
    ConsentId,
    LeadId,
    MessageId,
    NoticeId,
    UserId,
)
from orthocrm.core.masking import PERSONAL, mask


class MessageChannel(StrEnum):
    """How a message travels."""

    EMAIL = "EMAIL"
    SMS = "SMS"
    PUSH = "PUSH"
    WEBHOOK = "WEBHOOK"
    CALENDAR = "CALENDAR"


class Purpose(StrEnum):
    """What a message is for; consent is given by purpose. STAFF is for the practice's own people.

    CARE is about an enquiry or an appointment that the family asked for, MARKETING anything else.
    """

    CARE = "CARE"
    MARKETING = "MARKETING"
    STAFF = "STAFF"


class MessageState(StrEnum):
    """Where a message stands.

    SENT: a carrier took it. DELIVERED, BOUNCED: what the carrier told later. SKIPPED: the gate at
    send time said no, for good. PARKED: it failed too often and waits for a person.
    """

    PENDING = "PENDING"
    SENT = "SENT"
    DELIVERED = "DELIVERED"
    BOUNCED = "BOUNCED"
    SKIPPED = "SKIPPED"
    CANCELLED = "CANCELLED"
    PARKED = "PARKED"


@frozen(kw_only=True)
class Message:
    """One message to one address, from the moment in which it is wanted.

    `key` is unique: the same effect asked for twice is one message. A message to a family names
    the `lead_id`, one to staff the `user`. `not_after` ends its use (a reminder at the start of
    the visit). `fence` grows with every claim, and with everything else that a worker who holds it
    must not undo; `due_at` of a claimed one is the end of its lease. `sent_at` of a pending one
    says that a carrier may have it already.
    `carrier` and `carrier_ref` are what the status webhooks of carriers speak of. `about` names
    the rule, template, appointment or event that asked for it, in codes (`reminder/RULE` those of
    the appointment in `appointment_id`).
    """

    id: MessageId
    clinic_id: ClinicId
    key: str
    channel: MessageChannel
    purpose: Purpose
    due_at: datetime
    created_at: datetime
    created_by: UserId
    to: str = field(repr=mask, metadata=PERSONAL)
    body: str = field(repr=mask, metadata=PERSONAL)
    subject: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    lead_id: LeadId | None = None
    user: UserId | None = None
    template: str | None = None
    about: str | None = None
    appointment_id: AppointmentId | None = None
    not_after: datetime | None = None
    state: MessageState = MessageState.PENDING
    because: str | None = None
    attempts: int = 0
    fence: int = 0
    carrier: str | None = None
    carrier_ref: str | None = None
    sent_at: datetime | None = None
    settled_at: datetime | None = None
    version: int = 1


class NoticeKind(StrEnum):
    """What a notice is about, and what staff may mute."""

    LEAD_ASSIGNED = "lead_assigned"
    LEADS_ASSIGNED = "leads_assigned"
    NEEDS_ASSIGNMENT = "needs_assignment"
    TASK_REMINDER = "task_reminder"
    TASK_OVERDUE = "task_overdue"
    TASK_ESCALATED = "task_escalated"
    ANSWER_RECEIVED = "answer_received"
    FAMILY_UPSET = "family_upset"
    LOST_SUGGESTED = "lost_suggested"
    LEAD_RECALLED = "lead_recalled"
    STAGE_OVERSTAYED = "stage_overstayed"
    DUPLICATES_FOUND = "duplicates_found"
    IMPORT_FINISHED = "import_finished"
    MESSAGE_PARKED = "message_parked"
    DELIVERY_PARKED = "delivery_parked"
    GLASS_BROKEN = "glass_broken"
    APPOINTMENT_REQUESTED = "appointment_requested"
    APPOINTMENT_BOOKED = "appointment_booked"
    APPOINTMENT_MOVED = "appointment_moved"
    APPOINTMENT_CANCELLED = "appointment_cancelled"
    APPOINTMENT_STRANDED = "appointment_stranded"


@frozen(kw_only=True)
class Notice:
    """One line of somebody's notification centre: codes and ids only, the words come later.

    `key` is unique by user. `count` tells how many things a digest stands for.
    """

    id: NoticeId
    clinic_id: ClinicId
    user: UserId
    kind: str
    key: str
    created_at: datetime
    lead_id: LeadId | None = None
    object_id: str | None = None
    count: int = 1
    read_at: datetime | None = None
    version: int = 1


@frozen(kw_only=True)
class ConsentEntry:
    """One line of the consent ledger, append-only: the newest `at` of an address holds.

    `address` is a match key (`phone:+13125550199`, `email:a@b.example`); the store keeps a blind
    index of it only, so that an opt-out survives the erasure of the person. `evidence` says how
    it is known; a grant needs it. `purpose` None means every purpose (a STOP).
    """

    id: ConsentId
    clinic_id: ClinicId
    channel: MessageChannel
    address: str = field(repr=mask, metadata=PERSONAL)
    granted: bool
    at: datetime
    created_at: datetime
    created_by: UserId
    purpose: Purpose | None = None
    lead_id: LeadId | None = None
    evidence: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    version: int = 1


@frozen(kw_only=True)
class PushTarget:
    """A browser or telephone that takes web push (RFC 8291): endpoint and keys of its own."""

    endpoint: str = field(repr=mask, metadata=PERSONAL)
    p256dh: str = field(repr=mask, metadata=PERSONAL)
    auth: str = field(repr=mask, metadata=PERSONAL)

    @property
    def address(self) -> str:
        """The `to` of a message to it: the subscription as browsers write it, in JSON."""
        keys = {"p256dh": self.p256dh, "auth": self.auth}
        return json.dumps({"endpoint": self.endpoint, "keys": keys}, separators=(",", ":"))


@frozen(kw_only=True)
class StaffContact:
    """How somebody of the practice wants to hear of things; `id` is the user.

    The in-app centre always gets everything. `channels` are those used besides.
    """

    id: UserId
    clinic_id: ClinicId
    email: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    phone: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    push: tuple[PushTarget, ...] = field(default=(), repr=mask, metadata=PERSONAL)
    channels: tuple[MessageChannel, ...] = ()
    muted: tuple[str, ...] = ()
    version: int = 1


@frozen(kw_only=True)
class Attachment:
    """A part of an e-mail beside its text.

    `content_type` is that of the MIME part with its parameters, such as
    `text/calendar; charset=utf-8; method=REQUEST` for an invitation.
    """

    name: str
    content_type: str
    text: str = field(repr=mask, metadata=PERSONAL)


@frozen(kw_only=True)
class Letter:
    """What a carrier gets to see of a message: nothing but what it needs to send it.

    Attributes:
        to: An e-mail address, a number in E.164, a `PushTarget.address`, or the URL of a webhook
            or of a calendar.
        key: The same for every attempt: carriers that know idempotency keys get `identity`.
        sender_name: The name under which the practice writes, where the channel shows one.
        reply_to: Where answers to an e-mail go, if not to its sender.
        unsubscribe_url: For the header `List-Unsubscribe` (RFC 8058): one POST there ends it.
        target: The name of a webhook or calendar, by which its secret is found.
        uid: The entry of a calendar that `body` is; an empty body takes it away.
        attachments: What goes with an e-mail; channels that know none leave it out.
    """

    clinic_id: ClinicId
    message_id: MessageId
    channel: MessageChannel
    to: str = field(repr=mask, metadata=PERSONAL)
    body: str = field(repr=mask, metadata=PERSONAL)
    subject: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    key: str
    sender_name: str | None = None
    reply_to: str | None = None
    unsubscribe_url: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    target: str | None = None
    uid: str | None = None
    attachments: tuple[Attachment, ...] = ()

    @property
    def identity(self) -> str:
        """A name without meaning that every attempt shares: 32 hexadecimal digits."""
        return hashlib.sha256(f"{self.clinic_id} {self.key}".encode()).hexdigest()[:32]


@frozen(kw_only=True)
class Sent:
    """A carrier took a letter; `ref` is its name for it, by which status reports come back."""

    ref: str | None = None


class CarrierError(OrthoCRMError):
    """A carrier did not take a letter, or nobody knows whether it did.

    `reason` is a code of ours or of the carrier, never text that may quote the letter.

    Attributes:
        permanent: Another attempt is of no use.
        uncertain: The carrier may have taken the letter all the same: a repeat could be a second
            one where the carrier knows no idempotency keys.
        opted_out: The carrier keeps the address from hearing of us, because its owner said so.
        wait: How long the carrier asks to be left alone.
    """

    code = "carrier_error"

    def __init__(
        self,
        reason: str,
        *,
        permanent: bool = False,
        uncertain: bool = False,
        opted_out: bool = False,
        wait: timedelta | None = None,
    ) -> None:
        super().__init__(f"carrier: {reason}")
        self.reason = reason
        self.permanent = permanent
        self.uncertain = uncertain
        self.opted_out = opted_out
        self.wait = wait


@frozen(kw_only=True)
class StatusReport:
    """What a carrier tells of a letter later, by the name that it gave it.

    Carriers that hand back what we give them name the message too. Reports come more than once
    and in any order.
    """

    ref: str
    state: MessageState
    at: datetime
    reason: str | None = None
    message_id: MessageId | None = None


@frozen(kw_only=True)
class Answer:
    """A message that came back from a family (an SMS, an e-mail); `ref` is the same in repeats."""

    channel: MessageChannel
    sender: str = field(repr=mask, metadata=PERSONAL)
    text: str = field(repr=mask, metadata=PERSONAL)
    at: datetime
    ref: str


@frozen(kw_only=True)
class OptOut:
    """The owner of an address told the carrier, not us, to hear no more."""

    channel: MessageChannel
    address: str = field(repr=mask, metadata=PERSONAL)
    at: datetime
    ref: str
    reason: str


Reported = StatusReport | Answer | OptOut


@frozen(kw_only=True)
class Callback:
    """A request of a carrier, as it arrived.

    `url` is the address as the carrier knows it, with its query: some sign it. `clinic_id` is
    whose endpoint it is.
    """

    clinic_id: ClinicId
    url: str = field(repr=False)
    body: bytes = field(repr=mask, metadata=PERSONAL)
    received_at: datetime
    headers: Mapping[str, str] = field(factory=dict, repr=False)

    def header(self, name: str) -> str | None:
        """Give a header; one that stands there twice, or is no short text, counts as none."""
        return one_header(self.headers, name)


@runtime_checkable
class Notifier(Protocol):
    """A carrier, as plug-ins bring it through `register_notifiers` (name to notifier).

    Several threads use it at once.
    """

    @property
    def channel(self) -> MessageChannel:
        """The channel that it serves."""
        ...

    @property
    def seconds(self) -> float:
        """The longest that one call may take; it gives up by itself."""
        ...

    def send(self, letter: Letter) -> Sent:
        """Hand a letter to the carrier; raises `CarrierError` and nothing else."""
        ...


@runtime_checkable
class SecretKeeping(Protocol):
    """A carrier that can tell whether it has what it needs, before anything is sent."""

    def missing_secrets(self, clinic: ClinicId, targets: Sequence[str]) -> Sequence[str]:
        """Name the secrets that a clinic lacks; `targets` are its webhooks and calendars."""
        ...


@runtime_checkable
class ReportingNotifier(Notifier, Protocol):
    """A carrier that tells by webhook what became of letters, and brings answers."""

    def reports(self, callback: Callback) -> Sequence[Reported]:
        """Verify and read a request of the carrier; what is of no interest is left out.

        Raises:
            Unverified: it is not signed as it has to be; nothing of it was read.
            InvalidInput: it is signed and cannot be read all the same.
        """
        ...
