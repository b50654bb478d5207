"""Messages on their way, on every backend: the gate, carriers that fail, and one effect each."""

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve

from orthocrm import (
    ActivityDirection,
    CarrierError,
    Conflict,
    InvalidInput,
    LeadEdit,
    Letter,
    NotFound,
    Role,
    Sent,
)
from orthocrm.core.ids import ClinicId
from orthocrm.core.messaging import Cap, Messaging, QuietHours
from orthocrm.core.notifying import MessageState, Purpose
from orthocrm.followup.sending import FIRST_PAUSE, MOST_ATTEMPTS
from orthocrm.privacy.consent import NewConsent
from orthocrm.rounds.clinic import SETTLE_TRIES
from orthocrm.services.notifications.gating import LEASE
from orthocrm.services.notifications.settling import Outcome, Settled
from orthocrm.testing.factories import a_message
from orthocrm.testing.suite.arranged import together
from tests.flows.carrying import (
    CARRIERS,
    EMAIL,
    SMS,
    Bird,
    a_practice,
    a_raven,
    agree,
    configure,
    held,
    of_user,
    put,
    states,
)
from tests.flows.practice import House

TICK = timedelta(microseconds=1)
DAY = timedelta(days=1)
CHICAGO = ZoneInfo("America/Chicago")
SENT, PENDING, SKIPPED = MessageState.SENT, MessageState.PENDING, MessageState.SKIPPED
CANCELLED, PARKED, BOUNCED = MessageState.CANCELLED, MessageState.PARKED, MessageState.BOUNCED

OUTBOUND = ActivityDirection.OUTBOUND

Opened = Callable[..., House]


@pytest.fixture
def opened(url: str) -> Iterator[Opened]:
    with ExitStack() as stack:

        def open_(*plugins: object, **messaging: Any) -> House:
            return stack.enter_context(a_practice(*plugins, url=url, **messaging))

        yield open_


def failing(error: CarrierError) -> Callable[[Letter], Sent]:
    def fail(_: Letter) -> Sent:
        raise error

    return fail


def worker(house: House) -> Any:
    return house.desk(Role.WORKER).notifications


# --- what goes


def test_a_message_goes_once_and_says_by_whom(opened: Opened) -> None:
    bird = Bird()
    house = opened(bird, sender_name="Bright", email="desk@practice.example")
    message = put(house, house.lead(), subject="Your visit")

    done = house.crm.work()

    (letter,) = bird.letters
    (after,) = held(house, message)
    assert (done.sent, done.late, done.errors) == (1, 0, ())
    assert (after.state, after.carrier, after.carrier_ref) == (SENT, "pigeon", f"ref-{message.key}")
    assert (after.sent_at, after.attempts) == (house.clock(), 1)
    assert (letter.to, letter.body, letter.subject) == (message.to, message.body, "Your visit")
    assert (letter.sender_name, letter.reply_to) == ("Bright", "desk@practice.example")
    assert house.crm.work().sent == 0
    assert len(bird.letters) == 1


def test_what_went_stands_on_the_timeline_once_and_is_no_attempt(opened: Opened) -> None:
    """A coordinator sees what the family was sent; that a machine wrote is no call of hers."""
    house = opened(Bird(), a_raven())
    lead = house.lead()
    agree(house, lead)
    mail, text = put(house, lead, subject="Your visit"), put(house, lead, channel=SMS)
    kept_back = put(house, lead, not_after=house.clock() - DAY)
    house.crm.work()
    house.crm.work()

    entries = [e for e in house.front.leads.timeline(lead.id).entries if e.message]
    assert {(e.what, e.message.id if e.message else "") for e in entries} == {
        ("EMAIL", mail.id),
        ("SMS", text.id),
    }
    assert {e.activity.direction for e in entries if e.activity} == {OUTBOUND}
    assert {(e.at, e.by) for e in entries} == {(house.clock(), Role.WORKER.value)}
    assert states(house, kept_back) == [(SKIPPED, "too_late")]
    after = house.front.leads.get(lead.id)
    assert (after.milestones, after.status) == (lead.milestones, lead.status)


def test_what_went_while_its_lead_was_merged_stands_with_the_survivor(opened: Opened) -> None:
    house = opened(Bird())
    survivor, loser = house.lead(), house.lead()
    put(house, loser)
    desk = worker(house)
    (out,) = desk.take().outgoing
    house.coordinator.leads.merge(survivor.id, loser.id)
    desk.settle([Outcome(outgoing=out, result=Sent(ref="r"))])

    (entry,) = [e for e in house.front.leads.timeline(survivor.id).entries if e.message]
    assert entry.activity is not None
    assert (entry.activity.lead_id, entry.activity.message_id) == (survivor.id, out.message.id)


