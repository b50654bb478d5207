"""Families, providers and their calendars hear of appointments, on every backend."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve
from icalendar import Calendar

from orthocrm import CarrierError, Cond, MessageChannel, Role
from orthocrm.core.appointment import Appointment
from orthocrm.core.ids import UserId
from orthocrm.core.messaging import CalendarTarget
from orthocrm.core.notifying import Letter, MessageState, NoticeKind
from orthocrm.core.query import both
from orthocrm.core.rules import DEFAULT_RULES
from orthocrm.core.visit_type import DEFAULT_REMINDERS
from orthocrm.followup.sending import FIRST_PAUSE
from orthocrm.notifiers.caldav import Calendars
from orthocrm.services.notifications.contacts import ContactDetails
from tests.flows.carrying import (
    ADDRESS,
    CARRIERS,
    EMAIL,
    Bird,
    a_practice,
    a_raven,
    agree,
    configure,
    held,
    of_user,
)
from tests.flows.practice import House
from tests.flows.scheduling import HOUR, KIM, LEE, TUESDAY, open_the_diary, wish
from tests.notifiers.arranged import HERE, secrets
from tests.notifiers.collection import Collection, collection

CALENDAR = MessageChannel.CALENDAR
PHONE = "(312) 555-0100"
WEEK_LATER = TUESDAY + timedelta(days=7)
Opened = Callable[..., House]


@pytest.fixture
def opened(url: str) -> Iterator[Opened]:
    """Open a practice with a diary, without reminders and rules unless they are asked for."""
    with ExitStack() as stack:

        def open_(*plugins: object, **choices: Any) -> House:
            messaging = {"phone": PHONE, **choices.pop("messaging", {})}
            house = stack.enter_context(a_practice(*plugins, url=url, **messaging))
            open_the_diary(house)
            configure(house, **{"reminders": (), **choices})
            return house

        yield open_


def booked(house: House, **fields: Any) -> Appointment:
    lead = fields.pop("lead", None) or house.lead()
    asked = wish(lead, **{"starts_at": WEEK_LATER, "type": "follow_up", **fields})
    return house.front.scheduling.book(asked).appointment


def told(bird: Bird) -> list[tuple[str, str]]:
    """Give to whom letters went, and the method of the invitation that came with each."""
    return [(letter.to, invited(letter)) for letter in bird.letters]


def invited(letter: Letter) -> str:
    return "".join(str(Calendar.from_ical(one.text)["METHOD"]) for one in letter.attachments)


def event(letter: Letter) -> Any:
    (attachment,) = letter.attachments
    return vevent(attachment.text)


def vevent(text: str | bytes) -> Any:
    (found,) = Calendar.from_ical(text).walk("VEVENT")
    return found


# --- families


def test_a_family_is_told_and_invited_when_an_appointment_is_made_moved_and_cancelled(
    opened: Opened,
) -> None:
    pigeon = Bird()
    house = opened(pigeon)
    visit = booked(house)
    house.crm.work()
    house.front.scheduling.reschedule(visit.id, WEEK_LATER + HOUR)
    house.crm.work()
    house.front.scheduling.cancel(visit.id)
    house.crm.work()
    house.crm.work()

    assert told(pigeon) == [(ADDRESS, "REQUEST"), (ADDRESS, "REQUEST"), (ADDRESS, "CANCEL")]
    first, second, third = map(event, pigeon.letters)
    assert {str(one["UID"]) for one in (first, second, third)} == {f"{visit.uid}"}
    assert [int(one["SEQUENCE"]) for one in (first, second, third)] == [0, 1, 1]
    assert first["DTSTART"].dt == WEEK_LATER
    assert second["DTSTART"].dt == WEEK_LATER + HOUR
    assert str(first["ATTENDEE"]) == f"mailto:{ADDRESS}"
    assert [letter.subject for letter in pigeon.letters] == [
        "Your visit to Bright Smiles on Tuesday, November 10",
        "Your visit to Bright Smiles is now on Tuesday, November 10",
        "Your visit to Bright Smiles on Tuesday, November 10 is cancelled",
    ]


def test_the_invitation_goes_with_the_confirmation_of_a_rule_and_comes_once(
    opened: Opened,
) -> None:
    pigeon = Bird()
    house = opened(pigeon, rules=DEFAULT_RULES)
    booked(house, type="consultation")
    house.crm.work()
    house.crm.work()

    (letter,) = [letter for letter in pigeon.letters if letter.attachments]
    assert told(pigeon).count((ADDRESS, "REQUEST")) == 1
    assert [m.template for m in held(house) if m.id == letter.message_id] == [
        "consultation_confirmation"
    ]


def test_a_reminder_brings_no_invitation_and_a_confirmation_in_its_place_does(
    opened: Opened,
) -> None:
    pigeon = Bird()
    house = opened(pigeon, reminders=DEFAULT_REMINDERS)
    house.clock.set(TUESDAY - HOUR)
    booked(house, starts_at=TUESDAY)
    house.crm.work()
    house.clock.set(TUESDAY + HOUR)
    booked(house, starts_at=WEEK_LATER, lead=house.lead(first_name="Rosa", email="r@example.org"))
    house.crm.work()
    house.clock.set(WEEK_LATER - HOUR)
    house.crm.work()

    by_address = {to: [m for t, m in told(pigeon) if t == to] for to, _ in told(pigeon)}
    assert by_address[ADDRESS] == ["REQUEST"]
    assert by_address["r@example.org"][0] == "REQUEST"
    assert set(by_address["r@example.org"][1:]) <= {""}


def test_what_was_promised_to_nobody_is_told_to_nobody(opened: Opened) -> None:
    pigeon = Bird()
    house = opened(pigeon)
    desk, lead = house.front.scheduling, house.lead()
    asked = wish(lead, starts_at=WEEK_LATER)
    desk.cancel(desk.hold(asked).appointment.id)
    house.crm.work()

    assert pigeon.letters == []


def test_what_is_overtaken_before_it_goes_is_not_told(opened: Opened) -> None:
    pigeon = Bird()
    house = opened(pigeon)
    visit = booked(house)
    house.front.scheduling.reschedule(visit.id, WEEK_LATER + HOUR)
    house.crm.work()
    house.front.scheduling.reschedule(visit.id, WEEK_LATER)
    house.front.scheduling.reschedule(visit.id, WEEK_LATER + 3 * HOUR)
    other = booked(house, starts_at=WEEK_LATER + 2 * HOUR, lead=house.lead(email="b@example.org"))
    house.front.scheduling.cancel(other.id)
    house.crm.work()

    assert sorted(told(pigeon)) == [
        ("b@example.org", "CANCEL"),
        (ADDRESS, "REQUEST"),
        (ADDRESS, "REQUEST"),
    ]
    mine = [letter for letter in pigeon.letters if letter.to == ADDRESS]
    assert [int(event(letter)["SEQUENCE"]) for letter in mine] == [1, 3]
    assert [letter.subject for letter in mine] == [
        "Your visit to Bright Smiles on Tuesday, November 10",
        "Your visit to Bright Smiles is now on Tuesday, November 10",
    ]


def test_a_family_without_an_e_mail_address_gets_a_text(opened: Opened) -> None:
    raven = a_raven()
    house = opened(raven)
    lead = house.lead(email=None)
    agree(house, lead)
    visit = booked(house, lead=lead)
    house.front.scheduling.cancel(visit.id)
    house.crm.work()

    (letter,) = raven.letters
    assert "is cancelled" in letter.body
    assert letter.attachments == ()


def test_a_family_is_told_once_that_its_request_was_declined(opened: Opened) -> None:
    pigeon = Bird()
    house = opened(pigeon)
    contact(house, LEE)
    desk = house.front.scheduling
    asked = desk.request(wish(house.lead(), starts_at=WEEK_LATER)).appointment
    house.crm.work()
    desk.decline(asked.id)
    house.crm.work()
    house.crm.work()

    assert told(pigeon) == [(ADDRESS, "")]
    (letter,) = pigeon.letters
    assert letter.subject == "Your request for a visit to Bright Smiles on Tuesday, November 10"
    assert "cannot see you on Tuesday, November 10 at 9:00 AM" in letter.body
    assert [n.kind for n in of_user(house, LEE)] == ["appointment_requested"]


def test_a_request_that_the_practice_calls_off_is_told_like_a_declined_one(opened: Opened) -> None:
    """Nobody was invited to what was only asked for, so that nothing is called off either."""
    pigeon = Bird()
    house = opened(pigeon)
    contact(house, LEE)
    desk, lead = house.front.scheduling, house.lead()
    asked = desk.request(wish(lead, starts_at=WEEK_LATER)).appointment
    house.crm.work()
    desk.cancel(asked.id, because="closed")
    house.crm.work()
    house.crm.work()

    assert told(pigeon) == [(ADDRESS, "")]
    (letter,) = pigeon.letters
    assert letter.subject == "Your request for a visit to Bright Smiles on Tuesday, November 10"
    assert [n.kind for n in of_user(house, LEE)] == ["appointment_requested"]


def test_a_family_that_takes_its_request_back_gets_no_refusal(opened: Opened) -> None:
    pigeon = Bird()
    house = opened(pigeon)
    lead = house.lead()
    patient = house.desk(Role.PATIENT, lead.id).scheduling
    asked = patient.request(wish(lead, starts_at=WEEK_LATER)).appointment
    patient.cancel(asked.id)
    house.crm.work()
    assert pigeon.letters == []


def test_who_has_no_address_or_consent_for_it_is_told_of_a_declined_request_by_nothing(
    opened: Opened,
) -> None:
    raven = a_raven()
    house = opened(raven)
    desk, lead = house.front.scheduling, house.lead(email=None)
    desk.decline(desk.request(wish(lead, starts_at=WEEK_LATER)).appointment.id)
    house.crm.work()
    assert [(m.state, m.because) for m in held(house)] == [(MessageState.SKIPPED, "no_consent")]

    agree(house, lead)
    desk.decline(desk.request(wish(lead, starts_at=WEEK_LATER)).appointment.id)
    house.crm.work()
    (letter,) = raven.letters
    assert "cannot see you on Tuesday, November 10 at 9:00 AM" in letter.body


def test_a_text_that_a_request_is_declined_waits_for_the_morning(opened: Opened) -> None:
    raven = a_raven()
    house = opened(raven)
    desk, lead = house.front.scheduling, house.lead(email=None)
    agree(house, lead)
    asked = desk.request(wish(lead, starts_at=WEEK_LATER)).appointment
    house.clock.set(TUESDAY + 14 * HOUR)
    desk.decline(asked.id)
    house.crm.work()
    assert raven.letters == []
    house.clock.set(TUESDAY + 24 * HOUR)
    house.crm.work()
    assert len(raven.letters) == 1


def test_a_patient_of_the_practice_is_written_to_by_nobody(opened: Opened) -> None:
    pigeon = Bird()
    house = opened(pigeon)
    house.front.scheduling.book(wish(starts_at=WEEK_LATER, type="follow_up"))
    house.crm.work()

    assert pigeon.letters == []


def test_without_an_address_of_the_practice_an_e_mail_goes_without_an_invitation(
    opened: Opened,
) -> None:
    pigeon = Bird()
    house = opened(pigeon)
    messaging = house.admin.settings.practice().clinic.settings.messaging
    for address in (None, "at the desk"):
        configure(house, messaging=evolve(messaging, email=address))
        visit = booked(house)
        house.crm.work()
        house.front.scheduling.cancel(visit.id)
        house.crm.work()

    assert told(pigeon) == [(ADDRESS, "")] * 4


# --- providers


def contact(house: House, user: str, **fields: Any) -> None:
    details = ContactDetails(email=f"{user}@bright.example", channels=(EMAIL,), **fields)
    house.admin.notifications.set_contact(details, user)


def test_a_provider_is_told_and_invited_and_reads_nothing_of_the_family(opened: Opened) -> None:
    pigeon = Bird()
    house = opened(pigeon)
    contact(house, LEE)
    visit = booked(house)
    house.crm.work()
    house.front.scheduling.cancel(visit.id)
    house.crm.work()
    house.clock.advance(HOUR)
    house.crm.work()

    mine = [letter for letter in pigeon.letters if letter.to == "dr-lee@bright.example"]
    assert [(letter.body, invited(letter)) for letter in mine] == [
        ("New appointment: Tuesday, November 10 at 9:00 AM", "REQUEST"),
        ("Cancelled appointment: Tuesday, November 10 at 9:00 AM", "CANCEL"),
    ]
    assert not {"Maria", "Lopez", ADDRESS} & {
        word for letter in mine for word in event(letter).to_ical().decode().split(":")
    }
    kinds = [notice.kind for notice in of_user(house, LEE)]
    assert sorted(kinds) == ["appointment_booked", "appointment_cancelled"]


def test_who_loses_an_appointment_to_somebody_else_hears_of_it(opened: Opened) -> None:
    pigeon = Bird()
    house = opened(pigeon)
    contact(house, LEE)
    contact(house, KIM)
    visit = booked(house)
    house.crm.work()
    house.front.scheduling.reschedule(visit.id, WEEK_LATER + HOUR, KIM)
    house.crm.work()

    assert [(to, method) for to, method in told(pigeon) if to != ADDRESS] == [
        ("dr-lee@bright.example", "REQUEST"),
        ("dr-kim@bright.example", "REQUEST"),
        ("dr-lee@bright.example", "CANCEL"),
    ]
    assert pigeon.letters[-1].body == "No longer with you: Tuesday, November 10 at 9:00 AM"


def test_providers_hear_neither_of_their_own_doing_nor_of_what_they_muted(opened: Opened) -> None:
    pigeon = Bird()
    house = opened(pigeon)
    contact(house, LEE)
    contact(house, KIM, muted=(NoticeKind.APPOINTMENT_BOOKED,))
    lead = house.lead()
    own = house.desk(Role.PROVIDER, LEE).scheduling
    own.book(wish(starts_at=WEEK_LATER, type="follow_up"))
    booked(house, lead=lead, provider=KIM, starts_at=WEEK_LATER + HOUR)
    house.crm.work()

    assert {to for to, _ in told(pigeon)} == {ADDRESS}
    assert of_user(house, LEE) == ()
    assert [notice.kind for notice in of_user(house, KIM)] == ["appointment_booked"]


def test_a_request_is_told_to_whoever_has_to_answer_it(opened: Opened) -> None:
    house = opened(Bird(), fallback=UserId("manager"))
    desk = house.front.scheduling
    asked = desk.request(wish(house.lead(), starts_at=WEEK_LATER)).appointment
    withdrawn = desk.request(wish(starts_at=WEEK_LATER + HOUR)).appointment
    desk.cancel(withdrawn.id)
    house.crm.work()

    for user in (LEE, "manager"):
        (notice,) = [n for n in of_user(house, user) if n.kind == "appointment_requested"]
        assert notice.object_id == asked.id


# --- calendars


def calendars(house: House, *names: str, **fields: Any) -> None:
    messaging = house.admin.settings.practice().clinic.settings.messaging
    targets = tuple(_target(name, **fields) for name in names)
    carriers = (*CARRIERS, (CALENDAR, "caldav"))
    configure(house, messaging=evolve(messaging, calendars=targets, carriers=carriers))


def _target(name: str, **fields: Any) -> CalendarTarget:
    address = f"https://calendar.example/{name}/"
    return CalendarTarget(name=name, user=UserId(f"dr-{name}"), url=address, **fields)


def a_swift(**fields: Any) -> Bird:
    return Bird(name="caldav", channel=CALENDAR, **fields)


def entries(swift: Bird) -> list[tuple[str | None, str]]:
    """Give the calendar of each push, and what it puts there: a start, or nothing."""
    return [(letter.target, _start(letter.body)) for letter in swift.letters]


def _start(text: str) -> str:
    if not text:
        return ""
    return f"{vevent(text)['DTSTART'].dt:%d %H:%M}"


def test_a_provider_s_calendar_follows_the_appointments(opened: Opened) -> None:
    swift = a_swift()
    house = opened(swift)
    calendars(house, "lee", "kim")
    visit = booked(house)
    house.crm.work()
    house.front.scheduling.reschedule(visit.id, WEEK_LATER + HOUR)
    house.crm.work()
    house.front.scheduling.reschedule(visit.id, WEEK_LATER + 2 * HOUR, KIM)
    house.crm.work()
    house.front.scheduling.cancel(visit.id)
    house.crm.work()
    house.crm.work()

    assert entries(swift) == [
        ("lee", "10 09:00"),
        ("lee", "10 10:00"),
        ("lee", ""),
        ("kim", "10 11:00"),
        ("lee", ""),
        ("kim", ""),
    ]
    assert {letter.uid for letter in swift.letters} == {visit.uid}
    assert not {"Maria", "Lopez"} & {
        word for letter in swift.letters for word in letter.body.split()
    }


def test_of_several_pushes_that_wait_only_the_newest_goes(opened: Opened) -> None:
    swift = a_swift()
    house = opened(swift)
    calendars(house, "lee")
    visit = booked(house)
    house.front.scheduling.reschedule(visit.id, WEEK_LATER + HOUR)
    house.crm.work()

    assert entries(swift) == [("lee", "10 10:00")]
    states = [(m.state, m.because) for m in held(house) if m.channel is CALENDAR]
    assert states == [(MessageState.SKIPPED, "not_needed"), (MessageState.SENT, None)]


def test_a_push_waits_while_another_worker_has_an_older_one_in_hand(opened: Opened) -> None:
    swift = a_swift()
    house = opened(swift)
    calendars(house, "lee")
    worker = house.desk(Role.WORKER).notifications
    visit = booked(house)
    house.crm._deliver(house.clinic.id)
    slow = worker.take()
    house.front.scheduling.cancel(visit.id)
    house.crm.work()
    assert entries(swift) == []

    house.clock.advance(timedelta(minutes=6))
    house.crm.work()

    assert [letter.letter.uid for letter in slow.outgoing if letter.letter.uid] == [visit.uid]
    assert entries(swift)[-1] == ("lee", "")
    left = [m.state for m in held(house) if m.channel is CALENDAR]
    assert left.count(MessageState.PENDING) == 0


def test_a_push_that_fails_is_tried_again_with_what_holds_then(opened: Opened) -> None:
    down = [True]

    def answer(letter: Letter) -> Any:
        if down[0]:
            raise CarrierError("http_503")
        return Bird().answer(letter)

    swift = a_swift(answer=answer)
    house = opened(swift)
    calendars(house, "lee")
    visit = booked(house)
    assert house.crm.work().retried >= 1
    down[0] = False
    house.front.scheduling.reschedule(visit.id, WEEK_LATER + HOUR)
    house.clock.advance(FIRST_PAUSE)
    house.crm.work()
    house.clock.advance(FIRST_PAUSE)
    house.crm.work()

    assert entries(swift) == [("lee", "10 09:00"), ("lee", "10 10:00")]
    calendar = Cond("channel", "eq", CALENDAR)
    with house.crm._backend.begin(house.clinic.id) as store:
        waiting = both(calendar, Cond("state", "eq", MessageState.PENDING))
        assert (store.messages.count(waiting), store.messages.count(calendar)) == (0, 2)


def test_a_calendar_that_is_off_or_of_nobody_gets_nothing(opened: Opened) -> None:
    swift = a_swift()
    house = opened(swift)
    calendars(house, "lee", is_active=False)
    booked(house)
    calendars(house, "kim")
    booked(house, starts_at=WEEK_LATER + HOUR)
    house.crm.work()

    assert swift.letters == []


def test_a_new_calendar_is_filled_when_somebody_asks_for_it(opened: Opened) -> None:
    swift = a_swift()
    house = opened(swift)
    booked(house)
    house.front.scheduling.cancel(booked(house, starts_at=WEEK_LATER + HOUR).id)
    booked(house, starts_at=WEEK_LATER, provider=KIM, type="consultation")
    house.crm.work()
    calendars(house, "lee", "kim")

    assert house.admin.scheduling.push_calendar(LEE) == 2
    house.crm.work()

    assert sorted(entries(swift)) == [("lee", ""), ("lee", "10 09:00")]


def test_a_real_calendar_holds_what_the_diary_holds(url: str) -> None:
    with collection() as address:
        carrier = Calendars(secrets=secrets(caldav__lee="lee:pass:word"), wire=HERE, seconds=10)
        swift = a_swift(answer=lambda letter: carrier.send(evolve(letter, to=address)))
        with a_practice(swift, url=url, phone=PHONE) as house:
            open_the_diary(house)
            calendars(house, "lee", with_types=True)
            kept, gone = booked(house), booked(house, starts_at=WEEK_LATER + HOUR)
            house.crm.work()
            house.front.scheduling.reschedule(kept.id, WEEK_LATER + 2 * HOUR)
            house.front.scheduling.cancel(gone.id)
            house.crm.work()

        ((path, (_, text)),) = Collection.entries.items()
    found = vevent(text)
    assert path == f"/calendars/lee/{kept.uid}.ics"
    assert (str(found["SUMMARY"]), found["DTSTART"].dt) == ("Follow-up", WEEK_LATER + 2 * HOUR)
    assert int(found["SEQUENCE"]) == 1
