"""What a diary, a series and the waitlist refuse, and who is asked next; storage plays no part."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from attrs import evolve

import orthocrm
from orthocrm import (
    AppointmentClosed,
    Forbidden,
    InvalidInput,
    NotFound,
    Role,
    StaleVersion,
    Vetoed,
    hook,
)
from orthocrm.core.appointment import Appointment, AppointmentStatus
from orthocrm.core.ids import SeriesId, WaitlistId
from orthocrm.core.schedule import DateHours, DateWindow, Schedule
from orthocrm.core.time import Period
from orthocrm.core.waitlist import WaitlistEntry, WaitlistState
from orthocrm.services.scheduling.waiting import NewWaitlistEntry
from orthocrm.testing.clock import FrozenClock
from tests.flows.conftest import KEYS
from tests.flows.practice import House
from tests.flows.scheduling import HOUR, KIM, LEE, TUESDAY, WEEK, open_the_diary, search, wish

S, W = AppointmentStatus, WaitlistState
DAY = timedelta(days=1)
NINE_TO_TEN = DateWindow(start=time(9), end=time(10))


class Veto:
    """Refuses whatever is for one patient."""

    @hook
    def before_booking(self, appointment: Appointment) -> None:
        if appointment.patient_ref == "p-vetoed":
            raise Vetoed("veto", "not this patient")


@pytest.fixture
def house() -> Iterator[House]:
    clock = FrozenClock()
    with orthocrm.connect(
        "memory://", keys=KEYS, clock=clock, discover_plugins=False, plugins=[Veto()]
    ) as crm:
        clinic = crm.create_clinic(name="Bright Smiles", timezone="America/Chicago")
        house = House(crm, clinic, clock)
        open_the_diary(house)
        yield house


def plan(house: House, **fields: Any) -> Schedule:
    return Schedule(id="dr-new", clinic_id=house.clinic.id, **fields)


def wait(house: House, **fields: Any) -> WaitlistEntry:
    usual: dict[str, Any] = {"type": "consultation", "patient_ref": "p-2"}
    return house.front.scheduling.join_waitlist(NewWaitlistEntry(**{**usual, **fields}))


Ask = tuple[Callable[[House], object], str, str]

SCHEDULES: Mapping[str, Ask] = {
    "no schedule": (lambda h: h.admin.scheduling.save_schedule(7), "schedule", "wrong_type"),  # type: ignore[arg-type]
    "windows in a list": (
        lambda h: h.admin.scheduling.save_schedule(plan(h, windows=[])),
        "windows",
        "wrong_type",
    ),
    "a window that is none": (
        lambda h: h.admin.scheduling.save_schedule(plan(h, windows=(7,))),
        "windows.0",
        "wrong_type",
    ),
    "too many windows": (
        lambda h: h.admin.scheduling.save_schedule(plan(h, windows=WEEK * 101)),
        "windows",
        "wrong_type",
    ),
    "a zone that is no text": (
        lambda h: h.admin.scheduling.save_schedule(plan(h, timezone=7)),
        "timezone",
        "wrong_type",
    ),
    "closed dates in a list": (
        lambda h: h.admin.scheduling.save_schedule(plan(h, closed=[])),
        "closed",
        "wrong_type",
    ),
    "a closed date that is none": (
        lambda h: h.admin.scheduling.save_schedule(plan(h, closed=(None,))),
        "closed.0",
        "required",
    ),
    "a template of a template": (
        lambda h: (
            h.admin.scheduling.save_schedule(plan(h, is_template=True)),
            h.admin.scheduling.save_schedule(
                evolve(plan(h, is_template=True, template="dr-new"), id="other")
            ),
        ),
        "template",
        "unknown_value",
    ),
    "hours of a date that are none": (
        lambda h: h.admin.scheduling.set_date(LEE, "closed"),  # type: ignore[arg-type]
        "hours",
        "wrong_type",
    ),
    "a week that is a text": (
        lambda h: h.admin.scheduling.set_week(LEE, "Mon-Fri"),  # type: ignore[arg-type]
        "windows",
        "wrong_type",
    ),
    "blocks that are a number": (
        lambda h: h.admin.scheduling.set_blocks(LEE, 7),  # type: ignore[arg-type]
        "blocks",
        "wrong_type",
    ),
    "no date": (lambda h: h.admin.scheduling.close_dates(LEE, [None]), "days.0", "required"),  # type: ignore[list-item]
    "a template that others share": (
        lambda h: (
            h.admin.scheduling.save_schedule(plan(h, is_template=True)),
            h.admin.scheduling.save_schedule(evolve(plan(h, template="dr-new"), id="other")),
            h.admin.scheduling.remove_schedule("dr-new"),
        ),
        "owner",
        "in_use",
    ),
    "a type that is none": (
        lambda h: h.admin.settings.save_visit_type("check"),  # type: ignore[arg-type]
        "visit_type",
        "wrong_type",
    ),
    "chairs that are a text": (
        lambda h: h.admin.settings.set_resources("chair-1"),  # type: ignore[arg-type]
        "resources",
        "wrong_type",
    ),
}

SERIES: Mapping[str, Ask] = {
    "a key": (
        lambda h: h.front.scheduling.book_series(wish(key="k"), "FREQ=DAILY;COUNT=2"),
        "key",
        "not_for_this",
    ),
    "a rule that is no text": (
        lambda h: h.front.scheduling.book_series(wish(), 7),  # type: ignore[arg-type]
        "rrule",
        "wrong_type",
    ),
    "a rule of hours": (
        lambda h: h.front.scheduling.book_series(wish(), "FREQ=HOURLY;COUNT=2"),
        "rrule",
        "unsupported",
    ),
    "a rule that never happens": (
        lambda h: h.front.scheduling.book_series(
            wish(), "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=2"
        ),
        "rrule",
        "never_happens",
    ),
    "a first time that is none of the rule's": (
        lambda h: h.front.scheduling.book_series(wish(), "FREQ=WEEKLY;BYDAY=MO;COUNT=2"),
        "rrule",
        "not_the_first",
    ),
}

WAITS: Mapping[str, Ask] = {
    "nothing": (lambda h: h.front.scheduling.join_waitlist(None), "new", "wrong_type"),  # type: ignore[arg-type]
    "dates that end before they begin": (
        lambda h: wait(h, earliest=date(2026, 11, 5), latest=date(2026, 11, 4)),
        "latest",
        "end_before_start",
    ),
    "an eighth day": (lambda h: wait(h, weekdays=(7,)), "weekdays.0", "out_of_range"),
    "a day that is a text": (lambda h: wait(h, weekdays="1"), "weekdays", "wrong_type"),
    "people that are a text": (lambda h: wait(h, providers=LEE), "providers", "wrong_type"),
    "too many people": (lambda h: wait(h, providers=(LEE,) * 51), "providers", "wrong_type"),
    "a wall time with a zone": (
        lambda h: wait(h, start=time(9, tzinfo=UTC)),
        "start",
        "not_a_wall_time",
    ),
    "an end at the start": (
        lambda h: wait(h, start=time(9), end=time(9)),
        "end",
        "end_before_start",
    ),
    "for nobody": (lambda h: wait(h, patient_ref=None), "lead_id", "lead_or_patient"),
}

VIEWS: Mapping[str, Ask] = {
    "a period that is none": (
        lambda h: h.front.scheduling.utilisation(2026),  # type: ignore[arg-type]
        "period",
        "wrong_type",
    ),
    "a search that is none": (
        lambda h: h.front.scheduling.slots({"type": "consultation"}),  # type: ignore[arg-type]
        "search",
        "wrong_type",
    ),
    "people of a search that are a text": (
        lambda h: h.front.scheduling.slots(search(providers=LEE)),
        "providers",
        "wrong_type",
    ),
    "no start to explain": (
        lambda h: h.front.scheduling.explain(search(), None),  # type: ignore[arg-type]
        "start",
        "required",
    ),
}

BAD = {**SCHEDULES, **SERIES, **WAITS, **VIEWS}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_names_its_field(house: House, what: str) -> None:
    ask, path, code = BAD[what]
    with pytest.raises(InvalidInput) as refusal:
        ask(house)
    assert (path, code) in [(one.path, one.code) for one in refusal.value.problems]


# --- schedules


def test_what_is_not_there_is_not_found(house: House) -> None:
    asks: list[Callable[[], object]] = [
        lambda: house.admin.scheduling.remove_schedule("dr-nobody"),
        lambda: house.admin.settings.remove_visit_type("nothing"),
        lambda: house.front.scheduling.leave_waitlist(WaitlistId("nobody")),
        lambda: house.front.scheduling.cancel_series(SeriesId("nothing")),
    ]
    for ask in asks:
        with pytest.raises(NotFound):
            ask()


def test_a_schedule_that_changed_since_is_not_overwritten(house: House) -> None:
    first = house.admin.scheduling.save_schedule(plan(house, windows=WEEK))
    house.admin.scheduling.set_week("dr-new", WEEK[:1])
    with pytest.raises(StaleVersion):
        house.admin.scheduling.save_schedule(evolve(first, windows=WEEK[1:]))


def test_a_removed_schedule_offers_nothing_and_a_removed_type_is_unknown(house: House) -> None:
    house.admin.scheduling.remove_schedule(LEE)
    assert house.front.scheduling.slots(search()) != ()
    assert {slot.providers for slot in house.front.scheduling.slots(search())} == {(KIM,)}
    house.admin.settings.remove_visit_type("follow_up")
    with pytest.raises(InvalidInput):
        house.front.scheduling.slots(search(type="follow_up"))


def test_a_single_date_is_as_good_as_a_list(house: House) -> None:
    house.admin.scheduling.close_dates(LEE, TUESDAY.date())  # type: ignore[arg-type]
    assert house.front.scheduling.slots(search(providers=(LEE,), to=TUESDAY + 9 * HOUR)) == ()


def test_providers_keep_their_own_hours_and_no_others(house: House) -> None:
    desk = house.desk(Role.PROVIDER, LEE).scheduling
    assert [one.id for one in desk.schedules()] == [LEE]
    assert desk.set_week(LEE, WEEK[:1]).windows == WEEK[:1]
    hours = DateHours(on=TUESDAY.date(), windows=(NINE_TO_TEN,))
    asks: list[Callable[[], object]] = [
        lambda: desk.set_week(KIM, WEEK),
        lambda: desk.set_date(KIM, hours),
        lambda: desk.close_dates(KIM, [TUESDAY.date()]),
        lambda: desk.remove_schedule(KIM),
        lambda: desk.save_schedule(plan(house)),
    ]
    for ask in asks:
        with pytest.raises(Forbidden):
            ask()
    assert desk.set_date(LEE, hours).dates == (hours,)


def test_utilisation_is_everybodys_or_ones_own(house: House) -> None:
    house.front.scheduling.book(wish())
    days = Period.days(TUESDAY.date(), TUESDAY.date())
    found = house.front.scheduling.utilisation(days)
    assert [(one.provider, one.booked) for one in found] == [(KIM, 0), (LEE, 60)]
    assert [one.provider for one in house.front.scheduling.utilisation(days, [KIM])] == [KIM]
    desk = house.desk(Role.PROVIDER, LEE).scheduling
    assert [one.provider for one in desk.utilisation(days)] == [LEE]
    with pytest.raises(Forbidden):
        desk.utilisation(days, [KIM])
    with pytest.raises(Forbidden):
        house.desk(Role.PATIENT, "p-1").scheduling.utilisation(days)


# --- series


def test_what_stands_in_the_way_of_a_series_stops_none_of_the_others(house: House) -> None:
    house.front.scheduling.book(wish(patient_ref="p-2", starts_at=TUESDAY + DAY))
    series = house.front.scheduling.book_series(wish(), "FREQ=DAILY;COUNT=3")
    made = [getattr(one, "appointment", None) for one in series.results]
    assert [None if one is None else one.starts_at for one in made] == [
        TUESDAY,
        None,
        TUESDAY + 2 * DAY,
    ]
    cancelled = house.front.scheduling.cancel_series(series.id)
    assert [one.appointment.id for one in cancelled] == [one.id for one in made if one is not None]


def test_a_series_keeps_its_wall_time_when_clocks_change(house: House) -> None:
    """Chicago leaves summer time on 2026-11-01, before; it comes back on 2027-03-14."""
    first = datetime(2027, 3, 11, 15, tzinfo=UTC)
    house.clock.set(first - DAY)
    series = house.front.scheduling.book_series(wish(starts_at=first), "FREQ=WEEKLY;COUNT=2")
    made = [one.appointment.starts_at for one in series.results]  # type: ignore[union-attr]
    assert made == [first, first + 7 * DAY - HOUR]


# --- the waitlist


def freed(house: House, **fields: Any) -> None:
    house.front.scheduling.cancel(
        house.front.scheduling.book(wish(patient_ref="p-1", **fields)).appointment.id
    )


def offered(house: House) -> list[str | None]:
    found = house.front.scheduling.waitlist()
    return [one.patient_ref for one in found if one.state is W.OFFERED]


@pytest.mark.parametrize(
    "wants",
    [
        {"providers": (KIM,)},
        {"earliest": date(2026, 11, 4)},
        {"latest": date(2026, 11, 2)},
        {"weekdays": (3,)},
        {"start": time(10)},
        {"end": time(9)},
        {"type": "follow_up"},
    ],
)
def test_who_wants_another_time_is_not_asked(house: House, wants: dict[str, Any]) -> None:
    wait(house, **wants)
    wait(house, patient_ref="p-3")
    freed(house)
    assert offered(house) == ["p-3"]


def test_who_cannot_come_then_is_passed_over(house: House) -> None:
    """The first is with somebody else, a plug-in refuses the second."""
    house.front.scheduling.book(wish(patient_ref="p-busy", provider=KIM))
    for patient in ("p-busy", "p-vetoed", "p-3"):
        wait(house, patient_ref=patient, providers=(LEE,))
    freed(house)
    assert offered(house) == ["p-3"]


def test_nobody_is_offered_what_is_no_longer_booked(house: House) -> None:
    wait(house)
    booked = house.front.scheduling.book(wish(patient_ref="p-1")).appointment
    open_the_diary(house, is_active=False)
    house.front.scheduling.cancel(booked.id)
    assert offered(house) == []


def test_nobody_is_offered_what_has_begun(house: House) -> None:
    wait(house)
    booked = house.front.scheduling.book(wish(patient_ref="p-1")).appointment
    house.clock.set(TUESDAY)
    house.front.scheduling.no_show(booked.id)
    assert offered(house) == []


def test_whoever_left_or_took_the_offer_waits_no_longer(house: House) -> None:
    entry, other = wait(house), wait(house, patient_ref="p-3")
    house.front.scheduling.leave_waitlist(entry.id)
    with pytest.raises(AppointmentClosed):
        house.front.scheduling.leave_waitlist(entry.id)
    freed(house)
    (held,) = [one for one in house.front.scheduling.waitlist() if one.id == other.id]
    assert held.appointment_id is not None
    house.front.scheduling.confirm(held.appointment_id)
    assert house.front.scheduling.waitlist() == ()


def test_an_offer_that_is_cancelled_goes_to_the_next(house: House) -> None:
    wait(house)
    wait(house, patient_ref="p-3")
    freed(house)
    (held,) = [one for one in house.front.scheduling.waitlist() if one.state is W.OFFERED]
    assert held.appointment_id is not None
    house.front.scheduling.cancel(held.appointment_id)
    assert offered(house) == ["p-3"]


def test_whose_last_date_has_passed_waits_no_longer(house: House) -> None:
    entry = wait(house, latest=TUESDAY.date())
    house.clock.set(TUESDAY + DAY)
    assert house.front.scheduling.expire_holds() == ()
    assert house.front.scheduling.waitlist() == ()
    with pytest.raises(AppointmentClosed):
        house.front.scheduling.leave_waitlist(entry.id)


def test_the_waitlist_shows_ones_own_entries(house: House) -> None:
    entry = wait(house)
    own = house.desk(Role.PROVIDER, LEE).scheduling
    mine = own.join_waitlist(
        NewWaitlistEntry(type="consultation", patient_ref="p-3", providers=(LEE,))
    )
    assert [one.id for one in own.waitlist()] == [mine.id]
    patient = house.desk(Role.PATIENT, "p-2").scheduling
    assert [one.id for one in patient.waitlist("consultation")] == [entry.id]
    assert patient.waitlist("follow_up") == ()
    with pytest.raises(NotFound):
        patient.leave_waitlist(mine.id)
    with pytest.raises(NotFound):
        own.leave_waitlist(entry.id)
    assert patient.leave_waitlist(entry.id).state is W.LEFT


def test_a_request_that_kept_no_time_is_accepted_past_a_hold_that_ran_out(house: House) -> None:
    """Holds that began before it count too, however early."""
    open_the_diary(house, requests_block=False)
    house.front.scheduling.hold(wish(patient_ref="p-1", is_manual=True, length=3 * HOUR))
    house.clock.advance(HOUR)
    asked = house.front.scheduling.request(wish(patient_ref="p-2", starts_at=TUESDAY + 2 * HOUR))
    accepted = house.front.scheduling.accept(asked.appointment.id).appointment
    assert accepted.status is S.BOOKED


NO_IDS: Mapping[str, Ask] = {
    "confirm": (lambda h: h.front.scheduling.confirm([]), "appointment_id", "wrong_type"),  # type: ignore[arg-type]
    "move": (lambda h: h.front.scheduling.reschedule(7, TUESDAY), "appointment_id", "wrong_type"),  # type: ignore[arg-type]
    "look": (lambda h: h.front.scheduling.appointment({}), "appointment_id", "wrong_type"),  # type: ignore[arg-type]
    "leave": (lambda h: h.front.scheduling.leave_waitlist([]), "entry_id", "wrong_type"),  # type: ignore[arg-type]
    "week": (lambda h: h.admin.scheduling.set_week([], WEEK), "owner", "wrong_type"),  # type: ignore[arg-type]
    "remove": (lambda h: h.admin.scheduling.remove_schedule({}), "owner", "wrong_type"),  # type: ignore[arg-type]
    "save": (
        lambda h: h.admin.scheduling.save_schedule(
            evolve(plan(h), id=[])  # type: ignore[arg-type]
        ),
        "id",
        "wrong_type",
    ),
    "whose": (lambda h: h.front.scheduling.slots(search(lead_id=[])), "lead_id", "wrong_type"),
    "zone": (lambda h: h.front.scheduling.glance(search(zone=[])), "zone", "wrong_type"),
    "in 300 years": (
        lambda h: h.front.scheduling.book(
            wish(is_manual=True, starts_at=datetime(2326, 1, 1, tzinfo=UTC))
        ),
        "starts_at",
        "out_of_range",
    ),
}


@pytest.mark.parametrize("name", NO_IDS)
def test_what_can_be_no_id_zone_or_start_is_refused_by_name(house: House, name: str) -> None:
    call, path, code = NO_IDS[name]
    with pytest.raises(InvalidInput) as refusal:
        call(house)
    assert [(one.path, one.code) for one in refusal.value.problems] == [(path, code)]


def test_providers_may_be_named_in_a_list_for_a_glance_too(house: House) -> None:
    desk = house.front.scheduling
    asked = search(providers=[LEE])
    assert desk.glance(asked) == desk.glance(asked) == desk.slots(asked)
