"""Sources, what they cost and their campaigns, on every backend; it is the second of November."""

from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, cast

import pytest
from attrs import evolve

from orthocrm import (
    AlreadyExists,
    Channel,
    Forbidden,
    InvalidInput,
    Money,
    NewSpend,
    NotFound,
    Period,
    Refused,
    Role,
    Source,
    Spend,
    SpendKind,
)
from orthocrm.analytics.costs import Cost
from orthocrm.core.ids import CampaignId, SpendId
from tests.flows import files
from tests.flows.practice import House

DAY = timedelta(days=1)
TODAY = date(2026, 11, 2)
NOVEMBER, DECEMBER = Period.month(2026, 11), Period.month(2026, 12)
PRINT = "Print advertising"


def dollars(amount: int | str) -> Money:
    return Money.of(amount, "USD")


def named(house: House, name: str = PRINT) -> Source:
    return house.admin.settings.practice().source_by_name[name.casefold()]


def rows(house: House, name: str = PRINT) -> list[tuple[Any, ...]]:
    return [(row.amount, row.starts_on, row.ends_on) for row in house.admin.sources.spend(name)]


def cost(house: House, period: Period, name: str = PRINT) -> Money:
    groups = dict(house.admin.sources.costs(period).groups)
    found = groups.get(named(house, name).id)
    return dollars(0) if found is None else found.cost.money


def monthly(amount: int, first: date, last: date | None = None, **fields: Any) -> NewSpend:
    return NewSpend(
        source=PRINT,
        kind="MONTHLY",
        amount=dollars(amount),
        starts_on=first,
        ends_on=last,
        **fields,
    )


def problems(refused: Callable[[], object]) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as refusal:
        refused()
    return [(problem.path, problem.code) for problem in refusal.value.problems]


def test_bad_costs_are_refused_and_leave_nothing(house: House) -> None:
    sources = house.admin.sources
    bad: list[tuple[Callable[[], object], tuple[str, str]]] = [
        (lambda: sources.change_cost("nobody", dollars(1)), ("source", "unknown_source")),
        (lambda: sources.change_cost(PRINT, dollars(-1)), ("monthly_cost", "negative")),
        (lambda: sources.change_cost(PRINT, 5), ("monthly_cost", "wrong_type")),  # type: ignore[arg-type] # the subject
        (
            lambda: sources.change_cost(PRINT, Money(1, "EUR")),
            ("monthly_cost", "other_currency"),
        ),
        (lambda: sources.add_spend(None), ("spend", "wrong_type")),  # type: ignore[arg-type] # the subject
        (lambda: sources.add_spends("abc"), ("spends", "not_a_list")),  # type: ignore[arg-type] # the subject
        (lambda: sources.costs(2026), ("period", "wrong_type")),  # type: ignore[arg-type] # the subject
        (lambda: sources.costs(NOVEMBER, by="referring_provider"), ("by", "unknown_grouping")),
        (lambda: sources.spend("nobody"), ("source", "unknown_source")),
    ]
    assert [problems(call) for call, _ in bad] == [[problem] for _, problem in bad]
    with pytest.raises(NotFound):
        sources.remove_spend(SpendId("nothing"))
    assert sources.spend() == ()
    assert named(house).monthly_cost is None


def test_a_new_monthly_cost_begins_today_and_ends_the_former_one_yesterday(house: House) -> None:
    source = house.admin.sources.change_cost(PRINT, dollars(3000))
    assert source.monthly_cost == dollars(3000)
    house.clock.advance(13 * DAY)
    house.admin.sources.change_cost(PRINT, dollars(6000))
    assert rows(house) == [
        (dollars(3000), TODAY, date(2026, 11, 14)),
        (dollars(6000), date(2026, 11, 15), None),
    ]
    assert cost(house, NOVEMBER) == dollars(100 * 13 + 200 * 16)
    assert cost(house, DECEMBER) == dollars(6000)


def test_editing_the_source_does_the_same_and_never_rewrites_the_past(house: House) -> None:
    house.admin.sources.change(evolve(named(house), monthly_cost=dollars(3000)))
    past = Period(TODAY, TODAY + 30 * DAY)
    house.clock.advance(30 * DAY)
    before = cost(house, past)
    house.admin.sources.change(evolve(named(house), monthly_cost=dollars(9)))
    assert cost(house, past) == before
    house.admin.sources.change(evolve(named(house), description="the weekly"))
    assert len(rows(house)) == 2


def test_a_cost_that_changes_twice_in_a_day_is_the_last_one(house: House) -> None:
    for amount in (100, 200, 300):
        house.admin.sources.change_cost(PRINT, dollars(amount))
    assert rows(house) == [(dollars(300), TODAY, None)]


def test_a_cost_that_ends_is_paid_until_yesterday(house: House) -> None:
    house.admin.sources.change_cost(PRINT, dollars(3000))
    house.clock.advance(10 * DAY)
    assert house.admin.sources.change_cost(PRINT, None).monthly_cost is None
    assert rows(house) == [(dollars(3000), TODAY, date(2026, 11, 11))]
    assert cost(house, NOVEMBER) == dollars(1000)


