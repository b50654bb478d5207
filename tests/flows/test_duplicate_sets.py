"""Duplicates in public and semi-synthetic sets: all pairs count, blocking misses too."""

import csv
import gzip
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import combinations
from pathlib import Path

import pytest
from attrs import frozen

from orthocrm.core.lead_link import Relation
from orthocrm.leads.matching.pairs import find_pairs
from orthocrm.leads.matching.record import PersonName, Record

DATA = Path(__file__).parents[2] / ".." / "shared" / "data"
PERSON = (Relation.SAME_INQUIRY, Relation.SAME_PERSON)

Pairs = set[frozenset[str]]

pytestmark = pytest.mark.skipif(
    not (DATA / "dedupe_febrl").is_dir(), reason="the duplicate sets are not beside the checkout"
)


@frozen
class Labelled:
    """Records, and for each the person and the household that it belongs to."""

    records: tuple[Record, ...]
    persons: Mapping[str, str]
    households: Mapping[str, str]

    def half(self, which: int) -> "Labelled":
        households = sorted(set(self.households.values()))
        random.Random(7).shuffle(households)
        middle = len(households) // 2
        kept = set(households[:middle] if which == 0 else households[middle:])
        ids = {i for i, household in self.households.items() if household in kept}
        return Labelled(
            tuple(record for record in self.records if record.id in ids),
            {i: person for i, person in self.persons.items() if i in ids},
            {i: household for i, household in self.households.items() if i in ids},
        )


@frozen
class Quality:
    precision: float
    recall: float

    @property
    def f1(self) -> float:
        return 2 * self.precision * self.recall / (self.precision + self.recall)


def rows_of(path: Path) -> Iterator[dict[str, str]]:
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode()
    yield from csv.DictReader(text.splitlines())


def day(text: str, *formats: str) -> date | None:
    for form in formats:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a date
        except ValueError:
            continue
    return None  # the noise of the sets makes impossible dates, which no form lets through


def given(text: str) -> tuple[str, ...]:
    return (text,) if text else ()


def phone(text: str) -> tuple[str, ...]:
    return given("".join(sign for sign in text if sign.isdigit())[-10:])


def an_enquiry(row: dict[str, str]) -> Record:
    return Record(
        id=row["lead_id"],
        first=row["patient_first"],
        last=row["patient_last"],
        born_on=day(row["patient_dob"], "%m/%d/%Y", "%d/%m/%Y"),
        phones=phone(row["phone"]),
        emails=given(row["email"]),
        line1=row["address"],
        postal_code=row["postal_code"],
        contacts=(PersonName(row["contact_first"], row["contact_last"]),),
    )


def families() -> Labelled:
    folder = DATA / "dedupe_leads_semisynthetic"
    truth = {row["lead_id"]: row for row in rows_of(folder / "truth_clusters.csv.gz")}
    records = tuple(an_enquiry(row) for row in rows_of(folder / "leads.csv.gz"))
    return Labelled(
        records,
        {record.id: truth[record.id]["entity_id"] for record in records},
        {record.id: truth[record.id]["household_id"] for record in records},
    )


def labelled(records: Iterable[Record], cluster: Callable[[Record], str]) -> Labelled:
    known = tuple(records)
    persons = {record.id: cluster(record) for record in known}
    return Labelled(known, persons, persons)


def febrl(number: int) -> Labelled:
    rows = rows_of(DATA / "dedupe_febrl" / f"dataset{number}.csv.gz")
    records = (
        Record(
            id=row["rec_id"],
            first=row["given_name"],
            last=row["surname"],
            born_on=day(row["date_of_birth"], "%Y%m%d"),
            line1=f"{row['street_number']} {row['address_1']}".strip(),
            city=row["suburb"],
            postal_code=row["postcode"],
        )
        for row in rows
    )
    return labelled(records, lambda record: record.id.split("-")[1])


def fake() -> Labelled:
    rows = list(rows_of(DATA / "dedupe_fake1000" / "fake_1000.csv"))
    clusters = {row["unique_id"]: row["cluster"] for row in rows}
    records = (
        Record(
            id=row["unique_id"],
            first=row["first_name"],
            last=row["surname"],
            born_on=day(row["dob"], "%Y-%m-%d"),
            emails=given(row["email"]),
            city=row["city"],
        )
        for row in rows
    )
    return labelled(records, lambda record: clusters[record.id])


def restaurants() -> Labelled:
    rows = list(rows_of(DATA / "dedupe_restaurant" / "restaurant.csv"))
    clusters = {row["id"]: row["cluster"] for row in rows}
    records = (
        Record(
            id=row["id"],
            first=row["name"],
            phones=phone(row["phone"]),
            line1=row["addr"],
            city=row["city"],
        )
        for row in rows
    )
    return labelled(records, lambda record: clusters[record.id])


def true_pairs(clusters: Mapping[str, str]) -> Pairs:
    members: dict[str, list[str]] = defaultdict(list)
    for record, cluster in clusters.items():
        members[cluster].append(record)
    return {frozenset(pair) for ids in members.values() for pair in combinations(ids, 2)}


def quality(found: Pairs, true: Pairs) -> Quality:
    right = len(found & true)
    return Quality(right / len(found), right / len(true))


def found(records: Sequence[Record], relations: Iterable[Relation]) -> Pairs:
    wanted = set(relations)
    return {
        frozenset((pair.one, pair.two)) for pair in find_pairs(records) if pair.relation in wanted
    }


def persons(data: Labelled) -> Quality:
    return quality(found(data.records, PERSON), true_pairs(data.persons))


def households(data: Labelled) -> Quality:
    linked = found(data.records, (*PERSON, Relation.SAME_HOUSEHOLD))
    return quality(linked, true_pairs(data.households))


SETS: dict[str, tuple[Callable[[], Labelled], float, float]] = {
    "families": (families, 0.955, 0.945),
    "febrl 1": (lambda: febrl(1), 0.98, 0.98),
    "febrl 2": (lambda: febrl(2), 0.98, 0.98),
    "fake": (fake, 0.91, 0.90),
    "restaurants": (restaurants, 0.97, 0.97),
}
"""Each set, the F1 of all of it, and the F1 that each half of its clusters has to reach."""


@pytest.mark.parametrize("name", SETS)
def test_persons_are_found_without_training(name: str) -> None:
    load, least, _ = SETS[name]

    assert persons(load()).f1 >= least


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("name", SETS)
def test_persons_are_found_in_either_half(name: str, which: int) -> None:
    load, _, least = SETS[name]

    assert persons(load().half(which)).f1 >= least


@pytest.mark.parametrize("part", [families, lambda: families().half(0), lambda: families().half(1)])
def test_households_are_linked_and_strangers_are_not(part: Callable[[], Labelled]) -> None:
    linked = households(part())

    assert linked.precision >= 0.99
    assert linked.recall >= 0.91


def test_siblings_of_the_families_stay_apart() -> None:
    data = families()
    siblings = true_pairs(data.households) - true_pairs(data.persons)

    merged = found(data.records, PERSON) & siblings

    assert len(merged) <= 1
