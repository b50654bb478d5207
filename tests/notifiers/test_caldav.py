"""Appointments are pushed to a CalDAV server: a real one here, which keeps entries and etags."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from attrs import evolve
from icalendar import Calendar

from orthocrm import CarrierError, StaleVersion
from orthocrm.core.calendars import CalendarEntry, RemoteCalendar
from orthocrm.core.notifying import Letter, MessageChannel
from orthocrm.notifiers.caldav import CalDav, Calendars
from orthocrm.scheduling.ical.feeds import Feed, single
from orthocrm.testing.factories import a_clinic, a_lead, an_appointment
from tests.notifiers.arranged import CLINIC, HERE, a_letter, refusal, secrets
from tests.notifiers.collection import Collection, collection


@pytest.fixture
def url() -> Iterator[str]:
    with collection() as address:
        yield address


def remote(url: str, **fields: Any) -> RemoteCalendar:
    usual = {"secrets": secrets(caldav__caldav="lee:pass:word"), "wire": HERE, "seconds": 5}
    return CalDav(**{"url": url, **usual, **fields})


def an_entry(**fields: Any) -> CalendarEntry:
    appointment = an_appointment(a_lead(a_clinic()), uid="visit 1/2@bright")
    about = Feed(name="Dr. Lee", timezone="America/Chicago")
    text = single(appointment, about, datetime(2026, 11, 20, tzinfo=UTC))
    return CalendarEntry(**{"clinic_id": CLINIC, "uid": "visit 1/2@bright", "text": text, **fields})


def test_an_entry_is_put_replaced_and_removed(url: str) -> None:
    calendar, entry = remote(url), an_entry()

    first = calendar.put(entry)
    second = calendar.put(evolve(entry, etag=first))
    ((path, (etag, kept)),) = Collection.entries.items()
    calendar.remove(evolve(entry, etag=second))

    assert path == "/calendars/lee/visit%201%2F2@bright.ics"
    assert etag == second != first
    assert Collection.entries == {}
    read = Calendar.from_ical(kept)
    assert "METHOD" not in read
    assert [str(event["UID"]) for event in read.walk("VEVENT")] == ["visit 1/2@bright"]


def test_nothing_is_written_over_what_somebody_else_changed(url: str) -> None:
    calendar, entry = remote(url), an_entry()
    calendar.put(entry)

    for stale in (entry, evolve(entry, etag='"0"')):
        with pytest.raises(StaleVersion):
            calendar.put(stale)
    with pytest.raises(StaleVersion):
        calendar.remove(evolve(entry, etag='"0"'))

    assert len(Collection.entries) == 1


def test_what_is_gone_stays_gone(url: str) -> None:
    remote(url).remove(an_entry())

    assert [method for method, _ in Collection.asked] == ["DELETE"]


@pytest.mark.parametrize(
    "answer, reason, permanent",
    [(500, "http_500", False), (403, "http_403", False), (301, "http_301", True)],
)
def test_refusals_are_errors_of_carriers(
    url: str, answer: int, reason: str, permanent: object
) -> None:
    Collection.answer = answer
    calendar, entry = remote(url), an_entry()

    for call in (calendar.put, calendar.remove):
        with pytest.raises(CarrierError) as refused:
            call(entry)
        assert (refused.value.reason, refused.value.permanent) == (reason, permanent)


def test_a_wrong_login_is_refused_and_never_shown(url: str) -> None:
    calendar = remote(url, secrets=secrets(caldav__caldav="lee:wrong-canary"))

    with pytest.raises(CarrierError) as refused:
        calendar.put(an_entry())

    assert refused.value.reason == "http_401"
    assert "canary" not in f"{refused.value!r} {calendar!r}"


@pytest.mark.parametrize(
    "fields, reason",
    [
        ({"secrets": secrets()}, "no_secret"),
        ({"wire": CalDav(url="").wire}, "address_not_allowed"),
        ({"url": "ftp://calendar.example/"}, "bad_url"),
        ({"url": "http://127.0.0.1:1/"}, "unreachable"),
    ],
)
def test_what_cannot_be_reached_is_told(url: str, fields: dict[str, Any], reason: str) -> None:
    calendar = remote(**{"url": url, **fields})

    with pytest.raises(CarrierError) as refused:
        calendar.put(an_entry())

    assert refused.value.reason == reason
    assert Collection.asked == []


def carrier(**fields: Any) -> Calendars:
    usual = {"secrets": secrets(caldav__lee="lee:pass:word"), "wire": HERE, "seconds": 10}
    return Calendars(**{**usual, **fields})


def a_push(url: str, **fields: Any) -> Letter:
    usual = {"channel": MessageChannel.CALENDAR, "to": url, "target": "lee", "uid": "visit-1"}
    return a_letter(**{**usual, "body": an_entry().text, **fields})


def test_a_push_puts_an_entry_and_one_without_a_text_takes_it_away(url: str) -> None:
    notifier = carrier()

    sent = [notifier.send(a_push(url)) for _ in range(2)]
    ((path, (_, kept)),) = Collection.entries.items()
    for _ in range(2):
        notifier.send(a_push(url, body=""))

    assert [one.ref for one in sent] == ["visit-1", "visit-1"]
    assert (path, kept.decode()) == ("/calendars/lee/visit-1.ics", an_entry().text)
    assert Collection.entries == {}


def test_what_the_practice_has_is_written_over_what_stands_there(url: str) -> None:
    carrier().send(a_push(url))
    path = next(iter(Collection.entries))
    Collection.entries[path] = ('"changed by hand"', b"BEGIN:VCALENDAR")

    carrier().send(a_push(url))

    assert Collection.entries[path][1].decode() == an_entry().text


def test_an_entry_that_is_written_in_the_same_moment_is_tried_again(url: str) -> None:
    Collection.rival = True

    refused = refusal(carrier(), a_push(url))

    assert (refused.reason, refused.permanent) == ("changed_meanwhile", False)
    assert [body for _, body in Collection.entries.values()] == [b"somebody else's"]


def test_a_server_without_etags_is_written_to_all_the_same(url: str) -> None:
    Collection.tells_etags = False
    notifier = carrier()

    for body in (an_entry().text, an_entry().text, ""):
        notifier.send(a_push(url, body=body))

    assert Collection.entries == {}


@pytest.mark.parametrize(
    "fields, reason, permanent",
    [
        ({"uid": None}, "no_entry", True),
        ({"target": None}, "no_entry", True),
        ({"target": "kim"}, "no_secret", False),
        ({"body": "\ud800"}, "unwritable", True),
    ],
)
def test_a_push_that_cannot_be_made_is_refused(
    url: str, fields: dict[str, Any], reason: str, permanent: object
) -> None:
    refused = refusal(carrier(), a_push(url, **fields))

    assert (refused.reason, refused.permanent) == (reason, permanent)
    assert Collection.entries == {}
