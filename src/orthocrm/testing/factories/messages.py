"""Messages and notices, consent to them, how staff is reached, and what others deliver."""

from datetime import datetime, timedelta
from typing import Any

from orthocrm.core.answers import KeptAnswer
from orthocrm.core.inbox import Inbound, InboundKind
from orthocrm.core.lead import Lead
from orthocrm.core.notifying import (
    ConsentEntry,
    Message,
    MessageChannel,
    Notice,
    Purpose,
    StaffContact,
)
from orthocrm.core.settings import Clinic
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories.making import COORDINATOR, made, new_id


def a_message(
    clinic: Clinic,
    lead: Lead | None = None,
    due_at: datetime = MONDAY_MORNING,
    **fields: Any,  # noqa: ANN401
) -> Message:
    """Make an e-mail that waits to be sent: to a lead's family, else to somebody of the staff."""
    own = new_id()
    usual = {
        "id": own,
        "clinic_id": clinic.id,
        "key": f"message:{own}",
        "channel": MessageChannel.EMAIL,
        "purpose": Purpose.CARE if lead else Purpose.STAFF,
        "due_at": due_at,
        "created_at": due_at,
        "created_by": COORDINATOR,
        "to": "anna@example.com",
        "body": "See you on Monday",
        "lead_id": lead.id if lead else None,
        "user": None if lead else COORDINATOR,
    }
    return made(Message, usual, fields)


def a_notice(clinic: Clinic, user: str = COORDINATOR, **fields: Any) -> Notice:  # noqa: ANN401
    """Make an unread line of somebody's notification centre."""
    own = new_id()
    usual = {
        "id": own,
        "clinic_id": clinic.id,
        "user": user,
        "kind": "task_overdue",
        "key": f"notice:{own}",
        "created_at": MONDAY_MORNING,
    }
    return made(Notice, usual, fields)


def a_consent(
    clinic: Clinic,
    address: str = "phone:+13125550100",
    at: datetime = MONDAY_MORNING,
    **fields: Any,  # noqa: ANN401
) -> ConsentEntry:
    """Make a STOP to text messages of every purpose."""
    usual = {
        "id": new_id(),
        "clinic_id": clinic.id,
        "channel": MessageChannel.SMS,
        "address": address,
        "granted": False,
        "at": at,
        "created_at": at,
        "created_by": COORDINATOR,
    }
    return made(ConsentEntry, usual, fields)


def a_staff_contact(clinic: Clinic, user: str = COORDINATOR, **fields: Any) -> StaffContact:  # noqa: ANN401
    """Make the contact of somebody whom only the in-app centre reaches."""
    return made(StaffContact, {"id": user, "clinic_id": clinic.id}, fields)


def an_inbound(
    clinic: Clinic,
    due_at: datetime = MONDAY_MORNING,
    **fields: Any,  # noqa: ANN401
) -> Inbound:
    """Make a report of a carrier that waits to be worked off."""
    usual = {
        "id": new_id(),
        "clinic_id": clinic.id,
        "kind": InboundKind.REPORTS,
        "name": "twilio",
        "received_at": due_at,
        "due_at": due_at,
        "body": b"MessageStatus=sent",
    }
    return made(Inbound, usual, fields)


def a_kept_answer(clinic: Clinic, **fields: Any) -> KeptAnswer:  # noqa: ANN401
    """Make the answer of a request that is running."""
    own = new_id()
    usual = {
        "id": own,
        "clinic_id": clinic.id,
        "key": f"digest of {own}",
        "request": "digest of the request",
        "made_at": MONDAY_MORNING,
        "until": MONDAY_MORNING + timedelta(minutes=2),
    }
    return made(KeptAnswer, usual, fields)
