"""Other calendars: families get invitations, providers a feed, and busy time keeps slots away."""

import base64
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from attrs import evolve
from fhir.resources.R4B.bundle import Bundle as R4Bundle
from icalendar import Calendar

from orthocrm import InvalidInput, Role
from orthocrm.core.appointment import Appointment
from orthocrm.core.errors import NotFound, NotOffered
from orthocrm.scheduling.ical.feeds import FeedDetail
from tests.flows.practice import House
from tests.flows.scheduling import HOUR, KIM, LEE, TUESDAY, open_the_diary, search, wish

NINE = "DTSTART:20261103T150000Z"


@pytest.fixture
def diary(house: House) -> House:
    open_the_diary(house)
    return house


def booked(house: House, **fields: Any) -> Appointment:
    return house.front.scheduling.book(wish(house.lead(), **fields)).appointment


def events(text: str) -> list[Any]:
    return list(Calendar.from_ical(text.encode()).walk("VEVENT"))


def a_calendar(*events: str) -> str:
    lines = [line for event in events for line in ("BEGIN:VEVENT", event, "END:VEVENT")]
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *lines, "END:VCALENDAR", ""])


def starts(house: House, provider: str = LEE) -> list[datetime]:
    return [slot.start for slot in house.front.scheduling.slots(search(providers=(provider,)))]


def counts(result: Any) -> tuple[int, int, int, Mapping[str, int]]:
    return result.added, result.removed, result.unchanged, dict(result.left_out)


def test_a_family_is_invited_and_told_of_moves_and_cancellations(diary: House) -> None:
    desk, appointment = diary.front.scheduling, booked(diary)

    first = desk.invite(appointment.id)
    desk.reschedule(appointment.id, TUESDAY + HOUR)
    moved = desk.invite(appointment.id)
    desk.cancel(appointment.id)
    gone = desk.invite(appointment.id)

    told = [events(sent.text)[0] for sent in (first, moved, gone)]
    assert [sent.method for sent in (first, moved, gone)] == ["REQUEST", "REQUEST", "CANCEL"]
    assert {str(event["UID"]) for event in told} == {f"{appointment.id}@{diary.clinic.id}"}
    assert [event["DTSTART"].dt for event in told] == [TUESDAY, TUESDAY + HOUR, TUESDAY + HOUR]
    assert told[0]["SEQUENCE"] < told[1]["SEQUENCE"] <= told[2]["SEQUENCE"]
    assert str(told[0]["ATTENDEE"]) == "mailto:maria@example.com"
    assert str(told[0]["SUMMARY"]) == "Bright Smiles: Consultation"


def test_who_may_not_read_leads_sends_no_address(diary: House) -> None:
    appointment = booked(diary)

    by_doctor = diary.desk(Role.PROVIDER, LEE).scheduling.invite(appointment.id)
    by_family = diary.desk(Role.PATIENT, appointment.lead_id).scheduling.invite(appointment.id)

    assert "ATTENDEE" not in events(by_doctor.text)[0]
    assert str(events(by_family.text)[0]["ATTENDEE"]) == "mailto:maria@example.com"


def test_patients_get_no_invitation_of_others(diary: House) -> None:
    appointment = booked(diary)

    with pytest.raises(NotFound):
        diary.desk(Role.PATIENT, "somebody").scheduling.invite(appointment.id)


def test_an_invitation_needs_the_practices_address(diary: House) -> None:
    appointment = booked(diary)
    settings = diary.admin.settings.practice().clinic.settings
    diary.admin.settings.change(evolve(settings, messaging=evolve(settings.messaging, email=None)))

    with pytest.raises(InvalidInput) as refused:
        diary.front.scheduling.invite(appointment.id)

    assert [one.path for one in refused.value.problems] == ["organizer"]


def test_a_feed_shows_the_own_appointments_to_whoever_has_its_token(diary: House) -> None:
    appointment = booked(diary)
    booked(diary, provider=KIM)

    feed = diary.admin.scheduling.feed(LEE, FeedDetail.TYPES)
    text = diary.crm.calendar_feed(feed.token)

    (event,) = events(text)
    assert str(event["UID"]) == f"{appointment.id}@{diary.clinic.id}"
    assert str(event["SUMMARY"]) == "Consultation"
    assert event["DTSTART"].dt == TUESDAY
    assert "maria" not in text.lower()
    assert feed.token not in repr(feed)