def test_what_goes_to_a_patient_is_marked_as_later_than_the_conversion(opened: Opened) -> None:
    house = opened(Bird())
    lead = house.lead()
    house.coordinator.pipeline.convert(lead.id)
    put(house, lead)
    house.crm.work()
    (entry,) = [e for e in house.front.leads.timeline(lead.id).entries if e.message]
    assert entry.activity is not None
    assert entry.activity.after_conversion


def test_parallel_workers_hand_each_message_over_once(opened: Opened) -> None:
    bird = Bird()
    house = opened(bird)
    lead = house.lead()
    messages = [put(house, lead) for _ in range(30)]

    together(*[house.crm.work] * 4)

    assert sorted(bird.keys) == sorted(message.key for message in messages)
    assert {message.state for message in held(house, *messages)} == {SENT}


# --- what the gate says


def test_a_text_needs_that_the_family_agreed(opened: Opened) -> None:
    raven = a_raven()
    house = opened(raven)
    lead = house.lead(preferred_contact="TEXT")
    first = put(house, lead, channel=SMS)
    house.crm.work()
    agree(house, lead)
    second = put(house, lead, channel=SMS)
    house.crm.work()

    assert states(house, first, second) == [(SKIPPED, "no_consent"), (SENT, None)]
    assert raven.keys == [second.key]


@pytest.mark.parametrize("purpose", [Purpose.CARE, Purpose.MARKETING])
def test_an_e_mail_goes_until_the_family_objects(opened: Opened, purpose: Purpose) -> None:
    house = opened(Bird())
    lead = house.lead()
    sent = put(house, lead, purpose=purpose)
    house.crm.work()
    no = NewConsent(channel=EMAIL, granted=False)
    house.front.notifications.record_consent(lead.id, no)
    kept = put(house, lead, purpose=purpose)
    house.crm.work()

    assert states(house, sent, kept) == [(SENT, None), (SKIPPED, "opted_out")]


def test_what_changed_since_is_not_sent(opened: Opened) -> None:
    bird = Bird()
    house = opened(bird)
    moved, gone, quiet, late = [house.lead(email=f"{n}@example.com", phone=None) for n in range(4)]
    messages = [put(house, lead, to=f"{n}@example.com") for n, lead in enumerate((moved, gone))]
    messages.append(put(house, quiet, to="2@example.com"))
    messages.append(put(house, late, to="3@example.com", not_after=house.clock()))
    house.coordinator.leads.edit(moved.id, LeadEdit(email="new@example.com"))
    with house.crm._backend.begin(house.clinic.id) as store:
        found = store.leads.get([gone.id, quiet.id])
        stamps = evolve(found[gone.id].stamps, deleted_at=house.clock())
        enquiry = evolve(found[quiet.id].enquiry, no_contact=True)
        store.leads.save(
            [evolve(found[gone.id], stamps=stamps), evolve(found[quiet.id], enquiry=enquiry)]
        )

    house.crm.work()

    assert [because for _, because in states(house, *messages)] == [
        "address_changed",
        "lead_gone",
        "no_contact",
        "too_late",
    ]
    assert bird.letters == []


def test_without_a_carrier_nothing_goes(opened: Opened) -> None:
    house = opened(carriers=((SMS, "raven"),))
    lead = house.lead()
    agree(house, lead)
    nobody, missing = put(house, lead), put(house, lead, channel=SMS)

    house.crm.work()

    assert states(house, nobody, missing) == [(SKIPPED, "no_carrier"), (PENDING, "carrier_missing")]


def test_nobody_is_texted_at_night_and_e_mail_does_not_wait(opened: Opened) -> None:
    bird, raven = Bird(), a_raven()
    house = opened(bird, raven)
    lead = house.lead()
    agree(house, lead)
    house.clock.set(datetime(2026, 11, 3, 22, 15, tzinfo=CHICAGO))
    mail, text = put(house, lead), put(house, lead, channel=SMS)
    morning = datetime(2026, 11, 4, 8, 0, tzinfo=CHICAGO)

    done = house.crm.work()
    (waiting,) = held(house, text)
    house.clock.set(morning - TICK)
    house.crm.work()
    early = list(raven.letters)
    house.clock.set(morning)
    house.crm.work()

    assert (done.sent, done.delayed) == (1, 1)
    assert (waiting.due_at, waiting.because, waiting.attempts) == (morning, "quiet_hours", 0)
    assert (bird.keys, early, raven.keys) == ([mail.key], [], [text.key])


