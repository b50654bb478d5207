"""Finding the duplicates of a clinic: keys, candidates, clusters, pairs."""

import random
import time
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from attrs import evolve

from orthocrm.core.lead_link import Relation
from orthocrm.leads.matching.blocking import CROWD, blocking_keys, candidates, fuzzy_keys
from orthocrm.leads.matching.clusters import MOST_MEMBERS, Clusters
from orthocrm.leads.matching.pairs import Search, find_pairs
from orthocrm.leads.matching.record import PersonName, Record

BORN = date(2014, 5, 6)


def a_child(number: int, first: str, **fields: Any) -> Record:
    usual = {
        "last": "Keller",
        "phones": ("+13125550100",),
        "contacts": (PersonName("Anna", "Keller"),),
    }
    return Record(**{"id": str(number), "first": first, **usual, **fields})


def relations(records: Sequence[Record], **options: Any) -> dict[tuple[str, str], Relation]:
    return {(pair.one, pair.two): pair.relation for pair in find_pairs(records, **options)}


def test_keys_name_their_kind_and_never_hold_a_birth_date_alone() -> None:
    record = a_child(
        1,
        "Billy",
        born_on=BORN,
        emails=("Anna.Keller@example.com",),
        line1="12 Oak St",
        postal_code="60601-1234",
        ref="web-1",
    )

    assert blocking_keys(record) == (
        "born:20140506-k",
        "born:20140506-w",
        "box:anna.keller",
        "door:12-ak",
        "email:anna.keller@example.com",
        "home:60601-klr",
        "name:klr-w",
        "names:klr-wlm",
        "phone:+13125550100",
        "post:60601-wlm",
        "ref:web-1",
    )


def test_a_record_that_says_nothing_has_no_key() -> None:
    assert blocking_keys(Record(id="1", born_on=BORN)) == ()
    assert list(fuzzy_keys(Record(id="1", born_on=BORN, postal_code="60601"))) == []


STORED = Record(
    id="1",
    first="William",
    last="Keller",
    born_on=BORN,
    line1="12 Oak Street",
    postal_code="60601",
    contacts=(PersonName("Anna", "Keller"),),
)


@pytest.mark.parametrize(
    "other, shared",
    [
        ({"first": "Bill"}, {"area", "kin", "door"}),
        ({"first": "WILLIAM", "last": "Kéller"}, {"born", "area", "kin", "door"}),
        ({"first": "Keller", "last": "William"}, {"born", "area", "kin", "door"}),
        ({"last": "Kehler"}, {"born", "area", "kin", "door"}),
        ({"last": "Kelker"}, {"born", "door"}),
        ({"born_on": date(2014, 6, 5)}, {"born", "area", "kin", "door"}),
        ({"born_on": None, "postal_code": "", "line1": ""}, {"kin"}),
        ({"first": "Willeam"}, {"born", "area", "kin", "door"}),
        ({"first": "Wendelin"}, {"born", "door"}),
        ({"contacts": (PersonName("Tom", "Keller"),), "postal_code": ""}, {"born"}),
        ({"first": "Emma", "born_on": date(2016, 1, 2)}, {"door"}),
        ({"line1": "12 oak", "contacts": ()}, {"born", "area", "door"}),
    ],
)
def test_stored_keys_find_a_patient_however_the_name_is_written(
    other: dict[str, Any], shared: set[str]
) -> None:
    here, there = set(fuzzy_keys(STORED)), set(fuzzy_keys(evolve(STORED, **other)))

    assert {key.partition(":")[0] for key in here & there} == shared


def test_a_name_is_never_a_stored_key_by_itself() -> None:
    adult = Record(id="1", first="Mia", last="Keller", contacts=(PersonName("Mia", "Keller"),))

    assert list(fuzzy_keys(adult)) == []


@pytest.mark.parametrize("nobody", ["Baby", "unknown", "", "'"])
def test_a_placeholder_makes_no_stored_key(nobody: str) -> None:
    assert [key.partition(":")[0] for key in fuzzy_keys(evolve(STORED, first=nobody))] == ["door"]


