from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve

from orthocrm.core.activity import ActivityDirection, CallOutcome, LeadActivityType
from orthocrm.core.custom_fields import CustomField, FieldKind
from orthocrm.core.ids import StageSlug
from orthocrm.core.lead import Custom, Lead
from orthocrm.core.settings import Practice, Settings
from orthocrm.intelligence.lead_features import (
    LANDMARKS,
    Happening,
    Past,
    Standing,
    behaviour,
    captured,
    filled_later,
    snapshot,
)
from orthocrm.testing.factories import a_clinic, a_lead, a_source, the_default_stages

DAY = timedelta(days=1)
OWN = (
    CustomField(name="jaw", label="Jaw", kind=FieldKind.CHOICE, choices=("wide",)),
    CustomField(name="wish", label="Wish", kind=FieldKind.TEXT),
    CustomField(name="school", label="School", kind=FieldKind.CHOICE, is_personal=True),
    CustomField(name="old", label="Old", kind=FieldKind.FLAG, is_active=False),
)
CLINIC = a_clinic(settings=Settings(custom_fields=OWN))
SOURCE = a_source(CLINIC, "Radio")
PRACTICE = Practice(
    clinic=CLINIC, stages=the_default_stages(CLINIC), sources=(SOURCE,), coordinators=()
)


def lead() -> Lead:
    made = a_lead(CLINIC, source_id=SOURCE.id)
    custom = Custom(shown={"jaw": "wide", "old": True}, personal={"wish": "secret", "school": "x"})
    enquiry = evolve(made.enquiry, notes="does not like the retainer")
    return evolve(made, custom=custom, enquiry=enquiry)


def call(at: datetime, outcome: CallOutcome = CallOutcome.VOICEMAIL) -> Happening:
    return Happening(
        type=LeadActivityType.PHONE_CALL,
        direction=ActivityDirection.OUTBOUND,
        call_outcome=outcome,
        occurred_at=at,
    )


def past(made: Lead, days: float, **parts: object) -> Past:
    at = made.stamps.created_at + timedelta(days=days)
    return evolve(Past(lead=made, decided_at=at, converted=True), **parts)  # type: ignore[arg-type]  # parts of a past


def test_nothing_personal_is_in_a_row() -> None:
    made = lead()
    shown = repr(captured(made, PRACTICE))
    for secret in (
        made.patient.first_name,
        made.patient.last_name,
        made.contact.name,
        "secret",
        "retainer",
        str(made.contact.phone.number if made.contact.phone else "none"),
    ):
        assert secret not in shown


def test_own_fields_are_taken_unless_they_are_encrypted_or_out_of_use() -> None:
    row = captured(lead(), PRACTICE)
    assert {name: row[name] for name in row if name.startswith("custom.")} == {"custom.jaw": "wide"}
    assert row["notes_length"] == len("does not like the retainer")
    assert row["source"] == "Radio"


def test_behaviour_counts_what_had_happened_by_then() -> None:
    start = datetime(2026, 3, 2, 9, tzinfo=UTC)
    calls = [call(start), call(start + DAY, CallOutcome.SPOKE), call(start + 2 * DAY)]
    note = Happening(type=LeadActivityType.NOTE, occurred_at=start)
    known = behaviour([*calls, note], start + DAY)
    assert (known.attempts, known.answers, known.last_at) == (2, 1, start + DAY)
    assert behaviour([], start).last_at is None


def test_a_lead_that_was_decided_at_once_teaches_nothing() -> None:
    assert snapshot(past(lead(), 0), PRACTICE) is None


def test_a_lead_is_looked_at_before_its_outcome_and_without_what_came_later() -> None:
    """Over many leads every landmark that was reached is there, and none after the outcome."""
    ages = set()
    for _ in range(60):
        made = lead()
        start = made.stamps.created_at
        stages = [
            Standing(stage=StageSlug("contacted"), entered_at=start + 5 * DAY),
            Standing(stage=StageSlug("new_lead"), entered_at=start),
        ]
        calls = [call(start + DAY), call(start + 6 * DAY), call(start + 8 * DAY)]
        row = snapshot(past(made, 10, happenings=calls, stages=stages), PRACTICE)
        assert row is not None
        ages.add((row["days_old"], row["attempts"], row["stage"], row["days_in_stage"]))
    assert ages == {(0, 0, "new_lead", 0), (2, 1, "new_lead", 2), (7, 2, "contacted", 2)}


def test_what_was_edited_later_is_missing() -> None:
    made = lead()
    edits = {"source": made.stamps.created_at + 50 * DAY, "custom.jaw": made.stamps.created_at}
    row = snapshot(past(made, 1, edited=edits), PRACTICE)
    assert row is not None
    assert (row["source"], row["category"]) == (None, None)
    assert row["custom.jaw"] == "wide"


@pytest.mark.parametrize("edited, late", [(2, ()), (3, ("insurance",))])
def test_a_column_that_staff_fill_in_later_is_named(edited: int, late: tuple[str, ...]) -> None:
    made = lead()
    touched = past(made, 3, edited={"insurance_carrier": made.stamps.created_at + DAY})
    pasts = [touched] * edited + [past(made, 3)] * (20 - edited)
    assert filled_later(pasts) == late


def test_landmarks_grow() -> None:
    assert list(LANDMARKS) == sorted(set(LANDMARKS))
