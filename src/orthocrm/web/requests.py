"""From the parts of a request to the arguments of its endpoint: all problems at once."""

import json
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import msgspec
from litestar.datastructures import Headers

from orthocrm.core.errors import InvalidInput, Problem
from orthocrm.core.reading import Reading
from orthocrm.web import problems
from orthocrm.web.declaring import Endpoint, Parameter, Place
from orthocrm.web.visitors import TurnedAway
from orthocrm.web.wire.codec import Codec
from orthocrm.web.wire.gatherings import Listed, Nullable
from orthocrm.web.wire.naming import path as outside_path
from orthocrm.web.wire.queries import Condition, Order
from orthocrm.web.wire.scalars import Flag, Number, Seconds, Whole

_WHOLE = re.compile(r"-?[0-9]{1,19}", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]{1,19}(\.[0-9]{1,400})?([eE][+-]?[0-9]{1,3})?", re.ASCII)
_FLAGS: Final = {"true": True, "false": False}

_ONCE: Final = (
    "authorization",
    "content-type",
    "host",
    "idempotency-key",
    "if-match",
    "last-event-id",
    "origin",
    "x-clinic-id",
    "x-csrf-token",
)

Texts = Mapping[str, Sequence[str]]
"""The query: every name with all its values."""


class Malformed(ValueError):
    """The request is none that the document describes; `problems` names every part that is not.

    What the document allows and the rules of the practice refuse is an `InvalidInput` of the verb.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("the request is malformed")
        self.problems = tuple(problems)


def arguments(
    endpoint: Endpoint, path: Mapping[str, str], query: Texts, body: bytes
) -> dict[str, Any]:
    """Read everything that the endpoint takes.

    Raises:
        Malformed: names every parameter and field that is wrong, or the body, which is no JSON.
    """
    reading = Reading()
    given: dict[str, Any] = {}
    for parameter in endpoint.parameters:
        _take(parameter, path if parameter.place is Place.PATH else query, given, reading)
    _refuse_unknown(endpoint, query, reading)
    given |= _of_body(endpoint, body, reading)
    if reading.problems:
        raise Malformed(reading.problems)
    return given


def ensure_told_once(headers: Headers) -> None:
    """Refuse a header that comes twice where one answer is wanted: others may read the other one.

    Raises:
        Malformed: names them.
    """
    twice = [name for name in _ONCE if len(headers.getall(name, ())) > 1]
    if twice:
        raise Malformed([Problem(name, "repeated", "give it once") for name in twice])


def ensure_readable(endpoint: Endpoint, headers: Headers, body: bytes) -> None:
    """Refuse a body that does not say that it is JSON: forms of other sites cannot say so.

    Raises:
        TurnedAway: with 415.
    """
    if headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise _unsupported("send the body as it is, without a content encoding")
    if endpoint.body is None or not body:
        return
    media, _, parameters = headers.get("content-type", "").partition(";")
    charset = parameters.replace(" ", "").replace('"', "").lower()
    if media.strip().lower() != "application/json" or charset not in ("", "charset=utf-8"):
        raise _unsupported("send JSON as application/json, in UTF-8")


def _unsupported(why: str) -> TurnedAway:
    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    return TurnedAway(problems.plain(status, "not_this_type", why))


def _take(
    parameter: Parameter, values: Mapping[str, Any], given: dict[str, Any], reading: Reading
) -> None:
    name = parameter.name if parameter.place is Place.PATH else parameter.outside
    if name in values:
        texts = [values[name]] if parameter.place is Place.PATH else values[name]
        given[parameter.name] = _from_texts(parameter.codec, texts, parameter.outside, reading)
    elif parameter.required:
        reading.refuse(parameter.outside, "missing", "give a value")


def _refuse_unknown(endpoint: Endpoint, query: Texts, reading: Reading) -> None:
    known = {p.outside for p in endpoint.parameters if p.place is Place.QUERY}
    if not known.issuperset(query):
        reading.refuse("query", "unknown_field", "a parameter is not known here")


def _from_texts(codec: Codec, texts: Sequence[str], path: str, reading: Reading) -> Any:  # noqa: ANN401 - the codec's type
    """Read the values of a parameter, which HTTP knows as texts only."""
    if isinstance(codec, Nullable):
        return _from_texts(codec.inner, texts, path, reading)
    if isinstance(codec, Order | Condition):
        return codec.read(_parsed(texts[0], path, reading), path, reading)
    if isinstance(codec, Listed):
        return codec.read([_plain(codec.inner, text) for text in texts], path, reading)
    if len(texts) > 1:
        reading.refuse(path, "repeated", "give it once")
        return None
    return codec.read(_plain(codec, texts[0]), path, reading)


def _plain(codec: Codec, text: str) -> Any:  # noqa: ANN401 - a JSON value
    """Give the JSON value that a text stands for; what stands for none stays a text."""
    if isinstance(codec, Whole | Seconds):
        return int(text) if _WHOLE.fullmatch(text) else text
    if isinstance(codec, Number):
        return float(text) if _NUMBER.fullmatch(text) else text
    if isinstance(codec, Flag):
        return _FLAGS.get(text, text)
    return text


def _parsed(text: str, path: str, reading: Reading) -> Any:  # noqa: ANN401 - a JSON value
    try:
        return _json(text)
    except Malformed:
        reading.refuse(path, "repeated_key", "give each name once")
        return None
    except (msgspec.DecodeError, ValueError, RecursionError):
        reading.refuse(path, "not_json", "give a JSON value")
        return None


def _of_body(endpoint: Endpoint, body: bytes, reading: Reading) -> dict[str, Any]:
    if endpoint.raw is not None:
        return {endpoint.raw: body}
    if endpoint.body is None:
        if body.strip():
            reading.refuse("body", "unknown_field", "nothing is read here")
        return {}
    value = endpoint.body.read(_decoded(body), "", reading)
    if value is None:
        return {}
    return value if endpoint.noun is None else {endpoint.noun: value}


def _decoded(body: bytes) -> Any:  # noqa: ANN401 - a JSON value
    if not body.strip():
        return {}
    try:
        return _json(body)
    except Malformed:
        raise
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise Malformed([Problem("body", "not_json", "give JSON")]) from None


def _json(text: str | bytes) -> Any:  # noqa: ANN401 - a JSON value
    """Read JSON in which no object says a name twice: readers differ in which of two they take."""
    value = msgspec.json.decode(text)
    if isinstance(value, dict | list):
        json.loads(text, object_pairs_hook=_ensure_single, parse_int=str, parse_float=str)
    return value


def _ensure_single(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) != len(pairs):
        raise Malformed([Problem("body", "repeated_key", "give each name once")])


def refused(error: InvalidInput, endpoint: Endpoint) -> InvalidInput:
    """Give the problems of a verb by the names that the caller used."""
    owner = endpoint.body.kind if endpoint.body is not None else None
    return InvalidInput(
        [Problem(outside_path(p.path, owner), p.code, p.message) for p in error.problems]
    )
