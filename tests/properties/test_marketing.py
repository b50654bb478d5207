"""Credits add up to one, costs to their parts, groups to their totals, whatever the numbers."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from random import Random

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from orthocrm import Money, Period
from orthocrm.analytics.attributed import Counted, attributed
from orthocrm.analytics.costs import accrual, accrued
from orthocrm.core.ids import SourceId, SpendId, TouchId
from orthocrm.core.marketing import Spend, SpendKind, Touch
from orthocrm.core.time import DAY
from orthocrm.leads import spending
from orthocrm.leads.attribution import AttributionModel, Crediting, credited, rounded
from orthocrm.testing.factories import a_clinic, a_lead, a_source, a_spend, a_touch

START = datetime(2026, 1, 1, tzinfo=UTC)
LEAD = a_lead(a_clinic())
SOURCE = a_source(a_clinic())
FIRST = date(2027, 12, 20)
"""Before a leap February."""

dates = st.integers(0, 120).map(lambda day: FIRST + timedelta(days=day))
labels = st.sampled_from(["a", "b", "c", None])
models = st.sampled_from(AttributionModel)
half_lives = st.integers(1, 10**8).map(lambda seconds: timedelta(seconds=seconds))


@st.composite
def touches(draw: st.DrawFn) -> list[Touch]:
    """Draw touches of one lead, some at the same instant, some unknown."""
    drawn = draw(st.lists(st.tuples(st.integers(0, 60 * 24 * 400), labels), max_size=12))
    return [
        evolve(
            a_touch(LEAD, START + timedelta(minutes=minutes)),
            id=TouchId(f"{place:04}"),
            source_id=None if source is None else SourceId(source),
        )
        for place, (minutes, source) in enumerate(drawn)
    ]


@st.composite
def costs(draw: st.DrawFn) -> Spend:
    """Draw a monthly or a single cost, open or with an end."""
    kind, first = draw(st.sampled_from(SpendKind)), draw(dates)
    length = draw(st.none() | st.integers(0, 90))
    return evolve(
        a_spend(SOURCE),
        id=SpendId(str(draw(st.integers(0, 10**9)))),
        kind=kind,
        amount=Money(draw(st.integers(0, 10**9)), "USD"),
        starts_on=first,
        ends_on=None
        if kind is SpendKind.ONE_OFF or length is None
        else first + timedelta(days=length),
        campaign=draw(st.sampled_from([None, "spring"])),
    )


@given(touches(), models, half_lives)
def test_credits_add_up_to_one_and_none_is_negative(
    some: list[Touch], model: AttributionModel, half_life: timedelta
) -> None:
    crediting = Crediting(model=model, half_life=half_life, default=SourceId("c"))
    given_credits = credited(some, crediting, START + timedelta(days=300))
    shares = [credit.share for credit in given_credits]
    assert sum(shares) == 1
    assert min(shares) >= 0
    assert sum(rounded(shares)) == 1
    close = (abs(a - b) < Fraction(1, 10**12) for a, b in zip(shares, rounded(shares), strict=True))
    assert all(close)


@given(touches(), models, st.randoms(use_true_random=False))
def test_the_order_in_which_touches_are_read_changes_nothing(
    some: list[Touch], model: AttributionModel, chance: Random
) -> None:
    mixed = list(some)
    chance.shuffle(mixed)
    assert credited(mixed, Crediting(model=model)) == credited(some, Crediting(model=model))


@given(touches(), models)
def test_unknown_touches_at_the_end_change_nothing(
    some: list[Touch], model: AttributionModel
) -> None:
    if not any(touch.source_id for touch in some):
        return
    late = a_touch(LEAD, START + timedelta(days=500), source_id=None)
    assert credited([*some, late], Crediting(model=model)) == credited(some, Crediting(model=model))


@given(touches(), models)
def test_the_first_source_is_credited_by_the_first_model(
    some: list[Touch], model: AttributionModel
) -> None:
    known = [touch for touch in some if touch.source_id]
    if not known:
        return
    path = credited(some, Crediting(model=model))
    assert path[0].touch == min(some, key=lambda touch: (touch.at, touch.id))
    assert path[-1].touch == max(known, key=lambda touch: (touch.at, touch.id))


@given(st.lists(costs(), max_size=5), dates, st.integers(1, 60), st.integers(1, 60))
def test_costs_of_adjoining_periods_add_up(
    rows: list[Spend], first: date, days: int, more: int
) -> None:
    middle = first + timedelta(days=days)
    last = middle + timedelta(days=more)
    parts = [accrued(rows, Period(*edges), "USD") for edges in ((first, middle), (middle, last))]
    assert parts[0].cost + parts[1].cost == accrued(rows, Period(first, last), "USD").cost


@given(costs(), dates, st.integers(1, 90))
def test_a_cost_is_the_sum_over_its_days(row: Spend, first: date, days: int) -> None:
    found = Fraction(0)
    for number in range(days):
        day = first + number * DAY
        if row.kind is SpendKind.ONE_OFF:
            found += row.amount.minor if row.starts_on == day else 0
        elif row.starts_on <= day and (row.ends_on is None or day <= row.ends_on):
            month = Period.month(day.year, day.month)
            found += Fraction(row.amount.minor, (month.until - month.first).days)
    assert accrual(row, Period(first, first + days * DAY)) == found


@given(st.lists(costs(), max_size=5, unique_by=lambda row: row.id), dates)
def test_ending_costs_leaves_the_past_as_it_was_and_nothing_monthly_after(
    rows: list[Spend], last: date
) -> None:
    ended = spending.ended(rows, last)
    gone = {row.id for row in (*ended.saved, *ended.removed)}
    after = [*ended.saved, *(row for row in rows if row.id not in gone)]
    past = Period(FIRST - 30 * DAY, last + DAY)
    assert accrued(after, past, "USD") == accrued(rows, past, "USD")
    monthly = [row for row in after if row.kind is SpendKind.MONTHLY]
    future = Period(last + DAY, last + 400 * DAY)
    assert sum(accrual(row, future) for row in monthly) == 0


@given(
    st.lists(
        st.builds(
            Counted,
            labels,
            st.fractions(0, 1, max_denominator=50),
            st.booleans(),
            st.booleans(),
        )
    )
)
def test_groups_add_up_to_their_total(parts: list[Counted]) -> None:
    figures = attributed(parts)
    groups = [group for _, group in figures.groups]
    assert sum(group.leads for group in groups) == figures.total.leads
    assert sum(group.conversions for group in groups) == figures.total.conversions
    assert figures.total.leads == sum(part.share for part in parts if part.lead)
