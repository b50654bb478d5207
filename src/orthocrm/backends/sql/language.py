"""What SQLite and PostgreSQL say differently, and statements compiled to text once.

Hot paths run text on the driver's cursor: building a SQLAlchemy construct for each call costs
more than the statement itself.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.dialects.postgresql.psycopg import dialect as psycopg_dialect
from sqlalchemy.dialects.sqlite.pysqlite import dialect as pysqlite_dialect

from orthocrm.backends.sql.rows.codec import (
    NATIVE_PUT,
    NATIVE_TAKE,
    NEUTRAL_PUT,
    NEUTRAL_TAKE,
    Put,
    Take,
    put_array,
    put_json,
)


@frozen
class Text:
    """A statement as the driver takes it: `names` are its parameters, by position."""

    sql: str
    names: tuple[str, ...]
    fixed: Mapping[str, Any]

    def values(self, given: Mapping[str, Any]) -> tuple[Any, ...]:
        """Put parameters in their places."""
        fixed = self.fixed
        return tuple([given[name] if name in given else fixed[name] for name in self.names])


@frozen(eq=False)
class Language:
    """One engine's dialect.

    `among` compares a column with the several values of one parameter, which `several` packs;
    `contains` looks for a text in another; `each` gives the codes of a column of codes as rows,
    and `listed` the texts of a parameter that `put_json` wrote.
    With `has_arrays` a parameter may be an array; with `has_lateral` a subquery may look at the
    row beside it; with `has_one_writer` units of work follow each other.
    """

    compiler: sa.Dialect
    put: Put
    take: Take
    among: Callable[[sa.ColumnElement[Any], str], sa.ColumnElement[bool]]
    several: Callable[[Iterable[Any]], Any]
    contains: Callable[[sa.ColumnElement[str], sa.ColumnElement[str]], sa.ColumnElement[bool]]
    each: Callable[[sa.ColumnElement[str]], sa.TableValuedAlias]
    listed: Callable[[str], sa.TableValuedAlias]
    has_arrays: bool
    has_lateral: bool
    has_one_writer: bool

    @property
    def name(self) -> str:
        """The engine's name, as SQLAlchemy knows it."""
        return self.compiler.name

    def text(self, statement: sa.ClauseElement) -> Text:
        """Compile a statement."""
        compiled: Any = statement.compile(dialect=self.compiler)
        fixed = {name: value for name, value in compiled.params.items() if value is not None}
        return Text(str(compiled), tuple(compiled.positiontup or ()), fixed)


def _listed_in_json(parameter: str) -> sa.TableValuedAlias:
    return sa.func.json_each(sa.bindparam(parameter, type_=sa.Text())).table_valued("value")


def _among_json(column: sa.ColumnElement[Any], parameter: str) -> sa.ColumnElement[bool]:
    return column.in_(sa.select(_listed_in_json(parameter).c.value))


def _each_in_json(codes: sa.ColumnElement[str]) -> sa.TableValuedAlias:
    quoted = sa.func.replace(sa.func.trim(codes, "|"), "|", '","')
    array = sa.case((codes == "", "[]"), else_=sa.literal('["') + quoted + '"]')
    return sa.func.json_each(array).table_valued("value")


SQLITE = Language(
    compiler=pysqlite_dialect(paramstyle="qmark"),
    put=NEUTRAL_PUT,
    take=NEUTRAL_TAKE,
    among=_among_json,
    several=lambda values: put_json(list(values)),
    contains=lambda text, part: sa.func.instr(text, part) > 0,
    each=_each_in_json,
    listed=_listed_in_json,
    has_arrays=False,
    has_lateral=False,
    has_one_writer=True,
)


def _among_array(column: sa.ColumnElement[Any], parameter: str) -> sa.ColumnElement[bool]:
    return column == sa.any_(sa.bindparam(parameter, type_=sa.ARRAY(column.type)))


def _each_in_array(codes: sa.ColumnElement[str]) -> sa.TableValuedAlias:
    array = sa.func.string_to_array(sa.func.nullif(sa.func.btrim(codes, "|"), ""), "|")
    return sa.func.unnest(array).table_valued("value").render_derived()


def _listed_in_text(parameter: str) -> sa.TableValuedAlias:
    """Of JSON rather than an array, of which PostgreSQL would plan every length anew."""
    given = sa.cast(sa.bindparam(parameter, type_=sa.Text()), sa.JSON())
    return sa.func.json_array_elements_text(given).table_valued("value").render_derived()


POSTGRESQL = Language(
    compiler=psycopg_dialect(paramstyle="numeric_dollar"),  # type: ignore[no-untyped-call]  # SQLAlchemy gives it no types
    put=NATIVE_PUT,
    take=NATIVE_TAKE,
    among=_among_array,
    several=put_array,
    contains=lambda text, part: sa.func.strpos(text, part) > 0,
    each=_each_in_array,
    listed=_listed_in_text,
    has_arrays=True,
    has_lateral=True,
    has_one_writer=False,
)
