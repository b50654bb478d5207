"""Reports: tables made of metrics, as frozen values, and their renderings.

Every rendering shows the same value: JSON and CSV hold the numbers in full, the terminal and the
printable page as people read them.
"""

from collections.abc import Mapping
from typing import Final

from orthocrm.analytics.asking import By
from orthocrm.analytics.reports.leads import funnel_report, sources_report, summary_report
from orthocrm.analytics.reports.letter import as_text
from orthocrm.analytics.reports.money import losses_report, roi_report
from orthocrm.analytics.reports.page import as_html
from orthocrm.analytics.reports.people import (
    agents_report,
    appointments_report,
    coordinators_report,
    speed_report,
    workload_report,
)
from orthocrm.analytics.reports.periods import (
    daily_report,
    last_month,
    last_twelve_months,
    last_week,
    months_report,
    weekly_report,
    yesterday,
)
from orthocrm.analytics.reports.staying import stages_report
from orthocrm.analytics.reports.values import (
    NOT_RECORDED,
    Aggregator,
    Cell,
    Chart,
    ChartKind,
    Column,
    Kind,
    Recipe,
    Report,
    Table,
)
from orthocrm.analytics.reports.writing import as_csv, as_json

__all__ = [
    "NOT_RECORDED",
    "REPORTS",
    "Aggregator",
    "Cell",
    "Chart",
    "ChartKind",
    "Column",
    "Kind",
    "Recipe",
    "Report",
    "Table",
    "as_csv",
    "as_html",
    "as_json",
    "as_text",
    "funnel_report",
    "sources_report",
    "stages_report",
    "summary_report",
]

_RECIPES = (
    Recipe(
        name="daily",
        title="Daily lead summary",
        make=daily_report,
        by=By.LOST_REASON,
        usual=yesterday,
    ),
    Recipe(
        name="weekly",
        title="Weekly lead summary",
        make=weekly_report,
        by=By.LOST_REASON,
        usual=last_week,
    ),
    Recipe(name="funnel", title="Lead funnel", make=funnel_report, for_marketing=True),
    Recipe(
        name="months",
        title="Conversion by month",
        make=months_report,
        by=By.LOST_REASON,
        usual=last_twelve_months,
    ),
    Recipe(
        name="sources",
        title="Lead sources",
        make=sources_report,
        by=By.SOURCE,
        for_marketing=True,
    ),
    Recipe(name="summary", title="Lead summary", make=summary_report, by=By.LOST_REASON),
    Recipe(name="stages", title="Time in stage", make=stages_report, by=By.LOST_STAGE),
    Recipe(name="coordinators", title="Coordinators", make=coordinators_report, by=By.OWNER),
    Recipe(name="agents", title="Agents", make=agents_report, by=By.OWNER),
    Recipe(name="workload", title="Workload", make=workload_report, by=By.OWNER),
    Recipe(name="losses", title="Lost leads", make=losses_report, by=By.LOST_REASON),
    Recipe(
        name="roi",
        title="Marketing return",
        make=roi_report,
        by=By.SOURCE,
        usual=last_month,
        for_marketing=True,
        is_of_the_clinic=True,
    ),
    Recipe(name="speed", title="Speed to lead", make=speed_report, by=By.OWNER),
    Recipe(
        name="appointments",
        title="Appointments and show rate",
        make=appointments_report,
        by=By.LOST_REASON,
        usual=last_month,
    ),
)

REPORTS: Final[Mapping[str, Recipe]] = {recipe.name: recipe for recipe in _RECIPES}
"""The reports by name."""
