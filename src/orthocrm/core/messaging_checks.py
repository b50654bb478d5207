"""What is wrong with how a clinic wants to write to families and to its own people."""

import re
from collections.abc import Callable, Iterator
from datetime import time, timedelta
from typing import Any

from orthocrm.core import limits
from orthocrm.core.errors import Problem
from orthocrm.core.events import KINDS
from orthocrm.core.messaging import CalendarTarget, Cap, Messaging, QuietHours, WebhookTarget
from orthocrm.core.notifying import MessageChannel

MOST_WEBHOOKS = 20
MOST_CALENDARS = 200
MOST_A_WEEK = 1_000
LONGEST_DIGEST = timedelta(days=1)

_NAME = re.compile("[a-z0-9][a-z0-9_-]{0,39}")
_SECOND = timedelta(seconds=1)
_URL_LENGTH = 2_048


def messaging_problems(messaging: object) -> Iterator[Problem]:
    """Name everything that is wrong."""
    if not isinstance(messaging, Messaging):
        yield _bad("messaging", "give Messaging")
        return
    for path, message, holds in _CHECKS:
        if not holds(messaging):
            yield _bad(f"messaging.{path}", message)
    if not isinstance(messaging.webhooks, tuple) or len(messaging.webhooks) > MOST_WEBHOOKS:
        yield _bad("messaging.webhooks", f"give at most {MOST_WEBHOOKS}")
        return
    names: set[str] = set()
    for place, target in enumerate(messaging.webhooks):
        yield from _webhook_problems(target, f"messaging.webhooks[{place}]", names)
    yield from _calendars_problems(messaging.calendars)


def _calendars_problems(calendars: object) -> Iterator[Problem]:
    if not isinstance(calendars, tuple) or len(calendars) > MOST_CALENDARS:
        yield _bad("messaging.calendars", f"give at most {MOST_CALENDARS}")
        return
    names: set[str] = set()
    for place, target in enumerate(calendars):
        path = f"messaging.calendars[{place}]"
        if not isinstance(target, CalendarTarget):
            yield _bad(path, "give a CalendarTarget")
            continue
        yield from _place_problems(target, path, names)
        if not _is_text(target.user, limits.REFERENCE):
            yield _bad(f"{path}.user", "name a provider")


def _webhook_problems(target: object, path: str, names: set[str]) -> Iterator[Problem]:
    if not isinstance(target, WebhookTarget):
        yield _bad(path, "give a WebhookTarget")
        return
    yield from _place_problems(target, path, names)
    kinds = target.kinds
    if not isinstance(kinds, tuple) or not all(isinstance(k, str) and k in KINDS for k in kinds):
        yield _bad(f"{path}.kinds", "name kinds of events")


def _place_problems(
    target: WebhookTarget | CalendarTarget, path: str, names: set[str]
) -> Iterator[Problem]:
    """Check where something goes: its name, its address, and who brings it there."""
    name, url = target.name, target.url
    if not isinstance(name, str) or _NAME.fullmatch(name) is None or name in names:
        yield _bad(f"{path}.name", "give a name of its own: small letters, digits, - and _")
    else:
        names.add(name)
    if not isinstance(url, str) or len(url) > _URL_LENGTH or not url.startswith("https://"):
        yield _bad(f"{path}.url", "give an address that begins with https")
    if target.carrier is not None and not _is_text(target.carrier, limits.NAME):
        yield _bad(f"{path}.carrier", "name a carrier")


def _bad(path: str, message: str) -> Problem:
    return Problem(path, "bad_setting", message)


def _is_text(value: object, most: int) -> bool:
    return isinstance(value, str) and 0 < len(value) <= most and value.isprintable()


def _carriers(messaging: Messaging) -> bool:
    pairs: Any = messaging.carriers
    if not isinstance(pairs, tuple) or not all(isinstance(p, tuple) and len(p) == 2 for p in pairs):  # noqa: PLR2004 - a pair
        return False
    channels = [channel for channel, _ in pairs]
    return (
        all(isinstance(channel, MessageChannel) for channel in channels)
        and len(set(channels)) == len(channels)
        and all(_is_text(name, limits.NAME) for _, name in pairs)
    )


def _quiet(messaging: Messaging) -> bool:
    return are_quiet_hours(messaging.quiet)


def are_quiet_hours(given: object) -> bool:
    """Tell whether quiet hours are wall times without a zone."""
    return isinstance(given, QuietHours) and all(
        isinstance(wall, time) and wall.tzinfo is None for wall in (given.start, given.end)
    )


def _caps(messaging: Messaging) -> bool:
    caps: Any = messaging.caps
    if not isinstance(caps, tuple) or not all(isinstance(cap, Cap) for cap in caps):
        return False
    channels = [cap.channel for cap in caps]
    return len(set(channels)) == len(channels) and all(map(_is_cap, caps))


def _is_cap(cap: Any) -> bool:  # noqa: ANN401 - whatever stands in its fields
    counts = (cap.a_day, cap.a_week)
    known = isinstance(cap.channel, MessageChannel) and isinstance(cap.reminders, bool)
    return known and all(
        isinstance(count, int) and not isinstance(count, bool) and 1 <= count <= MOST_A_WEEK
        for count in counts
    )


def _digest(messaging: Messaging) -> bool:
    after: Any = messaging.digest_after
    return (
        isinstance(after, timedelta) and _SECOND <= after <= LONGEST_DIGEST and not after % _SECOND
    )


def _optional(name: str, most: int) -> Callable[[Messaging], bool]:
    def holds(messaging: Messaging) -> bool:
        value = getattr(messaging, name)
        return value is None or _is_text(value, most)

    return holds


_CHECKS: tuple[tuple[str, str, Callable[[Messaging], bool]], ...] = (
    ("sender_name", "give one line", _optional("sender_name", limits.NAME)),
    ("phone", "give one line", _optional("phone", limits.PHONE)),
    ("email", "give one line", _optional("email", limits.EMAIL)),
    ("website", "give one line", _optional("website", limits.LABEL)),
    ("carriers", "name one carrier for each channel", _carriers),
    ("quiet", "give wall times without a zone", _quiet),
    ("caps", f"give 1 to {MOST_A_WEEK}, once for each channel", _caps),
    ("digest_after", "give whole seconds, from one to a day", _digest),
)
