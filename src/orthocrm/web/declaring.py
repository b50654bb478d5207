"""Endpoints as values: method, path, the operation behind it, and what goes in and out.

An endpoint of a verb takes its parameters from the verb's own signature: names in the path, the
others in the query of GET and DELETE, in the body of everything else. A single noun *is* the body.
Where the source documents ask for another form, a function of the desk stands in between.
"""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final, get_type_hints

from attrs import evolve, field, frozen

from orthocrm.core.actor import Permission
from orthocrm.desk import Desk
from orthocrm.services.areas import OPERATIONS
from orthocrm.services.notifications.callbacks import MOST_BYTES as LARGEST_DELIVERY
from orthocrm.web.wire.annotations import codec_of
from orthocrm.web.wire.codec import Codec
from orthocrm.web.wire.naming import camel, outside
from orthocrm.web.wire.records import Part, Record

_IN_PATH = re.compile(r"{(\w+)}")
_SECTION = re.compile(r"^(?:Raises|Args|Returns):", re.MULTILINE)
_BODILESS: Final = ("GET", "DELETE")

LARGEST_FORM: Final = 64 * 1024
"""The most bytes of JSON from anybody."""

LARGEST_JSON: Final = 5 * 1024 * 1024
"""The most bytes of JSON from somebody who is known: a thousand leads."""

LARGEST_FILE: Final = 25 * 1024 * 1024
"""The most bytes of a file."""
_OF_THE_DESK: Final = ("self", "desk", "visitor")


class Place(StrEnum):
    """Where a parameter comes from."""

    PATH = "path"
    QUERY = "query"


@frozen(kw_only=True)
class Parameter:
    """One parameter outside of the body: `outside` is its name there."""

    name: str
    outside: str
    codec: Codec = field(eq=False)
    place: Place
    required: bool


@frozen(kw_only=True)
class Endpoint:
    """One method of one path.

    `call` takes the desk and the arguments by name; without an `operation` anybody may ask, and it
    takes a visitor in place of the desk. Without an `answer` there is nothing to say.
    `noun` is the argument that the whole body is, None where the body is an object of arguments;
    `raw` the argument that takes the bytes of the body as they are. `media` is the type of an
    answer that is no JSON, `file` the name under which a browser keeps it. What `is_composed` may
    ask other verbs before the one whose right it needs, so that right is asked for first. What
    `is_stream` goes on answering, and can be resumed by the id of what came last.
    """

    method: str
    path: str
    operation: str | None
    call: Callable[..., Any] = field(eq=False, repr=False)
    parameters: tuple[Parameter, ...] = ()
    body: Record | None = field(default=None, eq=False, repr=False)
    noun: str | None = None
    raw: str | None = None
    media: str | None = None
    file: str | None = None
    is_composed: bool = False
    is_stream: bool = False
    answer: Codec | None = field(default=None, eq=False, repr=False)
    status: int = HTTPStatus.OK
    summary: str = ""
    description: str = ""

    @property
    def is_public(self) -> bool:
        """Whether anybody may ask, before there is an actor."""
        return self.operation is None

    @property
    def is_upload(self) -> bool:
        """Whether the body is a file, which only somebody who is known may bring."""
        return self.raw is not None and not self.is_public

    @property
    def largest(self) -> int:
        """The most bytes of its body."""
        if self.is_upload:
            return LARGEST_FILE
        if self.raw is not None:
            return LARGEST_DELIVERY
        return LARGEST_FORM if self.is_public else LARGEST_JSON

    @property
    def permission(self) -> Permission | None:
        """What the actor needs; None for what is public."""
        return None if self.operation is None else OPERATIONS[self.operation].permission

    @property
    def pattern(self) -> str:
        """The path with the names of its parameters outside."""
        return _IN_PATH.sub(lambda found: "{" + camel(found[1]) + "}", self.path)

    @property
    def id(self) -> str:
        """A name of its own for the document: `getLeadsLeadId`."""
        words = re.findall(r"\w+", self.pattern.replace("/api", "", 1).replace("-", "_"))
        return self.method.lower() + "".join(map(_capital, map(camel, words)))


def verb(method: str, path: str, operation: str, status: int | None = None) -> Endpoint:
    """Declare an endpoint that is a verb of the desk, parameter by parameter."""
    area, name = operation.split(".")

    def call(desk: Desk, **arguments: Any) -> Any:  # noqa: ANN401 - any verb
        return getattr(getattr(desk, area), name)(**arguments)

    return _endpoint(method, path, operation, call, OPERATIONS[operation].call, status)


