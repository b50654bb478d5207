"""Leads in sequences, and saved views."""

from orthocrm.backends.sql.tables.columns import (
    at,
    code,
    codes,
    flag,
    index,
    json,
    maybe,
    noun,
    number,
    of,
    unique,
    unique_among,
)

enrollments = noun(
    "enrollments",
    *codes("lead_id", "sequence"),
    at("started_at"),
    code("started_by"),
    number("step"),
    at("next_at", nullable=True),
    code("state"),
    *maybe("because"),
    at("ended_at", nullable=True),
    of("leads", "lead_id"),
)
index("enrollments_next", enrollments, "state", "next_at")
index("enrollments_lead", enrollments, "lead_id")
unique_among("enrollments_running", enrollments, "lead_id", "sequence", where="state = 'RUNNING'")

saved_views = noun(
    "saved_views",
    *codes("name", "folded_name", "subject", "owner"),
    *[at("created_at"), at("updated_at")],
    *[json("condition"), json("sort")],
    flag("is_shared"),
    unique("saved_views", "owner", "folded_name"),
    of("clinics"),
)
