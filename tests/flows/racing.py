"""Many who want the same few times: threads and processes, and what they leave behind."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC
from functools import partial
from itertools import combinations

import attrs

import orthocrm
from orthocrm import OrthoCRM
from orthocrm.core.appointment import Appointment, AppointmentStatus
from orthocrm.core.claims import Claim
from orthocrm.core.errors import SlotTaken
from orthocrm.core.ids import AppointmentId, ClinicId
from orthocrm.scheduling.lifecycle import FREED
from orthocrm.services.work import everything
from orthocrm.testing.clock import FrozenClock
from orthocrm.testing.suite.arranged import PATIENCE_SECONDS, together
from tests.flows.conftest import KEYS
from tests.flows.practice import House
from tests.flows.scheduling import HOUR, KIM, LEE, TUESDAY, search, wish

TIMES = [(who, TUESDAY + n * HOUR) for who in (LEE, KIM) for n in range(8)]
"""Every time that there is on the day."""


def opened(url: str, clock: FrozenClock) -> OrthoCRM:
    crm = orthocrm.connect(url, keys=KEYS, clock=clock, discover_plugins=False)
    crm.migrate()
    return crm


def attempts(house: House, number: int, first: int, *, free_again: bool = False) -> Counter[str]:
    """Try to book times at random; with `free_again` cancel now and then what was won."""
    dice, told, mine = random.Random(first), Counter[str](), list[AppointmentId]()
    desk = house.front.scheduling
    for at in range(number):
        who, starts_at = dice.choice(TIMES)
        new = wish(patient_ref=f"p-{first}-{at}", provider=who, starts_at=starts_at)
        try:
            mine.append(desk.book(new).appointment.id)
            told["won"] += 1
        except SlotTaken:
            told["taken"] += 1
        if free_again and mine and dice.random() < 0.5:
            desk.cancel(mine.pop())
            told["cancelled"] += 1
    return told


def at_once(
    house: House, threads: int, number: int, first: int = 0, patience: float = PATIENCE_SECONDS
) -> Counter[str]:
    """Let several threads try."""
    works = [
        partial(attempts, house, number, first + one, free_again=True) for one in range(threads)
    ]
    return sum(together(*works, patience=patience), Counter[str]())


def elsewhere(
    url: str, clinic: ClinicId, process: int, number: int, patience: float
) -> Counter[str]:
    """Try from the threads of a process of its own."""
    clock = FrozenClock()
    with opened(url, clock) as crm:
        known = next(each for each in crm.clinics() if each.id == clinic)
        return at_once(House(crm, known, clock), 4, number, 1000 * (process + 1), patience)


@attrs.frozen(kw_only=True)
class Left:
    """What is stored: appointments that keep their time, and the claims of all."""

    standing: list[Appointment]
    claims: dict[AppointmentId, tuple[Claim, ...]]


def left(house: House) -> Left:
    with house.crm._backend.begin(house.clinic.id) as store:
        found = everything(store.appointments)
        claims = store.claims.of([one.id for one in found])
    return Left(
        standing=[one for one in found if one.status not in FREED],
        claims={key: tuple(held) for key, held in claims.items()},
    )


def overlaps(appointments: list[Appointment]) -> int:
    """Count the pairs that have a person at the same instant."""
    return sum(
        one.starts_at < other.ends_at
        and other.starts_at < one.ends_at
        and not {*one.providers}.isdisjoint(other.providers)
        for one, other in combinations(appointments, 2)
    )


def half_claims(found: Left) -> list[AppointmentId]:
    """Name appointments whose claims are not those of the person and of the patient."""
    wanted = {
        one.id: {f"user/{one.provider}", f"patient/{one.patient_ref}"} for one in found.standing
    }
    held = {key: {claim.resource for claim in claims} for key, claims in found.claims.items()}
    return [key for key in {*wanted, *held} if wanted.get(key) != held.get(key)]


def naively(house: House, number: int, meanwhile: Callable[[], object]) -> None:
    """Look, and then write what looked free: what a booking never does."""
    asked = search(providers=(LEE,), to=TUESDAY + HOUR)
    free = house.front.scheduling.slots(asked)
    meanwhile()
    if free:
        with house.crm._backend.begin(house.clinic.id) as store:
            appointment = Appointment(
                id=AppointmentId(f"0190c0de-0000-7000-8000-{number:012}"),
                clinic_id=house.clinic.id,
                provider=LEE,
                type="consultation",
                starts_at=free[0].start.astimezone(UTC),
                length=HOUR,
                timezone="UTC",
                status=AppointmentStatus.BOOKED,
                created_at=house.clock(),
                updated_at=house.clock(),
                patient_ref=f"p-{number}",
            )
            store.appointments.add([appointment])
