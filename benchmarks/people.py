"""The families of the benchmark, their enquiries as intakes and as files: made up, by number."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from attrs import evolve, frozen

from orthocrm import Intake

T = TypeVar("T")

_FIRST = ("Maria", "James", "Olivia", "Noah", "Emma", "Liam", "Ava", "Lucas", "Mia", "Ethan", "Zoe")
_CHILDREN = ("Sofia", "Oscar", "Hazel", "Jonas", "Ruby", "Felix", "Clara", "Hugo", "Ivy", "Marlon",
             "Tessa", "Victor", "Nadia", "Gordon", "Paula", "Rowan", "Esther", "Miguel", "Linda",
             "Kevin", "Farah", "Bianca", "Dylan", "Selma", "Quentin", "Yara", "Jasper", "Greta",
             "Omar", "Wanda", "Igor", "Lydia")  # fmt: skip
_ONSETS = ("Lop", "Sm", "Ng", "K", "Br", "G", "Mil", "R", "Pat", "Web", "Ol", "Nov", "Silv", "Th",
           "Dor", "Fen", "Had", "J", "Vas", "Carm")  # fmt: skip
_MIDDLES = ("", "an", "el", "ir", "om", "un", "at", "eg", "ib", "of", "as", "ec")
_RIMES = ("ez", "ith", "uyen", "imble", "own", "arcia", "ler", "ossi", "eldon", "erton", "sen",
          "ak", "aldi", "ompson", "rickson", "wick", "dad", "ardine", "quist",
          "ody", "tano")  # fmt: skip
_STREETS = ("Oak", "Elm", "Maple", "Cedar", "Walnut", "Lake", "Hill", "Park", "River", "Church",
            "Spring", "Mill", "Forest")  # fmt: skip
_SOURCES = ("Doctor referral", "Web - Organic search", "Web - Social media", "Walk-in")
_NOTE = "Asked about clear aligners for the summer, has seen another practice before."
_BEGAN = timedelta(days=400)
_APART = timedelta(minutes=4)
_DECIDED = timedelta(days=10)
_OLDEST, _BIRTHDAYS = date(2005, 1, 1), 5_477

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

STAGED = (
    LEADS
    + 'stage = "Stage"\n'
    + """
patient_first_name = "Child"
patient_last_name = "Child's name"
patient_born_on = { column = "Born", format = "%Y-%m-%d" }
address_line1 = "Street"
postal_code = "ZIP"
"""
)
"""The same with patient, address and the stage that a lead holds: for filling the database."""

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
    "Child",
    "Child's name",
    "Born",
    "Street",
    "ZIP",
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
    child: str
    born_on: date
    street: str
    postal_code: str

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
    first = _FIRST[number % len(_FIRST)]
    last = "".join(_any(parts, line, at) for at, parts in enumerate((_ONSETS, _MIDDLES, _RIMES)))
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
        child=_any(_CHILDREN, number, 3),
        born_on=_OLDEST + timedelta(days=_any(range(_BIRTHDAYS), number, 4)),
        street=f"{_any(range(1, 9_999), line, 5)} {_any(_STREETS, line, 6)} St",
        postal_code=f"606{_any(range(30), line, 7):02}",
    )


def _any(options: Sequence[T], number: int, salt: int) -> T:
    """Pick one, always the same for a number, and independent of what the other salts pick."""
    mixed = (number * 8 + salt + 1) * 0x9E3779B97F4A7C15 % 2**64
    mixed = (mixed ^ mixed >> 31) * 0xBF58476D1CE4E5B9 % 2**64
    return options[(mixed >> 33) % len(options)]


def enquiry(number: int) -> Intake:
    """Give what a coordinator types when a family calls back."""
    given = family(number)
    return Intake(
        first_name=given.first_name,
        last_name=given.last_name,
        patient_first_name=given.child,
        patient_last_name=given.last_name,
        patient_born_on=given.born_on,
        relationship="CHILD",
        phone=given.phone,
        email=given.email,
        address_line1=given.street,
        city="Chicago",
        postal_code=given.postal_code,
        source="Other",
        source_detail="Flyer at the library",
        notes=_NOTE,
    )


def misheard(number: int) -> Intake:
    """Give the enquiry of a family that is known, with another phone and a misspelt name."""
    last = family(number).last_name
    return evolve(
        enquiry(number),
        patient_last_name=f"{last}{last[-1]}",
        phone=f"(773) {2_000_000 + number:07d}",
        email=f"another.{number}@example.org",
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
        given.child,
        given.last_name,
        given.born_on.isoformat(),
        given.street,
        given.postal_code,
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
