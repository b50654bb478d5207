"""One appointment as an iCalendar message (RFC 5546): an invitation, or its withdrawal.

It says when, where and with which practice; it never says why, nor anything of the patient beside
the address that it goes to.
"""

import re
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from attrs import Attribute, field, frozen

from orthocrm.core import limits
from orthocrm.core.appointment import Appointment, AppointmentStatus
from orthocrm.core.errors import AppointmentClosed, InvalidInput
from orthocrm.core.masking import PERSONAL, mask
from orthocrm.scheduling.ical.vtimezone import span, vtimezones
from orthocrm.scheduling.ical.writing import (
    Line,
    Part,
    calendar,
    length,
    link,
    mailto,
    moment,
    text,
)

_WITHDRAWN: Final = frozenset(
    {AppointmentStatus.CANCELLED, AppointmentStatus.DECLINED, AppointmentStatus.EXPIRED}
)
_ADDRESS = re.compile(r"[^\s@<>\x00-\x1f\x7f]+@[^\s@<>\x00-\x1f\x7f]+")
_WEB = re.compile(r"https?://[^\s/]", re.IGNORECASE)
_LONGEST_ALARM: Final = timedelta(days=28)
_MOST_ALARMS: Final = 5


class Method(StrEnum):
    """What the message does to the calendar that receives it."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


@frozen
class Invite:
    """An iCalendar message: `text` for a MIME part or file, `content_type` to send it as."""

    method: Method
    text: str = field(repr=mask, metadata=PERSONAL)

    @property
    def content_type(self) -> str:
        """The type of the MIME part; its `method` has to agree with the text's (RFC 6047)."""
        return f"text/calendar; charset=utf-8; method={self.method}"


def _address(_: object, attribute: "Attribute[Any]", value: object) -> None:
    if value is None:
        return
    if not isinstance(value, str) or len(value) > limits.EMAIL or not _ADDRESS.fullmatch(value):
        raise InvalidInput.at(attribute.name, "bad_email", "give an e-mail address")


def _line(_: object, attribute: "Attribute[Any]", value: object) -> None:
    if not isinstance(value, str) or len(value) > limits.LABEL or not value.strip():
        message = f"give a text of at most {limits.LABEL} characters"
        raise InvalidInput.at(attribute.name, "wrong_type", message)


def _optional_line(instance: object, attribute: "Attribute[Any]", value: object) -> None:
    if value is not None:
        _line(instance, attribute, value)


def _alarms(_: object, attribute: "Attribute[Any]", value: object) -> None:
    if (
        not isinstance(value, tuple)
        or len(value) > _MOST_ALARMS
        or not all(isinstance(one, timedelta) for one in value)
        or not all(timedelta() <= one <= _LONGEST_ALARM for one in value)
    ):
        message = "give at most five lengths of up to 28 days before the start"
        raise InvalidInput.at(attribute.name, "out_of_range", message)


@frozen(kw_only=True)
class InviteText:
    """What an invitation says beside its times.

    Args:
        practice: The practice's name, the organizer's.
        title: The name of the appointment's type, as the patient may read it.
        organizer: The practice's e-mail address. Answers go there.
        attendee: The address that is invited; without one the text is a file to open.
        location: Where it takes place.
        with_link: Whether the meeting link is written.
        alarms: How long before the start the calendar reminds, if it wants to.
    """

    practice: str = field(validator=_line)
    title: str = field(validator=_line)
    organizer: str = field(validator=_address)
    attendee: str | None = field(default=None, validator=_address, repr=mask, metadata=PERSONAL)
    location: str | None = field(default=None, validator=_optional_line)
    with_link: bool = True
    alarms: tuple[timedelta, ...] = field(default=(), validator=_alarms)

    @organizer.validator
    def _has_organizer(self, _: object, value: object) -> None:
        if value is None:
            raise InvalidInput.at("organizer", "required", "give the practice's e-mail address")


def uid_of(appointment: Appointment) -> str:
    """Give the lasting identity of an appointment in other calendars."""
    return appointment.uid or f"{appointment.id}@orthocrm"


def invite(appointment: Appointment, said: InviteText, now: datetime) -> Invite:
    """Write the message about an appointment as it stands now.

    A cancelled, declined or expired one is withdrawn (CANCEL), any other requested (REQUEST). The
    receiving calendar keeps the message with the highest SEQUENCE of a UID, and of equal ones the
    latest DTSTAMP.

    Raises:
        AppointmentClosed: the appointment is only held, so nobody was promised anything.
    """
    if appointment.status is AppointmentStatus.HELD:
        raise AppointmentClosed(appointment.status)
    method = Method.CANCEL if appointment.status in _WITHDRAWN else Method.REQUEST
    moments = (appointment.starts_at, appointment.ends_at)
    event = Part("VEVENT", _event(appointment, said, now), _reminders(said, method))
    parts = (*vtimezones(appointment.timezone, moments), event)
    return Invite(method, calendar([Line("METHOD", method)], parts))


def _event(appointment: Appointment, said: InviteText, now: datetime) -> tuple[Line, ...]:
    return (
        Line("UID", text(uid_of(appointment))),
        Line("SEQUENCE", str(appointment.sequence)),
        Line("DTSTAMP", moment(now)),
        Line("CREATED", moment(appointment.created_at)),
        Line("LAST-MODIFIED", moment(appointment.updated_at)),
        *span(appointment.starts_at, appointment.ends_at, appointment.timezone),
        Line("SUMMARY", text(f"{said.practice}: {said.title}")),
        Line("STATUS", status_of(appointment)),
        Line("CLASS", "PRIVATE"),
        Line("TRANSP", "TRANSPARENT" if appointment.status in _WITHDRAWN else "OPAQUE"),
        Line("ORGANIZER", mailto(said.organizer), (("CN", said.practice),)),
        *_optional(appointment, said),
    )


def _optional(appointment: Appointment, said: InviteText) -> list[Line]:
    found: list[Line] = []
    if said.attendee is not None:
        asked = (("ROLE", "REQ-PARTICIPANT"), ("PARTSTAT", "NEEDS-ACTION"), ("RSVP", "TRUE"))
        found.append(Line("ATTENDEE", mailto(said.attendee), asked))
    if said.location is not None:
        found.append(Line("LOCATION", text(said.location)))
    meeting = appointment.meeting_link or ""
    if said.with_link and _WEB.match(meeting) and appointment.status not in _WITHDRAWN:
        found.append(Line("URL", link(meeting)))
    return found


def _reminders(said: InviteText, method: Method) -> tuple[Part, ...]:
    if method is Method.CANCEL:
        return ()
    return tuple(
        Part(
            "VALARM",
            (
                Line("ACTION", "DISPLAY"),
                Line("DESCRIPTION", text(f"{said.practice}: {said.title}")),
                Line("TRIGGER", length(-before)),
            ),
        )
        for before in said.alarms
    )


def status_of(appointment: Appointment) -> str:
    """Give the STATUS of RFC 5545: a request that nobody accepted yet is tentative."""
    if appointment.status in _WITHDRAWN:
        return "CANCELLED"
    if appointment.status in {AppointmentStatus.HELD, AppointmentStatus.REQUESTED}:
        return "TENTATIVE"
    return "CONFIRMED"
