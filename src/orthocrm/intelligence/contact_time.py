"""When families answer: success of calls by hour and weekday, and when to call next.

Few calls prove little, so that every rate is drawn to what its hour and its weekday do, and these
to the rate of all calls, as far as the clinic's own data say that they differ. Whether they differ
at all is tested first: with 24 hours, seven days and 168 pairs of both something always looks best.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from math import exp, log

from attrs import field, frozen

from orthocrm.core.errors import InvalidInput
from orthocrm.core.time import zone
from orthocrm.intelligence.contact_odds import (
    Pooled,
    Tally,
    differ,
    pooled,
    stands_out,
    strength_of,
)

Slot = tuple[int, int]
"""A weekday (0 is Sunday) and an hour of the day, by the family's clock."""

HOURS, WEEKDAYS = 24, 7

SIGNIFICANT = 0.05
"""How often data without any difference may be said to have one, over all tests together."""

LEAST_TRIES = 10
"""Fewer calls in an hour, on a weekday or in a slot are never called the best."""

MOST_SLOTS = 12

_TESTS = 6
_SHORTEST = timedelta(minutes=15)
_EDGE = 1e-6


@frozen(kw_only=True)
class Share:
    """Calls at an `hour`, on a `weekday`, or both: how many, how many were answered.

    `pooled` is the rate to expect, `stands_out` whether it is better by more than chance.
    """

    weekday: int | None
    hour: int | None
    tried: int
    reached: int
    pooled: Pooled
    stands_out: bool = False


@frozen(kw_only=True)
class ContactTimes:
    """When calls are answered.

    `p` is the chance to see such differences where there are none, over all that was tested;
    unless it is below 0.05, no time is better than another as far as anybody can tell. `best` are
    the times that stand out, the best first.
    """

    tried: int
    reached: int
    p: float
    hours: tuple[Share, ...]
    weekdays: tuple[Share, ...]
    slots: Mapping[Slot, Share] = field(repr=False)
    best: tuple[Share, ...] = ()

    @property
    def rate(self) -> float | None:
        """The share of calls that were answered; None without a call."""
        return self.reached / self.tried if self.tried else None

    @property
    def differs(self) -> bool:
        """Whether the time of a call makes a difference."""
        return self.p < SIGNIFICANT

    @property
    def verdict(self) -> str:
        """What may be said, in words."""
        if not self.tried:
            return "no call was logged yet"
        if not self.differs:
            return f"no significant difference between times in {self.tried} calls"
        return f"the time of a call makes a difference ({self.tried} calls, p = {self.p:.2g})"


@frozen(kw_only=True)
class CallTime:
    """A time to call `[starts_at, ends_at)`, and the rate to expect where that is known."""

    starts_at: datetime
    ends_at: datetime
    weekday: int
    hour: int
    rate: float | None


def contact_times(tries: Mapping[Slot, tuple[int, int]]) -> ContactTimes:
    """Tell when calls are answered.

    Args:
        tries: for weekdays (0 is Sunday) and hours, by the family's clock, how many calls there
            were and how many of them were answered. A call to a wrong number is none.

    Raises:
        InvalidInput: a slot is none, or its counts are no counts.

    >>> contact_times({(1, 10): (40, 10), (1, 17): (40, 32)}).differs
    True
    """
    slots = _checked(tries)
    whole = sum(slots.values(), Tally(0, 0))
    hours = _joined(slots, HOURS, lambda slot: slot[1])
    weekdays = _joined(slots, WEEKDAYS, lambda slot: slot[0])
    families = [[*hours.values()], [*weekdays.values()], [*slots.values()]]
    p = min(1.0, _TESTS * min(_evidence(family, whole) for family in families))
    differs = p < SIGNIFICANT
    by_hour = _shares({(None, h): t for h, t in hours.items()}, whole, differs=differs)
    by_weekday = _shares({(d, None): t for d, t in weekdays.items()}, whole, differs=differs)
    by_slot = _slots(slots, whole, by_hour, by_weekday, differs=differs)
    outstanding = [s for s in (*by_hour, *by_weekday, *by_slot) if s.stands_out]
    return ContactTimes(
        tried=whole.tried,
        reached=whole.reached,
        p=p,
        hours=tuple(by_hour),
        weekdays=tuple(by_weekday),
        slots={(s.weekday or 0, s.hour or 0): s for s in by_slot},
        best=tuple(sorted(outstanding, key=lambda share: -share.pooled.rate)),
    )


def tallied(calls: Iterable[tuple[datetime, bool, str]]) -> Mapping[Slot, tuple[int, int]]:
    """Count calls (when, whether answered, the zone of the family) by weekday and hour."""
    found: dict[Slot, tuple[int, int]] = {}
    for at, reached, zone_name in calls:
        slot = slot_of(at, zone_name)
        tried, so_far = found.get(slot, (0, 0))
        found[slot] = (tried + 1, so_far + reached)
    return found


def slot_of(at: datetime, zone_name: str) -> Slot:
    """Give the weekday and the hour of an instant by a zone's clock."""
    local = at.astimezone(zone(zone_name))
    return local.isoweekday() % WEEKDAYS, local.hour


