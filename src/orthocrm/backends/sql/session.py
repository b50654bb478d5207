"""Statements of one unit of work, on the driver's own cursor."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol

from attrs import frozen

from orthocrm.backends.sql.language import Language, Text
from orthocrm.backends.sql.rows.codec import Row
from orthocrm.backends.sql.sight import Sight
from orthocrm.core.errors import BackendError, OrthoCRMError, StaleVersion
from orthocrm.core.ids import ClinicId

_UNFIT = (UnicodeEncodeError, OverflowError)
"""What drivers raise beside their own errors: half a character, more than 64 bits."""


@frozen(kw_only=True)
class Contest:
    """What each row of a step is to take, by the column that names it.

    Names have a kind before their first slash; a failure tells the kinds of what was lost.
    """

    column: str
    wanted: Sequence[str]


@frozen(kw_only=True)
class Step:
    """One statement of a flush, for several rows.

    Where an engine can, `at_once` does the same for all rows, each column an array. With
    `all_there`, a row that met nothing means that a noun changed since it was read. What is `free`
    does not mind in which order it runs with its free neighbours. A `contest` is about
    what others may have taken before.
    """

    kind: str
    sql: str
    rows: Sequence[Row]
    at_once: str | None = None
    all_there: bool = False
    free: bool = False
    contest: Contest | None = None

    def check(self, met: int) -> None:
        """Refuse when fewer rows were met than sent."""
        if self.all_there and met != len(self.rows):
            raise StaleVersion(self.kind)


class Driver(Protocol):
    """What differs between drivers when statements run."""

    @property
    def language(self) -> Language:
        """The engine's dialect."""
        ...

    @property
    def failure(self) -> type[Exception]:
        """The class of everything that the driver raises."""
        ...

    def cursor(self, connection: Any) -> Any:  # noqa: ANN401 - drivers share no types
        """Open a cursor that gives plain tuples."""
        ...

    def run(self, cursor: Any, sql: str, values: Row) -> None:  # noqa: ANN401 - as above
        """Run a statement on a cursor."""
        ...

    def write(self, connection: Any, steps: Sequence[Step], *, last: bool) -> None:  # noqa: ANN401 - as above
        """Run the steps of a flush in order, in as few round trips as possible.

        After the `last` steps of a transaction of our own it may be committed along with them.
        """
        ...

    def seeing(self, connection: Any, sight: Sight) -> AbstractContextManager[None]:  # noqa: ANN401 - as above
        """Let a transaction that is open see what it may, and what it saw before afterwards."""
        ...

    def alone(self, cursor: Any, clinic: ClinicId) -> None:  # noqa: ANN401 - as above
        """Wait until no other transaction works in the clinic, and let none begin until the end.

        Fails with a `Conflict` when others take too long.
        """
        ...

    def first(self, cursor: Any, clinic: ClinicId) -> bool:  # noqa: ANN401 - as above
        """Whether no other transaction moves the clinic's rows to other keys; none may now."""
        ...

    def refusal(self, error: Exception) -> OrthoCRMError:
        """Say what a driver's error means."""
        ...


class Session:
    """Runs statements of one clinic on a connection that it does not own."""

    __slots__ = ("_connection", "_cursor", "_driver", "clinic", "failed", "language")

    def __init__(self, driver: Driver, connection: Any, clinic: ClinicId) -> None:  # noqa: ANN401 - as above
        self._driver = driver
        self._connection = connection
        self._cursor = driver.cursor(connection)
        self.language = driver.language
        self.clinic = clinic
        self.failed: OrthoCRMError | None = None

    def rows(self, text: Text, given: Mapping[str, Any]) -> list[Row]:
        """Run a statement and give all its rows."""
        rows: list[Row] = self._run(text, given).fetchall()
        return rows

    def met(self, text: Text, given: Mapping[str, Any]) -> int:
        """Run a statement and tell how many rows it met."""
        count: int = self._run(text, given).rowcount
        return count

    def write(self, steps: Sequence[Step], *, last: bool = False) -> None:
        """Run the steps of a flush."""
        self._open()
        try:
            self._driver.write(self._connection, steps, last=last)
        except StaleVersion as error:
            raise self.doom(error) from None
        except self._driver.failure as error:
            raise self.doom(self._driver.refusal(error)) from error
        except _UNFIT as error:
            raise self.doom(BackendError("a value does not fit its column")) from error

    def doom(self, error: OrthoCRMError) -> OrthoCRMError:
        """Make sure that nothing of the unit of work is kept, even if the error is caught."""
        self.failed = self.failed or error
        return error

    def alone(self) -> None:
        """Be the only unit of work of the clinic from now on; raises `Conflict` when it cannot."""
        try:
            self._driver.alone(self._open(), self.clinic)
        except self._driver.failure as error:
            raise self.doom(self._driver.refusal(error)) from error

    def first(self) -> bool:
        """Whether nobody else moves rows of the clinic to other keys; nobody may from now on."""
        return self._driver.first(self._open(), self.clinic)

    def at(self, stored: Any) -> datetime:  # noqa: ANN401 - what the driver gives
        """Read an instant."""
        return self.language.take.at(stored)

    def end(self) -> None:
        """Refuse everything from now on: the connection may already serve somebody else."""
        self._connection = self._cursor = None

    def _run(self, text: Text, given: Mapping[str, Any]) -> Any:  # noqa: ANN401 - the cursor
        cursor = self._open()
        try:
            self._driver.run(cursor, text.sql, text.values({"clinic": self.clinic, **given}))
        except self._driver.failure as error:
            raise self.doom(self._driver.refusal(error)) from error
        except _UNFIT as error:
            raise self.doom(BackendError("a value does not fit its column")) from error
        return cursor

    def _open(self) -> Any:  # noqa: ANN401 - the cursor
        if self._cursor is None:
            raise BackendError("the unit of work has ended")
        return self._cursor
