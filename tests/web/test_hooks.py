"""What strangers deliver: taken in when it is verified, and nothing is told of it."""

import json
from threading import Event
from typing import Any

import pytest
from attrs import evolve
from litestar.testing import TestClient

from orthocrm.core.errors import BackendError
from orthocrm.core.forms import FormChoice, FormDefinition, FormField
from orthocrm.web import handling
from orthocrm.web.serving import standing_alone
from tests.flows.practice import House
from tests.web.knocking import Knocking


def test_a_web_form_becomes_a_lead_and_says_nothing(desk: Knocking, here: House) -> None:
    here.admin.settings.save_form(a_form())
    path = f"/api/forms/{here.clinic.id}/contact"
    body = {"first_name": "Maria", "last_name": "Lopez", "phone": "312-555-0142"}
    sent = desk.client.post(path, json=body)
    assert (sent.status_code, sent.json()) == (202, {"accepted": True})
    (lead,) = here.coordinator.leads.find(mine=False).leads
    assert lead.contact.first_name == "Maria"


def test_a_server_goes_on_with_what_one_that_was_killed_has_answered(
    desk: Knocking, here: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.admin.settings.save_form(a_form())
    monkeypatch.setattr(handling, "work_off", lambda *_: None)
    body = {"first_name": "Maria", "last_name": "Lopez", "phone": "312-555-0142"}
    sent = desk.client.post(f"/api/forms/{here.clinic.id}/contact", json=body)
    assert (sent.status_code, here.coordinator.leads.find(mine=False).leads) == (202, ())
    worked, real = Event(), here.crm.process_inbox

    def process(**given: Any) -> None:
        real(**given)
        worked.set()

    monkeypatch.setattr(here.crm, "process_inbox", process)
    with TestClient(standing_alone(here.crm)):
        assert worked.wait(60)
    (lead,) = here.coordinator.leads.find(mine=False).leads
    assert lead.contact.first_name == "Maria"


def test_what_cannot_be_worked_off_keeps_nobody_from_an_answer(
    desk: Knocking, here: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: str) -> None:
        raise BackendError("the database is away")

    here.admin.settings.save_form(a_form())
    monkeypatch.setattr(here.crm, "process_inbox", away)
    sent = desk.client.post(f"/api/forms/{here.clinic.id}/contact", json={"phone": "7"})
    assert (sent.status_code, sent.json()) == (202, {"accepted": True})


def test_deliveries_that_came_to_nothing_are_read_and_decided_about(
    desk: Knocking, here: House
) -> None:
    here.admin.settings.save_form(a_form())
    desk.client.post(f"/api/forms/{here.clinic.id}/contact", json={"shoe_size": "9"})
    (parked,) = desk.ask("GET", "/api/inbox").json()["deliveries"]
    assert (parked["name"], parked["because"]) == ("web_form", "invalid_input")
    told = desk.ask("GET", f"/api/inbox/{parked['id']}").json()
    assert json.loads(told["text"]) == {"shoe_size": "9"}
    (again,) = desk.ask("POST", "/api/inbox/retry", {"inboundIds": [parked["id"]]}).json()
    assert again["state"] == "PENDING"
    assert desk.ask("POST", "/api/inbox/drop", {"inboundIds": [parked["id"]]}).json() == 1
    assert desk.ask("GET", "/api/inbox", params=[("state", "PENDING")]).json()["deliveries"] == []


def test_an_unknown_form_and_an_unknown_clinic_look_alike(desk: Knocking, here: House) -> None:
    told = [
        desk.client.post(f"/api/forms/{clinic}/nothing", json={}).json()["code"]
        for clinic in (here.clinic.id, "01a1ff98-076d-7000-bd01-799ebd7ab7f5")
    ]
    assert told == ["not_found", "not_found"]


def test_a_page_is_told_what_a_form_asks_and_nothing_of_the_practice(
    desk: Knocking, here: House
) -> None:
    form = evolve(a_form(), campaign="autumn", fields=(a_question(), *a_form().fields[2:3]))
    here.admin.settings.save_form(form)
    told = desk.client.get(f"/api/forms/{here.clinic.id}/contact")
    usual: dict[str, Any] = {"label": None, "required": False, "choices": []}
    who = {"value": "my_child", "label": "My child"}
    assert told.json() == {
        "fields": [
            {**usual, "name": "who", "fills": "relationship", "choices": [who]},
            {**usual, "name": "phone", "fills": "phone"},
        ],
        "honeypot": "website",
        "region": "US",
    }


def test_a_form_that_is_signed_or_closed_or_of_no_clinic_is_not_shown(
    desk: Knocking, here: House
) -> None:
    here.admin.settings.save_form(evolve(a_form(), slug="signed", signed=True))
    here.admin.settings.save_form(evolve(a_form(), slug="closed", is_active=False))
    elsewhere = "01a1ff98-076d-7000-bd01-799ebd7ab7f5"
    ways = [f"{here.clinic.id}/signed", f"{here.clinic.id}/closed", f"{elsewhere}/contact", "x/y"]
    told = [desk.client.get(f"/api/forms/{way}") for way in ways]
    assert {(one.status_code, one.json()["code"]) for one in told} == {(404, "not_found")}


def test_an_unsigned_delivery_is_refused(desk: Knocking, here: House) -> None:
    here.admin.settings.save_form(evolve(a_form(), signed=True))
    refused = desk.client.post(f"/api/forms/{here.clinic.id}/contact", json={"first_name": "Eve"})
    assert (refused.status_code, refused.json()["code"]) == (401, "unverified")
    assert here.coordinator.leads.find(mine=False).leads == ()


def test_a_webhook_that_nobody_can_verify_is_not_taken_in(desk: Knocking, here: House) -> None:
    path = f"/api/hooks/{here.clinic.id}/leads/meta"
    refused = desk.client.post(path, content=json.dumps({"object": "page", "entry": []}))
    assert (refused.status_code, refused.json()["code"]) == (401, "unverified")
    assert here.coordinator.leads.find(mine=False).leads == ()


def test_a_channel_of_people_takes_nothing_from_the_network(desk: Knocking, here: House) -> None:
    refused = desk.client.post(f"/api/hooks/{here.clinic.id}/leads/phone", json={})
    assert (refused.status_code, refused.json()["code"]) == (404, "not_found")


def test_strangers_may_knock_so_often_and_no_more(desk: Knocking, here: House) -> None:
    path = f"/api/forms/{here.clinic.id}/nothing"
    told = [desk.client.post(path, json={}) for _ in range(21)]
    assert [answer.status_code for answer in told] == [404] * 20 + [429]
    assert int(told[-1].headers["retry-after"]) >= 1
    assert desk.client.get("/api/health").status_code == 429


def a_question() -> FormField:
    choice = FormChoice(value="my_child", label="My child", means="CHILD")
    return FormField(name="who", fills="relationship", choices=(choice,))


def a_form() -> FormDefinition:
    fields = tuple(FormField(name=name) for name in ("first_name", "last_name", "phone", "email"))
    return FormDefinition(slug="contact", title="Contact us", fields=fields, signed=False)
