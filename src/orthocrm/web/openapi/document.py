"""The document: every endpoint with what it takes, answers and refuses."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, Final

from orthocrm.web import conditions, problems, repeating
from orthocrm.web.declaring import Endpoint, Parameter
from orthocrm.web.problems import ProblemDetails
from orthocrm.web.wire.annotations import codec_of
from orthocrm.web.wire.codec import Book, Way
from orthocrm.web.wire.gatherings import Nullable
from orthocrm.web.wire.queries import Condition, Order

_ALWAYS: Final = (
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.CONFLICT,
    HTTPStatus.PRECONDITION_FAILED,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
_KEY: Final[Mapping[str, Any]] = {
    "name": repeating.KEY,
    "in": "header",
    "required": False,
    "description": "the same key twice in a day has one effect, and the same answer",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}
_REPLAYED: Final[Mapping[str, Any]] = {
    "description": "the answer is that of an earlier request with the same key",
    "schema": {"type": "string", "const": "true"},
}
_VERSION: Final[Mapping[str, Any]] = {
    "name": conditions.VERSION,
    "in": "header",
    "required": False,
    "description": "the ETag that was told: the change is made to that version, or refused by 412",
    "schema": {"type": "string", "pattern": '^("[0-9]{1,18}"|\\*)$'},
}
_LAST: Final[Mapping[str, Any]] = {
    "name": conditions.LAST,
    "in": "header",
    "required": False,
    "description": "the id of what was heard last, which browsers send when they come back",
    "schema": {"type": "string", "pattern": "^[!-~]{1,64}$"},
}
_MESSAGE: Final[Mapping[str, Any]] = {
    "type": "object",
    "description": "one message; without an `event` its `data` is a Happening",
    "properties": {
        "id": {"type": "string"},
        "event": {"type": "string", "enum": ["reset", "end"]},
        "data": {"type": "string", "contentMediaType": "application/json"},
    },
}
"""What each of a stream's messages holds: OpenAPI 3.1 has no other word for it."""
_BYTES: Final[Mapping[str, Any]] = {
    "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}
}
"""A body of any bytes; generators of clients ask for a schema where none would say the same."""
_WITH_BODY: Final = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
)


def document(endpoints: Iterable[Endpoint]) -> dict[str, Any]:
    """Describe the endpoints."""
    known = tuple(endpoints)
    first = Book()
    _paths(known, first)
    book = first.emptied()
    paths = _paths(known, book)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "orthocrm",
            "version": version("orthocrm"),
            "summary": "Lead management and appointment scheduling for orthodontic practices",
        },
        "paths": paths,
        "components": {
            "schemas": dict(sorted(book.schemas.items())),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"bearer": []}],
    }


def _paths(endpoints: Iterable[Endpoint], book: Book) -> dict[str, Any]:
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.pattern, {})[endpoint.method.lower()] = _operation(endpoint, book)
    return paths


def _operation(endpoint: Endpoint, book: Book) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": endpoint.id,
        "summary": endpoint.summary,
        "responses": _responses(endpoint, book),
    }
    if endpoint.operation is None:
        told |= {"tags": ["public"], "security": []}
    else:
        told["tags"] = [endpoint.operation.partition(".")[0]]
        told["x-permission"] = endpoint.permission
    if endpoint.description:
        told["description"] = endpoint.description
    parameters = [_parameter(parameter, book) for parameter in endpoint.parameters]
    if repeating.takes_key(endpoint):
        parameters.append(dict(_KEY))
    if conditions.takes_version(endpoint):
        parameters.append(dict(_VERSION))
    if endpoint.is_stream:
        parameters.append(dict(_LAST))
    if parameters:
        told["parameters"] = parameters
    if endpoint.body is not None:
        told["requestBody"] = {
            "required": any(part.required for part in endpoint.body.parts.values()),
            "content": {"application/json": {"schema": endpoint.body.schema(book, Way.IN)}},
        }
    if endpoint.raw is not None:
        told["requestBody"] = {"required": True, "content": _BYTES}
    return told


def _parameter(parameter: Parameter, book: Book) -> dict[str, Any]:
    codec = parameter.codec.inner if isinstance(parameter.codec, Nullable) else parameter.codec
    described: dict[str, Any] = {
        "name": parameter.outside,
        "in": parameter.place.value,
        "required": parameter.required,
    }
    schema = codec.schema(book, Way.IN)
    if isinstance(codec, Condition | Order):
        return described | {"content": {"application/json": {"schema": schema}}}
    return described | {"schema": schema}


def _responses(endpoint: Endpoint, book: Book) -> Mapping[str, Any]:
    statuses = (*_ALWAYS, *_WITH_BODY)
    refusal = {
        "description": "a problem",
        "content": {
            problems.MEDIA_TYPE: {"schema": codec_of(ProblemDetails).schema(book, Way.OUT)}
        },
    }
    told: dict[str, Any] = {"description": HTTPStatus(endpoint.status).phrase}
    if repeating.takes_key(endpoint):
        told["headers"] = {repeating.REPLAYED: dict(_REPLAYED)}
    if endpoint.answer is not None:
        media = endpoint.media or "application/json"
        schema = endpoint.answer.schema(book, Way.OUT)
        told["content"] = {media: {"schema": _MESSAGE if endpoint.is_stream else schema}}
    return {str(int(endpoint.status)): told, **{str(int(s)): refusal for s in sorted(statuses)}}