def test_every_zone_of_a_number_is_awake(opened: Opened) -> None:
    """Idaho's numbers are of two zones: 8:15 in Boise is 7:15 on the coast."""
    raven = a_raven()
    house = opened(raven)
    idaho = "+12085550142"
    lead = house.lead(phone=idaho)
    agree(house, lead)
    house.clock.set(datetime(2026, 11, 4, 8, 15, tzinfo=ZoneInfo("America/Boise")))
    text = put(house, lead, channel=SMS, to=idaho)
    house.crm.work()
    (waiting,) = held(house, text)

    assert waiting.due_at == datetime(2026, 11, 4, 8, 0, tzinfo=ZoneInfo("America/Los_Angeles"))


def test_what_would_come_too_late_after_the_night_is_not_sent(opened: Opened) -> None:
    house = opened(a_raven())
    lead = house.lead()
    agree(house, lead)
    house.clock.set(datetime(2026, 11, 4, 6, 0, tzinfo=CHICAGO))
    text = put(house, lead, channel=SMS, not_after=datetime(2026, 11, 4, 8, 0, tzinfo=CHICAGO))
    house.crm.work()
    assert states(house, text) == [(SKIPPED, "too_late")]


def test_one_number_gets_one_text_a_day_and_three_a_week_whichever_lead_it_is(
    opened: Opened,
) -> None:
    raven = a_raven()
    house = opened(raven)
    sofia, ben = house.lead(), house.lead(patient_first_name="Ben")
    agree(house, sofia)
    start = house.clock()
    texts = [put(house, lead, channel=SMS) for lead in (sofia, ben, sofia, ben)]
    came: list[datetime] = []
    for _ in range(9):
        house.crm.work()
        came += [house.clock()] * (len(raven.letters) - len(came))
        house.clock.advance(DAY)

    assert sorted(raven.keys) == sorted(text.key for text in texts)
    assert [at - start for at in came] == [DAY * 0, DAY, 2 * DAY, 7 * DAY]


def test_parallel_workers_keep_to_the_cap(opened: Opened) -> None:
    raven = a_raven()
    house = opened(raven)
    leads = [house.lead(patient_first_name=name) for name in ("Ann", "Ben", "Cleo", "Dan")]
    agree(house, leads[0])
    for lead in leads * 3:
        put(house, lead, channel=SMS)

    def one_at_a_time() -> None:
        desk = worker(house)
        while (taken := desk.take(LEASE, 1)).more:
            sent = [Outcome(outgoing=one, result=Sent(ref="r")) for one in taken.outgoing]
            desk.settle(sent)

    together(*[one_at_a_time] * 4)

    assert [message.state for message in held(house)].count(SENT) == 1


# --- carriers that fail


def test_failures_are_repeated_under_one_key_with_growing_pauses_and_parked(
    opened: Opened,
) -> None:
    bird = Bird(answer=failing(CarrierError("busy")))
    house = opened(bird)
    message = put(house, house.lead())
    tried = []
    while held(house, message)[0].state is PENDING:
        house.crm.work()
        tried.append(house.clock())
        house.clock.set(max(held(house, message)[0].due_at, house.clock()))

    pauses = [later - earlier for earlier, later in pairwise(tried)]
    assert pauses == [min(FIRST_PAUSE * 2**n, timedelta(hours=6)) for n in range(MOST_ATTEMPTS - 1)]
    assert set(bird.keys) == {message.key}
    assert len({letter.identity for letter in bird.letters}) == 1
    assert states(house, message) == [(PARKED, "busy")]
    assert [m.id for m in house.admin.notifications.parked().messages] == [message.id]
    assert "message_parked" in {notice.kind for notice in of_user(house, "manager")}

    bird.answer = lambda _: Sent(ref="at last")
    house.admin.notifications.retry(message.id)
    house.crm.work()
    assert states(house, message) == [(SENT, None)]
    with pytest.raises(InvalidInput, match="only a parked message"):
        house.admin.notifications.retry(message.id)


def test_what_a_carrier_refuses_for_good_is_not_repeated(opened: Opened) -> None:
    bird = Bird(answer=failing(CarrierError("no_such_mailbox", permanent=True)))
    house = opened(bird)
    message = put(house, house.lead())
    assert house.crm.work().refused == 1
    house.clock.advance(DAY)
    house.crm.work()
    assert (states(house, message), len(bird.letters)) == ([(BOUNCED, "no_such_mailbox")], 1)


