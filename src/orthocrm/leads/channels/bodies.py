"""Bytes of a request into names and values: JSON and forms, strictly."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from orthocrm.core import limits
from orthocrm.core.errors import InvalidInput
from orthocrm.leads.channels.delivery import Delivered

MOST_BYTES = 65_536
"""The largest body of one enquiry."""

MOST_FIELDS = 200
_LONGEST_NAME = 40
_FORM = "application/x-www-form-urlencoded"


def fields(delivered: Delivered, raw: bytes) -> Mapping[str, Any]:
    """Read a posted form: JSON or form-encoded, as its content type says.

    A name that a form-encoded body gives several times has a tuple of values.
    """
    kind, _, charset = (delivered.header("content-type") or _FORM).partition(";")
    if "charset" in charset.lower() and "utf-8" not in charset.lower():
        raise InvalidInput.at("body", "wrong_encoding", "send UTF-8")
    match kind.strip().lower():
        case "application/json":
            return json_object(raw)
        case "application/x-www-form-urlencoded":
            return _encoded(raw)
    raise InvalidInput.at("body", "wrong_type", "send JSON or a form-encoded body")


def json_object(raw: bytes) -> dict[str, Any]:
    """Read a JSON object: UTF-8, every name once, nothing that JSON does not know."""
    try:
        value = json.loads(
            raw.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant
        )
    except (ValueError, RecursionError):
        raise _no_json() from None
    if not isinstance(value, dict):
        raise _no_json()
    return value


def texts(value: object) -> Mapping[str, Any]:
    """Take a part of a payload that has to be an object."""
    if not isinstance(value, Mapping):
        raise InvalidInput.at("body", "wrong_shape", "the payload is not of the documented shape")
    return value


def listed(value: object) -> Sequence[Any]:
    """Take a part of a payload that has to be a list."""
    if not isinstance(value, list | tuple):
        raise InvalidInput.at("body", "wrong_shape", "the payload is not of the documented shape")
    return value


def identifier(value: object) -> str | None:
    """Take an id or label that a provider sends as a number or a text: a short text for us."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    text = value[: limits.LABEL] if isinstance(value, str) else ""
    return "".join(sign for sign in text if sign.isprintable()).strip() or None


def shown(name: object) -> str:
    """Give the name of a field that nobody knows, unless something else stands in its place."""
    plain = name.replace("_", "").replace("-", "") if isinstance(name, str) else ""
    is_name = plain.isascii() and plain.isalnum() and not plain.isdigit()
    return str(name) if is_name and len(str(name)) <= _LONGEST_NAME else "(a field)"


def moment(value: object) -> datetime | None:
    """Take the instant of a payload; one that is unreadable or has no offset tells nothing."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
        return at.astimezone(UTC) if at is not None and at.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def details(told: Mapping[str, object]) -> str | None:
    """Put ids and tags into one line, as the description of a source."""
    parts = [f"{name}={text}" for name, value in told.items() if (text := identifier(value))]
    return "; ".join(parts)[: limits.LABEL] or None


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise ValueError("a name stands there twice")
    return value


def _no_constant(_: str) -> object:
    raise ValueError("NaN and Infinity are no JSON")


def _no_json() -> InvalidInput:
    return InvalidInput.at("body", "not_json", "send a JSON object in UTF-8")


def _encoded(raw: bytes) -> dict[str, Any]:
    try:
        pairs = parse_qsl(
            raw.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError:
        message = f"send at most {MOST_FIELDS} form-encoded fields in UTF-8"
        raise InvalidInput.at("body", "not_a_form", message) from None
    several: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        several[name] = (*several.get(name, ()), value)
    return {name: values[0] if len(values) == 1 else values for name, values in several.items()}