def function(
    method: str,
    path: str,
    operation: str,
    act: Callable[..., Any],
    status: int | None = None,
) -> Endpoint:
    """Declare an endpoint whose function asks the desk in its own words."""
    return evolve(_endpoint(method, path, operation, act, act, status), is_composed=True)


def public(
    method: str,
    path: str,
    act: Callable[..., Any],
    status: int | None = None,
    *,
    media: str | None = None,
    file: str | None = None,
) -> Endpoint:
    """Declare an endpoint for whoever comes: its function is asked by a `Visitor`."""
    return evolve(_endpoint(method, path, None, act, act, status), media=media, file=file)


def delivery(path: str, act: Callable[..., Any]) -> Endpoint:
    """Declare an endpoint to which strangers deliver bytes, which `act` takes as `content`."""
    made = _endpoint("POST", path, None, act, act, HTTPStatus.ACCEPTED, raw="content")
    return evolve(made, raw="content")


def download(path: str, operation: str, act: Callable[..., str], media: str, file: str) -> Endpoint:
    """Declare an endpoint that answers with a text of its own type, to be kept as a file."""
    made = _endpoint("GET", path, operation, act, act, None)
    return evolve(made, media=media, file=file, is_composed=True)


def stream(path: str, operation: str, act: Callable[..., Any]) -> Endpoint:
    """Declare an endpoint of server-sent events, which go on from what `act` opens."""
    made = _endpoint("GET", path, operation, act, act, None, answers=str)
    return evolve(made, media="text/event-stream", is_composed=True, is_stream=True)


def upload(
    path: str, operation: str, act: Callable[..., Any], status: int | None = None
) -> Endpoint:
    """Declare an endpoint whose body is a file, which `act` takes as `content`.

    Its other parameters stand in the query.
    """
    made = _endpoint("POST", path, operation, act, act, status, raw="content")
    return evolve(made, raw="content", is_composed=True)


def _endpoint(
    method: str,
    path: str,
    operation: str | None,
    call: Callable[..., Any],
    signed: Callable[..., Any],
    status: int | None,
    raw: str | None = None,
    answers: type | None = None,
) -> Endpoint:
    hints = get_type_hints(signed)
    told = answers or hints["return"]
    named = _IN_PATH.findall(path)
    given = {
        name: parameter
        for name, parameter in inspect.signature(signed).parameters.items()
        if name not in (*_OF_THE_DESK, raw)
    }
    others = [name for name in given if name not in named]
    bodiless = method in _BODILESS or raw is not None
    called = operation or signed.__name__
    body, noun = (None, None) if bodiless else _body(called, given, hints, others)
    answer = None if told is type(None) else codec_of(told)
    summary, description = _told(signed)
    outer = [(name, Place.PATH) for name in named]
    if bodiless:
        outer += [(name, Place.QUERY) for name in others]
    return Endpoint(
        method=method,
        path=path,
        operation=operation,
        call=call,
        parameters=tuple(_parameter(given[name], hints[name], place) for name, place in outer),
        body=body,
        noun=noun,
        answer=answer,
        status=status or (HTTPStatus.NO_CONTENT if answer is None else HTTPStatus.OK),
        summary=summary,
        description=description,
    )


def _parameter(parameter: inspect.Parameter, hint: Any, place: Place) -> Parameter:  # noqa: ANN401 - any annotation
    return Parameter(
        name=parameter.name,
        outside=outside(parameter.name, hint),
        codec=codec_of(hint),
        place=place,
        required=parameter.default is inspect.Parameter.empty,
    )


def _body(
    operation: str,
    given: Mapping[str, inspect.Parameter],
    hints: Mapping[str, Any],
    names: Sequence[str],
) -> tuple[Record | None, str | None]:
    if not names:
        return None, None
    if len(names) == 1 and isinstance(codec := codec_of(hints[names[0]]), Record):
        return codec, names[0]
    parts = {
        outside(name, hints[name]): Part(
            name=name,
            codec=codec_of(hints[name]),
            required=given[name].default is inspect.Parameter.empty,
        )
        for name in names
    }
    return Record(dict, parts, dict, _request_name(operation)), None


def _request_name(operation: str) -> str:
    return "".join(_capital(camel(word)) for word in operation.split(".")) + "Request"


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:]


def _told(signed: Callable[..., Any]) -> tuple[str, str]:
    """Take the first sentence of a docstring, and what follows it before `Raises`."""
    summary, _, rest = (inspect.getdoc(signed) or "").partition("\n")
    return summary.rstrip("."), _SECTION.split(rest)[0].strip()
