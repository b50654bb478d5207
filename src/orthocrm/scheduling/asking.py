"""From the practice's nouns to the question that the engine answers: one kind of visit, who, when.

The same question decides what is offered and whether a booking is accepted.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Final

from attrs import evolve, frozen

from orthocrm.core.appointment import AppointmentStatus, TimeOff
from orthocrm.core.errors import InvalidInput
from orthocrm.core.occupied import GAVE_BACK, Occupied, Whose
from orthocrm.core.schedule import Schedule
from orthocrm.core.visit_type import BookableResource, StartGrid, VisitType
from orthocrm.scheduling import converting
from orthocrm.scheduling.busy import Busy
from orthocrm.scheduling.hours import Away, WeeklyHours
from orthocrm.scheduling.request import (
    Align,
    BufferScope,
    HorizonDays,
    Provider,
    ProviderMode,
    Resource,
    ResourcePool,
    SlotRequest,
)

_NOTHING: Final = timedelta()

MARGIN: Final = timedelta(hours=33)
"""How far around a range appointments count: the longest takes 8 hours and has a buffer of a day
(R11), and the whole local date of a start counts (R16)."""

_CLOSE: Final = timedelta(days=1)
"""In so short a range it is worth looking which appointments can touch anything of it."""

LOOKED_BACK: Final = timedelta(days=62)
"""How long before now appointments count for a grid that begins with a free run (R9).

