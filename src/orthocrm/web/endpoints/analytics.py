"""`/api/leads/analytics`, metrics and reports: the practice's numbers."""

from collections.abc import Sequence

from attrs import frozen

from orthocrm.analytics.asking import By
from orthocrm.analytics.declaring import Measured
from orthocrm.analytics.reports import REPORTS, as_csv, as_html
from orthocrm.analytics.results import Figures, Funnel, Outcomes
from orthocrm.core.ids import LeadId
from orthocrm.core.time import Period
from orthocrm.desk import Desk
from orthocrm.web.declaring import download, function, verb

_CSV = "text/csv; charset=utf-8"
_HTML = "text/html; charset=utf-8"


@frozen(kw_only=True)
class MetricShown:
    """A metric that can be asked for."""

    name: str
    title: str
    unit: str
    parts: Sequence[str]


def metrics(desk: Desk) -> Sequence[MetricShown]:
    """List the metrics that the caller may ask for."""
    return [
        MetricShown(name=one.name, title=one.title, unit=one.unit, parts=one.parts)
        for one in desk.analytics.metrics()
    ]


def measure(
    desk: Desk,
    *,
    metric: Sequence[str],
    period: Period | None = None,
    by: str | None = None,
    compare: bool = False,
) -> Sequence[Measured]:
    """Measure metrics in one pass, for a dashboard; `compare` gives the window before as well."""
    return desk.analytics.measure_all(metric, period, by, compare=compare)


def funnel(desk: Desk, *, period: Period | None = None, by: str | None = None) -> Figures[Funnel]:
    """Follow the leads that came in during the period: the furthest stage that each reached."""
    return desk.analytics.funnel(period, by)


def sources(
    desk: Desk, *, period: Period | None = None, by: str | None = By.SOURCE
) -> Figures[Outcomes]:
    """Tell what became of the leads of each source."""
    return desk.analytics.outcomes(period, by)


def coordinators(desk: Desk, *, period: Period | None = None) -> Figures[Outcomes]:
    """Tell what became of the leads of each coordinator; whoever is one sees the own figures."""
    return desk.analytics.outcomes(period, By.OWNER)


def behind(
    desk: Desk,
    metric: str,
    *,
    part: str = "numerator",
    period: Period | None = None,
    by: str | None = None,
    group: str | None = None,
) -> Sequence[LeadId]:
    """Name the leads behind a number; `group` names one of a cut, nothing what is not recorded."""
    if group is None:
        return desk.analytics.behind(metric, part, period=period, by=by)
    return desk.analytics.behind(metric, part, period=period, by=by, choice=group or None)


@frozen(kw_only=True)
class ReportName:
    """A report that can be asked for."""

    name: str
    title: str


def reports(desk: Desk) -> Sequence[ReportName]:
    """List the reports."""
    desk.analytics.metrics()
    return [ReportName(name=name, title=recipe.title) for name, recipe in REPORTS.items()]


def report_csv(desk: Desk, name: str, *, period: Period | None = None) -> str:
    """Make a report as text tables that no spreadsheet takes for formulas."""
    return as_csv(desk.analytics.report(name, period))


def report_page(desk: Desk, name: str, *, period: Period | None = None) -> str:
    """Make a report as one page to print, with its charts."""
    return as_html(desk.analytics.report(name, period))


ENDPOINTS = (
    function("GET", "/api/leads/analytics/funnel", "analytics.funnel", funnel),
    function("GET", "/api/leads/analytics/sources", "analytics.outcomes", sources),
    function("GET", "/api/leads/analytics/coordinators", "analytics.outcomes", coordinators),
    verb("GET", "/api/leads/analytics/lost-reasons", "analytics.lost_reasons"),
    verb("GET", "/api/leads/analytics/lost-leads", "analytics.lost_leads"),
    verb("GET", "/api/leads/analytics/stages", "analytics.stages"),
    verb("GET", "/api/leads/analytics/bottlenecks", "analytics.bottlenecks"),
    verb("GET", "/api/leads/analytics/speed", "analytics.speed"),
    verb("GET", "/api/leads/analytics/conversion", "analytics.conversion"),
    verb("GET", "/api/leads/analytics/period-conversion", "analytics.period_conversion"),
    verb("GET", "/api/leads/analytics/time-to-convert", "analytics.time_to_convert"),
    verb("GET", "/api/leads/analytics/mix", "analytics.lead_mix"),
    verb("GET", "/api/leads/analytics/snapshot", "analytics.snapshot"),
    verb("GET", "/api/leads/analytics/visited", "analytics.visited"),
    function("GET", "/api/metrics", "analytics.metrics", metrics),
    function("GET", "/api/metrics/measure", "analytics.measure_all", measure),
    function("GET", "/api/metrics/{metric}/leads", "analytics.behind", behind),
    function("GET", "/api/reports", "analytics.metrics", reports),
    verb("GET", "/api/reports/{name}", "analytics.report"),
    download("/api/reports/{name}/csv", "analytics.report", report_csv, _CSV, "report.csv"),
    download("/api/reports/{name}/page", "analytics.report", report_page, _HTML, "report.html"),
)
"""The four of the source document first."""
