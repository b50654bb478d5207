"""`/api/session`: logging in and out, and passwords that are set by a one-time token."""

from datetime import datetime
from http import HTTPStatus
from math import ceil

from attrs import frozen

from orthocrm.services.access.results import LogIn, LogInOutcome
from orthocrm.web import problems
from orthocrm.web.declaring import public
from orthocrm.web.visitors import TurnedAway, Visitor, csrf_token


@frozen(kw_only=True)
class LoggedIn:
    """What came of a log-in.

    IN: the browser has its cookie, and brings `csrfToken` in the header `X-CSRF-Token` with
    whatever changes something. CODE_NEEDED: ask for the second factor and log in again with it.
    `enrolBy`: the practice asks for a second factor, without which nobody comes in after that.
    SECOND_FACTOR_DUE: it is after that; an administrator can begin the time anew.
    """

    outcome: LogInOutcome
    csrf_token: str | None = None
    expires_at: datetime | None = None
    enrol_by: datetime | None = None


@frozen(kw_only=True)
class Entered:
    """Whether a browser comes with a session that stands, and what it brings with its changes."""

    csrf_token: str | None


def session(visitor: Visitor) -> Entered:
    """Tell a page that was opened anew whether its browser is logged in; to ask is a use of it."""
    token = visitor.session
    is_known = token is not None and visitor.crm.access.session(token) is not None
    return Entered(csrf_token=csrf_token(token) if token is not None and is_known else None)


def log_in(
    visitor: Visitor,
    *,
    email: str,
    password: str,
    code: str | None = None,
    clinic_id: str | None = None,
) -> LoggedIn:
    """Log in by e-mail and password, and by a code where there is a second factor.

    Whatever is wrong is answered alike; too many failures lock the address for a while.
    """
    done = visitor.crm.access.log_in(
        visitor.clinic(clinic_id),
        email,
        password,
        code,
        device=visitor.device,
        replaces=visitor.session,
    )
    if done.outcome is LogInOutcome.LOCKED:
        raise _locked(done, visitor.now)
    if done.outcome is LogInOutcome.REFUSED:
        raise TurnedAway(
            problems.plain(HTTPStatus.UNAUTHORIZED, "refused", "address, password or code is wrong")
        )
    if done.token is None or done.session is None:
        return LoggedIn(outcome=done.outcome, enrol_by=done.enrol_by)
    visitor.keep(done.token)
    return LoggedIn(
        outcome=done.outcome,
        csrf_token=csrf_token(done.token),
        expires_at=done.session.expires_at,
        enrol_by=done.enrol_by,
    )


def _locked(done: LogIn, now: datetime) -> TurnedAway:
    left = 1 if done.locked_until is None else ceil((done.locked_until - now).total_seconds())
    told = problems.plain(
        HTTPStatus.TOO_MANY_REQUESTS,
        "locked",
        "too many failures: wait as long as Retry-After says",
    )
    return TurnedAway(told, {"Retry-After": str(max(1, left))})


def log_out(visitor: Visitor) -> None:
    """Log out; whoever is not logged in stays so."""
    if visitor.session is not None:
        visitor.crm.access.log_out(visitor.session)
    visitor.forget()


def set_password(visitor: Visitor, *, token: str, password: str) -> None:
    """Set a password by a one-time token; all sessions of the user end."""
    visitor.crm.access.set_password(token, password)


ENDPOINTS = (
    public("GET", "/api/session", session),
    public("POST", "/api/session", log_in),
    public("DELETE", "/api/session", log_out),
    public("POST", "/api/password", set_password),
)
"""Everything else asks who it is first."""
