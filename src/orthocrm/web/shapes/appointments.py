"""Appointments as the second source document writes them."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from attrs import frozen

from orthocrm.core.appointment import Appointment, AppointmentStatus
from orthocrm.core.money import Money


@frozen(kw_only=True)
class AppointmentShown:
    """A time of a provider for one lead or patient; `duration` counts minutes."""

    id: str
    lead_id: str | None
    patient_id: str | None
    provider_id: str
    provider_ids: tuple[str, ...]
    resource_ids: tuple[str, ...]
    appointment_type: str
    scheduled_date: datetime
    ends_at: datetime
    timezone: str
    duration: int
    status: AppointmentStatus
    reason: str | None
    notes: str | None
    meeting_link: str | None
    answers: Mapping[str, str]
    price: Money | None
    series_id: str | None
    expires_at: datetime | None
    confirmed_at: datetime | None
    arrived_at: datetime | None
    started_at: datetime | None
    completed_at: datetime | None
    cancelled_at: datetime | None
    cancelled_because: str | None
    created_at: datetime
    updated_at: datetime
    version: int


def shown(appointment: Appointment) -> AppointmentShown:
    """Give an appointment in its shape."""
    return AppointmentShown(
        id=appointment.id,
        lead_id=appointment.lead_id,
        patient_id=appointment.patient_ref,
        provider_id=appointment.provider,
        provider_ids=appointment.providers,
        resource_ids=appointment.resources,
        appointment_type=appointment.type,
        scheduled_date=appointment.starts_at,
        ends_at=appointment.ends_at,
        timezone=appointment.timezone,
        duration=appointment.length // timedelta(minutes=1),
        status=appointment.status,
        reason=appointment.reason,
        notes=appointment.notes,
        meeting_link=appointment.meeting_link,
        answers=appointment.answers,
        price=appointment.price,
        series_id=appointment.series_id,
        expires_at=appointment.expires_at,
        confirmed_at=appointment.confirmed_at,
        arrived_at=appointment.arrived_at,
        started_at=appointment.started_at,
        completed_at=appointment.completed_at,
        cancelled_at=appointment.cancelled_at,
        cancelled_because=appointment.cancelled_because,
        created_at=appointment.created_at,
        updated_at=appointment.updated_at,
        version=appointment.version,
    )
