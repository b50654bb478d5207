"""Duplicates: warned of at capture, searched for in the whole clinic, linked, remembered."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from orthocrm import (
    Captured,
    Desk,
    Forbidden,
    Intake,
    InvalidInput,
    LeadEdit,
    NotFound,
    Refused,
    Role,
)
from orthocrm.core.ids import LeadId, UserId
from orthocrm.core.lead import Lead
from orthocrm.core.lead_link import LeadLink, Relation, Verdict
from orthocrm.core.query import Cond
from orthocrm.leads.dedupe import CROWD, Duplicate, DuplicatePair
from orthocrm.leads.matching.pairs import Search
from orthocrm.services.work import everything
from tests.flows.practice import House, enquiry

BORN = date(2014, 5, 6)

ELSEWHERE = {"phone": "+1 773 555 0199", "email": "somebody.else@example.org"}
"""Another phone number and another address than those of the family that is known."""

SAME_PERSON, SAME_HOUSEHOLD = Relation.SAME_PERSON, Relation.SAME_HOUSEHOLD
SUGGESTED, CONFIRMED, REJECTED = Verdict.SUGGESTED, Verdict.CONFIRMED, Verdict.REJECTED


def known(house: House, **fields: Any) -> Lead:
    """Capture a child with everything that a form may ask for."""
    whole: dict[str, Any] = {
        "first_name": "Maria",
        "patient_first_name": "William",
        "patient_born_on": BORN,
        "address_line1": "12 Oak Street",
        "postal_code": "60601",
    }
    return house.lead(**{**whole, **fields})


def again(**fields: Any) -> Intake:
    """Give another enquiry for the same child, from somewhere else."""
    return enquiry(**{"patient_first_name": "William", **ELSEWHERE, **fields})


def named(last_name: str) -> dict[str, str]:
    """Give the names of another family."""
    return {
        "first_name": "Zoe",
        "last_name": last_name,
        "patient_first_name": "Max",
        "patient_last_name": last_name,
    }


def found_of(house: House, asked: Intake) -> list[tuple[LeadId, Relation]]:
    found = house.coordinator.leads.duplicates(asked).found
    return [(duplicate.lead_id, duplicate.relation) for duplicate in found]


def links_in(house: House) -> list[LeadLink]:
    with house.crm._backend.begin(house.clinic.id) as store:
        return list(everything(store.links))


def verdicts(house: House) -> dict[tuple[LeadId, LeadId], tuple[Relation, Verdict]]:
    return {
        (link.lead_id, link.other_id): (link.relation, link.verdict) for link in links_in(house)
    }


# --- at capture


@pytest.mark.parametrize(
    "fields",
    [
        {"patient_first_name": "Bill"},
        {"patient_first_name": "WILLIAM", "patient_last_name": "LÓPEZ"},
        {"patient_first_name": "Lopez", "patient_last_name": "William", "patient_born_on": BORN},
        {"patient_last_name": "Lopes", "patient_born_on": BORN},
        {"first_name": "Carlos", "postal_code": "60601"},
        {"patient_first_name": "Wiliam", "patient_born_on": date(2014, 6, 5)},
        {"first_name": "Carlos", "patient_born_on": BORN},
    ],
    ids=["nickname", "accents", "swapped", "misspelt", "other parent", "date", "birth date"],
)
def test_a_patient_is_found_without_phone_or_email(house: House, fields: dict[str, Any]) -> None:
    lead = known(house)

    assert found_of(house, again(**fields)) == [(lead.id, SAME_PERSON)]
    captured = house.coordinator.leads.capture(again(**fields))
    assert [duplicate.lead_id for duplicate in captured.duplicates] == [lead.id]


@pytest.mark.parametrize(
    "fields",
    [
        {"first_name": "Otto", "patient_first_name": "Otto", "patient_last_name": "Braun"},
        {"patient_first_name": "Emma", "first_name": "Emma", "last_name": "Lopez"},
        {
            "first_name": "Nora",
            "patient_first_name": "William",
            "patient_born_on": date(2010, 1, 2),
        },
    ],
    ids=["stranger", "namesake", "another birth date"],
)
def test_a_stranger_is_not_warned_of(house: House, fields: dict[str, Any]) -> None:
    known(house)

    assert found_of(house, again(**fields)) == []


def test_neighbours_and_those_of_one_birthday_are_no_duplicates(house: House) -> None:
    known(house)
    neighbour = {"address_line1": "12 Oak Street", "postal_code": "60601"}
    one_day = {"patient_first_name": "Wim", "patient_born_on": BORN}

    assert found_of(house, again(**{**named("Young"), **neighbour})) == []
    assert found_of(house, again(**{**named("Long"), **one_day})) == []


def test_a_shared_phone_always_warns(house: House) -> None:
    lead = known(house)

    assert found_of(house, enquiry(email=None, **named("Young"))) == [(lead.id, Relation.POSSIBLE)]


def test_siblings_are_one_household_and_never_one_person(house: House) -> None:
    one = known(house)
    two = house.coordinator.leads.capture(
        enquiry(patient_first_name="Emma", patient_born_on=date(2016, 1, 2))
    )
    other_phone = again(
        patient_first_name="Emma",
        patient_born_on=date(2016, 1, 2),
        address_line1="12 oak st",
        postal_code="60601",
    )

    assert [(d.lead_id, d.relation) for d in two.duplicates] == [(one.id, SAME_HOUSEHOLD)]
    assert found_of(house, other_phone) == [
        (two.lead.id, SAME_PERSON),
        (one.id, SAME_HOUSEHOLD),
    ]
    persons = {SAME_PERSON, Relation.SAME_INQUIRY}
    pairs = house.coordinator.leads.find_duplicates()
    assert [pair for pair in pairs if pair.relation in persons] == []


def test_a_crowd_at_one_name_and_address_is_noise(house: House) -> None:
    fields = {"email": None, "address_line1": "1 Main St", "postal_code": "60601"}
    for number in range(CROWD + 1):
        house.lead(phone=f"312-555-{number:04}", **fields)

    captured = house.coordinator.leads.capture(enquiry(phone="312-555-0999", **fields))

    assert captured.duplicates == ()


def test_a_crowd_of_names_does_not_hide_a_shared_phone(house: House) -> None:
    leads = [house.lead(phone=f"312-555-{n:04}", email=None) for n in range(CROWD + 1)]

    assert found_of(house, enquiry(phone="312-555-0003", email=None)) == [
        (leads[3].id, SAME_PERSON)
    ]


def test_an_edit_makes_a_lead_findable_by_its_new_name(house: House) -> None:
    lead = known(house, patient_first_name="Tim")
    assert found_of(house, again(patient_born_on=BORN)) == []

    house.coordinator.leads.edit(lead.id, LeadEdit(patient_first_name="William"))

    assert found_of(house, again(patient_born_on=BORN)) == [(lead.id, SAME_PERSON)]


def test_likeness_of_names_decides_no_coordinator(house: House) -> None:
    first = known(house)
    second = house.coordinator.leads.capture(again())

    assert second.duplicates[0].relation is SAME_PERSON
    assert second.lead.ownership.owner != first.ownership.owner


def test_a_web_form_links_what_it_may_not_read(house: House) -> None:
    lead = known(house)
    captured = house.desk(Role.WEB_FORM).leads.capture(again())

    assert (captured.duplicates, captured.hidden_duplicates) == ((), 1)
    assert verdicts(house) == {(lead.id, captured.lead.id): (SAME_PERSON, SUGGESTED)}


def test_a_capture_suggests_persons_and_confirms_households(house: House) -> None:
    one = known(house)
    two = house.lead(patient_first_name="Emma", patient_born_on=date(2016, 1, 2))
    three = house.lead(patient_first_name="Bill", patient_born_on=BORN)
    house.lead(phone="312-555-0777", email=None, **named("Young"))

    assert verdicts(house) == {
        (one.id, two.id): (SAME_HOUSEHOLD, CONFIRMED),
        (one.id, three.id): (SAME_PERSON, SUGGESTED),
        (two.id, three.id): (SAME_HOUSEHOLD, CONFIRMED),
    }
    (link,) = [link for link in links_in(house) if link.other_id == two.id]
    assert (link.found_at, link.decided_at, link.decided_by) == (house.clock(), None, None)
    assert link.permille is not None
    assert 500 <= link.permille < 800
    assert {"phone", "email", "contact_name"} <= set(link.reasons)


def test_what_was_refused_is_no_duplicate_of_anybody(house: House) -> None:
    other = UserId("tc-2")
    refused, kept = house.front.leads.capture_many([enquiry(owner=other), enquiry()])

    assert isinstance(refused, Refused)
    assert isinstance(kept, Captured)
    assert (kept.duplicates, links_in(house)) == ((), [])


# --- a stored lead


def test_duplicates_of_a_stored_lead_are_found_from_either_side(house: House) -> None:
    one, two = known(house), house.coordinator.leads.capture(again()).lead

    assert [d.lead_id for d in house.coordinator.leads.duplicates_of(one.id).found] == [two.id]
    assert [d.lead_id for d in house.coordinator.leads.duplicates_of(two.id).found] == [one.id]


def test_what_was_rejected_is_not_found_again(house: House) -> None:
    desk = house.coordinator
    one, two = known(house), desk.leads.capture(again()).lead
    three = desk.leads.capture(again(phone="+1 773 555 0144", email=None)).lead

    house.clock.advance(timedelta(minutes=1))
    link = desk.leads.not_duplicate(two.id, one.id)

    assert (link.lead_id, link.other_id, link.verdict) == (one.id, two.id, REJECTED)
    assert (link.relation, link.decided_by, link.decided_at) == (
        SAME_PERSON,
        "tc-1",
        house.clock(),
    )
    assert [d.lead_id for d in desk.leads.duplicates_of(one.id).found] == [three.id]
    pairs = desk.leads.find_duplicates()
    assert [(pair.one, pair.other) for pair in pairs] == [(one.id, three.id), (two.id, three.id)]
    assert desk.leads.not_duplicate(one.id, two.id) == link


def test_what_is_forgotten_may_be_found_again(house: House) -> None:
    desk = house.coordinator
    one, two = known(house), desk.leads.capture(again()).lead
    desk.leads.not_duplicate(one.id, two.id)

    desk.leads.unlink(two.id, one.id)

    assert links_in(house) == []
    assert [d.lead_id for d in desk.leads.duplicates_of(one.id).found] == [two.id]
    with pytest.raises(NotFound):
        desk.leads.unlink(one.id, two.id)


def test_hits_out_of_reach_are_counted_and_not_shown(house: House) -> None:
    agent = house.desk(Role.AGENT, "tc-2")
    foreign = known(house, owner=UserId("tc-1"))
    own = house.coordinator.leads.capture(again(owner=UserId("tc-2"))).lead
    house.coordinator.leads.link_household([own.id, foreign.id])

    found, links = agent.leads.duplicates_of(own.id), agent.leads.links(own.id)
    household = agent.leads.household_of(own.id)

    assert (found.found, found.hidden) == ((), 1)
    assert (links.links, links.hidden) == ((), 1)
    assert (household.leads, household.hidden) == ((), 1)
    with pytest.raises(NotFound):
        agent.leads.not_duplicate(own.id, foreign.id)
    with pytest.raises(NotFound):
        agent.leads.link_household([foreign.id, own.id])


# --- households


def test_a_household_is_followed_over_its_links(house: House) -> None:
    desk = house.coordinator
    one = known(house)
    two = house.lead(patient_first_name="Emma", patient_born_on=date(2016, 1, 2))
    cousin = desk.leads.capture(enquiry(**{**named("Silva"), **ELSEWHERE})).lead
    assert [lead.id for lead in desk.leads.household_of(two.id).leads] == [one.id]

    desk.leads.link_household([cousin.id, two.id])

    assert [lead.id for lead in desk.leads.household_of(one.id).leads] == [two.id, cousin.id]
    desk.leads.not_duplicate(one.id, cousin.id)
    assert [lead.id for lead in desk.leads.household_of(one.id).leads] == [two.id]
    assert [lead.id for lead in desk.leads.household_of(two.id).leads] == [one.id, cousin.id]


def test_who_was_linked_as_a_household_is_not_offered_as_one_person(house: House) -> None:
    desk = house.coordinator
    one, two = known(house), desk.leads.capture(again()).lead

    (link,) = desk.leads.link_household([two.id, one.id])

    assert (link.relation, link.verdict, link.decided_by) == (SAME_HOUSEHOLD, CONFIRMED, "tc-1")
    assert desk.leads.find_duplicates() == ()
    assert desk.leads.links(one.id).links == (link,)


def test_three_are_linked_by_three_links(house: House) -> None:
    strangers = ("Braun", "Haddad", "Nowak")
    ids = [
        house.lead(phone=f"312-555-{n:04}", email=None, **named(name)).id
        for n, name in enumerate(strangers)
    ]

    links = house.coordinator.leads.link_household(ids)

    assert [(link.lead_id, link.other_id) for link in links] == [
        (ids[0], ids[1]),
        (ids[0], ids[2]),
        (ids[1], ids[2]),
    ]
    assert verdicts(house) == dict.fromkeys(
        [(link.lead_id, link.other_id) for link in links], (SAME_HOUSEHOLD, CONFIRMED)
    )


# --- the whole clinic


def test_the_clinic_is_searched_and_what_is_found_is_suggested(house: House) -> None:
    importer = house.desk(Role.OPERATOR)
    one = known(house)
    two = house.coordinator.leads.capture(again(first_name="Carlos", postal_code="60601")).lead
    for link in links_in(house):
        importer.leads.unlink(link.lead_id, link.other_id)
    told: list[int] = []

    pairs = importer.leads.find_duplicates(progress=told.append)

    (pair,) = pairs
    assert pair == DuplicatePair(
        one=one.id,
        other=two.id,
        relation=SAME_PERSON,
        reasons=("patient_name", "last_name"),
        score=pair.score,
    )
    assert 0.8 <= pair.score < 1
    assert verdicts(house) == {(one.id, two.id): (SAME_PERSON, SUGGESTED)}
    assert told == [4]
    before = links_in(house)
    assert importer.leads.find_duplicates() == pairs
    assert links_in(house) == before


def test_a_search_that_keeps_nothing_needs_no_permission_to_write(house: House) -> None:
    known(house)
    house.coordinator.leads.capture(again())
    before = links_in(house)

    pairs = house.coordinator.leads.find_duplicates(keep=False)

    assert len(pairs) == 1
    assert links_in(house) == before


def test_what_is_merely_possible_is_given_when_asked_for_and_never_kept(house: House) -> None:
    known(house)
    house.lead(email=None, **named("Young"))

    assert house.coordinator.leads.find_duplicates() == ()
    (pair,) = house.coordinator.leads.find_duplicates(possible=True)
    assert (pair.relation, pair.reasons) == (Relation.POSSIBLE, ("phone",))
    assert links_in(house) == []


def test_a_search_reads_page_after_page(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orthocrm.services.leads.kinship.PAGE", 2)
    leads = [house.lead(phone=f"312-555-{n:04}", email=None) for n in range(5)]
    told: list[int] = []

    pairs = house.coordinator.leads.find_duplicates(progress=told.append)

    assert told == [2, 4, 7, 9, 10]
    ids = [lead.id for lead in leads]
    assert {(pair.one, pair.other) for pair in pairs} == {
        (one, other) for one in ids for other in ids if one < other
    }


def test_the_trail_of_a_search_names_the_ends_of_each_page_and_what_was_found(
    house: House,
) -> None:
    leads = [known(house)]
    leads += [house.coordinator.leads.capture(again(patient_born_on=BORN)).lead for _ in range(2)]
    house.coordinator.leads.find_duplicates()

    with house.crm._backend.begin(house.clinic.id) as store:
        trail = everything(store.audit, Cond("user", "eq", "tc-1"))
    objects = {entry.operation: entry.objects for entry in trail}
    assert objects["leads.survey"] == (leads[0].id, leads[-1].id)
    assert objects["leads.hold"] == (leads[0].id, leads[-1].id)
    assert set(objects["leads.settle"]) == {lead.id for lead in leads}


def test_only_who_reaches_every_lead_may_search(house: House) -> None:
    with pytest.raises(Forbidden):
        house.desk(Role.AGENT, "tc-1").leads.find_duplicates()
    with pytest.raises(Forbidden):
        house.desk(Role.WEB_FORM).leads.find_duplicates()


# --- bad input

BAD: dict[str, tuple[Callable[[Desk, LeadId], object], str, str]] = {
    "alone": (lambda d, i: d.leads.link_household([i]), "lead_ids", "out_of_range"),
    "nobody": (lambda d, _: d.leads.link_household([]), "lead_ids", "out_of_range"),
    "many": (lambda d, i: d.leads.link_household([i] * 13), "lead_ids", "out_of_range"),
    "twice": (lambda d, i: d.leads.link_household([i, i]), "lead_ids", "repeated"),
    "text": (lambda d, i: d.leads.link_household(i), "lead_ids", "not_a_list"),  # type: ignore[arg-type]
    "number": (lambda d, i: d.leads.link_household([i, 7]), "lead_ids", "wrong_type"),  # type: ignore[list-item]
    "none": (lambda d, i: d.leads.not_duplicate(i, None), "lead_ids", "wrong_type"),  # type: ignore[arg-type]
    "itself": (lambda d, i: d.leads.not_duplicate(i, i), "lead_ids", "repeated"),
    "unlink": (lambda d, i: d.leads.unlink(i, i), "lead_ids", "repeated"),
    "search": (lambda d, _: d.leads.survey("all"), "search", "wrong_type"),  # type: ignore[arg-type]
    "hold": (lambda d, i: d.leads.hold(Search(), [i] * 501), "ids", "too_many"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_and_leaves_nothing(house: House, case: str) -> None:
    call, path, code = BAD[case]
    lead = house.lead()

    with pytest.raises(InvalidInput) as refused:
        call(house.coordinator, lead.id)

    assert [(problem.path, problem.code) for problem in refused.value.problems] == [(path, code)]
    assert lead.id not in str(refused.value)
    assert links_in(house) == []


@pytest.mark.parametrize("nobody", ["", "nobody", "0190c0de-0000-7000-8000-000000000000", "\0"])
def test_a_lead_that_is_not_there_is_not_found(house: House, nobody: str) -> None:
    lead, unknown = house.lead(), LeadId(nobody)
    for call in (
        lambda: house.coordinator.leads.duplicates_of(unknown),
        lambda: house.coordinator.leads.links(unknown),
        lambda: house.coordinator.leads.household_of(unknown),
        lambda: house.coordinator.leads.not_duplicate(lead.id, unknown),
        lambda: house.coordinator.leads.link_household([unknown, lead.id]),
        lambda: house.coordinator.leads.unlink(unknown, lead.id),
    ):
        with pytest.raises(NotFound):
            call()
    assert links_in(house) == []


def test_a_warning_shows_no_personal_data(house: House) -> None:
    known(house)
    (duplicate,) = house.coordinator.leads.duplicates(again()).found

    assert isinstance(duplicate, Duplicate)
    assert duplicate.reasons == ("patient_name", "contact_name", "last_name")
    for secret in ("Lopez", "William", "773555", "example"):
        assert secret not in repr(duplicate)
