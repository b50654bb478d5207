"""A provider's phone shows the practice's appointments, and the practice knows when they are away.

Run it with `python examples/calendar_feed.py`. It serves the feed on a local port and fetches it
as a calendar would; in earnest, a web server in front adds TLS.
"""

import threading
from datetime import UTC, datetime, time, timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.error import HTTPError
from urllib.request import urlopen

from orthocrm import (
    Actor,
    Desk,
    FeedDetail,
    InvalidInput,
    NewAppointment,
    OrthoCRM,
    Role,
    Search,
    WeeklyWindow,
    connect,
)
from orthocrm.core.ids import UserId

MONDAY = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)
SURGERY = """BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
UID:surgery@hospital.example
DTSTART;TZID=Europe/London:20261103T090000
DTEND;TZID=Europe/London:20261103T120000
RRULE:FREQ=WEEKLY
SUMMARY:Not our business
END:VEVENT
END:VCALENDAR
"""


def served(crm: OrthoCRM) -> ThreadingHTTPServer:
    """Make a server that gives the feed whose token stands in the address."""

    class Feeds(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                body = crm.calendar_feed(self.path.removeprefix("/")).encode()
            except InvalidInput:
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", "text/calendar; charset=utf-8")
            self.send_header("Cache-Control", "private, no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Log nothing: the address holds the token."""

    return ThreadingHTTPServer(("127.0.0.1", 0), Feeds)


def subscribed(address: str) -> str:
    """Fetch a feed as a calendar does, and tell what it shows."""
    try:
        with urlopen(address, timeout=10) as answer:  # noqa: S310 - our own address
            lines = answer.read().decode().split("\r\n")
    except HTTPError as error:
        return f"the address opens nothing: {error.code}"
    shown = [line for line in lines if line.startswith(("DTSTART;TZID", "SUMMARY"))]
    return ", ".join(shown) or "an empty calendar"


def first_time(desk: Desk) -> str:
    """Tell the first free time on Tuesday."""
    found = desk.scheduling.next_available(Search(type="consultation", from_=TUESDAY))
    return "none" if found is None else f"{found.start:%A %H:%M}"


def main() -> None:
    """Open a practice, subscribe to a provider's calendar, and take theirs in."""
    with connect("memory://", clock=lambda: MONDAY) as crm:
        clinic = crm.create_clinic(name="Bright Smiles", timezone="Europe/London")
        admin = crm.acting_as(Actor(user="m", clinic=clinic.id, roles={Role.ADMIN}))
        week = [WeeklyWindow(weekday=day, start=time(9), end=time(17)) for day in range(1, 6)]
        admin.scheduling.set_week("dr-lee", week)

        print("first free time:", first_time(admin))
        admin.scheduling.import_busy("dr-lee", SURGERY, "hospital")
        print("with the hospital's calendar:", first_time(admin))

        visit = NewAppointment(
            type="consultation",
            starts_at=TUESDAY + timedelta(hours=4),
            provider=UserId("dr-lee"),
            patient_ref="p-7",
        )
        admin.scheduling.book(visit)
        token = admin.scheduling.feed("dr-lee", FeedDetail.TYPES).token
        with served(crm) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            address = f"http://127.0.0.1:{server.server_port}/{token}"
            print("the phone shows:", subscribed(address))
            admin.scheduling.revoke_feed("dr-lee")
            print("after revoking:", subscribed(address))
            server.shutdown()


if __name__ == "__main__":
    main()
