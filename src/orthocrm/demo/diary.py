"""The diary of the invented practice: what was, what is today, and what is to come."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from attrs import define, field

from orthocrm.core.appointment import Appointment, AppointmentStatus
from orthocrm.core.errors import InPast, LeadClosed, NotOffered, OutsideHours, SlotTaken
from orthocrm.core.ids import LeadId
from orthocrm.core.time import DAY
from orthocrm.demo import names
from orthocrm.demo.clock import SetClock
from orthocrm.demo.hours import CLOSES, OPENS, chance, is_open
from orthocrm.demo.story import Exam
from orthocrm.desk import Desk
from orthocrm.scheduling.booking import NewAppointment
from orthocrm.scheduling.past import PastVisit
from orthocrm.services.batch import only

_S = AppointmentStatus
_HOUR = timedelta(hours=1)
_STEP = timedelta(minutes=30)
_MOVED = 0.09
_CONFIRMED = 0.4
_MISSED = 0.05
_A_DAY = 5
_DAYS_BACK, _DAYS_AHEAD = 10, 7
_PATIENTS = 400
_TRIES: Final = 6
_MOST = 500


@define(kw_only=True)
class Diary:
    """Consultations of leads, and the adjustments of patients around the present."""

    desk: Desk
    clock: SetClock
    now: datetime
    zone: ZoneInfo
    random: Random
    taken: set[tuple[str, datetime]] = field(factory=set)
    waiting: list[Exam] = field(factory=list)
    ahead: list[Exam] = field(factory=list)

    def enter(self, exams: Sequence[Exam]) -> None:
        """Write down the consultations that are over at the end; keep the others for later."""
        self.ahead += [exam for exam in exams if exam.ends_at > self.now]
        self.waiting += [exam for exam in exams if exam.ends_at <= self.now]
        over = [exam for exam in self.waiting if exam.ends_at <= self.clock()]
        self.waiting = [exam for exam in self.waiting if exam.ends_at > self.clock()]
        self._record([self._past(exam) for exam in over])

    def book_what_is_to_come(self) -> None:
        """Book what lies ahead when it was agreed on, and fill the weeks around today."""
        self._record([*self._adjustments_of_late()])
        for exam in sorted(self.ahead, key=lambda exam: exam.booked_at):
            self.clock.set(exam.booked_at)
            self._book("consultation", exam.starts_at, lead=exam.lead_id)
        self.clock.set(self.now)
        for at in self._times(1, _DAYS_AHEAD):
            self._book("follow_up", at)

    def _record(self, visits: Sequence[PastVisit]) -> None:
        for start in range(0, len(visits), _MOST):
            for result in self.desk.scheduling.record_past(visits[start : start + _MOST]):
                only([result])

    def _past(self, exam: Exam) -> PastVisit:
        doctor, chair = self._free(exam.starts_at)
        return PastVisit(
            type="consultation",
            starts_at=exam.starts_at,
            provider=doctor,
            status=_S.COMPLETED if exam.comes else _S.NO_SHOW,
            lead_id=exam.lead_id,
            booked_at=exam.booked_at,
            moves=int(chance(self.random, _MOVED)),
            resources=(chair,),
        )

    def _free(self, at: datetime) -> tuple[str, str]:
        """Give a doctor and a chair that nobody has at that time, as far as there are any."""
        found = []
        for kind in ([user for user, _ in names.DOCTORS], names.CHAIRS):
            free = [one for one in kind if (one, at) not in self.taken]
            found.append(self.random.choice(free or list(kind)))
        self.taken |= {(one, at + shift) for one in found for shift in (-_STEP, timedelta(), _STEP)}
        return found[0], found[1]

    def _adjustments_of_late(self) -> Iterator[PastVisit]:
        for at in self._times(-_DAYS_BACK, 0):
            if at + _HOUR > self.now:
                continue
            doctor, chair = self._free(at)
            missed = chance(self.random, _MISSED)
            yield PastVisit(
                type="follow_up",
                starts_at=at,
                provider=doctor,
                status=_S.NO_SHOW if missed else _S.COMPLETED,
                patient_ref=self._patient(),
                booked_at=at - timedelta(days=42),
                resources=(chair,),
            )

    def _times(self, first: int, last: int) -> Iterator[datetime]:
        """Draw times of adjustments on the days around today."""
        today = self.now.astimezone(self.zone).date()
        for day in (today + DAY * number for number in range(first, last + 1)):
            if is_open(day):
                yield from sorted(self._time(day) for _ in range(_A_DAY))

    def _time(self, day: date) -> datetime:
        half_hours = self.random.randrange(2 * (CLOSES - OPENS - 1))
        return datetime.combine(day, time(OPENS), self.zone) + half_hours * _STEP

    def _patient(self) -> str:
        return f"patient-{self.random.randrange(_PATIENTS) + 1000}"

    def _book(self, kind: str, at: datetime, lead: LeadId | None = None) -> None:
        """Book the first time from then on that is free; some families confirm, some move it."""
        patient = None if lead is not None else self._patient()
        for shift in range(_TRIES):
            new = NewAppointment(
                type=kind, starts_at=at + shift * _STEP, lead_id=lead, patient_ref=patient
            )
            with suppress(SlotTaken, OutsideHours, NotOffered, InPast, LeadClosed):
                self._settle(self.desk.scheduling.book(new).appointment)
                return

    def _settle(self, visit: Appointment) -> None:
        if chance(self.random, _MOVED):
            with suppress(SlotTaken, OutsideHours):
                self.desk.scheduling.reschedule(visit.id, visit.starts_at + _HOUR)
        if chance(self.random, _CONFIRMED):
            self.desk.scheduling.confirm(visit.id)
