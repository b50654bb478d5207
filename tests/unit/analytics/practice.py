"""A practice in Chicago with two sources, and leads of every fate."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from attrs import evolve

from orthocrm.analytics.asking import Ask
from orthocrm.analytics.grouping import Behind, Without
from orthocrm.analytics.metrics import Metric, R_co, answered
from orthocrm.core.beside_leads import BESIDE_LEADS, Pair
from orthocrm.core.facts import LEADS, SCHEMAS
from orthocrm.core.ids import ClinicId, LeadId, SourceId, StageSlug, UserId, VisitId
from orthocrm.core.lead import (
    Channel,
    Conversion,
    Enquiry,
    Lead,
    LeadStatus,
    Loss,
    LostReason,
    Milestones,
    Origin,
    Ownership,
    Position,
    Stamps,
)
from orthocrm.core.people import Contact, Patient
from orthocrm.core.query import Aggregate, Group, Where, aggregate, predicate
from orthocrm.core.settings import Clinic, Practice
from orthocrm.core.source import LeadSourceCategory, Source
from orthocrm.core.stage import Stage
from orthocrm.core.time import Period, milliseconds
from orthocrm.testing.factories import a_clinic, a_source, the_default_stages

NOW = datetime(2026, 6, 1, tzinfo=UTC)
CLINIC = a_clinic()
WEBER = a_source(CLINIC, "Dr. Weber", id="weber")
SEARCH = a_source(CLINIC, "Search", id="search", category=LeadSourceCategory.WEB_ORGANIC)
UNKNOWN = a_source(CLINIC, "unknown", id="unknown", category=LeadSourceCategory.OTHER)


def a_practice(
    clinic: Clinic = CLINIC,
    sources: Sequence[Source] = (WEBER, SEARCH, UNKNOWN),
    stages: Sequence[Stage] | None = None,
) -> Practice:
    return Practice(
        clinic=clinic,
        stages=tuple(the_default_stages(clinic) if stages is None else stages),
        sources=tuple(sources),
        coordinators=(),
    )


PRACTICE = a_practice()
ORDERS = {stage.slug: stage.order for stage in PRACTICE.stages}
BLANK = Contact(first_name="Anna", last_name="Keller")
CHILD = Patient(first_name="Mia", last_name="Keller")


def enquiry(
    created_at: datetime = datetime(2026, 3, 10, 15, tzinfo=UTC),
    source: str | None = "weber",
    furthest: str = "new_lead",
    order: int | None = None,
    owner: str | None = None,
) -> Lead:
    """Make an open lead; the cheap way, as there may be thousands."""
    enquiry.made = getattr(enquiry, "made", 0) + 1  # type: ignore[attr-defined]  # a counter
    slug, at = StageSlug(furthest), ORDERS[StageSlug(furthest)] if order is None else order
    return Lead(
        id=LeadId(f"lead-{enquiry.made:05}"),  # type: ignore[attr-defined]  # as above
        clinic_id=ClinicId(CLINIC.id),
        patient=CHILD,
        contact=BLANK,
        origin=Origin(
            channel=Channel.MANUAL, source_id=None if source is None else SourceId(source)
        ),
        enquiry=Enquiry(),
        status=LeadStatus.ACTIVE,
        position=Position(
            stage=slug,
            order=at,
            entered_at=created_at,
            visit_id=VisitId("visit"),
            furthest=slug,
            furthest_order=at,
        ),
        stamps=Stamps(
            created_at=created_at,
            created_by=UserId("tc-1"),
            updated_at=created_at,
            updated_by=UserId("tc-1"),
        ),
        ownership=Ownership(owner=None if owner is None else UserId(owner)),
    )


def won(lead: Lead, after: timedelta) -> Lead:
    at = lead.stamps.created_at + after
    started = StageSlug("treatment_started")
    return evolve(
        lead,
        status=LeadStatus.CONVERTED,
        position=evolve(
            lead.position,
            stage=started,
            order=ORDERS[started],
            furthest=started,
            furthest_order=ORDERS[started],
        ),
        conversion=Conversion(at=at, patient_ref="p"),
        milestones=Milestones(ms_to_convert=milliseconds(lead.stamps.created_at, at)),
    )


def lost(lead: Lead, after: timedelta, reason: LostReason = LostReason.NO_RESPONSE) -> Lead:
    held = lead.position
    return evolve(
        lead,
        status=LeadStatus.LOST,
        position=evolve(held, stage=StageSlug("lost"), order=ORDERS[StageSlug("lost")]),
        loss=Loss(
            at=lead.stamps.created_at + after, reason=reason, stage=held.stage, order=held.order
        ),
    )


def deleted(lead: Lead) -> Lead:
    return evolve(lead, stamps=evolve(lead.stamps, deleted_at=NOW))


def local(year: int, month: int, day: int, hour: int = 0) -> datetime:
    """Give an instant by its wall time in Chicago, in winter (UTC-6)."""
    return datetime(year, month, day, hour, tzinfo=UTC) + timedelta(hours=6)


def an_ask(
    period: Period | None = None, by: str | None = None, practice: Practice = PRACTICE
) -> Ask:
    return Ask(practice=practice, now=NOW, period=period, by=by)


class Engine:
    """The reference interpreter over some leads, and rows of theirs by table."""

    def __init__(self, leads: Iterable[Lead], **rows: Sequence[Any]) -> None:
        self.leads = list(leads)
        self.rows = rows
        self.asked: list[Aggregate] = []

    def __call__(self, query: Aggregate) -> list[Group]:
        self.asked.append(query)
        if query.of in BESIDE_LEADS:
            return aggregate(query, self.pairs(query.of), BESIDE_LEADS[query.of].schema)
        nouns = self.leads if query.of == LEADS.of else self.rows.get(query.of, ())
        return aggregate(query, nouns, SCHEMAS[query.of])

    def pairs(self, of: str) -> list[Pair]:
        beside = BESIDE_LEADS[of]
        leads = {lead.id: lead for lead in self.leads}
        return [*beside.pairs(self.rows.get(beside.table, ()), leads.get)]

    def behind(self, where: Where | Behind | Without) -> list[Any]:
        if isinstance(where, Without):
            but = {pair.lead.id for pair in self.behind(where.rows)}
            return [lead for lead in self.behind(where.where) if lead.id not in but]
        if isinstance(where, Behind):
            schema = BESIDE_LEADS[where.of].schema
            return list(filter(predicate(where.where, schema), self.pairs(where.of)))
        return list(filter(predicate(where, LEADS), self.leads))


def answer(metric: Metric[R_co], ask: Ask, leads: Iterable[Lead]) -> R_co:
    return answered(metric, ask, Engine(leads))


MARCH = Period.month(2026, 3)
DAY = timedelta(days=1)
FIRST_OF_MARCH = date(2026, 3, 1)
