"""Breaking the glass: one record is opened to somebody who may not read it, for a while."""

from datetime import datetime, timedelta
from typing import Final

from attrs import field, frozen

from orthocrm.core.ids import ClinicId, EmergencyId, LeadId, UserId
from orthocrm.core.masking import PERSONAL, mask

PURPOSE: Final = "break_glass"
"""How the purpose of every reading behind broken glass begins in the audit trail."""

USUAL: Final = timedelta(hours=1)
LONGEST: Final = timedelta(hours=8)
MOST_OPEN: Final = 5
"""So many records one person has open at once."""


@frozen(kw_only=True)
class Emergency:
    """One record that somebody opened, why, and until when.

    `ends_at` is when it ends by itself, or when somebody ended it. The reason is erased together
    with the person.
    """

    id: EmergencyId
    clinic_id: ClinicId
    lead_id: LeadId
    user: UserId
    began_at: datetime
    ends_at: datetime
    reason: str | None = field(default=None, repr=mask, metadata=PERSONAL)

    def is_open(self, now: datetime) -> bool:
        """Whether the record can be read at an instant."""
        return self.began_at <= now < self.ends_at

    @property
    def purpose(self) -> str:
        """What stands in the audit trail beside each reading."""
        return f"{PURPOSE}:{self.id}"
