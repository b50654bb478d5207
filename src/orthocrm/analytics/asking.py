"""What is asked of a metric: which leads, of which period, cut how.

A question becomes aggregates over leads, one for the total and, where it is cut, more for the
groups. The same conditions are given to whoever wants to see the leads behind a number.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import Enum, StrEnum
from typing import Any, Final, Literal, TypeVar

from attrs import evolve, field, frozen

from orthocrm.core.errors import InvalidInput
from orthocrm.core.query import (
    EVERYTHING,
    Aggregate,
    AllOf,
    Bucket,
    Cond,
    Group,
    Measure,
    Op,
    Where,
    both,
)
from orthocrm.core.settings import Practice
from orthocrm.core.source import LeadSourceCategory
from orthocrm.core.time import Period, instant

T = TypeVar("T")

LEADS: Final = "leads"


class By(StrEnum):
    """How the leads of a question may be cut into groups; each lead falls into exactly one."""

    SOURCE = "source"
    CATEGORY = "category"
    OWNER = "owner"
    FURTHEST = "furthest"
    MONTH = "month"
    LOST_REASON = "lost_reason"
    LOST_STAGE = "lost_stage"


class Basis(StrEnum):
    """Which instant of a lead has to lie in the period; the values are names of fields.

    CREATED is the cohort: leads by the date on which they came in, whenever they were won or lost.
    """

    CREATED = "created_at"
    CONVERTED = "converted_at"
    LOST = "lost_at"


class Whole(Enum):
    """Stands for all groups together."""

    TOTAL = "total"


Label = str | date | None
"""Names a group: an id, a code, the first day of a month, or None for what nobody recorded."""

Choice = Label | Literal[Whole.TOTAL]

WON = Cond("converted_at", Op.PRESENT)
LOST = AllOf((Cond("lost_at", Op.PRESENT), Cond("converted_at", Op.ABSENT)))
OPEN = AllOf((Cond("lost_at", Op.ABSENT), Cond("converted_at", Op.ABSENT)))
"""Neither won nor lost, an archived lead among them: won, lost and open make up every cohort."""

_ENTERED: Mapping[Basis, Where] = {
    Basis.CREATED: EVERYTHING,
    Basis.CONVERTED: WON,
    Basis.LOST: LOST,
}


def _by(value: str | None) -> By | None:
    try:
        return None if value is None else By(value)
    except ValueError:
        raise InvalidInput.at("by", "unknown_grouping", f"give one of {', '.join(By)}") from None


def _now(value: datetime) -> datetime:
    return instant(value, "now")


@frozen(kw_only=True)
class Ask:
    """A question to a metric: without a period it is about all time, without `by` it is not cut.

    `within` narrows it further, for example to what the actor may count.
    """

    practice: Practice
    now: datetime = field(converter=_now)
    period: Period | None = None
    by: By | None = field(default=None, converter=_by)
    within: Where = EVERYTHING

    def __attrs_post_init__(self) -> None:
        if self.period is not None and not isinstance(self.period, Period):
            raise InvalidInput.at("period", "wrong_type", "give a Period")
        if self.by is By.MONTH and self.period is None:
            raise InvalidInput.at("by", "needs_period", "months need a period")

    @property
    def timezone(self) -> str:
        """The zone in which the clinic's days and months begin."""
        return self.practice.clinic.timezone

    def cut(self, by: By | str | None) -> "Ask":
        """Ask the same, cut in another way."""
        return evolve(self, by=by)

    def previous(self) -> "Ask":
        """Ask the same of the comparison window: as long before, or the calendar month before."""
        return evolve(self, period=None if self.period is None else self.period.previous())


def population(ask: Ask, basis: Basis) -> Where:
    """Give the condition of the leads that a question is about; deleted ones never count."""
    return both(
        Cond("deleted_at", Op.ABSENT),
        _ENTERED[basis],
        None if ask.period is None else _during(basis, *ask.period.instants(ask.timezone)),
        ask.within,
    )


