"""The clinic's own fields as queries name them: `custom.code.colour`, `custom.number.siblings`.

The kind stands in the name, so that a condition says by itself what it compares. A value of
another kind under the same name counts as missing.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache

from orthocrm.core.lead import CustomValue, Lead
from orthocrm.core.query import Kind, Queryable

_NAMED = re.compile(r"custom\.(code|number|date|flag)\.([a-z][a-z0-9_]{0,39})")

_IS_OF: Mapping[Kind, Callable[[CustomValue], bool]] = {
    Kind.CODE: lambda value: isinstance(value, str),
    Kind.NUMBER: lambda value: isinstance(value, int) and not isinstance(value, bool),
    Kind.DATE: lambda value: isinstance(value, date),
    Kind.FLAG: lambda value: isinstance(value, bool),
}


def custom_parts(name: str) -> tuple[Kind, str] | None:
    """Give the kind and the name of a custom field, None for the name of anything else.

    >>> custom_parts("custom.number.siblings")
    (<Kind.NUMBER: 'number'>, 'siblings')
    """
    match = _NAMED.fullmatch(name)
    return (Kind(match[1]), match[2]) if match else None


@lru_cache(maxsize=1_000)
def custom_field(name: str) -> Queryable | None:
    """Give a custom field of leads as a queryable field, None for the name of anything else."""
    parts = custom_parts(name)
    if parts is None:
        return None
    kind, own = parts
    fits = _IS_OF[kind]

    def read(lead: Lead) -> CustomValue | None:
        value = lead.custom.shown.get(own)
        return value if value is not None and fits(value) else None

    return Queryable(name, kind, read)
