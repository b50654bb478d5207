"""Answers to requests that may come again, kept for those who missed them."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from attrs import evolve, field, frozen

from orthocrm.core.ids import AnswerId, ClinicId
from orthocrm.core.masking import PERSONAL, mask


class AnswerState(StrEnum):
    """Where the request of an answer stands."""

    RUNNING = "RUNNING"
    """It was begun; after `until` nobody works on it any more, and it had no effect."""
    KEPT = "KEPT"
    """It has its answer, which a repetition gets."""
    LOST = "LOST"
    """It had an effect, and its answer is not kept: a repetition is refused."""


@frozen(kw_only=True)
class KeptAnswer:
    """The answer to a request with an `Idempotency-Key`.

    Attributes:
        key: The digest of the caller and of the key that they chose; unique.
        request: The digest of what was asked: the same key with another one is a misuse.
        until: When a request that is running counts as dead, or when an answer is forgotten.
        status: The HTTP status.
        headers: Those that belong to the answer, such as its version.
        body: The text of the answer.
    """

    id: AnswerId
    clinic_id: ClinicId
    key: str
    request: str
    state: AnswerState = AnswerState.RUNNING
    made_at: datetime
    until: datetime
    status: int = 0
    headers: Mapping[str, str] = field(factory=dict, repr=mask, metadata=PERSONAL)
    body: str = field(default="", repr=mask, metadata=PERSONAL)
    version: int = 1


def lost(answer: KeptAnswer) -> KeptAnswer:
    """Give an answer without what it said."""
    return evolve(answer, state=AnswerState.LOST, status=0, headers={}, body="")
