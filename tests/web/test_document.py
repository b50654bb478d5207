"""The document: every endpoint of the sources is in it, and whatever a person can do has one."""

from orthocrm.services.areas import OPERATIONS
from orthocrm.web.endpoints import ENDPOINTS
from orthocrm.web.openapi.document import document
from tests.web.knocking import Knocking

OF_THE_SOURCES = """
GET /api/leads lead:read
GET /api/leads/{leadId} lead:read
POST /api/leads lead:create
PUT /api/leads/{leadId} lead:update
POST /api/leads/{leadId}/stage lead:update
POST /api/leads/{leadId}/assign lead:assign
POST /api/leads/{leadId}/convert lead:convert
POST /api/leads/{leadId}/lost lead:update
GET /api/leads/{leadId}/activities lead:read
POST /api/leads/{leadId}/activities lead:update
GET /api/leads/{leadId}/tasks lead:read
POST /api/leads/{leadId}/tasks lead:update
PUT /api/leads/tasks/{taskId} lead:update
POST /api/leads/tasks/{taskId}/complete lead:update
GET /api/lead-sources lead:read
POST /api/lead-sources lead:configure
PUT /api/lead-sources/{sourceId} lead:configure
GET /api/pipeline-stages lead:read
POST /api/pipeline-stages lead:configure
PUT /api/pipeline-stages/{stageId} lead:configure
PUT /api/pipeline-stages/reorder lead:configure
GET /api/leads/analytics/funnel lead:analytics
GET /api/leads/analytics/sources lead:analytics
GET /api/leads/analytics/coordinators lead:analytics
GET /api/leads/analytics/lost-reasons lead:analytics
GET /api/agent/leads lead:read
GET /api/agent/lead-stats lead:analytics
GET /api/agent/appointments appointment:read
GET /api/appointments/availability availability:read
POST /api/appointments appointment:book
PUT /api/appointments/{appointmentId} appointment:manage
POST /api/appointments/{appointmentId}/remind appointment:remind
"""
"""The tables of both source documents, with the permissions of the first."""

NOT_OVER_HTTP = {
    "analytics.mail_reports": "the worker",
    "analytics.measure": "measure_all is the same",
    "assignment.assign_to": "assign takes whom to assign to",
    "followups.advance_sequences": "the worker",
    "followups.escalate_overdue": "the worker",
    "followups.log_many": "people log one at a time",
    "followups.raise_due": "the worker",
    "imports.backfill_batch": "histories come in the process",
    "imports.begin": "a part of an import",
    "imports.begin_backfill": "histories come in the process",
    "imports.close_revert": "a part of an import",
    "imports.finish": "a part of an import",
    "inbox.apply": "the worker",
    "inbox.capture": "the worker",
    "inbox.claim": "the worker",
    "inbox.fail": "the worker",
    "inbox.forget": "the worker",
    "inbox.take_leads": "deliveries have their own endpoints, for nobody in particular",
    "inbox.take_reports": "as take_leads",
    "intelligence.adopt": "the worker",
    "intelligence.adopt_weights": "the worker",
    "intelligence.call_the_risky": "the worker",
    "intelligence.decisions": "the worker",
    "intelligence.due": "the worker",
    "intelligence.examples": "the worker",
    "intelligence.rank_some": "a part of next_actions",
    "keys.move": "the operator, at the command line",
    "keys.rotate": "the operator, at the command line",
    "keys.status": "the operator, at the command line",
    "leads.enter": "capture takes the same fields",
    "leads.hold": "a part of the search for duplicates",
    "leads.settle": "a part of the search for duplicates",
    "leads.survey": "a part of the search for duplicates",
    "leads.take_in": "deliveries have their own endpoints, for nobody in particular",
    "notifications.reports": "as take_in",
    "notifications.settle": "the worker",
    "notifications.take": "the worker",
    "notifications.tell_overdue": "the worker",
    "pipeline.alert_ages": "the worker",
    "pipeline.recall_due": "the worker",
    "privacy.checkpoint": "the worker",
    "privacy.examine": "a part of the check of the trail",
    "privacy.examine_aside": "a part of the check of the trail",
    "privacy.seal": "the worker",
    "scheduling.expire_holds": "the worker",
    "scheduling.renew_reminders": "the worker",
    "scheduling.keep_wall_times": "the worker",
    "scheduling.read_feed": "a feed has its own endpoint, for whoever has its address",
    "scheduling.slots": "glance is the same, from memory",
    "sources.add_touches": "add_touch is the same, one at a time",
    "sources.find_referrer": "referrers lists them",
}


def test_every_endpoint_of_the_sources_is_there_with_its_permission() -> None:
    paths = document(ENDPOINTS)["paths"]
    for line in OF_THE_SOURCES.strip().splitlines():
        method, path, permission = line.split()
        assert paths[path][method.lower()]["x-permission"] == permission, line


def test_whatever_a_person_can_do_has_an_endpoint() -> None:
    reached = {endpoint.operation for endpoint in ENDPOINTS}
    assert OPERATIONS.keys() - reached == NOT_OVER_HTTP.keys()


def test_no_two_endpoints_are_the_same() -> None:
    places = [(endpoint.method, endpoint.pattern) for endpoint in ENDPOINTS]
    assert len(set(places)) == len(places)
    names = [endpoint.id for endpoint in ENDPOINTS]
    assert len(set(names)) == len(names)


def test_every_endpoint_says_what_it_does() -> None:
    assert [endpoint.id for endpoint in ENDPOINTS if not endpoint.summary] == []


def test_the_document_is_served(desk: Knocking) -> None:
    told = desk.client.get("/api/openapi.json").json()
    assert told["openapi"] == "3.1.0"
    assert told["paths"]["/api/session"]["post"]["security"] == []
    assert desk.client.get("/api/health").json() == {"status": "ok"}
    assert desk.client.get("/api/ready").json() == {"status": "ok"}
