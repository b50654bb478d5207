"""Sessions: how long they last (OWASP ASVS 5.0, 7.3: an idle and an absolute limit)."""

from datetime import datetime, timedelta
from typing import Final

from orthocrm.core.access import Session

IDLE: Final = timedelta(minutes=15)
ABSOLUTE: Final = timedelta(hours=12)
NOTED_EVERY: Final = timedelta(minutes=1)
"""How often the use of a session or of a key is written down; the idle limit is no more exact."""
DEVICE: Final = 200
"""Of what browsers say of themselves, so many characters are kept."""


def is_live(session: Session, now: datetime) -> bool:
    """Whether a session still opens: neither ended, nor too old, nor idle for too long."""
    return session.ended_at is None and now < session.expires_at and now - session.seen_at < IDLE


def is_to_note(seen_at: datetime | None, now: datetime) -> bool:
    """Whether the last use that was written down is long enough ago to write this one."""
    return seen_at is None or now - seen_at >= NOTED_EVERY
