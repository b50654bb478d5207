"""Leads."""

from datetime import date

from orthocrm.backends.sql import tables
from orthocrm.backends.sql.rows.codec import (
    Personal,
    Put,
    Row,
    Take,
    by_value,
    put_at,
    put_codes,
    put_day,
    taking_codes,
)
from orthocrm.backends.sql.rows.custom import by_kind, from_kinds, put_shown, take_shown
from orthocrm.backends.sql.rows.shape import Shape
from orthocrm.core.facts import LEADS
from orthocrm.core.lead import (
    Channel,
    Conversion,
    Custom,
    Enquiry,
    Incomplete,
    Insurance,
    Lead,
    LeadStatus,
    Loss,
    LostReason,
    Milestones,
    Objection,
    Origin,
    Ownership,
    Position,
    Stamps,
    TreatmentInterest,
)
from orthocrm.core.people import (
    Address,
    Contact,
    Email,
    Patient,
    PatientRelationship,
    Phone,
    PreferredContact,
)

_STATUS = by_value(LeadStatus)
_CHANNEL = by_value(Channel)
_REASON = by_value(LostReason)
_OBJECTION = by_value(Objection)
_RELATIONSHIP = by_value(PatientRelationship)
_PREFERRED = by_value(PreferredContact)
_interests = taking_codes(TreatmentInterest)
_incomplete = taking_codes(Incomplete)
_NO_ADDRESS = Address()
_NO_INSURANCE = Insurance()
_NOTHING: Personal = {}


def write_lead(lead: Lead, put: Put) -> Row:
    """Write the clear columns of a lead."""
    number = put.number
    position, owned, origin, enquiry = lead.position, lead.ownership, lead.origin, lead.enquiry
    return (
        lead.clinic_id,
        lead.id,
        number(lead.version),
        lead.status.value,
        str(position.stage),
        number(position.order),
        put_at(position.entered_at),
        position.visit_id,
        str(position.furthest),
        number(position.furthest_order),
        owned.owner,
        put_at(owned.assigned_at) if owned.assigned_at else None,
        owned.first_owner,
        origin.channel.value,
        origin.source_id,
        origin.campaign,
        origin.referring_provider_ref,
        origin.referring_patient_ref,
        origin.import_id,
        put_codes(enquiry.interests),
        put.flag(enquiry.no_contact),
        put_codes(enquiry.incomplete),
        lead.contact.preferred.value,
        lead.patient.relationship.value,
        put_day(lead.patient.age_as_of) if lead.patient.age_as_of else None,
        *_write_stamps(lead.stamps),
        *_write_milestones(lead.milestones, put),
        *_write_end(lead, put),
        *_write_since(lead),
        *_write_in_business_time(lead.milestones, put),
    )


def _write_stamps(stamps: Stamps) -> Row:
    created = put_at(stamps.created_at)
    untouched = stamps.updated_at is stamps.created_at
    return (
        created,
        stamps.created_by,
        created if untouched else put_at(stamps.updated_at),
        stamps.updated_by,
        put_at(stamps.archived_at) if stamps.archived_at else None,
        put_at(stamps.deleted_at) if stamps.deleted_at else None,
    )


def _write_milestones(reached: Milestones, put: Put) -> Row:
    number = put.number
    return (
        put_at(reached.first_attempt_at) if reached.first_attempt_at else None,
        put_at(reached.first_contact_at) if reached.first_contact_at else None,
        put_at(reached.scheduled_at) if reached.scheduled_at else None,
        put_at(reached.completed_at) if reached.completed_at else None,
        put_at(reached.accepted_at) if reached.accepted_at else None,
        None if reached.ms_to_attempt is None else number(reached.ms_to_attempt),
        None if reached.ms_to_contact is None else number(reached.ms_to_contact),
        None if reached.ms_to_convert is None else number(reached.ms_to_convert),
        number(reached.unanswered),
        put_at(reached.next_action_at) if reached.next_action_at else None,
    )


_NOT_CONVERTED = (None,) * 4
_NOT_LOST = (None,) * 4


