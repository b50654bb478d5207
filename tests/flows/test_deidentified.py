"""Leads are given away without anybody's identity, on every backend."""

import csv
import json
from datetime import date
from io import StringIO
from typing import Any

import pytest

from orthocrm import Cond, CustomField, FieldKind, Forbidden, Intake, InvalidInput, Role
from orthocrm.core.masking import personal_paths
from orthocrm.privacy.deidentify import COLUMNS
from tests.flows.carrying import configure
from tests.flows.practice import House
from tests.hooks.plugins import a_house

CANARIES: dict[str, Any] = {
    "first_name": "Qzfirst",
    "last_name": "Qzlast",
    "patient_first_name": "Qzpatientfirst",
    "patient_last_name": "Qzpatientlast",
    "patient_born_on": date(2011, 3, 29),
    "patient_age": 14,
    "email": "qzmail@qzdomain.example",
    "phone": "+1 312 555 0173",
    "phone_alt": "+1 312 555 0187",
    "preferred_time": "Qztime",
    "address_line1": "Qzline one 5",
    "address_line2": "Qzline two",
    "city": "Qzcity",
    "state": "Qzstate",
    "postal_code": "60614-9371",
    "source_detail": "Qzdetail",
    "referrer_name": "Qzreferrer",
    "insurance_carrier": "Qzcarrier",
    "insurance_member_id": "Qzmember",
    "notes": "Qznotes",
    "external_ref": "Qzref",
    "custom": {"nickname": "Qznickname"},
}
CANARY_DIGITS = ("2011-03", "60614", "9371", "555-01", "+1312")


def capture(house: House, **fields: Any) -> Any:
    usual = {"relationship": "CHILD", "source": "Doctor referral", "state": "IL"}
    return house.coordinator.leads.capture(Intake(**{**CANARIES, **usual, **fields})).lead


@pytest.fixture
def practice(house: House) -> House:
    nickname = CustomField(name="nickname", label="Nickname", kind=FieldKind.TEXT)
    configure(house, custom_fields=(nickname,))
    return house


def test_no_personal_field_comes_out_in_any_format(practice: House) -> None:
    assert set(personal_paths(Intake)) == set(CANARIES)
    lead = capture(practice, state=CANARIES["state"])
    practice.coordinator.pipeline.lose(lead.id, "OTHER", "Qzlost")
    found = practice.admin.privacy.deidentified()
    told = "".join([*found.csv(), *practice.admin.privacy.deidentified().json()])
    assert [one for one in ("qz", lead.id, *CANARY_DIGITS) if one in told.lower()] == []
    assert [one for one in ("606", "OTHER", "DOCTOR_REFERRAL") if one not in told] == []


def test_rows_are_the_same_in_both_formats_but_for_their_pseudonyms(practice: House) -> None:
    for number in range(3):
        capture(practice, email=f"qz{number}@a.example", external_ref=f"Qz{number}")
    told = json.loads("".join(practice.admin.privacy.deidentified().json()))
    rows = list(csv.DictReader(StringIO("".join(practice.admin.privacy.deidentified().csv()))))
    assert told["anonymity"] == {
        "columns": ["age", "zip3", "state", "relationship", "created_year"],
        "k": 3,
        "groups": 1,
        "rows": 3,
        "suppressed": 0,
    }
    assert [list(row) for row in (*told["rows"], *rows)] == [list(COLUMNS)] * 6
    assert [row["zip3"] for row in (*told["rows"], *rows)] == ["606"] * 6
    assert len({row["pseudonym"] for row in (*told["rows"], *rows)}) == 6


def test_those_who_stand_alone_can_be_left_out(practice: House) -> None:
    for number in range(3):
        capture(practice, email=f"qz{number}@a.example", external_ref=f"Qz{number}")
    capture(practice, external_ref="Qz9", state="CA", postal_code="90210")
    alone = practice.admin.privacy.deidentified()
    assert (alone.anonymity.k, len(list(alone.table.rows))) == (1, 4)
    hidden = practice.admin.privacy.deidentified(at_least=2)
    assert [row[COLUMNS.index("state")] for row in hidden.table.rows] == ["IL"] * 3
    assert str(hidden.anonymity).endswith("3 rows in 1 group, 1 row left out")


def test_who_comes_after_the_counting_and_stands_alone_is_left_out(practice: House) -> None:
    capture(practice)
    found = practice.admin.privacy.deidentified()
    capture(practice, external_ref="Qz9", state="CA", postal_code="90210")
    assert len(list(found.table.rows)) == 1


def test_a_condition_chooses_and_every_page_is_audited(practice: House) -> None:
    lead = capture(practice)
    capture(practice, external_ref="Qz2", email="qz2@a.example", source="Patient referral")
    mine = Cond("source", "eq", lead.origin.source_id)
    assert practice.admin.privacy.deidentified(mine).anonymity.rows == 1
    (entry,) = practice.admin.privacy.trail(
        Cond("operation", "eq", "privacy.deidentified_page")
    ).entries
    assert entry.objects == (lead.id,)


@pytest.mark.parametrize(
    "fields, path",
    [
        ({"ages_by": 0}, "ages_by"),
        ({"ages_by": 31}, "ages_by"),
        ({"ages_by": True}, "ages_by"),
        ({"ages_by": "5"}, "ages_by"),
        ({"at_least": 0}, "at_least"),
        ({"at_least": 1001}, "at_least"),
        ({"at_least": "3"}, "at_least"),
        ({"where": Cond("notes", "eq", "x")}, "field"),
        ({"where": "all"}, "where"),
    ],
)
def test_what_cannot_be_exported_is_refused_by_name(fields: dict[str, Any], path: str) -> None:
    with a_house() as house, pytest.raises(InvalidInput) as refusal:
        house.admin.privacy.deidentified(**fields)
    assert [problem.path for problem in refusal.value.problems] == [path]


@pytest.mark.parametrize("purpose", ["", "A Study", "-", "s" * 61, None, 5])
def test_a_purpose_is_a_short_name(purpose: Any) -> None:
    with a_house() as house, pytest.raises(InvalidInput) as refusal:
        house.admin.privacy.deidentified_page(purpose=purpose)
    assert [problem.path for problem in refusal.value.problems] == ["purpose"]


def test_pseudonyms_are_those_of_a_purpose(practice: House) -> None:
    capture(practice)

    def named(purpose: str) -> tuple[Any, ...]:
        return practice.admin.privacy.deidentified_page(purpose=purpose).rows[0]

    assert named("study-1") == named("study-1")
    assert named("study-1")[0] != named("study-2")[0]
    assert named("study-1")[1:] == named("study-2")[1:]


def test_whoever_may_not_export_gets_nothing(practice: House) -> None:
    for role in (Role.DOCTOR, Role.TREATMENT_COORDINATOR, Role.MARKETING_MANAGER):
        with pytest.raises(Forbidden):
            practice.desk(role).privacy.deidentified()
