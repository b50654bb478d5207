import csv
import gzip
import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from orthocrm.core.ids import LeadId
from orthocrm.core.lead import Lead
from orthocrm.core.people import Address, Contact, Email, Patient, Phone
from orthocrm.leads.dedupe import (
    Duplicate,
    Relation,
    common_name,
    exact,
    folded,
    judged,
    match_keys,
    reaching,
    shareable,
    unjudged,
)
from tests.support.practices import a_lead_of, a_practice

PRACTICE = a_practice()
DATA = Path(__file__).parents[4] / "shared" / "data" / "dedupe_leads_semisynthetic"


def a_child(patient: str, born_on: date | None = None, **fields: Any) -> Lead:
    lead = a_lead_of(PRACTICE, patient=patient, **fields)
    return evolve(lead, patient=evolve(lead.patient, born_on=born_on))


def relation(lead: Lead, other: Lead) -> Relation:
    (duplicate,) = judged(lead, [other])
    assert duplicate.lead_id == other.id
    return duplicate.relation


def test_keys_are_phones_email_and_reference_sorted_and_unique() -> None:
    contact = Contact(
        first_name="Anna",
        last_name="Keller",
        email=Email("anna@example.com", "Anna@example.com"),
        phone=Phone("+13125550100", "12"),
        phone_alt=Phone("+13125550100"),
    )

    keys = match_keys(Patient(first_name="", last_name=""), contact, "web-1")

    assert keys == ("email:anna@example.com", "phone:+13125550100", "ref:web-1")
    assert shareable(keys) == ("email:anna@example.com", "phone:+13125550100")


def test_keys_of_names_stand_beside_those_that_reach_the_family() -> None:
    patient = Patient(first_name="Mía", last_name="Keller", born_on=date(2014, 5, 6))
    address = Address(line1="12 Oak St", postal_code="60601-1234")
    contact = Contact(
        first_name="Anna", last_name="Keller", phone=Phone("+13125550100"), address=address
    )

    keys = match_keys(patient, contact, "web-1")

    assert keys == (
        "area:60601-aml-klr",
        "born:20140506-km",
        "door:60601-12-ak",
        "kin:aml-klr-an",
        "phone:+13125550100",
        "ref:web-1",
    )
    assert reaching(keys) == ("phone:+13125550100",)
    assert exact(keys) == ("phone:+13125550100", "ref:web-1")
    assert shareable(keys) == keys[:-1]


def test_names_are_compared_without_case_accents_punctuation_and_nicknames() -> None:
    assert folded("O'Néill-Smith ") == "oneillsmith"
    assert common_name("Bill") == common_name("William") == "william"
    assert common_name("Alex") == common_name("Alexander") == common_name("Sandra")
    assert common_name("Keller") == "keller"


def test_rule_6_the_same_patient_with_the_same_phone_is_the_same_person() -> None:
    assert relation(a_child("Mia Keller"), a_child("MIA KELLER")) is Relation.SAME_PERSON


@pytest.mark.parametrize("other", ["Keller Mia", "Mía Kéller", "Mia Kellr"])
def test_swapped_accented_and_misspelt_names_are_the_same_person(other: str) -> None:
    assert relation(a_child("Mia Keller"), a_child(other)) is Relation.SAME_PERSON


def test_a_nickname_is_the_same_person() -> None:
    assert relation(a_child("William Keller"), a_child("Billy Keller")) is Relation.SAME_PERSON


def test_a_sibling_is_the_same_household_and_no_person() -> None:
    mia = a_child("Mia Keller", date(2014, 5, 6))
    ben = a_child("Ben Keller", date(2012, 1, 2))

    assert relation(mia, ben) is Relation.SAME_HOUSEHOLD


def test_another_birth_date_with_the_same_parent_is_a_sibling() -> None:
    one = a_child("Mia Keller", date(2014, 5, 6))
    two = a_child("Mia Keller", date(2012, 1, 2))

    assert relation(one, two) is Relation.SAME_HOUSEHOLD


@pytest.mark.parametrize("slip", [date(2014, 6, 5), date(2014, 5, 8), date(2004, 5, 6)])
def test_a_slip_in_the_birth_date_is_still_the_same_person(slip: date) -> None:
    one, two = a_child("Mia Keller", date(2014, 5, 6)), a_child("Mia Keller", slip)

    assert relation(one, two) is Relation.SAME_PERSON


def test_a_similar_name_with_the_same_birth_date_and_phone_is_the_same_person() -> None:
    born_on = date(2014, 5, 6)

    assert relation(a_child("Tessa Keller", born_on), a_child("Teresa Keller", born_on)) is (
        Relation.SAME_PERSON
    )
    assert relation(a_child("Mia Keller", born_on), a_child("Ben Keller", born_on)) is (
        Relation.SAME_HOUSEHOLD
    )


