"""Column types: text by code point, instants in UTC, and JSON, alike on every engine."""

from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from orthocrm.core.time import instant

CODE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""Ids, codes and names, compared by code point (SQLite's own BINARY does so too)."""

JSON = sa.Text().with_variant(JSONB(), "postgresql")
"""JSON text on its way in; `rows` reads what comes back."""


@lru_cache(maxsize=1024)
def instant_text(at: datetime) -> str:
    """Write an instant as UTC text of fixed width, which sorts as the instants do.

    >>> from datetime import UTC
    >>> instant_text(datetime(2026, 11, 2, 9, tzinfo=UTC))
    '2026-11-02T09:00:00.000000Z'
    """
    return instant(at, "instant").isoformat(timespec="microseconds")[:26] + "Z"


class UtcDateTime(sa.TypeDecorator[datetime]):
    """An aware instant: timestamptz on PostgreSQL, text of fixed width on SQLite."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """Choose the column's type."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sa.Text())
        return dialect.type_descriptor(sa.DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> Any:  # noqa: ANN401 - what the driver takes
        """Refuse naive instants, and write the others in UTC."""
        if value is None:
            return None
        return instant_text(value) if dialect.name == "sqlite" else instant(value, "instant")

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:  # noqa: ANN401, ARG002 - as SQLAlchemy asks
        """Read an instant in UTC."""
        if value is None:
            return None
        return instant(datetime.fromisoformat(value) if isinstance(value, str) else value, "at")