def test_a_carrier_says_how_long_it_wants_to_be_left_alone(opened: Opened) -> None:
    house = opened(Bird(answer=failing(CarrierError("haste", wait=timedelta(hours=3)))))
    message = put(house, house.lead())
    house.crm.work()
    assert held(house, message)[0].due_at == house.clock() + timedelta(hours=3)


@pytest.mark.parametrize("uncertain", [True, False])
def test_a_text_that_may_have_come_counts_and_one_that_did_not_does_not(
    opened: Opened, *, uncertain: bool
) -> None:
    raven = a_raven(answer=failing(CarrierError("busy", uncertain=uncertain)))
    house = opened(raven)
    lead = house.lead()
    agree(house, lead)
    first = put(house, lead, channel=SMS)
    house.crm.work()
    other = put(house, lead, channel=SMS)
    house.crm.work()

    assert held(house, first)[0].sent_at == (house.clock() if uncertain else None)
    assert states(house, other) == [(PENDING, "cap" if uncertain else "busy")]


def test_who_objected_at_the_carrier_hears_no_more(opened: Opened) -> None:
    error = CarrierError("twilio_21610", permanent=True, opted_out=True)
    house = opened(a_raven(answer=failing(error)))
    lead = house.lead()
    agree(house, lead, at=house.clock() - DAY)
    refused = put(house, lead, channel=SMS)
    house.crm.work()
    later = put(house, lead, channel=SMS)
    house.crm.work()

    assert states(house, refused, later) == [(BOUNCED, "twilio_21610"), (SKIPPED, "opted_out")]


