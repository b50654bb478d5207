"""The Olist funnel, 8,000 real leads through the example's mapping files, on every backend."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import attrs
import pytest

import orthocrm
from orthocrm import Actor, Clinic, Desk, OrthoCRM, Role
from orthocrm.analytics.reports import NOT_RECORDED, as_json
from orthocrm.leads.mapping import parse
from orthocrm.services.imports.runs import ImportReport
from tests.flows.conftest import KEYS
from tests.flows.practice import BACKENDS
from tests.support import postgres

ROOT = Path(__file__).parents[2]
DATA = ROOT / ".." / "shared" / "data" / "olist_funnel"
EXAMPLE = ROOT / "examples" / "olist"
FILES = {
    "leads": "olist_marketing_qualified_leads_dataset.csv",
    "outcomes": "olist_closed_deals_dataset.csv",
}

pytestmark = pytest.mark.skipif(
    not (DATA / "truth.json").exists(), reason="the Olist data are not beside the checkout"
)


@attrs.frozen(slots=False)
class Funnel:
    """The funnel on one backend, and what its two imports said."""

    crm: OrthoCRM
    clinic: Clinic
    leads: ImportReport
    outcomes: ImportReport

    @property
    def desk(self) -> Desk:
        return self.crm.acting_as(Actor.system(Role.OPERATOR, self.clinic.id))

    @cached_property
    def reports(self) -> Mapping[str, str]:
        """The reports as JSON, with the names of sources in the place of their ids."""
        names = {source.id: source.name for source in self.desk.sources.all()}
        return {name: _named(as_json(self.desk.analytics.report(name)), names) for name in REPORTS}

    def table(self, report: str, name: str) -> Any:
        return json.loads(self.reports[report])["tables"][name]


REPORTS = ("funnel", "sources", "summary")


def _named(text: str, names: Mapping[Any, str]) -> str:
    for key, name in names.items():
        text = text.replace(key, name)
    return text


@cache
def truth() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((DATA / "truth.json").read_text("utf-8"))
    return content


@pytest.fixture(scope="module")
def funnels(
    postgres_server: postgres.Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, Funnel]]:
    file = tmp_path_factory.mktemp("olist") / "olist.db"
    with postgres_server.database() as address:
        urls = {"memory": "memory://", "sqlite": f"sqlite:///{file}", "postgres": address}
        found = {backend: _imported(url) for backend, url in urls.items()}
        yield found
        for funnel in found.values():
            funnel.crm.close()


def _imported(url: str) -> Funnel:
    crm = orthocrm.connect(url, keys=KEYS, discover_plugins=False)
    crm.migrate()
    wanted = tomllib.loads((EXAMPLE / "leads.toml").read_text("utf-8"))["clinic"]
    clinic = crm.create_clinic(**wanted)
    desk = crm.acting_as(Actor.system(Role.IMPORTER, clinic.id))
    return Funnel(crm, clinic, *(_run(desk, kind) for kind in FILES))


def _run(desk: Desk, kind: str) -> ImportReport:
    mapping = parse((EXAMPLE / f"{kind}.toml").read_text("utf-8"))
    with (DATA / FILES[kind]).open("rb") as stream:
        return desk.imports.run(stream, mapping)


@pytest.fixture(params=BACKENDS)
def funnel(request: pytest.FixtureRequest, funnels: Mapping[str, Funnel]) -> Funnel:
    return funnels[request.param]


def test_every_row_is_accounted_for(funnel: Funnel) -> None:
    leads, outcomes = funnel.leads.tally, funnel.outcomes.tally
    assert (leads.created, leads.updated, leads.unchanged, leads.refused) == (8000, 0, 0, 0)
    assert (outcomes.created, outcomes.updated, outcomes.refused) == (0, 842, 0)
    assert leads.problems + outcomes.problems == ()


def test_totals_are_those_of_the_reference(funnel: Funnel) -> None:
    total = funnel.table("sources", "sources")["total"]
    low, high = truth()["totals"]["wilson95"]
    assert (total["leads"], total["converted"], total["conversion_rate"]) == (8000, 842, 0.10525)
    assert (total["conversion_low"], total["conversion_high"]) == pytest.approx(
        (low, high), abs=1e-6
    )
    median = truth()["days_to_won"]["median"]
    assert total["median_days"] == pytest.approx(median, abs=1e-6)


def test_days_to_win_are_those_of_the_reference(funnel: Funnel) -> None:
    (cohort,), expected = funnel.table("summary", "cohort")["rows"], truth()["days_to_won"]
    found = (cohort["mean_days"], cohort["median_days"], cohort["p90_days"])
    assert found == pytest.approx((expected["mean"], expected["median"], expected["p90"]), abs=1e-6)


def test_sources_are_those_of_the_reference(funnel: Funnel) -> None:
    rows = {row["source"]: row for row in funnel.table("sources", "sources")["rows"]}
    names = tomllib.loads((EXAMPLE / "leads.toml").read_text("utf-8"))["columns"]["source"]
    assert len(rows) == len(truth()["by_origin"])
    for expected in truth()["by_origin"]:
        row = rows[names["values"].get(expected["key"], NOT_RECORDED)]
        assert (row["leads"], row["converted"]) == (expected["leads"], expected["won"])
        rates = (row["conversion_rate"], row["conversion_low"], row["conversion_high"])
        assert rates == pytest.approx((expected["rate"], *expected["wilson95"]), abs=1e-6)
        assert row["median_days"] == pytest.approx(expected["median_days_to_won"], abs=1e-6)


def test_the_deal_before_its_first_contact_is_a_data_error_and_counts(funnel: Funnel) -> None:
    (cohort,) = funnel.table("summary", "cohort")["rows"]
    assert len(truth()["negative_days_to_won"]) == cohort["data_errors"] == 1
    assert cohort["converted"] == 842
    for report in ("sources", "summary"):
        assert json.loads(funnel.reports[report])["notes"] == [
            "1 lead was converted before it was created: a data error, counted"
        ]


def test_an_origin_that_nobody_recorded_is_not_the_origin_unknown(funnel: Funnel) -> None:
    rows = {row["source"]: row for row in funnel.table("sources", "sources")["rows"]}
    assert (rows[NOT_RECORDED]["leads"], rows["Unknown"]["leads"]) == (60, 1099)
    assert rows[NOT_RECORDED]["source_id"] is None


def test_the_funnel_ends_with_the_conversions(funnel: Funnel) -> None:
    steps, standing = (funnel.table("funnel", name)["rows"] for name in ("steps", "standing"))
    assert (steps[0]["reached"], steps[-1]["reached"]) == (8000, 842)
    assert standing == [{"leads": 8000, "converted": 842, "lost": 0, "open": 7158}]


def test_a_second_import_of_the_outcomes_changes_nothing(funnel: Funnel) -> None:
    tally = _run(funnel.desk, "outcomes").tally
    assert (tally.unchanged, tally.rows) == (842, 842)


def test_every_backend_reports_the_same(funnels: Mapping[str, Funnel]) -> None:
    said = {backend: funnel.reports for backend, funnel in funnels.items()}
    assert said["memory"] == said["sqlite"] == said["postgres"]
