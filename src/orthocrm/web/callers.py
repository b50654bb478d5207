"""Who sends a request: what it brings to say so, from where it comes, and who that is."""

import hmac
from collections.abc import Sequence
from http import HTTPStatus
from ipaddress import IPv6Address, IPv6Network, ip_address
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
SAFE: Final = ("GET", "HEAD", "OPTIONS")
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
    if session is not None and request.method not in SAFE:
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
    if origin is not None and origin in settings.allow_origins:
        return
    is_own = origin is None or _host(origin) == request.headers.get("host")
    if site not in (None, *_OWN_SITE) or not is_own:
        raise _foreign("another site asks")


def _host(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc or None
    except ValueError:
        return None


def _foreign(why: str) -> TurnedAway:
    return TurnedAway(problems.plain(HTTPStatus.FORBIDDEN, "foreign_page", why))


def address(request: AnyRequest, settings: WebSettings) -> str:
    """Give the network of whoever asks, behind as many proxies as there are.

    It is an address of IPv4, or the /64 of one of IPv6, in which everybody has 2^64 of them.
    """
    direct = request.client.host if request.client else ""
    named = _forwarded(request, "x-forwarded-for", settings)
    return _network(direct) if named is None else _network(named, _network(direct))


def asked_url(request: AnyRequest, settings: WebSettings) -> str:
    """Give the address that was asked for, as it was outside of the proxies."""
    scheme = _forwarded(request, "x-forwarded-proto", settings)
    url = request.url
    return str(url.with_replacements(scheme=scheme) if scheme in ("http", "https") else url)


def _forwarded(request: AnyRequest, name: str, settings: WebSettings) -> str | None:
    """Give what the outermost of one's own proxies says; whatever stands before it anybody says."""
    if settings.proxies == 0:
        return None
    named = ",".join(request.headers.getall(name, [])).split(",")
    return named[-settings.proxies].strip() if len(named) >= settings.proxies else None


def _network(text: str, otherwise: str | None = None) -> str:
    try:
        found = ip_address(text.strip("[]"))
    except ValueError:
        return text if otherwise is None else otherwise
    if not isinstance(found, IPv6Address):
        return str(found)
    return str(found.ipv4_mapped or IPv6Network((int(found), 64), strict=False))


def _clinic(request: AnyRequest) -> ClinicId | None:
    named = request.headers.get("x-clinic-id")
    return None if named is None else ClinicId(named)
