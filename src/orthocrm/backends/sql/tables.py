"""The tables. Every key begins with the clinic; queryable columns are named as in `core.facts`.

A table's columns stand in the order in which `rows` writes and reads them. `sealed` holds all
personal fields of a row, encrypted; `leads.data_key` is the lead's own key, wrapped.
"""

from typing import Any

import sqlalchemy as sa

from orthocrm.backends.sql.types import CODE, JSON, UtcDateTime

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_1_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
    }
)


def _code(name: str) -> sa.Column[str]:
    return sa.Column(name, CODE, nullable=False)


def _codes(*names: str) -> list[sa.Column[str]]:
    return [_code(name) for name in names]


def _maybe(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, CODE) for name in names]


def _at(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, UtcDateTime(), nullable=nullable)


def _maybe_at(*names: str) -> list[sa.Column[Any]]:
    return [_at(name, nullable=True) for name in names]


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _numbers(*names: str) -> list[sa.Column[int]]:
    return [_number(name) for name in names]


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _json(name: str) -> sa.Column[str]:
    return sa.Column(name, JSON, nullable=False)


def _sealed() -> sa.Column[bytes]:
    return sa.Column("sealed", sa.LargeBinary())


def _table(name: str, *parts: Any, key: tuple[str, ...] = ("id",), **options: Any) -> sa.Table:  # noqa: ANN401 - columns, constraints and indexes
    """Make a table whose primary key is the clinic and then `key`."""
    return sa.Table(
        name, metadata, _code("clinic_id"), *parts, sa.PrimaryKeyConstraint("clinic_id", *key),
        **options,
    )  # fmt: skip


def _noun(name: str, *parts: Any) -> sa.Table:  # noqa: ANN401 - as above
    return _table(name, _code("id"), _number("version"), *parts)


