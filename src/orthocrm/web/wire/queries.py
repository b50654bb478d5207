"""Codecs of the query language: conditions and orders, in the form in which views are kept."""

from collections.abc import Collection
from functools import partial
from typing import Any

from attrs import frozen

from orthocrm.core.errors import InvalidInput
from orthocrm.core.query import Op, Sort, Where
from orthocrm.core.query_text import MOST, dumped, dumped_sort, loaded, loaded_sort
from orthocrm.core.reading import Reading
from orthocrm.web.wire.codec import Book, Json, Way

_ONE_LINE = r"^[^\u0000-\u001f\u007f-\u009f]*$"
_ITSELF = {"$ref": "#/components/schemas/Condition"}
_TEXT = {"type": "string", "maxLength": 255, "pattern": _ONE_LINE}
_FIELD = {"type": "string", "minLength": 1, "maxLength": 100, "pattern": _ONE_LINE}


@frozen
class Condition:
    """A condition of the query language."""

    def read(self, value: Json, path: str, reading: Reading) -> Where | None:
        """Take a comparison or a join."""
        try:
            return loaded(value)
        except InvalidInput as refused:
            del path  # the problems name the place within the condition
            reading.adopt(refused)
            return None

    def write(self, value: Where) -> Json:
        """Give it as JSON."""
        return dumped(value)

    def schema(self, book: Book, way: Way) -> dict[str, Any]:  # noqa: ARG002 - the codec's face
        """Describe the forms of a condition."""
        return book.refer("Condition", Way.OUT, partial(_condition, book))


@frozen
class Order:
    """An order of the query language."""

    def read(self, value: Json, path: str, reading: Reading) -> tuple[Sort, ...] | None:
        """Take fields with their directions."""
        try:
            return loaded_sort(value)
        except InvalidInput as refused:
            del path  # the problems name the place within the order
            reading.adopt(refused)
            return None

    def write(self, value: Collection[Sort]) -> Json:
        """Give it as JSON."""
        return dumped_sort(tuple(value))

    def schema(self, book: Book, way: Way) -> dict[str, Any]:  # noqa: ARG002 - the codec's face
        """Describe it."""
        key = _object({"field": _FIELD, "descending": {"type": "boolean"}}, required=["field"])
        return {"type": "array", "maxItems": MOST, "items": key}


def _condition(book: Book) -> dict[str, Any]:
    """Describe it; its parts have names: generators of clients recur by name only."""
    parts = {"type": "array", "items": _ITSELF, "maxItems": MOST}
    bare, listing = [Op.ABSENT, Op.PRESENT], Op.IN
    others = [op.value for op in Op if op not in (*bare, listing)]
    value = _value(book)
    return {
        "anyOf": [
            _comparison(others, value),
            _comparison([listing.value], {"type": "array", "items": value, "maxItems": MOST}),
            _comparison([op.value for op in bare]),
            book.refer("AllOf", Way.OUT, lambda: _object({"all": parts})),
            book.refer("AnyOf", Way.OUT, lambda: _object({"any": parts})),
        ],
        "examples": [{"field": "stage", "op": "eq", "value": "contacted"}],
    }


def _comparison(ops: list[str], value: dict[str, Any] | None = None) -> dict[str, Any]:
    fields: dict[str, Any] = {"field": _FIELD, "op": {"type": "string", "enum": ops}}
    return _object(fields if value is None else {**fields, "value": value})


def _value(book: Book) -> dict[str, Any]:
    day = {"date": {"type": "string", "format": "date"}}
    instant = {"instant": {"type": "string", "format": "date-time"}}
    return {
        "anyOf": [
            _TEXT,
            {"type": "boolean"},
            {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1},
            book.refer("OnDate", Way.OUT, lambda: _object(day)),
            book.refer("AtInstant", Way.OUT, lambda: _object(instant)),
        ]
    }


def _object(properties: dict[str, Any], required: list[str] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": required if required is not None else list(properties),
        "properties": properties,
    }
