"""Every endpoint of the API, one module for each subject."""

from orthocrm.web import shapes  # noqa: F401 - teaches the codecs before endpoints look them up
from orthocrm.web.declaring import Endpoint
from orthocrm.web.endpoints import activities, analytics, leads, pipeline, sources, tasks

ENDPOINTS: tuple[Endpoint, ...] = (
    *leads.ENDPOINTS,
    *activities.ENDPOINTS,
    *tasks.ENDPOINTS,
    *sources.ENDPOINTS,
    *pipeline.ENDPOINTS,
    *analytics.ENDPOINTS,
)
"""All of them; the document, the routes and the matrix of the tests are made of this table."""
