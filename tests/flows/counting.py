"""Counting what a verb sends to the database, on SQLite."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

import orthocrm
from orthocrm.testing.clock import FrozenClock
from tests.flows.conftest import KEYS
from tests.flows.practice import House


class Statements(sqlite3.Cursor):
    """Counts; many rows of one statement are one."""

    sent = 0

    def execute(self, *given: Any) -> Any:
        Statements.sent += 1
        return super().execute(*given)

    def executemany(self, *given: Any) -> Any:
        Statements.sent += 1
        return super().executemany(*given)


class Connection(sqlite3.Connection):
    """Hands out cursors that count."""

    def cursor(self, factory: Any = None) -> Any:
        return super().cursor(factory or Statements)


@contextmanager
def watched(url: str, clock: FrozenClock) -> Iterator[House]:
    """Open a practice whose statements are counted."""
    with orthocrm.connect(url, keys=KEYS, clock=clock, discover_plugins=False) as crm:
        engine = crm._backend._engine.engine  # type: ignore[attr-defined] # an SQL backend
        engine.dispose()

        def count(_: object, __: object, ___: object, given: dict[str, Any]) -> None:
            given["factory"] = Connection

        sa.event.listen(engine, "do_connect", count)
        yield House(crm, crm.create_clinic(name="Bright Smiles", timezone="America/Chicago"), clock)


def cost(verb: Callable[[], object]) -> int:
    """Count the statements of a verb, those that open and end its transaction apart."""
    before = Statements.sent
    verb()
    return Statements.sent - before
