"""Traces tell what takes how long, and nothing of anybody."""

import sys
from collections.abc import Iterator, Sequence

import pytest
from litestar.testing import TestClient
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import orthocrm
from orthocrm import Forbidden, Intake, Role
from orthocrm.authenticators import HostUser
from orthocrm.core.errors import ConfigurationError, MissingExtra
from orthocrm.core.ids import LeadId
from orthocrm.core.tracing import NO_TRACES
from orthocrm.observing.tracing import VARIABLE, Spans, exporting_to, tracer_of_environment
from orthocrm.testing.clock import FrozenClock
from orthocrm.web import application
from orthocrm.web.settings import WebSettings
from tests.flows.practice import House, enquiry

OUTER = "4bf92f3577b34da6a3ce929d0e0e4736"


class Spiteful:
    """A patient registry that quotes whomever it is asked about."""

    def register(self, lead: orthocrm.Lead) -> str:
        raise RuntimeError(f"no {lead.contact.last_name}")


@pytest.fixture
def told() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def house(told: InMemorySpanExporter) -> Iterator[House]:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(told))
    clock = FrozenClock()
    with orthocrm.connect(
        "memory://",
        clock=clock,
        discover_plugins=False,
        patients=Spiteful(),
        tracer=Spans(provider.get_tracer("orthocrm")),
    ) as crm:
        house = House(crm, crm.create_clinic(name="Bright Smiles", timezone="UTC"), clock)
        house.admin.settings.add_coordinator("tc-1", "Ana")
        told.clear()
        yield house


def chain(spans: Sequence[ReadableSpan], innermost: str) -> list[str]:
    """Give the names from the outermost span down to one."""
    by_id = {span.context.span_id: span for span in spans if span.context}
    named, span = [], next((span for span in spans if span.name == innermost), None)
    while span is not None:
        named.append(span.name)
        span = by_id.get(span.parent.span_id) if span.parent else None
    return named[::-1]


def outcome(spans: Sequence[ReadableSpan], name: str) -> tuple[object, str]:
    (span,) = [span for span in spans if span.name == name]
    return (span.attributes or {}).get("orthocrm.outcome"), span.status.status_code.name


def test_a_request_holds_its_verb_and_that_its_unit_of_work(
    house: House, told: InMemorySpanExporter
) -> None:
    lead = house.lead()
    told.clear()
    actor = orthocrm.Actor(user="tc-1", clinic=house.clinic.id, roles={Role.TREATMENT_COORDINATOR})
    app = application(house.crm, [HostUser(lambda _: actor)], settings=WebSettings(proxies=1))
    outer = {"traceparent": f"00-{OUTER}-00f067aa0ba902b7-01"}
    with TestClient(app) as client:
        assert client.get(f"/api/leads/{lead.id}", headers=outer).status_code == 200
    spans = told.get_finished_spans()
    names = ["GET /api/leads/{leadId}", "leads.get", "unit of work"]
    assert chain(spans, "unit of work") == names
    (request,) = [span for span in spans if span.name == names[0]]
    assert dict(request.attributes or {}) == {
        "http.request.method": "GET",
        "http.route": "/api/leads/{leadId}",
        "http.response.status_code": 200,
    }
    assert request.context is not None
    assert f"{request.context.trace_id:032x}" == OUTER


def test_what_strangers_say_of_outer_spans_is_not_believed(
    house: House, told: InMemorySpanExporter
) -> None:
    app = application(house.crm, [], settings=WebSettings())
    with TestClient(app) as client:
        client.get("/api/leads", headers={"traceparent": f"00-{OUTER}-00f067aa0ba902b7-01"})
    (request,) = told.get_finished_spans()
    assert request.parent is None
    assert (request.attributes or {})["http.response.status_code"] == 401


def test_refusals_and_failures_are_told_by_their_codes(
    house: House, told: InMemorySpanExporter
) -> None:
    lead = house.lead()
    with pytest.raises(Forbidden):
        house.desk(Role.DOCTOR).leads.get(lead.id)
    with pytest.raises(RuntimeError):
        house.coordinator.pipeline.convert(lead.id)
    spans = told.get_finished_spans()
    assert outcome(spans, "leads.get") == ("forbidden", "UNSET")
    assert outcome(spans, "pipeline.convert") == ("RuntimeError", "ERROR")


def test_a_round_holds_its_steps(house: House, told: InMemorySpanExporter) -> None:
    house.crm.work()
    spans = told.get_finished_spans()
    assert chain(spans, "followups.raise_due") == ["round", "step rules", "followups.raise_due"]
    (whole,) = [span for span in spans if span.name == "round"]
    assert dict(whole.attributes or {}) == {"orthocrm.clinic": house.clinic.id}


def test_nothing_personal_is_told(house: House, told: InMemorySpanExporter) -> None:
    lead = house.lead(first_name="Zyxwvut", last_name="Qponmlk", notes="whispered secret words")
    with pytest.raises(orthocrm.InvalidInput):
        house.front.leads.capture(enquiry(email="zyxwvut qponmlk"))
    with pytest.raises(orthocrm.NotFound):
        house.coordinator.leads.get(LeadId("qponmlk"))
    with pytest.raises(RuntimeError):
        house.coordinator.pipeline.convert(lead.id)
    house.coordinator.leads.search("Qponmlk")
    house.crm.work()
    said = "".join(span.to_json() for span in told.get_finished_spans()).casefold()
    for canary in ("zyxwvut", "qponmlk", "whispered", "tc-1", "front_desk", lead.id):
        assert canary not in said


def test_nobody_is_told_anything_unless_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert tracer_of_environment() is NO_TRACES
    with orthocrm.connect("memory://", discover_plugins=False) as crm:
        assert crm.tracer is NO_TRACES
        clinic = crm.create_clinic(name="Bright Smiles", timezone="UTC")
        desk = crm.acting_as(orthocrm.Actor.system(Role.OPERATOR, clinic.id))
        desk.leads.capture(Intake(first_name="Ann", last_name="Lee", email="ann@example.com"))


@pytest.mark.parametrize("address", ["localhost:4318", "file:///tmp/x", "http://"])
def test_what_is_no_address_of_a_collector_is_refused(address: str) -> None:
    with pytest.raises(ConfigurationError):
        exporting_to(address)


def test_without_the_extra_its_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "http://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(MissingExtra) as refusal:
        tracer_of_environment()
    assert refusal.value.extra == "telemetry"
