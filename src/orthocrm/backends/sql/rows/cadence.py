"""Leads in sequences, and saved views."""

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
from orthocrm.backends.sql.rows.shape import Shape
from orthocrm.core.cadence import Enrollment, EnrollmentState
from orthocrm.core.facts import ENROLLMENTS, VIEWS
from orthocrm.core.query_text import dumped, dumped_sort, loaded, loaded_sort
from orthocrm.core.saved_view import SavedView

_STATE = by_value(EnrollmentState)


def _write_enrollment(enrollment: Enrollment, put: Put) -> Row:
    return (
        enrollment.clinic_id,
        enrollment.id,
        put.number(enrollment.version),
        enrollment.lead_id,
        enrollment.sequence,
        put_at(enrollment.started_at),
        enrollment.started_by,
        put.number(enrollment.step),
        put_at(enrollment.next_at) if enrollment.next_at else None,
        enrollment.state.value,
        enrollment.because,
        put_at(enrollment.ended_at) if enrollment.ended_at else None,
    )


def _read_enrollment(row: Row, _: Personal, take: Take) -> Enrollment:
    return Enrollment(
        clinic_id=row[0],
        id=row[1],
        version=row[2],
        lead_id=row[3],
        sequence=row[4],
        started_at=take.at(row[5]),
        started_by=row[6],
        step=row[7],
        next_at=take.at(row[8]) if row[8] else None,
        state=_STATE[row[9]],
        because=row[10],
        ended_at=take.at(row[11]) if row[11] else None,
    )


ENROLLMENT = Shape(
    kind="enrollment",
    table=tables.enrollments,
    schema=ENROLLMENTS,
    write=_write_enrollment,
    read=_read_enrollment,
)


def _write_view(view: SavedView, put: Put) -> Row:
    return (
        view.clinic_id,
        view.id,
        put.number(view.version),
        view.name,
        view.name.casefold(),
        view.subject,
        view.owner,
        put_at(view.created_at),
        put_at(view.updated_at),
        put_json(dumped(view.where)),
        put_json(dumped_sort(view.sort)),
        put.flag(view.is_shared),
    )


def _read_view(row: Row, _: Personal, take: Take) -> SavedView:
    return SavedView(
        clinic_id=row[0],
        id=row[1],
        version=row[2],
        name=row[3],
        subject=row[5],
        owner=row[6],
        created_at=take.at(row[7]),
        updated_at=take.at(row[8]),
        where=loaded(take_json(row[9])),
        sort=loaded_sort(take_json(row[10])),
        is_shared=bool(row[11]),
    )


VIEW = Shape(
    kind="saved view",
    table=tables.saved_views,
    schema=VIEWS,
    write=_write_view,
    read=_read_view,
)