def test_exchanged_names_and_an_exchanged_day_share_a_key() -> None:
    one = Record(id="1", first="Mia", last="Keller", born_on=date(2014, 5, 6))
    two = Record(id="2", first="Keller", last="Mia", born_on=date(2014, 6, 5))

    assert set(blocking_keys(one)) & set(blocking_keys(two)) == {
        "born:20140506-a",
        "born:20140506-k",
        "names:aml-klr",
    }


def test_candidates_come_once_and_crowds_are_dropped() -> None:
    keys = [["a", "b", "crowd"], ["a", "b", "crowd"], ["crowd"], ["b"]]

    assert list(candidates(keys, crowd=3)) == [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3)]
    assert list(candidates(keys, crowd=2)) == [(0, 1)]


def test_a_number_that_everybody_gives_joins_nobody() -> None:
    strangers = [
        Record(id=str(number), first=f"P{number}x", phones=("+13125550100",), line1="1 Oak St")
        for number in range(CROWD + 1)
    ]

    assert relations(strangers, possible=True) == {}


def test_clusters_keep_apart_what_must_stay_apart() -> None:
    clusters = Clusters(lambda one, two: {one, two} == {1, 3})

    assert [clusters.join(1, 2), clusters.join(2, 3), clusters.join(1, 2)] == [True, False, True]
    assert list(clusters.all()) == [[1, 2]]
    assert clusters.members(3) == [3]


def test_a_cluster_stops_growing() -> None:
    clusters = Clusters(lambda _one, _two: False)

    joined = [clusters.join(0, other) for other in range(1, MOST_MEMBERS + 1)]

    assert joined.count(True) == MOST_MEMBERS - 1
    assert joined[-1] is False


def test_persons_households_and_possible_pairs_are_told_apart() -> None:
    records = [
        a_child(1, "Mia", born_on=BORN),
        a_child(2, "MIA", born_on=BORN),
        a_child(3, "Ben", born_on=date(2011, 9, 20)),
        a_child(4, "Omar", last="Haddad", contacts=(PersonName("Lina", "Haddad"),)),
    ]

    assert relations(records) == {
        ("1", "2"): Relation.SAME_PERSON,
        ("1", "3"): Relation.SAME_HOUSEHOLD,
        ("2", "3"): Relation.SAME_HOUSEHOLD,
    }
    assert [pair for pair, kind in relations(records, possible=True).items() if "4" in pair] == [
        ("1", "4"),
        ("2", "4"),
        ("3", "4"),
    ]


def test_who_is_one_with_a_third_is_one_with_each_other() -> None:
    records = [
        a_child(1, "Mia", born_on=BORN),
        a_child(2, "Mia", born_on=BORN, emails=("anna.keller@example.com",)),
        Record(
            id="3",
            first="Mia",
            last="Keller",
            emails=("anna.keller@example.com",),
            contacts=(PersonName("Anna", "Keller"),),
        ),
    ]

    assert set(relations(records).values()) == {Relation.SAME_PERSON}
    assert len(relations(records)) == 3


def test_siblings_never_become_one_over_a_third_record() -> None:
    mia = a_child(1, "Mia", born_on=BORN)
    undated = a_child(2, "Mia")
    younger = a_child(3, "Mia", born_on=date(2017, 11, 23))

    found = relations([mia, undated, younger])

    assert found["1", "3"] is Relation.SAME_HOUSEHOLD
    assert sorted((found["1", "2"], found["2", "3"])) == [
        Relation.SAME_HOUSEHOLD,
        Relation.SAME_PERSON,
    ]


def test_a_shared_reference_is_the_same_inquiry() -> None:
    records = [a_child(1, "Mia", ref="web-1"), a_child(2, "Ben", ref="web-1")]

    assert relations(records) == {("1", "2"): Relation.SAME_INQUIRY}


