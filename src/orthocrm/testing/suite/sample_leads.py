"""Leads of a practice and what belongs to them: filled in every field, and as bare as can be."""

from datetime import date, time, timedelta
from typing import Any

import attrs

from orthocrm.core.activity import (
    Activity,
    ActivityDirection,
    CallOutcome,
    Decision,
    Document,
    LeadActivityType,
    PassedOver,
)
from orthocrm.core.appointment import Appointment, AppointmentStatus
from orthocrm.core.ids import ImportId, LeadId, MessageId, SeriesId, SourceId, StageSlug, UserId
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
    TreatmentInterest,
)
from orthocrm.core.money import Money
from orthocrm.core.people import (
    Address,
    Contact,
    Email,
    Patient,
    PatientRelationship,
    Phone,
    PreferredContact,
)
from orthocrm.core.settings import Clinic
from orthocrm.core.task import LeadTaskType, Task, TaskPriority, TaskStatus
from orthocrm.core.waitlist import WaitlistEntry, WaitlistState
from orthocrm.testing.factories import (
    a_lead,
    a_personal_change,
    a_task,
    a_visit,
    a_waitlist_entry,
    an_activity,
    an_appointment,
    an_audit_entry,
    an_import_change,
)
from orthocrm.testing.suite.sample_values import ADA, BOB, LARGE, LONG, Rows, at, the_clinic


def enquiries(rows: Rows) -> dict[str, tuple[Any, ...]]:
    """Make leads, their visits and their activities, of a practice."""
    converted = _a_full_lead(rows)
    lost = attrs.evolve(
        a_lead(the_clinic(rows), stage="lost", patient="א ב", phone=None),  # RTL
        status=LeadStatus.LOST,
        loss=Loss(
            at=at(days=9),
            reason=LostReason.OTHER,
            stage=StageSlug("contacted"),
            order=2,
            notes="moved to 東京",
        ),
    )
    bare = a_lead(the_clinic(rows), phone=None, email=None, enquiry=Enquiry(interests=()))
    left = a_visit(
        converted,
        left_at=at(days=30),
        owner=BOB,
        order=7,
        observed=True,
        ms=LARGE,
        business_ms=-1,
    )
    return {
        "leads": (lost, converted, bare),
        "visits": (left, a_visit(lost)),
        "activities": (_a_full_activity(converted), an_activity(lost, notes=None)),
    }


def _a_full_lead(rows: Rows) -> Lead:
    lead = a_lead(the_clinic(rows), stage="treatment_started", order=7, created_at=at())
    return attrs.evolve(
        lead,
        status=LeadStatus.CONVERTED,
        patient=_a_full_patient(),
        contact=_a_full_contact(),
        origin=_a_full_origin(rows),
        enquiry=_a_full_enquiry(),
        position=Position(
            stage=StageSlug("treatment_started"),
            order=7,
            entered_at=at(days=8),
            visit_id=lead.position.visit_id,
            furthest=StageSlug("recall"),
            furthest_order=9,
        ),
        stamps=attrs.evolve(
            lead.stamps, updated_by=BOB, archived_at=at(days=20), deleted_at=at(days=21)
        ),
        ownership=Ownership(owner=ADA, assigned_at=at(minutes=1), first_owner=BOB),
        milestones=_milestones(),
        conversion=Conversion(
            at=at(days=8), patient_ref="patient-1", owner=ADA, consultation_id="visit-1"
        ),
        recall_due_on=date(2027, 2, 28),
        objection=Objection.INSURANCE,
        tags=("vip", "spricht_français", "2nd"),
        custom=_a_full_custom(),
        merged_into=LeadId("lead-0"),
        former_refs=("row-0", "ROW ü"),
        keys=("phone:+13125550100", "email:anna@example.com", "name:KLR,A"),
        version=3,
    )


