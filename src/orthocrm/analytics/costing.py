"""What leads and patients cost, what they bring, and what is left (metric 12).

Costs are effective-dated rows that accrue by the day. What a patient brings is the number in the
clinic's `revenue_field`, or its `average_fee` where that says nothing. Amounts are exact fractions
of minor units until they are shown, and groups are rounded so that they add up to their total.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, ClassVar, Final

from attrs import evolve, frozen

from orthocrm.analytics.asking import Ask, Basis, By, Choice, Label, Rows, Whole, queried
from orthocrm.analytics.costs import Cost, accrued, shared_out
from orthocrm.analytics.grouping import Behind, Facts, facts_of, labelled
from orthocrm.analytics.grouping import aggregates as asked_of
from orthocrm.analytics.measures import DENOMINATOR, NUMERATOR, Tally, unknown_part
from orthocrm.analytics.results import Figures
from orthocrm.core.errors import InvalidInput
from orthocrm.core.ids import ClinicId, SourceId, SpendId
from orthocrm.core.marketing import Spend, SpendKind
from orthocrm.core.money import Money, exponent_of
from orthocrm.core.query import Aggregate, Calculation, Cond, Measure, Op, Where
from orthocrm.core.settings import Practice

COSTED: Final = frozenset({None, By.SOURCE, By.CATEGORY, By.CAMPAIGN, By.MONTH, By.WEEK, By.DAY})
"""The cuts for which costs are known."""

_ROW = ("source", "campaign", "kind", "currency", "starts_on", "ends_on")
_AMOUNT = Measure("amount", Calculation.SUM, "amount")


@frozen(kw_only=True)
class Price:
    """What something costs: a cost over a number; `each` is None over nothing."""

    cost: Cost
    number: int

    @property
    def each(self) -> Decimal | None:
        """The cost over the number, in major units to the minor one."""
        return self.cost.per(self.number)


@frozen(kw_only=True)
class Return:
    """What was brought in, and what it cost.

    `value` is None where nothing was spent, and where nobody knows what patients bring.
    """

    revenue: Cost
    cost: Cost
    number: int
    is_known: bool = True

    @property
    def value(self) -> float | None:
        """Revenue without cost, over cost."""
        gained = self.revenue.minor - self.cost.minor
        return float(gained / self.cost.minor) if self.cost.minor and self.is_known else None


@frozen(kw_only=True)
class PerHead:
    """What each of a tally's leads costs. Parts: `denominator`, the leads."""

    parts: ClassVar = (DENOMINATOR,)

    of: Tally

    def queries(self, ask: Ask) -> tuple[Aggregate, ...]:
        """Fetch the costs, and count the leads."""
        return (_spending(ask), *self.of.queries(ask))

    def read(self, ask: Ask, answers: Sequence[Rows]) -> Figures[Price]:
        """Give the prices; a group that only costs is there as well."""
        costs, heads = costs_of(ask, answers[0]), self.of.read(ask, answers[1:])
        counts, paid = dict(heads.groups), dict(costs.groups)
        free = Cost(Fraction(0), costs.total.currency)
        labels: Mapping[Label, None] = dict.fromkeys((*counts, *paid))
        return Figures(
            Price(cost=costs.total, number=heads.total),
            tuple(
                (label, Price(cost=paid.get(label, free), number=counts.get(label, 0)))
                for label in labels
            ),
        )

    def drill(self, ask: Ask, part: str, choice: Choice = Whole.TOTAL) -> Where | Behind:
        """Give the leads over whom the cost is spread."""
        return _heads(self.of, ask, part, choice)


def _heads(of: Tally, ask: Ask, part: str, choice: Choice) -> Where | Behind:
    if part != DENOMINATOR:
        raise unknown_part((DENOMINATOR,))
    return of.drill(ask, NUMERATOR, choice)


_STARTS = Measure("starts")


@frozen(kw_only=True)
class Earned:
    """What so many conversions brought in; `is_known` where the practice says what they bring."""

    money: Cost
    number: int
    is_known: bool = True


@frozen(kw_only=True)
class Revenue:
    """What the conversions of a basis brought in. Parts: `numerator`, the conversions."""

    parts: ClassVar = (NUMERATOR,)

    basis: Basis = Basis.CONVERTED

    def queries(self, ask: Ask) -> tuple[Aggregate, ...]:
        """Add up what is recorded, and count where nothing is."""
        return asked_of(ask, self._facts, (_STARTS, *_fees(ask.practice)))

    def read(self, ask: Ask, answers: Sequence[Rows]) -> Figures[Earned]:
        """Give the revenues."""
        total = _earned(ask.practice, answers[0])
        groups = [(label, _earned(ask.practice, rows)) for label, rows in labelled(ask, answers)]
        parts = shared_out(total.money, [earned.money for _, earned in groups])
        return Figures(
            total,
            tuple(
                (label, evolve(earned, money=money))
                for (label, earned), money in zip(groups, parts, strict=True)
            ),
        )

    def drill(self, ask: Ask, part: str, choice: Choice = Whole.TOTAL) -> Where | Behind:
        """Give the conversions."""
        if part != NUMERATOR:
            raise unknown_part(self.parts)
        return Tally(facts=self._facts).drill(ask, NUMERATOR, choice)

    @property
    def _facts(self) -> Facts:
        if self.basis is Basis.CONVERTED:
            return facts_of(self.basis)
        return evolve(facts_of(self.basis), where=Cond("converted_at", Op.PRESENT))


