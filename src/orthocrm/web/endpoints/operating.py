"""`/api/health`, `/api/ready` and the document: for those who operate an installation."""

from collections.abc import Mapping
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from attrs import frozen

from orthocrm.core.errors import OrthoCRMError
from orthocrm.web import problems
from orthocrm.web.declaring import public
from orthocrm.web.visitors import TurnedAway, Visitor


class Health(StrEnum):
    """How the process is."""

    OK = "ok"


@frozen(kw_only=True)
class Status:
    """That the process answers, or that it can do its work."""

    status: Health = Health.OK


def health(visitor: Visitor) -> Status:  # noqa: ARG001 - anybody may ask
    """Tell that the process answers."""
    return Status()


def ready(visitor: Visitor) -> Status:
    """Tell that the database can be read; 503 otherwise."""
    try:
        visitor.crm.clinics()
    except OrthoCRMError as error:
        told = problems.plain(HTTPStatus.SERVICE_UNAVAILABLE, error.code, "the database is away")
        raise TurnedAway(told) from error
    return Status()


def document(visitor: Visitor) -> Mapping[str, Any]:
    """Give the OpenAPI document of this API."""
    return visitor.document()


ENDPOINTS = (
    public("GET", "/api/health", health),
    public("GET", "/api/ready", ready),
    public("GET", "/api/openapi.json", document),
)
"""Nothing about families stands in any of them."""
