"""Comparing two records: what agrees, and what they are to each other."""

from datetime import date
from itertools import combinations
from typing import Any

import pytest
from attrs import evolve

from orthocrm.core.lead_link import Relation
from orthocrm.core.people import Address, Email, Phone
from orthocrm.leads.matching import born, names, places, reach
from orthocrm.leads.matching.agreement import Agreement
from orthocrm.leads.matching.comparison import Comparison, compare
from orthocrm.leads.matching.names import name_of, sound
from orthocrm.leads.matching.places import street_of
from orthocrm.leads.matching.population import population_of
from orthocrm.leads.matching.profile import profile_of
from orthocrm.leads.matching.record import PersonName, Record, record_of
from orthocrm.leads.matching.scoring import are_two, probability, relation, score
from tests.support.practices import a_lead_of, a_practice

ANNA = PersonName("Anna", "Keller")
OTHER_PARENT = PersonName("Jonas", "Keller")
BORN = date(2014, 5, 6)


def a_record(first: str = "Mia", last: str = "Keller", **fields: Any) -> Record:
    usual = {
        "id": "1",
        "born_on": BORN,
        "phones": ("+13125550100",),
        "emails": ("anna.keller@example.com",),
        "contacts": (ANNA,),
    }
    return Record(**{**usual, "first": first, "last": last, **fields})


def related(one: Record, two: Record) -> Relation:
    return relation(compare(one, two))


@pytest.mark.parametrize(
    "one,two,agreement",
    [
        ("Mía", "mia", Agreement.SAME),
        ("O'Neill", "Oneill", Agreement.SAME),
        ("Bill", "William", Agreement.NICKNAME),
        ("Tina", "Christine", Agreement.NICKNAME),
        ("Kellr", "Keller", Agreement.SLIP),
        ("Schneider", "Shneyder", Agreement.SLIP),
        ("Ryder", "Riter", Agreement.SLIP),
        ("Mendez Lopez", "Lopez", Agreement.PART),
        ("Bel-Air Hotel", "Hotel Bel Air", Agreement.SLIP),
        ("M.", "Mia", Agreement.INITIAL),
        ("B", "Mia", Agreement.DIFFERENT),
        ("Mia", "Pia", Agreement.DIFFERENT),
        ("Mark", "Mary", Agreement.NEAR),
        ("Daniel", "Danielle", Agreement.NEAR),
        ("Mia", "Ben", Agreement.DIFFERENT),
        ("Mia", "", Agreement.UNKNOWN),
        ("Mia", "Unknown", Agreement.UNKNOWN),
        ("Baby", "Baby", Agreement.UNKNOWN),
        ("Sofia", "foSia", Agreement.NEAR),
    ],
)
def test_names_agree_by_degrees(one: str, two: str, agreement: Agreement) -> None:
    assert names.agreement(name_of(one), name_of(two)) is agreement
    assert names.agreement(name_of(two), name_of(one)) is agreement


def test_a_placeholder_beside_a_name_is_left_out() -> None:
    assert name_of("Baby Mia") == name_of("Mia")


@pytest.mark.parametrize(
    "one,two",
    [("schneider", "shnyder"), ("philips", "fillips"), ("knight", "night"), ("katz", "cats")],
)
def test_spellings_that_sound_alike_have_one_key(one: str, two: str) -> None:
    assert sound(one) == sound(two)


@pytest.mark.parametrize(
    "other,agreement",
    [
        (BORN, Agreement.SAME),
        (date(2014, 6, 5), Agreement.SLIP),
        (date(2014, 5, 8), Agreement.SLIP),
        (date(2041, 5, 6), Agreement.SLIP),
        (date(2014, 5, 17), Agreement.NEAR),
        (date(2013, 5, 9), Agreement.NEAR),
        (date(2004, 5, 20), Agreement.NEAR),
        (date(2012, 1, 2), Agreement.DIFFERENT),
        (None, Agreement.UNKNOWN),
    ],
)
def test_birth_dates_are_mistaken_in_known_ways(other: date | None, agreement: Agreement) -> None:
    assert born.agreement(BORN, other) is agreement
    assert born.agreement(other, BORN) is agreement