def _during(basis: Basis, start: datetime, end: datetime) -> Where:
    return AllOf((Cond(basis.value, Op.GE, start), Cond(basis.value, Op.LT, end)))


def chosen(ask: Ask, basis: Basis, choice: Choice) -> Where:
    """Give the condition of one group of a question, or of all of them."""
    if choice is Whole.TOTAL:
        return population(ask, basis)
    return both(population(ask, basis), _labelled(ask, basis, choice))


def _labelled(ask: Ask, basis: Basis, label: Label) -> Where:
    if ask.by is By.CATEGORY:
        return _known(dict(_categories(ask.practice)), label)
    if ask.by is By.MONTH:
        months = {month.first: month for month in _months(ask)}
        return _during(basis, *_known(months, label).instants(ask.timezone))
    if ask.by is None:
        raise InvalidInput.at("group", "not_cut", "the question is not cut into groups")
    return _is(ask.by.value, label)


def _known(groups: Mapping[Any, T], label: Label) -> T:
    if label not in groups:
        raise InvalidInput.at("group", "unknown_group", "the question has no such group")
    return groups[label]


def _is(field_name: str, label: Label) -> Where:
    return Cond(field_name, Op.ABSENT) if label is None else Cond(field_name, Op.EQ, label)


def _months(ask: Ask) -> tuple[Period, ...]:
    return () if ask.period is None else tuple(ask.period.months())


def _categories(practice: Practice) -> tuple[tuple[Label, Where], ...]:
    """Give each category's leads; None takes those without a source, and of unknown sources."""
    known: dict[LeadSourceCategory, list[str]] = {}
    for source in practice.sources:
        known.setdefault(source.category, []).append(source.id)
    none_of_them = both(*(Cond("source", Op.NE, source.id) for source in practice.sources))
    return (
        *((str(c), Cond("source", Op.IN, tuple(known[c]))) for c in sorted(known)),
        (None, none_of_them),
    )


def aggregates(
    ask: Ask, basis: Basis, measures: tuple[Measure, ...], then_by: tuple[str, ...] = ()
) -> tuple[Aggregate, ...]:
    """Give the queries of a question: the total first, then the groups."""
    asked = population(ask, basis)
    total = Aggregate(LEADS, measures, then_by, asked)
    if ask.by is None:
        return (total,)
    if ask.by is By.CATEGORY:
        parts = _categories(ask.practice)
        return (total, *(evolve(total, where=both(asked, part)) for _, part in parts))
    return (total, evolve(total, by=(_key(ask, ask.by, basis), *then_by)))


def _key(ask: Ask, by: By, basis: Basis) -> str | Bucket:
    if by is not By.MONTH:
        return by.value
    months = _months(ask)
    edges = [month.instants(ask.timezone)[0] for month in months]
    return Bucket(basis.value, (*edges, months[-1].instants(ask.timezone)[1]))


Rows = Sequence[Group]


def labelled(ask: Ask, answers: Sequence[Rows]) -> tuple[tuple[Label, Rows], ...]:
    """Sort the answers behind the total by label; every month is there, even without a lead."""
    if ask.by is None:
        return ()
    if ask.by is By.CATEGORY:
        parts = zip(_categories(ask.practice), answers[1:], strict=True)
        return tuple((label, rows) for (label, _), rows in parts if _counts(rows))
    return _by_key(ask, answers[1])


def _counts(rows: Rows) -> bool:
    """Whether any lead is behind the rows; a total is a row even when there is none."""
    return any(value for group in rows for value in group.values.values())


def _by_key(ask: Ask, groups: Rows) -> tuple[tuple[Label, Rows], ...]:
    months = _months(ask) if ask.by is By.MONTH else ()
    found: dict[Label, list[Group]] = {month.first: [] for month in months}
    for group in groups:
        head, *rest = group.key
        label = months[head].first if months else head
        found.setdefault(label, []).append(Group(tuple(rest), group.values))
    return tuple(found.items())
