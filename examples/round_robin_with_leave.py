"""Leads in turn while somebody is on leave: cover, return, and no flood of missed leads.

Run it with `python examples/round_robin_with_leave.py`.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from orthocrm import Actor, Clinic, Desk, Intake, Lead, OrthoCRM, Role, connect
from orthocrm.testing.clock import FrozenClock

MONDAY = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)
WEEK = timedelta(days=7)


def main() -> None:
    """Play three weeks: all three there, Ana on leave, Ana back."""
    clock = FrozenClock(MONDAY)
    with connect("memory://", clock=clock) as crm:
        clinic = crm.create_clinic(name="Bright Smiles", timezone="America/Chicago")
        admin, front = _desk(crm, clinic, Role.CLINIC_ADMIN), _desk(crm, clinic, Role.FRONT_DESK)
        for user, weight in (("ana", 1), ("ben", 1), ("cleo", 2)):
            admin.settings.add_coordinator(user, user.title(), weight=weight)
        leave = admin.settings.add_absence("ana", MONDAY + WEEK, MONDAY + WEEK * 2, cover="ben")

        print("first week: ", _shares(_week(front, 1)))
        clock.advance(WEEK)
        handed = admin.assignment.hand_over(leave.id)
        print(f"Ana leaves {len(handed.leads)} leads and {len(handed.tasks)} tasks with Ben")
        print("on leave:   ", _shares(_week(front, 2)))
        clock.advance(WEEK)
        back = admin.assignment.hand_back(leave.id)
        print(f"Ana is back and has her {len(back.leads)} leads again")
        third = _week(front, 3)
        print("third week: ", _shares(third))

        change = admin.assignment.history(third[0].id)[-1]
        reasons = ", ".join(f"{one.user} {one.reason}" for one in change.decision.passed_over)
        print(f"{change.decision.chosen} by {change.decision.rule}: {reasons}")


def _desk(crm: OrthoCRM, clinic: Clinic, role: Role) -> Desk:
    return crm.acting_as(Actor(user=role.value, clinic=clinic.id, roles={role}))


def _week(desk: Desk, week: int) -> list[Lead]:
    return [desk.leads.capture(_family(week, number)).lead for number in range(12)]


def _family(week: int, number: int) -> Intake:
    name = "ABCDEFGHIJKL"[number] * (week + 2)
    return Intake(first_name="Kim", last_name=name, email=f"{name}@example.com".lower(), phone=None)


def _shares(leads: Iterable[Lead]) -> str:
    counts = Counter(lead.ownership.owner for lead in leads)
    return ", ".join(f"{owner} {count}" for owner, count in sorted(counts.items(), key=str))


if __name__ == "__main__":
    main()