@pytest.mark.parametrize(
    "one,two,agreement",
    [
        ("435 S. La Cienega Blv.", "435 south la cienega boulevard", Agreement.SAME),
        ("13 W. 54th St.", "13 west 54 street", Agreement.SAME),
        ("156 2nd Ave. at 10th St.", "156 Second Avenue", Agreement.SAME),
        ("12 Oak St Apt 4", "12 Oak Street", Agreement.SAME),
        ("12 Oakwood Ln", "12 Oakland Ln", Agreement.SLIP),
        ("1867 Oak St", "1827 Oak St", Agreement.NEAR),
        ("Oak Street", "12 Oak Street", Agreement.PART),
        ("12 Oak Street", "99 Oak Street", Agreement.DIFFERENT),
        ("12 Oak Street", "12 Harbor Road", Agreement.DIFFERENT),
        ("Oak Street", "Harbor Road", Agreement.DIFFERENT),
        ("12 Oak Street", "", Agreement.UNKNOWN),
    ],
)
def test_streets_agree_however_they_are_abbreviated(
    one: str, two: str, agreement: Agreement
) -> None:
    assert places.streets_agree(street_of(one), street_of(two)) is agreement


def test_a_street_that_is_called_avenue_keeps_its_name() -> None:
    assert street_of("15 The Avenue").name == "the avenue"


@pytest.mark.parametrize(
    "one,two,agreement",
    [
        ("hollywood", "hollywood", Agreement.SAME),
        ("hollywood", "hollywod", Agreement.SLIP),
        ("hollywood", "westhollywood", Agreement.PART),
        ("hollywood", "pasadena", Agreement.DIFFERENT),
        ("", "pasadena", Agreement.UNKNOWN),
    ],
)
def test_cities_agree_by_degrees(one: str, two: str, agreement: Agreement) -> None:
    assert places.cities_agree(one, two) is agreement


@pytest.mark.parametrize(
    "two,agreement",
    [
        ("60191", Agreement.SAME),
        ("60119", Agreement.SLIP),
        ("60655", Agreement.DIFFERENT),
        ("", Agreement.UNKNOWN),
    ],
)
def test_postal_codes_agree_by_degrees(two: str, agreement: Agreement) -> None:
    assert places.postal_codes_agree("60191", two) is agreement


@pytest.mark.parametrize(
    "twos,agreement",
    [
        ({"13125550100", "13125550177"}, Agreement.SAME),
        ({"13125550101"}, Agreement.SLIP),
        ({"17735550100"}, Agreement.SLIP),
        ({"17735550999"}, Agreement.DIFFERENT),
        (set(), Agreement.UNKNOWN),
    ],
)
def test_phones_agree_by_degrees(twos: set[str], agreement: Agreement) -> None:
    assert reach.phones_agree(frozenset({"13125550100"}), frozenset(twos)) is agreement


@pytest.mark.parametrize(
    "two,agreement",
    [
        ("anna.keller@example.com", Agreement.SAME),
        ("anna.kelle@example.com", Agreement.SLIP),
        ("anna.keller@mail.test", Agreement.PART),
        ("omar@mail.test", Agreement.DIFFERENT),
        ("anna.keller7@example.com", Agreement.DIFFERENT),
    ],
)
def test_emails_agree_by_degrees(two: str, agreement: Agreement) -> None:
    mine = frozenset({"anna.keller@example.com"})

    assert reach.emails_agree(mine, frozenset({two})) is agreement


def test_a_short_mailbox_says_nothing_at_another_domain() -> None:
    ones, twos = frozenset({"info@smiles.test"}), frozenset({"info@brackets.test"})

    assert reach.emails_agree(ones, twos) is Agreement.DIFFERENT


def test_a_lead_is_compared_by_its_patient_and_its_contact() -> None:
    lead = a_lead_of(a_practice(), patient="Mia Keller", contact="Anna Keller")
    address = Address(line1="1 Oak St", city="Chicago", postal_code="60601-1234")
    contact = evolve(
        lead.contact,
        phone=Phone("+13125550100"),
        phone_alt=Phone("+13125550101"),
        email=Email("anna@example.com", "Anna@example.com"),
        address=address,
    )

    record = record_of(evolve(lead, contact=contact))

    assert record == Record(
        id=lead.id,
        first="Mia",
        last="Keller",
        born_on=None,
        phones=("+13125550100", "+13125550101"),
        emails=("anna@example.com",),
        line1="1 Oak St",
        city="Chicago",
        postal_code="60601-1234",
        contacts=(ANNA,),
    )


def test_comparing_never_shows_personal_data() -> None:
    record = a_record(line1="1 Oak St", city="Chicago", postal_code="60601")

    shown = repr(record) + repr(profile_of(record)) + repr(compare(record, record))

    assert [
        text for text in ("Keller", "Anna", "3125550100", "Oak", "60601") if text in shown
    ] == []


