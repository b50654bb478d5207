"""How many requests somebody may send: token buckets by address, actor and clinic.

They are kept in the process, so that each process of a server counts by itself: give every one its
share. A bucket that nobody has used for long enough to be full is forgotten.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from math import ceil
from typing import Final

from attrs import define, field, frozen

_MOST: Final = 50_000
"""How many buckets are kept; beyond that the one that was used the longest ago goes."""


@frozen(kw_only=True)
class Rate:
    """`per_minute` requests on the long run, and up to `burst` of them at once."""

    per_minute: int
    burst: int

    @property
    def per_second(self) -> float:
        """How fast a bucket fills again."""
        return self.per_minute / 60


@frozen(kw_only=True)
class Rates:
    """How many requests each address, actor and clinic may send, and strangers at the door."""

    address: Rate = Rate(per_minute=1_200, burst=300)
    visitor: Rate = Rate(per_minute=30, burst=20)
    actor: Rate = Rate(per_minute=1_200, burst=300)
    clinic: Rate = Rate(per_minute=12_000, burst=3_000)


@frozen(kw_only=True)
class Told:
    """What a bucket says: whether there was a token, how many are left, and when there is one."""

    is_allowed: bool
    limit: int
    remaining: int
    seconds: int

    @property
    def headers(self) -> dict[str, str]:
        """The rate-limit headers of an answer."""
        told = {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.seconds),
        }
        return told if self.is_allowed else {**told, "Retry-After": str(self.seconds)}


@define
class _Bucket:
    tokens: float
    at: float


@define
class Limiter:
    """Counts requests. Several threads use it at once."""

    now: Callable[[], float] = time.monotonic
    _buckets: OrderedDict[tuple[str, ...], _Bucket] = field(factory=OrderedDict, init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False, repr=False)

    def take(self, key: tuple[str, ...], rate: Rate) -> Told:
        """Take a token from the bucket of a key."""
        now = self.now()
        with self._lock:
            bucket = self._buckets.pop(key, None) or _Bucket(rate.burst, now)
            self._buckets[key] = bucket
            if len(self._buckets) > _MOST:
                self._buckets.popitem(last=False)
            filled = bucket.tokens + (now - bucket.at) * rate.per_second
            bucket.tokens, bucket.at = min(rate.burst, filled), now
            is_allowed = bucket.tokens >= 1
            if is_allowed:
                bucket.tokens -= 1
            missing = (rate.burst if is_allowed else 1) - bucket.tokens
        return Told(
            is_allowed=is_allowed,
            limit=rate.burst,
            remaining=int(bucket.tokens),
            seconds=max(1, ceil(missing / rate.per_second)),
        )
