"""VTIMEZONE: what a zone's clocks do around some instants, told to programs without zone data."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from orthocrm.core.time import zone
from orthocrm.scheduling.ical.writing import Line, Part, moment, offset, text, wall
from orthocrm.scheduling.zones import EPOCH, floor_minute, offsets

_AROUND: Final = timedelta(days=366)
_MINUTE: Final = timedelta(minutes=1)
_BEFORE_ALL: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - a wall time
_UTC_NAMES: Final = frozenset({"UTC", "Etc/UTC", "Etc/UCT", "Etc/Zulu", "UCT", "Zulu"})

_Observance = tuple[str, timedelta, timedelta, str]


def is_utc(name: str) -> bool:
    """Whether a zone is UTC itself, which is written without a VTIMEZONE."""
    return name in _UTC_NAMES


def span(start: datetime, end: datetime, zone_name: str) -> tuple[Line, Line]:
    """Write DTSTART and DTEND as wall times of a zone, or in UTC where those mean other instants.

    A repeated wall time is its first occurrence (RFC 5545 3.3.5), so the second one can only be
    said in UTC.
    """
    there = [edge.astimezone(zone(zone_name)) for edge in (start, end)]
    if is_utc(zone_name) or any(edge.fold for edge in there):
        return Line("DTSTART", moment(start)), Line("DTEND", moment(end))
    named = (("TZID", zone_name),)
    first, last = map(wall, there)
    return Line("DTSTART", first, named), Line("DTEND", last, named)


def vtimezones(name: str, moments: Iterable[datetime]) -> tuple[Part, ...]:
    """Give the VTIMEZONE that holds from a year before the first instant to a year after the last.

    There is none for UTC, and none without any instant.
    """
    known = sorted(moments)
    if is_utc(name) or not known:
        return ()
    first, last = known[0] - _AROUND, known[-1] + _AROUND
    parts = [
        Part(kind, _lines(before, after, short, onsets))
        for (kind, before, after, short), onsets in _observances(name, first, last).items()
    ]
    return (Part("VTIMEZONE", (Line("TZID", text(name)),), tuple(parts)),)


def _observances(name: str, first: datetime, last: datetime) -> dict[_Observance, list[datetime]]:
    """Group the changes by what changes; before the first one, the offset then has always held."""
    pieces = offsets(name, floor_minute(first), floor_minute(last)).pieces(
        floor_minute(first), floor_minute(last)
    )
    found: dict[_Observance, list[datetime]] = {}
    before = pieces[0][2] * _MINUTE
    for start, _, minutes in pieces:
        instant = EPOCH + start * _MINUTE
        there, after = instant.astimezone(zone(name)), minutes * _MINUTE
        kind = "DAYLIGHT" if there.dst() else "STANDARD"
        onset = (instant + before).replace(tzinfo=None) if found else _BEFORE_ALL
        found.setdefault((kind, before, after, there.tzname() or ""), []).append(onset)
        before = after
    return found


def _lines(
    before: timedelta, after: timedelta, short: str, onsets: list[datetime]
) -> tuple[Line, ...]:
    repeated = ",".join(wall(onset) for onset in onsets[1:])
    return (
        Line("DTSTART", wall(onsets[0])),
        *([Line("RDATE", repeated)] if repeated else []),
        Line("TZOFFSETFROM", offset(before)),
        Line("TZOFFSETTO", offset(after)),
        *([Line("TZNAME", text(short))] if short else []),
    )
