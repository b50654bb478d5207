"""Leads, their keys, and what happens to them."""

import sqlalchemy as sa

from orthocrm.backends.sql.tables.columns import (
    at,
    code,
    codes,
    day,
    flag,
    index,
    json,
    maybe,
    maybe_at,
    noun,
    number,
    of,
    sealed,
    table,
)

leads = noun(
    "leads",
    *codes("status", "stage"),
    number("stage_order"),
    at("entered_at"),
    *codes("visit_id", "furthest"),
    number("furthest_order"),
    *maybe("owner"),
    at("assigned_at", nullable=True),
    *maybe("first_owner"),
    code("channel"),
    *maybe("source", "campaign", "referring_provider", "referring_patient", "import_id"),
    code("interest"),
    flag("no_contact"),
    *codes("incomplete", "preferred", "relationship"),
    day("age_as_of", nullable=True),
    *[at("created_at"), code("created_by"), at("updated_at"), code("updated_by")],
    *maybe_at("archived_at", "deleted_at"),
    *maybe_at(
        "first_attempt_at", "first_contact_at", "scheduled_at", "completed_at", "accepted_at"
    ),
    *[number(f"ms_to_{event}", nullable=True) for event in ("attempt", "contact", "convert")],
    number("unanswered"),
    *maybe_at("next_action_at", "converted_at"),
    *maybe("patient_ref", "converted_owner", "consultation_id"),
    at("lost_at", nullable=True),
    *maybe("lost_reason", "lost_stage"),
    number("lost_order", nullable=True),
    day("recall_due_on", nullable=True),
    *maybe_at("observed_at", "recalled_at"),
    *maybe("objection"),
    code("tag"),
    json("custom", nullable=True),
    *maybe("merged_into"),
    *[number(f"business_ms_to_{event}", nullable=True) for event in ("attempt", "contact")],
    number("days_to_accept", nullable=True),
    sa.Column("data_key", sa.LargeBinary(), nullable=False),
    sealed(),
    of("clinics"),
)

# Lists show the newest first, and the id breaks ties; the rest answers reports of a period.
index(
    "leads_newest",
    leads,
    leads.c.created_at.desc(),
    "id",
    "furthest_order",
    "status",
    "source",
    "deleted_at",
)

# The funnel of all time is read in the order in which it groups.
index(
    "leads_funnel",
    leads,
    *("furthest", "furthest_order", "converted_at", "lost_at", "deleted_at", "created_at"),
)
index("leads_stage", leads, "stage", "entered_at")
# Numbers about tasks, consultations and visits look up little of their leads, whose rows are wide.
index("leads_beside", leads, "id", "deleted_at", "owner", "source")
index("leads_owner", leads, "owner", "status")
index("leads_next_action", leads, "next_action_at")
# Few leads are recalled or merged, so that other leads pay nothing for these.
index("leads_recall", leads, "recall_due_on", where="recall_due_on IS NOT NULL")
index("leads_merged", leads, "merged_into", where="merged_into IS NOT NULL")

lead_keys = table(
    "lead_keys",
    *codes("key", "lead_id"),
    of("leads", "lead_id", ondelete="CASCADE"),
    key=("key", "lead_id"),
    sqlite_with_rowid=False,
)
index("lead_keys_lead", lead_keys, "lead_id")

stage_visits = noun(
    "stage_visits",
    *codes("lead_id", "stage"),
    number("stage_order"),
    at("entered_at"),
    at("left_at", nullable=True),
    *maybe("owner"),
    flag("observed"),
    number("ms", nullable=True),
    number("business_ms", nullable=True),
    of("leads", "lead_id"),
)
index("stage_visits_lead", stage_visits, "lead_id")
index("stage_visits_stage", stage_visits, "stage", "entered_at")

activities = noun(
    "activities",
    *codes("lead_id", "type"),
    *[at("occurred_at"), at("created_at"), code("created_by")],
    *maybe("direction", "call_outcome"),
    number("duration_minutes", nullable=True),
    *maybe("previous_stage", "new_stage"),
    json("decision", nullable=True),
    *maybe("corrects"),
    flag("after_conversion"),
    flag("virtual"),
    *maybe("message_id"),
    sealed(),
    of("leads", "lead_id"),
)
index("activities_lead", activities, "lead_id", "occurred_at")

tasks = noun(
    "tasks",
    *codes("lead_id", "type", "assigned_to"),
    *[at("due_at"), at("created_at"), code("created_by")],
    code("priority"),
    at("reminder_at", nullable=True),
    code("status"),
    at("completed_at", nullable=True),
    *maybe("completed_by"),
    at("updated_at"),
    *maybe("rule"),
    at("escalated_at", nullable=True),
    sealed(),
    of("leads", "lead_id"),
)
index("tasks_lead", tasks, "lead_id")
index("tasks_assigned", tasks, "assigned_to", "status", "due_at")
