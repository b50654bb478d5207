"""What a clinic sets up: itself, stages, sources, coordinators, rotations, absences."""

from orthocrm.backends.sql import tables
from orthocrm.backends.sql.rows.codec import (
    Personal,
    Put,
    Row,
    Take,
    by_value,
    put_at,
    put_json,
    take_json,
)
from orthocrm.backends.sql.rows.settings import put_settings, take_settings
from orthocrm.backends.sql.rows.shape import Shape
from orthocrm.core.appointment import TimeOff
from orthocrm.core.coordinator import Coordinator, Rotation, Turn
from orthocrm.core.facts import (
    CLINICS,
    COORDINATORS,
    ROTATIONS,
    SOURCES,
    STAGES,
    TIME_OFF,
)
from orthocrm.core.money import Money
from orthocrm.core.settings import Clinic
from orthocrm.core.source import LeadSourceCategory, Source
from orthocrm.core.stage import Stage, StageKind

_KIND = by_value(StageKind)
_CATEGORY = by_value(LeadSourceCategory)


def _write_clinic(clinic: Clinic, put: Put) -> Row:
    return (
        clinic.id,
        put.number(clinic.version),
        clinic.name,
        clinic.timezone,
        put_at(clinic.created_at),
        put_settings(clinic.settings),
        put.number(clinic.revision),
    )


def _read_clinic(row: Row, _: Personal, take: Take) -> Clinic:
    clinic_id, version, name, timezone, created_at, settings, revision = row
    return Clinic(
        id=clinic_id,
        version=version,
        name=name,
        timezone=timezone,
        created_at=take.at(created_at),
        settings=take_settings(settings),
        revision=revision,
    )


CLINIC = Shape(
    kind="clinic", table=tables.clinics, schema=CLINICS, write=_write_clinic, read=_read_clinic
)


def _write_stage(stage: Stage, put: Put) -> Row:
    return (
        stage.clinic_id,
        stage.id,
        put.number(stage.version),
        str(stage.slug),
        stage.name,
        put.number(stage.order),
        stage.kind.value,
        stage.description,
        stage.color,
        stage.auto_task,
        stage.auto_email,
        None if stage.max_days is None else put.number(stage.max_days),
        put.flag(stage.is_default),
        put_at(stage.created_at),
        put_at(stage.updated_at),
    )


def _read_stage(row: Row, _: Personal, take: Take) -> Stage:
    return Stage(
        clinic_id=row[0],
        id=row[1],
        version=row[2],
        slug=row[3],
        name=row[4],
        order=row[5],
        kind=_KIND[row[6]],
        description=row[7],
        color=row[8],
        auto_task=row[9],
        auto_email=row[10],
        max_days=row[11],
        is_default=bool(row[12]),
        created_at=take.at(row[13]),
        updated_at=take.at(row[14]),
    )


STAGE = Shape(
    kind="stage",
    table=tables.stages,
    schema=STAGES,
    write=_write_stage,
    read=_read_stage,
    vacated="stage_order",
)


def _write_source(source: Source, put: Put) -> Row:
    cost = source.monthly_cost
    return (
        source.clinic_id,
        source.id,
        put.number(source.version),
        source.name,
        source.name.casefold(),
        source.category.value,
        source.description,
        put.flag(source.is_active),
        put.number(cost.minor) if cost else None,
        cost.currency if cost else None,
        put.flag(source.is_default),
        put_at(source.created_at),
        put_at(source.updated_at),
    )


def _read_source(row: Row, _: Personal, take: Take) -> Source:
    return Source(
        clinic_id=row[0],
        id=row[1],
        version=row[2],
        name=row[3],
        category=_CATEGORY[row[5]],
        description=row[6],
        is_active=bool(row[7]),
        monthly_cost=Money(row[8], row[9]) if row[9] else None,
        is_default=bool(row[10]),
        created_at=take.at(row[11]),
        updated_at=take.at(row[12]),
    )


SOURCE = Shape(
    kind="source", table=tables.sources, schema=SOURCES, write=_write_source, read=_read_source
)


def _write_coordinator(coordinator: Coordinator, put: Put) -> Row:
    return (
        coordinator.clinic_id,
        coordinator.id,
        put.number(coordinator.version),
        coordinator.name,
        put.number(coordinator.weight),
        None if coordinator.capacity is None else put.number(coordinator.capacity),
        put.flag(coordinator.is_active),
    )


def _read_coordinator(row: Row, _: Personal, __: Take) -> Coordinator:
    clinic_id, user, version, name, weight, capacity, is_active = row
    return Coordinator(
        clinic_id=clinic_id,
        id=user,
        version=version,
        name=name,
        weight=weight,
        capacity=capacity,
        is_active=bool(is_active),
    )


COORDINATOR = Shape(
    kind="coordinator",
    table=tables.coordinators,
    schema=COORDINATORS,
    write=_write_coordinator,
    read=_read_coordinator,
)


def _write_rotation(rotation: Rotation, put: Put) -> Row:
    turns = [[turn.user, turn.time, turn.present] for turn in rotation.turns]
    return rotation.clinic_id, rotation.id, put.number(rotation.version), put_json(turns)


def _read_rotation(row: Row, _: Personal, __: Take) -> Rotation:
    clinic_id, pool, version, stored = row
    turns = tuple(Turn(user=user, time=at, present=here) for user, at, here in take_json(stored))
    return Rotation(clinic_id=clinic_id, id=pool, version=version, turns=turns)


ROTATION = Shape(
    kind="rotation",
    table=tables.rotations,
    schema=ROTATIONS,
    write=_write_rotation,
    read=_read_rotation,
)


def _write_time_off(absence: TimeOff, put: Put) -> Row:
    return (
        absence.clinic_id,
        absence.id,
        put.number(absence.version),
        absence.user,
        put_at(absence.starts_at),
        put_at(absence.ends_at),
        absence.cover,
        absence.origin,
        absence.external_uid,
    )


def _read_time_off(row: Row, personal: Personal, take: Take) -> TimeOff:
    return TimeOff(
        clinic_id=row[0],
        id=row[1],
        version=row[2],
        user=row[3],
        starts_at=take.at(row[4]),
        ends_at=take.at(row[5]),
        cover=row[6],
        origin=row[7],
        external_uid=row[8],
        reason=personal.get("reason"),
    )


def _personal_of_time_off(absence: TimeOff) -> Personal:
    return {} if absence.reason is None else {"reason": absence.reason}


ABSENCE = Shape(
    kind="time off",
    table=tables.time_off,
    schema=TIME_OFF,
    write=_write_time_off,
    read=_read_time_off,
    personal=_personal_of_time_off,
)
