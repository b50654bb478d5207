"""What a codec is, and the component schemas that codecs share."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Protocol

from orthocrm.core.reading import Reading

Json = Any
"""A JSON value: None, a truth value, a number, a text, a list, or a dictionary by texts."""


class Way(StrEnum):
    """The way that a value goes: in with a request, or out with an answer."""

    IN = "in"
    OUT = "out"


class Codec(Protocol):
    """Reads, writes and describes the values of one type."""

    def read(self, value: Json, path: str, reading: Reading) -> Any:  # noqa: ANN401 - the codec's own type
        """Make the value, or note in `reading` what is wrong with it."""
        ...

    def write(self, value: Any) -> Json:  # noqa: ANN401 - the codec's own type
        """Give the JSON value."""
        ...

    def schema(self, book: "Book", way: Way) -> dict[str, Any]:
        """Describe the JSON value by JSON Schema (2020-12, the dialect of OpenAPI 3.1)."""
        ...


Writer = Callable[[Any], Json]
"""What gives the JSON value of a value."""


def writer(codec: Codec) -> Writer:
    """Give what writes as a codec does, the shortest way: some know one that `write` is not."""
    shorter = getattr(codec, "writer", None)
    return codec.write if shorter is None else shorter()


class Book:
    """The component schemas of a document, each under one name.

    A record that goes both ways has two: what may be left out of a request always stands in an
    answer.
    """

    def __init__(self) -> None:
        self.schemas: dict[str, dict[str, Any]] = {}
        self._asked: dict[str, set[Way]] = {}
        self._owners: dict[str, object] = {}

    def refer(
        self, name: str, way: Way, build: Callable[[], dict[str, Any]], owner: object = None
    ) -> dict[str, Any]:
        """Give a reference to a component, which is built when it is first asked for.

        Raises:
            TypeError: two different nouns have the same name; one of them needs a shape.
        """
        if self._owners.setdefault(name, owner) is not owner:
            raise TypeError(f"two nouns are called {name}: {self._owners[name]} and {owner}")
        ways = self._asked.setdefault(name, set())
        ways.add(way)
        entry = f"{name}Input" if way is Way.IN and Way.OUT in ways else name
        if entry not in self.schemas:
            self.schemas[entry] = {}
            self.schemas[entry] = build()
        return {"$ref": f"#/components/schemas/{entry}"}

    def emptied(self) -> "Book":
        """Give a book without schemas that knows already which way each of them goes."""
        book = Book()
        book._asked = self._asked
        return book
