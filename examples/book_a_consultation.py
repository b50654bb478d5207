"""A consultation from the first free time to the follow-up, in memory.

Run it with `python examples/book_a_consultation.py`.
"""

from datetime import UTC, datetime, time, timedelta

from orthocrm import (
    Actor,
    Intake,
    NewAppointment,
    Role,
    Search,
    SlotTaken,
    WeeklyWindow,
    connect,
)
from orthocrm.testing.clock import FrozenClock

MONDAY_NINE = datetime(2026, 11, 2, 15, tzinfo=UTC)
"""Nine o'clock in Chicago."""

WEEK = [WeeklyWindow(weekday=day, start=time(9), end=time(17)) for day in range(1, 6)]


def main() -> None:
    """Offer times, book one, move it, complete it."""
    clock = FrozenClock(MONDAY_NINE)
    with connect("memory://", clock=clock) as crm:
        clinic = crm.create_clinic(name="Bright Smiles", timezone="America/Chicago")
        admin = crm.acting_as(Actor(user="boss", clinic=clinic.id, roles={Role.CLINIC_ADMIN}))
        admin.settings.add_coordinator("tc-1", "Dana Whitlock")
        admin.scheduling.set_week("dr-lee", WEEK)

        front = crm.acting_as(Actor(user="front", clinic=clinic.id, roles={Role.FRONT_DESK}))
        maria = front.leads.capture(
            Intake(first_name="Maria", last_name="Lopez", email="maria@example.com")
        ).lead

        tomorrow = MONDAY_NINE + timedelta(days=1)
        search = Search(type="consultation", from_=tomorrow, to=tomorrow + timedelta(hours=12))
        free = front.scheduling.slots(search)
        print("free on Tuesday:", ", ".join(f"{slot.start:%H:%M}" for slot in free))

        wish = NewAppointment(type="consultation", starts_at=free[0].start, lead_id=maria.id)
        visit = front.scheduling.book(wish).appointment
        print("booked:", front.leads.get(maria.id).position.stage)

        try:
            front.scheduling.book(
                NewAppointment(type="consultation", starts_at=free[0].start, patient_ref="p-17")
            )
        except SlotTaken as refusal:
            print("a second family is refused:", refusal.code)

        moved = front.scheduling.reschedule(visit.id, free[1].start).appointment
        print(f"moved once, still the same visit: {moved.id == visit.id}, {moved.sequence}")

        clock.set(moved.ends_at)
        done = front.scheduling.complete(visit.id)
        print("completed:", front.leads.get(maria.id).position.stage)
        print(f"to do in 3 days: {done.tasks[0].title}")


if __name__ == "__main__":
    main()
