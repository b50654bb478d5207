"""Records of work: imports, the audit trail, the outbox and deliveries."""

from datetime import datetime
from typing import Any

from orthocrm.core.audit import (
    AuditEntry,
    Delivery,
    Import,
    ImportChange,
    OutboxItem,
    PersonalChange,
)
from orthocrm.core.lead import Lead
from orthocrm.core.settings import Clinic
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories.making import COORDINATOR, made, new_id


def an_import(clinic: Clinic, **fields: Any) -> Import:  # noqa: ANN401
    """Make a run of a lead import that has just begun."""
    usual = {
        "id": new_id(),
        "clinic_id": clinic.id,
        "kind": "leads",
        "digest": "0" * 64,
        "started_at": MONDAY_MORNING,
        "started_by": COORDINATOR,
    }
    return made(Import, usual, fields)


def an_import_change(run: Import, before: Lead, **fields: Any) -> ImportChange:  # noqa: ANN401
    """Make the trace of an import that changed a lead once."""
    usual = {
        "id": new_id(),
        "clinic_id": run.clinic_id,
        "import_id": run.id,
        "lead_id": before.id,
        "version_after": before.version + 1,
        "before": before,
    }
    return made(ImportChange, usual, fields)


def an_audit_entry(clinic: Clinic, at: datetime = MONDAY_MORNING, **fields: Any) -> AuditEntry:  # noqa: ANN401
    """Make the entry of an operation that was carried out."""
    usual = {
        "id": new_id(),
        "clinic_id": clinic.id,
        "at": at,
        "user": COORDINATOR,
        "roles": ("treatment_coordinator",),
        "operation": "leads.capture",
    }
    return made(AuditEntry, usual, fields)


def a_personal_change(entry: AuditEntry, lead: Lead, **fields: Any) -> PersonalChange:  # noqa: ANN401
    """Make the personal half of an audit entry: a corrected first name."""
    usual = {
        "id": new_id(),
        "clinic_id": entry.clinic_id,
        "audit_id": entry.id,
        "lead_id": lead.id,
        "salt": "pepper",
        "before": {"patient.first_name": "Mia"},
        "after": {"patient.first_name": "Mila"},
    }
    return made(PersonalChange, usual, fields)


def an_outbox_item(clinic: Clinic, due_at: datetime = MONDAY_MORNING, **fields: Any) -> OutboxItem:  # noqa: ANN401
    """Make an event that waits for its hooks."""
    usual = {
        "id": new_id(),
        "clinic_id": clinic.id,
        "kind": "lead_captured",
        "payload": {"lead_id": "lead-1", "duplicates": []},
        "created_at": due_at,
        "due_at": due_at,
    }
    return made(OutboxItem, usual, fields)


def a_delivery(clinic: Clinic, key: str = "key:evt-1", **fields: Any) -> Delivery:  # noqa: ANN401
    """Make a request that may have one effect only."""
    usual = {
        "clinic_id": clinic.id,
        "operation": "leads.capture",
        "user": COORDINATOR,
        "key": key,
        "fingerprint": "f" * 64,
        "created_at": MONDAY_MORNING,
    }
    return made(Delivery, usual, fields)
