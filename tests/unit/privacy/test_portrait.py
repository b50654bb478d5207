"""What is known of a person, as JSON and as a page."""

import json
from datetime import date, timedelta

from attrs import evolve

from orthocrm.core.ids import LeadId, UserId
from orthocrm.core.people import Phone
from orthocrm.privacy.portrait import export, plain
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories import a_clinic, a_lead

LEAD = a_lead(a_clinic())


def test_values_are_those_of_json_and_what_is_missing_is_left_out() -> None:
    patient = evolve(LEAD.patient, first_name="Ann", last_name="Lee", born_on=date(2015, 3, 2))
    told = plain(evolve(LEAD, patient=patient, keys=("phone:+1",), tags=()))
    assert told["patient"]["born_on"] == "2015-03-02"
    assert {"keys", "version", "clinic_id", "tags", "loss"}.isdisjoint(told)
    assert told["status"] == LEAD.status.value
    assert json.loads(json.dumps(told)) == told
    assert plain(Phone("+13125550173", "12")) == "+13125550173;ext=12"
    assert plain(Phone("+13125550173")) == "+13125550173"
    assert plain({"a": None, "b": [], "c": {}, "d": "", "e": 0, "f": False}) == {"e": 0, "f": False}
    assert plain(timedelta(minutes=90)) == "1:30:00"
    assert plain((date(2026, 1, 2), {"x"})) == ["2026-01-02", ["x"]]


def test_the_page_tells_everything_and_runs_nothing() -> None:
    kinds = {
        "notes_of": [{"what": "<script>alert(1)</script>", "in": {"deep_down": ["a", {"b": 1}]}}],
        "tasks": [],
    }
    given = export(LeadId("l-1"), kinds, MONDAY_MORNING, UserId("manager"), "Braces & Co")
    assert "<script>" not in given.page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in given.page
    assert "<h1>What Braces &amp; Co keeps of a person</h1>" in given.page
    assert "<h2>notes of</h2>" in given.page
    assert "<th>in / deep down</th><td>a, {&quot;b&quot;: 1}</td>" in given.page
    assert "<h2>tasks</h2><p>nothing</p>" in given.page
    assert json.loads(given.document) == {
        "form": 1,
        "clinic": "Braces & Co",
        "lead_id": "l-1",
        "at": MONDAY_MORNING.isoformat(),
        **kinds,
    }
    assert (given.lead_id, given.by, given.at) == ("l-1", "manager", MONDAY_MORNING)
    assert "script" not in repr(given)
