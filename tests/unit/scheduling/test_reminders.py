"""Which reminders an appointment gets, when, by which channel, and which not (R22 to R25)."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve

from orthocrm.core.appointment import AppointmentStatus
from orthocrm.core.ids import AppointmentId, LeadId, MessageId, UserId
from orthocrm.core.messaging import QuietHours
from orthocrm.core.notifying import Message, MessageChannel, MessageState
from orthocrm.core.reminding import (
    CONFIRMATION,
    QuietPolicy,
    ReminderStatus,
    Reminding,
    is_reminder,
    key_of,
    revision_of,
)
from orthocrm.core.settings import Settings
from orthocrm.core.visit_type import DEFAULT_REMINDERS, ReminderRule, VisitType
from orthocrm.scheduling.reminders import Terms, due_at, planned, rules_of, told
from orthocrm.testing.factories import a_clinic, a_lead, a_message, an_appointment

EMAIL, SMS = MessageChannel.EMAIL, MessageChannel.SMS
CHICAGO, NEW_YORK = "America/Chicago", "America/New_York"
HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
S, M = ReminderStatus, MessageState


def at(zone: str, *parts: int) -> datetime:
    return datetime(*parts, tzinfo=ZoneInfo(zone)).astimezone(UTC)  # type: ignore[misc,arg-type]  # year to minute


START = at(CHICAGO, 2026, 11, 4, 15, 0)
LONG_BEFORE = START - 30 * DAY
DAY_BEFORE_AT_SIX = ReminderRule(name="evening", channel=EMAIL, days_before=1, wall_time=18 * 60)


def before(hours: float, channel: MessageChannel = EMAIL, name: str = "rule") -> ReminderRule:
    return ReminderRule(name=name, channel=channel, before=timedelta(hours=hours))


def terms(**fields: Any) -> Terms:
    usual = {"made_at": LONG_BEFORE, "starts_at": START, "zone": CHICAGO, "zones": (CHICAGO,)}
    return Terms(**{**usual, **fields})


def asked(*rules: ReminderRule, **fields: Any) -> list[tuple[str, datetime, str | None]]:
    return [(p.rule.name, p.due_at, p.because) for p in planned(rules, terms(**fields))]


# --- R22


def test_r22_the_defaults_remind_a_day_and_two_hours_before_by_email_and_sms() -> None:
    assert asked(*DEFAULT_REMINDERS) == [
        ("email_24h", START - DAY, None),
        ("email_2h", START - 2 * HOUR, None),
        ("sms_24h", START - DAY, None),
        ("sms_2h", START - 2 * HOUR, None),
    ]


@pytest.mark.parametrize(
    "start, elapsed, by_the_clock",
    [
        # clocks go back at 2:00 on 1 November 2026, forward on 8 March
        ((2026, 11, 1, 15, 0), (2026, 10, 31, 16, 0), (2026, 10, 31, 18, 0)),
        ((2026, 3, 8, 15, 0), (2026, 3, 7, 14, 0), (2026, 3, 7, 18, 0)),
        ((2026, 7, 8, 15, 0), (2026, 7, 7, 15, 0), (2026, 7, 7, 18, 0)),
    ],
)
def test_r22_a_day_before_is_elapsed_time_and_the_evening_before_is_wall_time(
    start: tuple[int, ...], elapsed: tuple[int, ...], by_the_clock: tuple[int, ...]
) -> None:
    moment = at(CHICAGO, *start)
    assert due_at(before(24), moment, CHICAGO) == at(CHICAGO, *elapsed)
    assert due_at(DAY_BEFORE_AT_SIX, moment, CHICAGO) == at(CHICAGO, *by_the_clock)


@pytest.mark.parametrize(
    "zone, start, wall, expected",
    [
        # skipped: it moves forward by the gap; repeated: its first occurrence
        (CHICAGO, (2026, 3, 9, 15, 0), 150, datetime(2026, 3, 8, 8, 30, tzinfo=UTC)),
        (CHICAGO, (2026, 11, 2, 15, 0), 90, datetime(2026, 11, 1, 6, 30, tzinfo=UTC)),
        (
            "Australia/Lord_Howe",
            (2026, 10, 5, 9, 0),
            135,
            datetime(2026, 10, 3, 15, 45, tzinfo=UTC),
        ),
        ("Africa/Casablanca", (2026, 3, 23, 9, 0), 150, datetime(2026, 3, 22, 2, 30, tzinfo=UTC)),
        ("Asia/Kathmandu", (2026, 11, 5, 9, 0), 18 * 60, datetime(2026, 11, 4, 12, 15, tzinfo=UTC)),
        ("Pacific/Apia", (2011, 12, 31, 9, 0), 18 * 60, datetime(2011, 12, 31, 4, 0, tzinfo=UTC)),
    ],
)
def test_r22_wall_times_on_the_nights_of_a_change(
    zone: str, start: tuple[int, ...], wall: int, expected: datetime
) -> None:
    rule = ReminderRule(name="night", channel=EMAIL, days_before=1, wall_time=wall)
    assert due_at(rule, at(zone, *start), zone) == expected


def test_r22_wall_time_is_that_of_the_family_and_not_of_the_practice() -> None:
    assert asked(DAY_BEFORE_AT_SIX, zone=NEW_YORK) == [
        ("evening", at(NEW_YORK, 2026, 11, 3, 18, 0), None)
    ]


def test_r22_the_day_before_is_counted_by_the_familys_date() -> None:
    start = at(CHICAGO, 2026, 11, 4, 23, 30)
    assert due_at(DAY_BEFORE_AT_SIX, start, NEW_YORK) == at(NEW_YORK, 2026, 11, 4, 18, 0)


def test_a_type_goes_by_its_own_rules_and_else_by_those_of_the_clinic() -> None:
    own = (before(3),)
    settings = Settings(
        visit_types=(
            VisitType(slug="own", name="Own", reminders=own),
            VisitType(slug="none", name="None", reminders=()),
            VisitType(slug="usual", name="Usual"),
        )
    )
    found = {slug: rules_of(settings, slug) for slug in ("own", "none", "usual", "gone")}
    clinics = DEFAULT_REMINDERS
    assert found == {"own": own, "none": (), "usual": clinics, "gone": clinics}


# --- R24


EIGHT = at(CHICAGO, 2026, 11, 4, 8, 0)
LAST = at(CHICAGO, 2026, 11, 3, 20, 59)


@pytest.mark.parametrize(
    "start, policy, expected",
    [
        ((8, 0), QuietPolicy.LATER, LAST),
        ((8, 59), QuietPolicy.LATER, LAST),
        ((9, 0), QuietPolicy.LATER, EIGHT),
        ((9, 59), QuietPolicy.LATER, EIGHT),
        ((10, 0), QuietPolicy.LATER, EIGHT),
        ((9, 30), QuietPolicy.EARLIER, LAST),
        ((10, 0), QuietPolicy.EARLIER, EIGHT),
        ((9, 30), QuietPolicy.SKIP, None),
        ((10, 0), QuietPolicy.SKIP, EIGHT),
    ],
)
def test_r24_a_text_in_quiet_hours_waits_if_enough_time_is_left_else_goes_the_evening_before(
    start: tuple[int, int], policy: QuietPolicy, expected: datetime | None
) -> None:
    found = asked(
        before(2, SMS),
        starts_at=at(CHICAGO, 2026, 11, 4, *start),
        reminding=Reminding(quiet=policy),
    )
    nominal = at(CHICAGO, 2026, 11, 4, *start) - 2 * HOUR
    assert found == [("rule", expected or nominal, None if expected else "quiet_hours")]


def test_r24_an_email_wakes_nobody() -> None:
    start = at(CHICAGO, 2026, 11, 4, 8, 0)
    assert asked(before(2), starts_at=start) == [("rule", at(CHICAGO, 2026, 11, 4, 6, 0), None)]


def test_r24_every_zone_of_the_family_has_to_be_awake() -> None:
    zones = (CHICAGO, "America/Los_Angeles")
    start = at(CHICAGO, 2026, 11, 4, 11, 30)
    assert asked(before(2, SMS), starts_at=start, zones=zones) == [
        ("rule", at("America/Los_Angeles", 2026, 11, 4, 8, 0), None)
    ]
    earlier = at(CHICAGO, 2026, 11, 4, 10, 30)
    assert asked(before(2, SMS), starts_at=earlier, zones=zones) == [
        ("rule", at(CHICAGO, 2026, 11, 3, 20, 59), None)
    ]


def test_r24_quiet_hours_need_not_wrap_midnight() -> None:
    siesta = QuietHours(start=time(13), end=time(16))
    assert asked(before(1, SMS), quiet=siesta) == [("rule", at(CHICAGO, 2026, 11, 4, 12, 59), None)]


def test_r24_zones_that_leave_no_time_leave_no_text() -> None:
    all_day = {"quiet": QuietHours(start=time(9), end=time(8)), "zones": (CHICAGO, NEW_YORK)}
    start = at(CHICAGO, 2026, 11, 4, 8, 0)
    assert asked(before(2, SMS), starts_at=start, **all_day) == [
        ("rule", start - 2 * HOUR, "quiet_hours")
    ]


# --- R25 and S2-12


def test_r25_what_was_due_at_or_before_the_creation_is_skipped_and_confirmed_instead() -> None:
    rules = (before(24, name="day"), before(2, name="hours"), before(24, SMS, "text"))
    for made_at in (START - DAY, START - 5 * HOUR):
        assert asked(*rules, made_at=made_at) == [
            ("day", START - DAY, "too_late"),
            ("hours", START - 2 * HOUR, None),
            ("text", START - DAY, "too_late"),
            (CONFIRMATION, made_at, None),
            (CONFIRMATION, made_at, None),
        ]
    assert asked(*rules, made_at=START - DAY - MINUTE)[0] == ("day", START - DAY, None)


def test_r25_one_confirmation_stands_for_all_that_are_too_late_on_a_channel() -> None:
    rules = (before(24, name="day"), before(2, name="hours"))
    assert asked(*rules, made_at=START - HOUR) == [
        ("day", START - DAY, "too_late"),
        ("hours", START - 2 * HOUR, "too_late"),
        (CONFIRMATION, START - HOUR, None),
    ]


def test_s2_15_what_could_only_have_gone_before_it_was_booked_is_skipped() -> None:
    late = at(CHICAGO, 2026, 11, 3, 22, 0)
    start = at(CHICAGO, 2026, 11, 4, 8, 0)
    assert asked(before(2, SMS), starts_at=start, made_at=late) == [
        ("rule", start - 2 * HOUR, "too_late"),
        (CONFIRMATION, late, "quiet_hours"),
    ]


def test_a_confirmation_by_text_waits_for_the_morning() -> None:
    late = at(CHICAGO, 2026, 11, 3, 22, 0)
    assert asked(before(24, SMS), made_at=late) == [
        ("rule", START - DAY, "too_late"),
        (CONFIRMATION, EIGHT, None),
    ]


@pytest.mark.parametrize("wall", [15 * 60, 15 * 60 + 1])
def test_r25_what_would_be_due_at_or_after_the_start_is_skipped(wall: int) -> None:
    rule = ReminderRule(name="same_day", channel=EMAIL, days_before=0, wall_time=wall)
    due = at(CHICAGO, 2026, 11, 4, *divmod(wall, 60))
    assert asked(rule) == [("same_day", due, "after_start")]


def test_r25_of_two_at_the_same_instant_by_the_same_channel_only_the_first_goes() -> None:
    rules = (before(24, name="a"), before(24, name="b"), before(24, SMS, "c"))
    assert [because for _, _, because in asked(*rules)] == [None, "same_time", None]
    evening = at(CHICAGO, 2026, 11, 4, 9, 0)
    texts = (before(1.5, SMS, "a"), before(2, SMS, "b"))
    assert asked(*texts, starts_at=evening) == [("a", EIGHT, None), ("b", EIGHT, "same_time")]


def test_an_appointment_that_has_begun_is_not_reminded_of() -> None:
    assert asked(*DEFAULT_REMINDERS, made_at=START) == []
    assert asked(*DEFAULT_REMINDERS, made_at=START + DAY) == []


# --- how they stand


CLINIC = a_clinic()
LEAD = a_lead(CLINIC)
VISIT = evolve(
    an_appointment(LEAD, provider=UserId("dr-lee"), starts_at=START),
    id=AppointmentId("a-1"),
    status=AppointmentStatus.BOOKED,
    sequence=1,
)


def reminder(rule: str, revision: int = 1, **fields: Any) -> Message:
    return a_message(
        CLINIC,
        LEAD,
        START - DAY,
        id=MessageId(f"m-{rule}-{revision}"),
        key=key_of(evolve(VISIT, sequence=revision), EMAIL, rule),
        about=f"reminder/{rule}",
        appointment_id=VISIT.id,
        **fields,
    )


def test_keys_name_the_appointment_its_revision_the_channel_and_the_rule() -> None:
    message = reminder("email_24h")
    assert message.key == "reminder/a-1/1/EMAIL/email_24h"
    assert (is_reminder(message), revision_of(message)) == (True, 1)


@pytest.mark.parametrize(
    "key", ["", "reminder/a-1", "reminder/a-1/x/SMS/r", "reminder:a/1/SMS/r", "rule:x:y"]
)
def test_other_messages_are_no_reminders(key: str) -> None:
    message = evolve(reminder("r"), key=key)
    assert (is_reminder(message), revision_of(message)) == (False, None)
    assert not is_reminder(evolve(reminder("r"), appointment_id=None))


@pytest.mark.parametrize(
    "fields, status",
    [
        ({}, S.PENDING),
        ({"sent_at": START - DAY, "attempts": 1}, S.CLAIMED),
        ({"sent_at": START - DAY, "attempts": 1, "because": "time_out"}, S.PENDING),
        ({"attempts": 1, "because": "busy"}, S.PENDING),
        ({"state": M.SENT, "sent_at": START - DAY}, S.SENT),
        ({"state": M.DELIVERED, "sent_at": START - DAY}, S.SENT),
        ({"state": M.BOUNCED}, S.FAILED),
        ({"state": M.PARKED}, S.FAILED),
        ({"state": M.SKIPPED, "because": "no_consent"}, S.SKIPPED),
        ({"state": M.CANCELLED}, S.VOIDED),
    ],
)
def test_a_reminder_stands_as_its_message_does(
    fields: dict[str, Any], status: ReminderStatus
) -> None:
    (found,) = told(VISIT, [reminder("r", **fields)]).reminders
    assert (found.rule, found.channel, found.revision, found.status) == ("r", EMAIL, 1, status)
    assert found.because == fields.get("because")
    assert (found.due_at is None) == (status in (S.CLAIMED, S.SENT) or "BOUNCED" in str(fields))
    assert (found.sent_at is not None) == (status is S.SENT)


def test_s2_10_whether_a_reminder_was_sent_is_told_of_the_appointment_as_it_stands() -> None:
    old = reminder("r", revision=0, state=M.SENT, sent_at=START - DAY)
    new = reminder("r")
    other = a_message(CLINIC, LEAD, START, appointment_id=VISIT.id, state=M.SENT)
    before_it = told(VISIT, [new, other, old])
    assert [(one.revision, one.status) for one in before_it.reminders] == [
        (0, S.SENT),
        (1, S.PENDING),
    ]
    assert not before_it.reminder_sent
    sent = evolve(new, state=M.SENT, sent_at=START - HOUR)
    assert told(VISIT, [sent, old]).reminder_sent
    assert not told(evolve(VISIT, lead_id=LeadId("x")), []).reminder_sent
