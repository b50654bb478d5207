"""Who sends a request: what it brings to say so, and who that is."""

from collections.abc import Sequence
from typing import Any, Final

from litestar import Request

from orthocrm.core.access import Credentials
from orthocrm.core.actor import Actor
from orthocrm.core.ports import Authenticator

AnyRequest = Request[Any, Any, Any]

COOKIE: Final = "__Host-orthocrm"
"""The cookie of a session; its prefix keeps it to this host and to HTTPS."""

_BEARER: Final = "bearer "


def actor_of(authenticators: Sequence[Authenticator], request: AnyRequest) -> Actor | None:
    """Give the actor that the first authenticator who knows the caller names."""
    brought = credentials(request)
    for authenticator in authenticators:
        actor = authenticator.authenticate(brought)
        if actor is not None:
            return actor
    return None


def credentials(request: AnyRequest) -> Credentials:
    """Collect what a request brings; the host application finds its own user in `host`."""
    stated = request.headers.get("authorization", "")
    bearer = stated[len(_BEARER) :].strip() if stated.lower().startswith(_BEARER) else None
    return Credentials(bearer=bearer, session=request.cookies.get(COOKIE), host=request)
