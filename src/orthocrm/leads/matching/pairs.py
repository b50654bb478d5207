"""Finding all duplicates of a clinic."""

from array import array
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations

from attrs import Factory, define, field, frozen

from orthocrm.core.lead_link import Relation
from orthocrm.leads.matching.blocking import CROWD, Index, keys_of
from orthocrm.leads.matching.clusters import Clusters
from orthocrm.leads.matching.comparison import Comparison, compare_profiles
from orthocrm.leads.matching.population import Census, Population
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
    """
    known = {record.id: record for record in records}
    search = Search(crowd=crowd, possible=possible)
    search.survey(known.values())
    search.hold(known[record_id] for record_id in search.wanted())
    yield from search.pairs()


@define(kw_only=True)
class Search:
    """A search of a clinic that is read twice, so that only what is compared stays in memory.

    `survey` all records, then `hold` those that are `wanted`, then take the `pairs`. Of a record
    that shares no key with another one, its id, the numbers of its keys and the counts of its names
    are all that is kept. Records that are gone by the second time are left out.
    """

    crowd: int = CROWD
    possible: bool = False
    _ids: list[str] = field(factory=list, repr=False)
    _index: Index = field(factory=Index, repr=False)
    _census: Census = field(factory=Census, repr=False)
    _near: "array[int]" = field(factory=lambda: array("L"), repr=False)
    _profiles: dict[str, Profile] = field(factory=dict, repr=False)

    @property
    def size(self) -> int:
        """How many records were surveyed."""
        return len(self._ids)

    def survey(self, records: Iterable[Record]) -> None:
        """Count records and note their keys; every record comes here once."""
        for record in records:
            profile = profile_of(record)
            self._ids.append(record.id)
            self._index.add(keys_of(profile))
            self._census.add(profile)

    def wanted(self) -> list[str]:
        """Name the records that share a key with another one, once all were surveyed."""
        self._near = array("L")
        for pair in self._index.candidates(self.crowd):
            self._near.extend(pair)
        return [self._ids[place] for place in sorted(set(self._near))]

    def hold(self, records: Iterable[Record]) -> None:
        """Take in records that are wanted."""
        self._profiles.update((record.id, profile_of(record)) for record in records)

    def pairs(self) -> Iterator[Pair]:
        """Find the pairs, as `find_pairs` says."""
        profiles = {
            place: self._profiles[record_id]
            for place, record_id in enumerate(self._ids)
            if record_id in self._profiles
        }
        comparing = _Comparing(profiles, self._census.population())
        near = zip(self._near[::2], self._near[1::2], strict=True)
        there = ((one, two) for one, two in near if one in profiles and two in profiles)
        comparing.look_at(there, possible=self.possible)
        yield from comparing.persons()
        yield from comparing.others()


_PERSON = (Relation.SAME_INQUIRY, Relation.SAME_PERSON)
_OTHER = (Relation.POSSIBLE, Relation.SAME_HOUSEHOLD)


@define
class _Comparing:
    """The records of one search, and the positions of the pairs found so far."""

    profiles: Mapping[int, Profile]
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
