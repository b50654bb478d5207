"""Values that are kept as one JSON document: a clinic's settings, somebody's schedule."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any

from cattrs import Converter

from orthocrm.core.query import Where
from orthocrm.core.query_text import dumped, loaded
from orthocrm.core.settings import Opening

_MICROSECOND = timedelta(microseconds=1)
_Special = Mapping[date, tuple[Opening, ...]]


@cache
def converter() -> Converter:
    """Give what turns values into JSON and back."""
    converter = Converter()
    _hook(converter, date, date.isoformat, date.fromisoformat)
    _hook(converter, datetime, datetime.isoformat, datetime.fromisoformat)
    _hook(converter, time, time.isoformat, time.fromisoformat)
    _hook(converter, timedelta, lambda t: t // _MICROSECOND, lambda n: n * _MICROSECOND)
    _hook(
        converter,
        frozenset[date],
        lambda days: sorted(day.isoformat() for day in days),
        lambda days: frozenset(map(date.fromisoformat, days)),
    )
    _hook(
        converter,
        _Special,
        lambda special: {day.isoformat(): converter.unstructure(o) for day, o in special.items()},
        lambda special: {
            date.fromisoformat(day): converter.structure(openings, tuple[Opening, ...])
            for day, openings in special.items()
        },
    )
    _hook(converter, Where | None, _put_where, _take_where)
    return converter


def _put_where(where: Where | None) -> Any:  # noqa: ANN401 - a JSON value
    return None if where is None else dumped(where)


def _take_where(stored: Any) -> Where | None:  # noqa: ANN401 - a JSON value
    return None if stored is None else loaded(stored)


def _hook(
    converter: Converter,
    kind: Any,  # noqa: ANN401 - any annotation
    write: Callable[[Any], Any],
    read: Callable[[Any], Any],
) -> None:
    def is_meant(annotation: object) -> bool:
        return bool(annotation == kind)

    converter.register_unstructure_hook_func(is_meant, write)
    converter.register_structure_hook_func(is_meant, lambda value, _: read(value))