It is counted from now and not from the range, so that every range meets the same runs. Whoever
closes once in that time has all runs begin within it; a run without a beginning has a grid of its
own, the same whatever is asked. A clock's grid begins at now (R10), and needs nothing before.
"""

_ALWAYS: Final = tuple(WeeklyHours(weekday=day, start="00:00", end="24:00") for day in range(7))


@frozen(kw_only=True)
class Diary:
    """What was read of the practice between two instants.

    `schedules` are those of people, of things and the shared templates, by id.
    """

    schedules: Mapping[str, Schedule]
    occupied: Sequence[Occupied]
    absences: Sequence[TimeOff] = ()
    resources: Sequence[BookableResource] = ()
    types: Mapping[str, VisitType]


@frozen(kw_only=True)
class Question:
    """What is asked of a diary.

    `providers` narrows who may take it: of groups those that they are in, and of a team, which
    comes as a whole, nothing. `lead_id` and `patient_ref` are the patient's, who cannot
    be in two places. `exclude` is an appointment that is being moved. With `anybody` those named
    need no hours.
    """

    type: VisitType
    now: datetime
    zone: str
    from_: datetime | None = None
    to: datetime | None = None
    providers: tuple[str, ...] = ()
    lead_id: str | None = None
    patient_ref: str | None = None
    exclude: str | None = None
    viewer_zone: str | None = None
    limit: int | None = None
    anybody: bool = False


def range_of(question: Question, until: datetime) -> tuple[datetime, datetime]:
    """Give the instants between which appointments have to be read."""
    low = question.from_ or question.now
    kind = question.type
    if kind.align is StartGrid.FREE:
        low = min(low, question.now - LOOKED_BACK)
    elif kind.align is StartGrid.CLOCK:
        low = min(low, question.now)
    longest = kind.duration + kind.buffer_before + kind.buffer_after
    return low - MARGIN - kind.buffer_before, until + MARGIN + longest


def last_start(question: Question) -> datetime:
    """Give an instant behind every start that can be asked for."""
    days = question.type.horizon + (
        question.type.horizon // 5 * 2 + 2 if question.type.horizon_in_business_days else 0
    )
    horizon = question.now + timedelta(days=days + 2)
    return horizon if question.to is None else min(horizon, question.to)


def named(question: Question) -> tuple[str, ...] | None:
    """Name the people on whom an answer depends; None: on everybody with hours."""
    kind = question.type
    if kind.groups:
        return _members(_narrowed(question))
    if question.providers and not kind.all_providers:
        return question.providers
    return kind.providers or None


def whose(question: Question) -> Whose:
    """Say whose time decides an answer."""
    people = named(question)
    return Whose(
        people=None if people is None else frozenset(people),
        things=bool(question.type.pools),
        lead_id=question.lead_id,
        patient_ref=question.patient_ref,
    )


def who(kind: VisitType, diary: Diary) -> tuple[str, ...]:
    """Give everybody who may take part in a kind of visit: those it names, else all with hours."""
    if kind.groups:
        return _members(kind.groups)
    if kind.providers:
        return kind.providers
    things = {one.id for one in diary.resources}
    return tuple(
        sorted(
            one.id
            for one in diary.schedules.values()
            if one.is_active and not one.is_template and one.id not in things
        )
    )


def request_for(question: Question, diary: Diary) -> SlotRequest:
    """Put a question to the engine.

    Raises:
        InvalidInput: `providers` names somebody who takes no part in this kind of visit.
    """
    kind = question.type
    people = _asked(question, who(kind, diary))
    busy, things, own = _load(question, diary, set(people))
    groups = _narrowed(question)
    mode = ProviderMode.GROUPS if groups else ProviderMode.ANY
    if kind.all_providers and not groups:
        mode = ProviderMode.ALL
    days = HorizonDays.BUSINESS if kind.horizon_in_business_days else HorizonDays.CALENDAR
    return SlotRequest(
        now=question.now,
        duration=kind.duration,
        zone=question.zone,
        providers=[provider_of(one, diary, question.zone, busy.get(one, ())) for one in people],
        mode=mode,
        groups=groups,
        from_=question.from_,
        to=question.to,
        step=kind.step,
        align=Align(kind.align.value),
        offset=kind.offset,
        buffer_before=kind.buffer_before,
        buffer_after=kind.buffer_after,
        buffer_scope=BufferScope.HOURS if kind.buffers_in_hours else BufferScope.ANYWHERE,
        notice=kind.notice,
        horizon=kind.horizon,
        horizon_days=days,
        max_per_day=kind.max_per_day,
        capacity=kind.capacity,
        exclude=question.exclude,
        pools=[_pool(name, diary, question.zone, things) for name in dict.fromkeys(kind.pools)],
        patient_appointments=own,
        viewer_zone=question.viewer_zone,
        limit=question.limit,
    )


def by_hand(request: SlotRequest, start: datetime, length: timedelta) -> SlotRequest:
    """Ask only whether the time is free: what staff enter by hand is bound by nothing else."""
    return evolve(
        request,
        now=min(request.now, start),
        duration=length,
        step=timedelta(minutes=1),
        align=Align.MIDNIGHT,
        offset=_NOTHING,
        notice=_NOTHING,
        horizon=None,
        max_per_day=None,
        buffer_scope=BufferScope.ANYWHERE,
        providers=[_always_there(one) for one in request.providers],
        pools=[
            evolve(pool, members=[Resource(id=one.id, busy=one.busy) for one in pool.members])
            for pool in request.pools
        ],
        from_=start,
        to=start + timedelta(minutes=1),
    )


def _always_there(provider: Provider) -> Provider:
    return Provider(id=provider.id, zone=provider.zone, hours=_ALWAYS, busy=provider.busy)


def _asked(question: Question, people: Sequence[str]) -> tuple[str, ...]:
    kind = question.type
    if not question.providers:
        return tuple(people)
    is_team = kind.all_providers or bool(kind.groups)
    if question.anybody and not is_team:
        return tuple(dict.fromkeys(question.providers))
    if not set(people).issuperset(question.providers):
        message = "give people who take part in this type"
        raise InvalidInput.at("providers", "unknown_value", message)
    if is_team:
        return _members(_narrowed(question)) if kind.groups else tuple(people)
    return tuple(dict.fromkeys(question.providers))


def _narrowed(question: Question) -> tuple[tuple[str, ...], ...]:
    """Keep of each group those who are asked for; a group of none of them stays as it is."""
    wanted = set(question.providers)
    return tuple(
        tuple(one for one in group if one in wanted) or group for group in question.type.groups
    )


def _members(groups: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for group in groups for one in group))


def provider_of(name: str, diary: Diary, clinic_zone: str, busy: Iterable[Busy] = ()) -> Provider:
    """Give somebody's hours, absences and appointments as the engine wants them."""
    schedule, template = _schedules(name, diary)
    away = tuple(
        Away(start=one.starts_at, end=one.ends_at) for one in diary.absences if one.user == name
    )
    if schedule is None or not schedule.is_active:
        return Provider(id=name, time_off=away, busy=busy)
    hours = converting.hours(schedule, template)
    zone = schedule.timezone or (template.timezone if template else None) or clinic_zone
    return Provider(
        id=name,
        zone=zone,
        hours=hours.week,
        overrides=hours.overrides,
        closed_dates=hours.closed,
        blocks=hours.blocks,
        time_off=away,
        busy=busy,
    )


