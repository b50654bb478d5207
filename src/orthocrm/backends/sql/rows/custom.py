"""Values of custom fields: by kind and name, so that each kind is compared as what it is."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from orthocrm.backends.sql.rows.codec import put_day, put_json, take_json
from orthocrm.core.errors import BackendError
from orthocrm.core.lead import CustomValue
from orthocrm.core.query import Kind

_LEAST, _MOST = -(2**63), 2**63 - 1

ByKind = dict[str, dict[str, Any]]
"""JSON values by name within each kind: `{"code": {"colour": "blue"}, "flag": {"vip": true}}`."""


def put_shown(shown: Mapping[str, CustomValue]) -> str | None:
    """Write the values that stand in clear; most leads have none."""
    return put_json(by_kind(shown)) if shown else None


def take_shown(stored: Any) -> dict[str, CustomValue]:  # noqa: ANN401 - text, or what a driver parsed
    """Read what `put_shown` wrote."""
    return from_kinds(take_json(stored)) if stored else {}


def by_kind(values: Mapping[str, CustomValue]) -> ByKind:
    """Sort values into their kinds; the same values are written alike, whatever their order."""
    kinds: ByKind = {}
    for name in sorted(values):
        kind, written = _written(values[name])
        kinds.setdefault(kind.value, {})[name] = written
    return kinds


def _written(value: CustomValue) -> tuple[Kind, Any]:
    if isinstance(value, bool):
        return Kind.FLAG, value
    if isinstance(value, int):
        if not _LEAST <= value <= _MOST:
            raise BackendError("a value does not fit its column")
        return Kind.NUMBER, value
    if isinstance(value, date):
        return Kind.DATE, put_day(value)
    return Kind.CODE, str(value)


def from_kinds(kinds: Mapping[str, Mapping[str, Any]]) -> dict[str, CustomValue]:
    """Read what `by_kind` gave."""
    return {
        name: date.fromisoformat(written) if kind == Kind.DATE else written
        for kind, values in kinds.items()
        for name, written in values.items()
    }
