"""Who sends a request: what it brings to say so, from where it comes, and who that is."""

import hmac
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from litestar import Request

from orthocrm.core.access import Credentials
from orthocrm.core.actor import Actor
from orthocrm.core.ids import ClinicId
from orthocrm.core.ports import Authenticator
from orthocrm.web import problems
from orthocrm.web.settings import WebSettings
from orthocrm.web.visitors import TurnedAway, csrf_token

AnyRequest = Request[Any, Any, Any]

_BEARER: Final = "bearer "
_SAFE: Final = ("GET", "HEAD", "OPTIONS")
_OWN_SITE: Final = ("same-origin", "none")
_LONGEST: Final = 20_000
"""The longest header that is looked at."""


def actor_of(authenticators: Sequence[Authenticator], brought: Credentials) -> Actor | None:
    """Give the actor that the first authenticator who knows the caller names."""
    for authenticator in authenticators:
        actor = authenticator.authenticate(brought)
        if actor is not None:
            return actor
    return None


def credentials(request: AnyRequest, settings: WebSettings) -> Credentials:
    """Collect what a request brings; the host application finds its own user in `host`.

    Raises:
        TurnedAway: it comes by the cookie of a session, and from another site.
    """
    stated, clinic = request.headers.get("authorization", ""), _clinic(request)
    if stated.lower().startswith(_BEARER) and len(stated) <= _LONGEST:
        bearer = stated[len(_BEARER) :].strip()
        return Credentials(bearer=bearer, host=request, clinic=clinic)
    session = request.cookies.get(settings.cookie)
    if session is not None and request.method not in _SAFE:
        ensure_own_page(request, session, settings)
    return Credentials(session=session, host=request, clinic=clinic)


def ensure_own_page(request: AnyRequest, session: str, settings: WebSettings) -> None:
    """Refuse what another site makes a browser send: its cookies go along by themselves.

    Raises:
        TurnedAway: the browser says that another site asks, or the token of the page is missing.
    """
    ensure_own_site(request, settings)
    token = request.headers.get("x-csrf-token", "")
    if not hmac.compare_digest(token.encode(), csrf_token(session).encode()):
        raise _foreign("send the token of the session in X-CSRF-Token")


def ensure_own_site(request: AnyRequest, settings: WebSettings) -> None:
    """Refuse what a browser sends for another site, by what the browser itself says of it.

    Raises:
        TurnedAway: the browser says that another site asks.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    known = (None, *settings.allow_origins)
    is_own = origin in known or urlsplit(origin or "").netloc == request.headers.get("host")
    if site not in (None, *_OWN_SITE) or not is_own:
        raise _foreign("another site asks")


def _foreign(why: str) -> TurnedAway:
    return TurnedAway(problems.plain(HTTPStatus.FORBIDDEN, "foreign_page", why))


def address(request: AnyRequest, settings: WebSettings) -> str:
    """Give the network address of whoever asks, behind as many proxies as there are."""
    direct = request.client.host if request.client else ""
    if settings.proxies == 0:
        return direct
    named = request.headers.get("x-forwarded-for", "").split(",")
    return named[-settings.proxies].strip() if len(named) >= settings.proxies else direct


def _clinic(request: AnyRequest) -> ClinicId | None:
    named = request.headers.get("x-clinic-id")
    return None if named is None else ClinicId(named)