def test_an_empty_clinic_has_no_pairs() -> None:
    assert relations([]) == {}
    assert relations([a_child(1, "Mia")]) == {}


def a_name(rng: random.Random) -> str:
    return "".join(rng.choice("bdklmrs") + rng.choice("aeio") for _ in range(rng.choice((2, 3, 3))))


def a_family(rng: random.Random, number: int, names: tuple[list[str], list[str]]) -> list[Record]:
    """Make the enquiries of one family, by either parent; ids tell family and child."""
    firsts, lasts = names
    last, parents = rng.choice(lasts), rng.sample(firsts, 2)
    phones = [f"+1312{rng.randrange(10**7):07}" for _ in parents]
    line1, code = f"{rng.randrange(9999)} {a_name(rng)} St", f"60{rng.randrange(40):03}"
    records = []
    for child in range(rng.choice((1, 1, 2, 3))):
        first, born_on = rng.choice(firsts), date(2004, 1, 1) + timedelta(rng.randrange(5500))
        for capture in range(rng.choice((1, 1, 1, 2))):
            parent = rng.randrange(2)
            records.append(
                Record(
                    id=f"{number}.{child}.{capture}",
                    first=first,
                    last=last,
                    born_on=born_on if rng.random() < 0.8 else None,
                    phones=(phones[parent],) if rng.random() < 0.9 else (),
                    emails=(f"{parents[parent]}.{last}{number % 97}@example.com",),
                    line1=line1 if rng.random() < 0.5 else "",
                    city="Chicago",
                    postal_code=code,
                    contacts=(PersonName(parents[parent], last),),
                )
            )
    return records


def a_practice_of(size: int) -> list[Record]:
    rng = random.Random(1)
    names = [a_name(rng) for _ in range(400)], [a_name(rng) for _ in range(4000)]
    records: list[Record] = []
    for number in range(size):
        records.extend(a_family(rng, number, names))
        if len(records) >= size:
            break
    return records


def test_namesakes_of_a_large_practice_are_told_apart() -> None:
    pairs = list(find_pairs(a_practice_of(4_000)))
    persons = [pair for pair in pairs if pair.relation is Relation.SAME_PERSON]

    right = [pair.one.rsplit(".", 1)[0] == pair.two.rsplit(".", 1)[0] for pair in persons]
    family = [pair.one.split(".")[0] == pair.two.split(".")[0] for pair in pairs]

    assert len(persons) > 500
    assert sum(right) / len(right) > 0.98
    assert sum(family) / len(family) > 0.98


def test_a_search_holds_what_it_compares_and_nothing_else() -> None:
    stranger = Record(id="9", first="Omar", last="Haddad", phones=("+17735550100",))
    records = [a_child(1, "Mia"), stranger, a_child(2, "Mia")]
    search = Search()

    search.survey(records)

    assert (search.size, search.wanted()) == (3, ["1", "2"])
    search.hold(record for record in records if record.id in search.wanted())
    assert [(pair.one, pair.two) for pair in search.pairs()] == [("1", "2")]


def test_a_record_that_is_gone_when_the_search_comes_back_is_left_out() -> None:
    search = Search()
    search.survey([a_child(1, "Mia"), a_child(2, "Mia"), a_child(3, "Mia")])
    assert search.wanted() == ["1", "2", "3"]

    search.hold([a_child(1, "Mia"), a_child(3, "Mia")])

    assert [(pair.one, pair.two) for pair in search.pairs()] == [("1", "3")]


def test_a_search_shows_no_personal_data() -> None:
    search = Search()
    search.survey([a_child(1, "Mia"), a_child(2, "Mia")])
    search.hold([a_child(1, "Mia")])

    assert "Mia" not in repr(search)
    assert "Keller" not in repr(search)


@pytest.mark.bench
def test_fifty_thousand_leads_are_searched_within_a_minute() -> None:
    records = a_practice_of(50_000)

    started = time.process_time()
    found = sum(1 for _ in find_pairs(records))

    assert found > 10_000
    assert time.process_time() - started < 60