def _a_full_custom() -> Custom:
    return Custom(
        shown={
            "colour": "blau 'und' \"rot\" \\ 🦷",
            "empty": "",
            "seats": -LARGE,
            "none_left": 0,
            "since": date(1899, 12, 31),
            "shy": True,
            "urgent": False,
        },
        personal={"fears": LONG, "siblings": 3, "born": date(2016, 2, 29), "adopted": False},
    )


def _a_full_patient() -> Patient:
    return Patient(
        first_name="Zoë Ǻsa",
        last_name="O'Brien-Smith; DROP TABLE leads; --",
        born_on=date(1899, 12, 31),
        age_years=12,
        age_as_of=date(2026, 11, 2),
        relationship=PatientRelationship.OTHER,
    )


def _a_full_origin(rows: Rows) -> Origin:
    return Origin(
        channel=Channel.IMPORT,
        source_id=SourceId(rows["sources"][0].id),
        campaign="spring%20_\\sale",
        detail="flyer",
        referring_provider_ref="dr-9",
        referring_patient_ref="p-9",
        external_ref="row-1",
        import_id=ImportId(rows["imports"][0].id),
    )


def _a_full_enquiry() -> Enquiry:
    return Enquiry(
        interests=(TreatmentInterest.RETAINER, TreatmentInterest.BRACES_CLEAR),
        insurance=Insurance(carrier="Helsana", member_id="0815"),
        notes=LONG,
        no_contact=True,
        incomplete=(Incomplete.REFERRER, Incomplete.CONTACT_NAME),
    )


def _a_full_contact() -> Contact:
    return Contact(
        first_name="Łucja",
        last_name="Nguyễn",
        email=Email("łucja@exämple.com", "Łucja@Exämple.COM"),
        phone=Phone("+13125550100", "42"),
        phone_alt=Phone("+41441234567", "7"),
        preferred=PreferredContact.TEXT,
        preferred_time="after school\nnot on Fridays",
        address=Address(
            line1="Seestraße 1", line2="", city="Zürich", state="ZH", postal_code="08001"
        ),
    )


def _milestones() -> Milestones:
    return Milestones(
        first_attempt_at=at(minutes=1),
        first_contact_at=at(minutes=2),
        scheduled_at=at(days=1),
        completed_at=at(days=5),
        accepted_at=at(days=6),
        ms_to_attempt=-1,
        ms_to_contact=2**31,
        ms_to_convert=LARGE,
        unanswered=3,
        next_action_at=at(days=7),
        observed_at=at(days=2),
        recalled_at=at(days=3),
        business_ms_to_attempt=-2,
        business_ms_to_contact=2**32,
        days_to_accept=1,
    )


def _a_full_activity(lead: Lead) -> Activity:
    decision = Decision(
        chosen=ADA,
        rule="round_robin",
        previous=BOB,
        passed_over=(
            PassedOver(user=BOB, reason="away"),
            PassedOver(user=UserId("tc-9"), reason="at_capacity"),
        ),
        needs_assignment=True,
        fallback_away=True,
    )
    corrected = an_activity(lead)
    return attrs.evolve(
        corrected,
        type=LeadActivityType.PHONE_CALL,
        occurred_at=at(minutes=3),
        created_at=at(minutes=4),
        created_by=BOB,
        direction=ActivityDirection.INBOUND,
        call_outcome=CallOutcome.WRONG_NUMBER,
        outcome="call back",
        notes=LONG,
        duration_minutes=12,
        previous_stage=StageSlug("new_lead"),
        new_stage=StageSlug("contacted"),
        decision=decision,
        corrects=corrected.id,
        after_conversion=True,
        virtual=True,
        message_id=MessageId("message-1"),
        document=Document(
            name="Röntgen.pdf", reference="dms://4711?a=1", media_type="application/pdf"
        ),
    )


