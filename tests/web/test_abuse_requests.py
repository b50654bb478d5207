"""Requests that are not what they seem: types, names, headers, paths and methods of others."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from litestar.datastructures import Headers

import orthocrm
from orthocrm.core.ids import UserId
from orthocrm.testing.clock import FrozenClock
from orthocrm.web.declaring import Endpoint
from orthocrm.web.endpoints import ENDPOINTS
from orthocrm.web.requests import Malformed, ensure_told_once
from tests.flows.practice import House
from tests.security.digest import digest
from tests.web.asking import least, path_of, query_of
from tests.web.knocking import FAMILY, PATIENT, Knocking, knocking

ADMIN = {"Authorization": "Bearer admin manager"}
JSON = {**ADMIN, "Content-Type": "application/json"}
NOT_YOURS = (
    "clinicId",
    "createdAt",
    "createdBy",
    "convertedAt",
    "deletedAt",
    "isAdmin",
    "mergedIntoId",
    "updatedAt",
    "__class__",
    "$where",
)
"""What no request decides, whatever it is about."""


@pytest.fixture(scope="module")
def here() -> Iterator[House]:
    """One practice for all: most of what is sent changes nothing of it."""
    clock = FrozenClock()
    with orthocrm.connect("memory://", clock=clock, discover_plugins=False) as crm:
        clinic = crm.create_clinic(name="Bright Smiles", timezone="America/Chicago")
        house = House(crm, clinic, clock)
        house.admin.settings.add_coordinator(UserId("tc-1"), "Ana")
        yield house


@pytest.fixture(scope="module")
def desk(here: House) -> Iterator[Knocking]:
    found = knocking(here, PATIENT)
    with found.client:
        yield found


def sent(desk: Knocking, body: bytes, headers: dict[str, str] = JSON) -> Any:
    return desk.client.post("/api/leads", content=body, headers=headers)


def codes(answer: Any) -> list[str]:
    return [problem["code"] for problem in answer.json()["problems"]]


@pytest.mark.parametrize(
    "media",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
        "text/plain; application/json",
        "application/jsonp",
    ],
)
def test_a_form_of_another_site_is_no_json(desk: Knocking, here: House, media: str) -> None:
    before = digest(here.crm)
    headers = {**ADMIN, "Content-Type": media} if media else ADMIN
    refused = sent(desk, json.dumps(FAMILY).encode(), headers)
    assert (refused.status_code, refused.json()["code"]) == (415, "not_this_type")
    assert digest(here.crm) == before


@pytest.mark.parametrize("media", ["APPLICATION/JSON", 'application/json; charset="UTF-8"'])
def test_json_may_say_its_type_in_other_letters(desk: Knocking, media: str) -> None:
    made = sent(desk, json.dumps(FAMILY).encode(), {**ADMIN, "Content-Type": media})
    assert made.status_code == 201


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "identity, gzip"])
def test_nothing_is_unpacked(desk: Knocking, coding: str) -> None:
    refused = sent(desk, b"{}", {**JSON, "Content-Encoding": coding})
    assert refused.status_code == 415


@pytest.mark.parametrize(
    "body, code",
    [
        (b'{"firstName":"A","firstName":"B"}', "repeated_key"),
        (b'{"firstName":"A","\\u0066irstName":"B"}', "repeated_key"),
        (b'{"custom":{"a":1,"a":2}}', "repeated_key"),
        (b'{"phone":' + b"9" * 5_000 + b"}", "not_json"),
        (b'{"phone":1e400}', "not_json"),
        (b'{"firstName":NaN}', "not_json"),
        (b'{"firstName":"\\ud800"}', "not_json"),
        (b'{"firstName":"\xff"}', "not_json"),
        (b"\xef\xbb\xbf{}", "not_json"),
        ('{"firstName":"A"}'.encode("utf-16"), "not_json"),
        (b"[" * 100_000, "not_json"),
        (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, "not_json"),
        (b'{"firstName":"a\\u0000b"}', "bad_character"),
        (b'{"firstName":["A"]}', "wrong_type"),
        (b'{"patientDob":20100101}', "not_a_date"),
        (b'{"noContact":"false"}', "wrong_type"),
    ],
)
def test_what_readers_could_take_differently_is_refused(
    desk: Knocking, here: House, body: bytes, code: str
) -> None:
    before = digest(here.crm)
    refused = sent(desk, body)
    assert (refused.status_code, codes(refused)) == (400, [code])
    assert digest(here.crm) == before


@pytest.mark.parametrize(
    "key", ["312 555 0199", "Maria Lopez", "maria@example.com", "=1+1", "x" * 90]
)
def test_a_value_in_the_place_of_a_name_is_not_shown(desk: Knocking, key: str) -> None:
    refused = desk.ask("POST", "/api/leads", {**FAMILY, key: "x"})
    assert codes(refused) == ["unknown_field"]
    assert key not in refused.text


@pytest.mark.parametrize("name", ["authorization", "if-match", "idempotency-key", "origin"])
def test_a_header_that_comes_twice_is_read_by_nobody(name: str) -> None:
    once = [(b"accept", b"a"), (b"accept", b"b"), (name.encode(), b"Bearer a")]
    ensure_told_once(Headers(once))
    with pytest.raises(Malformed) as refused:
        ensure_told_once(Headers([*once, (name.encode(), b"Bearer b")]))
    assert [problem.path for problem in refused.value.problems] == [name]


@pytest.mark.parametrize(
    "path",
    [
        "/API/leads",
        "/api/leads/%2e%2e/users",
        "/api/leads/..%2fusers",
        "/api/leads/a%2Fb",
        "/api/leads;x=1",
        "/api/leads/%ff",
        "/api/leads/%ED%A0%80",
        "/%2e%2e/etc/passwd",
    ],
)
def test_paths_lead_nowhere_but_where_they_say(desk: Knocking, path: str) -> None:
    assert desk.ask("GET", path).status_code == 404


@pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"])
def test_a_method_is_what_the_request_line_says(desk: Knocking, here: House, name: str) -> None:
    path = f"/api/leads/{here.lead().id}"
    told = desk.ask("POST", path, {"notes": "new"}, headers={name: "PUT"})
    assert told.status_code == 405
    assert desk.ask("GET", path, headers={name: "DELETE"}).status_code == 200
    assert desk.ask("GET", path, params=[("_method", "DELETE")]).status_code == 400


@pytest.mark.parametrize("method", ["HEAD", "TRACE", "CONNECT", "PROPFIND", "OPTIONS", "GET"])
def test_every_answer_is_guarded(desk: Knocking, method: str) -> None:
    for path in ("/api/leads", "/nowhere"):
        headers = desk.ask(method, path).headers
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["strict-transport-security"] == "max-age=31536000"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]


@pytest.mark.parametrize("tag", ['"1", "2"', '"abc"', '"-1"', '""', '"' + "9" * 19 + '"', "1"])
def test_tags_of_other_forms_change_nothing(desk: Knocking, here: House, tag: str) -> None:
    path = f"/api/leads/{here.lead().id}"
    refused = desk.ask("PUT", path, {"notes": "new"}, headers={"If-Match": tag})
    assert refused.status_code == 400
    assert desk.ask("GET", path).headers["etag"] == '"1"'


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "k\x7f"])
def test_keys_of_other_forms_make_nothing(desk: Knocking, here: House, key: str) -> None:
    before = digest(here.crm)
    assert (
        desk.ask("POST", "/api/leads", FAMILY, headers={"Idempotency-Key": key}).status_code == 400
    )
    assert digest(here.crm) == before


def test_the_key_of_somebody_else_opens_nothing_of_theirs(desk: Knocking) -> None:
    key = {"Idempotency-Key": "k-1"}
    first = desk.ask("POST", "/api/leads", FAMILY, headers=key).json()
    other = desk.ask("POST", "/api/leads", FAMILY, headers=key, user="tc-1").json()
    assert other["replayed"] is False
    assert other["lead"]["id"] != first["lead"]["id"]


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
@pytest.mark.parametrize(
    "path, name",
    [
        ("/api/agent/appointments", "on"),
        ("/api/agent/agenda", "day"),
        ("/api/appointments/day", "on"),
        ("/api/appointments/week", "on"),
    ],
)
def test_the_ends_of_the_calendar_are_no_days(
    desk: Knocking, path: str, name: str, day: str
) -> None:
    refused = desk.ask("GET", path, params=[(name, day)])
    assert (refused.status_code, codes(refused)) == (422, ["out_of_range"])


def test_an_instant_at_the_end_of_time_is_refused(desk: Knocking, here: House) -> None:
    new = {"type": "CALL", "title": "Call", "dueAt": "9999-12-31T23:59:59Z"}
    refused = desk.ask("POST", f"/api/leads/{here.lead().id}/tasks", new)
    assert (refused.status_code, codes(refused)) == (422, ["out_of_range"])


@pytest.mark.parametrize(
    "query",
    [
        "size=٣",
        "size=1e3",
        "size=1&size=2",
        "mine=TRUE",
        "mine=1",
        "status=%27%20OR%201%3D1--",
        "createdFrom=2026-11-03",
        "createdFrom=1",
        "where={",
        "where=" + "[" * 3_000,
        'where={"field":"stage","field":"owner","op":"eq","value":"x"}',
        "tag=" + "a" * 20_000,
        "cursor=%00",
        "clinicId=other",
        "_method=DELETE",
        "status=NEW" + "&status=NEW" * 1_000,
    ],
)
def test_queries_that_no_document_describes(desk: Knocking, query: str) -> None:
    assert desk.client.get(f"/api/leads?{query}", headers=ADMIN).status_code == 400


def test_nobody_gives_what_only_operations_decide(desk: Knocking, here: House) -> None:
    before = digest(here.crm)
    for endpoint in (e for e in ENDPOINTS if e.body is not None and not e.is_public):
        refused = mass_assigned(desk, endpoint)
        known = {problem["path"] for problem in refused.json()["problems"]}
        assert refused.status_code == 400, (endpoint.id, refused.text)
        strange = {name if name[0].isalpha() else "body" for name in NOT_YOURS}
        assert strange <= known, endpoint.id
    assert digest(here.crm) == before


def mass_assigned(desk: Knocking, endpoint: Endpoint) -> Any:
    assert endpoint.body is not None
    body = {**least(endpoint.body), **dict.fromkeys(NOT_YOURS, "x")}
    return desk.ask(endpoint.method, path_of(endpoint), body, params=query_of(endpoint))


@pytest.mark.parametrize(
    "name", ["status", "pipelineStage", "version", "assignedToId", "id", "owner"]
)
def test_an_edit_of_a_lead_reaches_only_what_may_be_typed(
    desk: Knocking, here: House, name: str
) -> None:
    path = f"/api/leads/{here.lead().id}"
    refused = desk.ask("PUT", path, {"notes": "new", name: "CONVERTED"})
    assert (refused.status_code, codes(refused)) == (400, ["unknown_field"])
    assert desk.ask("GET", path).headers["etag"] == '"1"'
