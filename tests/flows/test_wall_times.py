"""Visits keep the local time that families were told when clocks go by new rules, on every backend.

The laws are invented: Chicago keeps summer time all year round, or gives it up.
"""

from datetime import datetime, time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from orthocrm import Forbidden, Health, InvalidInput, Role, Sent
from orthocrm.core.appointment import Appointment, AppointmentStatus
from orthocrm.core.ids import AppointmentId
from orthocrm.core.messaging import Messaging
from orthocrm.core.notifying import NoticeKind
from orthocrm.core.reminding import ReminderStatus
from orthocrm.services.notifications.settling import Outcome
from orthocrm.services.scheduling import keeping
from orthocrm.services.scheduling.keeping import WallTimesKept
from tests.flows.carrying import CARRIERS, configure, held, of_user
from tests.flows.practice import House
from tests.flows.scheduling import HOUR, KIM, LEE, TUESDAY, open_the_diary, search, wish
from tests.flows.test_reminders import DAY, DAY_BEFORE, sent, standing
from tests.support.zone_data import ALWAYS_SUMMER, CHICAGO, zone_data

S = AppointmentStatus
THURSDAY = TUESDAY + 2 * DAY
NINE = datetime.combine(THURSDAY.date(), time(9))
MUST_JUMP = "CST6CDT,M11.1.4/9,M3.2.0"
"""Clocks go from nine to ten on the first Thursday of November."""


@pytest.fixture(autouse=True)
def _open(house: House) -> None:
    open_the_diary(house)


def booked(house: House, starts_at: datetime = THURSDAY, **fields: Any) -> Appointment:
    fields.setdefault("patient_ref", f"p-{starts_at:%d-%H}")
    return house.front.scheduling.book(wish(starts_at=starts_at, **fields)).appointment


def seen(house: House, visit: Appointment) -> Appointment:
    return house.front.scheduling.appointment(visit.id)


def worked(house: House) -> tuple[int, int]:
    """Give how many visits a round moved, and how many are stranded."""
    done = house.crm.work()
    assert done.errors == ()
    return done.shifted, done.stranded


# --- bad input


BAD = (3, "x", "[]", '["later"]', '["sideways",null,null]', '["later",7,"a"]',
       '["later","2026-11-05T09:00:00","a"]', "9" * 5000)  # fmt: skip


def test_a_batch_begins_where_the_last_one_ended_and_nowhere_else(house: House) -> None:
    for after in BAD:
        with pytest.raises(InvalidInput) as refusal:
            house.front.scheduling.keep_wall_times(after)  # type: ignore[arg-type]  # what it is about
        assert [one.path for one in refusal.value.problems] == ["after"]


def test_only_who_sees_the_whole_diary_says_that_a_law_was_called_off(house: House) -> None:
    with pytest.raises(Forbidden):
        house.desk(Role.PROVIDER, LEE).scheduling.keep_wall_times(called_off=True)


# --- what is kept


def test_a_visit_knows_the_time_that_the_family_was_told(house: House) -> None:
    visit = booked(house)
    assert (visit.wall_time, visit.utc_offset) == (NINE, -6 * HOUR)
    moved = house.front.scheduling.reschedule(visit.id, THURSDAY + HOUR).appointment
    assert (moved.wall_time, seen(house, visit)) == (NINE + HOUR, moved)


def test_without_new_rules_nothing_moves(house: House) -> None:
    visit = booked(house)
    assert [worked(house), worked(house)] == [(0, 0), (0, 0)]
    assert seen(house, visit) == visit


