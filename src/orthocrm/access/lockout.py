"""Lockout: who fails to log in again and again has to wait, longer each time.

Addresses that nobody has are counted in the same way, so that waiting tells nothing about who has
an account. NIST SP 800-63B, section 5.2.2, allows no more than 100 failures in a row.
"""

from datetime import datetime, timedelta
from typing import Final

from orthocrm.core.access import Attempts

FREE: Final = 5
"""So many failures in a row lock; fewer cost nothing."""
FIRST_WAIT: Final = timedelta(minutes=1)
LONGEST_WAIT: Final = timedelta(hours=1)
MOST: Final = 100
"""After so many failures in a row nothing but a new password helps, until they are forgotten."""
FORGOTTEN_AFTER: Final = timedelta(days=30)
"""How long after the last failure nobody remembers it."""


def wait_after(failures: int) -> timedelta:
    """Give how long somebody waits after a number of failures in a row.

    >>> [str(wait_after(n)) for n in (4, 5, 6, 7)]
    ['0:00:00', '0:01:00', '0:02:00', '0:04:00']
    """
    if failures < FREE:
        return timedelta()
    if failures >= MOST:
        return FORGOTTEN_AFTER
    doublings = min(failures - FREE, MOST.bit_length())
    return min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)


def locked_until(attempts: Attempts | None, now: datetime) -> datetime | None:
    """Tell until when an address is locked; None: it is not."""
    if attempts is None:
        return None
    until = attempts.last_at + wait_after(attempts.failures)
    return until if until > now else None


def is_forgotten(attempts: Attempts, now: datetime) -> bool:
    """Whether failures are so long ago that they count no more."""
    return now - attempts.last_at >= FORGOTTEN_AFTER


def failures_after(attempts: Attempts | None, now: datetime) -> int:
    """Count one more failure: forgotten ones do not count."""
    if attempts is None or is_forgotten(attempts, now):
        return 1
    return attempts.failures + 1
