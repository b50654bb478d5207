"""Reminders from the booking to the carrier, on every backend (R22 to R25, S2-10 to S2-16)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from orthocrm import (
    Appointment,
    InvalidInput,
    LeadEdit,
    MessageChannel,
    NotFound,
    Reminder,
    ReminderRule,
    Reminding,
    Role,
    Sent,
)
from orthocrm.core.errors import AppointmentClosed, RemindedTooOften
from orthocrm.core.ids import AppointmentId
from orthocrm.core.lead import Lead
from orthocrm.core.messaging import Cap, Messaging
from orthocrm.core.notifying import Message, MessageState
from orthocrm.core.reminding import CONFIRMATION, ReminderStatus, is_reminder
from orthocrm.privacy.consent import NewConsent
from orthocrm.services.notifications.settling import Outcome
from orthocrm.services.scheduling.waiting import NewWaitlistEntry
from tests.flows.carrying import CARRIERS, EMAIL, SMS, agree, configure, held, put, states
from tests.flows.practice import House
from tests.flows.scheduling import HOUR, TUESDAY, open_the_diary, wish

S = ReminderStatus
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
THURSDAY = TUESDAY + 2 * DAY
"""Nine o'clock in Chicago, three days after the clock of the flows."""

DAY_BEFORE = ReminderRule(name="day", channel=EMAIL, before=DAY)


@pytest.fixture(autouse=True)
def _open(house: House) -> None:
    """Let the practice write, by rules of reminders only."""
    open_the_diary(house)
    messaging = Messaging(carriers=CARRIERS, phone="(312) 555-0100")
    configure(house, messaging=messaging, rules=())


def booked(house: House, lead: Lead, starts_at: datetime = THURSDAY, **fields: Any) -> Appointment:
    return house.front.scheduling.book(wish(lead, starts_at=starts_at, **fields)).appointment


def standing(house: House, appointment: Appointment) -> list[tuple[str, int, ReminderStatus]]:
    found = house.front.scheduling.reminders(appointment.id).reminders
    return sorted((one.rule, one.revision, one.status) for one in found)


def reasons(house: House, appointment: Appointment) -> dict[str, str | None]:
    found = house.front.scheduling.reminders(appointment.id).reminders
    return {one.rule: one.because for one in found}


def sent(house: House) -> list[Message]:
    """Do as a worker does, with carriers that take everything; gives what they took."""
    desk = house.desk(Role.WORKER).notifications
    outgoing = desk.take().outgoing
    desk.settle([Outcome(outgoing=one, result=Sent(ref="r")) for one in outgoing])
    return [one.message for one in outgoing if is_reminder(one.message)]


# --- what is made, with what


def test_a_booking_makes_its_reminders_and_each_goes_once_when_it_is_due(house: House) -> None:
    lead = house.lead()
    agree(house, lead)
    visit = booked(house, lead, THURSDAY + 2 * HOUR)
    assert {s for _, _, s in standing(house, visit)} == {S.PENDING}
    assert sent(house) == []

    house.clock.set(THURSDAY + 2 * HOUR - DAY)
    assert sorted(m.channel for m in sent(house)) == [EMAIL, SMS]
    house.clock.set(THURSDAY)
    assert sorted(m.channel for m in sent(house)) == [EMAIL, SMS]
    assert sent(house) == []
    assert standing(house, visit) == [
        (name, 0, S.SENT) for name in ("email_24h", "email_2h", "sms_24h", "sms_2h")
    ]
    assert house.front.scheduling.reminders(visit.id).reminder_sent


def test_a_text_names_practice_date_time_and_number_and_an_email_no_more(house: House) -> None:
    lead = house.lead()
    booked(house, lead)
    bodies = {m.channel: m.body for m in held(house)}
    assert bodies[SMS] == (
        "Bright Smiles: a reminder of your visit on Thursday, November 5 at 9:00 AM. "
        "Questions or changes: (312) 555-0100"
    )
    for private in ("Lopez", "Sofia", "Consultation"):
        assert private not in bodies[EMAIL]


