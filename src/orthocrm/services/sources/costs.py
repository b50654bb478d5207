"""`desk.sources`: what sources cost, as rows with dates, and what that makes of a period."""

from collections.abc import Iterable, Sequence
from datetime import date

from attrs import evolve

from orthocrm.analytics.costs import Accrued, accrued, shared_out
from orthocrm.analytics.results import Figures
from orthocrm.core.actor import Permission, Scope
from orthocrm.core.errors import Forbidden, InvalidInput, NotFound
from orthocrm.core.ids import SourceId, SpendId
from orthocrm.core.marketing import Spend, SpendKind
from orthocrm.core.money import Money
from orthocrm.core.query import EVERYTHING, Cond, Where
from orthocrm.core.reading import Reading
from orthocrm.core.source import Source
from orthocrm.core.time import Period, zone
from orthocrm.leads import spending
from orthocrm.leads.credit_groups import COSTED, CreditBy, Labels, by_of
from orthocrm.leads.spending import NewSpend
from orthocrm.services.batch import Refused, attempt, done, only
from orthocrm.services.gate import Area, verb
from orthocrm.services.settings import configuring
from orthocrm.services.sources import campaign_records
from orthocrm.services.work import Work, everything

_WIDE = frozenset({Scope.CLINIC, Scope.AGGREGATES, Scope.MARKETING})
"""How far the permission has to reach for the clinic's costs, which are nobody's own figures."""


class SourceCosts(Area, area="sources"):
    """What is spent, and what that costs over a period."""

    @verb(Permission.LEAD_ANALYTICS)
    def spend(
        self, work: Work, source: SourceId | str | None = None, period: Period | None = None
    ) -> tuple[Spend, ...]:
        """List the costs as they were entered, by start; only those that a period touches."""
        demand_costs(work)
        rows = rows_of(work, None if source is None else _known(work, source).id)
        shown = [row for row in rows if period is None or _touches(row, period)]
        return tuple(sorted(shown, key=lambda row: (row.starts_on, row.id)))

    @verb(Permission.LEAD_ANALYTICS)
    def costs(
        self, work: Work, period: Period, by: CreditBy | str = CreditBy.SOURCE
    ) -> Figures[Accrued]:
        """Add up what a period costs, by source, category or campaign.

        Every day costs the monthly amount of that day over the days of its month; a one-off
        amount costs on its date. The groups add up to the total exactly.
        """
        demand_costs(work)
        return costs_by(work, checked_period(period), by_of(by, COSTED))

    @verb(Permission.LEAD_CONFIGURE)
    def add_spend(self, work: Work, new: NewSpend) -> Spend:
        """Enter a cost: once, or every month while it lasts.

        Raises:
            InvalidInput: it cannot be read, or these days have a monthly cost already.
        """
        return only(_entered(work, [new]))

    @verb(Permission.LEAD_CONFIGURE)
    def add_spends(self, work: Work, news: Sequence[NewSpend]) -> tuple[Spend | Refused, ...]:
        """Enter several costs in one unit of work, with a result for each."""
        if not isinstance(news, Sequence) or isinstance(news, str | bytes):
            raise InvalidInput.at("spends", "not_a_list", "give a sequence of NewSpend")
        return tuple(_entered(work, news))

    @verb(Permission.LEAD_CONFIGURE)
    def remove_spend(self, work: Work, spend_id: SpendId) -> None:
        """Take back a cost that was entered by mistake; the audit trail keeps that it was there.

        A cost that only changes is changed by `change_cost`, which leaves the past alone.
        """
        work.seek([spend_id])
        found = work.store.spend.get([spend_id])
        if spend_id not in found:
            raise NotFound("spend")
        work.store.spend.remove([spend_id])
        _show_current(work, [found[spend_id].source_id])
        configuring.changed(work, "spend", spend_id)

    @verb(Permission.LEAD_CONFIGURE)
    def change_cost(self, work: Work, source: SourceId | str, monthly: Money | None) -> Source:
        """Set what a source costs every month from today on; None: nothing any more.

        The row in force ends yesterday and a new one begins today. Costs of its campaigns are rows
        of their own and stay.
        """
        known = _known(work, source)
        if not known.is_active and monthly is not None:
            raise _not_in_use("source")
        priced(work, known, monthly)
        (saved,) = work.store.sources.save(
            [evolve(known, monthly_cost=monthly, updated_at=work.now)]
        )
        configuring.changed(work, "source", known.id, fields=["monthly_cost"])
        return saved


def today(work: Work) -> date:
    """Give the clinic's local date."""
    return work.now.astimezone(zone(work.practice.clinic.timezone)).date()


def checked_period(period: object) -> Period:
    """Take a period, and nothing else."""
    if not isinstance(period, Period):
        raise InvalidInput.at("period", "wrong_type", "give a Period")
    return period


def sees_costs(work: Work) -> bool:
    """Whether the actor gets more than figures of their own leads."""
    return bool(work.scopes(Permission.LEAD_ANALYTICS) & _WIDE)


