"""Hearing of commits on PostgreSQL: LISTEN, and a NOTIFY after them.

A NOTIFY within a transaction makes all commits of the server that hold one wait for each other. So
it comes afterwards, in a transaction of its own that waits for no disk.
"""

import time
from types import TracebackType
from typing import Any, Final, Self

import psycopg
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

_CHANNEL: Final = "orthocrm_commits"

ANNOUNCEMENT: Final = (
    b"BEGIN; SET LOCAL synchronous_commit TO off; NOTIFY %s; COMMIT" % _CHANNEL.encode()
)
"""Sent as one text, in one round trip."""


class Listener:
    """Waits for announcements. Without a connection it only waits, and tries to get one again."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._connection: psycopg.Connection[Any] | None = None

    def __enter__(self) -> Self:
        self._listen()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._hang_up()

    def wait(self, seconds: float) -> None:
        """Wait until something was announced since the last time, or time is over."""
        if self._connection is None:
            time.sleep(seconds)
            self._listen()
            return
        try:
            for _ in self._connection.notifies(timeout=seconds, stop_after=1):
                return
        except psycopg.Error:
            self._hang_up()

    def _listen(self) -> None:
        try:
            lent = self._engine.raw_connection()
            connection: Any = lent.dbapi_connection
            lent.detach()
            self._connection = connection
            connection.execute(f"LISTEN {_CHANNEL}".encode())
        except (psycopg.Error, DBAPIError):
            self._hang_up()

    def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
