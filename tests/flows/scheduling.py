"""What the flows of scheduling share: a practice with a doctor, chairs, and types of visits."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from attrs import evolve

from orthocrm.core.ids import UserId
from orthocrm.core.schedule import WeeklyWindow
from orthocrm.core.visit_type import BookableResource, VisitType
from orthocrm.scheduling.booking import NewAppointment
from orthocrm.services.scheduling.searching import Search
from tests.flows.practice import House

LEE, KIM = UserId("dr-lee"), UserId("dr-kim")

TUESDAY = datetime(2026, 11, 3, 15, 0, tzinfo=UTC)
"""Nine o'clock in Chicago, the day after the clock of the flows."""

WEEK = tuple(WeeklyWindow(weekday=day, start=time(9), end=time(17)) for day in range(1, 6))
HOUR = timedelta(hours=1)


def types(**fields: Any) -> tuple[VisitType, ...]:
    """Give the clinic's types: consultations as these fields say, and a follow-up in a chair."""
    usual: dict[str, Any] = {
        "is_public": True,
        "duration": HOUR,
        "cancel_notice": timedelta(hours=24),
        "moves": 1,
    }
    return (
        VisitType(slug="consultation", name="Consultation", **{**usual, **fields}),
        VisitType(slug="follow_up", name="Follow-up", duration=HOUR, pools=("chairs",)),
    )


def open_the_diary(house: House, **fields: Any) -> None:
    """Give two doctors hours, and the practice one chair and its types."""
    settings = house.admin.settings.practice().clinic.settings
    chair = BookableResource(id="chair-1", label="Chair 1")
    messaging = evolve(settings.messaging, email="desk@bright.example")
    house.admin.settings.change(
        evolve(settings, visit_types=types(**fields), resources=(chair,), messaging=messaging)
    )
    for doctor in (LEE, KIM):
        house.admin.scheduling.set_week(doctor, WEEK)


def wish(lead: Any = None, **fields: Any) -> NewAppointment:
    """Ask for a consultation with Dr. Lee on Tuesday at nine."""
    usual: dict[str, Any] = {"type": "consultation", "starts_at": TUESDAY, "provider": LEE}
    if lead is not None:
        usual["lead_id"] = lead.id
    elif "patient_ref" not in fields:
        usual["patient_ref"] = "p-1"
    return NewAppointment(**{**usual, **fields})


def search(**fields: Any) -> Search:
    """Look for consultations on Tuesday."""
    usual: dict[str, Any] = {
        "type": "consultation",
        "from_": TUESDAY,
        "to": TUESDAY + timedelta(hours=12),
    }
    return Search(**{**usual, **fields})
