"""The life of appointments as a machine: whatever happens in whichever order, nothing overlaps.

The model knows each appointment's state and time; after every step the stored ones agree with it,
what blocks is claimed and nothing else, and the search offers exactly what the model leaves free.
"""

from datetime import datetime, timedelta
from typing import Any

import hypothesis.strategies as st
from attrs import define, evolve
from hypothesis import settings
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
)

import orthocrm
from orthocrm import Conflict, RuleViolated
from orthocrm.core.appointment import AppointmentStatus
from orthocrm.core.errors import InvalidInput
from orthocrm.core.ids import AppointmentId, UserId
from orthocrm.scheduling.lifecycle import FINAL, FREED
from orthocrm.testing.clock import FrozenClock
from tests.flows.conftest import KEYS
from tests.flows.practice import House
from tests.flows.scheduling import HOUR, KIM, LEE, TUESDAY, open_the_diary, search, wish

S = AppointmentStatus
DOCTORS = (LEE, KIM)
ACTS = {
    "confirm": {S.HELD: S.BOOKED, S.BOOKED: S.CONFIRMED},
    "accept": {S.REQUESTED: S.BOOKED},
    "decline": {S.REQUESTED: S.DECLINED},
    "arrive": {S.BOOKED: S.ARRIVED, S.CONFIRMED: S.ARRIVED},
    "start": dict.fromkeys((S.BOOKED, S.CONFIRMED, S.ARRIVED), S.IN_PROGRESS),
    "complete": dict.fromkeys((S.BOOKED, S.CONFIRMED, S.ARRIVED, S.IN_PROGRESS), S.COMPLETED),
    "no_show": {S.BOOKED: S.NO_SHOW, S.CONFIRMED: S.NO_SHOW},
    "cancel": dict.fromkeys((S.HELD, S.REQUESTED, S.BOOKED, S.CONFIRMED, S.ARRIVED), S.CANCELLED),
}
"""Which state follows which, once more and by hand."""

AT_THE_START = ("complete", "no_show")

hours = st.integers(0, 7)
doctors = st.sampled_from(DOCTORS)


@define
class Known:
    """What the model knows of an appointment."""

    status: AppointmentStatus
    provider: UserId
    starts_at: datetime
    expires_at: datetime | None = None
    sequence: int = 0


class Bookings(RuleBasedStateMachine):
    """Two doctors, one day, and everything that may happen to their appointments."""

    made = Bundle("made")

    @initialize()
    def open(self) -> None:
        self.clock = FrozenClock()
        self.crm = orthocrm.connect(
            "memory://", keys=KEYS, clock=self.clock, discover_plugins=False
        )
        clinic = self.crm.create_clinic(name="Bright Smiles", timezone="America/Chicago")
        self.house = House(self.crm, clinic, self.clock)
        open_the_diary(self.house)
        self.desk = self.house.front.scheduling
        self.known: dict[AppointmentId, Known] = {}
        self.patients = 0

    def teardown(self) -> None:
        if hasattr(self, "crm"):
            self.crm.close()

    def blocks(self, one: Known) -> bool:
        ran_out = one.status is S.HELD and (one.expires_at or self.clock()) <= self.clock()
        return one.status not in FREED and not ran_out

    def is_free(self, provider: UserId, at: datetime, but: AppointmentId | None = None) -> bool:
        return at >= self.clock() and not any(
            self.blocks(one) and one.provider == provider and abs(one.starts_at - at) < HOUR
            for key, one in self.known.items()
            if key != but
        )

    @rule(target=made, act=st.sampled_from(["book", "hold", "request"]), hour=hours, who=doctors)
    def make(self, act: str, hour: int, who: UserId) -> Any:
        at = TUESDAY + hour * HOUR
        self.patients += 1
        new = wish(patient_ref=f"p-{self.patients}", provider=who, starts_at=at)
        if not self.is_free(who, at):
            self.refused(lambda: getattr(self.desk, act)(new))
            return multiple()
        booked = getattr(self.desk, act)(new).appointment
        self.known[booked.id] = Known(booked.status, who, at, booked.expires_at)
        return booked.id

    @rule(one=made, act=st.sampled_from(sorted(ACTS)))
    def turn(self, one: AppointmentId, act: str) -> None:
        known = self.known[one]
        after = ACTS[act].get(known.status)
        ran_out = known.status is S.HELD and not self.blocks(known)
        early = act in AT_THE_START and self.clock() < known.starts_at
        if after is None or early or (act == "confirm" and ran_out):
            self.refused(lambda: getattr(self.desk, act)(one))
            return
        turned = getattr(self.desk, act)(one).appointment
        assert turned.status is after
        known.status, known.expires_at = after, turned.expires_at

    @rule(one=made, hour=hours, who=doctors)
    def move(self, one: AppointmentId, hour: int, who: UserId) -> None:
        known, at = self.known[one], TUESDAY + hour * HOUR
        movable = known.status in (S.BOOKED, S.CONFIRMED, S.REQUESTED)
        same = (known.starts_at, known.provider) == (at, who)
        if not movable or same or not self.is_free(who, at, but=one):
            self.refused(lambda: self.desk.reschedule(one, at, who))
            return
        moved = self.desk.reschedule(one, at, who).appointment
        known.starts_at, known.provider = at, who
        known.sequence += 1
        known.status = S.BOOKED if known.status is S.CONFIRMED else known.status
        assert (moved.sequence, moved.status) == (known.sequence, known.status)

    @rule(minutes=st.sampled_from([5, 10, 60, 24 * 60]))
    def wait(self, minutes: int) -> None:
        self.clock.advance(timedelta(minutes=minutes))

    @rule()
    def work(self) -> None:
        self.crm.work()
        for one in self.known.values():
            if one.status is S.HELD and not self.blocks(one):
                one.status, one.expires_at = S.EXPIRED, None

    def refused(self, ask: Any) -> None:
        try:
            ask()
        except (RuleViolated, Conflict, InvalidInput):
            return
        raise AssertionError("this had to be refused")

    @invariant()
    def what_is_stored_is_what_the_model_knows(self) -> None:
        with self.crm._backend.begin(self.house.clinic.id) as store:
            stored = store.appointments.get(list(self.known))
            claims = store.claims.of(list(self.known))
        for key, known in self.known.items():
            one = stored[key]
            ended = one.status is S.EXPIRED and not self.blocks(known)
            assert one.status is known.status or ended
            assert (one.provider, one.starts_at) == (known.provider, known.starts_at)
            assert (key in claims) == (one.status not in FREED)
            if one.status in FINAL:
                assert one.expires_at is None

    @invariant()
    def nothing_overlaps(self) -> None:
        taken = [(one.provider, one.starts_at) for one in self.known.values() if self.blocks(one)]
        assert len(set(taken)) == len(taken)

    @invariant()
    def exactly_what_is_free_is_offered(self) -> None:
        for who in DOCTORS:
            free = [at for n in range(8) if self.is_free(who, at := TUESDAY + n * HOUR)]
            asked = evolve(search(providers=(who,)), to=TUESDAY + 12 * HOUR)
            if asked.to is not None and asked.to <= self.clock():
                continue
            assert [slot.start for slot in self.desk.slots(asked)] == free


TestBookings = Bookings.TestCase
TestBookings.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
