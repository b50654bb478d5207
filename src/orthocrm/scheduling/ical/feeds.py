"""The private feed of a provider's calendar, and the token that opens it.

Whoever has the address reads the feed, so it never says who comes or why. The token is kept only
as a digest: what is stored opens nothing.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from attrs import field, frozen

from orthocrm.core.appointment import Appointment, AppointmentStatus
from orthocrm.core.errors import InvalidInput
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
_SECRET_BYTES: Final = 32
_LONGEST_TOKEN: Final = 1000
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


def is_shown(appointment: Appointment) -> bool:
    """Whether an appointment stands in the calendars of those who take part."""
    return appointment.status in _SHOWN


def feed(appointments: Iterable[Appointment], about: Feed, now: datetime) -> str:
    """Write a VCALENDAR to subscribe to (METHOD PUBLISH), in the order of the starts.

    Held, cancelled, declined, expired and missed appointments are left out. Every time is written
    in the feed's zone, so one VTIMEZONE is enough.
    """
    zone(about.timezone)
    shown = sorted(
        filter(is_shown, appointments),
        key=lambda one: (one.starts_at, one.id),
    )
    moments = [edge for one in shown for edge in (one.starts_at, one.ends_at)]
    events = [Part("VEVENT", _event(one, about, now)) for one in shown]
    return calendar(_head(about), [*vtimezones(about.timezone, moments), *events])


def single(appointment: Appointment, about: Feed, now: datetime) -> str:
    """Write one appointment as a calendar of its own, without a METHOD, as CalDAV wants it."""
    zone(about.timezone)
    moments = (appointment.starts_at, appointment.ends_at)
    event = Part("VEVENT", _event(appointment, about, now))
    return calendar([], [*vtimezones(about.timezone, moments), event])


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


@frozen(kw_only=True)
class FeedAddress:
    """Whose feed a token names, and the secret that has to fit."""

    clinic: str
    owner: str
    secret: str = field(repr=False)


@frozen
class FeedToken:
    """A new token: `token` is shown once, as part of an address; `kept` is stored."""

    token: str = field(repr=False)
    kept: str = field(repr=False)


def new_token(clinic: str, owner: str, detail: FeedDetail) -> FeedToken:
    """Draw a token of 256 random bits; keeping another one revokes it."""
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    return FeedToken(
        f"{_written(clinic)}.{_written(owner)}.{secret}", f"{detail}:{_digest(secret)}"
    )


def address(token: object) -> FeedAddress:
    """Read whose feed a token names; whether it opens that feed only `opens` tells.

    Raises:
        InvalidInput: it is no token of a feed.
    """
    if not isinstance(token, str) or len(token) > _LONGEST_TOKEN:
        raise no_feed()
    try:
        clinic, owner, secret = token.split(".")
        return FeedAddress(clinic=_read(clinic), owner=_read(owner), secret=secret)
    except ValueError:
        raise no_feed() from None


def no_feed() -> InvalidInput:
    """Make the one refusal of every token that opens nothing."""
    return InvalidInput.at("token", "bad_link", "ask the practice for a new address")


def opens(secret: str, kept: str | None) -> FeedDetail | None:
    """Give what the feed may tell, or None when the secret is not the one that is kept.

    The comparison takes the same time, whatever is compared and whether there is a feed or not.
    """
    detail, _, wanted = (kept or f"{FeedDetail.BUSY}:{_digest('')}").partition(":")
    fits = hmac.compare_digest(_digest(secret), wanted)
    return FeedDetail(detail) if fits and kept is not None else None


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _written(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")


def _read(text: str) -> str:
    return base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True).decode()
