"""A contact form whose post becomes an assigned lead, with the standard library's HTTP server.

Run it with `python examples/web_form.py practice.db` and open the address that it prints. In
earnest, put it behind a server that speaks TLS and limits how often an address may post.
"""

import sys
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

from orthocrm import Actor, Channel, Clinic, Desk, Intake, InvalidInput, OrthoCRM, Role, connect

HONEYPOT = "website"
"""A field that people do not see: whoever fills it in is a machine."""

MOST_BYTES = 20_000

PAGE = f"""<!doctype html>
<html lang="en"><title>Ask for an appointment</title>
<style>.{HONEYPOT} {{ position: absolute; left: -100em }}</style>
<form method="post">
  <label>First name <input name="first_name" required></label>
  <label>Last name <input name="last_name" required></label>
  <label>Patient's first name <input name="patient_first_name"></label>
  <label>E-mail <input name="email" type="email"></label>
  <label>Phone <input name="phone" type="tel"></label>
  <label>What can we do for you? <textarea name="notes"></textarea></label>
  <label class="{HONEYPOT}">Leave this empty <input name="{HONEYPOT}" tabindex="-1"></label>
  <button>Send</button>
</form></html>
"""
THANKS = "<!doctype html><title>Thank you</title><p>Thank you, we will call you.</p>"


class Form(BaseHTTPRequestHandler):
    """Shows the form, and captures what is posted."""

    desk: Desk

    def do_GET(self) -> None:
        """Show the form."""
        self.answer(HTTPStatus.OK, PAGE)

    def do_POST(self) -> None:
        """Make a lead of the post, and tell the family what to mend if that cannot be done."""
        length = int(self.headers.get("Content-Length") or 0)
        if not 0 < length <= MOST_BYTES:
            self.answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too much")
            return
        posted = parse_qs(self.rfile.read(length).decode("utf-8", "replace"))
        if not posted.get(HONEYPOT):
            try:
                self.desk.leads.capture(enquiry(posted))
            except InvalidInput as error:
                problems = "".join(f"<li>{escape(str(problem))}" for problem in error.problems)
                self.answer(HTTPStatus.UNPROCESSABLE_ENTITY, f"<ul>{problems}</ul>{PAGE}")
                return
        self.answer(HTTPStatus.OK, THANKS)

    def answer(self, status: HTTPStatus, page: str) -> None:
        """Send a page."""
        body = page.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep quiet: a request may hold personal data."""


def enquiry(posted: dict[str, list[str]]) -> Intake:
    """Take the fields that the form may say; whatever else a post holds is ignored."""

    def said(name: str) -> str | None:
        return posted[name][0] if name in posted else None

    return Intake(
        channel=Channel.WEB_FORM,
        source="Web - Organic search",
        first_name=said("first_name"),
        last_name=said("last_name"),
        patient_first_name=said("patient_first_name"),
        email=said("email"),
        phone=said("phone"),
        notes=said("notes"),
    )


def serving(crm: OrthoCRM, clinic: Clinic, port: int = 0) -> ThreadingHTTPServer:
    """Make the server; the form's actor may create leads and see none."""
    desk = crm.acting_as(Actor.system(Role.WEB_FORM, clinic.id))
    handler = type("ClinicForm", (Form,), {"desk": desk})
    return ThreadingHTTPServer(("127.0.0.1", port), handler)


def main(database: str) -> None:
    """Serve the form of the first clinic of a database until interrupted."""
    with connect(f"sqlite:///{database}") as crm:
        clinics = crm.clinics()
        clinic = (
            clinics[0]
            if clinics
            else crm.create_clinic(name="Bright Smiles", timezone="America/Chicago")
        )
        with serving(crm, clinic, 8000) as server:
            print("http://127.0.0.1:8000, end with Ctrl-C")
            server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1])
