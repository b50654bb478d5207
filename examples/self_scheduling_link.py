"""A family with a link finds a time, books, moves and cancels; in memory.

Run it with `python examples/self_scheduling_link.py`.
"""

from datetime import UTC, datetime, time, timedelta

from orthocrm import (
    Actor,
    Intake,
    InvalidInput,
    NewAppointment,
    NewLink,
    Role,
    Search,
    TooLate,
    VisitType,
    WeeklyWindow,
    connect,
)
from orthocrm.testing.clock import FrozenClock

MONDAY_NINE = datetime(2026, 11, 2, 15, tzinfo=UTC)
WEEK = [WeeklyWindow(weekday=day, start=time(9), end=time(17)) for day in range(1, 6)]
CONSULTATION = VisitType(
    slug="consultation",
    name="Consultation",
    duration=timedelta(minutes=60),
    is_public=True,
    cancel_notice=timedelta(hours=24),
)


def main() -> None:
    """Send a link, and do what a family does with it."""
    clock = FrozenClock(MONDAY_NINE)
    with connect("memory://", clock=clock) as crm:
        clinic = crm.create_clinic(name="Bright Smiles", timezone="America/Chicago")
        admin = crm.acting_as(Actor(user="boss", clinic=clinic.id, roles={Role.CLINIC_ADMIN}))
        admin.settings.add_coordinator("tc-1", "Dana Whitlock")
        admin.settings.save_visit_type(CONSULTATION)
        admin.scheduling.set_week("dr-lee", WEEK)

        front = crm.acting_as(Actor(user="front", clinic=clinic.id, roles={Role.FRONT_DESK}))
        maria = front.leads.capture(
            Intake(first_name="Maria", last_name="Lopez", email="maria@example.com")
        ).lead
        link = front.scheduling.make_link(NewLink(lead_id=maria.id, lasts=timedelta(days=14)))
        print("the link is for:", ", ".join(link.types))

        family = crm.with_link(link.token).scheduling
        thursday = MONDAY_NINE + timedelta(days=3)
        search = Search(type="consultation", from_=thursday, to=thursday + timedelta(hours=12))
        free = family.slots(search)
        wish = NewAppointment(type="consultation", starts_at=free[0].start, lead_id=maria.id)
        visit = family.book(wish).appointment
        print(f"booked: {visit.starts_at:%A %H:%M} UTC")
        family.confirm(visit.id)
        moved = family.reschedule(visit.id, free[1].start).appointment
        print(f"moved: {moved.starts_at:%A %H:%M} UTC")

        clock.set(moved.starts_at - timedelta(hours=3))
        try:
            family.cancel(visit.id)
        except TooLate as refusal:
            print("three hours before:", refusal)

        front.scheduling.revoke_link(link.id)
        try:
            family.history()
        except InvalidInput as refusal:
            print("revoked:", refusal.problems[0].code)


if __name__ == "__main__":
    main()
