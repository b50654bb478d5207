"""What a practice spends and who refers, and how its leads belong together."""

from datetime import date
from typing import Any

from orthocrm.core.ids import SourceId
from orthocrm.core.lead import Channel
from orthocrm.core.lead_link import LeadLink, Relation, Verdict
from orthocrm.core.marketing import Campaign, ReferrerKind, ReferrerRecord, Spend, SpendKind
from orthocrm.core.merging import Merge
from orthocrm.core.money import Money
from orthocrm.testing.factories import (
    a_campaign,
    a_link,
    a_merge,
    a_referrer,
    a_spend,
    a_touch,
)
from orthocrm.testing.suite.sample_values import ADA, BOB, LARGE, LONG, Rows, at, the_clinic


def marketing(rows: Rows) -> dict[str, tuple[Any, ...]]:
    """Make campaigns, referrers and spend, with both kinds of each."""
    clinic, (source, other) = the_clinic(rows), rows["sources"]
    full = a_campaign(
        clinic,
        "Frühling 100%_\\",
        created_at=at(),
        source_id=SourceId(source.id),
        starts_on=date(2026, 2, 28),
        ends_on=date(2028, 2, 29),
        is_active=False,
    )
    bare: Campaign = a_campaign(clinic)
    patient: ReferrerRecord = a_referrer(clinic, kind=ReferrerKind.PATIENT)
    costs: tuple[Spend, ...] = (
        a_spend(
            source,
            kind=SpendKind.MONTHLY,
            amount=Money(LARGE + 1, "JPY"),
            starts_on=date(1999, 12, 31),
            created_at=at(),
            ends_on=date(2099, 1, 1),
            campaign="Frühling",
            note=LONG,
        ),
        a_spend(other),
    )
    return {
        "campaigns": (full, bare),
        "referrers": (_a_full_referrer(rows), patient),
        "spend": costs,
    }


def _a_full_referrer(rows: Rows) -> ReferrerRecord:
    return a_referrer(
        the_clinic(rows),
        "dr:Wéber/7",
        created_at=at(),
        updated_at=at(minutes=1),
        name="Dr. Hélène Wéber",
        organisation="Zahnärzte am See; DROP TABLE referrers; --",
        phone="+41441234567",
        email="wéber@exämple.com",
        notes=LONG,
        is_active=False,
    )


def kinship(rows: Rows) -> dict[str, tuple[Any, ...]]:
    """Make touches of the leads, links between them, and merges both ways."""
    lost, converted, bare = rows["leads"]
    full = a_touch(
        converted,
        at(),
        channel=Channel.PATIENT_REFERRAL,
        created_at=at(seconds=1),
        source_id=SourceId(rows["sources"][0].id),
        campaign="Frühling",
        referring_provider_ref="dr-9",
        referring_patient_ref="p-9",
        detail="flyer 🦷",
    )
    undone: Merge = a_merge(
        converted,
        lost,
        at(),
        by=BOB,
        survivor_version=2**40,
        moved={"tasks": ("task-1", "task-2"), "activities": (), "visits": ("visit-1",)},
        undone_at=at(days=1),
        undone_by=ADA,
    )
    return {
        "touches": (full, a_touch(lost)),
        "links": (
            a_link(lost, bare, relation=Relation.POSSIBLE, verdict=Verdict.REJECTED),
            _a_full_link(rows),
            a_link(converted, bare),
        ),
        "merges": (undone, a_merge(lost, converted)),
    }


def _a_full_link(rows: Rows) -> LeadLink:
    lost, converted, _ = rows["leads"]
    return a_link(
        lost,
        converted,
        relation=Relation.SAME_HOUSEHOLD,
        verdict=Verdict.CONFIRMED,
        found_at=at(),
        permille=0,
        reasons=("same phone", "« même nom »"),
        decided_at=at(hours=1),
        decided_by=BOB,
    )
