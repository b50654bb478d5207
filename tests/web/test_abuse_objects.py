"""Objects of others: whoever reaches only what is their own gets nothing else, by no endpoint."""

from collections.abc import Iterator
from typing import Any

import pytest
from attrs import define
from litestar.testing import TestClient

import orthocrm
from orthocrm import NewTask
from orthocrm.core.actor import Role
from orthocrm.core.ids import UserId
from orthocrm.core.task import LeadTaskType
from orthocrm.services.scheduling.links import NewLink
from orthocrm.services.scheduling.waiting import NewWaitlistEntry
from orthocrm.testing.clock import FrozenClock
from orthocrm.web import application
from orthocrm.web.declaring import Endpoint, Place
from orthocrm.web.endpoints import ENDPOINTS
from orthocrm.web.links import Links
from tests.flows.practice import House
from tests.flows.scheduling import HOUR, KIM, TUESDAY, WEEK, open_the_diary, wish
from tests.web.asking import NOBODY, least
from tests.web.knocking import PATIENT, ByName

SECRETS = ("Zcanary", "Zsecret", "Zkid", "Znote", "Ztask", "Zvisit", "Zreason", "zcanary@x.example")
BREAKS_GLASS = ("/api/leads/{lead_id}/break-glass", "/api/leads/{lead_id}/end-emergency")
"""Whoever may break the glass reaches every lead by it, with a reason that is written down."""


@define
class Street:
    """A practice with two families, and what one of them can say of the other."""

    client: TestClient[Any]
    named: dict[str, str]
    stated: dict[str, str]

    def asked(self, endpoint: Endpoint, who: str) -> Any:
        path = {
            p.name: self.named.get(p.name, NOBODY)
            for p in endpoint.parameters
            if p.place is Place.PATH
        }
        query: Any = [
            (p.outside, str(self.about(least(p.codec), p.outside)))
            for p in endpoint.parameters
            if p.place is Place.QUERY and (p.required or p.outside in self.named)
        ]
        body = None if endpoint.body is None else self.about(least(endpoint.body))
        return self.client.request(
            endpoint.method,
            endpoint.path.format(**path),
            params=query or None,
            json=body,
            headers={"Authorization": f"Bearer {self.stated[who]}"},
        )

    def about(self, value: Any, key: str = "") -> Any:
        """Put what is the other family's into a request."""
        if isinstance(value, dict):
            return {name: self.about(one, name) for name, one in value.items()}
        if isinstance(value, list):
            return [self.about(one, key.removesuffix("s")) for one in value]
        return self.named.get(key, value)


@pytest.fixture(scope="module")
def street() -> Iterator[Street]:
    clock = FrozenClock()
    with orthocrm.connect("memory://", clock=clock, discover_plugins=False) as crm:
        settings = orthocrm.Settings(fallback=UserId("manager"))
        clinic = crm.create_clinic(name="Bright", timezone="America/Chicago", settings=settings)
        house = House(crm, clinic, clock)
        app = application(crm, [ByName(house), Links(crm)], settings=PATIENT, clock=clock)
        with TestClient(app, raise_server_exceptions=False) as client:
            yield settled(house, client)


def settled(house: House, client: TestClient[Any]) -> Street:
    for user in ("me", "tc-1", "tc-2"):
        house.admin.settings.add_coordinator(UserId(user), user)
    open_the_diary(house)
    house.admin.scheduling.set_week("me", WEEK)
    desk = house.desk(Role.OPERATOR, "boss")
    own = house.lead(owner="me", first_name="Minnie", phone="+13125550101", email="m@x.example")
    lead = house.lead(
        owner="tc-2",
        first_name="Zcanary",
        last_name="Zsecret",
        patient_first_name="Zkid",
        patient_last_name="Zsecret",
        phone="+13125550199",
        email="zcanary@x.example",
        notes="Znote",
    )
    visit = desk.scheduling.book(wish(lead, provider=KIM, notes="Zvisit", reason="Zreason"))
    desk.scheduling.book(wish(own, provider=UserId("me"), starts_at=TUESDAY + HOUR))
    task = NewTask(type=LeadTaskType.CALL, title="Ztask", due_at=TUESDAY)
    added = desk.followups.add_task(lead.id, task)
    entry = desk.scheduling.join_waitlist(
        NewWaitlistEntry(type="consultation", lead_id=lead.id, patient_ref=None)
    )
    link = house.front.scheduling.make_link(NewLink(lead_id=own.id))
    named = {
        "lead_id": lead.id,
        "leadId": lead.id,
        "survivor_id": lead.id,
        "other_id": lead.id,
        "appointment_id": visit.appointment.id,
        "appointmentId": visit.appointment.id,
        "task_id": added.id,
        "entry_id": entry.id,
        "provider": KIM,
        "providerId": KIM,
        "owner": KIM,
        "user": "tc-2",
        "user_id": "tc-2",
        "type": "consultation",
        "appointmentType": "consultation",
    }
    stated = {"agent": "agent me", "provider": "provider me", "patient": link.token}
    return Street(client, named, stated)


