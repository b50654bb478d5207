"""Free times as a pure calculation, beside what one would write with datetimes and two loops."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from attrs import frozen

from benchmarks.measuring import FLOOR, OURS, Call, Pace
from benchmarks.results import Result, Target
from orthocrm.scheduling.busy import Busy
from orthocrm.scheduling.hours import WeeklyHours
from orthocrm.scheduling.request import Provider, SlotRequest
from orthocrm.scheduling.slots import find_slots

_ZONE = "America/Chicago"
_FIRST = date(2026, 9, 7)
_NOW = datetime(2026, 9, 7, 5, tzinfo=UTC)
_OPEN = (("08:00", "12:00"), ("13:00", "17:00"))
_LENGTH = timedelta(minutes=30)
_STEP = timedelta(minutes=15)
_BUFFER = timedelta(minutes=5)
_HOURS = tuple(
    WeeklyHours(weekday=day, start=start, end=end) for day in range(1, 6) for start, end in _OPEN
)

Found = dict[datetime, tuple[str, ...]]


@frozen
class Size:
    """How many people, days and appointments; what is wanted of the time and of the ratio."""

    people: int
    days: int
    taken: int
    most: float
    times_faster: int | None = None

    @property
    def case(self) -> str:
        """Name the case."""
        who = "1 provider" if self.people == 1 else f"{self.people} providers"
        return f"slots, {who}, {self.days} days, {self.taken:,} busy"


SIZES = (
    Size(1, 60, 200, 1.5, 8),
    Size(20, 90, 5_000, 20, 20),
    Size(100, 365, 50_000, 400),
)


def measure(pace: Pace) -> list[Result]:
    """Measure the sizes; the largest without a floor, which would take minutes."""
    return [one for size in (SIZES[:2] if pace.quick else SIZES) for one in _measured(size, pace)]


def _measured(size: Size, pace: Pace) -> list[Result]:
    request = asked(size)
    calls: dict[str, Call] = {OURS: lambda _: find_slots(request)}
    if size.times_faster is not None:
        assert naive(request, size.days) == {s.start: s.providers for s in find_slots(request)}
        calls[FLOOR] = lambda _: naive(request, size.days)
    taken = pace.medians("slots", f"{size.people}", calls)
    ours = taken[OURS] * 1000
    results = [Result(case=size.case, on="memory", ours=ours, target=Target(limit=size.most))]
    if size.times_faster is not None:
        floor = taken[FLOOR] * 1000
        ratio = Target(limit=1 / size.times_faster, of_ratio=True)
        remark = f"{floor / ours:.0f} times faster than naive Python"
        results.append(
            Result(
                case=f"{size.case}, naive",
                on="memory",
                ours=ours,
                floor=floor,
                target=ratio,
                remark=remark,
            )
        )
    return results


def asked(size: Size) -> SlotRequest:
    """Ask for consultations of everybody, over all the days."""
    random = Random(size.people)
    return SlotRequest(
        now=_NOW,
        to=_NOW + timedelta(days=size.days),
        zone=_ZONE,
        duration=_LENGTH,
        step=_STEP,
        buffer_after=_BUFFER,
        providers=[
            Provider(
                id=f"dr-{number}",
                hours=_HOURS,
                busy=_busy(random, size.days, size.taken // size.people),
            )
            for number in range(size.people)
        ],
    )


def _busy(random: Random, days: int, many: int) -> list[Busy]:
    found = []
    for _ in range(many):
        start = _NOW + timedelta(
            days=random.randrange(days), minutes=180 + 15 * random.randrange(48)
        )
        length = timedelta(minutes=random.choice((15, 30, 45)))
        found.append(Busy(start=start, end=start + length, buffer_after=random.choice((0, 10))))
    return found


def naive(request: SlotRequest, days: int) -> Found:
    """Try every start of every window against every appointment of the provider."""
    zone = ZoneInfo(_ZONE)
    found: dict[datetime, list[str]] = {}
    for provider in request.providers:
        taken = [
            (one.start - one.buffer_before, one.end + one.buffer_after) for one in provider.busy
        ]
        for start in _starts(zone, days):
            if request.now <= start < (request.to or start) and _is_free(start, taken):
                found.setdefault(start, []).append(provider.id)
    return {start: tuple(found[start]) for start in sorted(found)}


def _starts(zone: ZoneInfo, days: int) -> list[datetime]:
    found = []
    for day in (_FIRST + timedelta(days=number) for number in range(-1, days + 2)):
        if day.isoweekday() > 5:
            continue
        for opens, closes in _OPEN:
            start = datetime.combine(day, time.fromisoformat(opens), zone).astimezone(UTC)
            end = datetime.combine(day, time.fromisoformat(closes), zone).astimezone(UTC)
            while start + _LENGTH <= end:
                found.append(start)
                start += _STEP
    return found


def _is_free(start: datetime, taken: Sequence[tuple[datetime, datetime]]) -> bool:
    end = start + _LENGTH + _BUFFER
    return not any(opens < end and start < closes for opens, closes in taken)
