"""iCalendar as text: content lines, escaped and folded, of components within components.

Every value passes an escape or a form that holds no line break, so that no value can begin a line
of its own.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote

from attrs import Factory, field, frozen

PRODID: Final = "-//orthocrm//orthocrm//EN"
_OCTETS: Final = 75
_QUOTED: Final = frozenset(":;,")
_CARETS: Final = str.maketrans({"^": "^^", '"': "^'", "\n": "^n"})
_ESCAPES: Final = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})
_BREAKS: Final = str.maketrans(dict.fromkeys("\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029", "\n"))
_DELETE: Final = "\x7f"
_ADDRESS: Final = "@!$&'*+-./=?^_`{|}~"
_LINK: Final = ":/?#[]@!$&'()*+,;=-._~%"


@frozen
class Line:
    """One property: its name, its value as it is written, and its parameters."""

    name: str
    value: str = field(repr=False)
    params: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    def __str__(self) -> str:
        params = "".join(f";{name}={parameter(value)}" for name, value in self.params)
        return f"{self.name}{params}:{self.value}"


@frozen
class Part:
    """A component: its lines, and the components in it."""

    name: str
    lines: tuple[Line, ...]
    parts: tuple["Part", ...] = Factory(tuple)

    def written(self) -> Iterator[str]:
        """Give its content lines, not folded yet."""
        yield f"BEGIN:{self.name}"
        yield from map(str, self.lines)
        for part in self.parts:
            yield from part.written()
        yield f"END:{self.name}"


def calendar(lines: Iterable[Line], parts: Iterable[Part]) -> str:
    """Write a VCALENDAR of version 2.0; lines end with CRLF and hold at most 75 octets."""
    head = (Line("VERSION", "2.0"), Line("PRODID", PRODID), Line("CALSCALE", "GREGORIAN"), *lines)
    whole = Part("VCALENDAR", head, tuple(parts))
    return "".join(f"{folded(line)}\r\n" for line in whole.written())


def folded(line: str) -> str:
    """Fold a line after at most 75 octets, never within a character."""
    if len(line.encode()) <= _OCTETS:
        return line
    pieces: list[str] = []
    start, octets = 0, 0
    for at, sign in enumerate(line):
        width = len(sign.encode())
        if octets + width > _OCTETS:
            pieces.append(line[start:at])
            start, octets = at, 1
        octets += width
    return "\r\n ".join([*pieces, line[start:]])


def text(value: str) -> str:
    """Write a TEXT value: line breaks and separators escaped, other control characters left out."""
    return _plain(value).translate(_ESCAPES)


def parameter(value: str) -> str:
    """Write a parameter's value as RFC 6868 says, in quotes where it needs them."""
    plain = _plain(value).replace("\t", " ").translate(_CARETS)
    return f'"{plain}"' if _QUOTED & set(plain) else plain


def mailto(address: str) -> str:
    """Write an e-mail address as a URI."""
    return f"mailto:{quote(_plain(address), safe=_ADDRESS)}"


def link(url: str) -> str:
    """Write a URI; what cannot stand in one is percent-encoded."""
    return quote(_plain(url), safe=_LINK)


def moment(at: datetime) -> str:
    """Write an instant in UTC, in whole seconds."""
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def wall(at: datetime) -> str:
    """Write a wall time."""
    return at.strftime("%Y%m%dT%H%M%S")


def length(value: timedelta) -> str:
    """Write a length of whole seconds, negative ones included."""
    sign = "-" if value < timedelta() else ""
    seconds = int(abs(value).total_seconds())
    days, seconds = divmod(seconds, 86_400)
    hours, minutes, seconds = seconds // 3600, seconds // 60 % 60, seconds % 60
    parts = ((hours, "H"), (minutes, "M"), (seconds, "S"))
    clock = "".join(f"{number}{unit}" for number, unit in parts if number)
    date = f"{days}D" if days else ""
    if not date and not clock:
        return "PT0S"
    return f"{sign}P{date}" + (f"T{clock}" if clock else "")


def offset(value: timedelta) -> str:
    """Write a UTC offset; seconds only where there are some."""
    sign = "-" if value < timedelta() else "+"
    seconds = int(abs(value).total_seconds())
    rest = f"{seconds % 60:02}" if seconds % 60 else ""
    return f"{sign}{seconds // 3600:02}{seconds // 60 % 60:02}{rest}"


def _plain(value: str) -> str:
    broken = value.replace("\r\n", "\n").replace("\r", "\n").translate(_BREAKS)
    kept = "".join(sign for sign in broken if sign in "\n\t" or (sign >= " " and sign != _DELETE))
    return kept.encode("utf-8", "replace").decode()