def call_times(
    times: ContactTimes,
    spans: Iterable[tuple[datetime, datetime]],
    zone_name: str,
    permitted: Callable[[datetime], bool],
    most: int = MOST_SLOTS,
) -> tuple[CallTime, ...]:
    """Rank the hours in which a family may be called.

    Where the time makes a difference the best come first, otherwise the next ones; no rate is
    given then, as all are the same as far as anybody can tell.

    Args:
        times: when calls are answered.
        spans: when the practice is open, in order.
        zone_name: the zone of the family.
        permitted: whether an instant lies outside the quiet hours.
        most: how many to give.
    """
    found = [
        _call_time(times, start, end, zone_name)
        for span in spans
        for start, end in _cut(*span, zone_name)
        if permitted(start) and permitted(end - timedelta(minutes=1))
    ]
    if times.differs:
        found.sort(key=lambda time: (-(time.rate or 0.0), time.starts_at))
    return tuple(found[:most])


def _call_time(times: ContactTimes, start: datetime, end: datetime, zone_name: str) -> CallTime:
    weekday, hour = slot_of(start, zone_name)
    rate = times.slots[weekday, hour].pooled.rate if times.differs else None
    return CallTime(starts_at=start, ends_at=end, weekday=weekday, hour=hour, rate=rate)


def _cut(start: datetime, end: datetime, zone_name: str) -> Iterable[tuple[datetime, datetime]]:
    """Cut a span at the hours of a zone; what is too short for a call is left out."""
    while start < end:
        local = start.astimezone(zone(zone_name))
        since = timedelta(minutes=local.minute, seconds=local.second)
        hour = start.replace(microsecond=0) - since + timedelta(hours=1)
        if min(hour, end) - start >= _SHORTEST:
            yield start, min(hour, end)
        start = hour


def _checked(tries: object) -> dict[Slot, Tally]:
    if not isinstance(tries, Mapping):
        raise InvalidInput.at("tries", "wrong_type", "give counts by weekday and hour")
    found = {}
    for slot, counts in tries.items():
        if not _is_slot(slot):
            message = "give weekdays from 0 (Sunday) to 6 and hours from 0 to 23"
            raise InvalidInput.at("tries", "out_of_range", message)
        if not _are_counts(counts):
            path = f"tries[{slot[0]},{slot[1]}]"
            raise InvalidInput.at(
                path, "out_of_range", "give tries, and no more answers than these"
            )
        found[slot] = Tally(*counts)
    return found


def _is_slot(slot: object) -> bool:
    return (
        isinstance(slot, tuple)
        and len(slot) == 2  # noqa: PLR2004 - a weekday and an hour
        and all(type(part) is int for part in slot)
        and 0 <= slot[0] < WEEKDAYS
        and 0 <= slot[1] < HOURS
    )


def _are_counts(counts: object) -> bool:
    return (
        isinstance(counts, tuple)
        and len(counts) == 2  # noqa: PLR2004 - tries and answers
        and all(type(part) is int for part in counts)
        and 0 <= counts[1] <= counts[0]
    )


def _joined(
    slots: Mapping[Slot, Tally], most: int, part: Callable[[Slot], int]
) -> dict[int, Tally]:
    joined = dict.fromkeys(range(most), Tally(0, 0))
    for slot, tally in slots.items():
        joined[part(slot)] += tally
    return joined


def _evidence(family: Sequence[Tally], whole: Tally) -> float:
    """Give the smaller chance of two tests: that all differ, that one stands out of so many."""
    tested = [tally for tally in family if tally.tried >= LEAST_TRIES]
    single = min((stands_out(tally, whole) for tally in tested), default=1.0)
    return min(differ(family), max(1, len(tested)) * single)


def _shares(
    tallies: Mapping[tuple[int | None, int | None], Tally], whole: Tally, *, differs: bool
) -> list[Share]:
    mean = _mean(whole)
    found = [*tallies.values()]
    strength = strength_of(found, [mean] * len(found))
    return [
        _share(place, tally, pooled(tally, mean, strength), whole, found, differs=differs)
        for place, tally in tallies.items()
    ]


def _slots(
    slots: Mapping[Slot, Tally],
    whole: Tally,
    by_hour: Sequence[Share],
    by_weekday: Sequence[Share],
    *,
    differs: bool,
) -> list[Share]:
    """Draw every slot to what its hour and its weekday do together."""
    mean = _logit(_mean(whole))
    places = [(day, hour) for day in range(WEEKDAYS) for hour in range(HOURS)]
    tallies = [slots.get(place, Tally(0, 0)) for place in places]
    means = [
        _rate(_logit(by_hour[h].pooled.rate) + _logit(by_weekday[d].pooled.rate) - mean)
        for d, h in places
    ]
    strength = strength_of(tallies, means)
    return [
        _share(place, tally, pooled(tally, mean, strength), whole, tallies, differs=differs)
        for place, tally, mean in zip(places, tallies, means, strict=True)
    ]


def _share(
    place: tuple[int | None, int | None],
    tally: Tally,
    rate: Pooled,
    whole: Tally,
    family: Sequence[Tally],
    *,
    differs: bool,
) -> Share:
    tested = sum(each.tried >= LEAST_TRIES for each in family)
    is_best = (
        differs
        and tally.tried >= LEAST_TRIES
        and _TESTS * tested * stands_out(tally, whole) < SIGNIFICANT
    )
    return Share(
        weekday=place[0],
        hour=place[1],
        tried=tally.tried,
        reached=tally.reached,
        pooled=rate,
        stands_out=is_best,
    )


def _mean(whole: Tally) -> float:
    """Give the rate of all; a half each where nothing is known."""
    return (whole.reached + 0.5) / (whole.tried + 1)


def _logit(rate: float) -> float:
    inside = min(1 - _EDGE, max(_EDGE, rate))
    return log(inside / (1 - inside))


def _rate(logit: float) -> float:
    return 1 / (1 + exp(-logit))
