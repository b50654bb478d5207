"""What operations leave behind."""

from orthocrm.backends.sql.tables.columns import (
    at,
    code,
    codes,
    index,
    json,
    maybe,
    noun,
    number,
    numbers,
    of,
    sealed,
    table,
)

imports = noun(
    "imports",
    *codes("kind", "digest"),
    at("started_at"),
    code("started_by"),
    at("finished_at", nullable=True),
    code("state"),
    *numbers("created", "updated", "unchanged", "refused"),
    of("clinics"),
)

audit_entries = noun(
    "audit_entries",
    at("at"),
    code("user"),
    json("roles"),
    *codes("operation", "outcome"),
    *maybe("purpose", "credential"),
    *[json(name) for name in ("objects", "fields", "changes", "digests")],
    number("position", nullable=True),
    *maybe("seal"),
)
index("audit_entries_at", audit_entries, "at")
index("audit_entries_position", audit_entries, "position", where="position IS NOT NULL")
index("audit_entries_unsealed", audit_entries, "id", where="position IS NULL")

import_changes = noun(
    "import_changes",
    *codes("import_id", "lead_id"),
    number("version_after"),
    sealed(),
    of("imports", "import_id"),
    of("leads", "lead_id"),
)
index("import_changes_import", import_changes, "import_id")
index("import_changes_lead", import_changes, "lead_id")

personal_changes = noun(
    "personal_changes",
    *codes("audit_id", "lead_id"),
    sealed(),
    of("leads", "lead_id"),
)
index("personal_changes_audit", personal_changes, "audit_id")
index("personal_changes_lead", personal_changes, "lead_id")

outbox = noun(
    "outbox",
    code("kind"),
    json("payload"),
    *[at("created_at"), at("due_at")],
    code("state"),
    *numbers("attempts", "fence"),
    json("heard"),
)
index(
    "outbox_pending",
    outbox,
    "due_at",
    "id",
    where="state = 'PENDING'",
)

deliveries = table(
    "deliveries",
    *codes("operation", "user", "key", "fingerprint"),
    at("created_at"),
    json("result", nullable=True),
    key=("operation", "user", "key"),
)
