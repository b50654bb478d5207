"""Rows of which the truth is known, and the public sets of leads and visits."""

import csv
import gzip
import random
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from math import exp
from pathlib import Path

import pytest

DATA = Path(__file__).parents[4] / "shared" / "data"
TRUE_WEIGHTS: Mapping[str, float] = {"referral": 1.5, "web": 0.0, "print": -1.5}

WRITTEN_LATER = (
    "Tags",
    "Lead Quality",
    "Lead Profile",
    "Last Activity",
    "Last Notable Activity",
    "Asymmetrique Activity Index",
    "Asymmetrique Profile Index",
    "Asymmetrique Activity Score",
    "Asymmetrique Profile Score",
)
"""What the set's description says is written after contact."""


def planted(rows: int, seed: int = 1) -> list[dict[str, object]]:
    """Make leads whose chance is known: by source, and by the visits of a page."""
    drawn = random.Random(seed)
    made: list[dict[str, object]] = []
    for place in range(rows):
        source = drawn.choice([*TRUE_WEIGHTS])
        visits = drawn.randrange(20)
        odds = TRUE_WEIGHTS[source] + (visits - 10) / 8
        chance = 1 / (1 + exp(-odds))
        made.append(
            {
                "source": source,
                "visits": visits,
                "noise": drawn.random(),
                "at": float(place),
                "chance": chance,
                "won": drawn.random() < chance,
            }
        )
    return made


def _opened(name: str) -> list[dict[str, str]]:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"the public data set {name} is not here")
    with gzip.open(path, "rt", newline="") as text:
        return list(csv.DictReader(text))


def xeducation() -> list[dict[str, str]]:
    """Read the leads of X Education."""
    return _opened("xeducation_leads/Leads.csv.gz")


def visits() -> list[dict[str, object]]:
    """Read the visits of Vitoria as rows that know what was known when they were booked.

    Earlier visits are those that were over the day before the booking.
    """
    raw = _opened("noshow_brazil/KaggleV2-May-2016.csv.gz")
    raw = [visit for visit in raw if visit["AppointmentDay"] >= visit["ScheduledDay"][:10]]
    before: dict[str, list[tuple[str, bool]]] = defaultdict(list)
    rows = []
    for visit in sorted(raw, key=lambda visit: visit["AppointmentDay"]):
        day, booked = visit["AppointmentDay"][:10], visit["ScheduledDay"]
        missed = visit["No-show"] == "Yes"
        known = [went for when, went in before[visit["PatientId"]] if when < booked[:10]]
        wait = datetime.fromisoformat(day) - datetime.fromisoformat(booked[:10])
        rows.append(
            {
                "patient": visit["PatientId"],
                "at": datetime.fromisoformat(day),
                "lead_days": wait.days,
                "same_day": wait.days == 0,
                "visit_weekday": datetime.fromisoformat(day).strftime("%A"),
                "age": int(visit["Age"]),
                "neighbourhood": visit["Neighbourhood"],
                "reminded": visit["SMS_received"] == "1",
                "earlier_visits": len(known),
                "missed_share": sum(known) / len(known) if known else None,
                "missed": missed,
            }
        )
        before[visit["PatientId"]].append((day, missed))
    return rows
