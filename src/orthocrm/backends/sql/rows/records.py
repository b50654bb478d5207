"""What operations leave behind: audit entries, imports and what they changed, waiting events."""

from typing import Any

from orthocrm.backends.sql import tables
from orthocrm.backends.sql.rows.codec import (
    Personal,
    Put,
    Row,
    Take,
    by_value,
    put_at,
    put_json,
    put_objects,
    take_json,
)
from orthocrm.backends.sql.rows.shape import Shape
from orthocrm.backends.sql.rows.whole import put_whole, take_whole
from orthocrm.core.audit import (
    AuditEntry,
    Import,
    ImportChange,
    ImportState,
    OutboxItem,
    OutboxState,
    PersonalChange,
)
from orthocrm.core.facts import AUDIT, IMPORT_CHANGES, IMPORTS, PERSONAL_CHANGES
from orthocrm.core.query import Schema

_STATE = by_value(ImportState)
_WAITING = by_value(OutboxState)


def _write_audit(entry: AuditEntry, put: Put) -> Row:
    return (
        entry.clinic_id,
        entry.id,
        put.number(entry.version),
        put_at(entry.at),
        entry.user,
        put_objects(entry.roles),
        entry.operation,
        entry.outcome,
        entry.purpose,
        entry.credential,
        put_objects(entry.objects),
        put_objects(entry.fields),
        put_objects(entry.changes),
        put_objects(entry.digests),
        None if entry.position is None else put.number(entry.position),
        entry.seal,
    )


def _read_audit(row: Row, _: Personal, take: Take) -> AuditEntry:
    return AuditEntry(
        clinic_id=row[0],
        id=row[1],
        version=row[2],
        at=take.at(row[3]),
        user=row[4],
        roles=_taken(row[5]),
        operation=row[6],
        outcome=row[7],
        purpose=row[8],
        credential=row[9],
        objects=_taken(row[10]),
        fields=_taken(row[11]),
        changes=_taken(row[12]),
        digests=_taken(row[13]),
        position=row[14],
        seal=row[15],
    )


def _taken(stored: Any) -> tuple[Any, ...]:  # noqa: ANN401 - text, or what a driver parsed
    return tuple(take_json(stored))


AUDIT_ENTRY = Shape(
    kind="audit entry",
    table=tables.audit_entries,
    schema=AUDIT,
    write=_write_audit,
    read=_read_audit,
)


def _write_import(run: Import, put: Put) -> Row:
    return (
        run.clinic_id,
        run.id,
        put.number(run.version),
        run.kind,
        run.digest,
        put_at(run.started_at),
        run.started_by,
        put_at(run.finished_at) if run.finished_at else None,
        run.state.value,
        put.number(run.created),
        put.number(run.updated),
        put.number(run.unchanged),
        put.number(run.refused),
    )


def _read_import(row: Row, _: Personal, take: Take) -> Import:
    return Import(
        clinic_id=row[0],
        id=row[1],
        version=row[2],
        kind=row[3],
        digest=row[4],
        started_at=take.at(row[5]),
        started_by=row[6],
        finished_at=take.at(row[7]) if row[7] else None,
        state=_STATE[row[8]],
        created=row[9],
        updated=row[10],
        unchanged=row[11],
        refused=row[12],
    )


IMPORT = Shape(
    kind="import", table=tables.imports, schema=IMPORTS, write=_write_import, read=_read_import
)


def _write_import_change(change: ImportChange, put: Put) -> Row:
    return (
        change.clinic_id,
        change.id,
        put.number(change.version),
        change.import_id,
        change.lead_id,
        put.number(change.version_after),
    )


def _read_import_change(row: Row, personal: Personal, _: Take) -> ImportChange:
    clinic_id, change_id, version, import_id, lead_id, version_after = row
    return ImportChange(
        clinic_id=clinic_id,
        id=change_id,
        version=version,
        import_id=import_id,
        lead_id=lead_id,
        version_after=version_after,
        before=take_whole(personal["before"]),
    )


def _personal_of_import_change(change: ImportChange) -> Personal:
    return {"before": put_whole(change.before)}


IMPORT_CHANGE = Shape(
    kind="import change",
    table=tables.import_changes,
    schema=IMPORT_CHANGES,
    write=_write_import_change,
    read=_read_import_change,
    personal=_personal_of_import_change,
    sealed_for=lambda change: change.lead_id,
)


def _write_personal_change(change: PersonalChange, put: Put) -> Row:
    return (
        change.clinic_id,
        change.id,
        put.number(change.version),
        change.audit_id,
        change.lead_id,
    )


def _read_personal_change(row: Row, personal: Personal, _: Take) -> PersonalChange:
    clinic_id, change_id, version, audit_id, lead_id = row
    return PersonalChange(
        clinic_id=clinic_id,
        id=change_id,
        version=version,
        audit_id=audit_id,
        lead_id=lead_id,
        salt=personal["salt"],
        before=personal["before"],
        after=personal["after"],
    )


def _personal_of_personal_change(change: PersonalChange) -> Personal:
    return {"salt": change.salt, "before": change.before, "after": change.after}


PERSONAL_CHANGE = Shape(
    kind="personal change",
    table=tables.personal_changes,
    schema=PERSONAL_CHANGES,
    write=_write_personal_change,
    read=_read_personal_change,
    personal=_personal_of_personal_change,
    sealed_for=lambda change: change.lead_id,
)


def _write_outbox_item(item: OutboxItem, put: Put) -> Row:
    created = put_at(item.created_at)
    return (
        item.clinic_id,
        item.id,
        put.number(item.version),
        item.kind,
        put_json(item.payload),
        created,
        created if item.due_at is item.created_at else put_at(item.due_at),
        item.state.value,
        put.number(item.attempts),
        put.number(item.fence),
        put_objects(item.heard),
    )


def _read_outbox_item(row: Row, _: Personal, take: Take) -> OutboxItem:
    return OutboxItem(
        clinic_id=row[0],
        id=row[1],
        version=row[2],
        kind=row[3],
        payload=take_json(row[4]),
        created_at=take.at(row[5]),
        due_at=take.at(row[6]),
        state=_WAITING[row[7]],
        attempts=row[8],
        fence=row[9],
        heard=tuple(take_json(row[10])),
    )


OUTBOX_ITEM = Shape(
    kind="outbox item",
    table=tables.outbox,
    schema=Schema("outbox"),
    write=_write_outbox_item,
    read=_read_outbox_item,
)
