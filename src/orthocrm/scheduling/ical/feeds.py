"""The private feed of a provider's calendar, and the token that opens it.

Whoever has the address reads the feed, so it never says who comes or why. The token is kept only
as a digest: what is stored opens nothing.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from attrs import frozen

from orthocrm.core.appointment import Appointment, AppointmentStatus
from orthocrm.core.time import zone
from orthocrm.scheduling.ical.invites import status_of, uid_of
from orthocrm.scheduling.ical.vtimezone import span, vtimezones
from orthocrm.scheduling.ical.writing import Line, Part, calendar, length, moment, text

_SHOWN: Final = frozenset(
    {
        AppointmentStatus.REQUESTED,
        AppointmentStatus.BOOKED,
        AppointmentStatus.CONFIRMED,
        AppointmentStatus.ARRIVED,
        AppointmentStatus.IN_PROGRESS,
        AppointmentStatus.COMPLETED,
    }
)
_TOKEN_BYTES: Final = 32
_LONGEST_TOKEN: Final = 100
REFRESHED: Final = timedelta(minutes=15)
"""How often a calendar is asked to fetch the feed again."""


class FeedDetail(StrEnum):
    """What a feed tells of each appointment: that there is one, or of which type."""

    BUSY = "busy"
    TYPES = "types"


@frozen(kw_only=True)
class Feed:
    """What a feed is: its name and zone, and what it tells.

    `title` gives the name of an appointment's type; it is asked only for `FeedDetail.TYPES`.
    """

    name: str
    timezone: str
    detail: FeedDetail = FeedDetail.BUSY
    title: Callable[[str], str] = str


def feed(appointments: Iterable[Appointment], about: Feed, now: datetime) -> str:
    """Write a VCALENDAR to subscribe to (METHOD PUBLISH), in the order of the starts.

    Held, cancelled, declined, expired and missed appointments are left out. Every time is written
    in the feed's zone, so one VTIMEZONE is enough.
    """
    zone(about.timezone)
    shown = sorted(
        (one for one in appointments if one.status in _SHOWN),
        key=lambda one: (one.starts_at, one.id),
    )
    moments = [edge for one in shown for edge in (one.starts_at, one.ends_at)]
    events = [Part("VEVENT", _event(one, about, now)) for one in shown]
    return calendar(_head(about), [*vtimezones(about.timezone, moments), *events])


def _head(about: Feed) -> tuple[Line, ...]:
    often = length(REFRESHED)
    return (
        Line("METHOD", "PUBLISH"),
        Line("NAME", text(about.name)),
        Line("X-WR-CALNAME", text(about.name)),
        Line("X-WR-TIMEZONE", text(about.timezone)),
        Line("REFRESH-INTERVAL", often, (("VALUE", "DURATION"),)),
        Line("X-PUBLISHED-TTL", often),
    )


def _event(appointment: Appointment, about: Feed, now: datetime) -> tuple[Line, ...]:
    told = about.title(appointment.type) if about.detail is FeedDetail.TYPES else "Busy"
    return (
        Line("UID", text(uid_of(appointment))),
        Line("SEQUENCE", str(appointment.sequence)),
        Line("DTSTAMP", moment(now)),
        Line("LAST-MODIFIED", moment(appointment.updated_at)),
        *span(appointment.starts_at, appointment.ends_at, about.timezone),
        Line("SUMMARY", text(told)),
        Line("STATUS", status_of(appointment)),
        Line("CLASS", "PRIVATE"),
        Line("TRANSP", "OPAQUE"),
    )


@frozen
class FeedToken:
    """A new token: `token` is shown once, as part of the address; `kept` is stored."""

    token: str
    kept: str

    def __repr__(self) -> str:
        return "FeedToken('***')"


def new_token() -> FeedToken:
    """Draw a token of 256 random bits; keeping another one revokes it."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    return FeedToken(token, _digest(token))


def opens(token: object, kept: str | None) -> bool:
    """Whether a token is the one whose digest is kept; the comparison takes the same time always.

    Without a kept digest there is no feed, and nothing opens it.
    """
    if not isinstance(token, str) or len(token) > _LONGEST_TOKEN:
        return False
    found = hmac.compare_digest(_digest(token), kept or _digest(""))
    return found and kept is not None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
