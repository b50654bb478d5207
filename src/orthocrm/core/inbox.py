"""What others deliver, kept as it arrived until it is worked off."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from attrs import field, frozen

from orthocrm.core.ids import ClinicId, InboundId
from orthocrm.core.masking import PERSONAL, mask


class InboundKind(StrEnum):
    """What a delivery brings."""

    LEADS = "LEADS"
    """Enquiries, for a channel to read."""
    REPORTS = "REPORTS"
    """What a carrier tells of messages, for its notifier to read."""


class InboundState(StrEnum):
    """Where a delivery stands; PARKED ones came to nothing and wait for a person."""

    PENDING = "PENDING"
    DONE = "DONE"
    PARKED = "PARKED"


@frozen(kw_only=True)
class Inbound:
    """A delivery that was verified when it came, and is read again when it is worked off.

    Attributes:
        name: The channel or the carrier that reads it.
        line: Deliveries of one line are worked off in the order of their ids; the empty line has
            no order.
        whose: Digests of the numbers and addresses that stand in it, by which an erasure finds it.
        because: Why it is parked or is tried again, as a code.
        fence: Grows with every claim: who claimed it before may settle it no more.
        form: The slug of the form, for a channel that has several.
        url: The address to which it was sent, as the sender knows it.
        body: The bytes as they arrived.
    """

    id: InboundId
    clinic_id: ClinicId
    kind: InboundKind
    name: str
    received_at: datetime
    due_at: datetime
    line: str = ""
    whose: tuple[str, ...] = ()
    form: str | None = None
    state: InboundState = InboundState.PENDING
    because: str | None = None
    attempts: int = 0
    fence: int = 0
    settled_at: datetime | None = None
    url: str = field(default="", repr=mask, metadata=PERSONAL)
    headers: Mapping[str, str] = field(factory=dict, repr=mask, metadata=PERSONAL)
    body: bytes = field(repr=mask, metadata=PERSONAL)
    version: int = 1
