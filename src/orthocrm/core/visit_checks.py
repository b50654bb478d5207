"""Whether a clinic's types of visits, its chairs and rooms, and its reminders are sound."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta

from orthocrm.core import limits
from orthocrm.core.errors import Problem
from orthocrm.core.money import Money
from orthocrm.core.notifying import MessageChannel
from orthocrm.core.visit_type import (
    BookableResource,
    Question,
    ReminderRule,
    ResourceKind,
    StartGrid,
    VisitType,
)

MOST = 500
"""The most types, resources or reminders of a clinic, and providers of a type."""

SHORTEST, LONGEST = timedelta(minutes=5), timedelta(minutes=480)
"""A visit takes 5 minutes to 8 hours."""

MOST_PLACES = 10_000
"""As many as the engine of free times knows (`orthocrm.scheduling`)."""

_NOTHING, _MINUTE, _DAY = timedelta(), timedelta(minutes=1), timedelta(days=1)
_YEAR = timedelta(days=365)
_MOST_DAYS = 3660
_DAY_MINUTES = 24 * 60
_SLUG = re.compile("[a-z][a-z0-9_]{0,63}")
_WRITTEN = (MessageChannel.EMAIL, MessageChannel.SMS, MessageChannel.PUSH)


def visit_problems(types: object, resources: object, reminders: object) -> list[Problem]:
    """Name everything that is wrong, by path: `visit_types.0.duration`."""
    pools = _pools(resources)
    return [
        *_each(types, "visit_types", lambda one, path: _type(one, path, pools), "slug"),
        *_each(resources, "resources", _resource, "id"),
        *_each(reminders, "reminders", _reminder, "name"),
    ]


def _pools(resources: object) -> frozenset[str]:
    if not isinstance(resources, tuple):
        return frozenset()
    pools = [one.pool for one in resources if isinstance(one, BookableResource)]
    return frozenset(pool for pool in pools if isinstance(pool, str))


def _each(
    values: object, path: str, check: Callable[[object, str], Iterable[Problem]], key: str
) -> Iterator[Problem]:
    """Check every value of a tuple, and that no two have the same key."""
    if not isinstance(values, tuple):
        yield Problem(path, "wrong_type", "give a tuple")
        return
    if len(values) > MOST:
        yield Problem(path, "too_many", f"give at most {MOST}")
        return
    problems = [list(check(value, f"{path}.{i}")) for i, value in enumerate(values)]
    yield from (problem for found in problems for problem in found)
    sound = [i for i in range(len(values)) if not problems[i]]
    counted = Counter(getattr(values[i], key) for i in sound)
    for i in sound:
        if counted[getattr(values[i], key)] > 1:
            yield Problem(f"{path}.{i}.{key}", "repeated", f"give each of them a {key} of its own")


def _type(one: object, path: str, pools: frozenset[str]) -> Iterator[Problem]:
    if not isinstance(one, VisitType):
        yield Problem(path, "wrong_type", "give a VisitType")
        return
    yield from _slug(one.slug, f"{path}.slug")
    yield from _label(one.name, f"{path}.name")
    yield from _times(one, path)
    yield from _counts(one, path)
    yield from _people(one, path)
    yield from _pools_of(one, path, pools)
    yield from _answers(one, path)
    if one.reminders is not None:
        yield from _each(one.reminders, f"{path}.reminders", _reminder, "name")


def _times(one: VisitType, path: str) -> Iterator[Problem]:
    yield from _length(one.duration, f"{path}.duration", SHORTEST, LONGEST)
    if one.step is not None:
        yield from _length(one.step, f"{path}.step", _MINUTE, _DAY)
    yield from _length(one.offset, f"{path}.offset", _NOTHING, _DAY)
    yield from _length(one.buffer_before, f"{path}.buffer_before", _NOTHING, _DAY)
    yield from _length(one.buffer_after, f"{path}.buffer_after", _NOTHING, _DAY)
    yield from _length(one.notice, f"{path}.notice", _NOTHING, _YEAR)
    yield from _length(one.cancel_notice, f"{path}.cancel_notice", _NOTHING, _YEAR)
    yield from _length(one.hold, f"{path}.hold", _MINUTE, _DAY)
    if not isinstance(one.align, StartGrid):
        yield Problem(f"{path}.align", "unknown_value", "give a StartGrid")


def _counts(one: VisitType, path: str) -> Iterator[Problem]:
    yield from _whole(one.horizon, f"{path}.horizon", 0, _MOST_DAYS)
    yield from _whole(one.capacity, f"{path}.capacity", 1, MOST_PLACES)
    if one.max_per_day is not None:
        yield from _whole(one.max_per_day, f"{path}.max_per_day", 0, MOST_PLACES)
    if one.moves is not None:
        yield from _whole(one.moves, f"{path}.moves", 0, MOST_PLACES)


def _people(one: VisitType, path: str) -> Iterator[Problem]:
    wrong = [*_names(one.providers, f"{path}.providers"), *_groups(one.groups, f"{path}.groups")]
    yield from wrong
    if wrong or not one.groups:
        return
    if one.all_providers:
        message = "either one of each group takes part, or all providers do"
        yield Problem(f"{path}.all_providers", "groups_and_all", message)
    if one.providers and not all({*group} <= {*one.providers} for group in one.groups):
        message = "give providers of the type, group by group"
        yield Problem(f"{path}.groups", "unknown_value", message)


def _groups(groups: object, path: str) -> Iterator[Problem]:
    if not isinstance(groups, tuple) or len(groups) > MOST:
        yield Problem(path, "wrong_type", f"give a tuple of at most {MOST} groups")
        return
    for i, group in enumerate(groups):
        yield from _names(group, f"{path}.{i}", least=1)


def _names(values: object, path: str, least: int = 0) -> Iterator[Problem]:
    """Refuse what is no tuple of distinct ids."""
    if not isinstance(values, tuple) or not least <= len(values) <= MOST:
        yield Problem(path, "wrong_type", f"give a tuple of {least} to {MOST} ids")
    elif not all(_is_id(value) for value in values):
        yield Problem(path, "wrong_type", f"give ids of 1 to {limits.REFERENCE} characters")
    elif len({*values}) < len(values):
        yield Problem(path, "repeated", "give each of them once")


def _is_id(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= limits.REFERENCE and value.isprintable()


def _pools_of(one: VisitType, path: str, pools: frozenset[str]) -> Iterator[Problem]:
    wrong = list(_names(one.pools, f"{path}.pools"))
    yield from wrong
    if not wrong and not pools.issuperset(one.pools):
        yield Problem(f"{path}.pools", "unknown_value", "give pools of the clinic's resources")


def _answers(one: VisitType, path: str) -> Iterator[Problem]:
    yield from _each(one.questions, f"{path}.questions", _question, "name")
    if one.price is not None and not _is_price(one.price):
        yield Problem(f"{path}.price", "not_money", "give Money of nothing or more")


def _is_price(price: object) -> bool:
    if not isinstance(price, Money) or type(price.minor) is not int:
        return False
    return price.minor >= 0 and re.fullmatch("[A-Z]{3}", str(price.currency)) is not None


def _question(question: object, path: str) -> Iterator[Problem]:
    if not isinstance(question, Question):
        yield Problem(path, "wrong_type", "give a Question")
        return
    yield from _slug(question.name, f"{path}.name")
    yield from _label(question.label, f"{path}.label")


def _resource(resource: object, path: str) -> Iterator[Problem]:
    if not isinstance(resource, BookableResource):
        yield Problem(path, "wrong_type", "give a BookableResource")
        return
    for name in ("id", "pool"):
        if not _is_id(getattr(resource, name)):
            message = f"give 1 to {limits.REFERENCE} characters"
            yield Problem(f"{path}.{name}", "wrong_type", message)
    yield from _label(resource.label, f"{path}.label")
    yield from _whole(resource.places, f"{path}.places", 1, MOST_PLACES)
    if not isinstance(resource.kind, ResourceKind):
        yield Problem(f"{path}.kind", "unknown_value", "give a ResourceKind")


def _reminder(rule: object, path: str) -> Iterator[Problem]:
    """Check a reminder, which speaks some time before the start, or on a day before it."""
    if not isinstance(rule, ReminderRule):
        yield Problem(path, "wrong_type", "give a ReminderRule")
        return
    yield from _slug(rule.name, f"{path}.name")
    if rule.channel not in _WRITTEN:
        yield Problem(f"{path}.channel", "unknown_value", "reminders go by e-mail, SMS or push")
    by_date = rule.days_before is not None or rule.wall_time is not None
    if by_date == (rule.before is not None):
        message = "give either before, or days_before and wall_time"
        yield Problem(f"{path}.before", "before_or_days", message)
    elif rule.before is not None:
        yield from _length(rule.before, f"{path}.before", _MINUTE, _YEAR)
    else:
        yield from _whole(rule.days_before, f"{path}.days_before", 0, _YEAR.days)
        yield from _whole(rule.wall_time, f"{path}.wall_time", 0, _DAY_MINUTES - 1)


def _slug(value: object, path: str) -> Iterator[Problem]:
    if not isinstance(value, str) or not _SLUG.fullmatch(value):
        message = "give up to 64 small letters, digits and underscores, a letter first"
        yield Problem(path, "bad_name", message)


def _label(value: object, path: str) -> Iterator[Problem]:
    if not isinstance(value, str) or not value.strip() or len(value) > limits.LABEL:
        yield Problem(path, "bad_label", f"give 1 to {limits.LABEL} characters")


def _whole(value: object, path: str, least: int, most: int) -> Iterator[Problem]:
    if type(value) is not int or not least <= value <= most:
        yield Problem(path, "out_of_range", f"give {least} to {most}")


def _length(value: object, path: str, least: timedelta, most: timedelta) -> Iterator[Problem]:
    if not isinstance(value, timedelta) or value % _MINUTE:
        yield Problem(path, "not_whole_minutes", "give whole minutes")
    elif not least <= value <= most:
        shortest, longest = least // _MINUTE, most // _MINUTE
        yield Problem(path, "out_of_range", f"give {shortest} to {longest} minutes")
