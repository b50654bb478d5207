"""The people among whom two leads are compared: how many they are, and how common a name is."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from attrs import field, frozen

from orthocrm.core.masking import PERSONAL, mask
from orthocrm.leads.matching.profile import Profile

USUAL_SIZE = 20_000
"""Leads of a practice that nobody has counted."""

USUAL_RELATIVES, LEAST_RELATIVES = 1.0, 0.1
"""Other enquiries of the same family that a lead has: in a practice, and in a list of adults."""

FAMILIES = 1.5
"""Relatives for each enquiry in which somebody else answers than the patient."""

LEAST_SHARE = 0.0002
"""The least share that is believed: a count of one or two says little."""


@frozen
class Shares:
    """How often each value occurs; `usual` is the share where nobody has counted.

    The commonest value counts as `most`, so that agreeing on it never says less than a near miss.
    """

    usual: float
    most: float
    counts: Mapping[str, int] = field(factory=dict, repr=mask, metadata=PERSONAL)
    total: int = 0

    def of(self, value: str) -> float:
        """Give the chance that a stranger carries the value as well."""
        if not self.total:
            return self.usual
        return min(max((self.counts.get(value, 1) - 1) / self.total, LEAST_SHARE), self.most)


@frozen(kw_only=True)
class Population:
    """The leads of a clinic, as far as they were counted."""

    size: int = USUAL_SIZE
    relatives: float = USUAL_RELATIVES
    firsts: Shares = Shares(0.006, most=0.025)
    lasts: Shares = Shares(0.003, most=0.025)
    postal_codes: Shares = Shares(0.03, most=0.15)
    cities: Shares = Shares(0.1, most=0.8)


USUAL = Population()
"""A practice that nobody has counted: the names of the United States, thirty postal codes."""


def population_of(profiles: Sequence[Profile]) -> Population:
    """Count the names, postal codes and cities of a clinic."""
    children = sum(not profile.household.is_self for profile in profiles)
    return Population(
        size=max(len(profiles), 2),
        relatives=_relatives(children, len(profiles)),
        firsts=_counted(USUAL.firsts, (profile.first.text for profile in profiles)),
        lasts=_counted(USUAL.lasts, (profile.last.text for profile in profiles)),
        postal_codes=_counted(USUAL.postal_codes, (profile.postal_code for profile in profiles)),
        cities=_counted(USUAL.cities, (profile.city for profile in profiles)),
    )


def _counted(usual: Shares, values: Iterable[str]) -> Shares:
    counts = Counter(value for value in values if value)
    return Shares(usual.usual, usual.most, counts, counts.total())


def _relatives(children: int, size: int) -> float:
    """Relatives are about as many as there are parents who answer for somebody else."""
    counted = FAMILIES * children / max(size, 1)
    return min(max(counted, LEAST_RELATIVES), USUAL_RELATIVES)
