"""The numbers of the reports by SQL that is written by hand, on the library's own tables.

Each report is asked for in as few statements as its numbers need: counts by FILTER, totals and
groups together where the engine can, medians where they are cheapest. Business time stands on the
leads, as the library has measured it.
"""

import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol

import psycopg
from attrs import define, frozen

from orthocrm.backends.sql.types import instant_text

Row = Sequence[Any]

_NAME = re.compile(r"(?<!:):([a-z]\w*)")


class Total:
    """Stands for all groups together."""


Label = str | None | type[Total]
Pair = tuple[float | None, float | None]


@frozen(kw_only=True)
class Spread:
    """The median and the 90th percentile of a value of the rows that satisfy a condition."""

    value: str
    where: str = "TRUE"


class ByHand(Protocol):
    """A connection to the library's database, for statements with named parameters."""

    def rows(self, sql: str, given: Mapping[str, object]) -> list[Row]:
        """Run a statement and give its rows."""
        ...

    def groups(
        self,
        rows: str,
        key: str,
        counts: str,
        spreads: Sequence[Spread],
        given: Mapping[str, object],
        *,
        whole: bool = True,
    ) -> dict[Label, tuple[list[Any], list[Pair]]]:
        """Give counts and spreads for each value of a key, and for all rows as a `whole`."""
        ...

    def ms(self, since: str, until: str) -> str:
        """Write the milliseconds from one instant to another."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


@define
class PostgresByHand:
    """PostgreSQL: totals by grouping sets, quantiles as ordered-set aggregates."""

    connection: psycopg.Connection[tuple[Any, ...]]

    @classmethod
    def at(cls, url: str) -> "PostgresByHand":
        """Connect to a database of the library."""
        made = cls(
            psycopg.connect(url.replace("postgresql+psycopg", "postgresql"), autocommit=True)
        )
        made.connection.execute("SET TIME ZONE 'UTC'")
        return made

    def rows(self, sql: str, given: Mapping[str, object]) -> list[Row]:
        """Run a statement and give its rows."""
        text = _NAME.sub(r"%(\1)s", sql)
        return list(self.connection.execute(text.encode(), given).fetchall())

    def groups(
        self,
        rows: str,
        key: str,
        counts: str,
        spreads: Sequence[Spread],
        given: Mapping[str, object],
        *,
        whole: bool = True,
    ) -> dict[Label, tuple[list[Any], list[Pair]]]:
        """Give counts and spreads for each value of a key, and for all rows, in one statement."""
        quantiles = [
            f"percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY {spread.value})"
            f" FILTER (WHERE {spread.where})"
            for spread in spreads
        ]
        columns = ", ".join(["grouping(key_)", "key_", counts, *quantiles])
        sql = (
            f"SELECT {columns} FROM (SELECT {key} AS key_, * FROM {rows}) AS x"
            f" GROUP BY GROUPING SETS ((key_){', ()' if whole else ''})"
        )
        found: dict[Label, tuple[list[Any], list[Pair]]] = {}
        for all_of_them, label, *cells in self.rows(sql, given):
            split = len(cells) - len(spreads)
            pairs = [(None, None) if pair is None else tuple(pair) for pair in cells[split:]]
            found[Total if all_of_them else label] = cells[:split], pairs
        return found

    def ms(self, since: str, until: str) -> str:
        """Write the milliseconds from one instant to another."""
        return f"(extract(epoch FROM {until} - {since}) * 1000)::bigint"

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()


@define
class SqliteByHand:
    """SQLite: totals are added up, quantiles found by their rank."""

    connection: sqlite3.Connection

    @classmethod
    def at(cls, url: str) -> "SqliteByHand":
        """Connect to a database of the library."""
        return cls(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None))

    def rows(self, sql: str, given: Mapping[str, object]) -> list[Row]:
        """Run a statement and give its rows."""
        return self.connection.execute(sql, {k: _stored(v) for k, v in given.items()}).fetchall()

    def groups(
        self,
        rows: str,
        key: str,
        counts: str,
        spreads: Sequence[Spread],
        given: Mapping[str, object],
        *,
        whole: bool = True,
    ) -> dict[Label, tuple[list[Any], list[Pair]]]:
        """Give counts and spreads for each value of a key, and for all rows."""
        counted = self.rows(
            f"SELECT key_, {counts} FROM (SELECT {key} AS key_, * FROM {rows}) GROUP BY key_", given
        )
        found: dict[Label, tuple[list[Any], list[Pair]]] = {
            label: (cells, [(None, None)] * len(spreads)) for label, *cells in counted
        }
        added = [sum(column) for column in zip(*(cells for _, *cells in counted), strict=True)]
        nothing = (
            [] if counted else self.rows(f"SELECT {counts} FROM (SELECT * FROM {rows})", given)[0]
        )
        found[Total] = added or list(nothing), [(None, None)] * len(spreads)
        for place, spread in enumerate(spreads):
            for label, pair in self._quantiles(rows, key, spread, given):
                found[label][1][place] = pair
            for _, pair in self._quantiles(rows, "0", spread, given) if whole else ():
                found[Total][1][place] = pair
        return found

    def _quantiles(
        self, rows: str, key: str, spread: Spread, given: Mapping[str, object]
    ) -> Iterable[tuple[Label, Pair]]:
        ranked = (
            f"SELECT key_, {spread.value} AS v, row_number() OVER w - 1 AS r,"
            " count(*) OVER (PARTITION BY key_) - 1 AS last"
            f" FROM (SELECT {key} AS key_, * FROM {rows})"
            f" WHERE {spread.where} AND {spread.value} IS NOT NULL"
            f" WINDOW w AS (PARTITION BY key_ ORDER BY {spread.value})"
        )
        places = ", ".join(
            f"max(v) FILTER (WHERE r = CAST(last * {q} AS INTEGER) + {step})"
            for q in (0.5, 0.9)
            for step in (0, 1)
        )
        sql = f"SELECT key_, max(last), {places} FROM ({ranked}) GROUP BY key_"
        for label, last, low, above, low90, above90 in self.rows(sql, given):
            yield label, (_between(last * 0.5, low, above), _between(last * 0.9, low90, above90))

    def ms(self, since: str, until: str) -> str:
        """Write the milliseconds from one instant to another."""
        return f"CAST(round((julianday({until}) - julianday({since})) * 86400000) AS INTEGER)"

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()


def _between(place: float, low: float, above: float | None) -> float:
    """Interpolate as `percentile_cont` does."""
    return low if above is None else low + (above - low) * (place - int(place))


def _stored(value: object) -> Any:  # noqa: ANN401 - what the driver takes
    if isinstance(value, datetime):
        return instant_text(value)
    return value.isoformat() if isinstance(value, date) else value
