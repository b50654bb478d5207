"""Merges: two leads that became one, and all that is needed to part them again."""

from collections.abc import Mapping
from datetime import datetime

from attrs import field, frozen

from orthocrm.core.ids import ClinicId, LeadId, MergeId, UserId
from orthocrm.core.lead import Lead
from orthocrm.core.masking import PERSONAL, mask
from orthocrm.core.values import NO_VALUES, kept

MOVED: Mapping[str, str] = {
    "activities": "activities that went along",
    "tasks": "tasks that went along",
    "visits": "stage visits that went along",
    "touches": "touches that went along",
    "appointments": "appointments that went along",
    "waitlist": "places in the waitlist that went along",
    "messages": "messages that went along",
    "left": "visits of either lead that ended, because the position is in another one",
    "cancelled": "open tasks of either lead that became needless",
    "interrupted": "those of them that somebody had begun",
    "handed_over": "open tasks that went to the survivor's coordinator",
    "withdrawn": "waiting messages of either lead that became needless",
    "enrollments": "sequences of the loser that stopped",
    "noted": "notes that keep what found no place among the survivor's fields",
}
"""What a merge remembers of the rows of both leads, by kind."""


def _kept(moved: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
    return kept(moved)


@frozen(kw_only=True)
class Merge:
    """One merge: `loser_id` became a tombstone that leads to `survivor_id`.

    `survivor_before` and `loser_before` are both leads as they were, `survivor_after` is what they
    became: what was changed since survives an unmerge. `moved` names by kind what went along and
    what else became of it, as listed in `MOVED`.
    """

    id: MergeId
    clinic_id: ClinicId
    survivor_id: LeadId
    loser_id: LeadId
    at: datetime
    by: UserId
    survivor_version: int
    survivor_before: Lead = field(repr=mask, metadata=PERSONAL)
    survivor_after: Lead = field(repr=mask, metadata=PERSONAL)
    loser_before: Lead = field(repr=mask, metadata=PERSONAL)
    moved: Mapping[str, tuple[str, ...]] = field(default=NO_VALUES, converter=_kept)
    undone_at: datetime | None = None
    undone_by: UserId | None = None
    version: int = 1
