"""How a lead goes through the pipeline: forward, to Lost, to Won, and back from Lost.

`moved` enters open stages only; `lost` and `converted` are the sole doors to the others. Forward
is judged by the order of the stages at the moment of the move, and what is recorded then stays.

An instant `at` before the lead entered its stage, or even before it was created, is accepted and
kept: imported outcomes carry their own dates, and reports show negative spans as data errors.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from attrs import evolve, frozen

from orthocrm.core import limits
from orthocrm.core.activity import Activity, LeadActivityType
from orthocrm.core.errors import (
    BackwardMove,
    ClosedStage,
    InvalidInput,
    LeadClosed,
    LostReasonMissing,
    NobodyToAssign,
)
from orthocrm.core.events import Event, LeadConverted, LeadLost, LeadReopened, StageChanged
from orthocrm.core.ids import ActivityId, StageSlug, UserId, VisitId
from orthocrm.core.lead import (
    Conversion,
    Lead,
    LeadStatus,
    Loss,
    LostReason,
    Milestones,
    Position,
    StageVisit,
    accepted_after,
    ensure_open,
    ensure_unlocked,
    status_of,
)
from orthocrm.core.ports import IdSource
from orthocrm.core.reading import Reading
from orthocrm.core.settings import Practice
from orthocrm.core.stage import Stage, StageKind, Step
from orthocrm.core.time import milliseconds


@frozen(kw_only=True)
class Transition:
    """A lead in its new stage, and everything that records how it came there."""

    lead: Lead
    closed: StageVisit
    opened: StageVisit
    activity: Activity
    event: Event


def moved(
    lead: Lead,
    slug: str,
    practice: Practice,
    *,
    at: datetime | None = None,
    now: datetime,
    by: UserId,
    ids: IdSource,
) -> Transition:
    """Move a lead forward to an open stage; stages may be skipped (rule 4).

    Raises:
        InvalidInput: there is no such stage, or `at` is naive or in the future.
        LeadLocked: the lead was converted.
        LeadClosed: the lead is lost or archived.
        ClosedStage: the stage is the won or the lost one.
        BackwardMove: the stage does not lie ahead.
        NobodyToAssign: the lead has no coordinator, and would become active without one (rule 2).
    """
    stage = practice.stage(slug)
    ensure_open(lead)
    _ensure_forward(lead, stage, practice)
    if lead.ownership.owner is None:
        raise NobodyToAssign
    act = _Act(at=_happened(at, now), now=now, by=by, ids=ids)
    entered = _entered(lead, stage, act, practice)
    lead_after = evolve(entered, milestones=_reached(entered.milestones, stage, practice, act.at))
    event = StageChanged(
        clinic_id=lead.clinic_id,
        at=now,
        by=by,
        lead_id=lead.id,
        before=lead.position.stage,
        after=stage.slug,
    )
    return _transition(lead, lead_after, act, event)


def relocated(
    lead: Lead, stage: Stage, practice: Practice, *, now: datetime, by: UserId, ids: IdSource
) -> Transition:
    """Put a lead whose stage is removed into another open one, before or behind it.

    It made no progress by that: no milestone is reached, and who is under observation stays so.

    Raises:
        ClosedStage: the stage is the won or the lost one.
    """
    if stage.kind is not StageKind.OPEN:
        raise ClosedStage(stage.slug, "convert" if stage.kind is StageKind.WON else "lose")
    act = _Act(at=now, now=now, by=by, ids=ids)
    entered = _entered(lead, stage, act, practice)
    kept = evolve(entered, recall_due_on=lead.recall_due_on, milestones=lead.milestones)
    event = StageChanged(
        clinic_id=lead.clinic_id,
        at=now,
        by=by,
        lead_id=lead.id,
        before=lead.position.stage,
        after=stage.slug,
    )
    return _transition(lead, kept, act, event)


def lost(
    lead: Lead,
    reason: LostReason | str | None,
    notes: str | None,
    practice: Practice,
    *,
    at: datetime | None = None,
    now: datetime,
    by: UserId,
    ids: IdSource,
) -> Transition:
    """Give a lead up, from any open stage, with the reason (rule 5).

    Raises:
        LostReasonMissing: there is no reason, or the reason OTHER has no note.
        InvalidInput: the reason is none of `LostReason`, or another value cannot be read.
        LeadLocked: the lead was converted.
        LeadClosed: the lead is lost or archived already.
    """
    ensure_open(lead)
    known, note = _why(reason, notes)
    act = _Act(at=_happened(at, now), now=now, by=by, ids=ids, outcome=known.value, notes=note)
    entered = _entered(lead, practice.stage_of(StageKind.LOST), act, practice)
    held = lead.position
    loss = Loss(at=act.at, reason=known, stage=held.stage, order=held.order, notes=note)
    event = LeadLost(
        clinic_id=lead.clinic_id, at=now, by=by, lead_id=lead.id, before=held.stage, reason=known
    )
    return _transition(lead, evolve(entered, loss=loss), act, event)


def converted(
    lead: Lead,
    patient_ref: str,
    practice: Practice,
    *,
    at: datetime | None = None,
    now: datetime,
    by: UserId,
    ids: IdSource,
) -> Transition:
    """Make the lead a patient, from any open stage; afterwards it is locked (rule 7).

    Milestones that were never recorded stay unknown: a start proves no consultation.

    Raises:
        LeadLocked: the lead was converted before.
        LeadClosed: the lead is lost or archived.
        InvalidInput: the patient's identity is missing, or `at` is naive or in the future.
    """
    ensure_open(lead)
    patient = _needed("patient_ref", patient_ref, limits.REFERENCE)
    act = _Act(at=_happened(at, now), now=now, by=by, ids=ids)
    entered = _entered(lead, practice.stage_of(StageKind.WON), act, practice)
    took = milliseconds(lead.stamps.created_at, act.at)
    lead_after = evolve(
        entered,
        conversion=Conversion(at=act.at, patient_ref=patient, owner=lead.ownership.owner),
        milestones=evolve(entered.milestones, ms_to_convert=took),
    )
    event = LeadConverted(
        clinic_id=lead.clinic_id,
        at=now,
        by=by,
        lead_id=lead.id,
        before=lead.position.stage,
        patient_ref=patient,
        converted_at=act.at,
    )
    return _transition(lead, lead_after, act, event)


def reopened(
    lead: Lead, reason: str, practice: Practice, *, now: datetime, by: UserId, ids: IdSource
) -> Transition:
    """Take a lost lead back to the stage in which it died; history keeps the loss.

    When that stage is gone, the furthest open stage that the lead had reached takes its place.

    Raises:
        LeadLocked: the lead was converted.
        LeadClosed: the lead is archived.
        InvalidInput: the lead is not lost, or no reason is given.
    """
    ensure_unlocked(lead)
    if lead.status is LeadStatus.ARCHIVED:
        raise LeadClosed(lead.status)
    if lead.loss is None:
        raise InvalidInput.at("lead", "not_lost", "only a lost lead can be reopened")
    why = _needed("reason", reason, limits.NOTES)
    act = _Act(at=now, now=now, by=by, ids=ids, notes=why)
    stage = _died_in(lead.loss, lead.position, practice)
    lead_after = evolve(_entered(lead, stage, act, practice), loss=None)
    event = LeadReopened(clinic_id=lead.clinic_id, at=now, by=by, lead_id=lead.id, after=stage.slug)
    return _transition(lead, lead_after, act, event)


@frozen(kw_only=True)
class _Act:
    """Who does what when, and why."""

    at: datetime
    now: datetime
    by: UserId
    ids: IdSource
    outcome: str | None = None
    notes: str | None = None


def _happened(at: datetime | None, now: datetime) -> datetime:
    reading = Reading()
    happened = reading.past("at", at, now)
    reading.finish()
    return happened or now


def _needed(path: str, raw: str, most: int) -> str:
    reading = Reading()
    text = reading.prose(path, raw, most)
    reading.required(path, text)
    reading.finish()
    return text or ""


def _why(reason: LostReason | str | None, notes: str | None) -> tuple[LostReason, str | None]:
    reading = Reading()
    blank = isinstance(reason, str) and not reason.strip()
    known = None if blank else reading.choice("reason", reason, LostReason)
    note = reading.prose("notes", notes)
    reading.finish()
    if known is None:
        raise LostReasonMissing("reason")
    if known is LostReason.OTHER and note is None:
        raise LostReasonMissing("notes")
    return known, note


def _ensure_forward(lead: Lead, stage: Stage, practice: Practice) -> None:
    if stage.kind is not StageKind.OPEN:
        raise ClosedStage(stage.slug, "convert" if stage.kind is StageKind.WON else "lose")
    held = practice.stage_by_slug.get(lead.position.stage)
    order = lead.position.order if held is None else held.order
    if stage.order <= order:
        raise BackwardMove(lead.position.stage, stage.slug)


def _entered(lead: Lead, stage: Stage, act: _Act, practice: Practice) -> Lead:
    """Put the lead into a stage; a lost lead keeps the furthest stage that it reached."""
    held = lead.position
    further = stage.kind is StageKind.WON or (
        stage.kind is StageKind.OPEN and stage.order > held.furthest_order
    )
    position = Position(
        stage=stage.slug,
        order=stage.order,
        entered_at=act.at,
        visit_id=VisitId(act.ids()),
        furthest=stage.slug if further else held.furthest,
        furthest_order=stage.order if further else held.furthest_order,
    )
    contacted = lead.milestones.first_contact_at is not None
    return evolve(
        lead,
        status=status_of(practice.stage_by_slug[stage.slug], contacted=contacted),
        position=position,
        recall_due_on=None,
        milestones=_back(lead, stage, act.at),
        stamps=evolve(lead.stamps, updated_at=act.now, updated_by=act.by),
    )


def _back(lead: Lead, stage: Stage, at: datetime) -> Milestones:
    """Note that a lead under observation came back, unless it was given up."""
    if lead.recall_due_on is None or stage.kind is StageKind.LOST:
        return lead.milestones
    return evolve(lead.milestones, recalled_at=at)


_MILESTONES: tuple[tuple[Step, Callable[[Milestones, datetime], Milestones]], ...] = (
    (
        Step.CONSULTATION_SCHEDULED,
        lambda known, at: evolve(known, scheduled_at=known.scheduled_at or at),
    ),
    (
        Step.CONSULTATION_COMPLETED,
        lambda known, at: evolve(known, completed_at=known.completed_at or at),
    ),
    (
        Step.TREATMENT_ACCEPTED,
        lambda known, at: evolve(known, accepted_at=known.accepted_at or at),
    ),
)


def _reached(known: Milestones, stage: Stage, practice: Practice, at: datetime) -> Milestones:
    """Set the milestones of every step that the stage is or lies beyond, if not known yet."""
    for step, mark in _MILESTONES:
        marking = practice.stage_by_slug.get(step)
        if marking is not None and marking.order <= stage.order:
            known = mark(known, at)
    return accepted_after(known, practice.clinic.timezone)


def reached_since(
    known: Milestones, visits: Iterable[StageVisit], practice: Practice
) -> Milestones:
    """Give milestones once these visits, too, have been made; those to closed stages count none."""
    for visit in sorted(visits, key=lambda one: (one.entered_at, one.id)):
        stage = practice.stage_by_slug.get(visit.stage)
        if stage is not None and not stage.is_terminal:
            known = _reached(known, stage, practice, visit.entered_at)
    return known


def in_force(position: Position, practice: Practice) -> Position:
    """Give a position whose stage the practice still has.

    A stage that is gone is replaced by the last open one before it.
    """
    if position.stage in practice.stage_by_slug:
        return position
    stage = _last_open(position.order - 1, practice)
    return evolve(position, stage=stage.slug, order=stage.order)


def _last_open(order: int, practice: Practice) -> Stage:
    before = [stage for stage in practice.stages if not stage.is_terminal and stage.order <= order]
    return max(before, key=lambda stage: stage.order, default=practice.default_stage)


def _died_in(loss: Loss, position: Position, practice: Practice) -> Stage:
    for slug in (loss.stage, position.furthest):
        stage = practice.stage_by_slug.get(slug)
        if stage is not None and not stage.is_terminal:
            return stage
    return _last_open(position.furthest_order, practice)


def _transition(before: Lead, after: Lead, act: _Act, event: Event) -> Transition:
    return Transition(
        lead=after,
        closed=evolve(visit_of(before), left_at=act.at),
        opened=visit_of(after),
        activity=_activity(before.position.stage, after, act),
        event=event,
    )


def visit_of(lead: Lead) -> StageVisit:
    """Rebuild the open visit of a lead from its position."""
    return StageVisit(
        id=lead.position.visit_id,
        clinic_id=lead.clinic_id,
        lead_id=lead.id,
        stage=lead.position.stage,
        order=lead.position.order,
        entered_at=lead.position.entered_at,
        owner=lead.ownership.owner,
        observed=lead.recall_due_on is not None,
    )


def _activity(left: StageSlug, lead: Lead, act: _Act) -> Activity:
    return Activity(
        id=ActivityId(act.ids()),
        clinic_id=lead.clinic_id,
        lead_id=lead.id,
        type=LeadActivityType.STAGE_CHANGE,
        occurred_at=act.at,
        created_at=act.now,
        created_by=act.by,
        outcome=act.outcome,
        notes=act.notes,
        previous_stage=left,
        new_stage=lead.position.stage,
    )
