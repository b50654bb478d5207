"""The codec of nouns: objects whose keys are their fields."""

import re
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from attrs import field, frozen

from orthocrm.core.errors import InvalidInput
from orthocrm.core.reading import Reading
from orthocrm.web.wire.codec import Book, Codec, Json, Way, Writer, writer
from orthocrm.web.wire.naming import path as outside_path

_SHOWN_KEY = re.compile("[A-Za-z][A-Za-z0-9_]{0,39}", re.ASCII)
"""What looks like the name of a field; anything else may be a value in the wrong place."""


@frozen(kw_only=True)
class Part:
    """One field of a record: its name inside, its codec, and whether it has to be given.

    What is `answered_only` a noun computes itself.
    """

    name: str
    codec: Codec
    required: bool
    answered_only: bool = False


@frozen
class Record:
    """A noun. Keys that it does not have are refused, as is a second spelling of one."""

    kind: type
    parts: Mapping[str, Part] = field(hash=False)
    make: Callable[..., Any] = field(eq=False)
    name: str

    @property
    def _owner(self) -> object:
        """Give what stands behind the name of the component."""
        return self.kind if self.make is self.kind else self.name

    @cached_property
    def readable(self) -> Mapping[str, Part]:
        """What a request may hold."""
        return {key: part for key, part in self.parts.items() if not part.answered_only}

    def read(self, value: Json, path: str, reading: Reading) -> Any:  # noqa: ANN401 - the noun
        """Make the noun of an object, or note everything that is wrong with it."""
        if not isinstance(value, dict):
            reading.refuse(path or "body", "wrong_type", "give an object")
            return None
        found = len(reading.problems)
        self._refuse_unknown(value, path, reading)
        given: dict[str, Any] = {}
        for key, part in self.readable.items():
            if key in value:
                given[part.name] = part.codec.read(value[key], _within(path, key), reading)
            elif part.required:
                reading.refuse(_within(path, key), "missing", "give a value")
        return self._made(given, path, reading) if len(reading.problems) == found else None

    def _refuse_unknown(self, value: dict[str, Json], path: str, reading: Reading) -> None:
        for key in value:
            if key not in self.readable:
                shown = key if _SHOWN_KEY.fullmatch(key) else "body"
                reading.refuse(_within(path, shown), "unknown_field", "there is no such field")

    def _made(self, given: dict[str, Any], path: str, reading: Reading) -> Any:  # noqa: ANN401 - the noun
        try:
            return self.make(**given)
        except InvalidInput as refused:
            for problem in refused.problems:
                within = _within(path, outside_path(problem.path, self.kind))
                reading.refuse(within, problem.code, problem.message)
            return None

    @cached_property
    def _writers(self) -> tuple[tuple[str, str, Writer], ...]:
        """How each field is written: its key, its name inside, and what writes it."""
        return tuple((key, part.name, writer(part.codec)) for key, part in self.parts.items())

    def write(self, value: Any) -> Json:  # noqa: ANN401 - the noun
        """Give an object with every field."""
        return {key: write(getattr(value, name)) for key, name, write in self._writers}

    def schema(self, book: Book, way: Way) -> dict[str, Any]:
        """Describe it as a component of its own."""
        return book.refer(self.name, way, lambda: self._schema(book, way), self._owner)

    def _schema(self, book: Book, way: Way) -> dict[str, Any]:
        parts = self.readable if way is Way.IN else self.parts
        required = [key for key, part in parts.items() if part.required or way is Way.OUT]
        described: dict[str, Any] = {
            "type": "object",
            "additionalProperties": False,
            "properties": {key: part.codec.schema(book, way) for key, part in parts.items()},
        }
        if required:
            described["required"] = required
        summary = _summary(self.kind)
        return described | ({"description": summary} if summary else {})


@frozen
class Shown:
    """A noun that is shown in another shape: `show` makes it, `inner` writes that."""

    show: Callable[[Any], Any]
    inner: Codec

    def read(self, value: Json, path: str, reading: Reading) -> None:  # noqa: ARG002 - the codec's face
        """Refuse: such a noun comes in by its verbs only."""
        reading.refuse(path, "wrong_type", "this cannot be given")

    def write(self, value: Any) -> Json:  # noqa: ANN401 - the noun
        """Give the noun in its shape."""
        return self.inner.write(self.show(value))

    def schema(self, book: Book, way: Way) -> dict[str, Any]:
        """Describe the shape."""
        return self.inner.schema(book, way)


def _within(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _summary(kind: type) -> str:
    if kind is dict:
        return ""
    return (kind.__doc__ or "").strip().partition("\n")[0]
