"""From a type as Python annotates it to the codec of its values."""

import types
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import cache
from typing import (
    Any,
    Generic,
    Literal,
    NewType,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

import attrs

from orthocrm.core.money import Money
from orthocrm.core.query import AllOf, AnyOf, Cond, Sort
from orthocrm.core.reading import Reading
from orthocrm.core.time import Period
from orthocrm.core.unset import Unset
from orthocrm.web.wire.codec import Book, Codec, Json, Way, Writer, writer
from orthocrm.web.wire.gatherings import (
    Anything,
    Listed,
    Mapped,
    Nullable,
    OneOf,
    Several,
)
from orthocrm.web.wire.naming import outside
from orthocrm.web.wire.queries import Condition, Order
from orthocrm.web.wire.records import Part, Record, Shown
from orthocrm.web.wire.scalars import (
    Amount,
    Base64,
    Choice,
    Clock,
    Day,
    Flag,
    Instant,
    Number,
    Seconds,
    Span,
    Text,
    Whole,
)

_SCALARS: Mapping[Any, Codec] = {
    str: Text(),
    int: Whole(),
    float: Number(),
    Fraction: Number(),
    bool: Flag(),
    datetime: Instant(),
    date: Day(),
    time: Clock(),
    timedelta: Seconds(),
    bytes: Base64(),
    Money: Amount(),
    Period: Span(),
    Any: Anything(),
    object: Anything(),
}
_CONDITIONS = frozenset({Cond, AllOf, AnyOf})
_UNIONS = (Union, types.UnionType)
_LISTS = (Sequence, Collection, Iterable, list, tuple)
_SETS = (AbstractSet, set, frozenset)

_SHOWN: dict[type, tuple[Callable[[Any], Any], type]] = {}
_HIDDEN: dict[type, frozenset[str]] = {}
_ALSO: dict[type, tuple[str, ...]] = {}
_NAMES: dict[type, str] = {}
_CODECS: dict[tuple[type, str], Codec] = {}

T = TypeVar("T")


class Changes(dict[str, Any], Generic[T]):
    """Some fields of a noun with their new values, by their names inside; the others stay."""


def show(kind: type, by: Callable[[Any], Any], shape: type) -> None:
    """Let a noun be shown in another shape, which `by` makes."""
    _SHOWN[kind] = (by, shape)


def hide(kind: type, *names: str) -> None:
    """Leave fields of a noun out, both ways."""
    _HIDDEN[kind] = frozenset(names)


def name(kind: type, called: str) -> None:
    """Give a noun another name in the document, where two have the same."""
    _NAMES[kind] = called


def write_by(kind: type, name: str, codec: Codec) -> None:
    """Give one field of a noun a codec that its annotation does not tell."""
    _CODECS[kind, name] = codec


def tell_also(kind: type, *properties: str) -> None:
    """Let answers hold what a noun computes from its fields."""
    _ALSO[kind] = properties


@cache
def codec_of(annotation: Any) -> Codec:  # noqa: ANN401 - any annotation
    """Give the codec of an annotation.

    Raises:
        TypeError: nothing of this type can go over the wire.
    """
    if isinstance(annotation, NewType):
        return codec_of(annotation.__supertype__)
    scalar = _SCALARS.get(annotation)
    if scalar is not None:
        return scalar
    origin = get_origin(annotation)
    if origin is Literal:
        return _literal(annotation)
    if origin in _UNIONS:
        return _union(get_args(annotation))
    if origin is not None:
        return _gathered(origin, get_args(annotation))
    if isinstance(annotation, type):
        return _named(annotation)
    raise TypeError(f"no codec for {annotation}")


def _named(kind: type) -> Codec:
    if kind in _SHOWN:
        by, shape = _SHOWN[kind]
        return Shown(by, record_of(shape))
    if kind in _CONDITIONS:
        return Condition()
    if issubclass(kind, StrEnum):
        return Choice(kind, _NAMES.get(kind, kind.__name__))
    if attrs.has(kind) or hasattr(kind, "_fields"):
        return record_of(kind)  # type: ignore[arg-type] # every type is hashable
    if issubclass(kind, Decimal):
        return Text()
    raise TypeError(f"no codec for {kind}")


@cache
def record_of(kind: type, members: tuple[Any, ...] = ()) -> Record:
    """Give the codec of a noun, or of a generic one of these members."""
    hints = get_type_hints(kind)
    meant = dict(zip(getattr(kind, "__parameters__", ()), members, strict=True))
    hidden = _HIDDEN.get(kind, frozenset())
    parts = {
        outside(name, hints[name], kind): Part(
            name=name,
            codec=_CODECS.get((kind, name)) or _Later(_meant(hints[name], meant)),
            required=required,
        )
        for name, required in _fields(kind).items()
        if name not in hidden
    }
    for name in _told_also(kind):
        hint = get_type_hints(getattr(kind, name).fget)["return"]
        told = Part(name=name, codec=_Later(hint), required=False, answered_only=True)
        parts[outside(name, hint, kind)] = told
    own = _NAMES.get(kind, kind.__name__.removesuffix("Shown"))
    return Record(kind, parts, kind, own + "".join(_title(member) for member in members))


def _changes(kind: type) -> Record:
    """Give the codec of a change to a noun: every field may be left out."""
    whole = record_of(kind)
    parts = {key: attrs.evolve(part, required=False) for key, part in whole.readable.items()}
    return Record(kind, parts, Changes, f"{whole.name}Changes")


def _title(member: Any) -> str:  # noqa: ANN401 - any annotation
    return str(getattr(member, "__name__", ""))


def _fields(kind: type) -> dict[str, bool]:
    """Name what a noun is made of, and which of it has to be given."""
    if attrs.has(kind):
        return {a.name: a.default is attrs.NOTHING for a in attrs.fields(kind) if a.init}
    defaults = getattr(kind, "_field_defaults", {})
    return {name: name not in defaults for name in getattr(kind, "_fields", ())}


def _told_also(kind: type) -> tuple[str, ...]:
    return next((_ALSO[base] for base in kind.__mro__ if base in _ALSO), ())


def _meant(annotation: Any, members: Mapping[Any, Any]) -> Any:  # noqa: ANN401 - any annotation
    """Put members in the place of the variables of a generic noun."""
    variables = getattr(annotation, "__parameters__", ())
    if annotation in members:
        return members[annotation]
    return annotation[tuple(members[v] for v in variables)] if variables and members else annotation


class _Later:
    """A codec that is looked up when it is first used, so that nouns may hold their own kind."""

    def __init__(self, annotation: Any) -> None:  # noqa: ANN401 - any annotation
        self._annotation = annotation
        self._codec: Codec | None = None

    def found(self) -> Codec:
        """Give the codec itself."""
        if self._codec is None:
            self._codec = codec_of(self._annotation)
        return self._codec

    def read(self, value: Json, path: str, reading: Reading) -> Any:  # noqa: ANN401 - the codec's own type
        """Read by the codec."""
        return self.found().read(value, path, reading)

    def write(self, value: Any) -> Json:  # noqa: ANN401 - the codec's own type
        """Write by the codec."""
        return self.found().write(value)

    def writer(self) -> Writer:
        """Give what writes by the codec."""
        return writer(self.found())

    def schema(self, book: Book, way: Way) -> dict[str, Any]:
        """Describe by the codec."""
        return self.found().schema(book, way)


def _literal(annotation: Any) -> Codec:  # noqa: ANN401 - any annotation
    (kind, *others) = {type(value) for value in get_args(annotation)}
    if others or not issubclass(kind, StrEnum):
        raise TypeError(f"no codec for {annotation}")
    return codec_of(kind)


def _union(members: tuple[Any, ...]) -> Codec:
    present = [m for m in members if m is not type(None) and not _is_unset(m)]
    inner = _either(present)
    return Nullable(inner) if type(None) in members else inner


def _either(members: Sequence[Any]) -> Codec:
    if all(member in _CONDITIONS for member in members):
        return Condition()
    choices = [m for m in members if isinstance(m, type) and issubclass(m, StrEnum)]
    if choices:
        return codec_of(choices[0])
    codecs = {member: codec_of(member) for member in members}
    if len(set(map(id, codecs.values()))) == 1:
        return next(iter(codecs.values()))
    if all(isinstance(member, type) and attrs.has(member) for member in members):
        return OneOf(codecs)
    return Anything()


def _is_unset(member: Any) -> bool:  # noqa: ANN401 - any annotation
    return member is Unset or (get_origin(member) is Literal and Unset.UNSET in get_args(member))


def _gathered(origin: Any, members: tuple[Any, ...]) -> Codec:  # noqa: ANN401 - any annotation
    if origin is Changes:
        return _changes(members[0])
    if not isinstance(origin, type):
        raise TypeError(f"no codec for {origin}")
    if issubclass(origin, Mapping):
        key, value = members
        return Mapped(codec_of(value), None if key is str else codec_of(key))
    if attrs.has(origin):
        return record_of(origin, members)
    return _listed(origin, members)


def _listed(origin: type, members: tuple[Any, ...]) -> Codec:
    if origin is tuple and members[-1] is not ...:
        return Several(tuple(codec_of(member) for member in members))
    if members[0] is Sort:
        return Order()
    if origin in _SETS:
        return Listed(codec_of(members[0]), frozenset)
    if origin in _LISTS:
        return Listed(codec_of(members[0]), tuple)
    raise TypeError(f"no codec for {origin}")
