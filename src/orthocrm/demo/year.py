"""A year of an invented practice, played through the public verbs."""

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import TypeVar
from zoneinfo import ZoneInfo

from attrs import define, field, frozen

from orthocrm.core.actor import Actor, Role
from orthocrm.core.ids import ClinicId, LeadId, TaskId, UserId
from orthocrm.core.lead import Channel
from orthocrm.core.settings import Clinic
from orthocrm.core.time import DAY
from orthocrm.crm import OrthoCRM
from orthocrm.demo import names
from orthocrm.demo.clock import SetClock
from orthocrm.demo.diary import Diary
from orthocrm.demo.families import Arrival, arrivals
from orthocrm.demo.hours import CLOSES, chance
from orthocrm.demo.practice import MANAGER, ZONE, set_up
from orthocrm.demo.story import Act, Exam, Said, story
from orthocrm.desk import Desk
from orthocrm.followup.attempts import LogEntry
from orthocrm.services.batch import Refused, only
from orthocrm.services.pipeline.transitions import Loss, Move, Start

T = TypeVar("T")

LEADS = 1_200
_YEAR = timedelta(days=366)
_LIVELY = timedelta(days=14)
"""How long before the end the practice is played day by day, and its tasks are done."""

_STRIDE = timedelta(days=14)
"""How much of the time before is played at once."""

_BACKLOG = timedelta(hours=6)
_FORGOTTEN = 0.12
_SKILL = {user: skill for user, _, skill in names.COORDINATORS}


def fill(
    crm: OrthoCRM,
    clock: SetClock,
    *,
    seed: int = 1,
    leads: int = LEADS,
    tell: Callable[[float], None] | None = None,
) -> Clinic:
    """Invent a practice and the year that ends where the clock of the installation stands.

    The same seed, instant and number of leads give the same practice. The clock goes through the
    year and stands where it stood in the end. `tell` hears which share of the year is over.
    """
    now = clock()
    random = Random(seed)
    clock.set(now - _YEAR)
    clinic = set_up(crm, now - _YEAR, random)
    zone = ZoneInfo(ZONE)
    year = _Year(
        desks=_Desks.of(crm, clinic.id),
        clock=clock,
        random=random,
        zone=zone,
        coming=deque(arrivals(random, now, zone, leads)),
        diary=Diary(
            desk=crm.acting_as(
                Actor(user=UserId(MANAGER), clinic=clinic.id, roles=(Role.CLINIC_ADMIN,))
            ),
            clock=clock,
            now=now,
            zone=zone,
            random=Random(f"diary {seed}"),
        ),
    )
    steps = tuple(_steps(now, zone))
    for number, end in enumerate(steps):
        year.play(end, tidy=end > now - _LIVELY)
        if tell is not None:
            tell((number + 1) / len(steps))
    year.diary.book_what_is_to_come()
    clock.set(now)
    return clinic


