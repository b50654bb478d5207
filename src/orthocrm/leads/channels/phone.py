"""Calls: who rings is looked up, and what they say becomes a lead that counts as contacted."""

from typing import ClassVar

from attrs import evolve, frozen

from orthocrm.core.lead import Channel
from orthocrm.core.settings import Practice
from orthocrm.leads.channels.manual import QuickEntry
from orthocrm.leads.intake import Intake


@frozen(kw_only=True)
class PhoneCall(QuickEntry):
    """A call that somebody answered: it is logged with the lead and counts as first contact.

    `phone` is the caller's number. Without one, and without an e-mail address, the family cannot be
    reached, and the lead says so.
    """

    channel: ClassVar[Channel] = Channel.PHONE

    def intake(self, practice: Practice) -> Intake:
        """Give the enquiry of the call."""
        unreachable = not (self.phone or self.email)
        return evolve(super().intake(practice), no_contact=unreachable)
