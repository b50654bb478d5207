"""The private feed of a provider: what it shows, and what opens it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orthocrm.core.appointment import Appointment, AppointmentStatus
from orthocrm.core.errors import InvalidInput
from orthocrm.scheduling.ical.feeds import (
    Feed,
    FeedDetail,
    FeedToken,
    address,
    feed,
    new_token,
    opens,
)
from orthocrm.testing.factories import a_clinic, a_lead, an_appointment
from tests.unit.scheduling.ical.reading_back import calendar

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
START = datetime(2026, 11, 24, 15, tzinfo=UTC)
ABOUT = Feed(name="Dr. Lee; chairs 1, 2", timezone="America/Chicago")


def booked(**fields: Any) -> Appointment:
    return an_appointment(a_lead(a_clinic()), **{"starts_at": START, **fields})


def test_appointments_are_shown_in_order_in_one_zone() -> None:
    later = booked(starts_at=START + timedelta(days=1), timezone="Europe/London", sequence=2)
    earlier = booked(uid="lasting")

    written = feed([later, earlier], ABOUT, NOW)

    read = calendar(written)
    events = read.walk("VEVENT")
    assert read["METHOD"] == "PUBLISH"
    assert "\r\nNAME:Dr. Lee\\; chairs 1\\, 2\r\n" in written
    assert read["REFRESH-INTERVAL"].dt == timedelta(minutes=15)
    assert [zone["TZID"] for zone in read.walk("VTIMEZONE")] == ["America/Chicago"]
    assert [event["UID"] for event in events] == ["lasting", f"{later.id}@orthocrm"]
    assert [event["DTSTART"].dt for event in events] == [START, later.starts_at]
    assert [event["SEQUENCE"] for event in events] == [0, 2]


@pytest.mark.parametrize(
    "status, shown",
    [
        ("HELD", []),
        ("REQUESTED", ["TENTATIVE"]),
        ("BOOKED", ["CONFIRMED"]),
        ("CONFIRMED", ["CONFIRMED"]),
        ("ARRIVED", ["CONFIRMED"]),
        ("IN_PROGRESS", ["CONFIRMED"]),
        ("COMPLETED", ["CONFIRMED"]),
        ("CANCELLED", []),
        ("NO_SHOW", []),
        ("DECLINED", []),
        ("EXPIRED", []),
    ],
)
def test_only_what_takes_time_is_shown(status: str, shown: list[str]) -> None:
    read = calendar(feed([booked(status=AppointmentStatus(status))], ABOUT, NOW))

    assert [event["STATUS"] for event in read.walk("VEVENT")] == shown


def test_a_feed_says_busy_or_the_type_and_never_who_or_why() -> None:
    appointment = booked(reason="canary", notes="canary", meeting_link="https://canary.example")
    told = Feed(
        name="Dr. Lee",
        timezone="UTC",
        detail=FeedDetail.TYPES,
        title={"consultation": "Consultation"}.__getitem__,
    )

    plain, typed = (feed([appointment], about, NOW) for about in (ABOUT, told))

    titles = [str(calendar(text).walk("VEVENT")[0]["SUMMARY"]) for text in (plain, typed)]
    assert titles == ["Busy", "Consultation"]
    assert "canary" not in plain + typed
    assert str(appointment.lead_id) not in plain + typed


def test_an_empty_feed_is_a_calendar() -> None:
    read = calendar(feed([], ABOUT, NOW))

    assert read.subcomponents == []


def test_a_zone_that_does_not_exist_is_refused() -> None:
    with pytest.raises(InvalidInput):
        feed([], Feed(name="Dr. Lee", timezone="Mars/Base"), NOW)


def a_token(detail: FeedDetail = FeedDetail.BUSY) -> FeedToken:
    return new_token("clinic-1", "dr-lee", detail)


def test_a_token_names_its_feed_and_opens_no_other() -> None:
    one, other = a_token(), a_token(FeedDetail.TYPES)
    read = address(one.token)

    assert (read.clinic, read.owner) == ("clinic-1", "dr-lee")
    assert opens(read.secret, one.kept) is FeedDetail.BUSY
    assert opens(address(other.token).secret, other.kept) is FeedDetail.TYPES
    assert opens(read.secret, other.kept) is None
    assert opens(read.secret, None) is None
    assert opens("", None) is None
    assert opens(one.kept, one.kept) is None


NO_TOKENS = ["", None, 7, b"bytes", "x" * 10**6, "\ud800.a.b", "a.b", "a.b.c.d", "é.é.é", "_w.YQ.x"]


@pytest.mark.parametrize("token", NO_TOKENS)
def test_what_is_no_token_is_refused_alike(token: object) -> None:
    with pytest.raises(InvalidInput) as refused:
        address(token)

    assert [(one.path, one.code) for one in refused.value.problems] == [("token", "bad_link")]


def test_a_token_is_never_shown() -> None:
    new = a_token()
    secret = address(new.token).secret

    assert secret not in repr(new) + repr(address(new.token))
    assert secret not in new.kept
