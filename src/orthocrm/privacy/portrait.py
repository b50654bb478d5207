"""Everything that is known of a person, as one JSON document and as a page that people can read."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from enum import Enum
from html import escape
from typing import Any, Final

import attrs
from attrs import field, frozen

from orthocrm.core.ids import LeadId, UserId
from orthocrm.core.masking import PERSONAL, mask
from orthocrm.core.people import Phone

FORM: Final = 1
"""The version of the document's form; a later form only adds."""

_NOT_TOLD: Final = frozenset({"clinic_id", "version", "keys", "fence", "salt", "held_by"})
"""What says nothing of the person: our own bookkeeping."""

_STYLE: Final = (
    "body{font-family:sans-serif;max-width:60em;margin:2em auto;color:#222}"
    "table{border-collapse:collapse;margin:0 0 1em}"
    "th,td{text-align:left;vertical-align:top;padding:.15em .8em .15em 0}"
    "th{font-weight:600;white-space:nowrap}"
)


@frozen(kw_only=True)
class PersonalExport:
    """What is kept of one person.

    `document` is JSON (`form`, `lead_id`, `at`, and the rows by kind), `page` the same as HTML that
    needs nothing else.
    """

    lead_id: LeadId
    at: datetime
    by: UserId
    document: str = field(repr=mask, metadata=PERSONAL)
    page: str = field(repr=mask, metadata=PERSONAL)


def export(
    lead_id: LeadId, kinds: Mapping[str, Sequence[Any]], at: datetime, by: UserId, clinic: str
) -> PersonalExport:
    """Write everything that belongs to a person, by kind."""
    told = {kind: [plain(noun) for noun in nouns] for kind, nouns in kinds.items()}
    head = {"form": FORM, "clinic": clinic, "lead_id": lead_id, "at": at.isoformat()}
    return PersonalExport(
        lead_id=lead_id,
        at=at,
        by=by,
        document=json.dumps({**head, **told}, indent=1, ensure_ascii=False, allow_nan=False),
        page=_page(clinic, at, told),
    )


def plain(value: Any) -> Any:  # noqa: ANN401 - any noun, and any part of one
    """Turn a noun into JSON values; what is missing, or our own bookkeeping, is left out."""
    if isinstance(value, Phone):
        return f"{value.number};ext={value.extension}" if value.extension else value.number
    if attrs.has(type(value)):
        names = [each.name for each in attrs.fields(type(value)) if each.name not in _NOT_TOLD]
        return _told({name: getattr(value, name) for name in names})
    if isinstance(value, Mapping):
        return _told(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return _single(value)


def _told(values: Mapping[str, Any]) -> dict[str, Any]:
    told = {str(name): plain(value) for name, value in values.items()}
    return {name: value for name, value in told.items() if value not in (None, "", [], {})}


def _single(value: Any) -> Any:  # noqa: ANN401 - as above
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value) if isinstance(value, timedelta) else value


def _page(clinic: str, at: datetime, told: Mapping[str, Sequence[Any]]) -> str:
    title = f"What {clinic} keeps of a person"
    parts = [_section(kind, rows) for kind, rows in told.items()]
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>"
        f"<p>{escape(at.isoformat(timespec='minutes'))}</p>{''.join(parts)}</body></html>"
    )


def _section(kind: str, rows: Sequence[Any]) -> str:
    heading = f"<h2>{escape(kind.replace('_', ' '))}</h2>"
    return heading + ("".join(map(_table, rows)) or "<p>nothing</p>")


def _table(row: Mapping[str, Any]) -> str:
    lines = "".join(
        f"<tr><th>{escape(name.replace('_', ' '))}</th><td>{escape(text)}</td></tr>"
        for name, text in _lines(row)
    )
    return f"<table>{lines}</table>"


def _lines(row: Mapping[str, Any], above: str = "") -> Iterable[tuple[str, str]]:
    for name, value in row.items():
        if isinstance(value, Mapping):
            yield from _lines(value, f"{above}{name} / ")
        else:
            shown = ", ".join(map(_shown, value)) if isinstance(value, list) else _shown(value)
            yield f"{above}{name}", shown


def _shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)
