"""The clinic's own fields of a lead: values read by their definitions, and asked for by name.

Forms and files bring texts, the library's callers typed values: each kind is read from either.
`custom.NAME` is the public name of a field, here as in queries, forms and mapping files.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from attrs import evolve

from orthocrm.core import limits
from orthocrm.core.custom_fields import CustomField, FieldKind
from orthocrm.core.custom_queries import custom_parts
from orthocrm.core.errors import InvalidInput
from orthocrm.core.lead import Custom, CustomValue
from orthocrm.core.query import AllOf, AnyOf, Cond, Kind, Op, Sort, Where
from orthocrm.core.reading import Reading
from orthocrm.core.settings import Practice
from orthocrm.core.values import kept

PREFIX = "custom."
NO_CUSTOM = Custom()
MOST = 2**53 - 1
"""The largest number, in units of its last decimal place: what every format keeps exactly."""

_NAME = re.compile("[a-z][a-z0-9_]{0,39}")
_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(?:\.[0-9]{1,18})?")
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LONGEST_WORD = 64
_TRUE, _FALSE = frozenset({"true", "yes"}), frozenset({"false", "no"})
_KINDS: Mapping[FieldKind, Kind] = {
    FieldKind.CHOICE: Kind.CODE,
    FieldKind.NUMBER: Kind.NUMBER,
    FieldKind.DATE: Kind.DATE,
    FieldKind.FLAG: Kind.FLAG,
}


def kept_raw(given: Any) -> Any:  # noqa: ANN401 - raw input, checked when it is read
    """Copy a mapping of raw values, and leave anything else to be refused."""
    return kept(given) if isinstance(given, Mapping) else given


def read_custom(reading: Reading, given: object, practice: Practice) -> dict[str, Any]:
    """Read raw values by name of their field; None and blank texts are missing values.

    What is wrong is noted at `custom.NAME`: a field that is not there or takes no new values, a
    value of another kind, a choice that is not on offer.
    """
    if not isinstance(given, Mapping):
        reading.refuse("custom", "wrong_type", "give values by the names of fields")
        return {}
    values: dict[str, Any] = {}
    for name, raw in given.items():
        known = practice.custom_field_by_name.get(name) if isinstance(name, str) else None
        if known is None or not known.is_active:
            reading.refuse(_shown(name), "unknown_field", "the clinic has no such field in use")
        else:
            values[known.name] = _value(reading, PREFIX + known.name, raw, known)
    return values


def with_values(held: Custom, values: Mapping[str, Any], practice: Practice) -> Custom:
    """Put values that were read beside those that are held; None takes one away."""
    if not values:
        return held
    shown, personal = dict(held.shown), dict(held.personal)
    for name, value in values.items():
        shown.pop(name, None)
        personal.pop(name, None)
        if value is not None:
            own = personal if practice.custom_field_by_name[name].is_encrypted else shown
            own[name] = value
    return Custom(shown=shown, personal=personal)


def missing(custom: Custom, practice: Practice) -> tuple[str, ...]:
    """Name the fields that are required and not there."""
    return tuple(
        each.name
        for each in practice.clinic.settings.custom_fields
        if each.is_required
        and each.is_active
        and each.name not in custom.shown
        and each.name not in custom.personal
    )


def demand(reading: Reading, custom: Custom, practice: Practice, *, at: Iterable[str] = ()) -> None:
    """Refuse what lacks a required field: any of them, or only those named in `at`."""
    named = set(at)
    for name in missing(custom, practice):
        if not named or name in named:
            reading.required(PREFIX + name, None)


def is_readable(raw: object, known: CustomField) -> bool:
    """Whether a value could be taken for a field."""
    reading = Reading()
    _value(reading, known.name, raw, known)
    return not reading.problems


def _shown(name: object) -> str:
    """Name a field that is not there, unless the name could be anything."""
    sound = isinstance(name, str) and _NAME.fullmatch(name)
    return f"{PREFIX}{name}" if sound else "custom"


def _value(reading: Reading, path: str, raw: object, known: CustomField) -> CustomValue | None:
    if raw is None or (isinstance(raw, str) and not raw.strip()):
        return None
    if known.kind is FieldKind.TEXT:
        return reading.prose(path, raw)
    if known.kind is FieldKind.CHOICE:
        return _choice(reading, path, raw, known)
    if known.kind is FieldKind.NUMBER:
        return _number(reading, path, raw, known.decimals)
    return _date(reading, path, raw) if known.kind is FieldKind.DATE else _flag(reading, path, raw)


def _choice(reading: Reading, path: str, raw: object, known: CustomField) -> str | None:
    text = reading.text(path, raw, limits.NAME)
    found = None if text is None else _offered(known).get(text.casefold())
    if found is None and not reading.refused(path):
        reading.refuse(path, "unknown_value", "give one of the choices of this field")
    return found


def _offered(known: CustomField) -> Mapping[str, str]:
    """List the choices by their case-folded texts."""
    return {choice.casefold(): choice for choice in known.choices}


def _number(reading: Reading, path: str, raw: object, decimals: int) -> int | None:
    amount = _decimal(raw)
    if amount is None:
        reading.refuse(path, "wrong_type", "give a number")
        return None
    units = amount.scaleb(decimals)
    if units != units.to_integral_value():
        reading.refuse(path, "too_precise", f"give at most {decimals} decimal places")
        return None
    if abs(units) > MOST:
        reading.refuse(path, "out_of_range", "give a smaller number")
        return None
    return int(units)


def _decimal(raw: object) -> Decimal | None:
    """Take a number; a truth value and a binary fraction are none."""
    if isinstance(raw, str):
        word = raw.strip() if len(raw) <= _LONGEST_WORD else ""
        return Decimal(word) if _NUMBER.fullmatch(word) else None
    if isinstance(raw, bool) or not isinstance(raw, int | Decimal):
        return None
    if isinstance(raw, int):
        return Decimal(raw) if abs(raw) <= MOST else Decimal(MOST + 1)
    exponent = raw.as_tuple().exponent
    small = isinstance(exponent, int) and abs(exponent) <= _LONGEST_WORD
    return raw if small and abs(raw.adjusted()) <= _LONGEST_WORD else None


def _date(reading: Reading, path: str, raw: object) -> date | None:
    if not isinstance(raw, str):
        return reading.day(path, raw)
    word = raw.strip()
    if len(word) == len("2026-11-02") and _DAY.fullmatch(word):
        try:
            return date.fromisoformat(word)
        except ValueError:
            pass
    reading.refuse(path, "not_a_date", "give a date such as 2026-11-02")
    return None


def _flag(reading: Reading, path: str, raw: object) -> bool | None:
    word = raw.strip().casefold() if isinstance(raw, str) and len(raw) <= _LONGEST_WORD else None
    if word in _TRUE:
        return True
    return False if word in _FALSE else reading.flag(path, raw)


# --- asking for them


def in_query(where: Where, practice: Practice) -> Where:
    """Say a condition in the typed names of fields, of which `custom.NAME` is the public one.

    Raises:
        InvalidInput: the clinic has no such field, its values are encrypted, or a value does not
            fit it.
    """
    if isinstance(where, Cond):
        return _cond(where, practice)
    if isinstance(where, AllOf | AnyOf):
        return type(where)(tuple(in_query(part, practice) for part in where.parts))
    raise InvalidInput.at("where", "wrong_type", "give a condition")


def portable(where: Where) -> Where:
    """Say a condition without values that JSON lacks: numbers with decimals become texts."""
    if not isinstance(where, Cond):
        return type(where)(tuple(portable(part) for part in where.parts))
    if isinstance(where.value, Decimal):
        return evolve(where, value=f"{where.value:f}")
    if where.op is Op.IN and not isinstance(where.value, str):
        several = tuple(f"{v:f}" if isinstance(v, Decimal) else v for v in where.value)
        return evolve(where, value=several)
    return where


def in_order(sort: Sequence[Sort], practice: Practice) -> tuple[Sort, ...]:
    """Say an order in the typed names of fields."""
    return tuple(evolve(key, field=_typed_name(key.field, practice)) for key in sort)


def _cond(cond: Cond, practice: Practice) -> Cond:
    known = _asked(cond.field, practice)
    if known is None:
        return cond
    name = query_name(known)
    if cond.op in (Op.ABSENT, Op.PRESENT):
        return Cond(name, cond.op)
    if cond.op is not Op.IN:
        return Cond(name, cond.op, _compared(cond.value, cond.field, known))
    if isinstance(cond.value, str) or not isinstance(cond.value, Iterable):
        raise InvalidInput.at(cond.field, "not_a_list", "give several values")
    return Cond(name, cond.op, tuple(_compared(v, cond.field, known) for v in cond.value))


def _compared(raw: object, path: str, known: CustomField) -> CustomValue:
    """Read a value to compare with; a choice that is no longer on offer may be looked for."""
    reading = Reading()
    if known.kind is FieldKind.CHOICE:
        text = reading.text(path, raw, limits.NAME)
        value: CustomValue | None = _offered(known).get((text or "").casefold(), text)
    else:
        value = _value(reading, path, raw, known)
    reading.required(path, value)
    reading.finish()
    return "" if value is None else value


def _typed_name(name: object, practice: Practice) -> Any:  # noqa: ANN401 - what is no name is refused by the schema
    known = _asked(name, practice)
    return name if known is None else query_name(known)


def query_name(known: CustomField) -> str:
    """Give the typed name by which queries compare a field that stands in clear."""
    return f"{PREFIX}{_KINDS[known.kind]}.{known.name}"


def _asked(name: object, practice: Practice) -> CustomField | None:
    """Find the definition of which a query speaks, None when it speaks of something else."""
    if not isinstance(name, str) or not name.startswith(PREFIX) or custom_parts(name):
        return None
    known = practice.custom_field_by_name.get(name.removeprefix(PREFIX))
    if known is None:
        raise InvalidInput.at(
            _shown(name.removeprefix(PREFIX)), "unknown_field", "the clinic has no such field"
        )
    if known.is_encrypted:
        message = "its values are encrypted, so that nothing can be found by them"
        raise InvalidInput.at(name, "not_filterable", message)
    return known
