"""A practice with three years behind it, and two ways to its numbers: ours, and by hand."""

from datetime import date, datetime, timedelta

from attrs import evolve, frozen

import orthocrm
from benchmarks import people
from benchmarks.by_hand import ByHand, PostgresByHand, SqliteByHand
from benchmarks.chronicle import World, chapter
from benchmarks.engines import Engine
from benchmarks.practice import KEYS, desk, founded
from benchmarks.reports_by_hand import Asked
from orthocrm import Clinic, Desk, Money, OrthoCRM, Role
from orthocrm.backends.sql import SqlBackend
from orthocrm.core.ids import UserId
from orthocrm.core.marketing import SpendKind
from orthocrm.core.time import DAY, Period, zone
from orthocrm.followup.due import Calendar, subtract_business
from orthocrm.leads.spending import NewSpend
from orthocrm.privacy.cipher import EnvelopeVault

_FILE = 20_000
"""Leads that are stored by one unit of work."""

_MORE_COORDINATORS = 20
_FEE = 550_000
_TARGET = timedelta(minutes=5)
_WEEK = timedelta(days=7)


@frozen(kw_only=True)
class Archive:
    """A filled practice, at an instant at which its clock stands still."""

    engine: Engine
    url: str
    crm: OrthoCRM
    clinic: Clinic
    leads: int
    now: datetime
    by_hand: ByHand

    @property
    def on(self) -> str:
        """The name of the engine."""
        return self.engine.name

    @property
    def admin(self) -> Desk:
        """The desk of the clinic's administrator."""
        return desk(self.crm, self.clinic, Role.CLINIC_ADMIN, "adm")

    @property
    def today(self) -> date:
        """The clinic's date."""
        return self.now.astimezone(zone(self.clinic.timezone)).date()

    def period(self, report: str) -> Period:
        """Give what a report is asked about: the day or week before, or twelve months."""
        today = self.today
        if report == "daily":
            return Period(today - DAY, today)
        if report == "weekly":
            monday = today - today.weekday() * DAY
            return Period(monday - _WEEK, monday)
        until = today.replace(day=1)
        return Period(until.replace(year=until.year - 1), until)

    def asked(self, report: str) -> Asked:
        """Say for the statements by hand what the library says of a question by itself."""
        period, practice = self.period(report), self.admin.settings.practice()
        start, until = self._edges(period)
        pieces = {"months": [*period.months()], "weekly": [*period.each_day()]}.get(report, [])
        monday = self.today - self.today.weekday() * DAY
        this_week = self._edges(Period(monday, monday + _WEEK))
        steps = [s.slug for s in practice.stages if s.slug != "lost"]
        categories: dict[str | None, str | None] = {None: None}
        categories |= {str(s.id): str(s.category) for s in practice.sources}
        given: dict[str, object] = {
            "clinic": self.clinic.id,
            "start": start,
            "until": until,
            "before": self._edges(period.previous())[0],
            "now": self.now,
            "today": self.today,
            "due": subtract_business(Calendar.of_clinic(self.clinic), self.now, _TARGET),
            "week_ago": self.now - _WEEK,
            "monday": this_week[0],
            "next_monday": this_week[1],
            **{f"p{place}": self._edges(piece)[0] for place, piece in enumerate(pieces)},
        }
        return Asked(
            db=self.by_hand,
            given=given,
            steps=steps,
            pieces=[piece.first.isoformat() for piece in pieces],
            categories=categories,
        )

    def _edges(self, period: Period) -> tuple[datetime, datetime]:
        return period.instants(self.clinic.timezone)

    def close(self) -> None:
        """Close both ways."""
        self.by_hand.close()
        self.crm.close()


def archive(engine: Engine, leads: int, now: datetime = people.STARTED) -> Archive:
    """Fill a practice with so many leads and five times as many activities."""
    url, now = engine.pair().url, now.replace(microsecond=0)
    crm = orthocrm.connect(url, keys=KEYS, discover_plugins=False, clock=lambda: now)
    crm.migrate()
    clinic = founded(crm)
    admin = desk(crm, clinic, Role.CLINIC_ADMIN, "adm")
    world = _furnished(admin, now)
    _store(url, world, leads)
    by_hand: ByHand = PostgresByHand.at(url) if "postgresql" in url else SqliteByHand.at(url)
    return Archive(
        engine=engine,
        url=url,
        crm=crm,
        clinic=world.clinic,
        leads=leads,
        now=now,
        by_hand=by_hand,
    )


def _furnished(admin: Desk, now: datetime) -> World:
    """Set up coordinators, the average fee, and what sources have cost for four years."""
    for number in range(_MORE_COORDINATORS):
        admin.settings.add_coordinator(UserId(f"more-{number}"), f"Coordinator {number}")
    settings = admin.settings.practice().clinic.settings
    reporting = evolve(settings.reporting, average_fee=Money(_FEE, "USD"))
    clinic = admin.settings.change(evolve(settings, reporting=reporting))
    practice = admin.settings.practice()
    admin.sources.add_spends(
        [
            NewSpend(
                source=source.id,
                amount=Money(25_000 * place, "USD"),
                starts_on=date(now.year - 4, 1, 1),
                kind=SpendKind.MONTHLY,
            )
            for place, source in enumerate(practice.sources[2:8], start=1)
        ]
    )
    return World(
        clinic=clinic,
        stages={stage.slug: stage.order for stage in practice.stages},
        sources=[source.id for source in practice.sources],
        coordinators=[coordinator.id for coordinator in practice.coordinators],
        now=now,
    )


def _store(url: str, world: World, leads: int) -> None:
    backend = SqlBackend(url, EnvelopeVault(KEYS))
    for first in range(0, leads, _FILE):
        made = chapter(world, range(first, min(first + _FILE, leads)), leads)
        with backend.begin(world.clinic.id) as store:
            store.leads.add(made.leads)
            store.visits.add(made.visits)
            store.activities.add(made.activities)
            store.tasks.add(made.tasks)
            store.appointments.add(made.appointments)
    backend.analyse()
    backend.close()
