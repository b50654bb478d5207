"""Nobody's lead stays silent: who hears of it when the fallback person is away as well."""

from datetime import timedelta

import pytest
from attrs import evolve

from orthocrm.core.appointment import TimeOff
from orthocrm.core.events import LeadAssigned, LeadsAssigned
from orthocrm.core.ids import ClinicId, LeadId, TimeOffId, UserId
from orthocrm.core.notifying import NoticeKind, StaffContact
from orthocrm.core.settings import Practice, Settings
from orthocrm.followup import noticing
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories import a_clinic, a_coordinator
from tests.support.practices import a_practice

NOW = MONDAY_MORNING
DAY = timedelta(days=1)
BOSS = UserId("boss")
CLINIC = ClinicId("clinic-1")
BY = UserId("system:web_form")


def away(user: str, cover: str | None = None) -> TimeOff:
    return TimeOff(
        id=TimeOffId(f"off-{user}"),
        clinic_id=CLINIC,
        user=UserId(user),
        starts_at=NOW - DAY,
        ends_at=NOW + DAY,
        cover=None if cover is None else UserId(cover),
    )


def team(*absences: TimeOff, inactive: str | None = None) -> Practice:
    clinic = a_clinic(settings=Settings(fallback=BOSS))
    people = [a_coordinator(clinic, user, is_active=user != inactive) for user in "ab"]
    return a_practice(clinic=clinic, coordinators=tuple(people), absences=absences)


def contact(user: str) -> StaffContact:
    return StaffContact(id=UserId(user), clinic_id=CLINIC, email="x@example.com")


@pytest.mark.parametrize(
    "practice, contacts, users",
    [
        (team(away("boss")), [], ("a", "b")),
        (team(away("boss"), away("a")), [], ("b",)),
        (team(away("boss"), inactive="a"), [contact("a")], ("b",)),
        (team(away("boss", cover="c"), away("a")), [contact("d")], ("b", "c", "d")),
        (team(away("boss"), away("a"), away("b")), [contact("boss")], ("a", "b")),
        (team(away("boss"), away("a"), away("b"), away("d")), [contact("d")], ("a", "b", "d")),
    ],
)
def test_all_who_can_be_reached_stand_in(
    practice: Practice, contacts: list[StaffContact], users: tuple[str, ...]
) -> None:
    assert noticing.standing_in(practice, contacts, NOW) == users


KNOWN = noticing.Known(
    leads={}, fallback=BOSS, window=timedelta(minutes=10), imported={}, others=(UserId("a"),)
)
ONE = LeadAssigned(
    clinic_id=CLINIC,
    at=NOW,
    by=BY,
    lead_id=LeadId("lead-1"),
    before=None,
    after=BOSS,
    rule="fallback",
    needs_assignment=True,
)
MANY = LeadsAssigned(
    clinic_id=CLINIC,
    at=NOW,
    by=BY,
    rule="transfer",
    lead_ids=(LeadId("lead-1"), LeadId("lead-2")),
    users=(BOSS,),
    counts=(2,),
    needs_assignment=2,
)


@pytest.mark.parametrize("where, users", [("here", ["boss"]), ("away", ["boss", "a"])])
@pytest.mark.parametrize("event, count", [(ONE, 1), (MANY, 2)])
def test_they_are_told_only_while_the_fallback_person_is_away(
    event: LeadAssigned | LeadsAssigned, count: int, where: str, users: list[str]
) -> None:
    told = noticing.told(evolve(event, fallback_away=where == "away"), "item", KNOWN)

    assert [(one.user, one.kind, one.count) for one in told] == [
        (user, NoticeKind.NEEDS_ASSIGNMENT, count) for user in users
    ]