def test_a_clinic_that_wants_details_has_them_in_emails_and_not_in_texts(house: House) -> None:
    configure(house, reminding=Reminding(details=True))
    booked(house, house.lead())
    bodies = {m.channel: m.body for m in held(house)}
    assert "the visit of Sofia on Thursday, November 5 at 9:00 AM: Consultation." in bodies[EMAIL]
    assert "Sofia" not in bodies[SMS]
    assert "Consultation" not in bodies[SMS]


def test_a_family_is_reminded_in_its_language(house: House) -> None:
    lead = house.lead()
    house.coordinator.leads.tag([lead.id], ["es"])
    booked(house, lead)
    assert all("jueves 5 de noviembre" in m.body for m in held(house))


def test_r25_a_booking_at_short_notice_is_confirmed_at_once_instead(house: House) -> None:
    lead = house.lead()
    agree(house, lead)
    visit = booked(house, lead, TUESDAY - 20 * HOUR)
    assert standing(house, visit) == [
        (CONFIRMATION, 0, S.PENDING),
        (CONFIRMATION, 0, S.PENDING),
        ("email_24h", 0, S.SKIPPED),
        ("email_2h", 0, S.PENDING),
        ("sms_24h", 0, S.SKIPPED),
        ("sms_2h", 0, S.PENDING),
    ]
    assert reasons(house, visit)["email_24h"] == "too_late"
    texts = [m.body for m in sent(house) if m.channel is SMS]
    (text,) = texts
    assert text == (
        "Bright Smiles: we expect you on Monday, November 2 at 1:00 PM. "
        "Questions or changes: (312) 555-0100"
    )


def test_what_confirms_already_is_not_said_twice(house: House) -> None:
    """A rule of follow-ups confirms consultations by the family's own channel."""
    configure(house, rules=type(house.admin.settings.practice().clinic.settings)().rules)
    visit = booked(house, house.lead(), TUESDAY - 20 * HOUR)
    mails = [m for m in held(house) if m.channel is EMAIL and m.due_at == house.clock()]
    assert [(m.template, m.appointment_id) for m in mails] == [
        ("consultation_confirmation", visit.id)
    ]


def test_types_have_rules_of_their_own_and_the_clinic_may_have_none(house: House) -> None:
    lead = house.lead()
    house.admin.settings.set_reminders([DAY_BEFORE], "consultation")
    assert standing(house, booked(house, lead)) == [("day", 0, S.PENDING)]
    house.admin.settings.set_reminders(None, "consultation")
    house.admin.settings.set_reminders([])
    assert standing(house, booked(house, lead, THURSDAY + HOUR)) == []


def test_bad_rules_are_refused_by_field_and_unknown_types_too(house: House) -> None:
    wrong = evolve(DAY_BEFORE, before=timedelta())
    for given, slug, path in (
        ([DAY_BEFORE, wrong], None, "reminders.1.before"),
        ([wrong], "consultation", "visit_types.0.reminders.0.before"),
        ("daily", None, "rules"),
        (None, None, "rules"),
        (3, "consultation", "rules"),
    ):
        with pytest.raises(InvalidInput) as refusal:
            house.admin.settings.set_reminders(given, slug)  # type: ignore[arg-type]  # what it is about
        assert [problem.path for problem in refusal.value.problems] == [path]
    with pytest.raises(NotFound):
        house.admin.settings.set_reminders([DAY_BEFORE], "nothing")


def test_what_has_no_address_or_no_value_is_skipped_and_says_so(house: House) -> None:
    visit = booked(house, house.lead(email=None))
    assert reasons(house, visit)["email_24h"] == "no_address"
    messaging = house.admin.settings.practice().clinic.settings.messaging
    configure(house, messaging=evolve(messaging, phone=None))
    other = booked(house, house.lead(), THURSDAY + HOUR)
    assert set(reasons(house, other).values()) == {"no_value"}


def test_channels_without_a_carrier_and_patients_without_a_lead_get_none(house: House) -> None:
    assert standing(house, house.front.scheduling.book(wish(starts_at=THURSDAY)).appointment) == []
    configure(house, messaging=Messaging(carriers=((SMS, "raven"),), phone="1"))
    visit = booked(house, house.lead(), THURSDAY + HOUR)
    assert [rule for rule, _, _ in standing(house, visit)] == ["sms_24h", "sms_2h"]


