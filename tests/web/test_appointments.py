"""Appointments over HTTP: by hand, moved to somebody else, and nothing told of foreign leads."""

from datetime import datetime, timedelta
from typing import Any

from orthocrm import Role
from tests.flows.practice import House
from tests.flows.scheduling import HOUR, KIM, LEE, TUESDAY, open_the_diary, wish
from tests.web.knocking import Knocking

BOOK, FREE = "/api/appointments", "/api/appointments/availability"


def _fields(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 422, answer.text
    return [(one["path"], one["code"]) for one in answer.json()["problems"]]


_at = datetime.fromisoformat


def test_staff_enter_by_hand_and_move_to_another_time_or_person(
    here: House, desk: Knocking
) -> None:
    open_the_diary(here)
    body: dict[str, Any] = {
        "appointmentType": "consultation",
        "scheduledDate": (TUESDAY - 2 * HOUR).isoformat(),
        "patientId": "p-1",
        "providerId": LEE,
    }
    for wrong, code in ((4, "out_of_range"), (481, "out_of_range"), (10**18, "out_of_range")):
        answer = desk.ask("POST", BOOK, {**body, "isManual": True, "duration": wrong})
        assert _fields(answer) == [("duration", code)]
    assert _fields(desk.ask("POST", BOOK, {**body, "duration": 20})) == [
        ("duration", "not_by_hand")
    ]
    made = desk.ask("POST", BOOK, {**body, "isManual": True, "duration": 20})
    assert made.status_code == 201, made.text
    visit = made.json()["appointment"]
    assert visit["duration"] == 20

    asked = {"appointmentType": "consultation", "exclude": visit["id"], "providerId": KIM}
    slots = desk.ask("GET", FREE, params=asked.items()).json()
    lengths = {_at(one["end"]) - _at(one["start"]) for one in slots}
    assert lengths == {timedelta(minutes=20)}
    path = f"{BOOK}/{visit['id']}"
    moved = desk.ask("PUT", path, {"scheduledDate": slots[0]["start"], "providerId": KIM})
    assert (moved.status_code, moved.json()["providerId"]) == (200, KIM)
    later = {"scheduledDate": (TUESDAY + 12 * HOUR).isoformat()}
    assert desk.ask("PUT", path, later).status_code == 409
    assert desk.ask("PUT", path, {**later, "isManual": True}).json()["providerId"] == KIM
    back = desk.ask("PUT", path, {"providerId": LEE, "isManual": True}).json()
    assert (back["providerId"], back["duration"]) == (LEE, 20)
    assert desk.ask("PUT", path, {"providerId": KIM, "status": "confirmed"}).status_code == 422


def test_naming_a_foreign_lead_or_visit_tells_nothing_of_it(here: House, desk: Knocking) -> None:
    open_the_diary(here)
    lead = here.lead()
    visit = here.front.scheduling.book(wish(lead)).appointment
    for name, told in (("leadId", lead.id), ("leadId", "nobody"), ("exclude", visit.id)):
        asked = [("appointmentType", "consultation"), (name, told)]
        answer = desk.ask("GET", FREE, role=Role.PROVIDER, user=KIM, params=asked)
        assert answer.status_code == 404, answer.text
    asked = [("appointmentType", "consultation"), ("leadId", lead.id)]
    found = desk.ask("GET", FREE, role=Role.FRONT_DESK, params=asked).json()
    assert TUESDAY.isoformat() not in [one["start"] for one in found]
