"""Why a score is what it is, in words."""

from collections.abc import Mapping
from math import exp

from attrs import frozen

from orthocrm.intelligence.scorecard import Contribution

LABELS: Mapping[str, str] = {
    "source": "source",
    "category": "kind of source",
    "channel": "channel",
    "campaign": "campaign",
    "referred": "referred",
    "interest": "asks for",
    "interests": "treatments asked about",
    "relationship": "the patient is the contact's",
    "age": "patient's age",
    "preferred": "prefers to be reached by",
    "email": "gave an e-mail address",
    "phone": "gave a phone number",
    "second_phone": "gave a second phone number",
    "address": "gave an address",
    "state": "state",
    "insurance": "named an insurance",
    "notes_length": "length of the notes",
    "no_contact": "did not want to be contacted",
    "hour": "hour of the enquiry",
    "weekday": "weekday of the enquiry",
    "stage": "stage",
    "days_in_stage": "days in the stage",
    "days_old": "days since the enquiry",
    "days_silent": "days since the last contact",
    "attempts": "attempts to reach the family",
    "answers": "answers of the family",
    "meetings": "meetings",
    "documents": "documents sent",
    "lead_days": "days between booking and visit",
    "same_day": "booked for the same day",
    "visit_hour": "hour of the visit",
    "visit_weekday": "weekday of the visit",
    "visit_type": "type of visit",
    "minutes": "length of the visit in minutes",
    "booked_by": "booked by",
    "moved": "times the patient moved it",
    "confirmed": "confirmed",
    "earlier_visits": "earlier visits",
    "earlier_missed": "earlier visits missed",
    "missed_share": "share of earlier visits missed",
    "last_visit": "last visit",
    "reminded_by": "reminded by",
}
"""How people call the columns of leads and of visits."""

_SMALL = 1.05


@frozen(kw_only=True)
class Reason:
    """One reason for a score: `points` are log odds beyond the average, `text` says it in words."""

    column: str
    value: str
    points: float
    text: str


def reason(contribution: Contribution) -> Reason:
    """Say a contribution in words.

    >>> reason(Contribution(column="source", value="walk-in", points=0.6931)).text
    'source: walk-in (raises the odds 2.0 times)'
    """
    column = contribution.column
    label = LABELS.get(column, column.removeprefix("custom.").replace("_", " "))
    value = contribution.value.replace("_", " ")
    return Reason(
        column=column,
        value=contribution.value,
        points=contribution.points,
        text=f"{label}: {value} ({_effect(contribution.points)})",
    )


def _effect(points: float) -> str:
    factor = exp(abs(points))
    if factor < _SMALL:
        return "hardly changes the odds"
    return f"{'raises' if points > 0 else 'lowers'} the odds {factor:.1f} times"
