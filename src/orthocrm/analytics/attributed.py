"""What groups are credited with: fractions of leads and conversions, and what they cost.

Every lead adds credits of exactly 1, so the groups add up to the number of leads and of
conversions, whatever the model; an exact cost does the same.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction

from attrs import frozen

from orthocrm.analytics.costs import Cost
from orthocrm.analytics.results import Figures

_NOTHING = Fraction(0)


@frozen(kw_only=True)
class Attributed:
    """What a group is credited with; `cost` is None where nobody can know it."""

    leads: Fraction
    conversions: Fraction
    cost: Cost | None = None

    @property
    def conversion_rate(self) -> Fraction | None:
        """Conversions over leads; by conversions in the period it may exceed 1."""
        return self.conversions / self.leads if self.leads else None

    @property
    def cost_per_lead(self) -> Decimal | None:
        """The cost over the leads, in major units; None without a lead, or without a cost."""
        return None if self.cost is None else self.cost.per(self.leads)

    @property
    def cost_per_acquisition(self) -> Decimal | None:
        """The cost over the conversions; None without any, or without a cost."""
        return None if self.cost is None else self.cost.per(self.conversions)


@frozen
class Counted:
    """A part of a lead that goes to a group: as a lead, as a conversion, or as both."""

    label: str | None
    share: Fraction
    lead: bool
    conversion: bool


def attributed(
    counted: Iterable[Counted],
    costs: Figures[Cost] | None = None,
) -> Figures[Attributed]:
    """Add up the parts of leads by group; a group that only costs is there as well.

    Groups come in the order of their labels, the unknown one last.
    """
    leads: dict[str | None, Fraction] = {}
    won: dict[str | None, Fraction] = {}
    for part in counted:
        leads[part.label] = leads.get(part.label, _NOTHING) + part.share * part.lead
        won[part.label] = won.get(part.label, _NOTHING) + part.share * part.conversion
    paid = _paid(costs)
    labels = sorted({*leads, *paid}, key=lambda label: (label is None, label or ""))
    free = None if costs is None else Cost(_NOTHING, costs.total.currency)
    return Figures(
        Attributed(
            leads=sum(leads.values(), _NOTHING),
            conversions=sum(won.values(), _NOTHING),
            cost=None if costs is None else costs.total,
        ),
        tuple(
            (
                label,
                Attributed(
                    leads=leads.get(label, _NOTHING),
                    conversions=won.get(label, _NOTHING),
                    cost=paid.get(label, free),
                ),
            )
            for label in labels
        ),
    )


def _paid(costs: Figures[Cost] | None) -> Mapping[str | None, Cost]:
    if costs is None:
        return {}
    return {label if label is None else str(label): cost for label, cost in costs.groups}
