"""A lead as the source document writes it."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from attrs import frozen

from orthocrm.core.lead import (
    Channel,
    Conversion,
    Incomplete,
    Lead,
    LeadStatus,
    Loss,
    LostReason,
    Objection,
    TreatmentInterest,
)
from orthocrm.core.people import Email, PatientRelationship, Phone, PreferredContact


@frozen(kw_only=True)
class LeadShown:
    """One patient's enquiry, from first contact to treatment started or lost."""

    id: str
    clinic_id: str
    status: LeadStatus
    pipeline_stage: str
    stage_entered_at: datetime
    patient_first_name: str
    patient_last_name: str
    patient_dob: date | None
    patient_age: int | None
    patient_relationship: PatientRelationship
    first_name: str
    last_name: str
    email: str | None
    phone: str | None
    phone_alt: str | None
    preferred_contact: PreferredContact
    preferred_time: str | None
    address_line1: str | None
    address_line2: str | None
    city: str | None
    state: str | None
    postal_code: str | None
    channel: Channel
    source_id: str | None
    source_campaign: str | None
    source_detail: str | None
    referring_provider_id: str | None
    referring_patient_id: str | None
    external_ref: str | None
    treatment_interest: tuple[TreatmentInterest, ...]
    insurance_carrier: str | None
    insurance_member_id: str | None
    assigned_to_id: str | None
    assigned_at: datetime | None
    consultation_id: str | None
    converted_to_patient_id: str | None
    converted_at: datetime | None
    lost_at: datetime | None
    lost_reason: LostReason | None
    lost_notes: str | None
    notes: str | None
    no_contact: bool
    incomplete: tuple[Incomplete, ...]
    objection: Objection | None
    recall_due_on: date | None
    first_contact_at: datetime | None
    next_action_at: datetime | None
    tags: tuple[str, ...]
    custom: Mapping[str, Any]
    merged_into_id: str | None
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None
    created_by: str | None
    updated_by: str | None
    version: int


def shown(lead: Lead) -> LeadShown:
    """Give a lead in its shape."""
    patient, contact, origin = lead.patient, lead.contact, lead.origin
    address, insurance, stamps = contact.address, lead.enquiry.insurance, lead.stamps
    return LeadShown(
        id=lead.id,
        clinic_id=lead.clinic_id,
        status=lead.status,
        pipeline_stage=lead.position.stage,
        stage_entered_at=lead.position.entered_at,
        patient_first_name=patient.first_name,
        patient_last_name=patient.last_name,
        patient_dob=patient.born_on,
        patient_age=patient.age_years,
        patient_relationship=patient.relationship,
        first_name=contact.first_name,
        last_name=contact.last_name,
        email=_address(contact.email),
        phone=_number(contact.phone),
        phone_alt=_number(contact.phone_alt),
        preferred_contact=contact.preferred,
        preferred_time=contact.preferred_time,
        address_line1=address.line1,
        address_line2=address.line2,
        city=address.city,
        state=address.state,
        postal_code=address.postal_code,
        channel=origin.channel,
        source_id=origin.source_id,
        source_campaign=origin.campaign,
        source_detail=origin.detail,
        referring_provider_id=origin.referring_provider_ref,
        referring_patient_id=origin.referring_patient_ref,
        external_ref=origin.external_ref,
        treatment_interest=lead.enquiry.interests,
        insurance_carrier=insurance.carrier,
        insurance_member_id=insurance.member_id,
        assigned_to_id=lead.ownership.owner,
        assigned_at=lead.ownership.assigned_at,
        **_conversion(lead.conversion),
        **_loss(lead.loss),
        notes=lead.enquiry.notes,
        no_contact=lead.enquiry.no_contact,
        incomplete=lead.enquiry.incomplete,
        objection=lead.objection,
        recall_due_on=lead.recall_due_on,
        first_contact_at=lead.milestones.first_contact_at,
        next_action_at=lead.milestones.next_action_at,
        tags=lead.tags,
        custom={**lead.custom.shown, **lead.custom.personal},
        merged_into_id=lead.merged_into,
        created_at=stamps.created_at,
        updated_at=stamps.updated_at,
        archived_at=stamps.archived_at,
        created_by=stamps.created_by,
        updated_by=stamps.updated_by,
        version=lead.version,
    )


def _conversion(conversion: Conversion | None) -> dict[str, Any]:
    return {
        "consultation_id": conversion.consultation_id if conversion else None,
        "converted_to_patient_id": conversion.patient_ref if conversion else None,
        "converted_at": conversion.at if conversion else None,
    }


def _loss(loss: Loss | None) -> dict[str, Any]:
    return {
        "lost_at": loss.at if loss else None,
        "lost_reason": loss.reason if loss else None,
        "lost_notes": loss.notes if loss else None,
    }


def _address(email: Email | None) -> str | None:
    return None if email is None else email.typed


def _number(phone: Phone | None) -> str | None:
    """Give a number in E.164, with its extension where it has one."""
    if phone is None:
        return None
    return f"{phone.number} ext. {phone.extension}" if phone.extension else phone.number
