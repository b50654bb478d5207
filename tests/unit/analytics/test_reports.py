"""Reports: tables of metrics, and their renderings."""

import csv
import io
import json
from datetime import date, timedelta

import pytest
from attrs import evolve

from orthocrm.analytics.catalogue import METRICS
from orthocrm.analytics.reports import (
    REPORTS,
    Column,
    Kind,
    Report,
    Table,
    as_csv,
    as_json,
    funnel_report,
    sources_report,
    summary_report,
)
from orthocrm.analytics.reports.hiding import hidden
from orthocrm.analytics.reports.money import TO_COME
from orthocrm.core.lead import LostReason
from orthocrm.core.time import Period
from tests.unit.analytics.practice import (
    DAY,
    MARCH,
    PRACTICE,
    Engine,
    an_ask,
    enquiry,
    local,
    lost,
    won,
)

LEADS = [
    won(enquiry(), 10 * DAY),
    won(enquiry(), 20 * DAY),
    enquiry(furthest="contacted"),
    lost(enquiry(source="search"), DAY, LostReason.CHOSE_COMPETITOR),
    won(enquiry(source=None), -DAY),
    enquiry(source="gone"),
]


def cells(report: Report, name: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = json.loads(as_json(report))["tables"][name]["rows"]
    return rows


def test_the_sources_report_names_leads_without_a_source() -> None:
    report = sources_report(an_ask(), Engine(LEADS))
    assert [
        (row["source_id"], row["source"], row["leads"], row["converted"])
        for row in cells(report, "sources")
    ] == [
        ("weber", "Dr. Weber", 3, 2),
        (None, "(not recorded)", 1, 1),
        ("gone", "(removed source)", 1, 0),
        ("search", "Search", 1, 0),
    ]


def test_the_sources_report_gives_rate_interval_and_median() -> None:
    (table,) = sources_report(an_ask(), Engine(LEADS)).tables
    assert [column.name for column in table.columns[4:]] == [
        "conversion_rate",
        "conversion_low",
        "conversion_high",
        "median_days",
    ]
    assert table.rows[0][4:] == pytest.approx((2 / 3, 0.207660, 0.938508, 15.0), abs=1e-6)


def test_the_sources_report_ends_with_all_sources_together() -> None:
    (table,) = sources_report(an_ask(), Engine(LEADS)).tables
    total = table.total or ()
    assert total[:4] == (None, "Total", 6, 3)
    assert total[4:] == pytest.approx((0.5, 0.187616, 0.812384, 10.0), abs=1e-6)


def test_data_errors_are_noted_and_counted() -> None:
    note = "1 lead was converted before it was created: a data error, counted"
    assert sources_report(an_ask(), Engine(LEADS)).notes == (note,)
    assert summary_report(an_ask(), Engine(LEADS)).notes == (note,)
    assert summary_report(an_ask(MARCH), Engine(LEADS)).notes == (
        note,
        "conversions in the period before their lead was created: 1",
    )
    two = [*LEADS, won(enquiry(), -DAY)]
    assert sources_report(an_ask(), Engine(two)).notes == (
        "2 leads were converted before they were created: data errors, counted",
    )
    assert sources_report(an_ask(), Engine([])).notes == ()


def test_the_summary_tells_cohort_and_period_apart() -> None:
    leads = [*LEADS, won(enquiry(local(2026, 1, 5)), 70 * DAY)]
    report = summary_report(an_ask(MARCH), Engine(leads))
    (cohort,) = cells(report, "cohort")
    (period,) = cells(report, "period")
    assert (cohort["leads"], cohort["converted"], cohort["median_days"]) == (6, 3, 10.0)
    assert (cohort["open"], cohort["lost"], cohort["data_errors"]) == (2, 1, 1)
    assert (period["converted"], period["lost"], period["median_days"]) == (4, 1, 15.0)
    assert period["conversions_per_lead"] == 4 / 6


def test_the_summary_shows_the_mix_and_the_reasons() -> None:
    report = summary_report(an_ask(), Engine(LEADS))
    assert sum(float(str(row["share"])) for row in cells(report, "sources")) == pytest.approx(1)
    assert cells(report, "lost_reasons") == [
        {"reason": "CHOSE_COMPETITOR", "name": "Chose competitor", "lost": 1, "share": 1.0}
    ]


def test_the_funnel_report_shows_steps_and_standing() -> None:
    report = funnel_report(an_ask(), Engine(LEADS))
    assert cells(report, "steps")[1] == {
        "stage": "contacted",
        "name": "Contacted",
        "reached": 4,
        "of_all": 4 / 6,
        "to_next": 3 / 4,
        "drop_off": 0,
        "still_open": 1,
    }
    assert cells(report, "standing") == [{"leads": 6, "converted": 3, "lost": 1, "open": 2}]


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("leads", [[], LEADS], ids=["no leads", "leads"])
def test_every_report_says_its_period_and_is_whole_in_json(name: str, leads: list) -> None:
    report = REPORTS[name](an_ask(MARCH), Engine(leads))
    content = json.loads(as_json(report))
    assert content["report"] == name
    assert content["period"] == {"first": "2026-03-01", "until": "2026-04-01"}
    assert content["timezone"] == "America/Chicago"
    assert list(content["tables"]) == [table.name for table in report.tables]
    whole = json.loads(as_json(REPORTS[name](an_ask(), Engine(leads))))
    assert (whole["period"] is None) is (REPORTS[name].usual is None)


@pytest.mark.parametrize(
    "name,queries",
    [
        ("funnel", 1),
        ("months", 3),
        ("sources", 1),
        ("summary", 3),
        ("stages", 5),
        ("coordinators", 2),
        ("agents", 3),
        ("workload", 3),
        ("losses", 1),
        ("roi", 2),
        ("speed", 1),
        ("appointments", 2),
        ("daily", 5),
        ("weekly", 6),
    ],
)
@pytest.mark.parametrize("size", [1, 3])
def test_a_report_asks_as_often_however_many_leads_there_are(
    name: str, queries: int, size: int
) -> None:
    engine = Engine([enquiry(source=source) for source in ("weber", "search", None)[:size]])
    REPORTS[name](an_ask(MARCH), engine)
    assert len(engine.asked) == queries


def test_a_cut_question_makes_the_same_report() -> None:
    for report in REPORTS.values():
        assert report(an_ask(MARCH, "owner"), Engine(LEADS)) == report(an_ask(MARCH), Engine(LEADS))


def test_csv_of_one_table_is_a_header_rows_and_the_total() -> None:
    rows = list(csv.reader(io.StringIO(as_csv(sources_report(an_ask(), Engine(LEADS))))))
    assert rows[0][:4] == ["source_id", "source", "leads", "converted"]
    assert rows[1][:5] == ["weber", "Dr. Weber", "3", "2", repr(2 / 3)]
    assert rows[-1][:4] == ["", "Total", "6", "3"]


def test_csv_of_several_tables_titles_each() -> None:
    text = as_csv(summary_report(an_ask(), Engine(LEADS)))
    blocks = [block.split("\r\n")[0] for block in text.split("\r\n\r\n")]
    assert blocks == [
        "Leads that came in",
        '"What happened, whenever the lead came in"',
        "Where they came from",
        "Why they were lost",
    ]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "\0"])