def _write_end(lead: Lead, put: Put) -> Row:
    converted, lost = lead.conversion, lead.loss
    if converted is None and lost is None:
        return _NOT_CONVERTED + _NOT_LOST
    return (
        *(
            (
                put_at(converted.at),
                converted.patient_ref,
                converted.owner,
                converted.consultation_id,
            )
            if converted
            else _NOT_CONVERTED
        ),
        *(
            (put_at(lost.at), lost.reason.value, str(lost.stage), put.number(lost.order))
            if lost
            else _NOT_LOST
        ),
    )


def _write_since(lead: Lead) -> Row:
    """Write what has come over an enquiry: recalls, objection, tags, own fields, a merge."""
    reached = lead.milestones
    return (
        put_day(lead.recall_due_on) if lead.recall_due_on else None,
        put_at(reached.observed_at) if reached.observed_at else None,
        put_at(reached.recalled_at) if reached.recalled_at else None,
        lead.objection.value if lead.objection else None,
        put_codes(lead.tags),
        put_shown(lead.custom.shown),
        lead.merged_into,
    )


def _write_in_business_time(reached: Milestones, put: Put) -> Row:
    tried, contacted = reached.business_ms_to_attempt, reached.business_ms_to_contact
    return (
        None if tried is None else put.number(tried),
        None if contacted is None else put.number(contacted),
        None if reached.days_to_accept is None else put.number(reached.days_to_accept),
    )


def personal_of_lead(lead: Lead) -> Personal:
    """Give the personal fields of a lead."""
    patient, contact, origin, enquiry = lead.patient, lead.contact, lead.origin, lead.enquiry
    fields = {
        "patient.first_name": patient.first_name,
        "patient.last_name": patient.last_name,
        "patient.born_on": put_day(patient.born_on) if patient.born_on else None,
        "patient.age_years": patient.age_years,
        "contact.first_name": contact.first_name,
        "contact.last_name": contact.last_name,
        "contact.email": [contact.email.address, contact.email.typed] if contact.email else None,
        "contact.phone": _write_phone(contact.phone),
        "contact.phone_alt": _write_phone(contact.phone_alt),
        "contact.preferred_time": contact.preferred_time,
        "contact.address": _write_address(contact.address),
        "origin.detail": origin.detail,
        "origin.external_ref": origin.external_ref,
        "enquiry.insurance": _write_insurance(enquiry.insurance),
        "enquiry.notes": enquiry.notes,
        "loss.notes": lead.loss.notes if lead.loss else None,
        "custom.personal": by_kind(lead.custom.personal) or None,
        "former_refs": lead.former_refs or None,
        "keys": lead.keys or None,
    }
    return {path: value for path, value in fields.items() if value is not None}


def _write_phone(phone: Phone | None) -> list[str] | None:
    return [phone.number, phone.extension] if phone else None


def _write_address(a: Address) -> list[str | None] | None:
    lines = [a.line1, a.line2, a.city, a.state, a.postal_code]
    return lines if lines != [None] * 5 else None


def _write_insurance(insurance: Insurance) -> list[str | None] | None:
    values = [insurance.carrier, insurance.member_id]
    return values if values != [None, None] else None


