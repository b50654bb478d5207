"""Reading raw input: strict about types and lengths, and complete about what is wrong.

A `Reading` takes one value after the other, collects every problem, and raises them all as one
`InvalidInput`. Length is checked before anything else looks at a text.
"""

import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from orthocrm.core import limits
from orthocrm.core.errors import InvalidInput, Problem
from orthocrm.core.time import instant

E = TypeVar("E", bound=StrEnum)

CLOCK_SKEW = timedelta(minutes=5)
"""How far another machine's clock may run ahead; such an instant is taken as now."""

_LINE_BREAKS = "\n\r\t"

_DIRECTIONS = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))
"""Signs that turn the direction of what follows, without a shape of their own.

Letters written from right to left need none of them. Address books of phones put them around what
is copied from them, and whoever hides one in a name turns what a page shows behind it.
"""


def undirected(text: str) -> str:
    """Leave out what turns the direction of writing.

    >>> undirected("\u202aAnn\u202c")
    'Ann'
    """
    return text if text.isprintable() else text.translate(_DIRECTIONS)


class Reading:
    """The problems found so far. Every method gives None for a missing or a refused value."""

    __slots__ = ("problems",)

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def refuse(self, path: str, code: str, message: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(path, code, message))

    def adopt(self, error: InvalidInput) -> None:
        """Note the problems that a parser raised."""
        self.problems.extend(error.problems)

    def refused(self, path: str) -> bool:
        """Whether something is wrong with a field."""
        return any(problem.path == path for problem in self.problems)

    def finish(self) -> None:
        """Raise everything that was noted, if anything was."""
        if self.problems:
            raise InvalidInput(self.problems)

    def text(self, path: str, raw: object, most: int = limits.LABEL) -> str | None:
        """Read one line: trimmed, line breaks become spaces, blank is missing.

        Signs that turn the direction of writing are left out.
        """
        if raw is None:
            return None
        if not isinstance(raw, str):
            self.refuse(path, "wrong_type", "give a text")
            return None
        if len(raw) > most:
            self.refuse(path, "too_long", f"give at most {most} characters")
            return None
        text = raw.strip()
        if text.isprintable():
            return text or None
        return self._cleaned(path, " ".join(undirected(text).split()))

    def prose(self, path: str, raw: object, most: int = limits.NOTES) -> str | None:
        """Read a text of several lines: trimmed, blank is missing, its own directions kept."""
        if raw is None:
            return None
        if not isinstance(raw, str):
            self.refuse(path, "wrong_type", "give a text")
            return None
        if len(raw) > most:
            self.refuse(path, "too_long", f"give at most {most} characters")
            return None
        return self._cleaned(path, raw.strip())

    def _cleaned(self, path: str, text: str) -> str | None:
        """Refuse what no database stores and no screen shows: control characters, half pairs."""
        if not text.isprintable() and any(
            unicodedata.category(sign) in ("Cc", "Cs") and sign not in _LINE_BREAKS for sign in text
        ):
            self.refuse(path, "bad_character", "remove the control characters")
            return None
        return text or None

    def whole(self, path: str, raw: object, least: int, most: int) -> int | None:
        """Read a whole number within bounds; a truth value is none."""
        if raw is None:
            return None
        if isinstance(raw, bool) or not isinstance(raw, int):
            self.refuse(path, "wrong_type", "give a whole number")
            return None
        if not least <= raw <= most:
            self.refuse(path, "out_of_range", f"give {least} to {most}")
            return None
        return raw

    def flag(self, path: str, raw: object) -> bool | None:
        """Read a truth value; a text or a number is none."""
        if raw is None or isinstance(raw, bool):
            return raw
        self.refuse(path, "wrong_type", "give true or false")
        return None

    def choice(self, path: str, raw: object, kind: type[E]) -> E | None:
        """Read one of the values of an enumeration."""
        if raw is None:
            return None
        if not isinstance(raw, str):
            self.refuse(path, "wrong_type", "give one of the known values")
            return None
        known: Mapping[str, E] = kind._value2member_map_  # type: ignore[assignment]  # its values are text
        found = known.get(raw)
        if found is None:
            self.refuse(path, "unknown_value", "give one of the known values")
        return found

    def day(self, path: str, raw: object) -> date | None:
        """Read a date; an instant is none."""
        if raw is None:
            return None
        if isinstance(raw, datetime) or not isinstance(raw, date):
            self.refuse(path, "not_a_date", "give a date")
            return None
        if raw.year not in limits.YEARS:
            self.refuse(path, "out_of_range", "give a date of the calendar that people use")
            return None
        return raw

    def moment(self, path: str, raw: object) -> datetime | None:
        """Read an aware instant."""
        if raw is None:
            return None
        try:
            return instant(raw, path)
        except InvalidInput as error:
            self.adopt(error)
            return None

    def past(self, path: str, raw: object, now: datetime) -> datetime | None:
        """Read an aware instant that is not in the future; a clock slightly ahead means now."""
        at = self.moment(path, raw)
        if at is None or at <= now:
            return at
        if at - now <= CLOCK_SKEW:
            return now
        self.refuse(path, "in_the_future", "give an instant that has passed")
        return None

    def required(self, path: str, value: object, message: str = "this is needed") -> None:
        """Note a missing value, unless the field was refused already."""
        if value is None and not self.refused(path):
            self.refuse(path, "required", message)
