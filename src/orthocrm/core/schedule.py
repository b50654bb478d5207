"""When somebody or something can be booked: one schedule each, in wall time."""

import re
from datetime import date, datetime, time, timedelta
from typing import cast

from attrs import field, frozen

from orthocrm.core.ids import ClinicId
from orthocrm.core.masking import mask

_TEXT = re.compile("([01][0-9]|2[0-3]):([0-5][0-9])(:00)?")


def _start(raw: time | str) -> time:
    """Read `09:00`; what is no wall time is refused where the schedule is saved."""
    found = _TEXT.fullmatch(raw) if isinstance(raw, str) else None
    return cast("time", raw) if found is None else time(int(found[1]), int(found[2]))


def _end(raw: time | str) -> time:
    """Read the same, and `24:00`, which is the midnight after."""
    return time() if raw in ("24:00", "24:00:00") else _start(raw)


@frozen(kw_only=True)
class WeeklyWindow:
    """Open wall times of one weekday. `weekday` 0 is Sunday, 6 Saturday.

    `end <= start` ends on the next local date; `00:00` to `00:00` is the whole day. Texts such as
    `"09:00"` are read as times. `valid_from` and `valid_until` are inclusive local dates; with
    `every_weeks` above 1 the window holds in weeks counted from the Monday-based week of `anchor`.
    """

    weekday: int
    start: time = field(converter=_start)
    end: time = field(converter=_end)
    valid_from: date | None = None
    valid_until: date | None = None
    every_weeks: int = 1
    anchor: date | None = None


@frozen(kw_only=True)
class DateWindow:
    """Open wall times of a single date; `end <= start` ends on the next local date."""

    start: time = field(converter=_start)
    end: time = field(converter=_end)


@frozen(kw_only=True)
class DateHours:
    """The hours of one local date in place of all weekly windows; none: closed."""

    on: date
    windows: tuple[DateWindow, ...] = ()


@frozen(kw_only=True)
class RepeatedBlock:
    """Time taken away again and again, from `starts_at` (wall time, no zone) for `length`.

    `rrule` is a recurrence rule of RFC 5545 (None: once), `excluded` its dates that do not happen.
    """

    starts_at: datetime
    length: timedelta
    rrule: str | None = None
    excluded: tuple[date, ...] = ()
    label: str | None = None


@frozen(kw_only=True)
class Schedule:
    """The hours of a provider (`id` is the user), of a chair or room, or of a shared template.

    With `template` the windows, dates and blocks of that schedule count as this one's own, beside
    what stands here. `timezone` None means the clinic's. `feed` is the revocable part of the
    address of the private calendar feed; it changes when the feed is revoked.
    """

    id: str
    clinic_id: ClinicId
    timezone: str | None = None
    windows: tuple[WeeklyWindow, ...] = ()
    dates: tuple[DateHours, ...] = ()
    closed: tuple[date, ...] = ()
    blocks: tuple[RepeatedBlock, ...] = ()
    template: str | None = None
    is_template: bool = False
    is_active: bool = True
    feed: str | None = field(default=None, repr=mask)
    version: int = 1
