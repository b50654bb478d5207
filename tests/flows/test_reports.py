"""Reports of a year that was really worked, against a ledger kept by hand, on every backend."""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import pytest

import orthocrm
from orthocrm import Cond, Forbidden, InvalidInput, Period, Role
from orthocrm.analytics import metrics
from orthocrm.analytics.asking import By
from orthocrm.analytics.catalogue import METRICS
from orthocrm.analytics.reports import REPORTS, as_csv, as_html, as_json, as_text
from orthocrm.core.ids import LeadId, UserId
from orthocrm.testing.clock import CountingIds, FrozenClock
from tests.flows.conftest import KEYS
from tests.flows.practice import BACKENDS, House, enquiry
from tests.support import postgres

SOURCES = ("Web - Paid advertising", "Print advertising", "School screening")
STAGES = ("contacted", "consultation_scheduled", "consultation_completed", "pending_decision")
REASONS = ("COST_FINANCIAL", "RELOCATED", "NO_RESPONSE")
BEGIN = datetime(2026, 1, 1, 6, tzinfo=UTC)
CHICAGO = ZoneInfo("America/Chicago")
LEADS = 120


@attrs.define
class Entry:
    """What the ledger says of one lead."""

    id: LeadId
    source: str
    owner: str
    came: datetime
    won: datetime | None = None
    lost: datetime | None = None
    reason: str | None = None

    @property
    def month(self) -> date:
        """The first day of the clinic's month in which the lead came in."""
        return self.came.astimezone(CHICAGO).date().replace(day=1)


@attrs.frozen
class Year:
    """A practice after a year, and its ledger."""

    house: House
    ledger: list[Entry]

    def source_id(self, name: str) -> str:
        return next(source.id for source in self.house.admin.sources.all() if source.name == name)


def _worked(url: str) -> Year:
    clock, chance = FrozenClock(BEGIN), random.Random(2026)
    crm = orthocrm.connect(url, keys=KEYS, clock=clock, ids=CountingIds(), discover_plugins=False)
    crm.migrate()
    settings = orthocrm.Settings(fallback=UserId("manager"))
    clinic = crm.create_clinic(name="Bright", timezone="America/Chicago", settings=settings)
    house = House(crm, clinic, clock)
    for user in ("tc-1", "tc-2"):
        house.admin.settings.add_coordinator(user, user)
    return Year(house, [_lived(house, chance, number) for number in range(LEADS)])


def _lived(house: House, chance: random.Random, number: int) -> Entry:
    """Let one lead come in and go its way; the next one comes in days later."""
    desk, clock = house.coordinator, house.clock
    source, owner = chance.choice(SOURCES), chance.choice(("tc-1", "tc-2"))
    asked = enquiry(source=source, owner=owner, phone=f"+1 312 555 {number:04}", email=None)
    lead = desk.leads.capture(asked).lead.id
    entry = Entry(lead, source, owner, clock())
    clock.advance(timedelta(hours=chance.uniform(1, 70)))
    for stage in STAGES[: chance.randint(0, len(STAGES))]:
        desk.pipeline.move(lead, stage)
    fate = chance.random()
    if fate < 0.4:
        desk.pipeline.convert(lead)
        entry.won = clock()
    elif fate < 0.7:
        entry.lost, entry.reason = clock(), chance.choice(REASONS)
        desk.pipeline.lose(lead, entry.reason)
    clock.advance(timedelta(hours=chance.uniform(1, 70)))
    return entry


@pytest.fixture(scope="module")
def years(
    postgres_server: postgres.Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, Year]]:
    file = tmp_path_factory.mktemp("year") / "year.db"
    with postgres_server.database() as address:
        urls = {"memory": "memory://", "sqlite": f"sqlite:///{file}", "postgres": address}
        found = {backend: _worked(url) for backend, url in urls.items()}
        yield found
        for year in found.values():
            year.house.crm.close()


@pytest.fixture(params=BACKENDS)
def year(request: pytest.FixtureRequest, years: Mapping[str, Year]) -> Year:
    return years[request.param]


def counted(ledger: list[Entry], holds: Callable[[Entry], object]) -> int:
    return sum(1 for entry in ledger if holds(entry))


def test_outcomes_are_those_of_the_ledger(year: Year) -> None:
    total = year.house.admin.analytics.outcomes().total
    days = [(e.won - e.came) / timedelta(days=1) for e in year.ledger if e.won]
    assert (total.leads, total.won, total.lost) == (
        LEADS,
        len(days),
        counted(year.ledger, lambda e: e.lost),
    )
    assert total.open == LEADS - total.won - total.lost
    assert total.days.median == pytest.approx(median(days), abs=1e-6)
    assert total.days.mean == pytest.approx(sum(days) / len(days), abs=1e-6)


def test_every_source_has_its_own_outcomes(year: Year) -> None:
    found = dict(year.house.admin.analytics.outcomes(by="source").groups)
    of_all = Counter(year.source_id(entry.source) for entry in year.ledger)
    of_won = Counter(year.source_id(entry.source) for entry in year.ledger if entry.won)
    wanted = {source: (count, of_won[source]) for source, count in of_all.items()}
    assert {key: (o.leads, o.won) for key, o in found.items()} == wanted


