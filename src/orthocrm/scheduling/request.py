"""What is asked for: the kind of appointment, who and what it needs, and the times that may be."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, cast

from attrs import field, frozen
from attrs.validators import optional

from orthocrm.core.errors import InvalidInput
from orthocrm.scheduling.blocks import RecurringBlock
from orthocrm.scheduling.busy import MOST_PLACES, Busy
from orthocrm.scheduling.hours import Away, Override, WeeklyHours, all_dates, away, dates
from orthocrm.scheduling.reading import (
    YEAR,
    Field,
    aware,
    between,
    distinct,
    each,
    flagged,
    known,
    length,
    member,
    named,
    optional_length,
    optional_utc,
    optional_zone_name,
    several,
    utc,
    within,
    zone_name,
    zoned,
)

_NOTHING = timedelta()
_LONGEST_RANGE = 10 * YEAR
_MOST_DAYS = 3660
_MOST_SLOTS = 1_000_000
_ONLY_BUSY = frozenset({Busy})


class Align(StrEnum):
    """Where starts may lie (R7 to R10)."""

    WINDOW = "window"
    MIDNIGHT = "midnight"
    FREE = "free"
    CLOCK = "clock"


class BufferScope(StrEnum):
    """Whether buffers may spill into closed time (R11)."""

    ANYWHERE = "anywhere"
    HOURS = "hours"


class HorizonDays(StrEnum):
    """Which days a horizon counts (R15)."""

    CALENDAR = "calendar"
    BUSINESS = "business"


class ProviderMode(StrEnum):
    """How several providers take part (R20)."""

    ANY = "any"
    ALL = "all"
    GROUPS = "groups"


def _align(raw: Align | str) -> Align:
    return member(Align, raw)


def _scope(raw: BufferScope | str) -> BufferScope:
    return member(BufferScope, raw)


def _horizon_days(raw: HorizonDays | str) -> HorizonDays:
    return member(HorizonDays, raw)


def _mode(raw: ProviderMode | str) -> ProviderMode:
    return member(ProviderMode, raw)


def _hours(raw: Iterable[WeeklyHours]) -> tuple[WeeklyHours, ...]:
    return several(raw)


def _overrides(raw: Iterable[Override]) -> tuple[Override, ...]:
    return several(raw)


def _blocks(raw: Iterable[RecurringBlock]) -> tuple[RecurringBlock, ...]:
    return several(raw)


def _busy(raw: Iterable[Busy | tuple[datetime, datetime]]) -> tuple[Busy, ...]:
    """Read what is taken: `Busy` values, or pairs of instants for what is booked."""
    found = several(raw)
    if not isinstance(found, tuple) or _ONLY_BUSY.issuperset(map(type, found)):
        return cast("tuple[Busy, ...]", found)
    return tuple(
        Busy(start=one[0], end=one[1])
        if isinstance(one, Sequence) and len(one) == len(("start", "end"))
        else cast("Busy", one)
        for one in found
    )


@frozen(kw_only=True)
class Scheduled:
    """The schedule of a person or a thing: hours, what changes them, and what is taken.

    Those with equal `zone`, `hours`, `overrides` and `closed_dates` share one computation.

    Args:
        zone: The IANA zone of the schedule, as a name or `ZoneInfo`; None takes the zone of the
            request (the clinic's).
        hours: Weekly windows.
        overrides: Dates with hours of their own (R5).
        closed_dates: Local dates without any hours; they win over overrides (R5).
        time_off: Instants away, as `Away` values or pairs (R6).
        blocks: Blocks that repeat (R6).
        busy: The appointments, with any state, as `Busy` values; pairs of instants are booked.
    """

    zone: str | None = field(default=None, converter=optional_zone_name, validator=optional(zoned))
    hours: tuple[WeeklyHours, ...] = field(
        default=(), converter=_hours, validator=each(WeeklyHours)
    )
    overrides: tuple[Override, ...] = field(
        default=(), converter=_overrides, validator=each(Override)
    )
    closed_dates: frozenset[date] = field(default=frozenset(), converter=dates, validator=all_dates)
    time_off: tuple[Away, ...] = field(default=(), converter=away, validator=each(Away))
    blocks: tuple[RecurringBlock, ...] = field(
        default=(), converter=_blocks, validator=each(RecurringBlock)
    )
    busy: tuple[Busy, ...] = field(default=(), converter=_busy, validator=each(Busy))


@frozen(kw_only=True)
class Provider(Scheduled):
    """A person whose time is booked, by `id` and the fields of `Scheduled`.

    Without hours and overrides nothing is offered.
    """

    id: str = field(default="provider", validator=named)


@frozen(kw_only=True)
class Resource(Scheduled):
    """A chair, a room or a device, by `id` and the fields of `Scheduled`.

    Without hours it is always there, but for its closed dates, time off and blocks. The event has
    to lie in its hours; buffers may spill out of them.
    """

    id: str = field(validator=named)

    @property
    def is_always_there(self) -> bool:
        """Whether nothing but its appointments limits it."""
        return not (
            self.hours or self.overrides or self.closed_dates or self.time_off or self.blocks
        )


def _resources(raw: Iterable[Resource]) -> tuple[Resource, ...]:
    return several(raw)


@frozen(kw_only=True)
class ResourcePool:
    """Resources of which one single member has to be free for the whole footprint (R18)."""

    id: str = field(default="pool", validator=named)
    members: tuple[Resource, ...] = field(
        default=(), converter=_resources, validator=each(Resource)
    )

    def __attrs_post_init__(self) -> None:
        distinct("members", (one.id for one in self.members))


def _providers(raw: Iterable[Provider]) -> tuple[Provider, ...]:
    return several(raw)


def _pools(raw: Iterable[ResourcePool]) -> tuple[ResourcePool, ...]:
    return several(raw)


def _groups(raw: Iterable[Iterable[str]]) -> tuple[tuple[str, ...], ...]:
    found = several(raw)
    if not isinstance(found, tuple):
        return found
    return tuple(cast("tuple[str, ...]", several(group)) for group in found)


def _range(
    raw: Sequence[date | None] | None,
) -> tuple[date | None, date | None] | None:
    if raw is None or isinstance(raw, str) or not isinstance(raw, Sequence):
        return raw
    return cast("tuple[date | None, date | None]", tuple(raw))


def _date_range(_: object, attribute: "Field[Any]", value: object) -> None:
    path = attribute.name
    if not isinstance(value, tuple) or len(value) != len(("first", "last")):
        raise InvalidInput.at(path, "wrong_type", "give the first and the last date")
    if any(isinstance(one, datetime) or not isinstance(one, date | None) for one in value):
        raise InvalidInput.at(path, "not_a_date", "give the first and the last date")
    first, last = value
    if first is not None and last is not None and last < first:
        raise InvalidInput.at(path, "end_before_start", "the last date must not come first")


@frozen(kw_only=True)
class SlotRequest:
    """Everything that decides whether an appointment may start at an instant (R1 to R21).

    Lengths are `timedelta` values or whole numbers of minutes. The start of the range defaults to
    `now`; its end has to be known from `to`, `horizon` or the last date of `date_range`.

    Args:
        now: The instant at which is asked. Nothing starts before it.
        duration: How long the appointment takes, 1 minute to 7 days.
        zone: IANA zone of the clinic: of every provider that has none, and of the local dates and
            the alignment when all of several providers with different zones take part.
        providers: Who may take it, or must.
        mode: `any` (default): one of them is enough; `all`: all together; `groups`: one of each
            group (R20).
        groups: With `groups`: ids of providers, group by group.
        from_: The first instant at which a slot may start, inclusive (R17).
        to: The instant before which it starts (R17).
        step: The distance of starts; by default the duration.
        align: `window`, `midnight`, `free` or `clock` (R7 to R10).
        offset: Shifts the grid of `window` and `midnight`; the others know none.
        buffer_before: Kept free before the start (R11).
        buffer_after: Kept free after the end (R11).
        buffer_scope: `anywhere`, or `hours` to keep buffers inside availability too (R11).
        notice: `start >= now + notice` (R14).
        horizon: The number of days after the local date of `now` that may be booked (R15).
        horizon_days: Whether `horizon` counts `calendar` days or `business` days, Monday to
            Friday.
        date_range: First and last local date, inclusive; either may be None (R15).
        max_per_day: A local date with so many blocking appointments of a provider is empty (R16).
        capacity: How many bookings may share a time (R13).
        requests_block: Whether requested appointments block (R12).
        exclude: The id of an appointment that is ignored, as for a reschedule (R12).
        pools: One member of every pool has to be free (R18).
        patient_appointments: The patient's own appointments, which must not overlap (R19).
        viewer_zone: The zone whose offset the answer carries; by default the schedule's, which
            for several providers with different zones is `zone`.
        limit: The most slots to give, the earliest first.

    Raises:
        InvalidInput: The field that cannot be.
    """

    now: datetime = field(converter=utc, validator=aware)
    duration: timedelta = field(converter=length, validator=between(1))
    zone: str = field(default="UTC", converter=zone_name, validator=zoned)
    providers: tuple[Provider, ...] = field(
        default=(), converter=_providers, validator=each(Provider)
    )
    mode: ProviderMode = field(
        default=ProviderMode.ANY, converter=_mode, validator=known(ProviderMode)
    )
    groups: tuple[tuple[str, ...], ...] = field(
        default=(), converter=_groups, validator=each(tuple)
    )
    from_: datetime | None = field(default=None, converter=optional_utc, validator=optional(aware))
    to: datetime | None = field(default=None, converter=optional_utc, validator=optional(aware))
    step: timedelta | None = field(
        default=None, converter=optional_length, validator=optional(between(1))
    )
    align: Align = field(default=Align.WINDOW, converter=_align, validator=known(Align))
    offset: timedelta = field(default=_NOTHING, converter=length, validator=between(0))
    buffer_before: timedelta = field(default=_NOTHING, converter=length, validator=between(0))
    buffer_after: timedelta = field(default=_NOTHING, converter=length, validator=between(0))
    buffer_scope: BufferScope = field(
        default=BufferScope.ANYWHERE, converter=_scope, validator=known(BufferScope)
    )
    notice: timedelta = field(default=_NOTHING, converter=length, validator=between(0, YEAR))
    horizon: int | None = field(default=None, validator=optional(within(0, _MOST_DAYS)))
    horizon_days: HorizonDays = field(
        default=HorizonDays.CALENDAR, converter=_horizon_days, validator=known(HorizonDays)
    )
    date_range: tuple[date | None, date | None] | None = field(
        default=None, converter=_range, validator=optional(_date_range)
    )
    max_per_day: int | None = field(default=None, validator=optional(within(0, MOST_PLACES)))
    capacity: int = field(default=1, validator=within(1, MOST_PLACES))
    requests_block: bool = field(default=True, validator=flagged)
    exclude: str | None = field(default=None, validator=optional(named))
    pools: tuple[ResourcePool, ...] = field(
        default=(), converter=_pools, validator=each(ResourcePool)
    )
    patient_appointments: tuple[Busy, ...] = field(
        default=(), converter=_busy, validator=each(Busy)
    )
    viewer_zone: str | None = field(
        default=None, converter=optional_zone_name, validator=optional(zoned)
    )
    limit: int | None = field(default=None, validator=optional(within(1, _MOST_SLOTS)))

    def __attrs_post_init__(self) -> None:
        distinct("providers", (one.id for one in self.providers))
        distinct("pools", (one.id for one in self.pools))
        self._check_groups()
        self._check_range()

    def _check_groups(self) -> None:
        ids = {one.id for one in self.providers}
        if (self.mode is ProviderMode.GROUPS) != bool(self.groups):
            raise InvalidInput.at("groups", "required", "give groups with the mode groups only")
        if not all(group and ids.issuperset(group) for group in self.groups):
            raise InvalidInput.at(
                "groups", "unknown_value", "give ids of providers, group by group"
            )

    def _check_range(self) -> None:
        if self.to is None:
            return
        start = self.now if self.from_ is None else self.from_
        if self.from_ is not None and self.to < start:
            raise InvalidInput.at("to", "end_before_start", "to must not come before from_")
        if self.to - start > _LONGEST_RANGE:
            raise InvalidInput.at("to", "out_of_range", "give a range of at most ten years")
