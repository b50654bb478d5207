"""Somebody else's iCalendar text as a tree of components, within limits.

Everything here is linear in the length of the text, and keeps only the properties that say when
somebody is busy.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final

from attrs import field, frozen

from orthocrm.core.errors import InvalidInput

PATH: Final = "calendar"
"""The name of the field in every refusal of a whole calendar."""

_BOM: Final = "\ufeff"
_BREAKS = re.compile(r"\n\n+")
_FOLD = re.compile(r"\n[ \t]")
_NAME = re.compile(r"[A-Za-z0-9-]+")
_HEAD = re.compile(r'([A-Za-z0-9-]+)((?:;[^:"]*(?:"[^"]*"[^:"]*)*)?):')
_PARAMETER = re.compile(r';([^=;"]+)=("[^"]*"|[^;]*)')
_LONGEST_HEAD: Final = 2_000
_NEEDED: Final = frozenset(
    {
        "BEGIN",
        "CALSCALE",
        "DTEND",
        "DTSTART",
        "DURATION",
        "END",
        "EXDATE",
        "FREEBUSY",
        "RDATE",
        "RECURRENCE-ID",
        "RRULE",
        "SEQUENCE",
        "STATUS",
        "TRANSP",
        "TZID",
        "TZOFFSETFROM",
        "TZOFFSETTO",
        "UID",
        "X-MICROSOFT-CDO-BUSYSTATUS",
        "X-WR-TIMEZONE",
    }
)


@frozen(kw_only=True)
class Limits:
    """How much of a calendar is read; beyond it, the whole calendar is refused.

    Args:
        size: The length of the text: octets of bytes, characters of a string.
        components: Events, zones, alarms and all else that begins and ends.
        depth: Components within components.
        occurrences: The times that everything together happens in the window.
        steps: The work of expanding recurrences: about one for each date that is looked at.
        window: The longest window.
    """

    size: int = 5_000_000
    components: int = 20_000
    depth: int = 6
    occurrences: int = 10_000
    steps: int = 500_000
    window: timedelta = timedelta(days=1100)


LIMITS: Final = Limits()


@frozen
class Property:
    """One content line: upper-case name, value as written, parameters by upper-case name."""

    name: str
    value: str = field(repr=False)
    params: Mapping[str, str] = field(factory=dict, repr=False)


@frozen
class Component:
    """What stands between BEGIN and END."""

    name: str
    properties: list[Property] = field(factory=list, repr=False)
    parts: list["Component"] = field(factory=list, repr=False)

    def all(self, name: str) -> Iterator[Property]:
        """Give every property of a name."""
        return (one for one in self.properties if one.name == name)

    def one(self, name: str) -> Property | None:
        """Give the first property of a name."""
        return next(self.all(name), None)

    def word(self, name: str) -> str:
        """Give the value of a property that is a word, in upper case; empty without it."""
        found = self.one(name)
        return "" if found is None else found.value.strip().upper()


def refused(code: str, message: str) -> InvalidInput:
    """Make the refusal of a whole calendar."""
    return InvalidInput.at(PATH, code, message)


def calendars(content: str | bytes, limits: Limits = LIMITS) -> list[Component]:
    """Read every VCALENDAR of a text.

    Octets that are not UTF-8 are replaced, since titles do not matter here.

    Raises:
        InvalidInput: it is too long, too large, nested too deeply, ends before its end, or is no
            calendar at all.
    """
    tree = _Tree(limits)
    for line in _lines(content, limits):
        tree.take(line)
    return tree.finish()


def _lines(content: object, limits: Limits) -> Iterator[Property]:
    if not isinstance(content, str | bytes):
        raise refused("wrong_type", "give a text or bytes")
    if len(content) > limits.size:
        raise refused("too_long", f"give a calendar of at most {limits.size} octets")
    text = content.decode("utf-8", "replace") if isinstance(content, bytes) else content
    whole = text.removeprefix(_BOM).replace("\r\n", "\n").replace("\r", "\n")
    for line in _FOLD.sub("", _BREAKS.sub("\n", whole)).split("\n"):
        name = _NAME.match(line)
        if name is not None and name.group().upper() in _NEEDED:
            found = _HEAD.match(line[:_LONGEST_HEAD])
            if found is not None:
                yield _property(found[1], found[2], line[found.end() :])


def _property(name: str, params: str, value: str) -> Property:
    named = {key.strip().upper(): given.strip('"') for key, given in _PARAMETER.findall(params)}
    return Property(name.upper(), value, named)


class _Tree:
    """The components that have begun, outermost first."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._open: list[Component] = []
        self._found: list[Component] = []
        self._left = limits.components

    def take(self, line: Property) -> None:
        if line.name == "BEGIN":
            self._begin(line.value.strip().upper())
        elif line.name == "END":
            self._end()
        elif self._open:
            self._open[-1].properties.append(line)

    def _begin(self, name: str) -> None:
        self._left -= 1
        if self._left < 0:
            raise refused("too_many", f"give at most {self._limits.components} components")
        if len(self._open) >= self._limits.depth:
            raise refused("too_deep", "the components are nested too deeply")
        component = Component(name)
        if self._open:
            self._open[-1].parts.append(component)
        elif name == "VCALENDAR":
            self._found.append(component)
        self._open.append(component)

    def _end(self) -> None:
        """Close what began last, whatever name END gives: misspelt ones are common."""
        if not self._open:
            raise refused("not_a_calendar", "an END stands where nothing began")
        self._open.pop()

    def finish(self) -> list[Component]:
        if self._open:
            raise refused("truncated", "the calendar ends before its end")
        if not self._found:
            raise refused("not_a_calendar", "give an iCalendar text: BEGIN:VCALENDAR")
        return self._found
