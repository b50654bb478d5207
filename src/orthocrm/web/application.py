"""The API as an ASGI application: it stands alone, or is mounted into another one."""

from collections.abc import Sequence

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

LARGEST_BODY = 25 * 1024 * 1024
"""The most bytes of a request: a file of leads may be large, nothing else is."""

_USUAL = 200
"""Each answer says its own status; Litestar wants to know a usual one."""


def application(
    crm: OrthoCRM,
    authenticators: Sequence[Authenticator],
    *,
    allow_origins: Sequence[str] = (),
    clock: Clock = utc_now,
) -> Litestar:
    """Make the application.

    Args:
        crm: the installation that it serves; whoever opened it closes it.
        authenticators: tell who sends a request; the first that knows the caller is believed.
        allow_origins: other origins whose pages may call the API; none by default.
        clock: tells the time.
    """
    counter = Counter(crm=crm, authenticators=authenticators, clock=clock)
    return Litestar(
        route_handlers=[_route(counter, endpoint) for endpoint in ENDPOINTS],
        openapi_config=None,
        logging_config=None,
        cors_config=CORSConfig(allow_origins=list(allow_origins)) if allow_origins else None,
        exception_handlers={HTTPException: handling.refused_by_http, Exception: handling.failed},
        request_max_body_size=LARGEST_BODY,
    )


def _route(counter: Counter, endpoint: Endpoint) -> HTTPRouteHandler:
    path = endpoint.path.replace("}", ":str}")
    method = HttpMethod(endpoint.method)
    route = HTTPRouteHandler(path, http_method=method, name=endpoint.id, status_code=_USUAL)
    return route(counter.handler(endpoint))
