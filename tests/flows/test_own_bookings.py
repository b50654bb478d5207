"""How much a patient may book alone, the limit of a day, and who takes part in a visit."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from orthocrm import Desk, Forbidden, InvalidInput, NotFound, NotOffered, Role, TooManyOpen
from orthocrm.core.appointment import AppointmentStatus
from orthocrm.core.ids import AppointmentId, UserId
from orthocrm.core.lead import Lead
from orthocrm.core.visit_type import VisitType
from orthocrm.core.waitlist import WaitlistState
from orthocrm.scheduling.booking import AppointmentEdit
from orthocrm.services.batch import Refused
from orthocrm.services.scheduling.links import NewLink
from orthocrm.services.scheduling.waiting import NewWaitlistEntry
from orthocrm.testing.suite.arranged import together
from tests.flows.practice import House
from tests.flows.scheduling import HOUR, KIM, LEE, TUESDAY, WEEK, open_the_diary, wish

DAY = timedelta(days=1)
S = AppointmentStatus
ODD = UserId('auth0|7%2C"kim"')


@pytest.fixture(autouse=True)
def _open(house: House) -> None:
    open_the_diary(house)


def allow(house: House, most: int | None) -> None:
    settings = house.admin.settings.practice().clinic.settings
    house.admin.settings.change(evolve(settings, own_bookings=most))


def by_link(house: House, **whom: Any) -> Desk:
    return house.crm.with_link(house.front.scheduling.make_link(NewLink(**whom)).token)


def at(hours: int, **fields: Any) -> Any:
    return wish(starts_at=TUESDAY + hours * HOUR, **fields)


# --- a patient's own bookings


@pytest.mark.parametrize("first", ["book", "hold", "request"])
def test_a_patient_books_no_more_than_the_clinic_allows(house: House, first: str) -> None:
    allow(house, 1)
    lead = house.lead()
    desk = by_link(house, lead_id=lead.id).scheduling
    booked = getattr(desk, first)(at(0, lead=lead)).appointment
    for again in (desk.book, desk.hold, desk.request):
        with pytest.raises(TooManyOpen) as refusal:
            again(at(2, lead=lead))
        assert (refusal.value.most, refusal.value.rule) == (1, "own_bookings")
    house.front.scheduling.cancel(booked.id)
    assert desk.book(at(2, lead=lead)).appointment.status is S.BOOKED


def test_what_staff_book_counts_for_nobody(house: House) -> None:
    allow(house, 1)
    for hours in range(3):
        house.front.scheduling.book(at(hours, patient_ref="p-7"))
    desk = by_link(house, patient_ref="p-7").scheduling
    mine = desk.book(at(4, patient_ref="p-7")).appointment
    with pytest.raises(TooManyOpen):
        desk.book(at(5, patient_ref="p-7"))
    assert desk.reschedule(mine.id, TUESDAY + 6 * HOUR).appointment.id == mine.id


def test_what_is_over_is_open_no_longer(house: House) -> None:
    allow(house, 1)
    desk = by_link(house, patient_ref="p-7").scheduling
    desk.hold(at(0, patient_ref="p-7"))
    house.clock.advance(HOUR)
    desk.book(at(0, patient_ref="p-7"))
    house.clock.set(TUESDAY + HOUR)
    assert desk.book(at(3, patient_ref="p-7")).appointment.status is S.BOOKED


def test_a_series_ends_where_the_limit_is(house: House) -> None:
    allow(house, 2)
    desk = by_link(house, patient_ref="p-7").scheduling
    results = desk.book_series(at(0, patient_ref="p-7"), "FREQ=DAILY;COUNT=3").results
    assert [isinstance(one, Refused) for one in results] == [False, False, True]


def test_patients_wait_no_more_often_than_they_may_book(house: House) -> None:
    allow(house, 1)
    desk = by_link(house, patient_ref="p-7").scheduling
    entry = desk.join_waitlist(NewWaitlistEntry(type="consultation", patient_ref="p-7"))
    with pytest.raises(TooManyOpen):
        desk.join_waitlist(NewWaitlistEntry(type="consultation", patient_ref="p-7"))
    desk.leave_waitlist(entry.id)
    desk.join_waitlist(NewWaitlistEntry(type="consultation", patient_ref="p-7"))


def test_without_a_limit_patients_book_as_they_like(house: House) -> None:
    allow(house, None)
    desk = by_link(house, patient_ref="p-7").scheduling
    for hours in range(7):
        desk.book(at(hours, patient_ref="p-7"))


@pytest.mark.parametrize("most", [-1, 1001, True, "5", 1.0])
def test_a_limit_that_cannot_be(house: House, most: Any) -> None:
    with pytest.raises(InvalidInput) as refusal:
        allow(house, most)
    assert [one.path for one in refusal.value.problems] == ["own_bookings"]


def test_two_bookings_at_once_are_counted_as_two(house: House) -> None:
    allow(house, 1)
    desk = by_link(house, patient_ref="p-7").scheduling

    def book(hours: int) -> str:
        try:
            desk.book(at(hours, patient_ref="p-7"))
        except TooManyOpen:
            return "refused"
        return "booked"

    told = Counter(together(*[lambda n=n: book(n) for n in range(4)]))
    assert told == {"booked": 1, "refused": 3}


# --- the limit of a day


def test_bookings_at_once_keep_the_limit_of_a_day(house: House) -> None:
    open_the_diary(house, max_per_day=2)

    def book(hours: int) -> str:
        try:
            house.front.scheduling.book(at(hours, patient_ref=f"p-{hours}"))
        except NotOffered as refusal:
            return refusal.rule
        return "booked"

    told = Counter(together(*[lambda n=n: book(n) for n in range(6)]))
    assert told == {"booked": 2, "R16": 4}


def test_bookings_and_offers_at_once_keep_the_limit_of_a_day(house: House) -> None:
    """A time that comes free is offered, or booked by somebody else; never both."""
    open_the_diary(house, max_per_day=2)
    booked = [house.front.scheduling.book(at(n, patient_ref=f"p-{n}")).appointment for n in (0, 1)]
    for waits in ("p-8", "p-9"):
        house.front.scheduling.join_waitlist(
            NewWaitlistEntry(type="consultation", patient_ref=waits, providers=(LEE,))
        )

    def book(hours: int) -> None:
        try:
            house.front.scheduling.book(at(hours, patient_ref=f"p-{hours}"))
        except NotOffered:
            return

    cancels = [lambda one=one: house.front.scheduling.cancel(one.id) for one in booked]
    together(*cancels, *[lambda n=n: book(n) for n in range(3, 7)])
    assert len(standing(house)) == 2


def test_an_offer_respects_the_limit_of_a_day(house: House) -> None:
    open_the_diary(house, max_per_day=1)
    mine = house.front.scheduling.book(at(0)).appointment
    house.front.scheduling.book(at(2, patient_ref="p-2", type="follow_up"))
    entry = house.front.scheduling.join_waitlist(
        NewWaitlistEntry(type="consultation", patient_ref="p-9")
    )
    house.front.scheduling.cancel(mine.id)
    (waits,) = house.front.scheduling.waitlist()
    assert (waits.id, waits.state) == (entry.id, WaitlistState.WAITING)
    assert len(standing(house)) == 1


def test_a_cancelled_series_is_offered_within_the_limit_of_a_day(house: House) -> None:
    open_the_diary(house, max_per_day=1)
    series = house.front.scheduling.book_series(at(0), "FREQ=DAILY;COUNT=2")
    for waits in ("p-8", "p-9"):
        house.front.scheduling.join_waitlist(
            NewWaitlistEntry(type="consultation", patient_ref=waits)
        )
    house.front.scheduling.cancel_series(series.id)
    assert [one.status for one in standing(house)] == [S.HELD, S.HELD]
    house.clock.advance(3 * HOUR)
    assert len(house.front.scheduling.expire_holds()) == 2


def standing(house: House) -> list[Any]:
    sheets = house.front.scheduling.week(TUESDAY.date())
    found = [one for sheet in sheets for one in sheet.appointments]
    return [one for one in found if one.status not in (S.CANCELLED, S.EXPIRED)]


# --- visits of several people


@pytest.fixture
def group_visit(house: House) -> AppointmentId:
    settings = house.admin.settings.practice().clinic.settings
    together_ = VisitType(
        slug="joint", name="Joint", duration=HOUR, providers=(LEE, ODD), all_providers=True
    )
    house.admin.settings.change(evolve(settings, visit_types=(*settings.visit_types, together_)))
    house.admin.scheduling.set_week(ODD, WEEK)
    new = wish(type="joint", provider=None, reason="braces")
    return house.front.scheduling.book(new).appointment.id


def test_everybody_of_a_team_reaches_the_visit(house: House, group_visit: AppointmentId) -> None:
    assert house.front.scheduling.appointment(group_visit).provider == LEE
    for member in (LEE, ODD):
        desk = house.desk(Role.PROVIDER, member).scheduling
        assert desk.appointment(group_visit).id == group_visit
        assert [one.id for one in desk.day(TUESDAY.date()).appointments] == [group_visit]
        assert desk.edit(group_visit, AppointmentEdit(notes=f"seen by {member}")).notes
        (sheet,) = [
            one for one in house.front.scheduling.week(TUESDAY.date(), member) if one.appointments
        ]
        assert [one.id for one in sheet.appointments] == [group_visit]


@pytest.mark.parametrize("user", [KIM, UserId("auth0"), UserId("7%2C"), UserId("|")])
def test_nobody_else_does(house: House, group_visit: AppointmentId, user: UserId) -> None:
    desk = house.desk(Role.PROVIDER, user).scheduling
    with pytest.raises(NotFound):
        desk.appointment(group_visit)
    assert desk.day(TUESDAY.date()).appointments == ()
    assert house.front.scheduling.day(TUESDAY.date(), user).appointments == ()


def test_a_day_of_nobody_is_refused(house: House) -> None:
    for nobody in (7, "", "\n"):
        with pytest.raises(InvalidInput) as refusal:
            house.front.scheduling.day(TUESDAY.date(), nobody)  # type: ignore[arg-type]
        assert [one.path for one in refusal.value.problems] == ["provider"]


def test_providers_make_no_links_to_a_patients_whole_diary(house: House) -> None:
    for role in (Role.PROVIDER, Role.AGENT):
        with pytest.raises(Forbidden):
            house.desk(role, LEE).scheduling.make_link(NewLink(patient_ref="p-1"))


def test_ended_holds_of_others_are_not_shown(house: House) -> None:
    mine = house.front.scheduling.hold(at(0)).appointment
    house.front.scheduling.hold(at(2, provider=KIM, patient_ref="p-2"))
    house.clock.advance(HOUR)
    ended = house.desk(Role.PROVIDER, LEE).scheduling.expire_holds()
    assert [one.id for one in ended] == [mine.id]
    assert standing(house) == []


def test_the_lead_of_a_patient_is_their_own(house: House) -> None:
    lead: Lead = house.lead()
    desk = by_link(house, lead_id=lead.id).scheduling
    with pytest.raises(NotFound):
        desk.book(at(0, patient_ref="p-7"))