def test_months_are_those_of_the_clinic(year: Year) -> None:
    whole = Period(date(2026, 1, 1), date(2027, 6, 1))
    found = year.house.admin.analytics.outcomes(whole, by="month").groups
    months = Counter(entry.month for entry in year.ledger)
    assert {label: o.leads for label, o in found if o.leads} == dict(months)
    for month in months:
        total = year.house.admin.analytics.outcomes(Period.month(month.year, month.month)).total
        assert total.leads == months[month]


def test_reasons_share_the_losses(year: Year) -> None:
    found = year.house.admin.analytics.lost_reasons()
    wanted = Counter(entry.reason for entry in year.ledger if entry.reason)
    assert {label: share.numerator for label, share in found.groups} == dict(wanted)
    assert {share.denominator for _, share in found.groups} == {sum(wanted.values())}


def test_the_funnel_never_grows_and_adds_up(year: Year) -> None:
    total = year.house.admin.analytics.funnel().total
    reached = [step.reached for step in total.steps]
    assert (reached[0], reached[-1]) == (LEADS, total.won)
    assert reached == sorted(reached, reverse=True)
    assert sum(s.drop_off + s.still_open for s in total.steps) + (total.won or 0) == LEADS


def test_coordinators_count_their_own_leads(year: Year) -> None:
    for user in ("tc-1", "tc-2"):
        desk = year.house.desk(Role.TREATMENT_COORDINATOR, user)
        owned = [entry.owner for entry in year.ledger].count(user)
        assert desk.analytics.outcomes().total.leads == owned
        assert len(desk.leads.find(size=500).leads) == owned


def test_marketing_sees_sources_and_no_lead(year: Year) -> None:
    desk = year.house.desk(Role.MARKETING_MANAGER)
    assert desk.analytics.outcomes().total.leads == LEADS
    for call in (
        lambda: desk.analytics.outcomes(by="owner"),
        lambda: desk.analytics.report("summary"),
        lambda: desk.analytics.behind(metrics.OUTCOMES, "won"),
        desk.leads.find,
    ):
        with pytest.raises(Forbidden):
            call()


def test_behind_a_number_stand_so_many_leads(year: Year) -> None:
    desk = year.house.admin
    won = desk.analytics.behind(metrics.OUTCOMES, "won")
    assert set(won) == {entry.id for entry in year.ledger if entry.won}
    source = year.source_id(SOURCES[0])
    of_source = desk.analytics.behind(metrics.OUTCOMES, "leads", by="source", choice=source)
    assert set(of_source) == {e.id for e in year.ledger if e.source == SOURCES[0]}
    listed = desk.leads.find(Cond("source", "eq", source), size=500, mine=False).leads
    assert {lead.id for lead in listed} == set(of_source)


def test_an_unknown_report_or_cut_is_refused(year: Year) -> None:
    desk = year.house.admin
    for call, path in (
        (lambda: desk.analytics.report("Qz"), "name"),
        (lambda: desk.analytics.outcomes(by="Qz"), "by"),
        (lambda: desk.analytics.outcomes(by="month"), "by"),
    ):
        with pytest.raises(InvalidInput) as refusal:
            call()
        assert [problem.path for problem in refusal.value.problems] == [path]
        assert "Qz" not in str(refusal.value)


@pytest.mark.parametrize("period", [None, Period.month(2026, 3), Period.year(2026)])
def test_every_backend_reports_the_same(years: Mapping[str, Year], period: Period | None) -> None:
    said = []
    for year in years.values():
        desk = year.house.admin
        reports = [desk.analytics.report(n, period) for n in REPORTS]
        said.append([(as_json(one), as_csv(one), as_html(one), as_text(one)) for one in reports])
    assert said[0] == said[1] == said[2]


METRICS_OF_ALL = [name for name, declared in METRICS.items() if not declared.is_of_the_clinic]


@pytest.mark.parametrize("by", ["source", "category", "coordinator", "stage", "week"])
def test_every_metric_is_the_same_on_every_backend(years: Mapping[str, Year], by: str) -> None:
    """And of more than nothing, so that the agreement tells something."""
    names = [
        name for name in METRICS_OF_ALL if by != "week" or name not in ("lead_velocity", *ABOUT_NOW)
    ]
    march = Period(date(2026, 2, 20), date(2026, 5, 10))
    said = [
        year.house.admin.analytics.measure_all(names, march, by, compare=True)
        for year in years.values()
    ]
    assert said[0] == said[1] == said[2]
    assert any(one.total.value for one in said[0])


ABOUT_NOW = (
    "open_leads",
    "over_age_leads",
    "open_tasks",
    "overdue_tasks",
    "consultations_this_week",
)


def test_the_leads_behind_a_metric_are_as_many_as_it_counts(year: Year) -> None:
    desk = year.house.admin.analytics
    for name in ("total_leads", "conversion_rate", "losses", "open_leads", "speed_to_lead"):
        total = desk.measure(name).total
        assert len(desk.behind(name)) == total.numerator
        if total.denominator is not None:
            assert len(desk.behind(name, "denominator")) == total.denominator