def read_lead(row: Row, personal: Personal, take: Take) -> Lead:
    """Read a lead from the columns that `write_lead` wrote, and its personal fields."""
    at, day, get = take.at, take.day, personal.get
    return Lead(
        clinic_id=row[0],
        id=row[1],
        version=row[2],
        status=_STATUS[row[3]],
        position=Position(
            stage=row[4],
            order=row[5],
            entered_at=at(row[6]),
            visit_id=row[7],
            furthest=row[8],
            furthest_order=row[9],
        ),
        ownership=Ownership(
            owner=row[10], assigned_at=at(row[11]) if row[11] else None, first_owner=row[12]
        ),
        origin=Origin(
            channel=_CHANNEL[row[13]],
            source_id=row[14],
            campaign=row[15],
            referring_provider_ref=row[16],
            referring_patient_ref=row[17],
            import_id=row[18],
            detail=get("origin.detail"),
            external_ref=get("origin.external_ref"),
        ),
        enquiry=Enquiry(
            interests=_interests(row[19]),
            no_contact=bool(row[20]),
            incomplete=_incomplete(row[21]),
            insurance=_read_insurance(get("enquiry.insurance")),
            notes=get("enquiry.notes"),
        ),
        contact=_read_contact(row[22], personal),
        patient=Patient(
            first_name=personal["patient.first_name"],
            last_name=personal["patient.last_name"],
            born_on=date.fromisoformat(born_on) if (born_on := get("patient.born_on")) else None,
            age_years=get("patient.age_years"),
            relationship=_RELATIONSHIP[row[23]],
            age_as_of=day(row[24]) if row[24] else None,
        ),
        stamps=_read_stamps(row, take),
        milestones=_read_milestones(row, take),
        conversion=_read_conversion(row, take) if row[41] else None,
        loss=_read_loss(row, personal, take) if row[45] else None,
        recall_due_on=day(row[49]) if row[49] else None,
        objection=_OBJECTION[row[52]] if row[52] else None,
        tags=tuple(row[53].split("|")[1:-1]) if row[53] else (),
        custom=Custom(
            shown=take_shown(row[54]), personal=from_kinds(get("custom.personal", _NOTHING))
        ),
        merged_into=row[55],
        former_refs=tuple(get("former_refs", ())),
        keys=tuple(get("keys", ())),
    )


def _read_contact(preferred: str, personal: Personal) -> Contact:
    get = personal.get
    email, phone, other = get("contact.email"), get("contact.phone"), get("contact.phone_alt")
    address = get("contact.address")
    return Contact(
        first_name=personal["contact.first_name"],
        last_name=personal["contact.last_name"],
        email=Email(*email) if email else None,
        phone=Phone(*phone) if phone else None,
        phone_alt=Phone(*other) if other else None,
        preferred=_PREFERRED[preferred],
        preferred_time=get("contact.preferred_time"),
        address=_read_address(address) if address else _NO_ADDRESS,
    )


def _read_address(lines: list[str | None]) -> Address:
    line1, line2, city, state, postal_code = lines
    return Address(line1=line1, line2=line2, city=city, state=state, postal_code=postal_code)


def _read_insurance(values: list[str | None] | None) -> Insurance:
    if values is None:
        return _NO_INSURANCE
    carrier, member_id = values
    return Insurance(carrier=carrier, member_id=member_id)


def _read_stamps(row: Row, take: Take) -> Stamps:
    at = take.at
    return Stamps(
        created_at=at(row[25]),
        created_by=row[26],
        updated_at=at(row[27]),
        updated_by=row[28],
        archived_at=at(row[29]) if row[29] else None,
        deleted_at=at(row[30]) if row[30] else None,
    )


def _read_milestones(row: Row, take: Take) -> Milestones:
    at = take.at
    return Milestones(
        first_attempt_at=at(row[31]) if row[31] else None,
        first_contact_at=at(row[32]) if row[32] else None,
        scheduled_at=at(row[33]) if row[33] else None,
        completed_at=at(row[34]) if row[34] else None,
        accepted_at=at(row[35]) if row[35] else None,
        ms_to_attempt=row[36],
        ms_to_contact=row[37],
        ms_to_convert=row[38],
        unanswered=row[39],
        next_action_at=at(row[40]) if row[40] else None,
        observed_at=at(row[50]) if row[50] else None,
        recalled_at=at(row[51]) if row[51] else None,
        business_ms_to_attempt=row[56],
        business_ms_to_contact=row[57],
        days_to_accept=row[58],
    )


def _read_conversion(row: Row, take: Take) -> Conversion:
    return Conversion(
        at=take.at(row[41]), patient_ref=row[42], owner=row[43], consultation_id=row[44]
    )


def _read_loss(row: Row, personal: Personal, take: Take) -> Loss:
    return Loss(
        at=take.at(row[45]),
        reason=_REASON[row[46]],
        stage=row[47],
        order=row[48],
        notes=personal.get("loss.notes"),
    )


LEAD = Shape(
    kind="lead",
    table=tables.leads,
    schema=LEADS,
    write=write_lead,
    read=read_lead,
    personal=personal_of_lead,
    sealed_for=lambda lead: lead.id,
)