def test_a_provider_makes_and_revokes_the_own_feed(diary: House) -> None:
    desk = diary.desk(Role.PROVIDER, LEE).scheduling

    first = desk.feed(LEE)
    second = desk.feed(LEE)
    assert events(diary.crm.calendar_feed(second.token)) == []
    desk.revoke_feed(LEE)

    for token in (first.token, second.token):
        with pytest.raises(InvalidInput) as refused:
            diary.crm.calendar_feed(token)
        assert [one.code for one in refused.value.problems] == ["bad_link"]


def test_tokens_of_other_providers_and_practices_open_nothing(diary: House) -> None:
    lee, kim = (diary.admin.scheduling.feed(doctor).token for doctor in (LEE, KIM))
    other = diary.crm.create_clinic(name="Other", timezone="UTC")
    head, owner, secret = lee.split(".")

    tokens: tuple[Any, ...] = (
        f"{head}.{owner}.{kim.split('.')[2]}",
        f"{_b64(other.id)}.{owner}.{secret}",
        f"{_b64('no-clinic')}.{owner}.{secret}",
        "nonsense",
        None,
    )

    for token in tokens:
        with pytest.raises(InvalidInput) as refused:
            diary.crm.calendar_feed(token)
        assert [one.code for one in refused.value.problems] == ["bad_link"]