@frozen(kw_only=True)
class Roi:
    """What the conversions of a basis brought, without what the period cost, over what it cost.

    Parts: `numerator`, the conversions.
    """

    parts: ClassVar = (NUMERATOR,)

    revenue: Revenue

    def queries(self, ask: Ask) -> tuple[Aggregate, ...]:
        """Fetch the costs, and add up the revenue."""
        return (_spending(ask), *self.revenue.queries(ask))

    def read(self, ask: Ask, answers: Sequence[Rows]) -> Figures[Return]:
        """Give the returns; a group that only costs is there as well."""
        costs, earned = costs_of(ask, answers[0]), self.revenue.read(ask, answers[1:])
        brought, paid = dict(earned.groups), dict(costs.groups)
        nothing = Cost(Fraction(0), costs.total.currency)
        none = Earned(money=nothing, number=0)
        labels: Mapping[Label, None] = dict.fromkeys((*brought, *paid))
        known = knows_revenue(ask.practice)
        return Figures(
            _returned(earned.total, costs.total, is_known=known),
            tuple(
                (
                    label,
                    _returned(brought.get(label, none), paid.get(label, nothing), is_known=known),
                )
                for label in labels
            ),
        )

    def drill(self, ask: Ask, part: str, choice: Choice = Whole.TOTAL) -> Where | Behind:
        """Give the conversions."""
        return self.revenue.drill(ask, part, choice)


def knows_revenue(practice: Practice) -> bool:
    """Whether the practice says what a patient brings."""
    reporting = practice.clinic.settings.reporting
    return reporting.average_fee is not None or reporting.revenue_field is not None


def _returned(earned: Earned, cost: Cost, *, is_known: bool) -> Return:
    return Return(revenue=earned.money, cost=cost, number=earned.number, is_known=is_known)


def _fees(practice: Practice) -> tuple[Measure, ...]:
    name = practice.clinic.settings.reporting.revenue_field
    own = None if name is None else practice.custom_field_by_name.get(name)
    known = None if own is None else queried(own)
    if known is None:
        return ()
    return Measure("fees", Calculation.SUM, known), Measure("paid", Calculation.COUNT, known)


def _earned(practice: Practice, rows: Rows) -> Earned:
    settings = practice.clinic.settings
    values: Mapping[str, Any] = rows[0].values if rows else {"starts": 0}
    minor = Fraction(values.get("fees") or 0) * _scale(practice)
    if settings.reporting.average_fee is not None:
        minor += (values["starts"] - values.get("paid", 0)) * settings.reporting.average_fee.minor
    return Earned(
        money=Cost(minor, settings.currency),
        number=values["starts"],
        is_known=knows_revenue(practice),
    )


def _scale(practice: Practice) -> Fraction:
    """Give the minor units in one unit of the field that holds what a patient brings."""
    name = practice.clinic.settings.reporting.revenue_field
    own = None if name is None else practice.custom_field_by_name.get(name)
    places = 0 if own is None else own.decimals
    return Fraction(10) ** (exponent_of(practice.clinic.settings.currency) - places)


def _spending(ask: Ask) -> Aggregate:
    """Fetch the rows of costs; their number is small, whatever the number of leads."""
    if ask.period is None:
        raise InvalidInput.at("period", "needs_period", "costs are those of a period")
    if ask.by not in COSTED:
        known = ", ".join(cut for cut in By if cut in COSTED)
        raise InvalidInput.at("by", "no_costs", f"costs are known by {known}")
    return Aggregate("spend", (_AMOUNT,), _ROW, Cond("starts_on", Op.LT, ask.period.until))


def costs_of(ask: Ask, rows: Rows) -> Figures[Cost]:
    """Add up what the period cost; rows in a currency of the past are left out."""
    period = ask.period
    assert period is not None  # noqa: S101 - for the type checker: `_spending` asked for it
    currency = ask.practice.clinic.settings.currency
    spends = [_spend(group.key, group.values["amount"], ask.practice) for group in rows]
    total = accrued(spends, period, currency).cost
    if ask.by is None:
        return Figures(total)
    if ask.pieces:
        return Figures(
            total,
            _rounded(total, [(p.first, accrued(spends, p, currency).cost) for p in ask.pieces]),
        )
    groups: dict[Label, list[Spend]] = {}
    for spend in spends:
        groups.setdefault(_label(ask, spend), []).append(spend)
    costs = [(label, accrued(some, period, currency).cost) for label, some in groups.items()]
    return Figures(total, _rounded(total, [(label, cost) for label, cost in costs if cost.minor]))


def _rounded(total: Cost, groups: Sequence[tuple[Label, Cost]]) -> tuple[tuple[Label, Cost], ...]:
    """Let what is shown of the groups add up to what is shown of their total."""
    parts = shared_out(total, [cost for _, cost in groups])
    return tuple((label, part) for (label, _), part in zip(groups, parts, strict=True))


def _label(ask: Ask, spend: Spend) -> Label:
    if ask.by is By.CAMPAIGN:
        return spend.campaign
    if ask.by is By.SOURCE:
        return spend.source_id
    source = ask.practice.source_by_id.get(spend.source_id)
    return None if source is None else str(source.category)


def _spend(key: Sequence[Any], amount: int, practice: Practice) -> Spend:
    source, campaign, kind, currency, starts_on, ends_on = key
    return Spend(
        id=SpendId(""),
        clinic_id=ClinicId(practice.clinic.id),
        source_id=SourceId(source),
        kind=SpendKind(kind),
        campaign=campaign,
        amount=Money(amount, currency),
        starts_on=starts_on,
        ends_on=ends_on,
        created_at=practice.clinic.created_at,
    )
