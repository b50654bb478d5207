"""By what credits and costs are grouped: each touch and each cost falls into exactly one group."""

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum

from attrs import frozen

from orthocrm.core.errors import InvalidInput
from orthocrm.core.ids import SourceId
from orthocrm.core.marketing import Campaign, Spend, Touch
from orthocrm.core.settings import Practice


class CreditBy(StrEnum):
    """How credits are cut into groups. Referrers are named by their `ref`."""

    SOURCE = "source"
    CATEGORY = "category"
    CAMPAIGN = "campaign"
    PROVIDER = "referring_provider"
    PATIENT = "referring_patient"


COSTED = frozenset({CreditBy.SOURCE, CreditBy.CATEGORY, CreditBy.CAMPAIGN})
"""The groups for which costs are known; marketing managers see these and no others."""


def by_of(value: str, among: Collection[CreditBy] = tuple(CreditBy)) -> CreditBy:
    """Take one of the groupings."""
    try:
        by = CreditBy(value)
    except ValueError:
        by = None
    if by is None or by not in among:
        known = ", ".join(each for each in CreditBy if each in among)
        raise InvalidInput.at("by", "unknown_grouping", f"give one of {known}")
    return by


@frozen
class Labels:
    """Names the group of a touch or cost: an id, a code, a name, or None for what is unknown.

    A campaign is called as its record is; one without a record by its name in small letters, as
    names of campaigns are the same whatever the case.
    """

    by: CreditBy
    _categories: Mapping[SourceId, str]
    _campaigns: Mapping[str, str]

    @classmethod
    def of(cls, by: CreditBy, practice: Practice, campaigns: Iterable[Campaign]) -> "Labels":
        """Know the names of a clinic."""
        return cls(
            by,
            {source.id: source.category.value for source in practice.sources},
            {campaign.name.casefold(): campaign.name for campaign in campaigns},
        )

    def of_touch(self, touch: Touch | None) -> str | None:
        """Name the group of a touch; None without one."""
        if touch is None:
            return None
        if self.by is CreditBy.PROVIDER:
            return touch.referring_provider_ref
        if self.by is CreditBy.PATIENT:
            return touch.referring_patient_ref
        return self._of(touch.source_id, touch.campaign)

    def of_spend(self, row: Spend) -> str | None:
        """Name the group of a cost."""
        return self._of(row.source_id, row.campaign)

    def _of(self, source_id: SourceId | None, campaign: str | None) -> str | None:
        if self.by is CreditBy.SOURCE:
            return source_id
        if self.by is CreditBy.CATEGORY:
            return None if source_id is None else self._categories.get(source_id)
        if campaign is None:
            return None
        folded = campaign.casefold()
        return self._campaigns.get(folded, folded)
