"""What an endpoint answers: the noun as JSON with its version, or a problem."""

from http import HTTPStatus
from typing import Any, Final

import msgspec
from litestar import Response

from orthocrm.web import problems
from orthocrm.web.declaring import Endpoint
from orthocrm.web.problems import ProblemDetails
from orthocrm.web.wire.annotations import codec_of

JSON: Final = "application/json"
_VERSIONED: Final = ("lead", "appointment", "task")
_PAGE: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
    )
}
"""A page to print has styles of its own, and nothing in it runs."""


def written(endpoint: Endpoint, result: Any) -> Response[bytes]:  # noqa: ANN401 - any verb's result
    """Give the result of an endpoint, with an ETag where it has a version."""
    if endpoint.answer is None:
        return Response(b"", status_code=HTTPStatus.NO_CONTENT)
    if endpoint.media is not None:
        return _text(endpoint, endpoint.media, result)
    value = endpoint.answer.write(result)
    tag = etag(value)
    headers = {} if tag is None else {"ETag": tag}
    content = msgspec.json.encode(value)
    return Response(content, status_code=endpoint.status, media_type=JSON, headers=headers)


def problem(told: ProblemDetails, headers: dict[str, str] | None = None) -> Response[bytes]:
    """Give a problem."""
    content = msgspec.json.encode(codec_of(ProblemDetails).write(told))
    return Response(
        content,
        status_code=told.status,
        media_type=problems.MEDIA_TYPE,
        headers=headers or {},
    )


def _text(endpoint: Endpoint, media: str, result: str) -> Response[bytes]:
    """Give a text of its own type; a browser keeps it as a file of a name that we choose."""
    headers = _PAGE if media.startswith("text/html") else {}
    if endpoint.file is not None:
        headers = {**headers, "Content-Disposition": f'attachment; filename="{endpoint.file}"'}
    headers = {**headers, "Content-Type": media}
    return Response(result.encode(), headers=headers)


def etag(value: Any) -> str | None:  # noqa: ANN401 - a JSON value
    """Give the tag of a noun, or of the one that a result is about: its version.

    >>> etag({"lead": {"id": "l-1", "version": 3}})
    '"3"'
    """
    if not isinstance(value, dict):
        return None
    about = next((value[key] for key in _VERSIONED if isinstance(value.get(key), dict)), value)
    version = about.get("version")
    return None if version is None else f'"{version}"'
