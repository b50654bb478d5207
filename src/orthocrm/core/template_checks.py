"""The linter of templates: refuses what a channel may not carry, and what could not be sent.

An SMS or push message is read by whoever sees the telephone. So it names the practice, date, time,
number and the first name of the person addressed, and no treatment, insurance or surname. Birth
dates, insurance, notes and interests leave by no channel at all.
"""

import re
import unicodedata
from collections.abc import Iterator

from orthocrm.core import limits
from orthocrm.core.errors import Problem
from orthocrm.core.merge_fields import (
    CARRIES,
    FIELDS,
    Level,
    examples,
    fields_of,
    filled,
    is_balanced,
    is_withheld,
)
from orthocrm.core.notifying import MessageChannel, Purpose
from orthocrm.core.segments import segments
from orthocrm.core.templates import MessageTemplate, TaskTemplate

MOST_SEGMENTS = 3
"""The most segments of an SMS: 459 signs of the GSM alphabet, 201 where any other sign occurs."""

MOST_SUBJECT = 150
MOST_PUSH_SUBJECT = 50
MOST_PUSH = 180
_MOST_SMS_TEXT = 1600
_LINE_BREAKS = "\n\r\t"

_HEALTH_WORDS = re.compile(
    r"\b(braces|brackets?|invisalign|aligners?|retainers?|expanders?|headgear|overbite|underbite"
    r"|crossbite|malocclusion|extractions?|x-?rays?|treatments?|diagnos\w+|insurance|deductible"
    r"|frenos|alineador(es)?|retenedor(es)?|mordida|tratamientos?|radiograf\w+|aseguradora"
    r"|seguro\s+(m[eé]dico|dental))\b",
    re.IGNORECASE,
)
_OPT_OUT = re.compile(r"\b(STOP|ALTO|UNSUBSCRIBE)\b")


def message_problems(template: object, path: str) -> Iterator[Problem]:
    """Name everything that is wrong with a message template, by `path` of the setting."""
    if not isinstance(template, MessageTemplate):
        yield Problem(path, "wrong_type", "give a MessageTemplate")
        return
    yield from name_problems(template.name, f"{path}.name")
    if template.channel not in CARRIES:
        yield Problem(f"{path}.channel", "no_templates", "templates are for e-mail, SMS and push")
        return
    if template.purpose not in (Purpose.CARE, Purpose.MARKETING):
        message = "families are written to for care or marketing"
        yield Problem(f"{path}.purpose", "bad_purpose", message)
    body, level = f"{path}.body", CARRIES[template.channel]
    found = list(_text_problems(template.body, body, _most_body(template), level))
    yield from found
    if not found:
        yield from _size_problems(template, body)
        yield from _opt_out_problems(template, body)
    yield from _subject_problems(template, f"{path}.subject")


def task_problems(template: object, path: str) -> Iterator[Problem]:
    """Name everything that is wrong with a task template."""
    if not isinstance(template, TaskTemplate):
        yield Problem(path, "wrong_type", "give a TaskTemplate")
        return
    yield from name_problems(template.name, f"{path}.name")
    yield from title_problems(template.title, f"{path}.title")
    if template.description is not None:
        yield from _text_problems(
            template.description, f"{path}.description", limits.NOTES, Level.ADDRESSED
        )


def name_problems(name: object, path: str) -> Iterator[Problem]:
    """Check the name of a rule, template or sequence: a colon would mix it up with others."""
    if not isinstance(name, str) or not 0 < len(name) <= limits.NAME or not name.isprintable():
        message = f"give 1 to {limits.NAME} printable characters"
        yield Problem(path, "bad_name", message)
    elif ":" in name or name != name.strip():
        yield Problem(path, "bad_name", "give a name without a colon and outer spaces")


def title_problems(title: object, path: str) -> Iterator[Problem]:
    """Check the title of a task to come: one line, which may carry names."""
    yield from _text_problems(title, path, limits.LABEL, Level.ADDRESSED)
    if isinstance(title, str) and len(title) <= limits.LABEL and not title.strip():
        yield Problem(path, "required", "say what is to be done")


def _most_body(template: MessageTemplate) -> int:
    return limits.NOTES if template.channel is MessageChannel.EMAIL else _MOST_SMS_TEXT


def _text_problems(text: object, path: str, most: int, level: Level) -> Iterator[Problem]:
    """Check a text, its length before anything else looks at it."""
    if not isinstance(text, str):
        yield Problem(path, "wrong_type", "give a text")
    elif len(text) > most:
        yield Problem(path, "too_long", f"give at most {most} characters")
    elif _has_control(text):
        yield Problem(path, "bad_character", "remove the control characters")
    elif not is_balanced(text):
        message = "write every field in braces of its own, and no other braces"
        yield Problem(path, "unbalanced_braces", message)
    else:
        yield from _field_problems(text, path, level)


def _has_control(text: str) -> bool:
    return not text.isprintable() and any(
        unicodedata.category(sign) in ("Cc", "Cs") and sign not in _LINE_BREAKS for sign in text
    )


def _field_problems(text: str, path: str, level: Level) -> Iterator[Problem]:
    names = fields_of(text)
    unknown = [name for name in names if name not in FIELDS]
    if any(is_withheld(name) for name in unknown):
        yield Problem(path, "personal_data", "such personal data leaves by no channel")
    elif unknown:
        yield Problem(path, "unknown_field", "name merge fields that exist")
    elif any(FIELDS[name].level > level for name in names):
        message = "this channel carries practice, date, time and the contact's first name only"
        yield Problem(path, "personal_data", message)
    if level is Level.OPEN and _HEALTH_WORDS.search(filled(text, {}).text):
        yield Problem(path, "health_data", "name no treatment and no insurance on this channel")


def _size_problems(template: MessageTemplate, path: str) -> Iterator[Problem]:
    shown = filled(template.body, examples(fields_of(template.body))).text
    if not shown.strip():
        yield Problem(path, "required", "write a text")
    elif template.channel is MessageChannel.SMS and segments(shown).count > MOST_SEGMENTS:
        size = segments(shown)
        message = f"{size.count} segments of {size.encoding}: at most {MOST_SEGMENTS}"
        yield Problem(path, "too_long", message)
    elif template.channel is MessageChannel.PUSH and len(shown) > MOST_PUSH:
        yield Problem(path, "too_long", f"give at most {MOST_PUSH} characters")


def _opt_out_problems(template: MessageTemplate, path: str) -> Iterator[Problem]:
    is_text = template.channel is MessageChannel.SMS
    if is_text and template.purpose is Purpose.MARKETING and not _OPT_OUT.search(template.body):
        yield Problem(path, "no_opt_out", "say how to opt out: Reply STOP to opt out")


def _subject_problems(template: MessageTemplate, path: str) -> Iterator[Problem]:
    subject, channel = template.subject, template.channel
    if channel is MessageChannel.SMS:
        if subject is not None:
            yield Problem(path, "not_for_this_channel", "an SMS has no subject")
        return
    if subject is None:
        if channel is MessageChannel.EMAIL:
            yield Problem(path, "required", "an e-mail needs a subject")
        return
    most = MOST_SUBJECT if channel is MessageChannel.EMAIL else MOST_PUSH_SUBJECT
    yield from _text_problems(subject, path, most, CARRIES[channel])
    if isinstance(subject, str) and len(subject) <= most:
        if not subject.strip():
            yield Problem(path, "required", "an e-mail needs a subject")
        elif not subject.isprintable():
            yield Problem(path, "bad_character", "give one line")
