"""The linter of templates."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from orthocrm.core.default_templates import DEFAULT_MESSAGES, DEFAULT_NAMES
from orthocrm.core.merge_fields import CARRIES, FIELDS, Level
from orthocrm.core.notifying import MessageChannel, Purpose
from orthocrm.core.task import LeadTaskType
from orthocrm.core.template_checks import message_problems, task_problems
from orthocrm.core.templates import Language, MessageTemplate, TaskTemplate

SMS, EMAIL, PUSH = MessageChannel.SMS, MessageChannel.EMAIL, MessageChannel.PUSH


def refused(**fields: Any) -> list[tuple[str, str]]:
    usual: dict[str, Any] = {"name": "hello", "channel": SMS, "body": "Hi {contact_first_name}"}
    template = MessageTemplate(**{**usual, **fields})
    return [(problem.path, problem.code) for problem in message_problems(template, "t")]


def mail(**fields: Any) -> list[tuple[str, str]]:
    return refused(**{"channel": EMAIL, "subject": "Hello", **fields})


@pytest.mark.parametrize("body", [f"Hi {{{name}}}" for name in FIELDS])
@pytest.mark.parametrize("check, channel", [(refused, SMS), (mail, EMAIL)])
def test_a_channel_carries_the_fields_up_to_its_level_and_no_others(
    check: Callable[..., list[tuple[str, str]]], channel: MessageChannel, body: str
) -> None:
    allowed = FIELDS[body[4:-1]].level <= CARRIES[channel]

    assert check(body=body) == ([] if allowed else [("t.body", "personal_data")])


def test_a_text_message_names_no_surname_and_no_patient() -> None:
    of_both = {name for name, field in FIELDS.items() if field.level is Level.OPEN}

    assert of_both == {
        "practice",
        "practice_phone",
        "practice_email",
        "practice_website",
        "contact_first_name",
        "appointment_date",
        "appointment_time",
    }


@pytest.mark.parametrize(
    "field",
    [
        "patient_born_on",
        "dob",
        "date_of_birth",
        "age",
        "insurance_carrier",
        "member_id",
        "notes",
        "interests",
        "treatment",
        "lost_reason",
        "address_line1",
        "contact_phone",
        "contact.email",
        "health_concerns",
    ],
)
@pytest.mark.parametrize("check", [refused, mail])
def test_birth_dates_insurance_notes_and_interests_leave_by_no_channel(
    check: Callable[..., list[tuple[str, str]]], field: str
) -> None:
    assert check(body=f"Hi {{{field}}}") == [("t.body", "personal_data")]


@pytest.mark.parametrize(
    "body, code",
    [
        (7, "wrong_type"),
        (None, "wrong_type"),
        ("", "required"),
        (" \n", "required"),
        ("Hi {nobody}", "unknown_field"),
        ("Hi {}", "unknown_field"),
        ("Hi {practice!r}", "unknown_field"),
        ("Hi {practice.__class__}", "unknown_field"),
        ("Hi {PRACTICE}", "unknown_field"),
        ("Hi { practice }", "unknown_field"),
        ("Hi {practice", "unbalanced_braces"),
        ("Hi practice}", "unbalanced_braces"),
        ("Hi {{practice}}", "unbalanced_braces"),
        ("Hi {a{practice}}", "unbalanced_braces"),
        ("Hi \x00", "bad_character"),
        ("Hi \x1b[31m", "bad_character"),
        ("Hi \ud800", "bad_character"),
        ("x" * 10_000_000, "too_long"),
        ("x" * 460, "too_long"),
        ("í" * 202, "too_long"),
        ("Your braces are ready", "health_data"),
        ("INVISALIGN consult today", "health_data"),
        ("Su tratamiento", "health_data"),
        ("We checked your insurance", "health_data"),
    ],
)
def test_a_text_message_that_could_not_or_should_not_be_sent_is_refused(
    body: object, code: str
) -> None:
    assert refused(body=body) == [("t.body", code)]


@pytest.mark.parametrize("body", ["x" * 459, "í" * 201, "Hi\nthere", "Hi 👋", "مرحبا {practice}"])
def test_a_text_message_of_up_to_three_segments_is_fine(body: str) -> None:
    assert refused(body=body) == []


def test_the_error_states_the_segments() -> None:
    (problem,) = message_problems(
        MessageTemplate(name="long", channel=SMS, body="é" * 500), "message_templates.0"
    )

    assert (problem.path, problem.message) == (
        "message_templates.0.body",
        "4 segments of GSM-7: at most 3",
    )


@pytest.mark.parametrize(
    "fields, problem",
    [
        ({"subject": None}, ("t.subject", "required")),
        ({"subject": "  "}, ("t.subject", "required")),
        ({"subject": "a\nBcc: b"}, ("t.subject", "bad_character")),
        ({"subject": "x" * 151}, ("t.subject", "too_long")),
        ({"subject": 1}, ("t.subject", "wrong_type")),
        ({"subject": "{insurance}"}, ("t.subject", "personal_data")),
        ({"body": "x" * 10_001}, ("t.body", "too_long")),
        ({"channel": SMS}, ("t.subject", "not_for_this_channel")),
        ({"channel": MessageChannel.WEBHOOK}, ("t.channel", "no_templates")),
        ({"channel": "FAX"}, ("t.channel", "no_templates")),
        ({"purpose": Purpose.STAFF}, ("t.purpose", "bad_purpose")),
        ({"purpose": "ADS"}, ("t.purpose", "bad_purpose")),
        ({"name": ""}, ("t.name", "bad_name")),
        ({"name": "rule:x"}, ("t.name", "bad_name")),
        ({"name": " x"}, ("t.name", "bad_name")),
        ({"name": "x" * 101}, ("t.name", "bad_name")),
        ({"name": 3}, ("t.name", "bad_name")),
    ],
)
def test_what_is_wrong_with_a_template_is_named(
    fields: Mapping[str, Any], problem: tuple[str, str]
) -> None:
    assert mail(**fields) == [problem]


def test_a_push_message_is_short() -> None:
    assert refused(channel=PUSH, body="x" * 180) == []
    assert refused(channel=PUSH, body="x" * 181) == [("t.body", "too_long")]
    assert refused(channel=PUSH, body="x", subject="y" * 51) == [("t.subject", "too_long")]


def test_marketing_by_text_says_how_to_opt_out() -> None:
    offer = {"purpose": Purpose.MARKETING, "body": "Open house on Friday!"}

    assert refused(**offer) == [("t.body", "no_opt_out")]
    assert refused(**{**offer, "body": "Open house! Reply STOP to opt out"}) == []
    assert mail(**offer) == []


def test_what_is_no_template_is_refused() -> None:
    assert [p.code for p in message_problems("hi", "t")] == ["wrong_type"]
    assert [p.code for p in task_problems({"name": "x"}, "t")] == ["wrong_type"]


@pytest.mark.parametrize(
    "fields, problem",
    [
        ({"title": ""}, ("t.title", "required")),
        ({"title": None}, ("t.title", "wrong_type")),
        ({"title": "x" * 256}, ("t.title", "too_long")),
        ({"title": "Call {patient_born_on}"}, ("t.title", "personal_data")),
        ({"description": "{"}, ("t.description", "unbalanced_braces")),
        ({"name": "a:b"}, ("t.name", "bad_name")),
    ],
)
def test_what_is_wrong_with_a_task_template_is_named(
    fields: Mapping[str, Any], problem: tuple[str, str]
) -> None:
    usual: dict[str, Any] = {"name": "call", "type": LeadTaskType.CALL, "title": "Call"}
    template = TaskTemplate(**{**usual, **fields})

    assert [(p.path, p.code) for p in task_problems(template, "t")] == [problem]


@pytest.mark.parametrize("template", DEFAULT_MESSAGES, ids=lambda t: f"{t.name}-{t.language}")
def test_the_templates_to_start_with_are_sound(template: MessageTemplate) -> None:
    assert list(message_problems(template, "t")) == []


def test_every_template_to_start_with_comes_in_english_and_spanish() -> None:
    for name in DEFAULT_NAMES:
        ways = {(t.channel, t.language) for t in DEFAULT_MESSAGES if t.name == name}
        channels = {channel for channel, _ in ways}
        assert ways == {(channel, language) for channel in channels for language in Language}
