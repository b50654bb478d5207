"""Whether a clinic's ways of reminding are sound, and its rules name templates that there are."""

from collections.abc import Iterator
from datetime import timedelta

from orthocrm.core.default_templates import DEFAULT_NAMES
from orthocrm.core.errors import Problem
from orthocrm.core.reminding import QuietPolicy, Reminding
from orthocrm.core.templates import MessageTemplate
from orthocrm.core.visit_type import ReminderRule, VisitType

MOST_BY_HAND = 24
"""The most reminders that may be sent by hand, for one appointment in 24 hours."""

_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)


def reminding_problems(reminding: object) -> Iterator[Problem]:
    """Name everything that is wrong with how a clinic reminds: `reminding.min_lead`."""
    if not isinstance(reminding, Reminding):
        yield Problem("reminding", "wrong_type", "give Reminding")
        return
    if not isinstance(reminding.quiet, QuietPolicy):
        yield Problem("reminding.quiet", "unknown_value", "give a QuietPolicy")
    lead = reminding.min_lead
    if not isinstance(lead, timedelta) or lead % _MINUTE or not _MINUTE <= lead <= _DAY:
        yield Problem("reminding.min_lead", "out_of_range", "give whole minutes, 1 to 1440")
    most = reminding.by_hand_a_day
    if type(most) is not int or not 0 <= most <= MOST_BY_HAND:
        yield Problem("reminding.by_hand_a_day", "out_of_range", f"give 0 to {MOST_BY_HAND}")
    if not isinstance(reminding.details, bool):
        yield Problem("reminding.details", "wrong_type", "give true or false")


def reminder_template_problems(
    reminders: object, types: object, templates: object
) -> Iterator[Problem]:
    """Name the rules whose templates there are not: `visit_types.0.reminders.1.template`."""
    known = DEFAULT_NAMES | {one.name for one in _those(templates, MessageTemplate)}
    yield from _unknown(reminders, "reminders", known)
    if isinstance(types, tuple):
        for place, kind in enumerate(types):
            if isinstance(kind, VisitType):
                yield from _unknown(kind.reminders, f"visit_types.{place}.reminders", known)


def _unknown(rules: object, path: str, known: frozenset[str]) -> Iterator[Problem]:
    if not isinstance(rules, tuple):
        return
    for place, rule in enumerate(rules):
        if not isinstance(rule, ReminderRule) or rule.template is None:
            continue
        if not isinstance(rule.template, str) or rule.template not in known:
            message = "name one of the message templates"
            yield Problem(f"{path}.{place}.template", "unknown_template", message)


def _those(values: object, kind: type[MessageTemplate]) -> list[MessageTemplate]:
    if not isinstance(values, tuple):
        return []
    return [one for one in values if isinstance(one, kind) and isinstance(one.name, str)]
