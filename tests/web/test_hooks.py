"""What strangers deliver: taken in when it is verified, and nothing is told of it."""

import json

from attrs import evolve

from orthocrm.core.forms import FormDefinition, FormField
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


def test_an_unknown_form_and_an_unknown_clinic_look_alike(desk: Knocking, here: House) -> None:
    told = [
        desk.client.post(f"/api/forms/{clinic}/nothing", json={}).json()["code"]
        for clinic in (here.clinic.id, "01a1ff98-076d-7000-bd01-799ebd7ab7f5")
    ]
    assert told == ["not_found", "not_found"]


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


def a_form() -> FormDefinition:
    fields = tuple(FormField(name=name) for name in ("first_name", "last_name", "phone", "email"))
    return FormDefinition(slug="contact", title="Contact us", fields=fields, signed=False)
