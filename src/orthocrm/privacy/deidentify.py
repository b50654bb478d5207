"""Leads without anybody's identity: the Safe Harbor method of HIPAA (45 CFR 164.514(b)(2)).

Of a lead only codes, counts, years, the state and the first three digits of a ZIP code are left,
and a pseudonym that means nothing outside of one export. What anybody typed is left out, and so
are staff, campaigns, tags and the clinic's own fields, which may name people.

Safe Harbor lists what has to go; whether the rest is rare enough to point at somebody is another
question. `Anonymity` answers it: k is how many rows at least look alike (Sweeney, 2002).
"""

import hmac
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final

from attrs import field, frozen

from orthocrm.core import wording
from orthocrm.core.lead import Lead
from orthocrm.core.settings import Practice
from orthocrm.core.states import state_code
from orthocrm.core.time import zone

Value = str | int | bool | None
Row = tuple[Value, ...]

OLDEST: Final = 89
"""Whoever is older is told as `90+`."""

RESTRICTED: Final = frozenset(
    [
        *("036", "059", "063", "102", "203", "556", "692", "790", "821"),
        *("823", "830", "831", "878", "879", "884", "890", "893"),
    ]
)
"""ZIP codes that begin so have 20,000 inhabitants or fewer together (Census 2000), as the guidance
of the Department of Health and Human Services lists them."""

_NOWHERE = "000"
_ZIP = re.compile(r"\s*([0-9]{3})[0-9]{2}(?:[- ]?[0-9]{4})?\s*", re.ASCII)
_MS_A_DAY = 86_400_000
_SEPARATOR = ";"


@frozen(kw_only=True)
class Grain:
    """How fine an export tells: ages in bands of so many years; `salt` makes its pseudonyms."""

    salt: str = field(repr=False)
    years: int = 1


Read = Callable[[Lead, Practice, Grain], Any]


def _source(lead: Lead, practice: Practice) -> str | None:
    named = lead.origin.source_id
    found = None if named is None else practice.source_by_id.get(named)
    return None if found is None else found.category.value


def _year(at: datetime | None, practice: Practice) -> int | None:
    return None if at is None else at.astimezone(zone(practice.clinic.timezone)).year


def _days(ms: int | None) -> int | None:
    return None if ms is None or ms < 0 else ms // _MS_A_DAY


def pseudonym(lead: Lead, salt: str) -> str:
    """Name a lead by what only this export knows: 32 hexadecimal digits."""
    return hmac.digest(salt.encode(), lead.id.encode(), "sha256").hex()[:32]


def age(lead: Lead, practice: Practice, years: int = 1) -> str | None:
    """Give the patient's age when the lead came, `90+` above 89; as a band where `years` is more.

    What was said stands for itself where no birth date is known.
    """
    patient = lead.patient
    at = lead.stamps.created_at.astimezone(zone(practice.clinic.timezone)).date()
    if patient.born_on is None:
        known = patient.age_years
    else:
        before = (at.month, at.day) < (patient.born_on.month, patient.born_on.day)
        known = at.year - patient.born_on.year - before
    if known is None or known < 0:
        return None
    if known > OLDEST:
        return f"{OLDEST + 1}+"
    low = known - known % years
    return str(known) if years == 1 else f"{low}-{min(low + years - 1, OLDEST)}"


def zip3(lead: Lead) -> str | None:
    """Give the first three digits of a ZIP code, `000` where too few live; None for any other."""
    found = _ZIP.fullmatch(lead.contact.address.postal_code or "")
    if found is None:
        return None
    return _NOWHERE if found[1] in RESTRICTED else found[1]