def test_csv_has_no_cell_that_a_spreadsheet_would_compute(start: str) -> None:
    report = a_report((start + "cmd|' /C calc'!A0", -1.5))
    (row,) = list(csv.reader(io.StringIO(as_csv(report), newline="")))[1:]
    assert row == ["'" + start + "cmd|' /C calc'!A0", "-1.5"]


def a_report(row: tuple[str, float]) -> Report:
    columns = (Column("name", "Name", Kind.TEXT), Column("days", "Days", Kind.DAYS))
    table = Table(name="t", title="T", columns=columns, rows=(row,))
    return Report(name="r", title="R", period=None, timezone="UTC", tables=(table,))


def test_json_keeps_full_precision_and_every_letter() -> None:
    content = json.loads(as_json(a_report(("Zahnärztin Öz", 1 / 3))))
    assert content["tables"] == {"t": {"rows": [{"name": "Zahnärztin Öz", "days": 1 / 3}]}}


def test_json_of_a_number_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        as_json(a_report(("x", float("nan"))))


def test_the_days_of_a_report_are_the_clinics() -> None:
    edge = enquiry(local(2026, 3, 1) - timedelta(seconds=1))
    ask = an_ask(MARCH)
    assert cells(summary_report(ask, Engine([edge])), "cohort")[0]["leads"] == 0
    before = evolve(ask, period=MARCH.previous())
    assert cells(summary_report(before, Engine([edge])), "cohort")[0]["leads"] == 1


