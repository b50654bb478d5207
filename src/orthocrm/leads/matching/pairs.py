"""Finding all duplicates of a clinic."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

from attrs import Factory, define, field, frozen

from orthocrm.core.lead_link import Relation
from orthocrm.leads.matching.blocking import CROWD, candidates, keys_of
from orthocrm.leads.matching.clusters import Clusters
from orthocrm.leads.matching.comparison import Comparison, compare_profiles
from orthocrm.leads.matching.population import Population, population_of
from orthocrm.leads.matching.profile import Profile, profile_of
from orthocrm.leads.matching.record import Record
from orthocrm.leads.matching.scoring import are_two, probability, relation, relation_given, score


@frozen(kw_only=True)
class Pair:
    """Two records that belong together, why, and how sure that is (0 to 1)."""

    one: str
    two: str
    relation: Relation
    comparison: Comparison
    probability: float


def find_pairs(
    records: Iterable[Record], *, crowd: int = CROWD, possible: bool = False
) -> Iterator[Pair]:
    """Find every pair of records that is one person or one household, persons first.

    Persons are consistent: if A is B and B is C, then A is C; siblings are never joined over a
    third record. `possible` adds the pairs that share a key and nothing more.
    What is held is the folded records, their keys, and two numbers for each pair.
    """
    profiles = [profile_of(record) for record in records]
    search = _Search(profiles, population_of(profiles))
    keys = [keys_of(profile) for profile in profiles]
    search.look_at(candidates(keys, crowd), possible=possible)
    yield from search.persons()
    yield from search.others()


_PERSON = (Relation.SAME_INQUIRY, Relation.SAME_PERSON)
_OTHER = (Relation.POSSIBLE, Relation.SAME_HOUSEHOLD)


@define
class _Search:
    """The records of one search, and the positions of the pairs found so far."""

    profiles: Sequence[Profile]
    population: Population
    clusters: Clusters = field(
        default=Factory(lambda self: Clusters(self.are_two), takes_self=True)
    )
    likely: list[tuple[float, int, int]] = field(factory=list)
    linked: "array[int]" = field(factory=lambda: array("L"))

    def look_at(self, places: Iterable[tuple[int, int]], *, possible: bool) -> None:
        """Keep the pairs that are persons with their score, and of all others the positions."""
        for one, two in places:
            comparison = self.compare(one, two)
            found = relation(comparison)
            if found in _PERSON:
                self.likely.append((score(comparison), one, two))
            elif possible or found is Relation.SAME_HOUSEHOLD:
                self.linked.extend((one, two))

    def persons(self) -> Iterator[Pair]:
        """Join the pairs that may be one person, the surest first, and give all pairs of each."""
        self.likely.sort(key=self.surest)
        for _, one, two in self.likely:
            if not self.clusters.join(one, two):
                self.linked.extend((one, two))
        for cluster in self.clusters.all():
            for one, two in combinations(sorted(cluster), 2):
                yield self.pair(one, two, _PERSON)

    def surest(self, likely: tuple[float, int, int]) -> tuple[float, list[str]]:
        """Sort by score, then by id, so that the order of the records decides nothing."""
        sure, one, two = likely
        return -sure, sorted((self.profiles[one].id, self.profiles[two].id))

    def others(self) -> Iterator[Pair]:
        """Give the pairs that are no person, now that it is known who is."""
        for one, two in zip(self.linked[::2], self.linked[1::2], strict=True):
            if two not in self.clusters.members(one):
                yield self.pair(one, two, _OTHER)

    def pair(self, one: int, two: int, kinds: tuple[Relation, ...]) -> Pair:
        """Compare a pair once more; where clusters decided otherwise, the last kind holds."""
        comparison = self.compare(one, two)
        likely = probability(comparison)
        found = relation_given(comparison, likely)
        kind = found if found in kinds else kinds[-1]
        return Pair(
            one=self.profiles[one].id,
            two=self.profiles[two].id,
            relation=kind,
            comparison=comparison,
            probability=likely.person if kind in _PERSON else likely.family,
        )

    def are_two(self, one: int, two: int) -> bool:
        """Whether two records may never become one person."""
        comparison = self.compare(one, two)
        return not comparison.same_ref and are_two(comparison)

    def compare(self, one: int, two: int) -> Comparison:
        """Compare two records by their positions."""
        return compare_profiles(self.profiles[one], self.profiles[two], self.population)
