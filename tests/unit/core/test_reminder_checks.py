"""Ways of reminding that cannot be, each refused by its field."""

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from orthocrm.core.errors import InvalidInput
from orthocrm.core.messaging import Cap, Messaging
from orthocrm.core.notifying import MessageChannel
from orthocrm.core.reminding import QuietPolicy, Reminding
from orthocrm.core.settings import Settings, checked_settings
from orthocrm.core.visit_type import ReminderRule, VisitType

RULE = ReminderRule(name="day", channel=MessageChannel.EMAIL, before=timedelta(days=1))
MINUTE = timedelta(minutes=1)


def found(**settings: Any) -> list[tuple[str, str]]:
    try:
        checked_settings(Settings(**settings))
    except InvalidInput as refusal:
        return [(problem.path, problem.code) for problem in refusal.problems]
    return []


@pytest.mark.parametrize(
    "field, value",
    [
        ("quiet", "later"),
        ("quiet", None),
        ("min_lead", timedelta()),
        ("min_lead", timedelta(seconds=90)),
        ("min_lead", timedelta(days=1, minutes=1)),
        ("min_lead", 60),
        ("by_hand_a_day", -1),
        ("by_hand_a_day", 25),
        ("by_hand_a_day", True),
        ("by_hand_a_day", "2"),
        ("details", "yes"),
        ("details", 1),
    ],
)
def test_a_way_of_reminding_that_cannot_be_is_refused_by_its_field(field: str, value: Any) -> None:
    ((path, _),) = found(reminding=evolve(Reminding(), **{field: value}))
    assert path == f"reminding.{field}"


def test_what_is_no_way_of_reminding_is_refused() -> None:
    assert found(reminding=None) == [("reminding", "wrong_type")]


def test_the_bounds_are_allowed() -> None:
    least = Reminding(quiet=QuietPolicy.SKIP, min_lead=MINUTE, by_hand_a_day=0, details=True)
    most = Reminding(quiet=QuietPolicy.EARLIER, min_lead=timedelta(days=1), by_hand_a_day=24)
    assert found(reminding=least) == found(reminding=most) == []


@pytest.mark.parametrize("name", ["nothing", "", ["day"], 3])
def test_a_rule_names_a_template_that_there_is(name: Any) -> None:
    wrong = (evolve(RULE, template=name),)
    kind = VisitType(slug="braces", name="Braces", reminders=(RULE, evolve(wrong[0], name="b")))
    assert found(reminders=wrong) == [("reminders.0.template", "unknown_template")]
    assert found(visit_types=(kind,)) == [
        ("visit_types.0.reminders.1.template", "unknown_template")
    ]


def test_the_templates_to_start_with_and_those_of_the_clinic_are_known() -> None:
    assert found(reminders=(evolve(RULE, template="appointment_reminder"),)) == []
    assert found(reminders=(evolve(RULE, template="appointment_reminder_details"),)) == []


def test_rules_that_are_no_rules_are_refused_once() -> None:
    assert found(reminders=("daily",)) == [("reminders.0", "wrong_type")]
    assert found(reminders=None) == [("reminders", "wrong_type")]


def test_whether_a_cap_holds_for_reminders_is_true_or_false() -> None:
    cap: Any = Cap(channel=MessageChannel.SMS, a_day=1, a_week=3, reminders="no")  # type: ignore[arg-type]  # what it is about
    assert found(messaging=Messaging(caps=(cap,))) == [("messaging.caps", "bad_setting")]
