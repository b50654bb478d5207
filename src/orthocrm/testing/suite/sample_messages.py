"""What a practice writes and hears: filled in every field, and as bare as can be."""

from datetime import date
from typing import Any

from orthocrm.core.answers import AnswerState, KeptAnswer
from orthocrm.core.cadence import Enrollment, EnrollmentState
from orthocrm.core.ids import AppointmentId, ConsentId, LeadId
from orthocrm.core.inbox import Inbound, InboundKind, InboundState
from orthocrm.core.lead import Lead
from orthocrm.core.notifying import (
    ConsentEntry,
    Message,
    MessageChannel,
    MessageState,
    Notice,
    Purpose,
    PushTarget,
    StaffContact,
)
from orthocrm.core.query import AllOf, AnyOf, Cond, Sort
from orthocrm.core.saved_view import SavedView
from orthocrm.core.settings import Clinic
from orthocrm.core.trained_model import ModelPurpose, TrainedModel
from orthocrm.testing.factories import (
    a_consent,
    a_kept_answer,
    a_message,
    a_notice,
    a_saved_view,
    a_staff_contact,
    a_trained_model,
    an_enrollment,
    an_inbound,
)
from orthocrm.testing.suite.sample_values import ADA, BOB, LONG, Rows, at, the_clinic


def correspondence(rows: Rows) -> dict[str, tuple[Any, ...]]:
    """Make messages, notices, contacts, enrollments, saved views and models."""
    clinic, (other, lead, _) = the_clinic(rows), rows["leads"]
    return {
        "messages": (
            _a_message_to_staff(clinic),
            _a_full_message(clinic, lead, rows["appointments"][0].id),
            a_message(clinic),
        ),
        "notices": (_a_full_notice(clinic, lead), a_notice(clinic)),
        "contacts": (_a_full_contact(clinic), a_staff_contact(clinic, BOB)),
        "inbox": (_a_full_inbound(clinic), an_inbound(clinic)),
        "answers": (_a_full_answer(clinic), a_kept_answer(clinic)),
        "enrollments": (_a_full_enrollment(lead), an_enrollment(other)),
        "views": (_a_full_view(clinic), a_saved_view(clinic)),
        "models": (_a_full_model(clinic), a_trained_model(clinic)),
    }


def _a_full_message(clinic: Clinic, lead: Lead, visit: AppointmentId) -> Message:
    return a_message(
        clinic,
        lead,
        at(hours=1),
        key="reminder:visit-1:a_day_before",
        channel=MessageChannel.SMS,
        purpose=Purpose.MARKETING,
        created_at=at(),
        created_by=BOB,
        to="łucja@exämple.com",
        body=LONG,
        subject="Grüße 🦷",
        template="a_day_before",
        about="reminder/a_day_before",
        appointment_id=visit,
        not_after=at(days=1),
        state=MessageState.BOUNCED,
        because="unknown_recipient",
        attempts=3,
        fence=2**40,
        carrier="twilio",
        carrier_ref="SM0815",
        sent_at=at(hours=2),
        settled_at=at(hours=3),
    )


def _a_message_to_staff(clinic: Clinic) -> Message:
    return a_message(clinic, user=ADA, to="ada@example.com", body="", subject="")


def _a_full_notice(clinic: Clinic, lead: Lead) -> Notice:
    return a_notice(
        clinic,
        ADA,
        kind="lead_captured",
        key="lead_captured:ü",
        created_at=at(),
        lead_id=lead.id,
        object_id="task-1",
        count=12,
        read_at=at(minutes=1),
    )


def _a_full_contact(clinic: Clinic) -> StaffContact:
    target = PushTarget(endpoint="https://push.example.com/ü", p256dh="BPk", auth="c2VjcmV0")
    return a_staff_contact(
        clinic,
        ADA,
        email="ada@exämple.com",
        phone="+41441234567",
        push=(target, PushTarget(endpoint="", p256dh="", auth="")),
        channels=(MessageChannel.PUSH, MessageChannel.EMAIL),
        muted=("task_overdue", 'a "quoted" kind'),
    )


def _a_full_inbound(clinic: Clinic) -> Inbound:
    return an_inbound(
        clinic,
        at(hours=1),
        kind=InboundKind.LEADS,
        name="web_form",
        received_at=at(),
        line="of one sender",
        whose=("digest-1", "digest-2"),
        form="kontakt-ü",
        state=InboundState.PARKED,
        because="invalid_input",
        attempts=6,
        fence=2**40,
        settled_at=at(hours=2),
        url="https://practice.example/?ü=1",
        headers={"webhook-id": "msg 1", "X-Ü": ""},
        body=b'{"name": "\xc5\x81ucja"}\x00\xff',
    )


def _a_full_answer(clinic: Clinic) -> KeptAnswer:
    return a_kept_answer(
        clinic,
        key="of a caller",
        request="of a request",
        state=AnswerState.KEPT,
        made_at=at(),
        until=at(days=1),
        status=201,
        headers={"ETag": '"3"'},
        body=LONG,
    )


def _a_full_enrollment(lead: Lead) -> Enrollment:
    return an_enrollment(
        lead,
        "Übernahme",
        started_at=at(),
        started_by=BOB,
        step=3,
        next_at=at(days=2),
        state=EnrollmentState.STOPPED,
        because="answered",
        ended_at=at(days=1),
    )


def _a_full_view(clinic: Clinic) -> SavedView:
    chosen = AnyOf(
        (
            Cond("stage", "in", ("contacted", "Übernahme 🦷")),
            Cond("no_contact", "eq", value=True),
            Cond("recall_due_on", "le", date(2027, 2, 28)),
            Cond("unanswered", "gt", -(2**63)),
            AllOf(()),
        )
    )
    return a_saved_view(
        clinic,
        "Straße & Zürich",
        subject="tasks",
        owner=ADA,
        created_at=at(),
        updated_at=at(days=1),
        where=AllOf((chosen, Cond("created_at", "ge", at()), Cond("owner", "absent"))),
        sort=(Sort("created_at", descending=True), Sort("id")),
        is_shared=True,
    )


def _a_full_model(clinic: Clinic) -> TrainedModel:
    return a_trained_model(
        clinic,
        number=2**63 - 1,
        purpose=ModelPurpose.NO_SHOWS,
        trained_at=at(days=1),
        trained_by=ADA,
        document={"Größe 🦷": [0.1, -1e-9, None, True, {"of": {"Straße": 3}}], "empty": {}},
        report={"said": LONG},
    )


def ledger(clinic: Clinic, lead: LeadId | None) -> tuple[ConsentEntry, ...]:
    """Make entries of two addresses, in the order in which the ledger tells them."""
    full = a_consent(
        clinic,
        "email:łucja@exämple.com",
        at(),
        channel=MessageChannel.EMAIL,
        granted=True,
        created_at=at(days=1),
        created_by=BOB,
        purpose=Purpose.MARKETING,
        lead_id=lead,
        evidence=LONG,
    )
    return (
        full,
        a_consent(clinic, at=at(hours=1), evidence="asked at the desk", granted=True),
        a_consent(clinic, at=at(hours=2), lead_id=lead),
        a_consent(clinic, at=at(hours=2), id=ConsentId("zuletzt")),
    )
