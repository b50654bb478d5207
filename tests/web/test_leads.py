"""The endpoints of leads, as the source document lists them, on every backend."""

from datetime import timedelta

import pytest

from orthocrm.core.actor import Role
from tests.flows.practice import House
from tests.web.knocking import FAMILY, Knocking


def test_a_lead_from_the_first_call_to_treatment_started(api: Knocking) -> None:
    made = api.ask("POST", "/api/leads", FAMILY)
    assert made.status_code == 201
    lead = made.json()["lead"]
    assert (lead["patientFirstName"], lead["status"], lead["version"]) == ("Sofia", "NEW", 1)

    edited = api.ask("PUT", f"/api/leads/{lead['id']}", {"patientDob": "2014-02-03"})
    assert edited.json()["patientDob"] == "2014-02-03"
    moved = api.ask("POST", f"/api/leads/{lead['id']}/stage", {"stage": "contacted"})
    assert moved.json()["lead"]["pipelineStage"] == "contacted"
    owned = api.ask("POST", f"/api/leads/{lead['id']}/assign", {"assignedToId": "tc-2"})
    assert owned.json()["lead"]["assignedToId"] == "tc-2"
    started = api.ask("POST", f"/api/leads/{lead['id']}/convert", {"patientRef": "p-1"})
    assert started.json()["lead"]["convertedToPatientId"] == "p-1"
    locked = api.ask("PUT", f"/api/leads/{lead['id']}", {"notes": "late"})
    assert (locked.status_code, locked.json()["code"]) == (409, "lead_locked")
    assert api.ask("GET", f"/api/leads/{lead['id']}").json()["status"] == "CONVERTED"


def test_a_lead_is_lost_for_a_reason_and_comes_back(api: Knocking, house: House) -> None:
    lead = house.lead().id
    refused = api.ask("POST", f"/api/leads/{lead}/lost", {"lostReason": "OTHER"})
    assert (refused.status_code, refused.json()["code"]) == (409, "lost_reason_missing")
    lost = api.ask(
        "POST", f"/api/leads/{lead}/lost", {"lostReason": "OTHER", "lostNotes": "moved away"}
    )
    assert lost.json()["lead"]["lostNotes"] == "moved away"
    back = api.ask("POST", f"/api/leads/{lead}/reopen", {"reason": "they called"})
    assert back.json()["lead"]["lostReason"] is None


def test_leads_are_listed_by_filters_page_by_page(api: Knocking, house: House) -> None:
    kept = [house.lead(phone=f"312 555 010{n}", email=None).id for n in range(3)]
    house.coordinator.pipeline.move(kept[0], "contacted")
    path = "/api/leads?status=NEW&mine=false&size=1&sort=createdAt"
    first = api.ask("GET", path).json()
    second = api.ask("GET", f"{path}&cursor={first['cursor']}").json()
    assert [lead["id"] for lead in first["leads"] + second["leads"]] == kept[1:]
    moved = api.ask("GET", "/api/leads?pipelineStage=contacted&mine=false").json()["leads"]
    assert [lead["id"] for lead in moved] == kept[:1]


def test_every_field_that_is_wrong_is_named_and_none_is_shown(desk: Knocking) -> None:
    body = {**FAMILY, "phone": "hush", "patientDob": "hush", "clinicId": "hush", "version": 1}
    refused = desk.ask("POST", "/api/leads", body)
    assert (refused.status_code, refused.json()["code"]) == (400, "malformed")
    assert refused.headers["content-type"] == "application/problem+json"
    assert "hush" not in refused.text
    told = {problem["path"]: problem["code"] for problem in refused.json()["problems"]}
    assert told == {
        "clinicId": "unknown_field",
        "version": "unknown_field",
        "patientDob": "not_a_date",
    }
    again = desk.ask("POST", "/api/leads", {**FAMILY, "phone": "hush"})
    assert (again.status_code, again.json()["code"]) == (422, "invalid_input")
    assert "hush" not in again.text
    assert [problem["path"] for problem in again.json()["problems"]] == ["phone"]


@pytest.mark.parametrize(
    "body, code",
    [
        (b"{", "not_json"),
        (b'{"firstName": "\\ud800"}', "not_json"),
        (b"[" * 100_000, "not_json"),
        (b"[]", "wrong_type"),
        (b'{"firstName": NaN}', "not_json"),
        (b'{"firstName": "a\\u0000b", "phone": "3125550142"}', "bad_character"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(desk: Knocking, body: bytes, code: str) -> None:
    headers = {"Authorization": "Bearer admin", "Content-Type": "application/json"}
    refused = desk.client.post("/api/leads", content=body, headers=headers)
    assert refused.status_code == 400
    assert [problem["code"] for problem in refused.json()["problems"]] == [code]


def test_nobody_is_asked_who_they_are(desk: Knocking) -> None:
    refused = desk.ask("GET", "/api/leads", role=None)
    assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")
    assert refused.headers["www-authenticate"] == "Bearer"


def test_a_doctor_sees_no_leads(desk: Knocking) -> None:
    refused = desk.ask("GET", "/api/leads", role=Role.DOCTOR)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


def test_what_is_not_there_and_what_is_not_allowed_are_problems_too(desk: Knocking) -> None:
    for method, path, status in (("GET", "/nowhere", 404), ("PATCH", "/api/leads", 405)):
        told = desk.ask(method, path)
        assert (told.status_code, told.json()["status"]) == (status, status)
        assert told.headers["content-type"] == "application/problem+json"


def test_a_noun_carries_its_version_as_an_etag(desk: Knocking, here: House) -> None:
    lead = here.lead().id
    assert desk.ask("GET", f"/api/leads/{lead}").headers["etag"] == '"1"'
    desk.ask("PUT", f"/api/leads/{lead}", {"notes": "new"})
    assert desk.ask("GET", f"/api/leads/{lead}").headers["etag"] == '"2"'


def test_an_overdue_task_says_so_at_the_time_of_the_request(desk: Knocking, here: House) -> None:
    lead = here.lead().id
    new = {"type": "CALL", "title": "Call", "dueAt": "2026-11-03T15:00:00Z"}
    made = desk.ask("POST", f"/api/leads/{lead}/tasks", new)
    assert (made.status_code, made.json()["status"]) == (201, "PENDING")
    here.clock.advance(timedelta(days=400))
    listed = desk.ask("GET", f"/api/leads/{lead}/tasks").json()
    assert {task["status"] for task in listed} == {"OVERDUE"}
