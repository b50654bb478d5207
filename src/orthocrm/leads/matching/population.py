"""The people among whom two leads are compared: how many they are, and how common a name is."""

from collections import Counter
from collections.abc import Iterable, Mapping

from attrs import define, field, frozen

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


@define
class Census:
    """Counts the names, postal codes and cities of a clinic, record by record."""

    size: int = 0
    _children: int = 0
    _firsts: Counter[str] = field(factory=Counter, repr=False)
    _lasts: Counter[str] = field(factory=Counter, repr=False)
    _postal_codes: Counter[str] = field(factory=Counter, repr=False)
    _cities: Counter[str] = field(factory=Counter, repr=False)

    def add(self, profile: Profile) -> None:
        """Count one record; what it does not say is not counted."""
        self.size += 1
        self._children += not profile.household.is_self
        for counter, value in (
            (self._firsts, profile.first.text),
            (self._lasts, profile.last.text),
            (self._postal_codes, profile.postal_code),
            (self._cities, profile.city),
        ):
            if value:
                counter[value] += 1

    def population(self) -> Population:
        """Tell what was counted."""
        return Population(
            size=max(self.size, 2),
            relatives=_relatives(self._children, self.size),
            firsts=_shares(USUAL.firsts, self._firsts),
            lasts=_shares(USUAL.lasts, self._lasts),
            postal_codes=_shares(USUAL.postal_codes, self._postal_codes),
            cities=_shares(USUAL.cities, self._cities),
        )


def population_of(profiles: Iterable[Profile]) -> Population:
    """Count the names, postal codes and cities of a clinic."""
    census = Census()
    for profile in profiles:
        census.add(profile)
    return census.population()


def _shares(usual: Shares, counts: Counter[str]) -> Shares:
    return Shares(usual.usual, usual.most, counts, counts.total())


def _relatives(children: int, size: int) -> float:
    """Relatives are about as many as there are parents who answer for somebody else."""
    counted = FAMILIES * children / max(size, 1)
    return min(max(counted, LEAST_RELATIVES), USUAL_RELATIVES)