@pytest.mark.parametrize(
    "metric, part, choice, path",
    [
        (None, "numerator", "x", "metric"),
        (7, "numerator", "x", "metric"),
        ("Qz", "numerator", "x", "metric"),
        ("speed_to_lead", ["Qz"], "x", "part"),
        ("total_leads", None, "x", "part"),
        ("total_leads", "Qz", "x", "part"),
        ("total_leads", "numerator", ["Qz"], "group"),
        ("total_leads", "numerator", 1.5, "group"),
        ("total_leads", "numerator", "Qz", "group"),
    ],
)
def test_what_no_lead_can_be_behind_is_refused(
    year: Year, metric: Any, part: Any, choice: Any, path: str
) -> None:
    desk = year.house.admin.analytics
    with pytest.raises(InvalidInput) as refusal:
        desk.behind(metric, part, by="category", choice=choice)
    assert [problem.path for problem in refusal.value.problems] == [path]
    assert "Qz" not in str(refusal.value)


def test_the_tasks_behind_a_number_name_their_leads(year: Year) -> None:
    desk = year.house.admin.analytics
    found = desk.behind("open_tasks", by="coordinator", choice="tc-1")
    assert found
    assert len(found) <= (desk.measure("open_tasks", by="coordinator")["tc-1"].value or 0)


def test_a_comparison_is_with_the_month_before(year: Year) -> None:
    desk = year.house.admin.analytics
    march = desk.measure("total_leads", Period.month(2026, 3), compare=True)
    assert march.before is not None
    assert march.before.total == desk.measure("total_leads", Period.month(2026, 2)).total
    with pytest.raises(InvalidInput, match="period"):
        desk.measure("total_leads", compare=True)


def test_what_is_about_now_is_compared_with_no_window_before(year: Year) -> None:
    desk = year.house.admin.analytics
    asked = ["open_leads", "total_leads", "pipeline_velocity", *ABOUT_NOW]
    found = desk.measure_all(asked, Period.month(2026, 3), compare=True)
    assert [one.metric for one in found] == asked
    assert [one.metric for one in found if one.before is not None] == ["total_leads"]


@pytest.mark.parametrize("names", ["total_leads", ["Qz"], [7], None, ["total_leads"] * 51])
def test_metrics_that_do_not_exist_are_refused(year: Year, names: Any) -> None:
    with pytest.raises(InvalidInput) as refusal:
        year.house.admin.analytics.measure_all(names)
    assert "Qz" not in str(refusal.value)


def test_losses_are_listed_with_what_was_noted(year: Year) -> None:
    found = year.house.admin.analytics.lost_leads()
    wanted = sorted(((e.lost, e.id, e.reason) for e in year.ledger if e.lost), reverse=True)
    assert [(one.at, one.lead_id, one.reason) for one in found] == wanted
    reason = found[0].reason
    only = year.house.admin.analytics.lost_leads(reason=reason)
    assert [one.lead_id for one in only] == [one.lead_id for one in found if one.reason == reason]
    mine = year.house.desk(Role.TREATMENT_COORDINATOR, "tc-1").analytics.lost_leads()
    assert {one.owner for one in mine} == {"tc-1"}
    for role in (Role.DOCTOR, Role.MARKETING_MANAGER):
        with pytest.raises(Forbidden):
            year.house.desk(role).analytics.lost_leads()
    with pytest.raises(InvalidInput):
        year.house.admin.analytics.lost_leads(reason="Qz")


IN_2026 = Period(date(2026, 1, 1), date(2027, 1, 1))


@pytest.mark.parametrize("by", ["source", "channel", "owner", "furthest", "lost_reason", "month"])
def test_behind_every_group_stand_as_many_leads_as_it_counts(year: Year, by: str) -> None:
    desk = year.house.admin.analytics
    groups = desk.measure("total_leads", IN_2026, by).groups
    asked = [label if label is None else str(label) for label, _ in groups]
    found = [len(desk.behind("total_leads", period=IN_2026, by=by, choice=one)) for one in asked]
    assert found == [figure.value for _, figure in groups]
    mixed = desk.behind("lead_mix", "denominator", period=IN_2026, by=by, choice=asked[0])
    assert len(mixed) == sum(found)


def test_a_group_that_there_is_not_is_refused_and_an_empty_one_is_not(year: Year) -> None:
    desk = year.house.admin.analytics
    for by in By:
        with pytest.raises(InvalidInput) as refusal:
            desk.behind("total_leads", period=IN_2026, by=by, choice="Qz")
        assert [problem.path for problem in refusal.value.problems] == ["group"]
    for name, empty in {"stage": "treatment_accepted", "lost_reason": "CHOSE_COMPETITOR"}.items():
        assert desk.behind("conversions", period=IN_2026, by=name, choice=empty) == ()
    for by in (By.SOURCE, By.CATEGORY, By.LOST_REASON, By.LOST_STAGE):
        assert desk.behind("losses", period=IN_2026, by=by, choice=None) == ()
