"""Identities: UUIDv7 in canonical lower-case text, one distinct type per noun."""

import os
import time
from typing import NewType

ClinicId = NewType("ClinicId", str)
LeadId = NewType("LeadId", str)
SourceId = NewType("SourceId", str)
StageId = NewType("StageId", str)
ActivityId = NewType("ActivityId", str)
TaskId = NewType("TaskId", str)
VisitId = NewType("VisitId", str)
AppointmentId = NewType("AppointmentId", str)
TimeOffId = NewType("TimeOffId", str)
ImportId = NewType("ImportId", str)
AuditId = NewType("AuditId", str)
OutboxId = NewType("OutboxId", str)
LinkId = NewType("LinkId", str)
MergeId = NewType("MergeId", str)
TouchId = NewType("TouchId", str)
SpendId = NewType("SpendId", str)
CampaignId = NewType("CampaignId", str)
ReferrerId = NewType("ReferrerId", str)
MessageId = NewType("MessageId", str)
NoticeId = NewType("NoticeId", str)
ConsentId = NewType("ConsentId", str)
EnrollmentId = NewType("EnrollmentId", str)
ViewId = NewType("ViewId", str)
ModelId = NewType("ModelId", str)
SeriesId = NewType("SeriesId", str)
WaitlistId = NewType("WaitlistId", str)
SessionId = NewType("SessionId", str)
KeyId = NewType("KeyId", str)
EmergencyId = NewType("EmergencyId", str)
InboundId = NewType("InboundId", str)
AnswerId = NewType("AnswerId", str)

StageSlug = NewType("StageSlug", str)
"""The lasting key of a stage within its clinic: the name may change, the slug never does."""

UserId = NewType("UserId", str)
"""A user of the host application, by whatever text that application knows them."""

_COUNTER_BITS = 12
_COUNTER_MASK = (1 << _COUNTER_BITS) - 1


class UuidV7:
    """An `IdSource` of UUIDv7 (RFC 9562, 5.7): millisecond, 12-bit counter, 62 random bits.

    Ids of one thread sort in the order in which they were drawn, whatever the clock does; two
    threads may draw at the same tick and are told apart by the random part.
    """

    def __init__(self) -> None:
        self._last = 0

    def __call__(self) -> str:
        """Draw one id."""
        ticks = (time.time_ns() // 1_000_000) << _COUNTER_BITS
        self._last = ticks = max(self._last + 1, ticks)
        tail = int.from_bytes(os.urandom(8)) & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        head = (ticks >> _COUNTER_BITS) << 16 | 0x7000 | (ticks & _COUNTER_MASK)
        text = f"{head:016x}{tail:016x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