def around(rows: Rows) -> dict[str, tuple[Any, ...]]:
    """Make what else belongs to the leads."""
    other, lead, _ = rows["leads"]
    booked = _a_full_appointment(lead)
    of_a_patient = an_appointment(other, lead_id=None, patient_ref="patient-7")
    return {
        "tasks": (_a_full_task(lead), a_task(other)),
        "appointments": (booked, of_a_patient),
        "waitlist": (
            a_waitlist_entry(the_clinic(rows)),
            _a_full_waitlist_entry(the_clinic(rows), lead, booked),
            a_waitlist_entry(the_clinic(rows), other),
        ),
    }


def _a_full_task(lead: Lead) -> Task:
    return a_task(
        lead,
        type=LeadTaskType.CUSTOM,
        title="Rückruf",
        description=LONG,
        assigned_to=BOB,
        due_at=at(hours=1),
        created_at=at(),
        created_by=ADA,
        priority=TaskPriority.URGENT,
        reminder_at=at(minutes=30),
        status=TaskStatus.COMPLETED,
        completed_at=at(minutes=45),
        completed_by=ADA,
        updated_at=at(minutes=45),
        rule="speed_to_lead",
        escalated_at=at(minutes=40),
    )


def _a_full_appointment(lead: Lead) -> Appointment:
    return an_appointment(
        lead,
        at(),
        provider=BOB,
        type="our own type",
        length=timedelta(minutes=45),
        timezone="Pacific/Apia",
        status=AppointmentStatus.NO_SHOW,
        reason="gap",
        notes="shy",
        meeting_link="https://meet.example.com/1",
        expires_at=at(hours=2),
        sequence=4,
        answers={"Angst vor 🦷?": "ein wenig", "": ""},
        providers=(BOB, ADA),
        resources=("chair-1", "Röntgen"),
        buffer_before=timedelta(minutes=5),
        buffer_after=timedelta(minutes=10, microseconds=1),
        capacity=3,
        series_id=SeriesId("series-1"),
        price=Money(12_050, "CHF"),
        booked_by=ADA,
        held_by="5f2b" * 16,
        uid="visit-1@example.com",
        moved=2,
        confirmed_at=at(hours=3),
        arrived_at=at(days=1),
        started_at=at(days=1, minutes=2),
        completed_at=at(days=1, minutes=40),
        cancelled_at=at(days=2),
        cancelled_because="patient_ill",
    )


def _a_full_waitlist_entry(clinic: Clinic, lead: Lead, booked: Appointment) -> WaitlistEntry:
    return a_waitlist_entry(
        clinic,
        lead,
        visit_type="our own type",
        created_at=at(),
        created_by=BOB,
        providers=(ADA, BOB),
        earliest=date(2026, 2, 28),
        latest=date(2028, 2, 29),
        weekdays=(6, 0),
        start=time(0),
        end=time(13, 30),
        state=WaitlistState.OFFERED,
        appointment_id=booked.id,
        expires_at=at(hours=1),
    )


def traces(rows: Rows) -> dict[str, tuple[Any, ...]]:
    """Make what operations on the leads leave behind."""
    clinic, run, leads = the_clinic(rows), rows["imports"][0], rows["leads"]
    full = an_audit_entry(
        clinic,
        at(),
        user=BOB,
        roles=("clinic_admin", "doctor"),
        outcome="forbidden",
        purpose="break glass",
        credential="key:k-1",
        objects=(leads[0].id, "other"),
        fields=("patient.first_name",),
        changes=({"kind": "lead_lost", "before": None, "n": [1, {"deep": True}]}, {}),
        digests=("d1", "d2"),
        position=1,
        seal="a seal",
    )
    bare = an_audit_entry(clinic)
    values = {"notes": LONG, "age": 12, "known": False, "none": None, "parts": ["a", {"b": 1.5}]}
    return {
        "audit": (full, bare),
        "import_changes": tuple(an_import_change(run, lead) for lead in leads),
        "personal_changes": (
            a_personal_change(full, leads[0], salt="sält", before=values, after={"notes": ""}),
            a_personal_change(bare, leads[1], before={}, after={}),
        ),
    }
