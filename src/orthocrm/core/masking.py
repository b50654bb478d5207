"""How nouns mark personal data: `field(repr=mask, metadata=PERSONAL)`.

A marked field is encrypted at rest, hidden in `repr`, and never becomes a column that the query
language can name.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import attrs

PERSONAL: Mapping[str, Any] = MappingProxyType({"personal": True})


def mask(value: object) -> str:
    """Show that a value is there, and nothing of it."""
    return repr(value) if value is None or value == "" else "'***'"


def personal_paths(noun: type, prefix: str = "") -> tuple[str, ...]:
    """List the dotted paths of every personal field of a noun and of its parts."""
    paths: list[str] = []
    for attribute in attrs.fields(attrs.resolve_types(noun)):
        path = prefix + attribute.name
        part = _part(attribute.type)
        if attribute.metadata.get("personal"):
            paths.append(path)
        elif part is not None:
            paths.extend(personal_paths(part, path + "."))
    return tuple(paths)


def _part(annotation: Any) -> type | None:  # noqa: ANN401 - any annotation may stand on a field
    candidates = getattr(annotation, "__args__", None) or (annotation,)
    return next((c for c in candidates if isinstance(c, type) and attrs.has(c)), None)
