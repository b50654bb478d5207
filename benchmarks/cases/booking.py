"""Free times out of the stored diary, and a booking beside one that is written by hand."""

from datetime import UTC, datetime, time, timedelta
from random import Random

from benchmarks.measuring import FLOOR, OURS, Pace
from benchmarks.practice import House, desk
from benchmarks.results import Result, Target
from orthocrm import Desk, NewAppointment, Role, Search, VisitType, WeeklyWindow
from orthocrm.core.appointment import Appointment, AppointmentStatus
from orthocrm.core.ids import AppointmentId, UserId
from orthocrm.scheduling.slots import Slot

PEOPLE, DAYS, TAKEN = 20, 90, 5_000
_LENGTH = timedelta(minutes=30)
_WEEK = tuple(
    WeeklyWindow(weekday=day, start=start, end=end)
    for day in range(1, 6)
    for start, end in ((time(8), time(12)), (time(13), time(17)))
)
_KIND = VisitType(
    slug="check",
    name="Check",
    duration=_LENGTH,
    step=timedelta(minutes=15),
    buffer_after=timedelta(minutes=5),
    horizon=DAYS,
)
_TARGETS = {"PostgreSQL": Target(limit=3, of_ratio=True)}


def measure(house: House, pace: Pace) -> list[Result]:
    """Fill a diary, look for free times in it, and book the ones that were found."""
    front = desk(house.crm, house.clinic, Role.FRONT_DESK, "front")
    _fill(house)
    search = Search(type="check")
    looked = pace.medians("diary", house.on, {OURS: lambda _: front.scheduling.slots(search)})[OURS]
    free = _apart(front, pace.calls("booking"))
    now = datetime.now(UTC)
    house.floor.hire([f"dr-{number}" for number in range(PEOPLE)])

    def ours(number: int) -> object:
        slot = free[number]
        return front.scheduling.book(
            NewAppointment(
                type="check",
                starts_at=slot.start,
                provider=UserId(slot.providers[0]),
                patient_ref=f"p-{number}",
            )
        )

    def by_hand(number: int) -> None:
        slot = free[number]
        start, end = slot.start.astimezone(UTC), slot.end.astimezone(UTC)
        house.floor.book(slot.providers[0], f"p-{number}", (start, end), now)

    taken = pace.medians("booking", house.on, {FLOOR: by_hand, OURS: ours})
    size = f"{PEOPLE} providers, {DAYS} days, {TAKEN:,} busy"
    return [
        Result(case=f"diary, {size}", on=house.on, ours=looked * 1000, target=Target(limit=150)),
        Result(
            case="booking",
            on=house.on,
            ours=taken[OURS] * 1000,
            floor=taken[FLOOR] * 1000,
            target=_TARGETS.get(house.on),
        ),
    ]


def _fill(house: House) -> None:
    admin, now = house.admin, datetime.now(UTC)
    admin.settings.save_visit_type(_KIND)
    for number in range(PEOPLE):
        admin.scheduling.set_week(f"dr-{number}", _WEEK)
    dice, first = Random(PEOPLE), now.replace(hour=8, minute=0, second=0, microsecond=0)
    taken = [
        Appointment(
            id=AppointmentId(f"taken-{number}"),
            clinic_id=house.clinic.id,
            provider=UserId(f"dr-{number % PEOPLE}"),
            type="check",
            starts_at=first + timedelta(days=dice.randrange(DAYS), minutes=15 * dice.randrange(56)),
            length=_LENGTH,
            timezone="America/Chicago",
            status=AppointmentStatus.BOOKED,
            created_at=now,
            updated_at=now,
            patient_ref=f"t-{number}",
        )
        for number in range(TAKEN)
    ]
    with house.crm._backend.begin(house.clinic.id) as store:  # noqa: SLF001 - 5,000 verbs take minutes
        store.appointments.add(taken)


def _apart(front: Desk, many: int) -> list[Slot]:
    """Find so many times of people that do not stand in each other's way, however long it takes."""
    last: dict[str, datetime] = {}
    kept: list[Slot] = []
    from_ = datetime.now(UTC)
    while len(kept) < many:
        found = front.scheduling.slots(Search(type="check", from_=from_))
        for slot in found:
            who = slot.providers[0]
            if who not in last or slot.start >= last[who] + timedelta(minutes=45):
                last[who] = slot.start
                kept.append(slot)
        from_ = found[-1].start + timedelta(minutes=1)
    return kept
