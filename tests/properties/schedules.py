"""Random schedules of a few days around changes of the clock, for the scheduling properties."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from orthocrm.scheduling.blocks import RecurringBlock
from orthocrm.scheduling.busy import Busy, State
from orthocrm.scheduling.hours import Away, DayWindow, Override, WeeklyHours
from orthocrm.scheduling.request import (
    Align,
    BufferScope,
    HorizonDays,
    Provider,
    Resource,
    ResourcePool,
    SlotRequest,
)

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)

CHANGES = [
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("Europe/London", date(2026, 3, 29)),
    ("Europe/London", date(2026, 10, 25)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("America/Sao_Paulo", date(2018, 2, 18)),
    ("America/Sao_Paulo", date(2018, 11, 4)),
    ("Asia/Kathmandu", date(2026, 6, 10)),
    ("Pacific/Apia", date(2011, 12, 31)),
    ("Africa/Casablanca", date(2026, 2, 15)),
    ("Africa/Casablanca", date(2026, 3, 22)),
    ("America/Havana", date(2026, 3, 8)),
    ("America/Havana", date(2026, 11, 1)),
    ("Africa/Cairo", date(2026, 4, 24)),
    ("Africa/Cairo", date(2026, 10, 30)),
    ("Pacific/Chatham", date(2026, 4, 5)),
    ("Pacific/Chatham", date(2026, 9, 27)),
    ("America/Nuuk", date(2026, 3, 29)),
    ("America/Nuuk", date(2026, 10, 25)),
    ("America/St_Johns", date(2006, 10, 29)),
]
"""Zones with a date on which their clocks change; the last one repeats part of a date."""

short = st.sampled_from([0, 5, 10, 15, 25])
steps = st.sampled_from([7, 10, 15, 20, 30, 45, 60, 90])


@st.composite
def walls(draw: st.DrawFn) -> tuple[int, int]:
    start = draw(st.sampled_from([0, 30, 60, 90, 120, 150, 480, 545, 720, 1320, 1400]))
    length = draw(st.sampled_from([20, 60, 120, 185, 300, 480, 1440]))
    end = start + length
    return start, end if end <= 1440 else end - 1440


def clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


@st.composite
def providers(draw: st.DrawFn, day: date, name: str = "dr-a") -> Provider:
    """Somebody whose windows all start within three days around a date."""
    hours = [
        WeeklyHours(
            weekday=(day + DAY * draw(st.integers(-1, 1))).isoweekday() % 7,
            start=clock(start),
            end=clock(end),
            valid_from=day - DAY,
            valid_until=day + DAY,
            every_weeks=draw(st.sampled_from([1, 1, 1, 2])),
            anchor=day + DAY * draw(st.integers(-9, 9)),
        )
        for start, end in draw(st.lists(walls(), min_size=1, max_size=4))
    ]
    near = st.integers(-1, 1).map(lambda days: day + DAY * days)
    overrides = [
        Override(
            date=draw(near),
            windows=[DayWindow(start=clock(a), end=clock(b)) for a, b in windows],
        )
        for windows in draw(st.lists(st.lists(walls(), max_size=2), max_size=1))
    ]
    return Provider(
        id=name,
        hours=hours,
        overrides=overrides,
        closed_dates=draw(st.sets(near, max_size=1)),
        time_off=[Away(start=a, end=b) for a, b in draw(st.lists(spans(day), max_size=2))],
        blocks=draw(st.lists(blocks(day), max_size=1)),
        busy=draw(st.lists(appointments(day), max_size=5)),
    )


@st.composite
def blocks(draw: st.DrawFn, day: date) -> RecurringBlock:
    start = midnight(day - DAY).replace(tzinfo=None) + MINUTE * 10 * draw(st.integers(0, 143))
    return RecurringBlock(
        start=start,
        end=start + MINUTE * draw(st.sampled_from([10, 45, 120, 600])),
        rrule=f"FREQ=DAILY;COUNT={draw(st.integers(1, 3))}",
        exdate=draw(st.sampled_from([[], [start], [start + DAY]])),
    )


@st.composite
def spans(draw: st.DrawFn, day: date) -> tuple[datetime, datetime]:
    start = midnight(day) + MINUTE * 5 * draw(st.integers(-400, 700))
    return start, start + MINUTE * 5 * draw(st.integers(0, 30))


@st.composite
def appointments(draw: st.DrawFn, day: date) -> Busy:
    start, end = draw(spans(day))
    expires_at = midnight(day) + MINUTE * draw(st.integers(-1500, 1500))
    return Busy(
        id=draw(st.sampled_from("abcd")),
        start=start,
        end=end,
        state=draw(st.one_of(st.just(State.BOOKED), st.sampled_from(State))),
        expires_at=draw(st.one_of(st.none(), st.just(expires_at))),
        buffer_before=draw(short),
        buffer_after=draw(short),
        capacity=draw(st.sampled_from([1, 1, 2, 3])),
    )


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


@st.composite
def requests(draw: st.DrawFn, people: int = 1, *, pools: bool = False) -> SlotRequest:
    """A request over a few days; `people` providers with schedules of their own."""
    zone, day = draw(st.sampled_from(CHANGES))
    start = midnight(day) - 2 * DAY
    return SlotRequest(
        now=start + MINUTE * draw(st.sampled_from([-3000, 0, 1501, 2887])),
        zone=zone,
        providers=[draw(providers(day, f"dr-{number}")) for number in range(people)],
        from_=draw(st.one_of(st.none(), st.just(start + MINUTE * draw(st.integers(0, 4000))))),
        to=start + 5 * DAY - MINUTE * draw(st.integers(0, 2000)),
        duration=draw(st.sampled_from([10, 20, 30, 45, 60])),
        step=draw(st.one_of(st.none(), steps)),
        align=draw(st.sampled_from(Align)),
        offset=draw(short),
        buffer_before=draw(short),
        buffer_after=draw(short),
        buffer_scope=draw(st.sampled_from(BufferScope)),
        notice=draw(st.sampled_from([0, 0, 90, 1441])),
        horizon=draw(st.sampled_from([None, None, 1, 3])),
        horizon_days=draw(st.sampled_from(HorizonDays)),
        date_range=draw(st.sampled_from([None, None, (day, day), (None, day), (day, None)])),
        max_per_day=draw(st.sampled_from([None, None, 1, 2])),
        capacity=draw(st.sampled_from([1, 1, 2])),
        requests_block=draw(st.booleans()),
        exclude=draw(st.sampled_from([None, "a"])),
        patient_appointments=draw(st.lists(appointments(day), max_size=1)) if pools else (),
        pools=[draw(chairs(day))] if pools else (),
    )


@st.composite
def chairs(draw: st.DrawFn, day: date) -> ResourcePool:
    return ResourcePool(
        id="chairs",
        members=[
            Resource(id=f"chair-{number}", busy=draw(st.lists(appointments(day), max_size=3)))
            for number in range(draw(st.integers(1, 2)))
        ],
    )