_COLUMNS: Final[Mapping[str, Read]] = {
    "pseudonym": lambda lead, _, grain: pseudonym(lead, grain.salt),
    "age": lambda lead, practice, grain: age(lead, practice, grain.years),
    "zip3": lambda lead, *_: zip3(lead),
    "state": lambda lead, *_: state_code(lead.contact.address.state or ""),
    "relationship": lambda lead, *_: lead.patient.relationship.value,
    "created_year": lambda lead, practice, _: _year(lead.stamps.created_at, practice),
    "status": lambda lead, *_: lead.status.value,
    "stage_order": lambda lead, *_: lead.position.order,
    "furthest_order": lambda lead, *_: lead.position.furthest_order,
    "channel": lambda lead, *_: lead.origin.channel.value,
    "source_category": lambda lead, practice, _: _source(lead, practice),
    "interests": lambda lead, *_: _SEPARATOR.join(sorted(i.value for i in lead.enquiry.interests)),
    "is_insured": lambda lead, *_: _is_insured(lead),
    "preferred_contact": lambda lead, *_: lead.contact.preferred.value,
    "objection": lambda lead, *_: lead.objection and lead.objection.value,
    "unanswered": lambda lead, *_: lead.milestones.unanswered,
    "days_to_contact": lambda lead, *_: _days(lead.milestones.ms_to_contact),
    "days_to_convert": lambda lead, *_: _days(lead.milestones.ms_to_convert),
    "converted_year": lambda lead, practice, _: _year(
        lead.conversion.at if lead.conversion else None, practice
    ),
    "lost_year": lambda lead, practice, _: _year(lead.loss.at if lead.loss else None, practice),
    "lost_reason": lambda lead, *_: lead.loss and lead.loss.reason.value,
}

COLUMNS: Final = tuple(_COLUMNS)
"""What is told of each lead."""

QUASI: Final = ("age", "zip3", "state", "relationship", "created_year")
"""What somebody who knows a family may know of them, and look for in an export."""

_PLACES: Final = tuple(COLUMNS.index(name) for name in QUASI)


def _is_insured(lead: Lead) -> bool:
    insurance = lead.enquiry.insurance
    return bool(insurance.carrier or insurance.member_id)


def row_of(lead: Lead, practice: Practice, grain: Grain) -> Row:
    """Give what is left of a lead, in the order of `COLUMNS`."""
    return tuple(read(lead, practice, grain) for read in _COLUMNS.values())


def looks(row: Row) -> Row:
    """Give by what a row could be told from others."""
    return tuple(row[place] for place in _PLACES)


@frozen(kw_only=True)
class Anonymity:
    """How well the rows of an export hide each other.

    Attributes:
        columns: By which somebody could be looked for.
        k: How many rows look alike at least; 0 without rows.
        groups: How many different looks there are.
        rows: How many rows there are.
        suppressed: How many rows were left out since too few looked like them.
    """

    columns: tuple[str, ...] = QUASI
    k: int
    groups: int
    rows: int
    suppressed: int = 0

    def __str__(self) -> str:
        over = ", ".join(self.columns)
        told = f"{wording.counted(self.rows, 'row')} in {wording.counted(self.groups, 'group')}"
        told += f", {wording.counted(self.suppressed, 'row')} left out"
        return f"k = {self.k} over {over}: {told}"


def counted(rows: Iterable[Row]) -> Counter[Row]:
    """Count the rows of each look."""
    return Counter(map(looks, rows))


def anonymity(groups: Mapping[Row, int], at_least: int = 1) -> Anonymity:
    """Tell how well rows hide each other when groups of fewer than `at_least` are left out."""
    kept = [n for n in groups.values() if n >= at_least]
    return Anonymity(
        k=min(kept, default=0),
        groups=len(kept),
        rows=sum(kept),
        suppressed=sum(groups.values()) - sum(kept),
    )


def hidden(rows: Iterable[Row], groups: Mapping[Row, int], at_least: int) -> Iterable[Row]:
    """Leave out the rows of which too few were counted."""
    return filter(partial(_is_common, groups, at_least), rows)


def _is_common(groups: Mapping[Row, int], at_least: int, row: Row) -> bool:
    return groups.get(looks(row), 0) >= max(at_least, 1)