def _steps(now: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """Give the ends of the strides, then of the last days, then of the hours of the last day."""
    evening = now.astimezone(zone).replace(hour=CLOSES + 1, minute=0, second=0, microsecond=0)
    last = evening - DAY if evening > now else evening
    strides = -(-(_YEAR - _LIVELY) // _STRIDE)
    yield from (last - _LIVELY - _STRIDE * back for back in range(strides, 0, -1))
    yield from (last - DAY * back for back in range(_LIVELY.days, -1, -1))
    yield from (at for hours in range(14, 24, 2) if (at := last + timedelta(hours=hours)) < now)
    yield now


@frozen(kw_only=True)
class _Desks:
    """The desks of everybody who acts in the year."""

    web: Desk
    front: Desk
    manager: Desk
    worker: Desk
    coordinators: dict[UserId, Desk]

    @classmethod
    def of(cls, crm: OrthoCRM, clinic: ClinicId) -> "_Desks":
        def person(user: str, role: Role) -> Desk:
            return crm.acting_as(Actor(user=UserId(user), clinic=clinic, roles=(role,)))

        return cls(
            web=crm.acting_as(Actor.system(Role.WEB_FORM, clinic)),
            front=person("front-desk", Role.FRONT_DESK),
            manager=person(MANAGER, Role.CLINIC_ADMIN),
            worker=crm.acting_as(Actor.system(Role.WORKER, clinic)),
            coordinators={
                UserId(user): person(user, Role.TREATMENT_COORDINATOR) for user in _SKILL
            },
        )


@define(kw_only=True)
class _Year:
    """The year so far: who will still ask, and how the stories of the others go on."""

    desks: _Desks
    clock: SetClock
    random: Random
    zone: ZoneInfo
    coming: deque[Arrival]
    diary: Diary
    stories: list[tuple[UserId, deque[Act]]] = field(factory=list)
    looked_at: set[TaskId] = field(factory=set)

    def play(self, until: datetime, *, tidy: bool) -> None:
        """Let everything happen that happens until an instant, in batches of one kind each."""
        self.clock.set(until)
        self._capture(until)
        due = [(owner, _due(acts, until)) for owner, acts in self.stories]
        self._log(due)
        self._transit(due)
        self.diary.enter([a.what for _, acts in due for a in acts if isinstance(a.what, Exam)])
        self.stories = [(owner, acts) for owner, acts in self.stories if acts]
        self.desks.worker.followups.raise_due()
        if tidy:
            self._tidy(until)

    def _capture(self, until: datetime) -> None:
        arrived = []
        while self.coming and self.coming[0].at <= until:
            arrived.append(self.coming.popleft())
        web = [a for a in arrived if a.enquiry.channel is Channel.WEB_FORM]
        others = [a for a in arrived if a.enquiry.channel is not Channel.WEB_FORM]
        for desk, part in ((self.desks.web, web), (self.desks.front, others)):
            self._captured(desk, part)

    def _captured(self, desk: Desk, arrived: Sequence[Arrival]) -> None:
        if not arrived:
            return
        results = desk.leads.capture_many([arrival.received for arrival in arrived])
        for arrival, captured in zip(arrived, _all(results), strict=True):
            owner = captured.lead.ownership.owner or UserId(MANAGER)
            promise = arrival.warmth * _SKILL.get(owner, 1.0)
            acts = story(captured.lead, promise, self.zone, self.random)
            self.stories.append((owner, deque(acts)))

    def _log(self, due: Sequence[tuple[UserId, Sequence[Act]]]) -> None:
        said: defaultdict[UserId, list[tuple[LeadId, LogEntry]]] = defaultdict(list)
        for owner, acts in due:
            spoken = [act.what for act in acts if isinstance(act.what, Said)]
            said[owner] += [(one.lead_id, one.entry) for one in spoken]
        for owner, entries in said.items():
            if entries:
                _all(self._desk(owner).followups.log_many(entries))

    def _transit(self, due: Sequence[tuple[UserId, Sequence[Act]]]) -> None:
        """Move, round by round because a batch names each lead once; then end the stories."""
        wishes = [
            [act.what for act in acts if not isinstance(act.what, Said | Exam)] for _, acts in due
        ]
        moves = [deque(wish for wish in each if isinstance(wish, Move)) for each in wishes]
        pipeline = self.desks.manager.pipeline
        while moves := [each for each in moves if each]:
            _batch(pipeline.move_many, [each.popleft() for each in moves])
        ends = [wish for each in wishes for wish in each]
        _batch(pipeline.lose_many, [wish for wish in ends if isinstance(wish, Loss)])
        _batch(pipeline.convert_many, [wish for wish in ends if isinstance(wish, Start)])

    def _tidy(self, until: datetime) -> None:
        """Do the tasks that are due; some are forgotten, and wait for somebody to see them."""
        for task in self.desks.manager.followups.open_tasks(due_before=until - _BACKLOG):
            if task.id in self.looked_at:
                continue
            self.looked_at.add(task.id)
            if not chance(self.random, _FORGOTTEN):
                self._desk(task.assigned_to).followups.complete(task.id)

    def _desk(self, owner: UserId) -> Desk:
        return self.desks.coordinators.get(owner, self.desks.manager)


def _due(acts: deque[Act], until: datetime) -> list[Act]:
    due = []
    while acts and acts[0].at <= until:
        due.append(acts.popleft())
    return due


def _batch(verb: Callable[[Sequence[T]], Sequence[object]], wishes: Sequence[T]) -> None:
    if wishes:
        _all(verb(wishes))


def _all(results: Sequence[T | Refused]) -> list[T]:
    """Give all results; an invented year asks for nothing that may be refused."""
    return [only([result]) for result in results]
