"""From questions to aggregates: one for the total and, where it is cut, more for the groups.

The same conditions are given to whoever wants to see the leads behind a number.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

from attrs import evolve, field, frozen

from orthocrm.analytics.asking import (
    LEADS,
    LOST,
    TIMES,
    WON,
    Ask,
    Basis,
    By,
    Choice,
    Cut,
    Label,
    Rows,
    Whole,
)
from orthocrm.analytics.labels import unknown_group
from orthocrm.core.errors import InvalidInput
from orthocrm.core.query import (
    EVERYTHING,
    Aggregate,
    AllOf,
    Bucket,
    Classes,
    Cond,
    Group,
    Grouping,
    Measure,
    Op,
    Where,
    both,
)
from orthocrm.core.settings import Practice
from orthocrm.core.source import LeadSourceCategory

T = TypeVar("T")

_LEAD: Final = "lead."

Condition = Where | Callable[[Ask], Where]
"""A condition, or one that depends on the question: on the time, for example."""


@frozen(kw_only=True)
class Facts:
    """Which rows a number is about: leads, or rows of theirs as `lead_visits` are.

    `at` is the instant that has to lie in the period; None: the number is about now, whatever the
    period. `fields` tells which field of the rows stands for a cut that is not one of the lead's.
    """

    of: str = LEADS
    at: str | None = Basis.CREATED.value
    where: Condition = EVERYTHING
    fields: Mapping[Cut, str] = field(factory=dict)

    def named(self, name: str) -> str:
        """Give the name of a field of the lead, as these rows know it."""
        return name if self.of == LEADS else _LEAD + name

    def by(self, cut: Cut) -> str:
        """Give the field by which rows are cut."""
        return self.fields.get(cut) or self.named(cut.value)

    def of_lead(self, where: Where) -> Where:
        """Say of these rows what a condition says of leads."""
        if isinstance(where, Cond):
            name = self.by(By.OWNER) if where.field == By.OWNER.value else self.named(where.field)
            return evolve(where, field=name)
        return type(where)(tuple(self.of_lead(part) for part in where.parts))


COHORT: Final = Facts()
"""The leads that came in during the period."""

_FACTS: Mapping[Basis, Facts] = {
    Basis.CREATED: COHORT,
    Basis.CONVERTED: Facts(at=Basis.CONVERTED.value, where=WON),
    Basis.LOST: Facts(at=Basis.LOST.value, where=LOST),
}


@frozen
class Behind:
    """The rows behind a number, where these are not leads but belong to leads."""

    of: str
    where: Where


@frozen
class Without:
    """Leads, but for those to whom some rows belong."""

    where: Where
    rows: Behind


def facts_of(basis: Basis | Facts) -> Facts:
    """Give the rows of a basis."""
    return basis if isinstance(basis, Facts) else _FACTS[basis]


def said(where: Condition, ask: Ask) -> Where:
    """Give a condition for a question."""
    return where(ask) if callable(where) else where


def population(ask: Ask, basis: Basis | Facts) -> Where:
    """Give the condition of the rows that a question is about; deleted leads never count."""
    facts = facts_of(basis)
    return both(
        Cond(facts.named("deleted_at"), Op.ABSENT),
        said(facts.where, ask),
        _in_period(ask, facts),
        facts.of_lead(ask.within),
    )


def _in_period(ask: Ask, facts: Facts) -> Where | None:
    if ask.period is None or facts.at is None:
        return None
    return during(facts.at, *ask.period.instants(ask.timezone))


def during(at: str, start: datetime, end: datetime) -> Where:
    """Say that an instant lies in `[start, end)`."""
    return AllOf((Cond(at, Op.GE, start), Cond(at, Op.LT, end)))


def chosen(ask: Ask, basis: Basis | Facts, choice: Choice) -> Where:
    """Give the condition of one group of a question, or of all of them."""
    facts = facts_of(basis)
    if choice is Whole.TOTAL:
        return population(ask, facts)
    return both(population(ask, facts), _labelled(ask, facts, choice))


def _labelled(ask: Ask, facts: Facts, label: Label) -> Where:
    if ask.by is None:
        raise InvalidInput.at("group", "not_cut", "the question is not cut into groups")
    if ask.by is By.CATEGORY:
        return _known(dict(_categories(ask.practice, facts)), label)
    if ask.by in TIMES:
        pieces = {piece.first: piece for piece in ask.pieces}
        return during(_time(facts), *_known(pieces, label).instants(ask.timezone))
    return _is(facts.by(ask.by), label)


def _known(groups: Mapping[Any, T], label: Label) -> T:
    if label not in groups:
        raise unknown_group()
    return groups[label]


def _is(field_name: str, label: Label) -> Where:
    return Cond(field_name, Op.ABSENT) if label is None else Cond(field_name, Op.EQ, label)


def _time(facts: Facts) -> str:
    if facts.at is None:
        message = "this number is about now: there are no pieces of time"
        raise InvalidInput.at("by", "not_over_time", message)
    return facts.at


def _categories(practice: Practice, facts: Facts) -> tuple[tuple[Label, Where], ...]:
    """Give each category's rows; None takes those without a source, and of unknown sources."""
    known, name = _codes(practice), facts.by(By.SOURCE)
    none_of_them = both(*(Cond(name, Op.NE, source.id) for source in practice.sources))
    return (
        *((str(c), Cond(name, Op.IN, tuple(known[c]))) for c in sorted(known)),
        (None, none_of_them),
    )


def _codes(practice: Practice) -> Mapping[LeadSourceCategory, Sequence[str]]:
    """Give the sources of each category."""
    known: dict[LeadSourceCategory, list[str]] = {}
    for source in practice.sources:
        known.setdefault(source.category, []).append(source.id)
    return known


def aggregates(
    ask: Ask,
    basis: Basis | Facts,
    measures: tuple[Measure, ...],
    then_by: tuple[str, ...] = (),
) -> tuple[Aggregate, ...]:
    """Give the queries of a question: the total first, then the groups."""
    facts = facts_of(basis)
    asked = population(ask, facts)
    total = Aggregate(facts.of, measures, then_by, asked)
    if ask.by is None:
        return (total,)
    return (total, evolve(total, by=(_key(ask, ask.by, facts), *then_by)))


def _key(ask: Ask, by: Cut, facts: Facts) -> Grouping:
    if by is By.CATEGORY:
        known = _codes(ask.practice)
        names = sorted(known)
        return Classes(facts.by(By.SOURCE), tuple((str(c), tuple(known[c])) for c in names))
    if by not in TIMES:
        return facts.by(by)
    pieces = ask.pieces
    edges = [piece.instants(ask.timezone)[0] for piece in pieces]
    return Bucket(_time(facts), (*edges, pieces[-1].instants(ask.timezone)[1]))


def labelled(ask: Ask, answers: Sequence[Rows]) -> tuple[tuple[Label, Rows], ...]:
    """Sort the answers behind the total by label; every month is there, even without a lead."""
    if ask.by is None:
        return ()
    return _by_key(ask, answers[1])


def _by_key(ask: Ask, groups: Rows) -> tuple[tuple[Label, Rows], ...]:
    pieces = ask.pieces
    found: dict[Label, list[Group]] = {piece.first: [] for piece in pieces}
    for group in groups:
        head, *rest = group.key
        label = pieces[head].first if pieces else head
        found.setdefault(label, []).append(Group(tuple(rest), group.values))
    return tuple(found.items())