def test_carriers_that_raise_or_give_nonsense_harm_nobody(
    opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    def misbehave(letter: Letter) -> Any:
        if letter.body == "raise":
            raise RuntimeError(letter.to)
        return "nonsense"

    house = opened(Bird(answer=misbehave))
    lead = house.lead()
    messages = [put(house, lead, body=body) for body in ("raise", "nonsense")]
    with caplog.at_level(logging.DEBUG):
        assert house.crm.work().retried == 2

    assert states(house, *messages) == [(PENDING, "carrier_raised"), (PENDING, "carrier_nonsense")]
    assert "carrier pigeon raised RuntimeError" in caplog.messages
    assert "example.com" not in caplog.text


# --- who is late, and who takes a message out of whose hands


def test_the_late_result_of_an_expired_lease_is_refused(opened: Opened) -> None:
    house = opened(Bird())
    message = put(house, house.lead())
    desk = worker(house)
    slow = desk.take()
    house.clock.advance(LEASE)
    quick = desk.take()
    late = desk.settle([Outcome(outgoing=slow.outgoing[0], result=CarrierError("x"))])
    done = desk.settle([Outcome(outgoing=quick.outgoing[0], result=Sent(ref="quick"))])
    again = desk.settle([Outcome(outgoing=slow.outgoing[0], result=Sent(ref="slow"))])

    assert (late, done, again) == (Settled(late=1), Settled(sent=1), Settled(late=1))
    assert held(house, message)[0].carrier_ref == "quick"
    assert slow.outgoing[0].letter == quick.outgoing[0].letter


def test_nobody_undoes_a_cancellation_that_came_while_the_message_was_out(opened: Opened) -> None:
    house = opened(Bird())
    message = put(house, house.lead())
    desk = worker(house)
    (one,) = desk.take().outgoing
    cancelled = house.coordinator.notifications.cancel(message.id)

    assert cancelled.fence > one.message.fence
    for result in (Sent(ref="r"), CarrierError("busy"), None):
        assert desk.settle([Outcome(outgoing=one, result=result)]) == Settled(late=1)
    assert states(house, message) == [(CANCELLED, "by_hand")]
    house.clock.advance(DAY)
    assert house.crm.work().sent == 0


@pytest.mark.parametrize("verb", ["lose", "revoke"])
def test_nobody_undoes_a_withdrawal_that_came_while_the_message_was_out(
    opened: Opened, verb: str
) -> None:
    house = opened(Bird())
    lead = house.lead()
    message = put(house, lead, about="rule:break_up")
    desk = worker(house)
    (one,) = desk.take().outgoing
    if verb == "lose":
        house.coordinator.pipeline.lose(lead.id, "RELOCATED")
    else:
        no = NewConsent(channel=EMAIL, granted=False)
        house.coordinator.notifications.record_consent(lead.id, no)

    assert desk.settle([Outcome(outgoing=one, result=Sent(ref="r"))]) == Settled(late=1)
    because = "not_needed" if verb == "lose" else "opted_out"
    assert states(house, message) == [(CANCELLED, because)]


def test_a_message_over_which_workers_were_lost_too_often_is_parked(opened: Opened) -> None:
    house = opened(Bird())
    message = put(house, house.lead())
    desk = worker(house)
    for _ in range(MOST_ATTEMPTS):
        assert len(desk.take().outgoing) == 1
        house.clock.advance(LEASE)
    assert desk.take().parked == 1
    assert states(house, message) == [(PARKED, "worker_lost")]


def test_messages_of_others_leads_are_not_there_to_be_cancelled(opened: Opened) -> None:
    house = opened(Bird())
    message = put(house, house.lead(owner="tc-2"))
    agent = house.desk(Role.AGENT, "tc-1")
    with pytest.raises(NotFound):
        agent.notifications.cancel(message.id)
    assert states(house, message) == [(PENDING, None)]


# --- what must not stop the others


def test_one_poisoned_message_among_many_is_parked_and_the_others_are_on_time(
    opened: Opened, url: str
) -> None:
    def poison(letter: Letter) -> Sent:
        if letter.body == "poison":
            raise CarrierError("busy")
        return Sent(ref=letter.key)

    many = 1_000 if url.startswith("memory") else 120
    house = opened(Bird(answer=poison))
    lead = house.lead()
    bad = put(house, lead, body="poison")
    with house.crm._backend.begin(house.clinic.id) as store:
        store.messages.add(
            [a_message(house.clinic, lead, house.clock(), to=bad.to) for _ in range(many - 1)]
        )

    assert (house.crm.work().sent, states(house, bad)) == (many - 1, [(PENDING, "busy")])
    for _ in range(MOST_ATTEMPTS):
        house.clock.advance(timedelta(hours=6))
        house.crm.work()
    assert states(house, bad) == [(PARKED, "busy")]


def test_one_clinic_that_fails_does_not_stop_the_others(
    opened: Opened, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = opened(Bird())
    other = house.crm.create_clinic(name="Other", timezone="UTC")
    second = House(house.crm, other, house.clock)
    second.admin.settings.add_coordinator("tc-1", "Ana")
    configure(second, messaging=Messaging(carriers=CARRIERS), rules=())
    message = put(second, second.lead())
    real = house.crm._backend.begin

    def begin(clinic: str) -> Any:
        if clinic == house.clinic.id:
            raise RuntimeError("Maria Lopez")
        return real(clinic)  # type: ignore[arg-type]  # an id

    with monkeypatch.context() as patched:
        patched.setattr(house.crm._backend, "begin", begin)
        done = house.crm.work()

    assert {(error.clinic, error.error) for error in done.errors} == {
        (house.clinic.id, "RuntimeError")
    }
    assert states(second, message) == [(SENT, None)]
    assert "Maria" not in caplog.text
    assert house.crm.work().errors == ()


def test_what_went_is_recorded_although_others_were_at_the_same_rows(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy: Iterator[int] = iter(())

    def answer(letter: Letter) -> Sent:
        nonlocal busy
        busy = iter(range(2 * (SETTLE_TRIES - 1)))  # a refusal is written down as well
        return Sent(ref=letter.key)

    house = opened(Bird(answer=answer))
    message = put(house, house.lead())
    real = house.crm._backend.begin

    def begin(clinic: ClinicId) -> Any:
        if next(busy, None) is not None:
            raise Conflict("somebody else was first")
        return real(clinic)

    with monkeypatch.context() as patched:
        patched.setattr(house.crm._backend, "begin", begin)
        done = house.crm.work()

    assert (done.sent, done.errors) == (1, ())
    assert states(house, message) == [(SENT, None)]


def test_two_clinics_do_not_see_each_others_messages(opened: Opened) -> None:
    house = opened(Bird())
    other = House(house.crm, house.crm.create_clinic(name="O", timezone="UTC"), house.clock)
    message = put(house, house.lead())
    assert worker(other).take().outgoing == ()
    with pytest.raises(NotFound):
        other.admin.notifications.cancel(message.id)
    assert house.admin.notifications.messages(message.lead_id).messages == (  # type: ignore[arg-type]  # it has one
        message,
    )


def test_quiet_hours_and_caps_are_the_clinics_own(opened: Opened) -> None:
    raven = a_raven()
    house = opened(
        raven,
        quiet=QuietHours(start=time(12), end=time(12)),
        caps=(Cap(channel=SMS, a_day=2, a_week=2),),
    )
    lead = house.lead()
    agree(house, lead)
    house.clock.set(datetime(2026, 11, 4, 3, 0, tzinfo=CHICAGO))
    texts = [put(house, lead, channel=SMS) for _ in range(3)]
    house.crm.work()
    assert [state for state, _ in states(house, *texts)].count(SENT) == 2