def test_a_source_out_of_use_costs_through_today_and_nothing_after(house: House) -> None:
    sources = house.admin.sources
    sources.change_cost(PRINT, dollars(3000))
    sources.add_spend(monthly(600, TODAY, campaign="spring"))
    sources.add_spend(monthly(60, date(2027, 1, 1), campaign="summer"))
    house.clock.advance(9 * DAY)
    gone = sources.change(evolve(named(house), is_active=False))
    assert (gone.is_active, gone.monthly_cost) == (False, None)
    last = date(2026, 11, 11)
    assert sorted(row[2] for row in rows(house)) == [last, last]
    assert cost(house, NOVEMBER) == dollars(1000 + 200)
    assert cost(house, DECEMBER) == dollars(0)
    assert problems(lambda: sources.change_cost(PRINT, dollars(1))) == [
        ("source", "inactive_source")
    ]
    back = sources.change(evolve(named(house), is_active=True))
    assert (back.is_active, back.monthly_cost) == (True, None)


def test_a_source_that_goes_gets_no_new_cost_and_the_default_one_stays(house: House) -> None:
    default = house.admin.settings.practice().default_source
    assert default is not None
    change = house.admin.sources.change
    assert problems(lambda: change(evolve(default, is_active=False))) == [
        ("is_active", "default_source")
    ]
    gone = evolve(named(house), is_active=False, monthly_cost=dollars(5))
    assert problems(lambda: change(gone)) == [("monthly_cost", "inactive_source")]
    assert problems(lambda: change(evolve(named(house), is_active=cast("Any", "no")))) == [
        ("is_active", "wrong_type")
    ]
    assert problems(lambda: change("Radio")) == [("source", "wrong_type")]  # type: ignore[arg-type] # the subject
    assert house.admin.sources.spend() == ()


def test_a_source_with_a_cost_begins_with_a_row_of_today(house: House) -> None:
    added = house.admin.sources.add("Radio", "OTHER", monthly_cost=dollars(310))
    assert added.monthly_cost == dollars(310)
    assert rows(house, "Radio") == [(dollars(310), TODAY, None)]


def test_costs_of_before_the_installation_are_entered(house: House) -> None:
    added = house.admin.sources.add_spend(monthly(3100, date(2026, 3, 10), date(2026, 4, 9)))
    assert added.kind is SpendKind.MONTHLY
    assert cost(house, Period.year(2026)) == dollars(3130)
    assert named(house).monthly_cost is None
    house.admin.sources.add_spend(monthly(500, date(2026, 4, 10)))
    assert named(house).monthly_cost == dollars(500)
    overlapping = monthly(1, date(2026, 4, 9))
    assert problems(lambda: house.admin.sources.add_spend(overlapping)) == [
        ("starts_on", "overlaps")
    ]


def test_several_costs_have_a_result_each(house: House) -> None:
    spent = [NewSpend(source=PRINT, amount=dollars(n), starts_on=TODAY) for n in (1, 2)]
    bad = NewSpend(source="nobody", amount=dollars(3), starts_on=TODAY)
    twice = [monthly(10, TODAY), monthly(20, TODAY)]
    results = house.admin.sources.add_spends([spent[0], bad, spent[1], *twice])
    assert [isinstance(r, Refused) for r in results] == [False, True, False, False, True]
    made = {result for result in results if isinstance(result, Spend)}
    assert set(house.admin.sources.spend()) == made


def test_a_cost_entered_by_mistake_is_taken_back(house: House) -> None:
    added = house.admin.sources.add_spend(monthly(500, TODAY))
    assert named(house).monthly_cost == dollars(500)
    house.admin.sources.remove_spend(added.id)
    assert house.admin.sources.spend() == ()
    assert named(house).monthly_cost is None


def test_costs_by_source_category_and_campaign_add_up_exactly(house: House) -> None:
    sources = house.admin.sources
    sources.add_campaign("Spring Smiles", source=PRINT)
    sources.add_spends(
        [
            monthly(1000, date(2026, 11, 20)),
            monthly(100, date(2026, 11, 20), campaign="SPRING smiles"),
            NewSpend(source="Community event", amount=dollars("0.01"), starts_on=TODAY),
        ]
    )
    found = {by: sources.costs(NOVEMBER, by) for by in ("source", "category", "campaign")}
    total = Cost(Fraction(11, 30) * 1100_00 + 1, "USD")
    for figures in found.values():
        assert figures.total.cost == total
        assert sum(one.cost.minor for _, one in figures.groups) == total.minor
    assert [label for label, _ in found["category"].groups] == ["COMMUNITY_EVENT", "PRINT_AD"]
    assert [label for label, _ in found["campaign"].groups] == ["Spring Smiles", None]


