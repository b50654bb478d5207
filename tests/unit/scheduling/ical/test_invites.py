"""Invitations: the right method, sequence, zone and time, and no more of a patient than needed."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from orthocrm.core.appointment import Appointment, AppointmentStatus
from orthocrm.core.errors import AppointmentClosed, InvalidInput
from orthocrm.scheduling.ical.invites import Invite, InviteText, Method, invite
from orthocrm.testing.factories import a_clinic, a_lead, an_appointment
from tests.unit.scheduling.ical.reading_back import HOUR, calendar, properties, the_event

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
SAID = InviteText(
    practice="Bright Smiles",
    title="Consultation",
    organizer="desk@bright.example",
    attendee="maria@example.org",
)
ZONES = (
    "America/New_York",
    "Europe/London",
    "Europe/Dublin",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Africa/Casablanca",
    "America/Havana",
    "Africa/Cairo",
    "Pacific/Chatham",
    "America/Nuuk",
)


def booked(**fields: Any) -> Appointment:
    lead = a_lead(a_clinic())
    return an_appointment(lead, **{"starts_at": datetime(2026, 11, 24, 15, tzinfo=UTC), **fields})


def said(**fields: Any) -> InviteText:
    known = {"practice": "P", "title": "T", "organizer": "desk@bright.example"}
    return InviteText(**{**known, **fields})


def test_a_booking_is_requested_in_its_own_zone() -> None:
    appointment = booked(sequence=3)

    sent = invite(appointment, SAID, NOW)

    event = the_event(sent.text)
    assert calendar(sent.text)["METHOD"] == sent.method == Method.REQUEST
    assert sent.content_type == "text/calendar; charset=utf-8; method=REQUEST"
    assert event["UID"] == f"{appointment.id}@orthocrm"
    assert event["SEQUENCE"] == 3
    assert event["STATUS"] == "CONFIRMED"
    assert event["SUMMARY"] == "Bright Smiles: Consultation"
    assert event["DTSTAMP"].dt == NOW
    assert event["DTSTART"].params["TZID"] == "America/Chicago"
    assert event["DTSTART"].dt == appointment.starts_at
    assert event["DTEND"].dt == appointment.ends_at
    assert event["ORGANIZER"] == "mailto:desk@bright.example"
    assert event["ORGANIZER"].params["CN"] == "Bright Smiles"
    assert event["ATTENDEE"] == "mailto:maria@example.org"
    assert event["ATTENDEE"].params["RSVP"] == "TRUE"


@pytest.mark.parametrize("status", ["CANCELLED", "DECLINED", "EXPIRED"])
def test_what_does_not_happen_is_withdrawn_under_the_same_uid(status: str) -> None:
    appointment = booked(status=AppointmentStatus(status), sequence=4, uid="lasting@bright")

    sent = invite(appointment, SAID, NOW)

    event = the_event(sent.text)
    assert calendar(sent.text)["METHOD"] == sent.method == Method.CANCEL
    assert (event["UID"], event["SEQUENCE"]) == ("lasting@bright", 4)
    assert (event["STATUS"], event["TRANSP"]) == ("CANCELLED", "TRANSPARENT")


def test_a_request_that_nobody_accepted_is_tentative() -> None:
    sent = invite(booked(status=AppointmentStatus.REQUESTED), SAID, NOW)

    assert the_event(sent.text)["STATUS"] == "TENTATIVE"


def test_a_hold_is_no_promise() -> None:
    with pytest.raises(AppointmentClosed):
        invite(booked(status=AppointmentStatus.HELD), SAID, NOW)


def test_nothing_of_health_is_told() -> None:
    appointment = booked(reason="canary-pain", notes="canary-notes", answers={"q": "canary-q"})

    sent = invite(appointment, SAID, NOW)

    assert "canary" not in sent.text
    assert "maria" not in repr(sent) + repr(SAID)
    assert properties(the_event(sent.text)) == {
        "ATTENDEE",
        "CLASS",
        "CREATED",
        "DTEND",
        "DTSTAMP",
        "DTSTART",
        "LAST-MODIFIED",
        "ORGANIZER",
        "SEQUENCE",
        "STATUS",
        "SUMMARY",
        "TRANSP",
        "UID",
    }


def test_place_link_and_alarms_are_told_if_wanted() -> None:
    appointment = booked(meeting_link="https://meet.example/a b\r\nATTENDEE:mailto:x@y.example")

    sent = invite(appointment, said(location="Main St 1, Austin", alarms=(HOUR,)), NOW)

    event = the_event(sent.text)
    (alarm,) = event.walk("VALARM")
    assert event["LOCATION"] == "Main St 1, Austin"
    assert event["URL"] == "https://meet.example/a%20b%0AATTENDEE:mailto:x@y.example"
    assert alarm["TRIGGER"].dt == -HOUR
    assert "ATTENDEE" not in event


def test_a_link_may_be_left_out_and_has_to_be_of_the_web() -> None:
    link = "https://meet.example/room"

    left_out = invite(booked(meeting_link=link), said(with_link=False), NOW)
    withdrawn = invite(booked(meeting_link=link, status=AppointmentStatus.CANCELLED), SAID, NOW)
    script = invite(booked(meeting_link="javascript:alert(1)"), SAID, NOW)

    found = [the_event(sent.text).get("URL") for sent in (left_out, withdrawn, script)]
    assert found == [None, None, None]


def test_alarms_of_what_is_withdrawn_are_gone() -> None:
    sent = invite(booked(status=AppointmentStatus.CANCELLED), said(alarms=(HOUR,)), NOW)

    assert the_event(sent.text).walk("VALARM") == []


@pytest.mark.parametrize(
    "field, value",
    [
        ("organizer", None),
        ("organizer", "no address"),
        ("attendee", "a@b\r\nX-EVIL:1"),
        ("attendee", "maria"),
        ("attendee", 7),
        ("practice", ""),
        ("practice", None),
        ("title", "x" * 256),
        ("location", ["a list"]),
        ("alarms", (timedelta(days=29),)),
        ("alarms", (-timedelta(minutes=1),)),
        ("alarms", (HOUR,) * 6),
        ("alarms", "PT1H"),
    ],
)
def test_bad_words_are_refused_by_field_and_never_shown(field: str, value: object) -> None:
    with pytest.raises(InvalidInput) as refused:
        said(**{field: value})

    assert [problem.path for problem in refused.value.problems] == [field]
    assert "EVIL" not in str(refused.value)


def _written_zone(sent: Invite) -> Any:
    (component,) = calendar(sent.text).walk("VTIMEZONE")
    return component.to_tz(lookup_tzid=False)


@pytest.mark.parametrize("name", ZONES)
def test_the_written_zone_tells_the_time_of_every_week_around(name: str) -> None:
    start = datetime(2026, 6, 15, 16, tzinfo=UTC)

    sent = invite(booked(starts_at=start, timezone=name), SAID, NOW)

    written = _written_zone(sent)
    weeks = [start + timedelta(weeks=number) for number in range(-51, 52)]
    walls = [at.astimezone(ZoneInfo(name)).replace(tzinfo=None) for at in weeks]
    assert [wall.replace(tzinfo=written).astimezone(UTC) for wall in walls] == weeks


@pytest.mark.parametrize("name", ZONES)
def test_hours_all_over_a_year_are_the_same_instants_when_read(name: str) -> None:
    hours = [datetime(2026, 1, 1, tzinfo=UTC) + number * HOUR for number in range(0, 8760, 211)]

    found = [the_event(invite(booked(starts_at=at, timezone=name), SAID, NOW).text) for at in hours]

    assert [event["DTSTART"].dt.astimezone(UTC) for event in found] == hours
    assert [event["DTEND"].dt - event["DTSTART"].dt for event in found] == [HOUR] * len(hours)


def test_the_second_of_two_equal_wall_times_is_said_in_utc() -> None:
    first, second = (datetime(2026, 11, 1, hour, 30, tzinfo=UTC) for hour in (6, 7))

    found = [the_event(invite(booked(starts_at=at), SAID, NOW).text) for at in (first, second)]

    assert [event["DTSTART"].dt.astimezone(UTC) for event in found] == [first, second]
    assert [event["DTSTART"].to_ical() for event in found][1] == b"20261101T073000Z"


def test_utc_needs_no_zone() -> None:
    sent = invite(booked(timezone="UTC"), SAID, NOW)

    assert calendar(sent.text).walk("VTIMEZONE") == []
    assert the_event(sent.text)["DTSTART"].to_ical() == b"20261124T150000Z"


def test_a_move_overtakes_what_was_sent_before() -> None:
    moves = [invite(booked(sequence=number, uid="one"), SAID, NOW) for number in range(3)]

    sequences = [the_event(sent.text)["SEQUENCE"] for sent in moves]
    assert all(before < after for before, after in pairwise(sequences))
