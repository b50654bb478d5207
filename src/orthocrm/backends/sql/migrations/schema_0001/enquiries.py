"""Leads, their keys, and what happens to them."""

import sqlalchemy as sa
from alembic import op

from orthocrm.backends.sql.types import CODE, JSON, UtcDateTime


def create() -> None:
    """Create the tables, those that are referred to first."""
    _leads()
    _lead_keys()
    _stage_visits()
    _activities()
    _tasks()


def _leads() -> None:
    op.create_table(
        "leads",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("status", CODE, nullable=False),
        sa.Column("stage", CODE, nullable=False),
        sa.Column("stage_order", sa.BigInteger(), nullable=False),
        sa.Column("entered_at", UtcDateTime(), nullable=False),
        sa.Column("visit_id", CODE, nullable=False),
        sa.Column("furthest", CODE, nullable=False),
        sa.Column("furthest_order", sa.BigInteger(), nullable=False),
        sa.Column("owner", CODE, nullable=True),
        sa.Column("assigned_at", UtcDateTime(), nullable=True),
        sa.Column("first_owner", CODE, nullable=True),
        sa.Column("channel", CODE, nullable=False),
        sa.Column("source", CODE, nullable=True),
        sa.Column("campaign", CODE, nullable=True),
        sa.Column("referring_provider", CODE, nullable=True),
        sa.Column("referring_patient", CODE, nullable=True),
        sa.Column("import_id", CODE, nullable=True),
        sa.Column("interest", CODE, nullable=False),
        sa.Column("no_contact", sa.Boolean(), nullable=False),
        sa.Column("incomplete", CODE, nullable=False),
        sa.Column("preferred", CODE, nullable=False),
        sa.Column("relationship", CODE, nullable=False),
        sa.Column("age_as_of", sa.Date(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", CODE, nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("updated_by", CODE, nullable=False),
        sa.Column("archived_at", UtcDateTime(), nullable=True),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
        sa.Column("first_attempt_at", UtcDateTime(), nullable=True),
        sa.Column("first_contact_at", UtcDateTime(), nullable=True),
        sa.Column("scheduled_at", UtcDateTime(), nullable=True),
        sa.Column("completed_at", UtcDateTime(), nullable=True),
        sa.Column("accepted_at", UtcDateTime(), nullable=True),
        sa.Column("ms_to_attempt", sa.BigInteger(), nullable=True),
        sa.Column("ms_to_contact", sa.BigInteger(), nullable=True),
        sa.Column("ms_to_convert", sa.BigInteger(), nullable=True),
        sa.Column("unanswered", sa.BigInteger(), nullable=False),
        sa.Column("next_action_at", UtcDateTime(), nullable=True),
        sa.Column("converted_at", UtcDateTime(), nullable=True),
        sa.Column("patient_ref", CODE, nullable=True),
        sa.Column("converted_owner", CODE, nullable=True),
        sa.Column("consultation_id", CODE, nullable=True),
        sa.Column("lost_at", UtcDateTime(), nullable=True),
        sa.Column("lost_reason", CODE, nullable=True),
        sa.Column("lost_stage", CODE, nullable=True),
        sa.Column("lost_order", sa.BigInteger(), nullable=True),
        sa.Column("recall_due_on", sa.Date(), nullable=True),
        sa.Column("observed_at", UtcDateTime(), nullable=True),
        sa.Column("recalled_at", UtcDateTime(), nullable=True),
        sa.Column("objection", CODE, nullable=True),
        sa.Column("tag", CODE, nullable=False),
        sa.Column("custom", JSON, nullable=True),
        sa.Column("merged_into", CODE, nullable=True),
        sa.Column("business_ms_to_attempt", sa.BigInteger(), nullable=True),
        sa.Column("business_ms_to_contact", sa.BigInteger(), nullable=True),
        sa.Column("days_to_accept", sa.BigInteger(), nullable=True),
        sa.Column("data_key", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.clinic_id"], name="fk_leads_clinics"),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_leads"),
    )
    op.create_index(
        "ix_leads_beside",
        "leads",
        ["clinic_id", "id", "deleted_at", "owner", "source"],
        unique=False,
    )
    op.create_index(
        "ix_leads_funnel",
        "leads",
        [
            "clinic_id",
            "furthest",
            "furthest_order",
            "converted_at",
            "lost_at",
            "deleted_at",
            "created_at",
        ],
        unique=False,
    )
    op.create_index(
        "ix_leads_newest",
        "leads",
        [
            "clinic_id",
            sa.literal_column("created_at DESC"),
            "id",
            "furthest_order",
            "status",
            "source",
            "deleted_at",
        ],
        unique=False,
    )
    op.create_index("ix_leads_next_action", "leads", ["clinic_id", "next_action_at"], unique=False)
    _index_if_there("recall", "recall_due_on")
    _index_if_there("merged", "merged_into")
    op.create_index("ix_leads_owner", "leads", ["clinic_id", "owner", "status"], unique=False)
    op.create_index("ix_leads_stage", "leads", ["clinic_id", "stage", "entered_at"], unique=False)


def _index_if_there(name: str, column: str) -> None:
    there = sa.text(f"{column} IS NOT NULL")
    op.create_index(
        f"ix_leads_{name}",
        "leads",
        ["clinic_id", column],
        unique=False,
        postgresql_where=there,
        sqlite_where=there,
    )


def _lead_keys() -> None:
    op.create_table(
        "lead_keys",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("key", CODE, nullable=False),
        sa.Column("lead_id", CODE, nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "lead_id"],
            ["leads.clinic_id", "leads.id"],
            name="fk_lead_keys_leads",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("clinic_id", "key", "lead_id", name="pk_lead_keys"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_lead_keys_lead", "lead_keys", ["clinic_id", "lead_id"], unique=False)


def _stage_visits() -> None:
    op.create_table(
        "stage_visits",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("lead_id", CODE, nullable=False),
        sa.Column("stage", CODE, nullable=False),
        sa.Column("stage_order", sa.BigInteger(), nullable=False),
        sa.Column("entered_at", UtcDateTime(), nullable=False),
        sa.Column("left_at", UtcDateTime(), nullable=True),
        sa.Column("owner", CODE, nullable=True),
        sa.Column("observed", sa.Boolean(), nullable=False),
        sa.Column("ms", sa.BigInteger(), nullable=True),
        sa.Column("business_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["clinic_id", "lead_id"], ["leads.clinic_id", "leads.id"], name="fk_stage_visits_leads"
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_stage_visits"),
    )
    op.create_index("ix_stage_visits_lead", "stage_visits", ["clinic_id", "lead_id"], unique=False)
    op.create_index(
        "ix_stage_visits_stage", "stage_visits", ["clinic_id", "stage", "entered_at"], unique=False
    )


def _activities() -> None:
    op.create_table(
        "activities",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("lead_id", CODE, nullable=False),
        sa.Column("type", CODE, nullable=False),
        sa.Column("occurred_at", UtcDateTime(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", CODE, nullable=False),
        sa.Column("direction", CODE, nullable=True),
        sa.Column("call_outcome", CODE, nullable=True),
        sa.Column("duration_minutes", sa.BigInteger(), nullable=True),
        sa.Column("previous_stage", CODE, nullable=True),
        sa.Column("new_stage", CODE, nullable=True),
        sa.Column("decision", JSON, nullable=True),
        sa.Column("corrects", CODE, nullable=True),
        sa.Column("after_conversion", sa.Boolean(), nullable=False),
        sa.Column("virtual", sa.Boolean(), nullable=False),
        sa.Column("message_id", CODE, nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["clinic_id", "lead_id"], ["leads.clinic_id", "leads.id"], name="fk_activities_leads"
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_activities"),
    )
    op.create_index(
        "ix_activities_lead", "activities", ["clinic_id", "lead_id", "occurred_at"], unique=False
    )


def _tasks() -> None:
    op.create_table(
        "tasks",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("lead_id", CODE, nullable=False),
        sa.Column("type", CODE, nullable=False),
        sa.Column("assigned_to", CODE, nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", CODE, nullable=False),
        sa.Column("priority", CODE, nullable=False),
        sa.Column("reminder_at", UtcDateTime(), nullable=True),
        sa.Column("status", CODE, nullable=False),
        sa.Column("completed_at", UtcDateTime(), nullable=True),
        sa.Column("completed_by", CODE, nullable=True),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("rule", CODE, nullable=True),
        sa.Column("escalated_at", UtcDateTime(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["clinic_id", "lead_id"], ["leads.clinic_id", "leads.id"], name="fk_tasks_leads"
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_tasks"),
    )
    op.create_index(
        "ix_tasks_assigned", "tasks", ["clinic_id", "assigned_to", "status", "due_at"], unique=False
    )
    op.create_index("ix_tasks_lead", "tasks", ["clinic_id", "lead_id"], unique=False)