@pytest.mark.parametrize("laws", [(CHICAGO, ALWAYS_SUMMER), (ALWAYS_SUMMER, CHICAGO)])
def test_a_whole_day_goes_along_and_what_it_leaves_is_free(
    house: House, tmp_path: Path, laws: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One visit after the other, each to where the one before it was: batch by batch."""
    monkeypatch.setattr(keeping, "BATCH", 3)
    old, new = laws
    with zone_data(tmp_path, old):
        worked(house)
        free = [slot.start for slot in house.front.scheduling.slots(_thursday())]
        visits = [booked(house, at) for at in free]
        house.front.scheduling.confirm(visits[0].id)
    with zone_data(tmp_path, new):
        assert worked(house) == (len(visits), 0)
        assert worked(house) == (0, 0)
        found = [seen(house, one) for one in visits]
        assert [one.wall_time.time() for one in found] == [time(hour) for hour in range(9, 17)]
        step = HOUR if new == CHICAGO else -HOUR
        assert [a.starts_at - b.starts_at for a, b in zip(found, visits, strict=True)] == [step] * 8
        assert {one.sequence for one in found} == {1}
        assert [one.status for one in found] == [S.CONFIRMED, *[S.BOOKED] * 7]
        assert house.front.scheduling.slots(_thursday()) == ()
        house.front.scheduling.cancel(visits[3].id)
        assert [s.start for s in house.front.scheduling.slots(_thursday())] == [found[3].starts_at]
        again = booked(house, found[3].starts_at, patient_ref="p-9")
        assert all(a.ends_at <= b.starts_at for a, b in pairwise(found))
        assert again.wall_time == found[3].wall_time


def _thursday() -> Any:
    low = THURSDAY.replace(hour=6)
    return search(from_=low, to=low + DAY, providers=(LEE,))


def test_holds_and_requests_go_along_and_what_is_over_stays(house: House, tmp_path: Path) -> None:
    desk = house.front.scheduling
    request = desk.request(wish(starts_at=THURSDAY, patient_ref="p-1")).appointment
    hold = desk.hold(wish(starts_at=THURSDAY + HOUR, patient_ref="p-2")).appointment
    over = booked(house, THURSDAY + 2 * HOUR)
    desk.cancel(over.id)
    with zone_data(tmp_path, ALWAYS_SUMMER):
        assert worked(house) == (2, 0)
        assert seen(house, request).starts_at == THURSDAY - HOUR
        assert seen(house, hold).starts_at == THURSDAY
        assert seen(house, over).starts_at == over.starts_at
        assert desk.accept(request.id).appointment.wall_time == NINE


def test_a_request_that_takes_no_time_goes_along_whoever_is_there(
    house: House, tmp_path: Path
) -> None:
    open_the_diary(house, requests_block=False)
    request = house.front.scheduling.request(wish(starts_at=THURSDAY, patient_ref="p-1"))
    with zone_data(tmp_path, ALWAYS_SUMMER):
        booked(house, THURSDAY - HOUR, patient_ref="p-2")
        assert worked(house) == (1, 0)
        assert seen(house, request.appointment).starts_at == THURSDAY - HOUR


def test_a_reminder_in_the_hands_of_a_worker_stays_there(house: House, tmp_path: Path) -> None:
    messaging = Messaging(carriers=CARRIERS, phone="(312) 555-0100")
    configure(house, messaging=messaging, rules=(), reminders=(DAY_BEFORE,))
    visit = booked(house, lead=house.lead(), patient_ref=None)
    house.clock.set(THURSDAY - DAY)
    desk = house.desk(Role.WORKER).notifications
    taken = desk.take()
    with zone_data(tmp_path, ALWAYS_SUMMER):
        assert _all(house.front.scheduling) == [visit.id]
        desk.settle([Outcome(outgoing=one, result=Sent(ref="r")) for one in taken.outgoing])
        assert standing(house, visit) == [("day", 0, ReminderStatus.SENT)]


def test_reminders_that_wait_go_along_and_what_was_sent_is_not_sent_again(
    house: House, tmp_path: Path
) -> None:
    messaging = Messaging(carriers=CARRIERS, phone="(312) 555-0100")
    configure(house, messaging=messaging, rules=(), reminders=(DAY_BEFORE,))
    lead, other = house.lead(), house.lead(phone="+1 312 555 0177", email="ann@example.com")
    soon = booked(house, THURSDAY - HOUR, lead=lead, patient_ref=None, is_manual=True)
    later = booked(house, THURSDAY + DAY, lead=other, patient_ref=None)
    house.clock.set(THURSDAY - HOUR - DAY)
    assert len(sent(house)) == 1
    with zone_data(tmp_path, ALWAYS_SUMMER):
        assert _all(house.front.scheduling) == [soon.id, later.id]
        assert standing(house, soon) == [("day", 0, ReminderStatus.SENT)]
        assert standing(house, later) == [("day", 1, ReminderStatus.PENDING)]
        (waiting,) = [m for m in held(house) if m.state == "PENDING" and m.lead_id == other.id]
        assert (waiting.due_at, waiting.not_after) == (THURSDAY - HOUR, THURSDAY + DAY - HOUR)
        assert "9:00 AM" in waiting.body
        house.clock.set(THURSDAY - HOUR)
        assert [m.lead_id for m in sent(house)] == [other.id]
        assert sent(house) == []


def test_a_time_that_clocks_never_show_is_put_forward_and_the_family_is_told(
    house: House, tmp_path: Path
) -> None:
    messaging = Messaging(carriers=CARRIERS, phone="(312) 555-0100")
    configure(house, messaging=messaging, rules=(), reminders=())
    visit = booked(house, lead=house.lead(), patient_ref=None)
    house.crm.work()
    with zone_data(tmp_path, MUST_JUMP):
        assert _all(house.front.scheduling) == [visit.id]
        assert seen(house, visit).wall_time == NINE.replace(hour=10)
        house.crm.work()
        assert [m.about for m in held(house) if "10:00 AM" in m.body] != []
        assert house.front.scheduling.keep_wall_times() == WallTimesKept()


# --- what is in the way


def test_a_place_that_is_taken_is_told_once_and_the_visit_stays(
    house: House, tmp_path: Path
) -> None:
    lead = house.lead()
    visit = booked(house, lead=lead, patient_ref=None)
    behind = booked(house, THURSDAY + HOUR)
    with zone_data(tmp_path, ALWAYS_SUMMER):
        first = booked(house, THURSDAY - HOUR, patient_ref="p-1")
        assert first.wall_time == NINE
        assert worked(house) == (0, 2)
        assert seen(house, visit) == visit
        assert seen(house, behind) == behind
        assert worked(house) == (0, 2)
        mine = house.coordinator.followups.tasks(lead.id)
        tasks = [one for one in mine if one.title == keeping.STRANDED]
        assert [(one.lead_id, one.assigned_to) for one in tasks] == [
            (lead.id, lead.ownership.owner)
        ]
        notices = [
            n for n in of_user(house, "manager") if n.kind == NoticeKind.APPOINTMENT_STRANDED
        ]
        assert sorted(n.object_id or "" for n in notices) == sorted([visit.id, behind.id])
        house.front.scheduling.reschedule(visit.id, THURSDAY - HOUR, KIM)
        assert worked(house) == (1, 0)
        assert (seen(house, behind).starts_at, worked(house)) == (THURSDAY, (0, 0))


def test_a_place_that_comes_free_is_taken_by_whose_time_it_is(house: House, tmp_path: Path) -> None:
    visit = booked(house)
    with zone_data(tmp_path, ALWAYS_SUMMER):
        first = booked(house, THURSDAY - HOUR, patient_ref="p-1")
        assert worked(house) == (0, 1)
        house.front.scheduling.cancel(first.id)
        assert worked(house) == (1, 0)
        assert seen(house, visit).starts_at == THURSDAY - HOUR


# --- whose data


def test_a_process_with_the_old_data_moves_nothing_back(house: House, tmp_path: Path) -> None:
    visit = booked(house)
    worked(house)
    with zone_data(tmp_path, ALWAYS_SUMMER):
        assert worked(house) == (1, 0)
    late = booked(house, THURSDAY + 5 * HOUR)
    house.clock.advance(DAY)
    assert house.front.scheduling.keep_wall_times().behind == ("America/Chicago",)
    assert [worked(house), worked(house)] == [(0, 0), (0, 0)]
    assert seen(house, visit).starts_at == THURSDAY - HOUR
    with zone_data(tmp_path, ALWAYS_SUMMER):
        assert worked(house) == (1, 0)
        assert seen(house, late).starts_at == THURSDAY + 4 * HOUR


def test_a_check_tells_of_visits_astray_and_of_data_that_are_too_old(
    house: House, tmp_path: Path
) -> None:
    booked(house)
    house.crm.work()
    with zone_data(tmp_path, ALWAYS_SUMMER):
        assert _said(house) == ["1 visit at another local time than families were told"]
        house.crm.work()
        assert _said(house) == []
    newer = "visits have gone by newer data of America/Chicago than this process has"
    assert _said(house) == [newer]
    _all(house.front.scheduling, called_off=True)
    assert _said(house) == []


def _said(house: House) -> list[str]:
    found = [one for one in house.crm.check(audit=False) if one.name == "visits"]
    return [one.says for one in found if one.health is not Health.OK]


def test_a_law_that_is_called_off_brings_visits_back(house: House, tmp_path: Path) -> None:
    visit = booked(house)
    worked(house)
    with zone_data(tmp_path, ALWAYS_SUMMER):
        assert worked(house) == (1, 0)
    assert worked(house) == (0, 0)
    assert _all(house.front.scheduling, called_off=True) == [visit.id]
    back = seen(house, visit)
    assert (back.starts_at, back.wall_time, back.sequence) == (THURSDAY, NINE, 2)
    assert worked(house) == (0, 0)


def test_who_sees_only_the_own_diary_moves_the_own_visits(house: House, tmp_path: Path) -> None:
    mine, other = booked(house, provider=KIM), booked(house, patient_ref="p-2")
    with zone_data(tmp_path, ALWAYS_SUMMER):
        desk = house.desk(Role.PROVIDER, KIM).scheduling
        assert _all(desk) == [mine.id]
        assert worked(house) == (1, 0)
        assert seen(house, other).starts_at == THURSDAY - HOUR


def _all(desk: Any, **fields: Any) -> list[AppointmentId]:
    kept = desk.keep_wall_times(**fields)
    found = [*kept.moved]
    while kept.after is not None:
        kept = desk.keep_wall_times(kept.after)
        found += kept.moved
    return found