def _schedules(name: str, diary: Diary) -> tuple[Schedule | None, Schedule | None]:
    schedule = diary.schedules.get(name)
    template = None if schedule is None else diary.schedules.get(schedule.template or "")
    return schedule, template


Load = tuple[Mapping[str, Sequence[Busy]], Mapping[str, Sequence[Busy]], Sequence[Busy]]
"""What is taken: of people, of things, and of the patient."""


def _load(question: Question, diary: Diary, asked: AbstractSet[str]) -> Load:
    """Sort what is taken; what takes nobody and nothing that is asked for is left out."""
    people: defaultdict[str, list[Busy]] = defaultdict(list)
    things: defaultdict[str, list[Busy]] = defaultdict(list)
    own: list[Busy] = []
    near = _near(question)
    for one in diary.occupied:
        if near is not None and not near.meets(one):
            continue
        is_own = _is_of(one, question)
        if not (is_own or one.resources) and asked.isdisjoint(one.providers):
            continue
        if not blocks(one, diary.types, question.now):
            continue
        busy = _busy(one)
        for name in one.providers:
            people[name].append(busy)
        for thing in one.resources:
            things[thing].append(busy)
        if is_own:
            own.append(busy)
    return people, things, own


@frozen
class _Near:
    """The instants that the footprints of a short range of starts can take."""

    low: datetime
    high: datetime

    def meets(self, one: Occupied) -> bool:
        """Whether an appointment's footprint lies there too (R11)."""
        return (
            one.starts_at - one.buffer_before < self.high
            and self.low < one.ends_at + one.buffer_after
        )


def _near(question: Question) -> _Near | None:
    """Say where appointments matter; None: everywhere, since they move the grid or fill a date."""
    kind, low, high = question.type, question.from_, question.to
    if low is None or high is None or high - low > _CLOSE:
        return None
    if kind.max_per_day is not None or kind.align in (StartGrid.FREE, StartGrid.CLOCK):
        return None
    return _Near(low - kind.buffer_before, high + kind.duration + kind.buffer_after)


def blocks(one: Occupied, types: Mapping[str, VisitType], now: datetime) -> bool:
    """Whether an appointment keeps its time; a request does as its own type says (R12)."""
    status = one.status
    if status in GAVE_BACK:
        return False
    if status is AppointmentStatus.HELD:
        return one.expires_at is None or one.expires_at > now
    if status is AppointmentStatus.REQUESTED:
        kind = types.get(one.type)
        return kind is None or kind.requests_block
    return True


def _busy(one: Occupied) -> Busy:
    return Busy(
        id=one.id,
        start=one.starts_at,
        end=one.ends_at,
        buffer_before=one.buffer_before or _NOTHING,
        buffer_after=one.buffer_after or _NOTHING,
        capacity=one.capacity,
    )


def _is_of(one: Occupied, question: Question) -> bool:
    if question.lead_id is not None and one.lead_id == question.lead_id:
        return True
    return question.patient_ref is not None and one.patient_ref == question.patient_ref


def _pool(
    name: str, diary: Diary, clinic_zone: str, things: Mapping[str, Sequence[Busy]]
) -> ResourcePool:
    members = [
        _member(place, one, diary, clinic_zone, things)
        for one in diary.resources
        if one.pool == name and one.is_active
        for place in places(one)
    ]
    return ResourcePool(id=name, members=members)


def places(resource: BookableResource) -> tuple[str, ...]:
    """Name what of a resource can be taken: itself, or each of its places."""
    if resource.places == 1:
        return (resource.id,)
    return tuple(f"{resource.id}/{number}" for number in range(1, resource.places + 1))


def _member(
    place: str,
    resource: BookableResource,
    diary: Diary,
    clinic_zone: str,
    things: Mapping[str, Sequence[Busy]],
) -> Resource:
    whole = provider_of(resource.id, diary, clinic_zone)
    return Resource(
        id=place,
        zone=whole.zone,
        hours=whole.hours,
        overrides=whole.overrides,
        closed_dates=whole.closed_dates,
        time_off=whole.time_off,
        blocks=whole.blocks,
        busy=things.get(place, ()),
    )
