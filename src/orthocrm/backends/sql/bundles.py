"""Makes one PostgreSQL statement of the neighbouring steps of a flush.

A statement costs more on its way through driver and server than most single rows do in their
tables. So steps that do not mind their order become the parts of one statement, and a step with
several rows takes each column as an array.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain

from attrs import frozen

from orthocrm.backends.sql.rows.codec import Row, put_array
from orthocrm.backends.sql.session import Step

STALE, TAKEN = "stale ", "taken "
"""How the errors of guards begin; the kind of noun follows, or the kinds of what was lost."""

_FORMS = 1_000
"""How many statements stay made."""

_PLACE = re.compile(r"\$(\d+)")


@frozen
class _Part:
    """A statement for some rows; `guarded` names the kind of noun of which none may be missed.

    `contested` is the column of which the guard has the wanted values, to tell those that it lost.
    """

    sql: str
    width: int
    guarded: str | None
    contested: str | None = None


def bundle(steps: Sequence[Step]) -> tuple[bytes, Row]:
    """Give one statement that carries out all steps, and its values.

    A step of which some rows met nothing makes it fail by itself, with an error that `kind_of`
    reads: so a commit can be sent along, and no answer has to be waited for.
    """
    parts, values = zip(*[_part(step) for step in steps], strict=True)
    return _joined(parts), tuple(chain.from_iterable(values))


def _part(step: Step) -> tuple[_Part, Row]:
    if len(step.rows) == 1:
        sql, values = step.sql, step.rows[0]
    else:
        assert step.at_once is not None  # noqa: S101 - for the type checker: free steps have one
        sql, values = (
            step.at_once,
            tuple([put_array(column) for column in zip(*step.rows, strict=True)]),
        )
    if not step.all_there:
        return _Part(sql, len(values), None), values
    count = str(len(step.rows))
    if step.contest is None:
        return _Part(sql, len(values) + 1, step.kind), (*values, count)
    part = _Part(sql, len(values) + 2, step.kind, step.contest.column)
    return part, (*values, put_array(step.contest.wanted), count)


@lru_cache(maxsize=_FORMS)
def _joined(parts: tuple[_Part, ...]) -> bytes:
    """Write the statement: the parts by name, then the guards, else the first part itself.

    PostgreSQL begins with what is asked for, and then runs the others from the last to the first:
    turned round, so that of several clashes the first one is reported.
    """
    texts, guards, before = [], [], 0
    for number, part in enumerate(parts):
        sql = _shifted(part.sql, before)
        before += part.width
        if part.guarded is not None:
            sql = f"{sql} RETURNING {part.contested or 1}"
            guards.append(_guard(f"part{number}", part, before))
        texts.append((f"part{number}", sql))
    last = f"SELECT {', '.join(guards)}" if guards else texts.pop(0)[1]
    named = ", ".join([f"{name} AS ({sql})" for name, sql in reversed(texts)])
    return (f"WITH {named} {last}" if named else last).encode()


def _shifted(sql: str, by: int) -> str:
    return _PLACE.sub(lambda place: f"${int(place[1]) + by}", sql) if by else sql


def _guard(name: str, part: _Part, expected: int) -> str:
    """Cast a text that is no number when too few rows were met.

    The text depends on what was met, so that the planner does not fail beforehand.
    """
    if part.contested is None:
        told = f"'{STALE}{part.guarded}'"
    else:
        told = f"'{TAKEN}' || {_lost(name, part.contested, expected - 1)}"
    return (
        f"(SELECT CASE count(*) WHEN ${expected}::BIGINT THEN 1"  # noqa: S608 - no input is in it
        f" ELSE ({told} || repeat(' ', least(count(*), 1)::int))::int END FROM {name})"
    )


def _lost(name: str, column: str, wanted: int) -> str:
    """Give the kinds of what was wanted and not met; never NULL, which would be no error."""
    return (
        "coalesce((SELECT string_agg(DISTINCT split_part(wanted, '/', 1), ' ')"  # noqa: S608 - no input is in it
        f" FROM unnest(${wanted}::TEXT[]) AS wanted"
        f" WHERE wanted NOT IN (SELECT {column} FROM {name})), '')"
    )


def kind_of(error: Exception) -> str:
    """Read the kind of noun out of the error of a guarded update."""
    return str(error).partition(STALE)[2].partition('"')[0].strip()


def kinds_of(error: Exception) -> list[str]:
    """Read the kinds of what others have taken out of the error of a guarded contest."""
    return str(error).partition(TAKEN)[2].partition('"')[0].split()
