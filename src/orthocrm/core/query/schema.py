"""What may be asked about: the queryable fields of a noun."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from enum import StrEnum
from operator import attrgetter
from typing import Any

import attrs
from attrs import frozen

from orthocrm.core.errors import InvalidInput
from orthocrm.core.query.asked import Cond, Op, Where
from orthocrm.core.time import instant
from orthocrm.core.wording import with_article


class Kind(StrEnum):
    """What a queryable field holds."""

    CODE = "code"
    INSTANT = "instant"
    DATE = "date"
    NUMBER = "number"
    FLAG = "flag"


_PYTHON: Mapping[Kind, type] = {
    Kind.CODE: str,
    Kind.INSTANT: datetime,
    Kind.DATE: date,
    Kind.NUMBER: int,
    Kind.FLAG: bool,
}
_HALF = re.compile(r"[\ud800-\udfff]")


@frozen
class Queryable:
    """A field that conditions may name: how to read it from the noun, and what it holds."""

    name: str
    kind: Kind
    read: Callable[[Any], Any] = attrs.field(eq=False)
    many: bool = False


class Schema:
    """The queryable fields of one kind of noun. Personal fields are never among them.

    `own` gives the fields that are not known beforehand, by name: those of a clinic.
    """

    def __init__(
        self,
        of: str,
        own: Callable[[str], Queryable | None] | None = None,
        /,
        **fields: tuple[Kind, str] | tuple[Kind, str, bool],
    ) -> None:
        self.of = of
        self._own = own
        self.fields = {
            name: Queryable(name, kind, _reader(path), *many)
            for name, (kind, path, *many) in {"id": (Kind.CODE, "id"), **fields}.items()
        }

    def __getitem__(self, name: str) -> Queryable:
        known = self._known(name) if isinstance(name, str) else None
        if known is None:
            raise InvalidInput.at("field", "unknown_field", f"{self.of} have no such field")
        return known

    def _known(self, name: str) -> Queryable | None:
        known = self.fields.get(name)
        return self._own(name) if known is None and self._own is not None else known

    def checked(self, where: Where) -> Where:
        """Check every comparison against its field, and normalise the values."""
        if isinstance(where, Cond):
            return self._checked(where)
        return type(where)(tuple(self.checked(part) for part in where.parts))

    def _checked(self, cond: Cond) -> Cond:
        known = self[cond.field]
        if cond.op in (Op.ABSENT, Op.PRESENT):
            return Cond(cond.field, cond.op)
        if known.many is not (cond.op is Op.HAS):
            raise InvalidInput.at(cond.field, "bad_operator", f"{cond.op} does not fit this field")
        if cond.op is Op.IN:
            return Cond(cond.field, cond.op, tuple(_value(known, v) for v in _several(cond)))
        return Cond(cond.field, cond.op, _value(known, cond.value))


def _several(cond: Cond) -> Iterable[Any]:
    if isinstance(cond.value, str) or not isinstance(cond.value, Iterable):
        raise InvalidInput.at(cond.field, "not_a_list", "give several values")
    return cond.value


def _value(known: Queryable, value: Any) -> Any:  # noqa: ANN401 - a value of the field's kind
    wanted = _PYTHON[known.kind]
    if wanted is datetime:
        return instant(value, known.name)
    if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
        raise InvalidInput.at(known.name, "wrong_type", f"give {with_article(known.kind)}")
    if wanted is str:
        return _storable(known, str(value))
    if wanted is date and isinstance(value, datetime):
        raise InvalidInput.at(known.name, "wrong_type", "give a date without a time")
    return value


def _storable(known: Queryable, code: str) -> str:
    """Refuse what no text column can hold: NUL, and halves of characters."""
    if "\0" in code or (not code.isascii() and _HALF.search(code)):
        raise InvalidInput.at(known.name, "bad_character", "remove the control characters")
    return code


def _reader(path: str) -> Callable[[Any], Any]:
    """Read a dotted path, giving None as soon as a part of it is missing."""
    whole, steps = attrgetter(path), [attrgetter(step) for step in path.split(".")]
    if len(steps) == 1:
        return whole

    def read(noun: Any) -> Any:  # noqa: ANN401 - any noun, any value
        try:
            return whole(noun)
        except AttributeError:
            return by_step(noun)

    def by_step(noun: Any) -> Any:  # noqa: ANN401 - any noun, any value
        for step in steps:
            if noun is None:
                return None
            noun = step(noun)
        return noun

    return read