def test_holds_and_requests_are_reminded_of_once_they_are_fixed(house: House) -> None:
    configure(house, reminders=(DAY_BEFORE,))
    lead = house.lead()
    held_time = house.front.scheduling.hold(wish(lead, starts_at=THURSDAY)).appointment
    asked = house.front.scheduling.request(wish(lead, starts_at=THURSDAY + HOUR)).appointment
    assert standing(house, held_time) == standing(house, asked) == []
    house.front.scheduling.confirm(held_time.id)
    house.front.scheduling.accept(asked.id)
    assert standing(house, held_time) == standing(house, asked) == [("day", 0, S.PENDING)]
    house.front.scheduling.confirm(held_time.id)
    assert standing(house, held_time) == [("day", 0, S.PENDING)]


def test_each_visit_of_a_series_is_reminded_of(house: House) -> None:
    configure(house, reminders=(DAY_BEFORE,))
    new = wish(house.lead(), starts_at=THURSDAY)
    series = house.front.scheduling.book_series(new, "FREQ=WEEKLY;COUNT=3")
    dues = sorted(message.due_at for message in held(house))
    assert dues == [THURSDAY + week * 7 * DAY - DAY for week in range(3)]
    house.front.scheduling.cancel_series(series.id)
    assert {message.state.value for message in held(house)} == {"CANCELLED"}


# --- what becomes of it


def test_a_move_voids_what_waits_and_reminds_of_the_new_time(house: House) -> None:
    configure(house, reminders=(DAY_BEFORE,))
    visit = booked(house, house.lead())
    house.front.scheduling.reschedule(visit.id, THURSDAY + HOUR)
    assert standing(house, visit) == [("day", 0, S.VOIDED), ("day", 1, S.PENDING)]
    house.clock.set(THURSDAY + HOUR - DAY)
    (message,) = sent(house)
    assert message.key == f"reminder/{visit.id}/1/EMAIL/day"
    assert "10:00 AM" in message.body
    house.front.scheduling.reschedule(visit.id, THURSDAY + 5 * HOUR)
    told = house.front.scheduling.reminders(visit.id)
    assert [(one.revision, one.status) for one in told.reminders] == [
        (0, S.VOIDED),
        (1, S.SENT),
        (2, S.PENDING),
    ]
    assert not told.reminder_sent


@pytest.mark.parametrize("act", ["cancel", "no_show"])
def test_what_is_off_is_not_reminded_of(house: House, act: str) -> None:
    configure(house, reminders=(DAY_BEFORE,))
    visit = booked(house, house.lead())
    house.clock.set(THURSDAY if act == "no_show" else THURSDAY - 2 * DAY)
    getattr(house.front.scheduling, act)(visit.id)
    assert standing(house, visit) == [("day", 0, S.VOIDED)]
    house.clock.set(THURSDAY - DAY)
    assert sent(house) == []


def test_a_worker_that_holds_a_reminder_of_what_has_moved_cannot_settle_it(house: House) -> None:
    configure(house, reminders=(DAY_BEFORE,))
    visit = booked(house, house.lead())
    house.clock.set(THURSDAY - DAY)
    desk = house.desk(Role.WORKER).notifications
    (out,) = desk.take().outgoing
    assert standing(house, visit) == [("day", 0, S.CLAIMED)]
    house.front.scheduling.cancel(visit.id)
    assert desk.settle([Outcome(outgoing=out, result=Sent())]).late == 1
    assert standing(house, visit) == [("day", 0, S.VOIDED)]


def test_a_reminder_of_another_revision_never_goes(house: House) -> None:
    configure(house, reminders=())
    lead = house.lead()
    visit = booked(house, lead)
    keys = [f"reminder/{visit.id}/{revision}/EMAIL/day" for revision in (0, 1)]
    now, later = (put(house, lead, key=key, appointment_id=visit.id) for key in keys)
    assert [message.id for message in sent(house)] == [now.id]
    assert states(house, later) == [(MessageState.SKIPPED, "appointment_changed")]


