"""Rules, templates and sequences of a clinic are checked as a whole."""

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from orthocrm.core.cadence import SIX_TOUCH, Sequence, Step
from orthocrm.core.errors import InvalidInput
from orthocrm.core.ids import StageSlug
from orthocrm.core.notifying import MessageChannel
from orthocrm.core.query import AllOf, Cond
from orthocrm.core.rules import DEFAULT_RULES, FollowUpRule, Trigger
from orthocrm.core.settings import Settings, checked_settings
from orthocrm.core.task import LeadTaskType
from orthocrm.core.templates import Language, MessageTemplate, TaskTemplate

HELLO = MessageTemplate(name="hello", channel=MessageChannel.SMS, body="Hi {contact_first_name}")
CALL = FollowUpRule(
    name="call", trigger=Trigger.LEAD_CAPTURED, task=LeadTaskType.CALL, title="Call"
)
WAIT = evolve(CALL, trigger=Trigger.NO_CONTACT)
STEP = Step(after=timedelta(), task=LeadTaskType.CALL, title="Call")
PAPERS = TaskTemplate(name="papers", type=LeadTaskType.PAPERWORK_REMINDER, title="Send papers")


def problems_of(**settings: Any) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as caught:
        checked_settings(Settings(**settings))
    return [(problem.path, problem.code) for problem in caught.value.problems]


