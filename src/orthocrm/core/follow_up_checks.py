"""Whether a clinic's rules, templates and sequences are sound, and name only what there is."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta

from attrs import frozen

from orthocrm.core.cadence import Sequence, Step
from orthocrm.core.default_templates import DEFAULT_NAMES
from orthocrm.core.errors import InvalidInput, Problem
from orthocrm.core.facts import LEADS
from orthocrm.core.query import Where
from orthocrm.core.rules import TIMED, FollowUpRule, Trigger
from orthocrm.core.task import LeadTaskType
from orthocrm.core.template_checks import (
    message_problems,
    name_problems,
    task_problems,
    title_problems,
)
from orthocrm.core.templates import MessageTemplate, TaskTemplate

MOST = 500
"""The most rules, templates or sequences of a clinic."""

MOST_STEPS = 50
_LONGEST = timedelta(days=3650)
_MOST_ATTEMPTS = 1000


@frozen(kw_only=True)
class _Known:
    messages: frozenset[str]
    sequences: frozenset[str]


def follow_up_problems(
    rules: object, task_templates: object, message_templates: object, sequences: object
) -> list[Problem]:
    """Name everything that is wrong, by path: `message_templates.0.body`."""
    known = _Known(
        messages=DEFAULT_NAMES | _names(message_templates, MessageTemplate),
        sequences=_names(sequences, Sequence),
    )
    return [
        *_each(task_templates, "task_templates", _task_template, _name),
        *_each(message_templates, "message_templates", message_problems, _message_key),
        *_each(sequences, "sequences", lambda s, path: _sequence(s, path, known), _name),
        *_each(rules, "rules", lambda r, path: _rule(r, path, known), _name),
    ]


def brought_rule_problems(rule: object, name: str) -> list[Problem]:
    """Name what is wrong with a plug-in's rule; templates and sequences are the clinics' affair."""
    if isinstance(rule, FollowUpRule) and rule.name != name:
        return [Problem("rule.name", "bad_name", "give the rule under its own name")]
    names = {getattr(rule, "message", None)}, {getattr(rule, "sequence", None)}
    messages, sequences = (frozenset(n for n in of if isinstance(n, str)) for of in names)
    return [*_rule(rule, "rule", _Known(messages=messages, sequences=sequences))]


def _names(values: object, kind: type[MessageTemplate | Sequence]) -> frozenset[str]:
    if not isinstance(values, tuple):
        return frozenset()
    names = [value.name for value in values if isinstance(value, kind)]
    return frozenset(name for name in names if isinstance(name, str))


def _name(value: FollowUpRule | TaskTemplate | Sequence) -> tuple[object, ...]:
    return (value.name,)


def _message_key(value: MessageTemplate) -> tuple[object, ...]:
    return (value.name, value.channel, value.language)


def _each(
    values: object,
    path: str,
    check: Callable[[object, str], Iterable[Problem]],
    key: Callable[..., tuple[object, ...]],
) -> Iterator[Problem]:
    if not isinstance(values, tuple):
        yield Problem(path, "wrong_type", "give a tuple")
        return
    if len(values) > MOST:
        yield Problem(path, "too_many", f"give at most {MOST}")
        return
    problems = [list(check(value, f"{path}.{i}")) for i, value in enumerate(values)]
    yield from (problem for found in problems for problem in found)
    sound = [(i, key(v)) for i, v in enumerate(values) if not problems[i]]
    counted = Counter(k for _, k in sound)
    for i, k in sound:
        if counted[k] > 1:
            yield Problem(f"{path}.{i}.name", "repeated", "give each of them a name of its own")


def _task_template(template: object, path: str) -> Iterator[Problem]:
    yield from task_problems(template, path)
    if isinstance(template, TaskTemplate):
        yield from _wait(template.after, f"{path}.after")
        yield from _task_type(template.type, f"{path}.type")


def _sequence(sequence: object, path: str, known: _Known) -> Iterator[Problem]:
    if not isinstance(sequence, Sequence):
        yield Problem(path, "wrong_type", "give a Sequence")
        return
    yield from name_problems(sequence.name, f"{path}.name")
    steps = sequence.steps
    if not isinstance(steps, tuple) or not 1 <= len(steps) <= MOST_STEPS:
        yield Problem(f"{path}.steps", "bad_steps", f"give a tuple of 1 to {MOST_STEPS} steps")
        return
    for i, step in enumerate(steps):
        yield from _step(step, f"{path}.steps.{i}", known)


def _step(step: object, path: str, known: _Known) -> Iterator[Problem]:
    if not isinstance(step, Step):
        yield Problem(path, "wrong_type", "give a Step")
        return
    if step.task is None and step.message is None:
        yield Problem(path, "does_nothing", "give a task, a message, or both")
    yield from _wait(step.after, f"{path}.after")
    yield from _task_of(step.task, step.title, path)
    yield from _message(step.message, f"{path}.message", known)


def _rule(rule: object, path: str, known: _Known) -> Iterator[Problem]:
    if not isinstance(rule, FollowUpRule):
        yield Problem(path, "wrong_type", "give a FollowUpRule")
        return
    yield from name_problems(rule.name, f"{path}.name")
    if not isinstance(rule.trigger, Trigger):
        yield Problem(f"{path}.trigger", "unknown_value", "give one of the triggers")
    yield from _action(rule, path)
    yield from _wait(rule.after, f"{path}.after")
    yield from _attempts(rule, f"{path}.attempts")
    yield from _task_of(rule.task, rule.title, path)
    yield from _message(rule.message, f"{path}.message", known)
    name = rule.sequence
    if name is not None and not (isinstance(name, str) and name in known.sequences):
        yield Problem(f"{path}.sequence", "unknown_sequence", "name one of the sequences")
    if rule.where is not None:
        yield from _where(rule.where, f"{path}.where")


def _action(rule: FollowUpRule, path: str) -> Iterator[Problem]:
    if rule.trigger in TIMED and rule.task is None and rule.sequence is None:
        message = "a rule that waits needs a task or a sequence, by which one sees that it spoke"
        yield Problem(f"{path}.task", "required", message)
    elif not (rule.task or rule.message or rule.sequence or rule.suggest_lost):
        yield Problem(path, "does_nothing", "give a task, a message, a sequence or a suggestion")


def _attempts(rule: FollowUpRule, path: str) -> Iterator[Problem]:
    if rule.attempts is None:
        return
    is_count = isinstance(rule.attempts, int) and not isinstance(rule.attempts, bool)
    if not is_count or not 1 <= rule.attempts <= _MOST_ATTEMPTS:
        yield Problem(path, "out_of_range", f"give 1 to {_MOST_ATTEMPTS}")
    elif rule.trigger is not Trigger.UNANSWERED:
        yield Problem(path, "not_for_this_trigger", "only UNANSWERED counts attempts")


def _task_of(task: object, title: object, path: str) -> Iterator[Problem]:
    if task is not None:
        yield from _task_type(task, f"{path}.task")
        if title is None:
            yield Problem(f"{path}.title", "required", "say what is to be done")
    if title is not None:
        yield from title_problems(title, f"{path}.title")


def _task_type(task: object, path: str) -> Iterator[Problem]:
    if not isinstance(task, LeadTaskType):
        yield Problem(path, "unknown_value", "give one of the kinds of task")


def _message(name: object, path: str, known: _Known) -> Iterator[Problem]:
    if name is not None and not (isinstance(name, str) and name in known.messages):
        yield Problem(path, "unknown_template", "name one of the message templates")


def _wait(after: object, path: str) -> Iterator[Problem]:
    if not isinstance(after, timedelta):
        yield Problem(path, "wrong_type", "give a timedelta")
    elif not timedelta() <= after <= _LONGEST:
        yield Problem(path, "out_of_range", "give no negative time and at most ten years")


def _where(where: Where, path: str) -> Iterator[Problem]:
    try:
        LEADS.checked(where)
    except InvalidInput as error:
        for problem in error.problems:
            yield Problem(path, problem.code, f"{problem.path}: {problem.message}")
    except (AttributeError, TypeError, ValueError, RecursionError):
        yield Problem(path, "wrong_type", "give a condition of the query language")
