"""Schedules, the waitlist, views, and what cannot be asked for, on every backend."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from attrs import evolve

from orthocrm import Forbidden, InvalidInput, NotFound, Role, StaleVersion
from orthocrm.core.appointment import AppointmentStatus
from orthocrm.core.errors import OutsideHours, SlotTaken
from orthocrm.core.schedule import DateHours, DateWindow, RepeatedBlock, Schedule, WeeklyWindow
from orthocrm.core.time import Period
from orthocrm.core.visit_type import BookableResource, Question, VisitType
from orthocrm.core.waitlist import WaitlistEntry, WaitlistState
from orthocrm.scheduling.booking import AppointmentEdit
from orthocrm.services.scheduling.waiting import NewWaitlistEntry
from orthocrm.testing.clock import FrozenClock
from tests.flows.counting import cost, watched
from tests.flows.practice import House
from tests.flows.scheduling import HOUR, KIM, LEE, TUESDAY, WEEK, open_the_diary, search, wish

S, W = AppointmentStatus, WaitlistState
DAY = timedelta(days=1)
NOON = datetime.combine(date(2026, 11, 2), time(12))


@pytest.fixture(autouse=True)
def _open(request: pytest.FixtureRequest) -> None:
    if "house" in request.fixturenames:
        open_the_diary(request.getfixturevalue("house"))


def starts(house: House, **fields: Any) -> list[datetime]:
    found = house.front.scheduling.slots(search(**{"providers": (LEE,), **fields}))
    return [slot.start.astimezone(UTC) for slot in found]


def wait(house: House, **fields: Any) -> WaitlistEntry:
    usual: dict[str, Any] = {"type": "consultation", "patient_ref": "p-2"}
    return house.front.scheduling.join_waitlist(NewWaitlistEntry(**{**usual, **fields}))


def test_a_date_with_hours_of_its_own_replaces_the_week(house: House) -> None:
    hours = DateHours(on=date(2026, 11, 3), windows=(DateWindow(start=time(13), end=time(15)),))
    house.admin.scheduling.set_date(LEE, hours)
    assert starts(house) == [TUESDAY + 4 * HOUR, TUESDAY + 5 * HOUR]
    house.admin.scheduling.open_dates(LEE, [date(2026, 11, 3)])
    assert len(starts(house)) == 8


def test_a_closed_date_has_no_free_times(house: House) -> None:
    house.admin.scheduling.close_dates(LEE, [date(2026, 11, 3)])
    assert starts(house) == []
    assert len(starts(house, providers=(KIM,))) == 8


def test_a_lunch_break_takes_time_away(house: House) -> None:
    lunch = RepeatedBlock(
        starts_at=NOON,
        length=HOUR,
        rrule="FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
    )
    house.admin.scheduling.set_blocks(LEE, [lunch])
    assert TUESDAY + 3 * HOUR not in starts(house)
    assert len(starts(house)) == 7


def test_a_shared_template_counts_beside_the_own_hours(house: House) -> None:
    clinic = house.clinic.id
    morning = tuple(evolve(one, end=time(12)) for one in WEEK)
    house.admin.scheduling.save_schedule(
        Schedule(id="mornings", clinic_id=clinic, windows=morning, is_template=True)
    )
    house.admin.scheduling.save_schedule(
        Schedule(id="dr-new", clinic_id=clinic, template="mornings")
    )
    assert len(starts(house, providers=("dr-new",))) == 3
    with pytest.raises(InvalidInput):
        house.admin.scheduling.remove_schedule("mornings")


def test_a_schedule_in_another_zone_is_read_there(house: House) -> None:
    house.admin.scheduling.save_schedule(
        Schedule(
            id="dr-far", clinic_id=house.clinic.id, windows=WEEK, timezone="America/Los_Angeles"
        )
    )
    assert starts(house, providers=("dr-far",))[0] == TUESDAY + 2 * HOUR


def test_a_schedule_that_changed_meanwhile_is_not_overwritten(house: House) -> None:
    (read,) = [one for one in house.admin.scheduling.schedules() if one.id == LEE]
    house.admin.scheduling.set_week(LEE, WEEK[:2])
    with pytest.raises(StaleVersion):
        house.admin.scheduling.save_schedule(read)


def test_absences_take_time_away(house: House) -> None:
    house.admin.settings.add_coordinator(LEE, "Dr. Lee")
    house.admin.settings.add_absence(LEE, TUESDAY, TUESDAY + 4 * HOUR)
    assert starts(house)[0] == TUESDAY + 4 * HOUR


def test_everybody_of_a_team_takes_part(house: House) -> None:
    open_the_diary(house, providers=(LEE, KIM), all_providers=True)
    booked = house.front.scheduling.book(wish(provider=None)).appointment
    assert booked.providers == (LEE, KIM)
    moved = house.front.scheduling.reschedule(booked.id, TUESDAY + HOUR).appointment
    assert moved.providers == (LEE, KIM)
    assert {*starts(house, providers=())} == {TUESDAY, *(TUESDAY + n * HOUR for n in range(2, 8))}


def test_one_of_each_group_takes_part(house: House) -> None:
    house.admin.scheduling.set_week("hygienist", WEEK)
    open_the_diary(house, groups=((LEE, KIM), ("hygienist",)))
    for patient, doctor in (("p-1", LEE), ("p-2", KIM)):
        hour = TUESDAY if doctor == LEE else TUESDAY + HOUR
        if doctor == KIM:
            house.admin.scheduling.close_dates(LEE, [date(2026, 11, 3)])
        booked = house.front.scheduling.book(
            wish(patient_ref=patient, provider=None, starts_at=hour)
        ).appointment
        assert booked.providers == (doctor, "hygienist")


def test_a_doctor_of_choice_narrows_their_group_and_no_other(house: House) -> None:
    house.admin.scheduling.set_week("hygienist", WEEK)
    open_the_diary(house, groups=((LEE, KIM), ("hygienist",)))
    desk = house.front.scheduling
    with pytest.raises(InvalidInput) as refusal:
        desk.slots(search(providers=("nobody",)))
    assert [(one.path, one.code) for one in refusal.value.problems] == [
        ("providers", "unknown_value")
    ]
    (first, *_) = desk.slots(search(providers=(KIM,)))
    assert first.providers == (KIM, "hygienist")
    booked = desk.book(wish(provider=KIM, starts_at=first.start)).appointment
    assert booked.providers == (KIM, "hygienist")
    moved = desk.reschedule(booked.id, TUESDAY + HOUR, LEE).appointment
    assert moved.providers == (LEE, "hygienist")
    by_hand = wish(patient_ref="p-2", starts_at=TUESDAY + 12 * HOUR, provider=KIM, is_manual=True)
    assert desk.book(by_hand).appointment.providers == (KIM, "hygienist")


def test_whoever_of_a_team_is_named_the_whole_team_comes(house: House) -> None:
    open_the_diary(house, providers=(LEE, KIM), all_providers=True)
    desk = house.front.scheduling
    with pytest.raises(InvalidInput):
        desk.book(wish(provider="nobody"))
    for slot in desk.slots(search(providers=(KIM,)))[:2]:
        asked = wish(patient_ref=f"p-{slot.start:%H}", starts_at=slot.start, provider=KIM)
        assert desk.book(asked).appointment.providers == (LEE, KIM)
    own = house.desk(Role.PROVIDER, KIM).scheduling
    with pytest.raises(Forbidden):
        own.slots(search())
    with pytest.raises(Forbidden):
        own.book(wish(starts_at=TUESDAY + 5 * HOUR, provider=KIM))


def test_a_room_with_places_takes_as_many(house: House) -> None:
    settings = house.admin.settings.practice().clinic.settings
    room = BookableResource(id="bay", label="Bay", pool="chairs", places=2)
    house.admin.settings.change(evolve(settings, resources=(room,)))
    taken = [
        house.front.scheduling.book(
            wish(type="follow_up", patient_ref=f"p-{doctor}", provider=doctor)
        ).appointment.resources
        for doctor in (LEE, KIM)
    ]
    assert taken == [("bay/1",), ("bay/2",)]


def test_the_next_free_time_is_found(house: House) -> None:
    found = house.front.scheduling.next_available(search(from_=None, to=None))
    assert found is not None
    assert found.start == house.clock()


def test_what_is_shown_may_be_a_minute_old_and_is_never_trusted(house: House) -> None:
    desk, asked = house.front.scheduling, search(providers=(LEE,))
    shown = desk.glance(asked)
    assert shown == desk.slots(asked)
    desk.book(wish(patient_ref="p-1"))
    assert desk.glance(asked) == shown
    with pytest.raises(SlotTaken):
        desk.book(wish(patient_ref="p-2", starts_at=shown[0].start))
    house.clock.advance(timedelta(minutes=1))
    assert desk.glance(asked) == desk.slots(asked) == shown[1:]


def test_what_is_shown_forgets_when_the_practice_changes(house: House) -> None:
    asked = search(providers=(LEE,))
    assert len(house.front.scheduling.glance(asked)) == 8
    house.admin.scheduling.close_dates(LEE, [date(2026, 11, 3)])
    assert house.front.scheduling.glance(asked) == ()


def test_free_times_carry_the_viewers_zone(house: House) -> None:
    (first, *_) = house.front.scheduling.slots(search(zone="Asia/Kathmandu"))
    assert first.start.isoformat() == "2026-11-03T20:45:00+05:45"


def test_a_freed_time_is_offered_to_the_first_who_fits(house: House) -> None:
    booked = house.front.scheduling.book(wish(patient_ref="p-1")).appointment
    too_late = wait(house, patient_ref="p-2", start=time(13))
    first, second = wait(house, patient_ref="p-3"), wait(house, patient_ref="p-4")
    house.front.scheduling.cancel(booked.id)
    by_id = {one.id: one for one in house.front.scheduling.waitlist()}
    states = [by_id[one.id].state for one in (too_late, first, second)]
    assert states == [W.WAITING, W.OFFERED, W.WAITING]
    offer = by_id[first.id]
    (held,) = house.front.scheduling.history(patient_ref="p-3")
    assert (held.id, held.status, held.starts_at) == (offer.appointment_id, S.HELD, TUESDAY)
    assert (offer.expires_at, held.expires_at) == (house.clock() + 2 * HOUR,) * 2
    house.front.scheduling.confirm(held.id)
    assert {one.id for one in house.front.scheduling.waitlist()} == {too_late.id, second.id}


def test_an_offer_that_lapses_goes_to_the_next(house: House) -> None:
    booked = house.front.scheduling.book(wish(patient_ref="p-1")).appointment
    first, second = wait(house, patient_ref="p-3"), wait(house, patient_ref="p-4")
    house.front.scheduling.cancel(booked.id)
    house.clock.advance(2 * HOUR)
    house.crm.work()
    by_id = {one.id: one.state for one in house.front.scheduling.waitlist()}
    assert (by_id[first.id], by_id[second.id]) == (W.WAITING, W.OFFERED)
    house.clock.advance(2 * HOUR)
    house.crm.work()
    assert {one.state for one in house.front.scheduling.waitlist()} == {W.WAITING}
    assert starts(house)[0] == TUESDAY


def test_the_time_that_a_move_leaves_is_offered_to_who_waits(house: House) -> None:
    open_the_diary(house, step=HOUR / 2, max_per_day=5)
    visit = house.front.scheduling.book(wish()).appointment
    entry = wait(house)
    with pytest.raises(OutsideHours):
        house.front.scheduling.reschedule(visit.id, TUESDAY - HOUR)
    house.front.scheduling.reschedule(visit.id, TUESDAY + HOUR / 2)
    assert [one.state for one in house.front.scheduling.waitlist()] == [W.WAITING]
    house.front.scheduling.reschedule(visit.id, TUESDAY + 4 * HOUR, KIM, key="m-1")
    house.front.scheduling.reschedule(visit.id, TUESDAY + 4 * HOUR, KIM, key="m-1")
    (offered,) = house.front.scheduling.waitlist()
    assert (offered.id, offered.state) == (entry.id, W.OFFERED)
    held = house.front.scheduling.appointment(offered.appointment_id or visit.id)
    assert (held.starts_at, held.provider, held.status) == (TUESDAY + HOUR / 2, LEE, S.HELD)


def test_who_left_the_waitlist_is_offered_nothing(house: House) -> None:
    booked = house.front.scheduling.book(wish(patient_ref="p-1")).appointment
    entry = wait(house)
    assert house.front.scheduling.leave_waitlist(entry.id).state is W.LEFT
    house.front.scheduling.cancel(booked.id)
    assert house.front.scheduling.history(patient_ref="p-2") == ()


def test_entries_whose_last_date_has_passed_are_closed(house: House) -> None:
    wait(house, latest=date(2026, 11, 3))
    house.clock.advance(2 * DAY)
    house.crm.work()
    assert house.front.scheduling.waitlist() == ()


def test_days_and_weeks_are_those_of_the_clinic(house: House) -> None:
    late = wish(
        patient_ref="p-1",
        is_manual=True,
        starts_at=datetime(2026, 11, 4, 5, 30, tzinfo=UTC),
    )
    booked = house.front.scheduling.book(late).appointment
    sheet = house.front.scheduling.day(date(2026, 11, 3))
    assert [one.id for one in sheet.appointments] == [booked.id]
    week = house.front.scheduling.week(date(2026, 11, 8), provider=LEE)
    assert [one.day for one in week] == [date(2026, 11, 2) + n * DAY for n in range(7)]
    assert [len(one.appointments) for one in week] == [0, 1, 0, 0, 0, 0, 0]
    assert house.front.scheduling.day().day == date(2026, 11, 2)


def test_utilisation_compares_booked_with_open_minutes(house: House) -> None:
    house.front.scheduling.book(wish(patient_ref="p-1"))
    gone = house.front.scheduling.book(wish(patient_ref="p-2", starts_at=TUESDAY + HOUR))
    house.clock.set(TUESDAY + 2 * HOUR)
    house.front.scheduling.no_show(gone.appointment.id)
    day = Period.days(date(2026, 11, 3), date(2026, 11, 3))
    (lee,) = house.front.scheduling.utilisation(day, [LEE])
    assert (lee.open, lee.booked, lee.missed, lee.share) == (480, 60, 60, 0.125)
    everybody = [one.provider for one in house.front.scheduling.utilisation(day)]
    assert everybody == [KIM, LEE]


BAD: dict[str, tuple[Callable[[House], object], str, str]] = {
    "no type": (lambda h: h.front.scheduling.book(wish(type="x")), "type", "unknown_value"),
    "naive start": (
        lambda h: h.front.scheduling.book(wish(starts_at=NOON)),
        "starts_at",
        "naive_datetime",
    ),
    "seconds": (
        lambda h: h.front.scheduling.book(wish(starts_at=TUESDAY + timedelta(seconds=1))),
        "starts_at",
        "not_whole_minutes",
    ),
    "nobody": (
        lambda h: h.front.scheduling.book(wish(patient_ref=None)),
        "lead_id",
        "lead_or_patient",
    ),
    "somebody without hours": (
        lambda h: h.front.scheduling.book(wish(provider="dr-who")),
        "providers",
        "unknown_value",
    ),
    "a duration of nothing": (
        lambda h: h.front.scheduling.book(wish(is_manual=True, length=timedelta())),
        "length",
        "out_of_range",
    ),
    "a duration of ten years": (
        lambda h: h.front.scheduling.book(wish(is_manual=True, length=timedelta(days=3650))),
        "length",
        "out_of_range",
    ),
    "a length that the type has": (
        lambda h: h.front.scheduling.book(wish(length=HOUR)),
        "length",
        "not_by_hand",
    ),
    "an open meeting": (
        lambda h: h.front.scheduling.book(wish(meeting_link="http://meet.example/x")),
        "meeting_link",
        "not_https",
    ),
    "a password in a link": (
        lambda h: h.front.scheduling.edit(
            h.front.scheduling.book(wish()).appointment.id,
            AppointmentEdit(meeting_link="https://me:secret@meet.example"),
        ),
        "meeting_link",
        "not_https",
    ),
    "an answer to no question": (
        lambda h: h.front.scheduling.book(wish(answers={"x": "y"})),
        "answers",
        "unknown_field",
    ),
    "end before start": (
        lambda h: h.front.scheduling.slots(search(to=TUESDAY - HOUR)),
        "to",
        "end_before_start",
    ),
    "a range of years": (
        lambda h: h.front.scheduling.slots(search(to=TUESDAY + 500 * DAY)),
        "to",
        "out_of_range",
    ),
    "a zone that does not exist": (
        lambda h: h.front.scheduling.slots(search(zone="Mars/Olympus")),
        "zone",
        "unknown_zone",
    ),
    "a weekday that does not exist": (
        lambda h: h.admin.scheduling.set_week(
            LEE, [WeeklyWindow(weekday=7, start=time(9), end=time(10))]
        ),
        "windows.0.weekday",
        "out_of_range",
    ),
    "an impossible recurrence": (
        lambda h: h.admin.scheduling.set_blocks(
            LEE,
            [
                RepeatedBlock(
                    starts_at=NOON,
                    length=HOUR,
                    rrule="FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
                )
            ],
        ),
        "blocks.0.rrule",
        "never_happens",
    ),
    "a schedule in no zone": (
        lambda h: h.admin.scheduling.save_schedule(
            Schedule(id="x", clinic_id=h.clinic.id, timezone="Mars/Olympus")
        ),
        "timezone",
        "unknown_zone",
    ),
    "a template that is none": (
        lambda h: h.admin.scheduling.save_schedule(
            Schedule(id="x", clinic_id=h.clinic.id, template=LEE)
        ),
        "template",
        "unknown_value",
    ),
    "a date that is none": (
        lambda h: h.admin.scheduling.close_dates(LEE, [NOON]),
        "days.0",
        "not_a_date",
    ),
    "an unknown series": (
        lambda h: h.front.scheduling.book_series(wish(), "FREQ=SOMETIMES"),
        "rrule",
        "unknown_frequency",
    ),
    "an endless series": (
        lambda h: h.front.scheduling.book_series(wish(), "FREQ=DAILY"),
        "rrule",
        "too_many",
    ),
    "a story instead of a code": (
        lambda h: h.front.scheduling.cancel(
            h.front.scheduling.book(wish()).appointment.id, "she has the flu"
        ),
        "because",
        "bad_code",
    ),
    "a waitlist for nothing": (
        lambda h: h.front.scheduling.join_waitlist(NewWaitlistEntry(type="x", patient_ref="p-1")),
        "type",
        "unknown_value",
    ),
    "a blank key": (lambda h: h.front.scheduling.book(wish(key=" ")), "key", "required"),
    "a period of two years": (
        lambda h: h.front.scheduling.utilisation(Period.days(date(2026, 1, 1), date(2027, 12, 31))),
        "period",
        "out_of_range",
    ),
}
"""What cannot be asked for, with the field and the code of the refusal."""


@pytest.mark.parametrize("url", ["memory://"])
@pytest.mark.parametrize("what", BAD)
def test_bad_input_names_its_field_and_never_its_value(house: House, what: str) -> None:
    ask, path, code = BAD[what]
    with pytest.raises(InvalidInput) as refusal:
        ask(house)
    assert (path, code) in [(one.path, one.code) for one in refusal.value.problems]
    for secret in ("Mars", "secret", "flu", "dr-who"):
        assert secret not in str(refusal.value)


def test_required_questions_are_answered(house: House) -> None:
    question = Question(name="referral", label="Who referred you?", is_required=True)
    open_the_diary(house, questions=(question,))
    with pytest.raises(InvalidInput) as refusal:
        house.front.scheduling.book(wish())
    assert [one.path for one in refusal.value.problems] == ["answers.referral"]
    booked = house.front.scheduling.book(wish(answers={"referral": "Dr. Kim"})).appointment
    assert booked.answers == {"referral": "Dr. Kim"}
    moved = house.front.scheduling.reschedule(booked.id, TUESDAY + HOUR).appointment
    assert moved.answers == booked.answers


def test_types_and_chairs_are_settings_of_the_clinic(house: House) -> None:
    recall = VisitType(slug="recall", name="Recall", duration=timedelta(minutes=15))
    house.admin.settings.save_visit_type(recall)
    assert len(starts(house, type="recall")) == 32
    house.admin.settings.save_visit_type(evolve(recall, duration=timedelta(minutes=30)))
    assert len(starts(house, type="recall")) == 16
    house.admin.settings.remove_visit_type("recall")
    with pytest.raises(NotFound):
        house.admin.settings.remove_visit_type("recall")
    chairs = [BookableResource(id=f"chair-{n}", label=f"Chair {n}") for n in (1, 2)]
    house.admin.settings.set_resources(chairs)
    for doctor in (LEE, KIM):
        house.front.scheduling.book(
            wish(type="follow_up", patient_ref=f"p-{doctor}", provider=doctor)
        )
    with pytest.raises(InvalidInput):
        house.admin.settings.set_resources([])


def test_an_agents_free_times_are_the_own_ones(house: House) -> None:
    agent = house.desk(Role.AGENT, LEE).scheduling
    assert {slot.providers for slot in agent.slots(search())} == {(LEE,)}


# --- what a search costs


@pytest.fixture
def counted(sqlite_url: str, clock: FrozenClock) -> Iterator[House]:
    with watched(sqlite_url, clock) as house:
        yield house


@pytest.mark.parametrize("number, days", [(1, 1), (3, 60)])
def test_free_times_take_four_queries_however_many(counted: House, number: int, days: int) -> None:
    """Revision and appointments; where the audit trail ends, and its entry.

    Schedules, and whether there are imported calendars, are read with the practice when it changed.
    """
    open_the_diary(counted)
    for one in range(number):
        counted.admin.scheduling.set_week(f"dr-{one}", WEEK)
        counted.front.scheduling.book(wish(patient_ref=f"p-{one}", provider=f"dr-{one}"))
    asked = search(to=TUESDAY + days * DAY)
    assert cost(lambda: counted.front.scheduling.slots(asked)) == 2 + 2
    counted.admin.scheduling.set_week("dr-0", WEEK[1:])
    practice = 5
    assert cost(lambda: counted.front.scheduling.slots(asked)) == practice + 4 + 2


@pytest.mark.parametrize("number", [1, 3])
def test_a_day_takes_four_statements_however_full_it_is(counted: House, number: int) -> None:
    open_the_diary(counted)
    for one in range(number):
        counted.front.scheduling.book(wish(patient_ref=f"p-{one}", starts_at=TUESDAY + one * HOUR))
    assert cost(lambda: counted.front.scheduling.day(TUESDAY.date())) == 4
