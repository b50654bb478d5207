"""What a team can take: its availability, what is taken, and the starts that follow."""

from datetime import UTC
from math import lcm

from attrs import evolve, frozen

from orthocrm.scheduling import grids
from orthocrm.scheduling.busy import Taken, taken
from orthocrm.scheduling.frame import Frame, Team
from orthocrm.scheduling.intervals import Interval, common, without
from orthocrm.scheduling.limits import on_dates
from orthocrm.scheduling.load import blocked, full_days, not_on, widened
from orthocrm.scheduling.request import Align, BufferScope
from orthocrm.scheduling.windows import Availability, Windows, together
from orthocrm.scheduling.zones import DAY, Offsets, day_number, floor_minute, offsets

_MARGIN = 16 * DAY
_LOOKED_BACK = 8
_REGULAR = 60
_ENDLESS = 0
"""Where the grid of a free run without a beginning is laid from: 1970-01-01T00:00Z."""


@frozen(kw_only=True)
class Picture:
    """A team between two instants: offers, what blocks each of its people, and free runs.

    In every run the whole event has to lie. The runs are maximal: with the buffers of what is
    taken and of the candidate cut away, and nothing else.
    """

    table: Offsets
    zone: str
    availability: Availability
    taken: tuple[list[Taken], ...]
    runs: list[Interval]


def pictured(frame: Frame, team: Team, windows: Windows) -> Picture:
    """Look at a team over the range of the windows."""
    zone = frame.zone(team)
    offers = [windows.of(one, one.zone or frame.request.zone) for one in team]
    availability = together(offers)
    loads = tuple(taken(one.busy, frame.blocking) for one in team)
    room = availability.open
    if frame.request.buffer_scope is BufferScope.HOURS:
        room = [(start + frame.before, end - frame.after) for start, end in room]
    for load in loads:
        busy = blocked(load, frame.request.capacity)
        room = without(room, widened(busy, frame.before, frame.after))
    return Picture(
        table=offsets(zone, windows.start - _MARGIN, windows.end + _MARGIN),
        zone=zone,
        availability=availability,
        taken=loads,
        runs=[(start, end) for start, end in room if end - start >= frame.duration],
    )


def windows_for(frame: Frame) -> Windows:
    """Give the range that has to be built: the starts, what follows them, and what grids need.

    Clock grids depend on every free run since the earliest start (R10), others only on the range.
    """
    low, high = frame.inside
    if frame.request.align is Align.CLOCK:
        low = min(low, frame.earliest)
    return Windows(low - frame.before, max(high, low) + frame.duration + frame.after)


def looked_at(frame: Frame, team: Team, windows: Windows) -> Picture:
    """Look at a team; for free runs, far enough back to see the first of them begin (R9)."""
    picture = pictured(frame, team, windows)
    if frame.request.align is not Align.FREE:
        return picture
    low, days = frame.inside[0], _LOOKED_BACK
    while (at := _cut_run(picture, low)) is not None:
        if picture.availability.whole_from < _regular_before(team, windows):
            runs = picture.runs
            return evolve(picture, runs=[*runs[:at], (_ENDLESS, runs[at][1]), *runs[at + 1 :]])
        picture = pictured(frame, team, Windows(windows.start - days * DAY, windows.end))
        days *= 4
    return picture


def _cut_run(picture: Picture, low: int) -> int | None:
    """Find the first run that ends after a minute, if its beginning was not seen."""
    at = next((at for at, run in enumerate(picture.runs) if run[1] > low), None)
    if at is None or picture.runs[at][0] > picture.availability.whole_from:
        return None
    return at


def _regular_before(team: Team, windows: Windows) -> int:
    """Give a minute before which nothing happens but the weeks, each like the others."""
    known = [windows.start]
    rotation = 1
    for one in team:
        days = {*one.closed_dates, *(override.date for override in one.overrides)}
        for hours in one.hours:
            days |= {day for day in (hours.valid_from, hours.valid_until) if day is not None}
            rotation = min(lcm(rotation, hours.every_weeks), 1000)
        known += [day_number(day) * DAY for day in days]
        known += [floor_minute(away.start) for away in one.time_off]
        known += [floor_minute(block.start.replace(tzinfo=UTC)) for block in one.blocks]
        known += [floor_minute(busy.start - busy.buffer_before) for busy in one.busy]
    return min(known) - (_REGULAR + rotation * 7) * DAY


def starts(frame: Frame, team: Team, windows: Windows, allowed: list[Interval]) -> list[int]:
    """Give the minutes at which a team may start, ascending."""
    picture = looked_at(frame, team, windows)
    return on_grid(frame, picture, possible(frame, team, picture, allowed))


def possible(frame: Frame, team: Team, picture: Picture, allowed: list[Interval]) -> list[Interval]:
    """Narrow the allowed starts by the dates of the team's zone and by its full days."""
    request = frame.request
    if request.horizon is not None or request.date_range is not None:
        dates = on_dates(request, picture.zone, picture.table, frame.inside)
        allowed = common(allowed, dates)
    if request.max_per_day is None:
        return allowed
    for one, load in zip(team, picture.taken, strict=True):
        table = offsets(one.zone or request.zone, *_around(frame))
        full = full_days(load, request.max_per_day, table)
        allowed = not_on(full, allowed, table) if request.max_per_day else []
    return allowed


def _around(frame: Frame) -> Interval:
    return frame.inside[0] - _MARGIN, max(frame.inside) + _MARGIN


def on_grid(frame: Frame, picture: Picture, allowed: list[Interval]) -> list[int]:
    """Lay the grid of the request over the times that are free and allowed (R7 to R10)."""
    align, duration, step = frame.request.align, frame.duration, frame.step
    if align is Align.FREE:
        return grids.among(grids.on_runs(picture.runs, duration, step), allowed)
    if align is Align.CLOCK:
        runs = [
            (max(start, frame.earliest), end) for start, end in picture.runs if end > frame.earliest
        ]
        return grids.among(grids.on_clock(runs, duration, step, picture.table), allowed)
    fits = common([(start, end - duration + 1) for start, end in picture.runs], allowed)
    if align is Align.MIDNIGHT:
        return grids.on_midnight(fits, frame.offset, step, picture.table)
    return grids.on_windows(picture.availability.raw, fits, frame.offset, step)