@pytest.mark.parametrize(
    "fields, problem",
    [
        ({"name": ""}, ("rules.0.name", "bad_name")),
        ({"name": "stage:x"}, ("rules.0.name", "bad_name")),
        ({"name": None}, ("rules.0.name", "bad_name")),
        ({"title": None}, ("rules.0.title", "required")),
        ({"title": "  "}, ("rules.0.title", "required")),
        ({"title": "{patient_born_on}"}, ("rules.0.title", "personal_data")),
        ({"task": "CALL THEM"}, ("rules.0.task", "unknown_value")),
        ({"task": None, "title": None}, ("rules.0", "does_nothing")),
        ({"after": timedelta(seconds=-1)}, ("rules.0.after", "out_of_range")),
        ({"after": timedelta(days=9999)}, ("rules.0.after", "out_of_range")),
        ({"after": 300}, ("rules.0.after", "wrong_type")),
        ({"trigger": "FOO"}, ("rules.0.trigger", "unknown_value")),
        ({"attempts": 3}, ("rules.0.attempts", "not_for_this_trigger")),
        ({"trigger": Trigger.UNANSWERED, "attempts": 0}, ("rules.0.attempts", "out_of_range")),
        ({"trigger": Trigger.UNANSWERED, "attempts": True}, ("rules.0.attempts", "out_of_range")),
        ({"message": "nothing"}, ("rules.0.message", "unknown_template")),
        ({"message": ["hello"]}, ("rules.0.message", "unknown_template")),
        ({"sequence": "six_touch"}, ("rules.0.sequence", "unknown_sequence")),
        ({"where": "stage = contacted"}, ("rules.0.where", "wrong_type")),
        ({"where": Cond("notes", "eq", "x")}, ("rules.0.where", "unknown_field")),
        ({"where": Cond("unanswered", "ge", "3")}, ("rules.0.where", "wrong_type")),
        ({"where": AllOf((Cond("interest", "eq", "x"),))}, ("rules.0.where", "bad_operator")),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(
    fields: dict[str, Any], problem: tuple[str, str]
) -> None:
    assert problems_of(rules=(evolve(CALL, **fields),)) == [problem]


def test_a_rule_that_waits_leaves_a_trace_by_which_one_sees_that_it_spoke() -> None:
    silent = evolve(WAIT, task=None, title=None, message="break_up")

    assert problems_of(rules=(silent,)) == [("rules.0.task", "required")]
    sound = evolve(silent, sequence="six_touch")
    assert checked_settings(Settings(rules=(sound,), sequences=(SIX_TOUCH,))).rules == (sound,)


@pytest.mark.parametrize("name", ["rules", "task_templates", "message_templates", "sequences"])
@pytest.mark.parametrize(
    "value, path, code", [([], "", "wrong_type"), (("x",), ".0", "wrong_type")]
)
def test_what_is_no_rule_template_or_sequence_is_refused(
    name: str, value: object, path: str, code: str
) -> None:
    assert (name + path, code) in problems_of(**{name: value})


@pytest.mark.parametrize(
    "settings, repeated",
    [
        ({"rules": (CALL, WAIT)}, "rules"),
        ({"task_templates": (PAPERS, evolve(PAPERS, title="Ask"))}, "task_templates"),
        ({"message_templates": (HELLO, evolve(HELLO, body="Hi"))}, "message_templates"),
        ({"sequences": (SIX_TOUCH, SIX_TOUCH)}, "sequences"),
    ],
)
def test_names_are_given_once(settings: dict[str, Any], repeated: str) -> None:
    assert problems_of(**settings) == [
        (f"{repeated}.0.name", "repeated"),
        (f"{repeated}.1.name", "repeated"),
    ]


def test_templates_share_a_name_by_channel_and_language() -> None:
    spanish = evolve(HELLO, language=Language.SPANISH, body="Hola")
    letter = evolve(HELLO, channel=MessageChannel.EMAIL, subject="Hello")
    settings = Settings(message_templates=(HELLO, spanish, letter))

    assert checked_settings(settings) is settings


def test_a_bad_template_is_named_by_its_place() -> None:
    bad = evolve(HELLO, name="bad", body="Hi {insurance_carrier}")

    assert problems_of(message_templates=(HELLO, bad)) == [
        ("message_templates.1.body", "personal_data")
    ]
    assert problems_of(task_templates=(evolve(PAPERS, title="{"),)) == [
        ("task_templates.0.title", "unbalanced_braces")
    ]
    unsound: dict[str, Any] = {"type": "X", "after": timedelta(-1)}
    assert problems_of(task_templates=(evolve(PAPERS, **unsound),)) == [
        ("task_templates.0.after", "out_of_range"),
        ("task_templates.0.type", "unknown_value"),
    ]


@pytest.mark.parametrize(
    "step, problem",
    [
        ("call", ("sequences.0.steps.0", "wrong_type")),
        (evolve(STEP, task=None), ("sequences.0.steps.0", "does_nothing")),
        (evolve(STEP, title=None), ("sequences.0.steps.0.title", "required")),
        (evolve(STEP, message="nothing"), ("sequences.0.steps.0.message", "unknown_template")),
        (evolve(STEP, after=timedelta(-1)), ("sequences.0.steps.0.after", "out_of_range")),
    ],
)
def test_a_step_that_makes_no_sense_is_refused(step: Any, problem: tuple[str, str]) -> None:
    assert problems_of(sequences=(Sequence(name="s", steps=(step,)),)) == [problem]


@pytest.mark.parametrize("steps", [(), [STEP], (STEP,) * 51])
def test_a_sequence_has_one_to_fifty_steps(steps: Any) -> None:
    assert problems_of(sequences=(Sequence(name="s", steps=steps),)) == [
        ("sequences.0.steps", "bad_steps")
    ]


@pytest.mark.parametrize(
    "settings, path",
    [
        ({"escalate_after": timedelta()}, "escalate_after"),
        ({"escalate_after": 24}, "escalate_after"),
        ({"retrain_after": timedelta(hours=23)}, "retrain_after"),
        ({"retrain_after": timedelta(days=366)}, "retrain_after"),
        ({"retrain_after": 30}, "retrain_after"),
        ({"holidays": "Texas"}, "holidays"),
        ({"holidays": "us"}, "holidays"),
        ({"holidays": "US-"}, "holidays"),
        ({"holidays": 1}, "holidays"),
    ],
)
def test_bad_choices_are_named(settings: dict[str, Any], path: str) -> None:
    assert problems_of(**settings) == [(path, "bad_setting")]


def test_the_rules_to_start_with_do_without_their_templates() -> None:
    bare = Settings(message_templates=())

    assert checked_settings(bare).rules == DEFAULT_RULES


def test_the_six_defaults_are_those_of_the_source() -> None:
    told = [(r.trigger.value, r.stage, r.attempts, r.after, r.task) for r in DEFAULT_RULES]

    assert told == [
        ("LEAD_CAPTURED", None, None, timedelta(minutes=5), LeadTaskType.CALL),
        ("NO_CONTACT", None, None, timedelta(hours=24), LeadTaskType.FOLLOW_UP),
        (
            "STAGE_ENTERED",
            StageSlug("consultation_scheduled"),
            None,
            timedelta(),
            LeadTaskType.CONSULTATION_CONFIRM,
        ),
        (
            "STAGE_ENTERED",
            StageSlug("consultation_completed"),
            None,
            timedelta(days=3),
            LeadTaskType.FOLLOW_UP,
        ),
        ("IN_STAGE", StageSlug("pending_decision"), None, timedelta(days=7), LeadTaskType.CALL),
        ("UNANSWERED", None, 3, timedelta(), LeadTaskType.EMAIL),
    ]


def test_the_six_touch_preset_is_sound_and_has_six_touches() -> None:
    assert checked_settings(Settings(sequences=(SIX_TOUCH,))).sequences == (SIX_TOUCH,)
    assert len(SIX_TOUCH.steps) == 6
