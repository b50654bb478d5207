"""What Prometheus is told: requests by what was asked, and what waits; nothing of anybody."""

import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from attrs import evolve

from orthocrm import Role, connect
from orthocrm.core.errors import BackendError
from orthocrm.web.endpoints import ENDPOINTS
from orthocrm.web.limiting import Rate, Rates
from orthocrm.web.settings import WebSettings
from tests.flows.practice import House
from tests.web.knocking import FAMILY, PATIENT, Knocking, knocking

START = "import sys; from orthocrm.cli import main; main(sys.argv[1:])"
SELDOM = Rate(per_minute=1, burst=1)


@pytest.fixture
def told(here: House) -> Knocking:
    return knocking(here, evolve(PATIENT, metrics=True))


def lines(knocking: Knocking) -> dict[str, float]:
    """The samples by their names with labels."""
    shown = knocking.client.get("/metrics").text.splitlines()
    samples = (line.rpartition(" ") for line in shown if not line.startswith("#"))
    return {name: float(value) for name, _, value in samples}


def test_nothing_is_told_unless_it_is_asked_for(desk: Knocking) -> None:
    assert desk.client.get("/metrics").status_code == 404


def test_requests_are_counted_by_endpoint_method_and_status(told: Knocking) -> None:
    lead = told.ask("POST", "/api/leads", FAMILY).json()["lead"]["id"]
    for _ in range(2):
        told.ask("GET", f"/api/leads/{lead}")
    told.ask("GET", "/api/leads/nobody")
    told.ask("GET", "/api/leads", role=None)
    counted = {name: n for name, n in lines(told).items() if "requests_total" in name}
    begun = "orthocrm_http_requests_total{endpoint="
    assert counted == {
        f'{begun}"postLeads",method="POST",status="201"}}': 1,
        f'{begun}"getLeadsLeadId",method="GET",status="200"}}': 2,
        f'{begun}"getLeadsLeadId",method="GET",status="404"}}': 1,
        f'{begun}"getLeads",method="GET",status="401"}}': 1,
    }


def test_how_long_answers_took_is_a_histogram(told: Knocking) -> None:
    told.ask("GET", "/api/leads")
    shown = lines(told)
    name = "orthocrm_http_request_seconds"
    assert shown[f'{name}_count{{endpoint="getLeads"}}'] == 1
    assert shown[f'{name}_bucket{{endpoint="getLeads",le="+Inf"}}'] == 1
    assert shown[f'{name}_sum{{endpoint="getLeads"}}'] > 0


def test_a_body_that_is_too_large_is_counted(here: House) -> None:
    told = knocking(here, evolve(PATIENT, metrics=True, largest_body=100))
    status = told.ask("POST", "/api/leads", {"notes": "x" * 1_000}).status_code
    name = 'orthocrm_http_requests_total{endpoint="postLeads",method="POST",status="413"}'
    assert (status, lines(told)[name]) == (413, 1)


def test_what_was_refused_for_being_too_much_is_counted(here: House) -> None:
    rates = Rates(address=SELDOM)
    told = knocking(here, WebSettings(rates=rates, metrics=True))
    assert [told.ask("GET", "/api/leads").status_code for _ in range(3)] == [200, 429, 429]
    assert lines(told)['orthocrm_http_rate_limited_total{endpoint="getLeads"}'] == 2


def test_what_waits_is_counted_when_somebody_looks(told: Knocking, here: House) -> None:
    before = lines(told)
    told.ask("POST", "/api/leads", FAMILY)
    after = lines(told)
    queues = ("events", "parked_events", "messages", "parked_messages")
    assert {f'orthocrm_queue_depth{{queue="{queue}"}}' for queue in queues} <= after.keys()
    name = 'orthocrm_queue_depth{queue="events"}'
    assert after[name] == here.crm.waiting().events > before[name]
    assert after["orthocrm_queues_readable"] == 1


def test_a_database_that_is_away_is_told_and_the_rest_as_well(
    told: Knocking, here: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    told.ask("GET", "/api/leads")

    def away() -> None:
        raise BackendError("the database is away")

    monkeypatch.setattr(here.crm._backend, "clinics", away)
    shown = lines(told)
    assert shown["orthocrm_queues_readable"] == 0
    assert shown['orthocrm_http_request_seconds_count{endpoint="getLeads"}'] == 1


def test_nothing_of_a_request_becomes_a_label(told: Knocking) -> None:
    canary = "canary-of-the-family"
    told.ask("POST", "/api/leads", {**FAMILY, "lastName": canary}, user=canary)
    told.ask("GET", f"/api/leads/{canary}", params=[(canary, canary)])
    told.ask("GET", f"/api/{canary}", headers={canary: canary})
    told.ask("POST", f"/api/forms/{canary}/{canary}", {canary: canary}, role=Role.PATIENT)
    shown = told.client.get("/metrics").text
    assert canary not in shown
    assert told.client.get("/metrics").headers["cache-control"] == "no-store"
    known = {endpoint.id for endpoint in ENDPOINTS}
    named = {name.split('"')[1] for name in lines(told) if "endpoint=" in name}
    assert named <= known


def test_two_applications_count_by_themselves(here: House) -> None:
    one, other = (knocking(here, evolve(PATIENT, metrics=True)) for _ in range(2))
    one.ask("GET", "/api/leads")
    name = 'orthocrm_http_request_seconds_count{endpoint="getLeads"}'
    assert (lines(one).get(name), lines(other).get(name)) == (1, None)


def test_the_workers_of_one_server_count_together(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/practice.db"
    connect(database).close()
    order = ["serve", "--db", database, "--port", "0", "--workers", "2", "--metrics"]
    with subprocess.Popen([sys.executable, "-c", START, *order], stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        try:
            address = server.stdout.readline().decode().strip().removesuffix("/api/openapi.json")
            for _ in range(8):  # a connection of its own each, so that both may be asked
                assert httpx.get(f"{address}/api/health", timeout=60).status_code == 200
            shown = [httpx.get(f"{address}/metrics", timeout=60).text for _ in range(8)]
        finally:
            server.terminate()
            server.wait()
    name = 'orthocrm_http_requests_total{endpoint="getHealth",method="GET",status="200"} 8.0'
    assert [name in text.splitlines() for text in shown] == [True] * 8
