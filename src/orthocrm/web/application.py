"""The API as an ASGI application: it stands alone, or is mounted into another one."""

from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from typing import Final

from litestar import HttpMethod, Litestar
from litestar.config.cors import CORSConfig
from litestar.datastructures import MutableScopeHeaders
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.types import Message, Scope

from orthocrm.core.ports import Authenticator, Clock
from orthocrm.crm import OrthoCRM, utc_now
from orthocrm.web import handling
from orthocrm.web.declaring import Endpoint
from orthocrm.web.endpoints import ENDPOINTS
from orthocrm.web.handling import Counter
from orthocrm.web.metrics import Metrics
from orthocrm.web.openapi.document import document
from orthocrm.web.pages import routes as pages
from orthocrm.web.settings import WebSettings
from orthocrm.web.tracing import traced

_GUARDS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""No answer is kept by anybody on the way, framed, or taken for something else."""

_HTTPS_ONLY: Final = {"Strict-Transport-Security": "max-age=31536000"}
"""Browsers believe it over HTTPS only (RFC 6797, 8.1), and ask by nothing else for a year."""

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
    metrics = Metrics(crm) if served.metrics else None
    told = [] if metrics is None else [metrics.route()]
    shown = pages(served) if served.pages else ()
    return Litestar(
        route_handlers=[*(_route(counter, each, metrics) for each in ENDPOINTS), *told, *shown],
        before_send=[_guard(served)],
        on_shutdown=[counter.newsroom.close],
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
        allow_headers=[
            "authorization",
            "content-type",
            "idempotency-key",
            "if-match",
            "last-event-id",
        ],
        expose_headers=[
            "etag",
            "idempotency-replayed",
            "ratelimit-limit",
            "ratelimit-remaining",
            "ratelimit-reset",
        ],
        max_age=600,
    )


def _route(counter: Counter, endpoint: Endpoint, metrics: Metrics | None) -> HTTPRouteHandler:
    path = endpoint.path.replace("}", ":str}")
    route = HTTPRouteHandler(
        path,
        http_method=HttpMethod(endpoint.method),
        name=endpoint.id,
        status_code=_USUAL,
        request_max_body_size=min(endpoint.largest, counter.settings.largest_body),
    )
    settings = counter.settings
    handle = traced(
        counter.crm.tracer,
        endpoint,
        counter.handler(endpoint),
        has_proxies=settings.proxies > 0,
    )
    return route(handle if metrics is None else metrics.counted(endpoint, handle))


def _guard(settings: WebSettings) -> Callable[[Message, Scope], Awaitable[None]]:
    """Give every answer the headers that protect it, whoever made it."""
    headers = _GUARDS if not settings.secure_cookies else {**_GUARDS, **_HTTPS_ONLY}

    async def guard(message: Message, scope: Scope) -> None:  # noqa: ARG001 - the hook's face
        if message["type"] == "http.response.start":
            told = MutableScopeHeaders.from_message(message)
            for name, value in headers.items():
                told.setdefault(name, value)

    return guard
