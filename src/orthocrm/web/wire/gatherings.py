"""Codecs of what may be missing, of what there are several of, and of one of several."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from attrs import frozen

from orthocrm.core.reading import Reading
from orthocrm.web.wire.codec import Book, Codec, Json, Way, Writer, writer
from orthocrm.web.wire.scalars import STORABLE, is_text

MOST_ITEMS = 1_000
"""The most items that a list of a request holds, and the most keys of a mapping."""

_KEY = 100


@frozen
class Nullable:
    """A value, or null."""

    inner: Codec

    def read(self, value: Json, path: str, reading: Reading) -> Any:  # noqa: ANN401 - the inner type
        """Take the value, or None."""
        return None if value is None else self.inner.read(value, path, reading)

    def write(self, value: Any) -> Json:  # noqa: ANN401 - the inner type
        """Give the value, or null."""
        return None if value is None else self.inner.write(value)

    def writer(self) -> Writer:
        """Give what writes a value that is there by the inner codec."""
        write = writer(self.inner)
        return lambda value: None if value is None else write(value)

    def schema(self, book: Book, way: Way) -> dict[str, Any]:
        """Describe the value, and that it may be null."""
        inner = self.inner.schema(book, way)
        kind = inner.get("type")
        if isinstance(kind, str) and "enum" not in inner:
            return {**inner, "type": [kind, "null"]}
        if isinstance(kind, list) and "null" in kind:
            return inner
        return {"anyOf": [inner, {"type": "null"}]}


@frozen
class Listed:
    """Several values of one kind, gathered by `make`."""

    inner: Codec
    make: Callable[[list[Any]], Collection[Any]] = tuple

    def read(self, value: Json, path: str, reading: Reading) -> Collection[Any] | None:
        """Take a list; a text is none."""
        if not isinstance(value, list):
            reading.refuse(path, "not_a_list", "give a list")
            return None
        if len(value) > MOST_ITEMS:
            reading.refuse(path, "too_many", f"give at most {MOST_ITEMS}")
            return None
        found = len(reading.problems)
        items = [self.inner.read(item, f"{path}.{i}", reading) for i, item in enumerate(value)]
        return self.make(items) if len(reading.problems) == found else None

    def write(self, value: Collection[Any]) -> Json:
        """Give a list; what has no order is sorted."""
        write = writer(self.inner)
        written = [write(item) for item in value]
        return sorted(written, key=str) if isinstance(value, set | frozenset) else written

    def schema(self, book: Book, way: Way) -> dict[str, Any]:
        """Describe the list and its items."""
        bounds = {"maxItems": MOST_ITEMS} if way is Way.IN else {}
        return {"type": "array", "items": self.inner.schema(book, way), **bounds}


@frozen
class Several:
    """A fixed number of values, each of its own kind, as a list."""

    inner: tuple[Codec, ...]

    def read(self, value: Json, path: str, reading: Reading) -> tuple[Any, ...] | None:
        """Take a list of just so many."""
        if not isinstance(value, list) or len(value) != len(self.inner):
            reading.refuse(path, "not_a_list", f"give a list of {len(self.inner)}")
            return None
        parts = zip(self.inner, value, strict=True)
        return tuple(
            codec.read(item, f"{path}.{i}", reading) for i, (codec, item) in enumerate(parts)
        )

    def write(self, value: tuple[Any, ...]) -> Json:
        """Give a list."""
        return [codec.write(item) for codec, item in zip(self.inner, value, strict=True)]

    def schema(self, book: Book, way: Way) -> dict[str, Any]:
        """Describe each of them."""
        count = len(self.inner)
        return {
            "type": "array",
            "prefixItems": [codec.schema(book, way) for codec in self.inner],
            "minItems": count,
            "maxItems": count,
        }


@frozen
class Mapped:
    """Values by name."""

    inner: Codec
    key: Codec | None = None

    def read(self, value: Json, path: str, reading: Reading) -> dict[Any, Any] | None:
        """Take an object whose keys are names, kept as they are."""
        if not isinstance(value, dict):
            reading.refuse(path, "wrong_type", "give an object")
            return None
        if len(value) > MOST_ITEMS:
            reading.refuse(path, "too_many", f"give at most {MOST_ITEMS}")
            return None
        return {
            self._read_key(key, path, reading): self.inner.read(item, f"{path}.{i}", reading)
            for i, (key, item) in enumerate(value.items())
            if is_text(key, path, reading, _KEY)
        }

    def _read_key(self, key: str, path: str, reading: Reading) -> Any:  # noqa: ANN401 - a key of any type
        return key if self.key is None else self.key.read(key, path, reading)

    def write(self, value: Mapping[Any, Any]) -> Json:
        """Give an object."""
        return {
            str(key if self.key is None else self.key.write(key)): self.inner.write(item)
            for key, item in value.items()
        }

    def schema(self, book: Book, way: Way) -> dict[str, Any]:
        """Describe the names, and what stands behind them."""
        described = {"type": "object", "additionalProperties": self.inner.schema(book, way)}
        if way is Way.OUT:
            return described
        names: dict[str, Any] = {"maxLength": _KEY, "pattern": STORABLE}
        if self.key is not None:
            names = self.key.schema(book, way)
        return {**described, "maxProperties": MOST_ITEMS, "propertyNames": names}


@frozen
class OneOf:
    """A value of one of several types, told apart by what it is: for answers only."""

    inner: Mapping[type, Codec]

    def read(self, value: Json, path: str, reading: Reading) -> None:  # noqa: ARG002 - the codec's face
        """Refuse: a request has to say what it brings."""
        reading.refuse(path, "wrong_type", "this cannot be given")

    def write(self, value: Any) -> Json:  # noqa: ANN401 - one of the types
        """Give the value as its type is written."""
        for kind in type(value).__mro__:
            if kind in self.inner:
                return self.inner[kind].write(value)
        raise TypeError(f"no codec for {type(value).__name__} among {list(self.inner)}")

    def schema(self, book: Book, way: Way) -> dict[str, Any]:
        """Describe all of them."""
        return {"anyOf": [codec.schema(book, way) for codec in self.inner.values()]}


@frozen
class Anything:
    """A plain JSON value whose meaning something else knows: a custom field, an audit trace."""

    def read(self, value: Json, path: str, reading: Reading) -> Json:
        """Take a single value, if it is no text or one that can be stored."""
        if isinstance(value, list | dict):
            reading.refuse(path, "not_a_value", "give a text, a number, true, false or null")
        elif isinstance(value, str):
            is_text(value, path, reading, 10_000)
        return value

    def write(self, value: Any) -> Json:  # noqa: ANN401 - any plain value
        """Give it, with dates as texts."""
        if isinstance(value, Mapping):
            return {str(key): self.write(item) for key, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.write(item) for item in value]
        return value.isoformat() if hasattr(value, "isoformat") else value

    def schema(self, book: Book, way: Way) -> dict[str, Any]:
        """Describe nothing of an answer, and the single values of a request."""
        return {} if way is Way.OUT else book.refer("Anything", Way.OUT, _anything)


def _anything() -> dict[str, Any]:
    return {
        "anyOf": [
            {"type": ["null", "boolean", "number"]},
            {"type": "string", "maxLength": 10_000, "pattern": STORABLE},
        ]
    }
