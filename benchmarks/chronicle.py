"""A practice with a long past, made up by number: leads, visits, activities, tasks, consultations.

The nouns are those of the library and go through its own storage, a file of leads at a time, so
that every row is one that the library could have written: with a key of its own for each lead, and
with what reports compare decided as the rules decide it. Match keys, touches and the audit trail
are left out, as no report reads them.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random

from attrs import define, field, frozen

from benchmarks import people
from orthocrm import Clinic
from orthocrm.core.activity import Activity, ActivityDirection, CallOutcome, LeadActivityType
from orthocrm.core.appointment import Appointment, AppointmentStatus, AppointmentType
from orthocrm.core.ids import (
    ActivityId,
    AppointmentId,
    LeadId,
    SourceId,
    StageSlug,
    TaskId,
    UserId,
    VisitId,
)
from orthocrm.core.lead import (
    Channel,
    Conversion,
    Enquiry,
    Lead,
    LeadStatus,
    Loss,
    LostReason,
    Milestones,
    Origin,
    Ownership,
    Position,
    StageVisit,
    Stamps,
    TreatmentInterest,
    accepted_after,
)
from orthocrm.core.people import Address, Contact, Email, Patient, PatientRelationship, Phone
from orthocrm.core.task import LeadTaskType, Task, TaskStatus
from orthocrm.core.time import milliseconds
from orthocrm.services.analytics.clocks import PracticeClock

MONTHS = 36
ACTIVITIES = 5
"""Entries of the timeline for each lead."""

_PAST = timedelta(days=MONTHS * 365 // 12)
_SECOND, _MS = timedelta(seconds=1), timedelta(milliseconds=1)
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_FAMILIES = 500
_CONVERTED_STAGE, _LOST_STAGE = "treatment_started", "lost"

_GOES_ON = (0.72, 0.55, 0.8, 0.9, 0.6, 0.95)
"""The chance to leave each open stage for the next one."""

_STAYS = (_DAY, 4 * _DAY, 9 * _DAY, 2 * _DAY, 12 * _DAY, 15 * _DAY)
"""How long it takes, on the average."""

_SOURCES = (22, 18, 17, 15, 10, 3, 4, 3, 5, 3)
_LUCK = (1.15, 1.2, 1.0, 0.85, 0.75, 0.8, 0.9, 0.85, 1.1, 0.9)
"""How often each of the ten sources occurs, and how well it does."""

_NO_SOURCE = 0.03
_LOST_AFTER, _GIVEN_UP = 21 * _DAY, 0.86
_DELETED, _ARCHIVED, _UNASSIGNED = 0.004, 0.004, 0.02
_LIVE, _NEVER_TRIED = 0.08, 0.05
_QUICK = 0.55
_Told = tuple[LeadActivityType, datetime, ActivityDirection | None, StageSlug | None]
_CHANNELS = tuple(Channel)
_REASONS = tuple(LostReason)
_REACHING = (LeadActivityType.PHONE_CALL, LeadActivityType.EMAIL, LeadActivityType.SMS)


def _families() -> list[tuple[Patient, Contact]]:
    return [_family(people.family(number)) for number in range(_FAMILIES)]


def _family(known: people.Family) -> tuple[Patient, Contact]:
    return (
        Patient(
            first_name=known.child,
            last_name=known.last_name,
            born_on=known.born_on,
            relationship=PatientRelationship.CHILD,
        ),
        Contact(
            first_name=known.first_name,
            last_name=known.last_name,
            email=Email(known.email, known.email),
            phone=Phone(f"+1{known.digits}"),
            address=Address(line1=known.street, city="Chicago", postal_code=known.postal_code),
        ),
    )


@frozen(kw_only=True)
class World:
    """What the leads of a practice meet: its stages, sources, people and hours, and the present."""

    clinic: Clinic
    stages: Mapping[str, int]
    """The orders of the stages, by slug."""
    sources: Sequence[SourceId]
    coordinators: Sequence[UserId]
    now: datetime
    clock: PracticeClock = field(init=False)
    families: Sequence[tuple[Patient, Contact]] = field(init=False, factory=_families)

    @clock.default
    def _of_the_clinic(self) -> PracticeClock:
        return PracticeClock(self.clinic)

    @property
    def steps(self) -> tuple[StageSlug, ...]:
        """The open stages in their order."""
        ends = (_CONVERTED_STAGE, _LOST_STAGE)
        return tuple(StageSlug(slug) for slug in self.stages if slug not in ends)


@define(kw_only=True)
class Chapter:
    """The nouns of some leads, table by table."""

    leads: list[Lead] = field(factory=list)
    visits: list[StageVisit] = field(factory=list)
    activities: list[Activity] = field(factory=list)
    tasks: list[Task] = field(factory=list)
    appointments: list[Appointment] = field(factory=list)


def chapter(world: World, numbers: range, leads: int) -> Chapter:
    """Tell what happened to some of `leads` leads; each has `ACTIVITIES` activities on average."""
    made, chance = Chapter(), Random(numbers.start)
    for place, number in enumerate(numbers, start=1):
        came = world.now - _PAST * (1 - (number + chance.random()) / leads) ** 0.9
        story = _Story(
            world=world,
            chance=chance,
            number=number,
            came=came.replace(microsecond=0),
            source=_source(chance),
            owner=None if chance.random() < _UNASSIGNED else chance.choice(world.coordinators),
        )
        story.tell(made, ACTIVITIES * place - len(made.activities))
    return made


def _source(chance: Random) -> int | None:
    if chance.random() < _NO_SOURCE:
        return None
    return chance.choices(range(len(_SOURCES)), _SOURCES)[0]


@define(kw_only=True)
class _Story:
    """One lead from its enquiry to whatever became of it by now."""

    world: World
    chance: Random
    number: int
    came: datetime
    source: int | None
    owner: UserId | None
    entered: list[tuple[StageSlug, datetime]] = field(factory=list)
    lost_at: datetime | None = None
    observed_at: datetime | None = None
    tried_at: datetime | None = None
    reached_at: datetime | None = None

    @property
    def id(self) -> LeadId:
        return LeadId(f"lead-{self.number:08}")

    @property
    def user(self) -> UserId:
        return self.owner or UserId("adm")

    @property
    def won_at(self) -> datetime | None:
        return self._when(_CONVERTED_STAGE)

    def _when(self, slug: str) -> datetime | None:
        return next((at for stage, at in self.entered if stage == slug), None)

    def tell(self, made: Chapter, activities: int) -> None:
        """Let it happen, and add its nouns."""
        self._go()
        self._answer()
        made.visits.extend(self._visits())
        made.activities.extend(self._activities(activities))
        made.leads.append(self._lead())
        made.tasks.extend(self._tasks())
        if visit := self._consultation():
            made.appointments.append(visit)

    def _go(self) -> None:
        world, chance, at = self.world, self.chance, self.came
        luck = 0.9 if self.source is None else _LUCK[self.source]
        steps = (*world.steps, StageSlug(_CONVERTED_STAGE))
        self.entered.append((steps[0], at))
        for stage, goes_on, stays in zip(steps[1:], _GOES_ON, _STAYS, strict=True):
            if chance.random() > goes_on * luck:
                self._end(at)
                return
            at = (at + stays * chance.expovariate(1)).replace(microsecond=0)
            if at > world.now:
                return
            self.entered.append((stage, at))

    def _end(self, at: datetime) -> None:
        """Lose the lead, or look at it again in a year."""
        chance, world = self.chance, self.world
        later = (at + _LOST_AFTER * chance.expovariate(1)).replace(microsecond=0)
        if self.entered[-1][0] == "consultation_completed" and chance.random() < 0.2:
            self.observed_at = at
        elif later <= world.now and chance.random() < _GIVEN_UP:
            self.lost_at = later

    def _answer(self) -> None:
        """Try the family and reach it, at once or after a while."""
        chance = self.chance
        fate = chance.random()
        if fate < _LIVE:
            self.reached_at = self.came
        elif fate > _LIVE + _NEVER_TRIED:
            mean = 4 * timedelta(minutes=1) if chance.random() < _QUICK else 9 * _HOUR
            tried = (self.came + mean * chance.expovariate(1)).replace(microsecond=0)
            if tried <= self.world.now:
                self.tried_at = tried
                self._reach(tried)

    def _reach(self, tried: datetime) -> None:
        at = tried if self.chance.random() < 0.4 else tried + 20 * _HOUR * self.chance.random()
        if (len(self.entered) > 1 or self.chance.random() < 0.5) and at <= self.world.now:
            self.reached_at = at.replace(microsecond=0)

    def _visits(self) -> Iterator[StageVisit]:
        ends = [at for _, at in self.entered[1:]]
        stages = [
            *self.entered,
            *([(StageSlug(_LOST_STAGE), self.lost_at)] if self.lost_at else []),
        ]
        ends += [self.lost_at] if self.lost_at else []
        for place, (stage, since) in enumerate(stages):
            yield self._visit(place, stage, since, ends[place] if place < len(ends) else None)

    def _visit(
        self, place: int, stage: StageSlug, since: datetime, until: datetime | None
    ) -> StageVisit:
        business = None if until is None else self.world.clock.between(since, until)
        return StageVisit(
            id=VisitId(f"{self.id}-{place}"),
            clinic_id=self.world.clinic.id,
            lead_id=self.id,
            stage=stage,
            order=self.world.stages[stage],
            entered_at=since,
            left_at=until,
            owner=self.owner,
            observed=self.observed_at is not None and since == self.observed_at,
            ms=None if until is None else milliseconds(since, until),
            business_ms=None if business is None else business // _MS,
        )

    def _activities(self, many: int) -> Iterator[Activity]:
        types = LeadActivityType
        told: list[_Told] = [(types.ASSIGNMENT_CHANGE, self.came, None, None)]
        if self.tried_at:
            told.append((types.PHONE_CALL, self.tried_at, ActivityDirection.OUTBOUND, None))
        if self.reached_at:
            told.append((types.PHONE_CALL, self.reached_at, ActivityDirection.INBOUND, None))
        told += [(types.STAGE_CHANGE, at, None, stage) for stage, at in self.entered[1:]]
        while len(told) < many:
            at = self.came + (self.world.now - self.came) * self.chance.random() ** 6
            told.append((self.chance.choice(_REACHING), at.replace(microsecond=0), None, None))
        for place, (kind, at, direction, stage) in enumerate(told):
            call = kind is types.PHONE_CALL
            ways = (ActivityDirection.OUTBOUND, ActivityDirection.INBOUND)
            reaching = kind in _REACHING and (direction or self.chance.choice(ways))
            yield Activity(
                id=ActivityId(f"{self.id}-{place}"),
                clinic_id=self.world.clinic.id,
                lead_id=self.id,
                type=kind,
                occurred_at=at,
                created_at=at,
                created_by=self.user,
                direction=reaching or None,
                call_outcome=self.chance.choice(tuple(CallOutcome)) if call else None,
                new_stage=stage,
            )

    def _lead(self) -> Lead:
        world, chance = self.world, self.chance
        patient, contact = world.families[self.number % _FAMILIES]
        stage, since = self.entered[-1]
        place = len(self.entered) - 1
        held, at = (StageSlug(_LOST_STAGE), self.lost_at) if self.lost_at else (stage, since)
        last = max(filter(None, (at, self.tried_at, self.reached_at)))
        archived = chance.random() < _ARCHIVED
        deleted = chance.random() < _DELETED
        return Lead(
            id=self.id,
            clinic_id=world.clinic.id,
            patient=patient,
            contact=contact,
            origin=Origin(
                channel=chance.choice(_CHANNELS),
                source_id=None if self.source is None else world.sources[self.source],
            ),
            enquiry=Enquiry(interests=(chance.choice(tuple(TreatmentInterest)),)),
            status=LeadStatus.ARCHIVED if archived else self._status(),
            position=Position(
                stage=held,
                order=world.stages[held],
                entered_at=at,
                visit_id=VisitId(f"{self.id}-{place + (self.lost_at is not None)}"),
                furthest=stage,
                furthest_order=world.stages[stage],
            ),
            stamps=Stamps(
                created_at=self.came,
                created_by=self.user,
                updated_at=last,
                updated_by=self.user,
                archived_at=last if archived else None,
                deleted_at=last if deleted else None,
            ),
            ownership=Ownership(
                owner=self.owner,
                assigned_at=self.came if self.owner else None,
                first_owner=self._first_owner(),
            ),
            milestones=self._milestones(),
            loss=None if self.lost_at is None else self._loss(self.lost_at),
            conversion=None if self.won_at is None else self._conversion(self.won_at),
            recall_due_on=None if self.observed_at is None else _in_a_year(world.now),
        )

    def _first_owner(self) -> UserId | None:
        if self.owner is None or self.chance.random() < 0.9:
            return self.owner
        return self.chance.choice(self.world.coordinators)

    def _status(self) -> LeadStatus:
        if self.won_at or self.lost_at:
            return LeadStatus.CONVERTED if self.won_at else LeadStatus.LOST
        untouched = len(self.entered) == 1 and self.reached_at is None
        return LeadStatus.NEW if untouched else LeadStatus.ACTIVE

    def _milestones(self) -> Milestones:
        tried, reached, won = self.tried_at, self.reached_at, self.won_at
        known = Milestones(
            first_attempt_at=tried,
            first_contact_at=reached,
            scheduled_at=self._when("consultation_scheduled"),
            completed_at=self._when("consultation_completed"),
            accepted_at=self._when("treatment_accepted"),
            ms_to_attempt=None if tried is None else milliseconds(self.came, tried),
            ms_to_contact=None if reached is None else milliseconds(self.came, reached),
            ms_to_convert=None if won is None else milliseconds(self.came, won),
            observed_at=self.observed_at,
            business_ms_to_attempt=self._in_business_time(tried),
            business_ms_to_contact=self._in_business_time(reached),
        )
        return accepted_after(known, self.world.clinic.timezone)

    def _in_business_time(self, at: datetime | None) -> int | None:
        return None if at is None else self.world.clock.between(self.came, at) // _MS

    def _loss(self, at: datetime) -> Loss:
        stage, _ = self.entered[-1]
        reason = self.chance.choice(_REASONS)
        return Loss(at=at, reason=reason, stage=stage, order=self.world.stages[stage])

    def _conversion(self, at: datetime) -> Conversion:
        return Conversion(at=at, patient_ref=f"pat-{self.number:08}", owner=self.owner)

    def _tasks(self) -> Iterator[Task]:
        """Plan something for who is still open, and note what was done for some of the others."""
        closed = self.won_at or self.lost_at
        if closed and self.chance.random() < 0.7:
            return
        due = self.came + _HOUR if closed else self.world.now + _DAY * self.chance.gauss(0.5, 2)
        yield Task(
            id=TaskId(f"{self.id}-task"),
            clinic_id=self.world.clinic.id,
            lead_id=self.id,
            type=LeadTaskType.CALL,
            title="Call the family",
            assigned_to=self.user,
            due_at=due.replace(microsecond=0),
            created_at=self.came,
            created_by=self.user,
            status=TaskStatus.COMPLETED if closed else TaskStatus.PENDING,
            completed_at=self.came if closed else None,
            updated_at=self.came,
        )

    def _consultation(self) -> Appointment | None:
        scheduled, done = self._when("consultation_scheduled"), self._when("consultation_completed")
        if scheduled is None:
            return None
        starts = done or (scheduled + 9 * _DAY * self.chance.random()).replace(microsecond=0)
        return Appointment(
            id=AppointmentId(f"{self.id}-exam"),
            clinic_id=self.world.clinic.id,
            provider=UserId("dr-1"),
            type=AppointmentType.CONSULTATION.value,
            starts_at=starts,
            length=timedelta(minutes=45),
            timezone=self.world.clinic.timezone,
            status=self._of_consultation(starts, kept=done is not None),
            created_at=scheduled,
            updated_at=scheduled,
            lead_id=self.id,
        )

    def _of_consultation(self, starts: datetime, *, kept: bool) -> AppointmentStatus:
        if kept:
            return AppointmentStatus.COMPLETED
        if starts > self.world.now:
            return AppointmentStatus.BOOKED
        others = (
            AppointmentStatus.NO_SHOW,
            AppointmentStatus.CANCELLED,
            AppointmentStatus.CONFIRMED,
        )
        return self.chance.choices(others, (5, 3, 1))[0]


def _in_a_year(now: datetime) -> date:
    return (now.astimezone(UTC) + 365 * _DAY).date()
