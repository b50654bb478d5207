"""What becomes of reminders that wait when rules are changed, and of those that went."""

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from orthocrm.core.ids import AppointmentId
from orthocrm.core.notifying import Message, MessageChannel, MessageState
from orthocrm.core.reminding import BY_HAND, CONFIRMATION, RULES_CHANGED, key_of
from orthocrm.core.visit_type import ReminderRule
from orthocrm.scheduling.reminders import SAME_TIME, TOO_LATE, Planned
from orthocrm.scheduling.renewal import Renewal, along, renewal
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories import a_clinic, a_lead, a_message, an_appointment

NOW = MONDAY_MORNING
HOUR = timedelta(hours=1)
EMAIL, SMS = MessageChannel.EMAIL, MessageChannel.SMS
S = MessageState
CLINIC = a_clinic()
LEAD = a_lead(CLINIC)
VISIT = an_appointment(LEAD, starts_at=NOW + 48 * HOUR)


def plan(name: str = "rule", hours: int = 24, **fields: Any) -> Planned:
    channel = fields.pop("channel", EMAIL)
    rule = ReminderRule(name=name, channel=channel, before=HOUR)
    return Planned(rule=rule, due_at=NOW + hours * HOUR, **fields)


def message(name: str = "rule", hours: int = 24, **fields: Any) -> Message:
    channel = fields.pop("channel", EMAIL)
    return a_message(
        CLINIC,
        LEAD,
        **{
            "key": key_of(VISIT, channel, name),
            "about": f"reminder/{name}",
            "channel": channel,
            "appointment_id": AppointmentId(VISIT.id),
            "due_at": NOW + hours * HOUR,
            **fields,
        },
    )


def renewed(present: list[Message], *planned: Planned) -> Renewal:
    return renewal(present, planned, NOW)


def test_a_new_rule_adds_a_reminder_and_one_that_is_gone_ends_its_own() -> None:
    old, new = message("old"), plan("new")
    assert renewed([old], new) == Renewal(added=(new,), ended=(old,))


def test_another_time_changes_the_reminder_that_waits() -> None:
    present, sooner = message(hours=24), plan(hours=40)
    assert renewed([present], sooner) == Renewal(changed=((present, sooner),))


def test_the_same_rule_on_another_channel_is_another_reminder() -> None:
    present, text = message(channel=EMAIL), plan(channel=SMS)
    assert renewed([present], text) == Renewal(added=(text,), ended=(present,))


TAKEN = [
    {"state": S.PENDING, "attempts": 1},
    {"state": S.PENDING, "attempts": 1, "sent_at": NOW},
    {"state": S.PENDING, "because": "quiet_hours"},
    {"state": S.SENT, "attempts": 1, "sent_at": NOW},
    {"state": S.DELIVERED, "attempts": 1, "sent_at": NOW},
    {"state": S.BOUNCED, "attempts": 1},
    {"state": S.PARKED, "attempts": 10},
    {"state": S.SKIPPED, "attempts": 1, "because": "no_consent"},
    {"state": S.CANCELLED, "because": "appointment_changed"},
]


@pytest.mark.parametrize("fields", TAKEN, ids=lambda fields: " ".join(map(str, fields.values())))
def test_what_was_sent_claimed_or_ended_otherwise_is_not_touched(fields: dict[str, Any]) -> None:
    assert renewed([message(**fields)], plan(hours=40)) == Renewal()
    assert renewed([message(**fields)]) == Renewal()


def test_what_would_have_been_due_before_is_neither_sent_nor_waited_for() -> None:
    waiting = message()
    for past in (plan(hours=-1), plan(hours=0), plan(because=TOO_LATE), plan(because=SAME_TIME)):
        assert renewed([], past) == Renewal()
        assert renewed([waiting], past) == Renewal(ended=(waiting,))


def test_what_is_due_and_was_not_taken_yet_still_goes() -> None:
    late, same = message(hours=-1), plan(hours=-1)
    assert renewed([late], same) == Renewal(changed=((late, same),))


@pytest.mark.parametrize(
    "fields",
    [
        {"state": S.SKIPPED, "because": TOO_LATE},
        {"state": S.SKIPPED, "because": "no_template"},
        {"state": S.CANCELLED, "because": RULES_CHANGED},
    ],
)
def test_what_was_left_out_comes_if_it_is_to_come_by_now(fields: dict[str, Any]) -> None:
    present, to_come = message(**fields), plan(hours=40)
    assert renewed([present], to_come) == Renewal(changed=((present, to_come),))
    assert renewed([present], plan(hours=-1)) == Renewal()


def test_reminders_by_hand_and_confirmations_belong_to_no_rule() -> None:
    present = [message(BY_HAND), message(CONFIRMATION)]
    assert renewed(present, plan(CONFIRMATION, hours=1)) == Renewal()


@pytest.mark.parametrize(
    "name, fields, planned, due",
    [
        ("rule", {}, plan(hours=20), 20),
        ("rule", {}, None, 25),
        ("rule", {}, plan(because=TOO_LATE), 25),
        ("rule", {"attempts": 1}, plan(hours=20), 24),
        (f"{BY_HAND}:1", {"about": f"reminder/{BY_HAND}"}, None, 24),
        (CONFIRMATION, {}, None, 24),
    ],
)
def test_what_waits_goes_along_with_a_visit_whose_clocks_change(
    name: str, fields: dict[str, Any], planned: Planned | None, due: int
) -> None:
    after = evolve(VISIT, starts_at=VISIT.starts_at + HOUR, sequence=1)
    went = along(message(name, **fields), planned, VISIT, after)
    assert went.key == key_of(after, EMAIL, name)
    assert (went.due_at, went.not_after) == (NOW + due * HOUR, after.starts_at)
