"""What went wrong, as RFC 9457 says it: one table from errors to HTTP.

The text of an error of this library never holds the value that was refused; anything else that is
raised becomes a 500 that says nothing.
"""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final

from attrs import frozen

from orthocrm.core import errors
from orthocrm.core.errors import InvalidInput, OrthoCRMError, Problem
from orthocrm.core.notifying import CarrierError
from orthocrm.core.values import NO_VALUES
from orthocrm.leads.channels.signatures import Unverified
from orthocrm.scheduling.ical.values import Unreadable
from orthocrm.services.answers import KeyReused
from orthocrm.services.leads.receiving import DetailUnavailable

MEDIA_TYPE: Final = "application/problem+json"

STATUSES: Final[Mapping[type[OrthoCRMError], HTTPStatus]] = {
    errors.InvalidInput: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.Forbidden: HTTPStatus.FORBIDDEN,
    errors.RuleViolated: HTTPStatus.CONFLICT,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.Vetoed: HTTPStatus.CONFLICT,
    errors.ConfigurationError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.BackendError: HTTPStatus.SERVICE_UNAVAILABLE,
    KeyReused: HTTPStatus.UNPROCESSABLE_ENTITY,
    Unverified: HTTPStatus.UNAUTHORIZED,
    DetailUnavailable: HTTPStatus.BAD_GATEWAY,
    CarrierError: HTTPStatus.BAD_GATEWAY,
    Unreadable: HTTPStatus.UNPROCESSABLE_ENTITY,
}
"""The status of an error is that of the nearest class above it that stands here."""

_TELLING = (
    "held",
    "into",
    "least",
    "leads",
    "missing",
    "most",
    "needed",
    "plugin",
    "reason",
    "rule",
    "stage",
    "status",
    "verb",
    "wanted",
    "why",
)
"""Attributes of errors that a caller may act on: codes and counts only."""


@frozen(kw_only=True)
class FieldProblem:
    """One thing that is wrong with one field of the request; `path` is the name of the field."""

    path: str
    code: str
    message: str


@frozen(kw_only=True)
class ProblemDetails:
    """What went wrong: `code` lasts across releases, `detail` is for people.

    `problems` names every field that is wrong, `about` holds what else the code speaks of.
    """

    title: str
    status: int
    code: str
    detail: str
    type: str = "about:blank"
    problems: tuple[FieldProblem, ...] = ()
    about: Mapping[str, Any] = NO_VALUES


def of(error: OrthoCRMError, status: HTTPStatus | None = None) -> ProblemDetails:
    """Describe an error of the library, by its own status unless told otherwise."""
    status = status or status_of(error)
    return ProblemDetails(
        title=status.phrase,
        status=status,
        code=error.code,
        detail=_detail(error, status),
        problems=tuple(map(_field, error.problems)) if isinstance(error, InvalidInput) else (),
        about=_about(error) if status is not HTTPStatus.SERVICE_UNAVAILABLE else NO_VALUES,
    )


def malformed(problems: Iterable[Problem]) -> ProblemDetails:
    """Describe a request that is none that the document describes."""
    told = tuple(map(_field, problems))
    return ProblemDetails(
        title=HTTPStatus.BAD_REQUEST.phrase,
        status=HTTPStatus.BAD_REQUEST,
        code="malformed",
        detail="; ".join(f"{problem.path}: {problem.message}" for problem in told),
        problems=told,
    )


def plain(status: HTTPStatus, code: str, detail: str) -> ProblemDetails:
    """Describe what HTTP itself refuses."""
    return ProblemDetails(title=status.phrase, status=status, code=code, detail=detail)


def status_of(error: OrthoCRMError) -> HTTPStatus:
    """Give the status of an error."""
    for kind in type(error).__mro__:
        if kind in STATUSES:
            return STATUSES[kind]
    return HTTPStatus.INTERNAL_SERVER_ERROR


def _detail(error: OrthoCRMError, status: HTTPStatus) -> str:
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        return "the service cannot answer at present; try again later"
    return str(error)


def _field(problem: Problem) -> FieldProblem:
    return FieldProblem(path=problem.path, code=problem.code, message=problem.message)


def _about(error: OrthoCRMError) -> Mapping[str, Any]:
    known = vars(error)
    return {name: known[name] for name in _TELLING if isinstance(known.get(name), str | int)}
