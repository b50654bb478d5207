"""Families that come through the door."""

from typing import ClassVar

from attrs import evolve, frozen

from orthocrm.core.lead import Channel
from orthocrm.core.settings import Practice
from orthocrm.core.source import LeadSourceCategory
from orthocrm.leads.channels.manual import QuickEntry
from orthocrm.leads.intake import Intake


@frozen(kw_only=True)
class WalkIn(QuickEntry):
    """A family at the desk: the conversation is logged with the lead and counts as first contact.

    Who leaves neither a number nor an address is kept all the same, as somebody without a way to
    be reached.
    """

    channel: ClassVar[Channel] = Channel.WALK_IN
    category: ClassVar[LeadSourceCategory | None] = LeadSourceCategory.WALK_IN

    def intake(self, practice: Practice) -> Intake:
        """Give the enquiry of the visit."""
        unreachable = not (self.phone or self.email)
        return evolve(super().intake(practice), no_contact=unreachable)
