"""Every endpoint of the API, one module for each subject."""

from orthocrm.web import shapes  # noqa: F401 - teaches the codecs before endpoints look them up
from orthocrm.web.declaring import Endpoint
from orthocrm.web.endpoints import (
    access,
    activities,
    agent,
    analytics,
    appointments,
    assignment,
    availability,
    followups,
    hooks,
    identity,
    imports,
    intelligence,
    leads,
    live,
    operating,
    pipeline,
    privacy,
    sessions,
    settings,
    sources,
    tasks,
    views,
)

ENDPOINTS: tuple[Endpoint, ...] = (
    *leads.ENDPOINTS,
    *activities.ENDPOINTS,
    *tasks.ENDPOINTS,
    *identity.ENDPOINTS,
    *views.ENDPOINTS,
    *sources.ENDPOINTS,
    *pipeline.ENDPOINTS,
    *assignment.ENDPOINTS,
    *followups.ENDPOINTS,
    *agent.ENDPOINTS,
    *appointments.ENDPOINTS,
    *availability.ENDPOINTS,
    *analytics.ENDPOINTS,
    *intelligence.ENDPOINTS,
    *imports.ENDPOINTS,
    *settings.ENDPOINTS,
    *privacy.ENDPOINTS,
    *sessions.ENDPOINTS,
    *access.ENDPOINTS,
    *hooks.ENDPOINTS,
    *live.ENDPOINTS,
    *operating.ENDPOINTS,
)
"""All of them; the document, the routes and the matrix of the tests are made of this table."""