def test_cost_per_lead_and_acquisition_come_from_the_rows(house: House) -> None:
    leads = [house.lead(source=PRINT) for _ in range(4)]
    house.coordinator.pipeline.convert(leads[0].id)
    house.admin.sources.add_spend(monthly(3000, date(2026, 1, 1)))
    found = house.admin.sources.attribution(period=NOVEMBER)[named(house).id]
    assert (str(found.cost_per_lead), str(found.cost_per_acquisition)) == ("750.00", "3000.00")
    nobody = house.admin.sources.attribution(period=Period.month(2026, 10))[named(house).id]
    assert nobody.leads == 0
    assert nobody.cost_per_lead is None
    assert nobody.cost is not None
    assert nobody.cost.money == dollars(3000)


def test_spend_of_a_period_lists_the_rows_that_it_touches(house: House) -> None:
    sources = house.admin.sources
    added = sources.add_spends(
        [
            monthly(1, date(2026, 1, 1), date(2026, 10, 31)),
            monthly(2, date(2026, 11, 30)),
            NewSpend(source="Walk-in", amount=dollars(3), starts_on=date(2026, 11, 30)),
            NewSpend(source="Walk-in", amount=dollars(4), starts_on=date(2026, 12, 1)),
        ]
    )
    assert sources.spend(period=NOVEMBER) == added[1:3]
    assert sources.spend(PRINT) == added[:2]
    assert sources.spend() == added


def test_costs_are_seen_by_whoever_sees_the_practices_money(house: House) -> None:
    house.admin.sources.change_cost(PRINT, dollars(30))
    for role in (Role.DOCTOR, Role.MARKETING_MANAGER):
        assert len(house.desk(role).sources.spend()) == 1
    for role in (Role.TREATMENT_COORDINATOR, Role.AGENT, Role.FRONT_DESK):
        with pytest.raises(Forbidden):
            house.desk(role).sources.costs(NOVEMBER)


def test_costs_in_a_former_currency_stand_apart(house: House) -> None:
    house.admin.sources.change_cost(PRINT, dollars(3000))
    settings = house.admin.settings.practice().clinic.settings
    house.admin.settings.change(evolve(settings, currency="CAD"))
    house.clock.advance(DAY)
    house.admin.sources.change_cost(PRINT, Money.of(600, "CAD"))
    figures = house.admin.sources.costs(NOVEMBER)
    assert figures.total.cost.money == Money.of(20 * 28, "CAD")
    assert [one.money for one in figures.total.others] == [dollars(100)]


def test_staff_are_refused_a_source_out_of_use_and_others_keep_it(house: House) -> None:
    house.admin.sources.change(evolve(named(house), is_active=False))
    for channel in (Channel.MANUAL, Channel.PHONE, Channel.WALK_IN):
        assert problems(lambda c=channel: house.lead(channel=c, source=PRINT)) == [  # type: ignore[misc] # a default binds it
            ("source", "inactive_source")
        ]
    web = house.lead(channel=Channel.WEB_FORM, source=PRINT)
    files.run(house.desk(Role.IMPORTER), [files.a_row(1, source=PRINT)])
    old = house.lead(source=PRINT, received_at=house.clock() - DAY)
    leads = house.admin.leads.find().leads
    assert {lead.origin.source_id for lead in leads} == {named(house).id}
    assert {web.id, old.id} < {lead.id for lead in leads}


def test_campaigns_are_added_changed_and_ended(house: House) -> None:
    sources = house.admin.sources
    added = sources.add_campaign(" Spring ", source=PRINT, starts_on=date(2026, 3, 1))
    assert (added.name, added.source_id) == ("Spring", named(house).id)
    with pytest.raises(AlreadyExists):
        sources.add_campaign("SPRING")
    moved = sources.change_campaign(evolve(added, source_id=named(house, "Walk-in").id))
    assert problems(lambda: sources.change_campaign(evolve(moved, name="Summer"))) == [
        ("name", "fixed")
    ]
    sources.add_spend(monthly(300, TODAY, campaign="spring"))
    sources.add_spend(monthly(30, TODAY))
    house.clock.advance(4 * DAY)
    ended = sources.end_campaign(added.id)
    assert (ended.is_active, ended.ends_on) == (False, date(2026, 11, 6))
    assert {row[0]: row[2] for row in rows(house)} == {
        dollars(300): date(2026, 11, 6),
        dollars(30): None,
    }
    assert sources.campaigns() == (ended,)
    with pytest.raises(NotFound):
        sources.end_campaign(CampaignId("nothing"))
    assert problems(lambda: sources.change_campaign("Spring")) == [("campaign", "wrong_type")]  # type: ignore[arg-type] # the subject


def test_a_campaign_does_not_end_before_it_began(house: House) -> None:
    sources = house.admin.sources
    added = sources.add_campaign("Spring", starts_on=date(2027, 3, 1))
    assert problems(lambda: sources.end_campaign(added.id)) == [("ends_on", "ends_before_start")]
    assert problems(lambda: sources.end_campaign(added.id, "soon")) == [("ends_on", "not_a_date")]  # type: ignore[arg-type] # the subject
    assert sources.campaigns() == (added,)
