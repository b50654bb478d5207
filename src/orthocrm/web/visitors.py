"""Somebody at the door: who asks before there is an actor, and what they take away."""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from attrs import define, field
from litestar.datastructures import Cookie

from orthocrm.core.errors import InvalidInput
from orthocrm.core.ids import ClinicId
from orthocrm.crm import OrthoCRM, utc_now
from orthocrm.web.problems import ProblemDetails

SESSION_SECONDS: Final = 12 * 60 * 60
"""How long a browser keeps the cookie: as long as a session can last at most."""


class TurnedAway(Exception):
    """A refusal that only HTTP knows, with its headers."""

    def __init__(self, told: ProblemDetails, headers: dict[str, str] | None = None) -> None:
        super().__init__(told.code)
        self.told = told
        self.headers = headers or {}


@define(kw_only=True)
class Visitor:
    """Who asks: the cookie that came with the request, and the cookies that go back with it.

    `cookie` is the name of the cookie of a session, `is_secure` whether it keeps to HTTPS; `url` is
    the address that was asked for, at the instant `now`; `document` gives the document of the
    API; `delivered_to` names the clinic in whose inbox something was put.
    """

    crm: OrthoCRM
    cookie: str
    is_secure: bool
    session: str | None = field(default=None, repr=False)
    device: str | None = field(default=None, repr=False)
    headers: dict[str, str] = field(factory=dict, repr=False)
    url: str = field(default="", repr=False)
    now: datetime = field(factory=utc_now)
    cookies: list[Cookie] = field(factory=list, repr=False)
    delivered_to: ClinicId | None = None
    document: Callable[[], Mapping[str, Any]] = field(default=dict, repr=False)

    def keep(self, token: str) -> None:
        """Let the browser keep the token of a session."""
        self.cookies.append(self._cookie(token, SESSION_SECONDS))

    def forget(self) -> None:
        """Let the browser forget the token of its session."""
        self.cookies.append(self._cookie("", 0))

    def clinic(self, wanted: str | None) -> ClinicId:
        """Give the clinic that somebody names, or the only one that there is.

        Raises:
            InvalidInput: there are several, and none is named.
        """
        if wanted is not None:
            return ClinicId(wanted)
        known = self.crm.clinics()
        if len(known) != 1:
            raise InvalidInput.at("clinic_id", "missing", "name the clinic")
        return known[0].id

    def _cookie(self, token: str, seconds: int) -> Cookie:
        return Cookie(
            key=self.cookie,
            value=token,
            path="/",
            max_age=seconds,
            secure=self.is_secure,
            httponly=True,
            samesite="strict",
        )


def csrf_token(session: str) -> str:
    """Give what a page has to bring beside its cookie, which no other site can know."""
    return hmac.new(session.encode(), b"orthocrm csrf", hashlib.sha256).hexdigest()