def test_what_waits_for_a_person_is_voided_as_well(house: House) -> None:
    configure(house, reminders=())
    lead = house.lead()
    visit = booked(house, lead)
    fields = {"appointment_id": visit.id, "state": MessageState.PARKED, "settled_at": house.clock()}
    parked = put(house, lead, key=f"reminder/{visit.id}/0/EMAIL/day", **fields)
    house.front.scheduling.cancel(visit.id)
    assert states(house, parked) == [(MessageState.CANCELLED, "appointment_changed")]


def test_a_reminder_goes_to_where_the_family_is_reached_by_then(house: House) -> None:
    configure(house, reminders=(DAY_BEFORE,))
    lead = house.lead()
    booked(house, lead)
    house.coordinator.leads.edit(lead.id, LeadEdit(email="new@example.com"))
    house.clock.set(THURSDAY - DAY)
    assert [message.to for message in sent(house)] == ["new@example.com"]


def test_r23_a_text_needs_consent_an_email_none_and_an_objection_wins_at_once(house: House) -> None:
    lead = house.lead()
    visit = booked(house, lead, THURSDAY + 2 * HOUR)
    house.clock.set(THURSDAY + 2 * HOUR - DAY)
    assert [message.channel for message in sent(house)] == [EMAIL]
    assert reasons(house, visit)["sms_24h"] == "no_consent"
    agree(house, lead)
    no = NewConsent(channel=EMAIL, granted=False)
    house.front.notifications.record_consent(lead.id, no)
    house.clock.set(THURSDAY)
    assert [message.channel for message in sent(house)] == [SMS]
    assert reasons(house, visit)["email_2h"] == "opted_out"


def test_r24_the_text_of_an_early_visit_goes_the_evening_before(house: House) -> None:
    rule = ReminderRule(name="text", channel=SMS, before=2 * HOUR)
    configure(house, reminders=(rule,))
    lead = house.lead()
    agree(house, lead)
    early = THURSDAY - 30 * MINUTE
    visit = booked(house, lead, early, is_manual=True)
    (reminder,) = house.front.scheduling.reminders(visit.id).reminders
    assert reminder.due_at == datetime(2026, 11, 5, 2, 59, tzinfo=UTC)  # 20:59 in Chicago
    house.clock.set(datetime(2026, 11, 5, 2, 59, tzinfo=UTC))
    assert len(sent(house)) == 1


def test_a_reminder_that_no_worker_got_round_to_is_skipped_at_the_start(house: House) -> None:
    configure(house, reminders=(DAY_BEFORE,))
    visit = booked(house, house.lead())
    house.clock.set(THURSDAY)
    assert sent(house) == []
    assert reasons(house, visit) == {"day": "too_late"}


@pytest.mark.parametrize("counts", [False, True])
def test_caps_hold_for_reminders_only_where_the_clinic_says_so(
    house: House, *, counts: bool
) -> None:
    cap = Cap(channel=SMS, a_day=1, a_week=3, reminders=counts)
    configure(house, messaging=Messaging(carriers=CARRIERS, phone="1", caps=(cap,)))
    lead = house.lead()
    agree(house, lead)
    visit = booked(house, lead, THURSDAY + 2 * HOUR)
    for due in (THURSDAY + 2 * HOUR - DAY, THURSDAY):
        house.clock.set(due)
        sent(house)
    told = {one.rule: one.status for one in house.front.scheduling.reminders(visit.id).reminders}
    assert told["sms_24h"] is S.SENT
    assert told["sms_2h"] is (S.SKIPPED if counts else S.SENT)


def test_a_freed_time_that_somebody_takes_is_reminded_of(house: House) -> None:
    configure(house, reminders=(DAY_BEFORE,))
    first = booked(house, house.lead())
    lead = house.lead(email="other@example.com", phone="+1 312 555 0177")
    waits = NewWaitlistEntry(type="consultation", lead_id=lead.id)
    house.front.scheduling.join_waitlist(waits)
    house.front.scheduling.cancel(first.id)
    (entry,) = house.front.scheduling.waitlist()
    assert entry.appointment_id is not None
    offered = house.front.scheduling.confirm(AppointmentId(entry.appointment_id)).appointment
    assert standing(house, offered) == [("day", 0, S.PENDING)]


