"""How long a clinic keeps leads that came to nothing."""

from collections.abc import Iterator
from typing import Final

from attrs import frozen

from orthocrm.core.errors import Problem
from orthocrm.core.ids import LeadId

LEAST_MONTHS: Final = 48
"""Nothing is erased by rule sooner after its end.

Claims about unwanted calls and texts (47 U.S.C. 227) may be brought for four years (28 U.S.C.
1658(a)), and the lead is the evidence against them.
"""

MOST_MONTHS: Final = 1_200
MOST_DAYS: Final = 90


@frozen(kw_only=True)
class Retention:
    """What becomes of lost leads, and who is kept in any case. Off unless months are given.

    Attributes:
        archive_after: So many months after it was lost a lead is archived.
        erase_after: So many months after it was lost a lead is erased: 48 at least.
        holds: Leads on legal hold, which nothing erases (`desk.privacy.hold`).
        deliveries_for: So many days the bodies of webhooks and forms are kept after they were
            worked off: 0 to 90.
    """

    archive_after: int | None = None
    erase_after: int | None = None
    holds: tuple[LeadId, ...] = ()
    deliveries_for: int = 7


def retention_problems(retention: object) -> Iterator[Problem]:
    """Name everything that is wrong with a clinic's retention: `retention.erase_after`."""
    if not isinstance(retention, Retention):
        yield Problem("retention", "wrong_type", "give Retention")
        return
    if not _is_months(retention.archive_after, 1):
        yield Problem("retention.archive_after", "out_of_range", f"give 1 to {MOST_MONTHS} months")
    if not _is_months(retention.erase_after, LEAST_MONTHS):
        message = f"give {LEAST_MONTHS} to {MOST_MONTHS} months: the law asks for that much"
        yield Problem("retention.erase_after", "out_of_range", message)
    days = retention.deliveries_for
    if type(days) is not int or not 0 <= days <= MOST_DAYS:
        message = f"give 0 to {MOST_DAYS} days"
        yield Problem("retention.deliveries_for", "out_of_range", message)
    holds = retention.holds
    if not isinstance(holds, tuple) or not all(isinstance(one, str) for one in holds):
        yield Problem("retention.holds", "wrong_type", "give the ids of leads")


def _is_months(value: object, least: int) -> bool:
    return value is None or (type(value) is int and least <= value <= MOST_MONTHS)
