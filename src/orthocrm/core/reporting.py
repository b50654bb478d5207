"""What a clinic decides about its reports: what a patient brings in, who gets which, how much."""

from collections.abc import Callable
from datetime import time
from enum import StrEnum

from attrs import frozen

from orthocrm.core import limits
from orthocrm.core.custom_fields import CustomField, FieldKind
from orthocrm.core.errors import Problem
from orthocrm.core.ids import UserId
from orthocrm.core.money import Money

LARGEST_SMALLEST = 100
"""How large the smallest group that is shown may be asked to be."""


class Every(StrEnum):
    """After what a report comes again: about yesterday, last week (Mondays on) or last month."""

    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"


@frozen(kw_only=True)
class ScheduledReport:
    """A report that staff get by e-mail whenever a period is over, `at` a wall time of the clinic.

    Everybody gets what doctors may see: numbers, and no lead behind any.
    """

    report: str
    every: Every
    users: tuple[UserId, ...]
    at: time = time(7)


@frozen(kw_only=True)
class Reporting:
    """Choices for reports.

    What a patient brings in stands in the NUMBER of `revenue_field`, a custom field, or else is
    `average_fee`. To those who see no leads, groups of fewer than `smallest_group` are not shown
    either; None: all are.
    """

    average_fee: Money | None = None
    revenue_field: str | None = None
    smallest_group: int | None = None
    schedules: tuple[ScheduledReport, ...] = ()


def reporting_problems(
    reporting: object, currency: str, custom_fields: tuple[CustomField, ...]
) -> list[Problem]:
    """Name everything about reports that does not fit."""
    if not isinstance(reporting, Reporting):
        return [Problem("reporting", "bad_setting", "give Reporting")]
    found = [
        (f"reporting.{path}", message)
        for path, message, holds in _CHECKS
        if not holds(reporting, currency, custom_fields)
    ]
    return [Problem(path, "bad_setting", message) for path, message in found]


Check = Callable[[Reporting, str, tuple[CustomField, ...]], bool]


def _fee(reporting: Reporting, currency: str, _: tuple[CustomField, ...]) -> bool:
    fee = reporting.average_fee
    return fee is None or (isinstance(fee, Money) and fee.minor >= 0 and fee.currency == currency)


def _revenue(reporting: Reporting, _: str, custom_fields: tuple[CustomField, ...]) -> bool:
    name = reporting.revenue_field
    return name is None or any(
        own.name == name and own.kind is FieldKind.NUMBER and not own.is_encrypted
        for own in custom_fields
    )


def _smallest(reporting: Reporting, _: str, __: tuple[CustomField, ...]) -> bool:
    least = reporting.smallest_group
    return least is None or (type(least) is int and 1 < least <= LARGEST_SMALLEST)


def _schedules(reporting: Reporting, _: str, __: tuple[CustomField, ...]) -> bool:
    schedules = reporting.schedules
    return isinstance(schedules, tuple) and all(map(_is_schedule, schedules))


def _is_schedule(one: object) -> bool:
    return (
        isinstance(one, ScheduledReport)
        and isinstance(one.report, str)
        and isinstance(one.every, Every)
        and isinstance(one.at, time)
        and one.at.tzinfo is None
        and isinstance(one.users, tuple)
        and bool(one.users)
        and all(isinstance(user, str) and 0 < len(user) <= limits.REFERENCE for user in one.users)
    )


_CHECKS: tuple[tuple[str, str, Check], ...] = (
    ("average_fee", "give an amount in the clinic's currency, not below nothing", _fee),
    ("revenue_field", "give the name of a custom NUMBER that is not personal", _revenue),
    ("smallest_group", f"give a whole number, 2 to {LARGEST_SMALLEST}", _smallest),
    ("schedules", "give reports, how often, users, and a wall time without a zone", _schedules),
)
