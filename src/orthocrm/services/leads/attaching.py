"""Documents that were sent to families, in the timelines of their leads."""

from orthocrm.core.activity import Activity, Document, LeadActivityType
from orthocrm.core.documents import checked_document
from orthocrm.core.events import ActivityLogged
from orthocrm.core.ids import ActivityId, LeadId
from orthocrm.services.work import Work


def attach(work: Work, lead_id: LeadId, document: Document) -> Activity:
    """Note a document that lies elsewhere."""
    known = checked_document(document, work.practice.clinic.settings.document_schemes)
    (lead,) = work.leads([lead_id])
    activity = Activity(
        id=ActivityId(work.ids()),
        clinic_id=work.clinic_id,
        lead_id=lead.id,
        type=LeadActivityType.DOCUMENT_SENT,
        occurred_at=work.now,
        created_at=work.now,
        created_by=work.actor.user,
        document=known,
        after_conversion=lead.is_locked,
    )
    work.store.activities.add([activity])
    work.record(
        ActivityLogged(
            clinic_id=work.clinic_id,
            at=work.now,
            by=work.actor.user,
            lead_id=lead.id,
            activity_id=activity.id,
            type=activity.type,
        )
    )
    return activity
