"""Merges: two leads that became one, and all that is needed to part them again."""

from collections.abc import Mapping
from datetime import datetime

from attrs import field, frozen

from orthocrm.core.ids import ClinicId, LeadId, MergeId, UserId
from orthocrm.core.lead import Lead
from orthocrm.core.masking import PERSONAL, mask
from orthocrm.core.values import NO_VALUES, kept


def _kept(moved: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
    return kept(moved)


@frozen(kw_only=True)
class Merge:
    """One merge: `loser_id` became a tombstone that leads to `survivor_id`.

    `survivor_before` and `loser_before` are both leads as they were; `moved` names what went along
    by kind (`activities`, `tasks`, `visits`, `touches`, `appointments`). `survivor_version` is the
    survivor's version after the merge: later changes of it survive an unmerge.
    """

    id: MergeId
    clinic_id: ClinicId
    survivor_id: LeadId
    loser_id: LeadId
    at: datetime
    by: UserId
    survivor_version: int
    survivor_before: Lead = field(repr=mask, metadata=PERSONAL)
    loser_before: Lead = field(repr=mask, metadata=PERSONAL)
    moved: Mapping[str, tuple[str, ...]] = field(default=NO_VALUES, converter=_kept)
    undone_at: datetime | None = None
    undone_by: UserId | None = None
    version: int = 1