def test_a_shared_phone_alone_is_possible() -> None:
    one = a_child("Mia Keller", contact="Anna Keller")
    two = a_child("Omar Haddad", contact="Lina Haddad")

    assert relation(one, two) is Relation.POSSIBLE


def test_a_shared_phone_and_street_is_a_household() -> None:
    one = a_child("Mia Keller", contact="Anna Keller")
    two = a_child("Omar Haddad", contact="Lina Haddad")
    street = Address(line1="1 Oak St.")
    one = evolve(one, contact=evolve(one.contact, address=street))
    two = evolve(two, contact=evolve(two.contact, address=Address(line1="1 oak st")))

    assert relation(one, two) is Relation.SAME_HOUSEHOLD


def test_the_same_name_alone_is_possible_and_with_the_birth_date_a_person() -> None:
    born_on = date(2014, 5, 6)
    elsewhere: dict[str, Any] = {"phone": "+13125550199", "email": None, "contact": "Bea Roth"}

    assert relation(a_child("Mia Keller"), a_child("Mia Keller", **elsewhere)) is Relation.POSSIBLE
    assert (
        relation(a_child("Mia Keller", born_on), a_child("Mia Keller", born_on, **elsewhere))
        is Relation.SAME_PERSON
    )


def test_an_unnamed_patient_of_the_same_parent_is_a_household() -> None:
    assert relation(a_child("Mia Keller"), a_child("")) is Relation.SAME_HOUSEHOLD


def test_the_same_external_reference_is_the_same_inquiry() -> None:
    one = evolve(a_child("Mia Keller"), keys=("ref:web-1",))
    two = evolve(a_child("Ben Roth"), keys=("ref:web-1",))

    (duplicate,) = judged(one, [two])

    assert (duplicate.relation, duplicate.reasons[0], duplicate.score) == (
        Relation.SAME_INQUIRY,
        "external_ref",
        1.0,
    )


def test_the_surest_comes_first_and_the_lead_itself_never() -> None:
    lead = a_child("Mia Keller")
    sibling, twin = a_child("Ben Keller"), a_child("Mia Keller")
    stranger = a_child("Omar Haddad", contact="Lina Haddad")

    found = judged(lead, [stranger, sibling, lead, twin])

    assert [duplicate.lead_id for duplicate in found] == [twin.id, sibling.id, stranger.id]
    assert [duplicate.score for duplicate in found] == sorted(
        (duplicate.score for duplicate in found), reverse=True
    )


def test_reasons_name_what_agrees() -> None:
    (duplicate,) = judged(a_child("Mia Keller"), [a_child("Ben Keller")])

    assert duplicate.reasons == ("phone", "email", "contact_name", "last_name")


def test_a_lead_that_was_not_read_is_possible() -> None:
    lead = a_child("Mia Keller")

    assert unjudged(lead.id) == Duplicate(lead.id, Relation.POSSIBLE, (), 0.2)


def as_date(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%m/%d/%Y").date()  # noqa: DTZ007 - a date
    except ValueError:
        return None  # the noise of the set makes impossible dates, which no form lets through


def a_captured(row: dict[str, str]) -> Lead:
    return evolve(
        a_child(
            f"{row['patient_first']} {row['patient_last']}",
            as_date(row["patient_dob"]),
            contact=f"{row['contact_first']} {row['contact_last']}",
            phone=row["phone"] or None,
            email=row["email"] or None,
        ),
        id=LeadId(row["lead_id"]),
    )


@pytest.mark.skipif(not DATA.is_dir(), reason="the collected families are not at hand")
def test_people_and_siblings_of_real_shape_are_told_apart() -> None:
    with gzip.open(DATA / "leads.csv.gz", "rt", encoding="utf-8") as file:
        leads = {row["lead_id"]: a_captured(row) for row in csv.DictReader(file)}
    with gzip.open(DATA / "truth_clusters.csv.gz", "rt", encoding="utf-8") as file:
        truth = {row["lead_id"]: row for row in csv.DictReader(file)}
    assert json.loads((DATA / "truth.json").read_text(encoding="utf-8"))["patients"] == 979
    sharing: dict[str, list[str]] = {}
    for lead in leads.values():
        for key in shareable(lead.keys):
            sharing.setdefault(key, []).append(lead.id)
    pairs = {(a, b) for ids in sharing.values() for a in ids for b in ids if a < b}

    verdicts = [
        (relation(leads[a], leads[b]), truth[a]["entity_id"] == truth[b]["entity_id"])
        for a, b in sorted(pairs)
    ]
    persons = [same for verdict, same in verdicts if verdict is Relation.SAME_PERSON]
    same = [verdict for verdict, same in verdicts if same]

    assert sum(persons) / len(persons) > 0.98
    assert same.count(Relation.SAME_PERSON) / len(same) > 0.75