def _b64(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def test_saving_hours_keeps_the_feed(diary: House) -> None:
    feed = diary.admin.scheduling.feed(LEE)
    (schedule,) = (one for one in diary.admin.scheduling.schedules() if one.id == LEE)

    diary.admin.scheduling.save_schedule(schedule)

    assert schedule.feed is None
    assert diary.crm.calendar_feed(feed.token).startswith("BEGIN:VCALENDAR")


def test_imported_busy_time_keeps_slots_away_until_it_is_gone(diary: House) -> None:
    desk = diary.desk(Role.PROVIDER, LEE).scheduling
    before = starts(diary)
    busy = a_calendar(f"UID:1\r\n{NINE}\r\nDURATION:PT1H")

    first = desk.import_busy(LEE, busy)
    again = desk.import_busy(LEE, busy)
    while_busy = starts(diary), starts(diary, KIM)
    gone = desk.import_busy(LEE, a_calendar())

    assert counts(first) == (1, 0, 0, {})
    assert counts(again) == (0, 0, 1, {})
    assert counts(gone) == (0, 1, 0, {})
    assert before[0] == TUESDAY
    assert while_busy == (before[1:], before)
    assert starts(diary) == before


def test_nobody_is_booked_into_imported_busy_time(diary: House) -> None:
    diary.admin.scheduling.import_busy(LEE, a_calendar(f"UID:1\r\n{NINE}\r\nDURATION:PT1H"))

    with pytest.raises(NotOffered) as refused:
        booked(diary)

    assert refused.value.rule == "R6"


def test_each_origin_is_replaced_by_itself(diary: House) -> None:
    desk = diary.admin.scheduling
    busy = a_calendar(f"UID:1\r\n{NINE}\r\nDURATION:PT1H")
    later = a_calendar("UID:1\r\nDTSTART:20261103T160000Z\r\nDURATION:PT1H")

    desk.import_busy(LEE, busy, "private")
    desk.import_busy(LEE, later, "hospital")
    desk.import_busy(KIM, busy, "private")
    forgotten = desk.forget_busy(LEE, "private")

    assert counts(forgotten) == (0, 1, 0, {})
    assert starts(diary)[:2] == [TUESDAY, TUESDAY + 2 * HOUR]
    assert starts(diary, KIM)[0] == TUESDAY + HOUR


def test_an_import_that_is_refused_changes_nothing(diary: House) -> None:
    desk = diary.admin.scheduling
    busy = a_calendar(f"UID:1\r\n{NINE}\r\nDURATION:PT1H")
    desk.import_busy(LEE, busy)

    with pytest.raises(InvalidInput):
        desk.import_busy(LEE, busy[:-20])

    assert starts(diary)[0] == TUESDAY + HOUR


def test_what_cannot_be_read_is_counted(diary: House) -> None:
    lost = a_calendar("DTSTART;TZID=Mars/Base:20261103T090000", "SUMMARY:nothing")

    result = diary.admin.scheduling.import_busy(LEE, lost)

    assert counts(result) == (0, 0, 0, {"unknown_zone": 1, "no_start": 1})


def test_the_own_feed_read_back_blocks_nothing(diary: House) -> None:
    booked(diary)
    text = diary.crm.calendar_feed(diary.admin.scheduling.feed(LEE).token)

    assert counts(diary.admin.scheduling.import_busy(LEE, text)) == (0, 0, 0, {})


def test_imported_time_takes_no_leads_from_a_coordinator(diary: House) -> None:
    desk = diary.admin
    desk.scheduling.set_week("tc-1", ())
    whole = a_calendar("UID:1\r\nDTSTART;VALUE=DATE:20261101\r\nDTEND;VALUE=DATE:20261110")

    desk.scheduling.import_busy("tc-1", whole)

    assert desk.settings.practice().absences == ()


@pytest.mark.parametrize(
    "fields, path",
    [
        ({"origin": ""}, "origin"),
        ({"origin": 7}, "origin"),
        ({"origin": "x" * 256}, "origin"),
        ({"content": 7}, "calendar"),
        ({"content": "x" * 5_000_001}, "calendar"),
    ],
)
def test_bad_imports_are_refused_by_field(diary: House, fields: dict[str, Any], path: str) -> None:
    given: dict[str, Any] = {"provider": LEE, "content": a_calendar(), **fields}

    with pytest.raises(InvalidInput) as refused:
        diary.admin.scheduling.import_busy(**given)

    assert [one.path for one in refused.value.problems] == [path]


def test_feeds_and_imports_need_a_schedule_of_somebody(diary: House) -> None:
    desk = diary.admin.scheduling

    with pytest.raises(NotFound):
        desk.feed("nobody")
    with pytest.raises(NotFound):
        desk.import_busy("nobody", a_calendar())
    with pytest.raises(InvalidInput):
        desk.feed(LEE, "everything")


def test_old_appointments_leave_the_feed(diary: House) -> None:
    booked(diary)
    token = diary.admin.scheduling.feed(LEE).token
    shown = len(events(diary.crm.calendar_feed(token)))

    diary.clock.advance(timedelta(days=60))

    assert (shown, len(events(diary.crm.calendar_feed(token)))) == (1, 0)


def test_a_diary_is_exported_as_fhir(diary: House) -> None:
    desk, appointment = diary.admin.scheduling, booked(diary)
    booked(diary, provider=KIM)
    desk.import_busy(LEE, a_calendar("UID:1\r\nDTSTART:20261103T160000Z\r\nDURATION:PT1H"))

    found = desk.fhir(LEE, TUESDAY, TUESDAY + 4 * HOUR, "consultation")

    R4Bundle.model_validate(found)
    resources = [one["resource"] for one in found["entry"]]
    told = [(one["resourceType"], one.get("status"), one.get("start")) for one in resources]
    assert told == [
        ("Schedule", None, None),
        ("Slot", "free", "2026-11-03T17:00:00Z"),
        ("Slot", "free", "2026-11-03T18:00:00Z"),
        ("Slot", "busy", "2026-11-03T15:00:00Z"),
        ("Slot", "busy-unavailable", "2026-11-03T16:00:00Z"),
        ("Appointment", "booked", "2026-11-03T15:00:00Z"),
    ]
    assert resources[-1]["id"] == appointment.id


@pytest.mark.parametrize(
    "path, from_, to",
    [
        ("to", TUESDAY, TUESDAY - HOUR),
        ("to", TUESDAY, TUESDAY + timedelta(days=401)),
        ("from_", "today", TUESDAY),
        ("to", TUESDAY, TUESDAY.replace(tzinfo=None)),
    ],
)
def test_a_range_that_cannot_be_exported_is_refused(
    diary: House, path: str, from_: Any, to: Any
) -> None:
    with pytest.raises(InvalidInput) as refused:
        diary.admin.scheduling.fhir(LEE, from_, to)

    assert [one.path for one in refused.value.problems] == [path]