# --- by hand


def test_s2_16_somebody_sends_one_now_through_the_same_gate(house: House) -> None:
    configure(house, reminders=())
    lead = house.lead()
    visit = booked(house, lead)
    by_mail = house.front.scheduling.remind(visit.id)
    by_text = house.front.scheduling.remind(visit.id, SMS)
    assert (by_mail.channel, by_mail.rule, by_mail.status) == (EMAIL, "by-hand", S.PENDING)
    assert [message.channel for message in sent(house)] == [EMAIL]
    told = {one.message_id: one for one in house.front.scheduling.reminders(visit.id).reminders}
    assert told[by_mail.message_id].status is S.SENT
    refused: Reminder = told[by_text.message_id]
    assert (refused.status, refused.because) == (S.SKIPPED, "no_consent")


def test_s2_16_at_most_so_many_a_day_for_one_appointment(house: House) -> None:
    configure(house, reminders=())
    lead = house.lead()
    visit, other = booked(house, lead), booked(house, lead, THURSDAY + HOUR)
    for _ in range(2):
        house.front.scheduling.remind(visit.id)
    with pytest.raises(RemindedTooOften):
        house.front.scheduling.remind(visit.id)
    house.front.scheduling.remind(other.id)
    house.clock.advance(DAY)
    house.front.scheduling.remind(visit.id)


def test_what_never_reached_the_family_does_not_count(house: House) -> None:
    configure(house, reminders=(), reminding=Reminding(by_hand_a_day=1))
    visit = booked(house, house.lead())
    house.front.scheduling.remind(visit.id, SMS)
    sent(house)
    house.front.scheduling.remind(visit.id)
    with pytest.raises(RemindedTooOften):
        house.front.scheduling.remind(visit.id)


def test_nobody_is_reminded_by_hand_of_what_is_off_or_has_begun(house: House) -> None:
    lead = house.lead()
    asked = house.front.scheduling.request(wish(lead, starts_at=THURSDAY)).appointment
    off = booked(house, lead, THURSDAY + HOUR)
    house.front.scheduling.cancel(off.id)
    for one in (asked, off):
        with pytest.raises(AppointmentClosed):
            house.front.scheduling.remind(one.id)
    begun = booked(house, lead, THURSDAY + 3 * HOUR)
    house.clock.set(THURSDAY + 3 * HOUR)
    with pytest.raises(InvalidInput) as refusal:
        house.front.scheduling.remind(begun.id)
    assert [problem.code for problem in refusal.value.problems] == ["has_begun"]


@pytest.mark.parametrize(
    "channel, code",
    [
        ("FAX", "unknown_value"),
        (3, "wrong_type"),
        (MessageChannel.PUSH, "unknown_value"),
        (MessageChannel.WEBHOOK, "unknown_value"),
    ],
)
def test_a_channel_that_reaches_no_family_is_refused(house: House, channel: Any, code: str) -> None:
    visit = booked(house, house.lead())
    with pytest.raises(InvalidInput) as refusal:
        house.front.scheduling.remind(visit.id, channel)
    assert [(p.path, p.code) for p in refusal.value.problems] == [("channel", code)]


def test_without_a_way_to_the_family_nothing_is_sent_by_hand(house: House) -> None:
    configure(house, messaging=Messaging(phone="1"))
    visit = booked(house, house.lead())
    with pytest.raises(InvalidInput) as refusal:
        house.front.scheduling.remind(visit.id)
    assert [(p.path, p.code) for p in refusal.value.problems] == [("channel", "no_carrier")]
    patient = house.front.scheduling.book(wish(starts_at=THURSDAY + HOUR)).appointment
    with pytest.raises(InvalidInput) as nobody:
        house.front.scheduling.remind(patient.id)
    assert [p.code for p in nobody.value.problems] == ["no_lead"]