@pytest.mark.parametrize("who", ["agent", "provider", "patient"])
def test_nothing_of_another_family_is_told_or_changed(street: Street, who: str) -> None:
    for endpoint in (e for e in ENDPOINTS if not e.is_public and e.path not in BREAKS_GLASS):
        told = street.asked(endpoint, who)
        assert told.status_code < 500, endpoint.id
        assert not [secret for secret in SECRETS if secret in told.text], endpoint.id
        about_it = {"lead_id", "appointment_id", "task_id", "entry_id", "survivor_id"}
        reaches = about_it & {p.name for p in endpoint.parameters if p.place is Place.PATH}
        if reaches:
            assert told.status_code in (400, 403, 404, 409, 422), endpoint.id
    admin = {"Authorization": "Bearer admin manager"}
    lead, visit = street.named["lead_id"], street.named["appointment_id"]
    for path, tag in ((f"/api/leads/{lead}", '"2"'), (f"/api/appointments/{visit}", '"1"')):
        assert street.client.get(path, headers=admin).headers["etag"] == tag


@pytest.mark.parametrize("field", ["leadId", "patientId"])
def test_a_link_books_for_nobody_else(street: Street, field: str) -> None:
    body = {
        "appointmentType": "consultation",
        "scheduledDate": "2026-11-04T16:00:00Z",
        field: street.named["lead_id"],
    }
    headers = {"Authorization": f"Bearer {street.stated['patient']}"}
    refused = street.client.post("/api/appointments", json=body, headers=headers)
    assert refused.status_code == 404


def test_what_was_merged_or_erased_is_found_by_none_of_its_ways(here: House) -> None:
    open_the_diary(here)
    app = application(here.crm, [ByName(here), Links(here.crm)], settings=PATIENT, clock=here.clock)
    kept, gone = here.lead(first_name="Otto"), here.lead(first_name="Zcanary")
    link = here.front.scheduling.make_link(NewLink(lead_id=gone.id)).token
    erased = here.lead(first_name="Zcanary", phone="+13125550188", email="z@x.example")
    other = here.front.scheduling.make_link(NewLink(lead_id=erased.id)).token
    here.desk(Role.ADMIN).leads.merge(kept.id, gone.id)
    here.desk(Role.ADMIN).privacy.erase(erased.id)
    with TestClient(app, raise_server_exceptions=False) as client:
        for lead, token in ((gone, link), (erased, other)):
            by_link = {"Authorization": f"Bearer {token}"}
            body = {
                "appointmentType": "consultation",
                "scheduledDate": "2026-11-04T16:00:00Z",
                "leadId": lead.id,
            }
            booked = client.post("/api/appointments", json=body, headers=by_link)
            assert booked.status_code == 404
            assert client.get("/api/appointments/history", headers=by_link).json() == []
            for stated in ("Bearer agent eve", "Bearer admin manager"):
                headers, path = {"Authorization": stated}, f"/api/leads/{lead.id}"
                assert client.put(path, json={"notes": "x"}, headers=headers).status_code == 404
        erased_path = f"/api/leads/{erased.id}"
        for part in ("", "/timeline", "/tasks", "/activities", "/messages", "/consent", "/merges"):
            answer = client.get(erased_path + part, headers={"Authorization": "Bearer admin m"})
            assert (answer.status_code, "Zcanary" in answer.text) == (404, False)


def test_a_cursor_goes_on_with_its_own_query_only(here: House) -> None:
    app = application(here.crm, [ByName(here)], settings=PATIENT, clock=here.clock)
    for phone in ("+13125550101", "+13125550102", "+13125550103"):
        here.lead(phone=phone)
    admin = {"Authorization": "Bearer admin manager"}
    with TestClient(app, raise_server_exceptions=False) as client:
        first = client.get("/api/leads?size=1", headers=admin).json()["cursor"]
        asked = {"size": "1", "cursor": first}
        assert client.get("/api/leads", params=asked, headers=admin).status_code == 200
        for changed in (
            {**asked, "status": "NEW"},
            {**asked, "sort": "updatedAt"},
            {**asked, "cursor": first[:-2]},
            {**asked, "cursor": first.swapcase()},
        ):
            assert client.get("/api/leads", params=changed, headers=admin).status_code == 422
        agent = {"Authorization": "Bearer agent tc-2"}
        assert client.get("/api/leads", params=asked, headers=agent).status_code == 422
    clinic = here.crm.create_clinic(name="Other", timezone="America/Chicago")
    other = application(here.crm, [ByName(House(here.crm, clinic, here.clock))], settings=PATIENT)
    with TestClient(other, raise_server_exceptions=False) as client:
        assert client.get("/api/leads", params=asked, headers=admin).status_code == 422
