"""Saved views, tags, and leads as tables to take away."""

from orthocrm.core.ids import ViewId
from orthocrm.core.query import Where
from orthocrm.desk import Desk
from orthocrm.web.declaring import download, verb

_CSV = "text/csv; charset=utf-8"


def export(desk: Desk, *, view: ViewId | None = None, where: Where | None = None) -> str:
    """Give leads as a text table that no spreadsheet takes for formulas."""
    return "".join(desk.leads.export(where, view=view).csv())


ENDPOINTS = (
    verb("GET", "/api/views", "leads.views"),
    verb("POST", "/api/views", "leads.save_view", 201),
    verb("GET", "/api/views/{view_id}", "leads.view"),
    verb("DELETE", "/api/views/{view_id}", "leads.remove_view"),
    verb("POST", "/api/leads/tags", "leads.tag"),
    verb("POST", "/api/leads/untag", "leads.untag"),
    download("/api/exports/leads", "leads.export_page", export, _CSV, "leads.csv"),
)
"""Whoever may read leads may take them away: it is the same reading, and audited alike."""
