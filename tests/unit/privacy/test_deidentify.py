"""What is left of a lead without the identifiers of the Safe Harbor, and how well rows hide."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from orthocrm.core.ids import UserId
from orthocrm.core.lead import Custom, Lead, Loss, LostReason
from orthocrm.core.people import Address, Email, Phone
from orthocrm.core.settings import Practice
from orthocrm.privacy.deidentify import (
    COLUMNS,
    QUASI,
    RESTRICTED,
    Anonymity,
    Grain,
    age,
    anonymity,
    counted,
    hidden,
    pseudonym,
    row_of,
    zip3,
)
from orthocrm.testing.factories import a_clinic, a_lead

PRACTICE = Practice(clinic=a_clinic(), stages=(), sources=(), coordinators=(), absences=())
GRAIN = Grain(salt="s" * 32)
CAME = datetime(2026, 3, 1, 5, tzinfo=UTC)  # the evening before in Chicago


def a_patient(**fields: Any) -> Lead:
    lead = a_lead(PRACTICE.clinic)
    usual = {"born_on": None, "age_years": None}
    patient = evolve(lead.patient, **{**usual, **fields})
    return evolve(lead, patient=patient, stamps=evolve(lead.stamps, created_at=CAME))


def living_at(**fields: Any) -> Lead:
    lead = a_lead(PRACTICE.clinic)
    return evolve(lead, contact=evolve(lead.contact, address=Address(**fields)))


@pytest.mark.parametrize(
    "born, told",
    [
        (date(2012, 2, 28), "14"),
        (date(2012, 3, 1), "13"),
        (date(1937, 2, 28), "89"),
        (date(1937, 3, 1), "88"),
        (date(1936, 2, 28), "90+"),
        (date(1890, 1, 1), "90+"),
        (date(2026, 2, 28), "0"),
        (date(2027, 1, 1), None),
    ],
)
def test_ages_are_told_up_to_89(born: date, told: str | None) -> None:
    assert age(a_patient(born_on=born), PRACTICE) == told


@pytest.mark.parametrize(
    "said, told", [(None, None), (12, "12"), (89, "89"), (90, "90+"), (117, "90+"), (-1, None)]
)
def test_what_was_said_of_an_age_stands_where_no_birth_date_is_known(
    said: int | None, told: str | None
) -> None:
    assert age(a_patient(age_years=said), PRACTICE) == told


@pytest.mark.parametrize(
    "said, years, told",
    [
        (12, 5, "10-14"),
        (10, 5, "10-14"),
        (9, 5, "5-9"),
        (89, 20, "80-89"),
        (90, 5, "90+"),
        (3, 1, "3"),
    ],
)
def test_ages_may_be_told_in_bands(said: int, years: int, told: str) -> None:
    assert age(a_patient(age_years=said), PRACTICE, years) == told


@pytest.mark.parametrize(
    "code, told",
    [
        ("60614", "606"),
        (" 60614-1234 ", "606"),
        ("606141234", "606"),
        ("03601", "000"),
        ("89301-0001", "000"),
        ("M5V 3L9", None),
        ("6061", None),
        ("60614 Maria", None),
        ("\u0666\u0660\u0666\u0661\u0664", None),
        ("", None),
        (None, None),
    ],
)
def test_of_a_zip_code_three_digits_are_told_where_enough_people_live(
    code: str | None, told: str | None
) -> None:
    assert zip3(living_at(postal_code=code)) == told


def test_the_seventeen_restricted_beginnings_are_nowhere() -> None:
    assert len(RESTRICTED) == 17
    assert {zip3(living_at(postal_code=f"{begins}99")) for begins in RESTRICTED} == {"000"}


def told(lead: Lead, practice: Practice = PRACTICE, grain: Grain = GRAIN) -> dict[str, Any]:
    return dict(zip(COLUMNS, row_of(lead, practice, grain), strict=True))


def test_a_state_is_a_state_or_nothing() -> None:
    said = ["Illinois", "il", "Zebra", None]
    assert [told(living_at(state=one))["state"] for one in said] == ["IL", "IL", None, None]


def test_dates_are_told_to_the_year_by_the_clocks_of_the_practice() -> None:
    new_year = datetime(2026, 1, 1, 2, tzinfo=UTC)
    lead = a_patient()
    lost = Loss(at=new_year, reason=LostReason.OTHER, stage=lead.position.stage, order=1, notes="z")
    row = told(evolve(lead, loss=lost, stamps=evolve(lead.stamps, created_at=new_year)))
    assert (row["created_year"], row["lost_year"], row["lost_reason"]) == (2025, 2025, "OTHER")


def test_pseudonyms_mean_something_within_one_export_only() -> None:
    one, other = a_lead(PRACTICE.clinic), a_lead(PRACTICE.clinic)
    assert pseudonym(one, "salt") == pseudonym(one, "salt")
    assert len({pseudonym(one, "salt"), pseudonym(other, "salt"), pseudonym(one, "other")}) == 3
    assert one.id[:8] not in pseudonym(one, "salt")


CANARY = "Qzcanary"


def test_nothing_that_anybody_typed_comes_out() -> None:
    lead = a_patient(first_name=CANARY, last_name=CANARY, born_on=date(2011, 3, 29))
    contact = evolve(
        lead.contact,
        first_name=CANARY,
        last_name=CANARY,
        email=Email("qzcanary@a.example", "Qzcanary@a.example"),
        phone=Phone("+13125550173", "7"),
        preferred_time=CANARY,
        address=Address(
            line1=CANARY, line2=CANARY, city=CANARY, state=CANARY, postal_code=f"60614{CANARY}"
        ),
    )
    insurance = evolve(lead.enquiry.insurance, carrier=CANARY, member_id=CANARY)
    full = evolve(
        lead,
        contact=contact,
        enquiry=evolve(lead.enquiry, notes=CANARY, insurance=insurance),
        origin=evolve(
            lead.origin,
            detail=CANARY,
            campaign=CANARY,
            referring_provider_ref=CANARY,
            referring_patient_ref=CANARY,
            external_ref=CANARY,
        ),
        tags=(CANARY,),
        custom=Custom(shown={"a": CANARY}, personal={"b": CANARY}),
        former_refs=(CANARY,),
        keys=(CANARY,),
        ownership=evolve(lead.ownership, owner=UserId(CANARY), first_owner=UserId(CANARY)),
    )
    row = told(full)
    texts = " ".join(str(value) for value in row.values()).lower()
    assert "qzcanary" not in texts
    assert not any(part in texts for part in ("2011", "60614", "0173", full.id, "2026-"))
    assert row["is_insured"] is True


# --- who looks alike


LOOKS = st.tuples(st.sampled_from(["11", "12", "90+"]), st.sampled_from(["606", None]))


def a_row(number: int, looks_like: tuple[str, str | None]) -> tuple[Any, ...]:
    values = {"pseudonym": f"p{number}", "age": looks_like[0], "zip3": looks_like[1]}
    return tuple(values.get(name) for name in COLUMNS)


@given(st.lists(LOOKS, max_size=30), st.integers(1, 6))
def test_k_is_the_size_of_the_smallest_group_that_is_left(
    drawn: list[tuple[str, str | None]], at_least: int
) -> None:
    rows = [a_row(n, one) for n, one in enumerate(drawn)]
    groups = counted(rows)
    kept = list(hidden(rows, groups, at_least))
    sizes = [drawn.count(one) for one in set(drawn) if drawn.count(one) >= at_least]
    assert anonymity(groups, at_least) == Anonymity(
        k=min(sizes, default=0),
        groups=len(sizes),
        rows=len(kept),
        suppressed=len(rows) - len(kept),
    )
    assert kept == [
        row for row, one in zip(rows, drawn, strict=True) if drawn.count(one) >= at_least
    ]


def test_rows_of_looks_that_nobody_counted_are_left_out() -> None:
    counted_before = counted([a_row(1, ("11", "606"))])
    later = [a_row(1, ("11", "606")), a_row(2, ("12", None))]
    assert list(hidden(later, counted_before, 1)) == later[:1]


def test_what_is_known_of_a_family_is_in_the_columns() -> None:
    assert set(QUASI) <= set(COLUMNS)