def test_every_field_is_compared() -> None:
    one = a_record(line1="1 Oak St", city="Chicago", postal_code="60601", ref="web-1")

    comparison = compare(one, evolve(one, id="2"))

    assert comparison == Comparison(
        first=Agreement.SAME,
        last=Agreement.SAME,
        born=Agreement.SAME,
        phone=Agreement.SAME,
        email=Agreement.SAME,
        contact=Agreement.SAME,
        street=Agreement.SAME,
        city=Agreement.SAME,
        postal_code=Agreement.SAME,
        same_ref=True,
    )
    assert relation(comparison) is Relation.SAME_INQUIRY


@pytest.mark.parametrize(
    "other",
    [
        a_record("Mía", "KELLER"),
        a_record("Mia", "Kellr"),
        a_record("Keller", "Mia"),
        a_record(born_on=date(2014, 6, 5)),
        a_record(born_on=None),
        a_record(phones=("+13125550177",), emails=(), contacts=(OTHER_PARENT,)),
        a_record(phones=(), emails=("anna.keller@mail.test",)),
    ],
)
def test_the_same_patient_written_otherwise_is_the_same_person(other: Record) -> None:
    assert related(a_record(), other) is Relation.SAME_PERSON


@pytest.mark.parametrize(
    "sibling",
    [
        a_record("Ben", born_on=date(2012, 1, 2)),
        a_record("Ben", born_on=None),
        a_record("Ben"),
        a_record("Mia", born_on=date(2012, 1, 2)),
        a_record("", born_on=None),
    ],
    ids=["brother", "undated brother", "twin", "other birth date", "unnamed"],
)
def test_a_child_of_the_same_parent_is_the_same_household(sibling: Record) -> None:
    assert related(a_record(), sibling) is Relation.SAME_HOUSEHOLD


def test_a_parent_who_enquires_as_well_is_the_same_household() -> None:
    parent = a_record("Anna", born_on=date(1980, 1, 2))

    assert related(parent, a_record()) is Relation.SAME_HOUSEHOLD


def test_a_shared_phone_alone_makes_no_family() -> None:
    stranger = a_record("Omar", "Haddad", emails=(), contacts=(PersonName("Lina", "Haddad"),))

    assert related(a_record(born_on=None), stranger) is Relation.POSSIBLE


def test_the_same_name_alone_is_possible() -> None:
    namesake = a_record(phones=("+17735550999",), emails=(), contacts=(PersonName("Bea", "Roth"),))

    assert related(a_record(born_on=None), namesake) is Relation.POSSIBLE


def test_a_rare_name_says_more_than_a_common_one() -> None:
    people = [
        Record(id=str(n), first=f"P{n}", last="Quist" if n < 2 else "Keller") for n in range(99)
    ]
    population = population_of([profile_of(record) for record in people])
    rare, common = people[0], people[-1]

    scores = [score(compare(each, evolve(each, id="copy"), population)) for each in (rare, common)]

    assert scores[0] > scores[1]


def test_families_are_expected_where_parents_answer() -> None:
    children = population_of([profile_of(a_record(id=str(n))) for n in range(10)])
    adults = population_of([profile_of(a_record(id=str(n), contacts=())) for n in range(10)])

    assert (children.relatives, adults.relatives) == (1.0, 0.1)


def test_an_organisation_is_compared_by_name_street_city_and_phone() -> None:
    one = Record(
        id="1", first="Hotel Bel-Air", line1="701 Stone Canyon Rd.", phones=("3104721211",)
    )
    two = Record(id="2", first="bel-air hotel", line1="701 stone canyon rd", phones=("3104721211",))
    cafe = evolve(two, id="3", first="Terrace Cafe")

    assert related(one, two) is Relation.SAME_PERSON
    assert related(one, cafe) is Relation.SAME_HOUSEHOLD


def test_probabilities_grow_with_what_agrees() -> None:
    little = a_record(phones=(), emails=(), contacts=(), born_on=None)
    dated = evolve(little, born_on=BORN)
    reached = evolve(dated, phones=("+13125550100",))

    found = [probability(compare(each, evolve(each, id="2"))) for each in (little, dated, reached)]

    assert [one.person < two.person for one, two in combinations(found, 2)] == [True, True, True]
    assert [each.person <= each.family <= 1 for each in found] == [True, True, True]


def test_adults_who_answer_for_themselves_are_two_by_name_and_date_together() -> None:
    one = a_record("Anna", contacts=(), born_on=date(1980, 1, 2))
    dated = evolve(one, id="2", born_on=date(1975, 11, 23))
    named = evolve(one, id="3", first="Gudrun")

    assert [are_two(compare(one, other)) for other in (dated, named)] == [False, False]
    assert are_two(compare(dated, named))