def demand_costs(work: Work) -> None:
    """Refuse those who get figures of their own leads only."""
    if not sees_costs(work):
        raise Forbidden(work.operation, Permission.LEAD_ANALYTICS)


def rows_of(work: Work, source_id: SourceId | None = None) -> tuple[Spend, ...]:
    """Read the costs of a source, or of all."""
    where: Where = EVERYTHING if source_id is None else Cond("source", "eq", source_id)
    return everything(work.store.spend, where)


def costs_by(work: Work, period: Period, by: CreditBy) -> Figures[Accrued]:
    """Add up what a period costs, group by group."""
    rows = [row for row in rows_of(work) if _touches(row, period)]
    labels = Labels.of(by, work.practice, campaign_records.every(work))
    groups: dict[str | None, list[Spend]] = {}
    for row in rows:
        groups.setdefault(labels.of_spend(row), []).append(row)
    currency = work.practice.clinic.settings.currency
    total = accrued(rows, period, currency)
    names = sorted(groups, key=lambda label: (label is None, label or ""))
    found = [accrued(groups[label], period, currency) for label in names]
    own = shared_out(total.cost, [one.cost for one in found])
    shown = (evolve(one, cost=cost) for one, cost in zip(found, own, strict=True))
    return Figures(total, tuple(zip(names, shown, strict=True)))


def _touches(row: Spend, period: Period) -> bool:
    if row.kind is SpendKind.ONE_OFF:
        return period.first <= row.starts_on < period.until
    return row.starts_on < period.until and (row.ends_on is None or row.ends_on >= period.first)


def _known(work: Work, source: object) -> Source:
    reading = Reading()
    found = spending.named_source(reading, "source", source, work.practice)
    reading.required("source", found)
    reading.finish()
    assert found is not None  # noqa: S101 - for the type checker: it was required
    return found


def _entered(work: Work, news: Sequence[NewSpend]) -> list[Spend | Refused]:
    rows = list(rows_of(work))

    def entered(new: NewSpend) -> Spend:
        read = spending.read(new, work.practice)
        spending.ensure_free(read, rows)
        row = Spend(
            id=SpendId(work.ids()),
            clinic_id=work.clinic_id,
            source_id=read.source.id,
            kind=read.kind,
            amount=read.amount,
            starts_on=read.starts_on,
            created_at=work.now,
            ends_on=read.ends_on,
            campaign=read.campaign,
            note=read.note,
        )
        rows.append(row)
        return row

    results = attempt(news, entered)
    made = done(results)
    if made:
        work.store.spend.add(made)
        work.touch(row.id for row in made)
        _show_current(work, [row.source_id for row in made])
        configuring.changed(work, "spend", made[0].id if len(made) == 1 else None)
    return results


def _show_current(work: Work, source_ids: Iterable[SourceId]) -> None:
    """Let sources say what their open monthly rows say."""
    changed = []
    for source_id in dict.fromkeys(source_ids):
        source, cost = work.practice.source_by_id[source_id], None
        cost = spending.current(rows_of(work, source_id))
        if source.monthly_cost != cost:
            changed.append(evolve(source, monthly_cost=cost, updated_at=work.now))
    work.store.sources.save(changed)


def priced(work: Work, source: Source, monthly: Money | None) -> None:
    """End what a source costs every month yesterday, and open a row from today.

    Raises:
        InvalidInput: `monthly_cost` names the fault.
    """
    if monthly is not None:
        reading = Reading()
        spending.read_amount(reading, "monthly_cost", monthly, work.practice)
        reading.finish()
    day = today(work)
    own = [row for row in rows_of(work, source.id) if row.campaign is None]
    _end(work, own, spending.day_before(day))
    if monthly is not None:
        work.store.spend.add([_opened(work, source, monthly, day)])


def stopped(work: Work, source: Source) -> None:
    """End all that a source and its campaigns cost every month: today is its last day."""
    _end(work, rows_of(work, source.id), today(work))


def campaign_ended(work: Work, name: str, last: date) -> None:
    """End what a campaign costs every month."""
    rows = [row for row in rows_of(work) if (row.campaign or "").casefold() == name.casefold()]
    _end(work, rows, last)


def _end(work: Work, rows: Iterable[Spend], last: date) -> None:
    ended = spending.ended(rows, last)
    work.store.spend.save(ended.saved)
    work.store.spend.remove([row.id for row in ended.removed])
    work.touch(row.id for row in (*ended.saved, *ended.removed))


def _opened(work: Work, source: Source, monthly: Money, day: date) -> Spend:
    return Spend(
        id=SpendId(work.ids()),
        clinic_id=work.clinic_id,
        source_id=source.id,
        kind=SpendKind.MONTHLY,
        amount=monthly,
        starts_on=day,
        created_at=work.now,
    )


def _not_in_use(path: str) -> InvalidInput:
    return InvalidInput.at(path, "inactive_source", "bring the source back into use first")
