"""The invented practice itself: its people and chairs, what the sources cost, who is away when."""

from datetime import datetime, time, timedelta
from random import Random

from attrs import evolve

from orthocrm.core.actor import Actor, Role
from orthocrm.core.ids import UserId
from orthocrm.core.money import Money
from orthocrm.core.reporting import Reporting
from orthocrm.core.schedule import WeeklyWindow
from orthocrm.core.settings import Clinic, Settings
from orthocrm.core.visit_type import DEFAULT_VISIT_TYPES, BookableResource, VisitType
from orthocrm.crm import OrthoCRM
from orthocrm.demo import names
from orthocrm.desk import Desk

NAME = "Prairie Orthodontics"
ZONE = "America/Chicago"
MANAGER = "manager"

_MONTHLY_COST = {
    "Web - Paid advertising": "1850.00",
    "Web - Social media": "640.00",
    "Print advertising": "410.00",
    "Community event": "250.00",
}


def set_up(crm: OrthoCRM, opened_at: datetime, random: Random) -> Clinic:
    """Create the practice with its coordinators, doctors and chairs, holidays and costs."""
    settings = Settings(
        fallback=UserId(MANAGER),
        reporting=Reporting(average_fee=Money.of("5400.00", "USD")),
        visit_types=tuple(map(_in_a_chair, DEFAULT_VISIT_TYPES)),
        resources=tuple(
            BookableResource(id=chair, label=chair.replace("-", " ").capitalize())
            for chair in names.CHAIRS
        ),
    )
    clinic = crm.create_clinic(name=NAME, timezone=ZONE, settings=settings)
    desk = crm.acting_as(Actor(user=UserId(MANAGER), clinic=clinic.id, roles=(Role.CLINIC_ADMIN,)))
    for user, name, _ in names.COORDINATORS:
        desk.settings.add_coordinator(UserId(user), name)
        starts_at = opened_at + timedelta(days=random.randint(30, 330))
        desk.settings.add_absence(UserId(user), starts_at, starts_at + timedelta(days=10))
    week = [
        WeeklyWindow(weekday=day, start=start, end=end)
        for day in range(1, 6)
        for start, end in ((time(9), time(12)), (time(12, 30), time(17)))
    ]
    for doctor, _ in names.DOCTORS:
        desk.scheduling.set_week(doctor, week)
    _add_costs(desk)
    return clinic


def _in_a_chair(kind: VisitType) -> VisitType:
    """Let everything but video calls take one of the chairs."""
    return kind if kind.is_virtual else evolve(kind, pools=("chairs",))


def _add_costs(desk: Desk) -> None:
    for source in desk.sources.all():
        if source.name in _MONTHLY_COST:
            cost = Money.of(_MONTHLY_COST[source.name], "USD")
            desk.sources.change(evolve(source, monthly_cost=cost))
