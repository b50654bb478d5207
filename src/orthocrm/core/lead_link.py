"""How two leads belong together, and what people have decided about it."""

from datetime import datetime
from enum import StrEnum

from attrs import frozen

from orthocrm.core.ids import ClinicId, LeadId, LinkId, UserId


class Relation(StrEnum):
    """What two leads are to each other, the closest first."""

    SAME_INQUIRY = "same_inquiry"
    SAME_PERSON = "same_person"
    SAME_HOUSEHOLD = "same_household"
    POSSIBLE = "possible"


class Verdict(StrEnum):
    """What became of a relation that was found: REJECTED is the memory of "not a duplicate"."""

    SUGGESTED = "SUGGESTED"
    CONFIRMED = "CONFIRMED"
    REJECTED = "REJECTED"


@frozen(kw_only=True)
class LeadLink:
    """Two leads that belong together, or do not; one link for each pair, the lesser id first.

    `permille` is the score of the matching (0 to 1000) with its `reasons`, None and none for what
    a person linked by hand. `decided_by` is None until somebody has confirmed or rejected it.
    """

    id: LinkId
    clinic_id: ClinicId
    lead_id: LeadId
    other_id: LeadId
    relation: Relation
    verdict: Verdict
    found_at: datetime
    permille: int | None = None
    reasons: tuple[str, ...] = ()
    decided_at: datetime | None = None
    decided_by: UserId | None = None
    version: int = 1

    def other_than(self, lead_id: LeadId) -> LeadId:
        """Give the other one of the pair."""
        return self.other_id if lead_id == self.lead_id else self.lead_id