def _of(table: str, *columns: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    """Refer to another table's row of the same clinic."""
    there = ["clinic_id", "id"] if columns else ["clinic_id"]
    return sa.ForeignKeyConstraint(
        ["clinic_id", *columns], [f"{table}.{column}" for column in there], ondelete=ondelete
    )


clinics = _table(
    "clinics",
    _number("version"),
    *_codes("name", "timezone"),
    _at("created_at"),
    _json("settings"),
    _number("revision"),
    key=(),
)

clinic_keys = _table(
    "clinic_keys",
    sa.Column("wrapped", sa.LargeBinary(), nullable=False),
    _of("clinics", ondelete="CASCADE"),
    key=(),
)

stages = _noun(
    "stages",
    *_codes("slug", "name"),
    _number("stage_order"),
    _code("kind"),
    *_maybe("description", "color", "auto_task", "auto_email"),
    _number("max_days", nullable=True),
    _flag("is_default"),
    *[_at("created_at"), _at("updated_at")],
    sa.UniqueConstraint("clinic_id", "slug", name="uq_stages_slug"),
    sa.UniqueConstraint("clinic_id", "stage_order", name="uq_stages_stage_order"),
    _of("clinics"),
)

sources = _noun(
    "sources",
    *_codes("name", "folded_name", "category"),
    *_maybe("description"),
    _flag("is_active"),
    _number("monthly_cost_minor", nullable=True),
    *_maybe("monthly_cost_currency"),
    _flag("is_default"),
    *[_at("created_at"), _at("updated_at")],
    sa.UniqueConstraint("clinic_id", "folded_name", name="uq_sources_folded_name"),
    _of("clinics"),
)

coordinators = _noun(
    "coordinators",
    _code("name"),
    _number("weight"),
    _number("capacity", nullable=True),
    _flag("is_active"),
    _of("clinics"),
)

rotations = _noun("rotations", _json("turns"), _of("clinics"))

time_off = _noun(
    "time_off",
    _code("user"),
    *[_at("starts_at"), _at("ends_at")],
    *_maybe("cover"),
    _sealed(),
    _of("clinics"),
)

availability = _noun(
    "availability",
    _code("provider"),
    _number("weekday"),
    *_codes("start_time", "end_time", "timezone"),
    _flag("is_active"),
    *[sa.Column(name, sa.Date()) for name in ("valid_from", "valid_until")],
    _of("clinics"),
)

imports = _noun(
    "imports",
    *_codes("kind", "digest"),
    _at("started_at"),
    _code("started_by"),
    _at("finished_at", nullable=True),
    _code("state"),
    *_numbers("created", "updated", "unchanged", "refused"),
    _of("clinics"),
)

leads = _noun(
    "leads",
    *_codes("status", "stage"),
    _number("stage_order"),
    _at("entered_at"),
    *_codes("visit_id", "furthest"),
    _number("furthest_order"),
    *_maybe("owner"),
    _at("assigned_at", nullable=True),
    *_maybe("first_owner"),
    _code("channel"),
    *_maybe("source", "campaign", "referring_provider_ref", "referring_patient_ref", "import_id"),
    _code("interest"),
    _flag("no_contact"),
    *_codes("incomplete", "preferred", "relationship"),
    sa.Column("age_as_of", sa.Date()),
    *[_at("created_at"), _code("created_by"), _at("updated_at"), _code("updated_by")],
    *_maybe_at("archived_at", "deleted_at"),
    *_maybe_at(
        "first_attempt_at", "first_contact_at", "scheduled_at", "completed_at", "accepted_at"
    ),
    *[_number(f"ms_to_{event}", nullable=True) for event in ("attempt", "contact", "convert")],
    _number("unanswered"),
    *_maybe_at("next_action_at", "converted_at"),
    *_maybe("patient_ref", "converted_owner", "consultation_id"),
    _at("lost_at", nullable=True),
    *_maybe("lost_reason", "lost_stage"),
    _number("lost_order", nullable=True),
    sa.Column("recall_due_on", sa.Date()),
    sa.Column("data_key", sa.LargeBinary(), nullable=False),
    _sealed(),
    _of("clinics"),
)

lead_keys = _table(
    "lead_keys",
    *_codes("key", "lead_id"),
    _of("leads", "lead_id", ondelete="CASCADE"),
    key=("key", "lead_id"),
    sqlite_with_rowid=False,
)

stage_visits = _noun(
    "stage_visits",
    *_codes("lead_id", "stage"),
    _number("stage_order"),
    _at("entered_at"),
    _at("left_at", nullable=True),
    *_maybe("owner"),
    _of("leads", "lead_id"),
)

activities = _noun(
    "activities",
    *_codes("lead_id", "type"),
    *[_at("occurred_at"), _at("created_at"), _code("created_by")],
    *_maybe("direction", "call_outcome"),
    _number("duration_minutes", nullable=True),
    *_maybe("previous_stage", "new_stage"),
    sa.Column("decision", JSON),
    *_maybe("corrects"),
    _flag("after_conversion"),
    _sealed(),
    _of("leads", "lead_id"),
)

tasks = _noun(
    "tasks",
    *_codes("lead_id", "type", "assigned_to"),
    *[_at("due_at"), _at("created_at"), _code("created_by")],
    _code("priority"),
    _at("reminder_at", nullable=True),
    _code("status"),
    _at("completed_at", nullable=True),
    *_maybe("completed_by"),
    _at("updated_at"),
    *_maybe("rule"),
    _sealed(),
    _of("leads", "lead_id"),
)

appointments = _noun(
    "appointments",
    *_codes("provider", "type"),
    *[_at("starts_at"), _at("ends_at")],
    *_codes("timezone", "status"),
    *[_at("created_at"), _at("updated_at")],
    *_maybe("lead_id", "patient_ref"),
    _at("expires_at", nullable=True),
    _number("sequence"),
    _sealed(),
    _of("leads", "lead_id"),
)

reminders = _noun(
    "reminders",
    _code("appointment_id"),
    _number("sequence"),
    *_codes("channel", "rule"),
    _at("due_at"),
    _code("status"),
    _at("sent_at", nullable=True),
    *_maybe("skipped_because"),
    _number("attempts"),
    _of("appointments", "appointment_id"),
)

audit_entries = _noun(
    "audit_entries",
    _at("at"),
    _code("user"),
    _json("roles"),
    *_codes("operation", "outcome"),
    *_maybe("purpose"),
    *[_json(name) for name in ("objects", "fields", "changes", "digests")],
)

import_changes = _noun(
    "import_changes",
    *_codes("import_id", "lead_id"),
    _number("version_after"),
    _sealed(),
    _of("imports", "import_id"),
    _of("leads", "lead_id"),
)

personal_changes = _noun(
    "personal_changes",
    *_codes("audit_id", "lead_id"),
    _sealed(),
    _of("leads", "lead_id"),
)

outbox = _noun(
    "outbox",
    _code("kind"),
    _json("payload"),
    *[_at("created_at"), _at("due_at")],
    _code("state"),
    *_numbers("attempts", "fence"),
    _json("heard"),
)

deliveries = _table(
    "deliveries",
    *_codes("operation", "user", "key", "fingerprint"),
    _at("created_at"),
    sa.Column("result", JSON),
    key=("operation", "user", "key"),
)

_pending = outbox.c.state == sa.literal_column("'PENDING'")


def _index(name: str, table: sa.Table, *columns: Any, **options: Any) -> sa.Index:  # noqa: ANN401 - names and options of SQLAlchemy
    return sa.Index(f"ix_{name}", table.c.clinic_id, *columns, **options)


INDEXES = (
    # Lists show the newest first, and the id breaks ties; the rest answers reports of a period.
    _index(
        "leads_newest",
        leads,
        leads.c.created_at.desc(),
        *[leads.c[name] for name in ("id", "furthest_order", "status", "source", "deleted_at")],
    ),
    # The funnel of all time is read in the order in which it groups.
    _index(
        "leads_funnel",
        leads,
        *[
            leads.c[name]
            for name in (
                "furthest",
                "furthest_order",
                "converted_at",
                "lost_at",
                "deleted_at",
                "created_at",
            )
        ],
    ),
    _index("leads_stage", leads, leads.c.stage, leads.c.entered_at),
    _index("leads_owner", leads, leads.c.owner, leads.c.status),
    _index("leads_next_action", leads, leads.c.next_action_at),
    _index("lead_keys_lead", lead_keys, lead_keys.c.lead_id),
    _index("stage_visits_lead", stage_visits, stage_visits.c.lead_id),
    _index("stage_visits_stage", stage_visits, stage_visits.c.stage, stage_visits.c.entered_at),
    _index("activities_lead", activities, activities.c.lead_id, activities.c.occurred_at),
    _index("tasks_lead", tasks, tasks.c.lead_id),
    _index("tasks_assigned", tasks, tasks.c.assigned_to, tasks.c.status, tasks.c.due_at),
    _index(
        "appointments_provider", appointments, appointments.c.provider, appointments.c.starts_at
    ),
    _index("appointments_lead", appointments, appointments.c.lead_id),
    _index("reminders_appointment", reminders, reminders.c.appointment_id),
    _index("reminders_due", reminders, reminders.c.status, reminders.c.due_at),
    _index("time_off_user", time_off, time_off.c.user, time_off.c.ends_at),
    _index("import_changes_import", import_changes, import_changes.c.import_id),
    _index("import_changes_lead", import_changes, import_changes.c.lead_id),
    _index("personal_changes_lead", personal_changes, personal_changes.c.lead_id),
    _index("audit_entries_at", audit_entries, audit_entries.c.at),
    _index(
        "outbox_pending",
        outbox,
        outbox.c.due_at,
        outbox.c.id,
        postgresql_where=_pending,
        sqlite_where=_pending,
    ),
)
