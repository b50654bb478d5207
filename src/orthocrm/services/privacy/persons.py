"""The part of `desk.privacy` that is about one person: give out, hold, erase."""

from orthocrm.core.actor import Permission
from orthocrm.core.errors import InvalidInput
from orthocrm.core.ids import LeadId
from orthocrm.privacy.portrait import PersonalExport
from orthocrm.services.gate import Area, verb
from orthocrm.services.privacy import erasing, exporting, known, retaining
from orthocrm.services.privacy.erasing import Erased
from orthocrm.services.privacy.retaining import Retained
from orthocrm.services.work import Work


class Persons(Area, area="privacy"):
    """What is kept of one person."""

    @verb(Permission.PRIVACY_EXPORT)
    def export(self, work: Work, lead_id: LeadId) -> PersonalExport:
        """Give everything that is known of the person of a lead, to be handed to them.

        As JSON and as a page to read: the lead and those merged into it, activities, tasks,
        visits, touches, appointments, messages, consent, sequences, and what changed. The audit
        trail keeps that it was given out, to whom and when.
        """
        lead = work.standing(lead_id)
        return exporting.export(work, known.known(work.store, lead))

    @verb(Permission.PRIVACY_ERASE)
    def erase(self, work: Work, lead_id: LeadId, *, with_export: bool = True) -> Erased:
        """Erase the person of a lead, and nobody else of the household.

        The lead's key is destroyed, and everything of it goes: timeline, tasks, touches, links,
        merges, messages, also waiting ones, sequences, what imports overwrote, what the audit
        trail held of it. A tombstone, the audit entries themselves and past visits as the
        practice's own time remain. What the family said of being written to still holds for its
        addresses, by their blind indexes. Plug-ins hear `lead_erased`.

        With `with_export` what was known until now is given back, as by `export`, whose permission
        is needed then.

        Raises:
            VisitsAhead: cancel the appointments that are still expected first.
            LegalHold: the lead is on hold.
            Conflict: others are at work with the keys for too long: try again.
        """
        if with_export:
            work.demand(Permission.PRIVACY_EXPORT)
        (lead,) = work.leads([lead_id], lock=False)
        return erasing.erase(work, lead, with_export=with_export)

    @verb(Permission.PRIVACY_ERASE)
    def hold(self, work: Work, lead_id: LeadId) -> tuple[LeadId, ...]:
        """Keep a lead from being erased until `lift_hold`; gives all leads on hold."""
        (lead,) = work.leads([lead_id])
        return erasing.hold(work, lead.id, is_held=True)

    @verb(Permission.PRIVACY_ERASE)
    def lift_hold(self, work: Work, lead_id: LeadId) -> tuple[LeadId, ...]:
        """Let a lead be erased again; gives the leads that are still on hold."""
        (lead,) = work.leads([lead_id])
        return erasing.hold(work, lead.id, is_held=False)

    @verb(Permission.PRIVACY_ERASE)
    def retain(self, work: Work, *, really: bool = False, after: LeadId | None = None) -> Retained:
        """Do what the clinic's rules of retention ask for, a batch at a time.

        Without `really` nothing is done, and what would be is told. Leads on hold, converted ones
        and those who are expected are left alone. Go on with `after` of the result before, until
        that is None.
        """
        if after is not None and not isinstance(after, str):
            raise InvalidInput.at("after", "wrong_type", "give the id of a lead")
        return retaining.retain(work, really=really is True, after=after)
