"""The families of the benchmark, their enquiries as intakes and as files: made up, by number."""

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from attrs import frozen

from orthocrm import Intake

_FIRST = ("Maria", "James", "Olivia", "Noah", "Emma", "Liam", "Ava", "Lucas", "Mia", "Ethan", "Zoe")
_LAST = ("Lopez", "Smith", "Nguyen", "Kim", "Brown", "Garcia", "Miller", "Rossi", "Patel", "Weber",
         "Olsen", "Novak", "Silva")  # fmt: skip
_SOURCES = ("Doctor referral", "Web - Organic search", "Web - Social media", "Walk-in")
_NOTE = "Asked about clear aligners for the summer, has seen another practice before."
_BEGAN = timedelta(days=400)
_APART = timedelta(minutes=4)
_DECIDED = timedelta(days=10)

_PATHS = (
    (30, "new_lead", ""),
    (45, "contacted", ""),
    (53, "consultation_scheduled", ""),
    (59, "consultation_completed", ""),
    (63, "pending_decision", ""),
    (66, "treatment_accepted", ""),
    (78, "treatment_accepted", "CONVERTED"),
    (90, "contacted", "LOST"),
    (100, "consultation_completed", "LOST"),
)
"""Of a hundred leads, those below the number stand at this stage, and end like that."""

STARTED = datetime.now(UTC)

LEADS = """
kind = "leads"
key = "external_ref"

[defaults]
channel = "IMPORT"

[columns]
external_ref = "Ref"
first_name = "First name"
last_name = "Last name"
phone = "Phone"
email = "E-mail"
source = "Source"
notes = "Remarks"
received_at = { column = "Received", format = "%Y-%m-%dT%H:%M:%S%z" }
"""
"""The mapping of eight columns under which imports are measured."""

STAGED = LEADS + 'stage = "Stage"\n'
"""The same with the stage that a lead holds already: for filling the large database."""

OUTCOMES = """
kind = "outcomes"

[columns]
reference = "Ref"
outcome = "Outcome"
lost_reason = "Reason"
at = { column = "Decided", format = "%Y-%m-%dT%H:%M:%S%z" }
"""

COLUMNS = (
    "Ref",
    "First name",
    "Last name",
    "Phone",
    "E-mail",
    "Source",
    "Remarks",
    "Received",
    "Stage",
)


@frozen(kw_only=True)
class Family:
    """One enquiry, and where it leads in the end."""

    ref: str
    first_name: str
    last_name: str
    digits: str
    email: str
    source: str
    received_at: datetime
    stage: str
    outcome: str

    @property
    def phone(self) -> str:
        """The number as a practice writes it."""
        return f"({self.digits[:3]}) {self.digits[3:6]}-{self.digits[6:]}"

    @property
    def decided_at(self) -> datetime:
        """When the outcome was known."""
        return self.received_at + _DECIDED


def is_sibling(number: int) -> bool:
    """Whether a family has the phone of the one before: every twentieth does, as siblings do."""
    return number % 20 == 19


def family(number: int) -> Family:
    """Make a family."""
    line = number - 1 if is_sibling(number) else number
    percent = number * 37 % 100
    stage, outcome = next((stage, end) for below, stage, end in _PATHS if percent < below)
    first, last = _FIRST[number % len(_FIRST)], _LAST[number % len(_LAST)]
    return Family(
        ref=f"E-{number:07d}",
        first_name=first,
        last_name=last,
        digits=f"312{2_300_000 + line:07d}",
        email=f"{first}.{last}.{number}@example.com".lower(),
        source=_SOURCES[number % len(_SOURCES)],
        received_at=(STARTED - _BEGAN + number * _APART).replace(microsecond=0),
        stage=stage,
        outcome=outcome,
    )


def enquiry(number: int) -> Intake:
    """Give what a coordinator types when a family calls back."""
    given = family(number)
    return Intake(
        first_name=given.first_name,
        last_name=given.last_name,
        patient_first_name="Sofia",
        patient_last_name=given.last_name,
        relationship="CHILD",
        phone=given.phone,
        email=given.email,
        city="Chicago",
        postal_code="60601",
        source="Other",
        source_detail="Flyer at the library",
        notes=_NOTE,
    )


def leads_file(numbers: Iterable[int]) -> bytes:
    """Write families as the CSV file of another system."""
    return _csv(COLUMNS, (_row(family(number)) for number in numbers))


def _row(given: Family) -> tuple[str, ...]:
    return (
        given.ref,
        given.first_name,
        given.last_name,
        given.phone,
        given.email,
        given.source,
        _NOTE,
        given.received_at.isoformat(),
        given.stage,
    )


def outcomes_file(numbers: Iterable[int]) -> bytes:
    """Write how the families decided that have."""
    ended = (given for given in map(family, numbers) if given.outcome)
    rows = (
        (
            given.ref,
            given.outcome,
            "NO_RESPONSE" if given.outcome == "LOST" else "",
            given.decided_at.isoformat(),
        )
        for given in ended
    )
    return _csv(("Ref", "Outcome", "Reason", "Decided"), rows)


def _csv(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()
