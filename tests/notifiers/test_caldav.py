"""Appointments are pushed to a CalDAV server: a real one here, which keeps entries and etags."""

import base64
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest
from attrs import evolve
from icalendar import Calendar

from orthocrm import CarrierError, StaleVersion
from orthocrm.core.calendars import CalendarEntry, RemoteCalendar
from orthocrm.notifiers.caldav import CalDav
from orthocrm.scheduling.ical.feeds import Feed, single
from orthocrm.testing.factories import a_clinic, a_lead, an_appointment
from tests.notifiers.arranged import CLINIC, HERE, secrets

LOGIN = "Basic " + base64.b64encode(b"lee:pass:word").decode()


class Collection(BaseHTTPRequestHandler):
    """One collection of a CalDAV server, as far as entries and their versions go."""

    entries: ClassVar[dict[str, tuple[str, bytes]]] = {}
    asked: ClassVar[list[tuple[str, str]]] = []
    answer: ClassVar[int | None] = None

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self._is_refused():
            return
        version = f'"{len(self.asked)}"'
        self.entries[self.path] = (version, body)
        self._told(HTTPStatus.CREATED, version)

    def do_DELETE(self) -> None:
        if self._is_refused():
            return
        found = self.entries.pop(self.path, None)
        self._told(HTTPStatus.NO_CONTENT if found else HTTPStatus.NOT_FOUND)

    def _is_refused(self) -> bool:
        self.asked.append((self.command, self.path))
        present = self.entries.get(self.path, ("", b""))[0]
        wanted = self.headers.get("If-Match")
        if self.answer is not None:
            self._told(self.answer)
        elif self.headers.get("Authorization") != LOGIN:
            self._told(HTTPStatus.UNAUTHORIZED)
        elif (wanted is not None and wanted != present) or (
            self.headers.get("If-None-Match") == "*" and present
        ):
            self._told(HTTPStatus.PRECONDITION_FAILED)
        else:
            return False
        return True

    def _told(self, status: int, version: str | None = None) -> None:
        self.send_response(status)
        if version is not None:
            self.send_header("ETag", version)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    Collection.entries.clear()
    Collection.asked.clear()
    Collection.answer = None
    with ThreadingHTTPServer(("127.0.0.1", 0), Collection) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/calendars/lee/"
        server.shutdown()
        thread.join()


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
