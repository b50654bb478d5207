"""The first schema."""

import sqlalchemy as sa
from alembic import op

from orthocrm.backends.sql.types import CODE, JSON, UtcDateTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create every table."""
    _clinics()
    _clinic_keys()
    _stages()
    _sources()
    _coordinators()
    _rotations()
    _time_off()
    _availability()
    _imports()
    _leads()
    _lead_keys()
    _stage_visits()
    _activities()
    _tasks()
    _appointments()
    _reminders()
    _audit_entries()
    _import_changes()
    _personal_changes()
    _outbox()
    _deliveries()


def _clinics() -> None:
    op.create_table(
        "clinics",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("name", CODE, nullable=False),
        sa.Column("timezone", CODE, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("settings", JSON, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("clinic_id", name="pk_clinics"),
    )


def _clinic_keys() -> None:
    op.create_table(
        "clinic_keys",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinics.clinic_id"], name="fk_clinic_keys_clinics", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("clinic_id", name="pk_clinic_keys"),
    )


def _stages() -> None:
    op.create_table(
        "stages",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("slug", CODE, nullable=False),
        sa.Column("name", CODE, nullable=False),
        sa.Column("stage_order", sa.BigInteger(), nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("description", CODE, nullable=True),
        sa.Column("color", CODE, nullable=True),
        sa.Column("auto_task", CODE, nullable=True),
        sa.Column("auto_email", CODE, nullable=True),
        sa.Column("max_days", sa.BigInteger(), nullable=True),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.clinic_id"], name="fk_stages_clinics"),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_stages"),
        sa.UniqueConstraint("clinic_id", "slug", name="uq_stages_slug"),
        sa.UniqueConstraint("clinic_id", "stage_order", name="uq_stages_stage_order"),
    )


def _sources() -> None:
    op.create_table(
        "sources",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("name", CODE, nullable=False),
        sa.Column("folded_name", CODE, nullable=False),
        sa.Column("category", CODE, nullable=False),
        sa.Column("description", CODE, nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("monthly_cost_minor", sa.BigInteger(), nullable=True),
        sa.Column("monthly_cost_currency", CODE, nullable=True),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.clinic_id"], name="fk_sources_clinics"),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_sources"),
        sa.UniqueConstraint("clinic_id", "folded_name", name="uq_sources_folded_name"),
    )


def _coordinators() -> None:
    op.create_table(
        "coordinators",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("name", CODE, nullable=False),
        sa.Column("weight", sa.BigInteger(), nullable=False),
        sa.Column("capacity", sa.BigInteger(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinics.clinic_id"], name="fk_coordinators_clinics"
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_coordinators"),
    )


def _rotations() -> None:
    op.create_table(
        "rotations",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("turns", JSON, nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.clinic_id"], name="fk_rotations_clinics"),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_rotations"),
    )


def _time_off() -> None:
    op.create_table(
        "time_off",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("user", CODE, nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("cover", CODE, nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.clinic_id"], name="fk_time_off_clinics"),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_time_off"),
    )
    op.create_index("ix_time_off_user", "time_off", ["clinic_id", "user", "ends_at"], unique=False)


def _availability() -> None:
    op.create_table(
        "availability",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("provider", CODE, nullable=False),
        sa.Column("weekday", sa.BigInteger(), nullable=False),
        sa.Column("start_time", CODE, nullable=False),
        sa.Column("end_time", CODE, nullable=False),
        sa.Column("timezone", CODE, nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinics.clinic_id"], name="fk_availability_clinics"
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_availability"),
    )


def _imports() -> None:
    op.create_table(
        "imports",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("digest", CODE, nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("started_by", CODE, nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("state", CODE, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=False),
        sa.Column("unchanged", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.clinic_id"], name="fk_imports_clinics"),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_imports"),
    )


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
        sa.Column("referring_provider_ref", CODE, nullable=True),
        sa.Column("referring_patient_ref", CODE, nullable=True),
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
        sa.Column("data_key", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.clinic_id"], name="fk_leads_clinics"),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_leads"),
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
    op.create_index("ix_leads_owner", "leads", ["clinic_id", "owner", "status"], unique=False)
    op.create_index("ix_leads_stage", "leads", ["clinic_id", "stage", "entered_at"], unique=False)


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


def _appointments() -> None:
    op.create_table(
        "appointments",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("provider", CODE, nullable=False),
        sa.Column("type", CODE, nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("timezone", CODE, nullable=False),
        sa.Column("status", CODE, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("lead_id", CODE, nullable=True),
        sa.Column("patient_ref", CODE, nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["clinic_id", "lead_id"], ["leads.clinic_id", "leads.id"], name="fk_appointments_leads"
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_appointments"),
    )
    op.create_index("ix_appointments_lead", "appointments", ["clinic_id", "lead_id"], unique=False)
    op.create_index(
        "ix_appointments_provider",
        "appointments",
        ["clinic_id", "provider", "starts_at"],
        unique=False,
    )


def _reminders() -> None:
    op.create_table(
        "reminders",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("appointment_id", CODE, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("channel", CODE, nullable=False),
        sa.Column("rule", CODE, nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("status", CODE, nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("skipped_because", CODE, nullable=True),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "appointment_id"],
            ["appointments.clinic_id", "appointments.id"],
            name="fk_reminders_appointments",
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_reminders"),
    )
    op.create_index(
        "ix_reminders_appointment", "reminders", ["clinic_id", "appointment_id"], unique=False
    )
    op.create_index(
        "ix_reminders_due", "reminders", ["clinic_id", "status", "due_at"], unique=False
    )


def _audit_entries() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("user", CODE, nullable=False),
        sa.Column("roles", JSON, nullable=False),
        sa.Column("operation", CODE, nullable=False),
        sa.Column("outcome", CODE, nullable=False),
        sa.Column("purpose", CODE, nullable=True),
        sa.Column("objects", JSON, nullable=False),
        sa.Column("fields", JSON, nullable=False),
        sa.Column("changes", JSON, nullable=False),
        sa.Column("digests", JSON, nullable=False),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_audit_entries"),
    )
    op.create_index("ix_audit_entries_at", "audit_entries", ["clinic_id", "at"], unique=False)


def _import_changes() -> None:
    op.create_table(
        "import_changes",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("import_id", CODE, nullable=False),
        sa.Column("lead_id", CODE, nullable=False),
        sa.Column("version_after", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["clinic_id", "import_id"],
            ["imports.clinic_id", "imports.id"],
            name="fk_import_changes_imports",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "lead_id"],
            ["leads.clinic_id", "leads.id"],
            name="fk_import_changes_leads",
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_import_changes"),
    )
    op.create_index(
        "ix_import_changes_import", "import_changes", ["clinic_id", "import_id"], unique=False
    )
    op.create_index(
        "ix_import_changes_lead", "import_changes", ["clinic_id", "lead_id"], unique=False
    )


def _personal_changes() -> None:
    op.create_table(
        "personal_changes",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("audit_id", CODE, nullable=False),
        sa.Column("lead_id", CODE, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["clinic_id", "lead_id"],
            ["leads.clinic_id", "leads.id"],
            name="fk_personal_changes_leads",
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_personal_changes"),
    )
    op.create_index(
        "ix_personal_changes_lead", "personal_changes", ["clinic_id", "lead_id"], unique=False
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("payload", JSON, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("state", CODE, nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("heard", JSON, nullable=False),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_outbox"),
    )
    op.create_index(
        "ix_outbox_pending",
        "outbox",
        ["clinic_id", "due_at", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'PENDING'"),
        sqlite_where=sa.text("state = 'PENDING'"),
    )


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("operation", CODE, nullable=False),
        sa.Column("user", CODE, nullable=False),
        sa.Column("key", CODE, nullable=False),
        sa.Column("fingerprint", CODE, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("result", JSON, nullable=True),
        sa.PrimaryKeyConstraint("clinic_id", "operation", "user", "key", name="pk_deliveries"),
    )
