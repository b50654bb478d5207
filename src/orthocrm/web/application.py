"""The API as an ASGI application: it stands alone, or is mounted into another one."""

from collections.abc import Sequence
from functools import cache

from litestar import HttpMethod, Litestar
from litestar.config.cors import CORSConfig
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler

from orthocrm.core.ports import Authenticator, Clock
from orthocrm.crm import OrthoCRM, utc_now
from orthocrm.web import handling
from orthocrm.web.declaring import Endpoint
from orthocrm.web.endpoints import ENDPOINTS
from orthocrm.web.handling import Counter
from orthocrm.web.openapi.document import document
from orthocrm.web.settings import WebSettings

_USUAL = 200
"""Each answer says its own status; Litestar wants to know a usual one."""


def application(
    crm: OrthoCRM,
    authenticators: Sequence[Authenticator],
    *,
    settings: WebSettings | None = None,
    clock: Clock = utc_now,
) -> Litestar:
    """Make the application.

    Args:
        crm: the installation that it serves; whoever opened it closes it.
        authenticators: tell who sends a request; the first that knows the caller is believed.
        settings: what differs from a server behind HTTPS that nobody else's pages call.
        clock: tells the time.
    """
    served = settings or WebSettings()
    counter = Counter(
        crm=crm,
        authenticators=authenticators,
        settings=served,
        clock=clock,
        document=cache(lambda: document(ENDPOINTS)),
    )
    return Litestar(
        route_handlers=[_route(counter, endpoint) for endpoint in ENDPOINTS],
        openapi_config=None,
        logging_config=None,
        cors_config=_shared_with(served),
        exception_handlers={HTTPException: handling.refused_by_http, Exception: handling.failed},
        request_max_body_size=served.largest_body,
    )


def _shared_with(settings: WebSettings) -> CORSConfig | None:
    """Let the pages of named origins call the API; none without."""
    if not settings.allow_origins:
        return None
    return CORSConfig(
        allow_origins=list(settings.allow_origins),
        allow_headers=["authorization", "content-type", "idempotency-key", "if-match"],
        expose_headers=["etag", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"],
        max_age=600,
    )


def _route(counter: Counter, endpoint: Endpoint) -> HTTPRouteHandler:
    path = endpoint.path.replace("}", ":str}")
    method = HttpMethod(endpoint.method)
    route = HTTPRouteHandler(path, http_method=method, name=endpoint.id, status_code=_USUAL)
    return route(counter.handler(endpoint))
