"""`desk.leads`: capture, look up, edit."""

from collections.abc import Sequence

from orthocrm.core.activity import Activity, Document
from orthocrm.core.actor import Permission
from orthocrm.core.events import LeadUpdated
from orthocrm.core.ids import LeadId
from orthocrm.core.lead import Lead
from orthocrm.leads import editing, intake
from orthocrm.leads.channels import meta
from orthocrm.leads.channels.delivery import Delivered
from orthocrm.leads.channels.manual import QuickEntry
from orthocrm.leads.editing import LeadEdit
from orthocrm.leads.intake import Intake
from orthocrm.services.batch import Refused, checked, listed, only
from orthocrm.services.gate import composed, verb
from orthocrm.services.leads import attaching, receiving, timeline, warnings
from orthocrm.services.leads.capture import capture
from orthocrm.services.leads.exporting import Exporting
from orthocrm.services.leads.kinship import Kinship
from orthocrm.services.leads.merging import Merging
from orthocrm.services.leads.receiving import Caller, Received
from orthocrm.services.leads.timeline import Timeline
from orthocrm.services.leads.viewing import Viewing
from orthocrm.services.results import Captured, Duplicates
from orthocrm.services.sources import touches
from orthocrm.services.work import Work


class Leads(Kinship, Merging, Viewing, Exporting, area="leads"):
    """Enquiries: how they come in, and what is known of them."""

    @verb(Permission.LEAD_CREATE)
    def capture(self, work: Work, enquiry: Intake) -> Captured:
        """Make a lead of an enquiry: warned of duplicates, assigned, with its first task.

        Raises:
            InvalidInput: names every field that cannot be accepted; nothing is stored.
        """
        return only(capture(work, [checked(enquiry, Intake, "enquiry")]))

    @verb(Permission.LEAD_CREATE)
    def capture_many(
        self, work: Work, enquiries: Sequence[Intake]
    ) -> tuple[Captured | Refused, ...]:
        """Make leads of several enquiries in one unit of work, with a result for each."""
        return tuple(capture(work, listed(enquiries, Intake, "enquiries")))

    @verb(Permission.LEAD_CREATE)
    def enter(self, work: Work, entry: QuickEntry) -> Captured:
        """Make a lead of a quick entry: `PhoneCall`, `WalkIn`, a referral, or just `QuickEntry`."""
        noted = checked(entry, QuickEntry, "entry")
        return only(capture(work, [noted.intake(work.practice)]))

    @composed
    def receive(self, channel: str, delivered: Delivered) -> tuple[Received, ...]:
        """Take in a delivery of a channel: a form, a webhook, or an entry of the host application.

        Announced leads are fetched through the port for them; without one they are given back as
        `Awaited`, and their details may be received later. Whoever may not read leads is told
        only that a delivery was accepted.

        Raises:
            Unverified: the delivery is not signed as it has to be.
            InvalidInput: it cannot be read at all; what one enquiry lacks is in its `Refused`.
            NotFound: there is no such channel or form.
        """
        results = self.take_in(channel, delivered)
        port, clinic = self._office.outside.meta_leads, self._office.actor.clinic
        if port is None or channel != meta.NAME:
            return results
        return receiving.completed(
            results,
            lambda leadgen_id: port.detail(clinic, leadgen_id),
            lambda detail: self.take_in(channel, detail),
        )

    @verb(Permission.LEAD_CREATE)
    def take_in(self, work: Work, channel: str, delivered: Delivered) -> tuple[Received, ...]:
        """Take in a delivery as `receive` does, without fetching what is only announced."""
        return receiving.received(work, self._office.outside.secrets, channel, delivered)

    @composed
    def caller(self, number: str) -> Caller:
        """Tell who may be calling: the household of the number first, then caller ID."""
        return receiving.looked_up(self.household(number), self._office.outside.caller_id)

    @verb(Permission.LEAD_READ)
    def household(self, work: Work, number: str) -> Caller:
        """Find the leads that have a phone number, the latest first."""
        return receiving.household(work, number)

    @verb(Permission.LEAD_READ)
    def duplicates(self, work: Work, enquiry: Intake) -> Duplicates:
        """Look for leads of the same person or family as an enquiry, before it is captured."""
        draft = intake.admitted(
            checked(enquiry, Intake, "enquiry"),
            work.practice,
            now=work.now,
            by=work.actor.user,
            ids=work.ids,
        )
        (warned,) = warnings.of(work, [draft])
        return Duplicates(found=warned.duplicates, hidden=warned.hidden)

    @verb(Permission.LEAD_READ, in_emergency=True)
    def get(self, work: Work, lead_id: LeadId) -> Lead:
        """Read one lead; one that was merged away gives the lead that it became.

        Raises:
            NotFound: there is none, or it is out of the actor's reach.
        """
        return work.standing(lead_id)

    @verb(Permission.LEAD_UPDATE)
    def edit(self, work: Work, lead_id: LeadId, edit: LeadEdit) -> Lead:
        """Change fields of a lead; status, stage and owner have their own verbs.

        Raises:
            LeadLocked: the lead was converted.
        """
        checked(edit, LeadEdit, "edit")
        (lead,) = work.leads([lead_id])
        edited = editing.edited(lead, edit, work.practice, now=work.now, by=work.actor.user)
        if not edited.fields:
            return lead
        work.changed(lead.id, edited.fields, edited.before, edited.after)
        work.record(
            LeadUpdated(
                clinic_id=work.clinic_id,
                at=work.now,
                by=work.actor.user,
                lead_id=lead.id,
                fields=edited.fields,
            )
        )
        touches.follow(work, [(lead, edited.lead)])
        return work.store.leads.save([edited.lead])[0]

    @verb(Permission.LEAD_READ, in_emergency=True)
    def timeline(self, work: Work, lead_id: LeadId) -> Timeline:
        """Tell everything that happened to a lead, newest first, and what is still to be done."""
        return timeline.of(work, work.standing(lead_id))

    @verb(Permission.LEAD_UPDATE)
    def attach(self, work: Work, lead_id: LeadId, document: Document) -> Activity:
        """Note a document that was sent to the family; it lies elsewhere, behind its reference.

        A converted lead takes documents too: they are marked as later than the conversion.

        Raises:
            InvalidInput: the reference is neither an `https` address nor one of the clinic's own
                `document_schemes`, or another field is wrong.
        """
        return attaching.attach(work, lead_id, document)
