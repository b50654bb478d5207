"""Where time and identities come from."""

from datetime import datetime
from typing import Protocol, runtime_checkable


class Clock(Protocol):
    """Tells the time."""

    def __call__(self) -> datetime:
        """Give the present instant, aware and in UTC."""
        ...


class IdSource(Protocol):
    """Draws identities."""

    def __call__(self) -> str:
        """Give a new UUIDv7 in canonical text; ids of one source sort as they were drawn."""
        ...


@runtime_checkable
class TellsTime(Protocol):
    """A storage with a clock of its own, which a check compares with ours."""

    def instant(self) -> datetime:
        """Tell the time by it, aware and in UTC."""
        ...
