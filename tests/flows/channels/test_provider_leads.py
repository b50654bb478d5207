"""Leads that Meta and Google send, by webhook and as a table."""

import hashlib
import hmac
import json
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest

from orthocrm import (
    Captured,
    InvalidInput,
    Refused,
    Role,
)
from orthocrm.leads.channels.delivery import Awaited, Delivered, Reason
from orthocrm.leads.mapping import parse
from orthocrm.services.leads.receiving import Accepted, DetailUnavailable
from tests.flows.practice import House
from tests.flows.receiving import PROJECT, SAMPLES, Carrier, leads, source_name

with_samples = pytest.mark.skipif(
    not SAMPLES.exists(), reason="the webhook samples are not beside the checkout"
)


def announced(*ids: int) -> Delivered:
    changes = [{"field": "leadgen", "value": {"leadgen_id": i}} for i in ids]
    body = json.dumps({"object": "page", "entry": [{"changes": changes}]}).encode()
    return Delivered(body=body, headers={"X-Hub-Signature-256": hub(body)})


def hub(body: bytes) -> str:
    return "sha256=" + hmac.new(b"app", body, hashlib.sha256).hexdigest()


def meta_lead(name: str, phone: str) -> dict[str, Any]:
    answers = {"full_name": name, "phone_number": phone}
    return {"field_data": [{"name": n, "values": [v]} for n, v in answers.items()]}


def test_announced_leads_are_fetched_each_by_itself(house: House, carrier: Carrier) -> None:
    carrier.leads = {
        "1": meta_lead("Ann Lee", "+13125550141"),
        "2": TimeoutError(),
        "4": meta_lead("Bo Chen", "no phone"),
        "5": {**meta_lead("Cy Diaz", "+13125550145"), "id": "1"},
        "6": {7: "no name of a field"},
    }
    results = house.desk(Role.OPERATOR).leads.receive("meta", announced(1, 2, 3, 4, 5, 6))
    outcomes = [isinstance(result, Captured) for result in results]
    assert outcomes == [True, False, False, False, True, False]
    unavailable, gone, unreachable, odd = (r for r in results if isinstance(r, Refused))
    assert isinstance(odd.error, InvalidInput)
    assert isinstance(unavailable.error, DetailUnavailable)
    assert isinstance(gone.error, DetailUnavailable)
    assert str(unreachable.error) == "phone: give a phone number or an e-mail address"
    assert sorted(lead.origin.external_ref or "" for lead in leads(house)) == ["1", "5"]
    assert carrier.asked[0] == f"{house.clinic.id}/1"


def test_the_webhook_itself_learns_only_what_was_accepted(house: House, carrier: Carrier) -> None:
    carrier.leads = {"1": meta_lead("Ann Lee", "+13125550141")}
    assert house.desk(Role.WEB_FORM).leads.receive("meta", announced(1)) == (Accepted(),)


def test_a_lead_that_is_announced_again_is_one_lead(house: House, carrier: Carrier) -> None:
    carrier.leads = {str(i): meta_lead("Ann Lee", f"+1312555014{i}") for i in (1, 2)}
    for ids in ((2,), (1, 2), (2, 1)):
        house.coordinator.leads.receive("meta", announced(*ids))
        house.clock.advance(timedelta(days=1))
    assert len(leads(house)) == 2


def test_without_a_port_the_host_application_fetches_by_itself(bare: House) -> None:
    assert bare.coordinator.leads.receive("meta", announced(7)) == (Awaited(reference="7"),)
    detail = {**meta_lead("Ann Lee", "+13125550141"), "id": 7}
    (result,) = bare.coordinator.leads.receive("meta", Delivered(body=detail))
    assert isinstance(result, Captured)
    assert source_name(bare, result.lead) == "Web - Social media"


@with_samples
def test_the_sample_of_google_becomes_a_lead(house: House) -> None:
    payload = json.loads((SAMPLES / "google_lead_form_real_shape.json").read_bytes())
    expected = json.loads((SAMPLES / "truth.json").read_bytes())["google"][1]["expect"]
    body = json.dumps({**payload, "google_key": "key"}).encode()
    for _ in range(20):
        (result,) = house.coordinator.leads.receive("google", Delivered(body=body))
        assert isinstance(result, Captured)
    (lead,) = leads(house)
    assert (lead.contact.first_name, lead.contact.last_name) == (
        expected["first_name"],
        expected["last_name"],
    )
    assert lead.contact.phone is not None
    assert lead.contact.email is not None
    assert (lead.contact.phone.number, lead.contact.email.address) == (
        expected["phone"],
        expected["email"],
    )
    assert f"form={expected['form_id']};" in (lead.origin.detail or "")
    assert lead.stamps.created_at.isoformat().replace("+00:00", "Z") == expected["submitted_utc"]
    assert lead.enquiry.notes == "Who is the treatment for?: My child"


@with_samples
def test_a_test_lead_of_google_is_not_captured(bare: House) -> None:
    payload = json.loads((SAMPLES / "google_lead_form_test.json").read_bytes())
    body = json.dumps({**payload, "google_key": "key"}).encode()
    answered = bare.coordinator.leads.receive("google", Delivered(body=body))
    assert (answered, leads(bare)) == ((Accepted(ignored=Reason.TEST_LEAD),), [])


@with_samples
@pytest.mark.parametrize("name", ["meta_leads_export.csv", "meta_leads_export_utf16.tsv"])
def test_the_exports_of_meta_are_imported(house: House, name: str) -> None:
    known = json.loads((SAMPLES / "truth.json").read_bytes())["meta_export"]["expect"]
    mapping = parse((PROJECT / "examples" / "meta_export.toml").read_text())
    report = house.desk(Role.IMPORTER).imports.run(BytesIO((SAMPLES / name).read_bytes()), mapping)
    assert (report.tally.created, report.tally.refused) == (known["real_leads"], known["test_rows"])
    found = sorted(leads(house), key=lambda lead: lead.stamps.created_at, reverse=True)
    assert [lead.contact.phone and lead.contact.phone.number for lead in found] == known["phones"]
    assert [lead.contact.address.postal_code for lead in found] == known["zips"]
    assert [f"{lead.stamps.created_at:%Y-%m-%dT%H:%M:%SZ}" for lead in found] == known[
        "created_utc"
    ]
    assert [lead.patient.relationship.value for lead in found] == ["CHILD", "SELF"]