def test_the_months_show_how_far_the_leads_of_each_came() -> None:
    report = REPORTS["months"](an_ask(Period(date(2026, 2, 1), date(2026, 4, 1))), Engine(LEADS))
    february, march = cells(report, "reached")
    assert (february["month"], february["leads"]) == ("2026-02", 0)
    assert february["went_on_new_lead"] is None
    assert (march["leads"], march["reached_new_lead"], march["reached_contacted"]) == (6, 6, 4)
    assert (march["reached_treatment_started"], march["went_on_contacted"]) == (3, 3 / 4)


@pytest.mark.parametrize("ends_only", [True, False])
def test_reports_of_a_clinic_without_open_stages_stand(ends_only: bool) -> None:  # noqa: FBT001 - a case
    ends = [stage for stage in PRACTICE.stages if stage.is_terminal] if ends_only else []
    ask = an_ask(MARCH, practice=evolve(PRACTICE, stages=tuple(ends)))
    for report in REPORTS.values():
        assert report(ask, Engine(LEADS)).name == report.name
    months = cells(REPORTS["months"](ask, Engine(LEADS)), "months")
    assert [(row["leads"], row["converted"], row["lost"]) for row in months] == [(6, 3, 1)]
    standing = cells(funnel_report(ask, Engine(LEADS)), "standing")
    assert standing == [{"leads": 6, "converted": 3, "lost": 1, "open": 2}]


def test_what_tells_of_a_hidden_step_is_hidden_with_it() -> None:
    leads = [enquiry() for _ in range(9)]
    leads += [enquiry(furthest="consultation_scheduled") for _ in range(20)]
    leads += [enquiry(furthest="consultation_completed") for _ in range(4)]
    made = hidden(funnel_report(an_ask(MARCH), Engine(leads)), 5)
    steps = {row["stage"]: row for row in cells(made, "steps")}
    gone = [name for name, row in steps.items() if row["reached"] is None]
    assert gone == ["new_lead", "consultation_completed"]
    scheduled = steps["consultation_scheduled"]
    assert (scheduled["reached"], scheduled["to_next"]) == (24, None)
    assert steps["contacted"]["to_next"] == 24 / 24


def test_a_return_on_a_period_that_runs_says_what_is_still_to_come() -> None:
    june = REPORTS["roi"](an_ask(Period.month(2026, 6)), Engine([]))
    assert TO_COME.format(30) in june.notes
    assert REPORTS["roi"](an_ask(MARCH), Engine([])).notes == june.notes[:1]


def test_what_is_about_now_has_no_window_before_in_a_summary() -> None:
    report = REPORTS["daily"].make(an_ask(MARCH), Engine([*LEADS, enquiry()]))
    lines = {row["metric"]: row for row in cells(report, "headlines")}
    assert (lines["open_leads"]["now"], lines["open_leads"]["before"]) == (3, None)
    assert lines["open_leads"]["change"] is None
    assert lines["total_leads"]["before"] == 0


def test_what_asks_the_same_in_every_period_is_declared_to_be_about_now() -> None:
    """The velocity of the pipeline as well: its open leads are those of now."""
    march, year = an_ask(MARCH), an_ask(Period.year(2025))
    same = {
        one.name
        for one in METRICS.values()
        if one.metric.queries(march) == one.metric.queries(year)
    }
    assert {one.name for one in METRICS.values() if one.is_of_now} == {*same, "pipeline_velocity"}
