"""The rules of scheduling once more, minute by minute: slow, and without any of our arithmetic.

Every instant is a datetime, every wall time goes through `ZoneInfo`, and every minute is asked by
itself. It knows one provider, or several who all take part: weekly hours, overrides, closed dates,
time off, blocks and busy time.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from orthocrm.scheduling.blocks import RecurringBlock
from orthocrm.scheduling.busy import Busy, State
from orthocrm.scheduling.request import Align, BufferScope, Provider, SlotRequest

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
BLOCKING = {"booked", "confirmed", "arrived", "in_progress", "completed"}

Window = tuple[datetime, datetime]


def at(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    """R1, with minutes that may lie beyond the day."""
    day += DAY * (minutes // 1440)
    minutes %= 1440
    return datetime.combine(day, time(minutes // 60, minutes % 60), zone).astimezone(UTC)


def raw_windows(provider: Provider, days: list[date], zone: ZoneInfo) -> list[Window]:
    special = {one.date for one in provider.overrides} | provider.closed_dates
    found = []
    for day in days:
        if at(day, 0, zone).astimezone(zone).date() != day:
            continue
        for start, end in walls(provider, day):
            opens = at(day, start, zone)
            closes = at(day, end + (1440 if end <= start else 0), zone)
            if day + DAY in special:
                closes = min(closes, at(day + DAY, 0, zone))
            if opens < closes:
                found.append((opens, closes))
    return sorted(found)


def walls(provider: Provider, day: date) -> list[tuple[int, int]]:
    if day in provider.closed_dates:
        return []
    if any(one.date == day for one in provider.overrides):
        return [
            (window.start, window.end)
            for one in provider.overrides
            if one.date == day
            for window in one.windows
        ]
    return [
        (one.start, one.end)
        for one in provider.hours
        if one.weekday == day.isoweekday() % 7
        and (one.valid_from is None or one.valid_from <= day)
        and (one.valid_until is None or day <= one.valid_until)
        and (one.anchor is None or weeks(one.anchor, day) % one.every_weeks == 0)
    ]


def weeks(first: date, second: date) -> int:
    monday = [day - DAY * day.weekday() for day in (first, second)]
    return (monday[1] - monday[0]).days // 7


def repeated(block: RecurringBlock, zone: ZoneInfo) -> Iterator[Window]:
    """Expand `FREQ=DAILY;COUNT=n` with an end on the wall."""
    assert block.rrule is not None
    assert block.end is not None
    for number in range(int(block.rrule.rpartition("=")[2])):
        start, end = block.start + DAY * number, block.end + DAY * number
        midnight = at(start.date(), 0, zone).astimezone(zone)
        if start not in block.exdate and midnight.date() == start.date():
            opens, closes = (wall.replace(tzinfo=zone).astimezone(UTC) for wall in (start, end))
            yield opens, closes


def blocks(busy: Busy, request: SlotRequest) -> bool:
    if busy.start == busy.end or (request.exclude is not None and busy.id == request.exclude):
        return False
    if busy.state is State.HELD:
        return busy.expires_at is None or request.now < busy.expires_at
    return busy.state in BLOCKING or (busy.state is State.REQUESTED and request.requests_block)


def starts(request: SlotRequest, days: list[date]) -> list[datetime]:
    """Give the starts of a request for one provider, or all together, minute by minute."""
    return list(_Minutes(request, days).starts())


class _Minutes:
    def __init__(self, request: SlotRequest, days: list[date]) -> None:
        self.request = request
        self.team = request.providers
        zones = {one.zone or request.zone for one in self.team}
        self.zone = ZoneInfo(zones.pop() if len(zones) == 1 else request.zone)
        self.windows = [raw_windows(one, days, self._of(one)) for one in self.team]
        self.raw = self._met()
        self.loads = [[one for one in who.busy if blocks(one, request)] for who in self.team]
        self.blocked = [
            span
            for who in self.team
            for block in who.blocks
            for span in repeated(block, self._of(who))
        ]
        self.step = request.step or request.duration
        first = min((opens for opens, _ in self.raw), default=request.now)
        last = max((closes for _, closes in self.raw), default=request.now)
        self.minutes = [first + MINUTE * n for n in range((last - first) // MINUTE + 1)]
        self.open = {minute for minute in self.minutes if self._is_open(minute)}
        self.full = {minute for minute in self._footprint_range(first, last) if self._full(minute)}
        self.fits = {minute for minute in self.minutes if self._fits(minute)}

    def _of(self, provider: Provider) -> ZoneInfo:
        return ZoneInfo(provider.zone or self.request.zone)

    def _met(self) -> list[Window]:
        """Intersect the windows of everybody pairwise (R20)."""
        met = self.windows[0]
        for others in self.windows[1:]:
            both = {(max(a, c), min(b, d)) for a, b in met for c, d in others}
            met = sorted((opens, closes) for opens, closes in both if opens < closes)
        return met

    def _is_open(self, minute: datetime) -> bool:
        away = any(one.start <= minute < one.end for who in self.team for one in who.time_off)
        away = away or any(start <= minute < end for start, end in self.blocked)
        return not away and all(
            any(opens <= minute < closes for opens, closes in windows) for windows in self.windows
        )

    def _footprint_range(self, first: datetime, last: datetime) -> Iterator[datetime]:
        minute = first - self.request.buffer_before
        while minute < last + self.request.duration + self.request.buffer_after:
            yield minute
            minute += MINUTE

    def _full(self, minute: datetime) -> bool:
        return any(self._is_full_for(load, minute) for load in self.loads)

    def _is_full_for(self, load: list[Busy], minute: datetime) -> bool:
        covering = [
            one
            for one in load
            if one.start - one.buffer_before <= minute < one.end + one.buffer_after
        ]
        most = min([self.request.capacity, *(one.capacity for one in covering)])
        return len(covering) >= most

    def _fits(self, start: datetime) -> bool:
        if start not in self.open or start in self.full:
            return False
        request = self.request
        length, before, after = (
            span // MINUTE
            for span in (request.duration, request.buffer_before, request.buffer_after)
        )
        event, footprint = range(length), range(-before, length + after)
        held = footprint if request.buffer_scope is BufferScope.HOURS else event
        return all(start + MINUTE * n in self.open for n in held) and not any(
            start + MINUTE * n in self.full for n in footprint
        )

    def starts(self) -> Iterator[datetime]:
        grid = {
            Align.WINDOW: self._window,
            Align.MIDNIGHT: self._midnight,
            Align.FREE: self._free,
            Align.CLOCK: self._clock,
        }[self.request.align]
        return (start for start in sorted(set(grid())) if start in self.fits and self._may(start))

    def _may(self, start: datetime) -> bool:
        request = self.request
        day, today = self._day(start), self._day(request.now)
        if start < request.now + request.notice:
            return False
        if not (request.from_ or start) <= start or not start < (request.to or start + MINUTE):
            return False
        if request.horizon is not None and day > self._horizon(today):
            return False
        first, last = request.date_range or (None, None)
        if not (first or day) <= day <= (last or day):
            return False
        return request.max_per_day is None or all(
            self._booked(who, load, start) < request.max_per_day
            for who, load in zip(self.team, self.loads, strict=True)
        )

    def _booked(self, who: Provider, load: list[Busy], start: datetime) -> int:
        day = self._day(start, self._of(who))
        return sum(self._day(one.start, self._of(who)) == day for one in load)

    def _day(self, instant: datetime, zone: ZoneInfo | None = None) -> date:
        return instant.astimezone(zone or self.zone).date()

    def _horizon(self, today: date) -> date:
        left = self.request.horizon or 0
        business = self.request.horizon_days == "business"
        while left:
            today += DAY
            left -= not business or today.isoweekday() < 6
        return today

    def _window(self) -> Iterator[datetime]:
        for opens, closes in self.raw:
            start = opens + self.request.offset
            while start < closes:
                yield start
                start += self.step

    def _midnight(self) -> Iterator[datetime]:
        step = self.step // MINUTE
        for minute in self.minutes:
            local = minute.astimezone(self.zone)
            of_day = local.hour * 60 + local.minute
            if of_day % step == self.request.offset // MINUTE % step:
                yield minute

    def _free_events(self) -> Iterator[list[datetime]]:
        """Give the maximal runs of minutes that the event may cover."""
        covered = {
            start + MINUTE * n
            for start in self.fits
            for n in range(self.request.duration // MINUTE)
        }
        run: list[datetime] = []
        for minute in self.minutes:
            if minute in covered:
                run.append(minute)
            elif run:
                yield run
                run = []
        if run:
            yield run

    def _free(self) -> Iterator[datetime]:
        for run in self._free_events():
            start = run[0]
            while start + self.request.duration <= run[-1] + MINUTE:
                yield start
                start += self.step

    def _clock(self) -> Iterator[datetime]:
        grain = next((g for g in (60, 30, 20, 15, 10, 5) if self.step // MINUTE % g == 0), 1)
        earliest = self.request.now + self.request.notice
        before: datetime | None = None
        for run in self._free_events():
            begun = False
            for start in run:
                if start < earliest or start + self.request.duration > run[-1] + MINUTE:
                    continue
                if before is not None and start < before + self.step:
                    continue
                if not begun and start.astimezone(self.zone).minute % grain:
                    continue
                if begun and before is not None and start != before + self.step:
                    continue
                yield start
                before, begun = start, True
