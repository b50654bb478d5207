"""What becomes of an invented lead: calls, stages, and how it ends."""

from datetime import datetime, timedelta
from math import log, sqrt
from random import Random
from zoneinfo import ZoneInfo

from attrs import define, field, frozen

from orthocrm.core.activity import ActivityDirection, CallOutcome, LeadActivityType
from orthocrm.core.ids import LeadId
from orthocrm.core.lead import Lead, LostReason
from orthocrm.core.stage import Step
from orthocrm.demo.hours import chance, consultation, next_open
from orthocrm.followup.attempts import LogEntry
from orthocrm.services.pipeline.transitions import Loss, Move, Start

_MOST_ATTEMPTS = 4
_ANSWERS = 0.42
_TEXTS_BACK = 0.15
_SCHEDULES = 0.76
_SHOWS_UP = 0.87
_COMES_LATER = 0.5
_ACCEPTS = 0.43
_AT_ONCE = 0.3
_BACKS_OUT = 0.04

_MINUTES_TO_CALL = 35
_SPREAD = 1.2

_BEFORE_EXAM = (
    LostReason.TIMING_NOT_RIGHT,
    LostReason.CHOSE_COMPETITOR,
    LostReason.CHOSE_COMPETITOR,
    LostReason.INSURANCE_ISSUES,
    LostReason.COST_FINANCIAL,
    LostReason.RELOCATED,
)
_AFTER_EXAM = (
    LostReason.COST_FINANCIAL,
    LostReason.COST_FINANCIAL,
    LostReason.COST_FINANCIAL,
    LostReason.TIMING_NOT_RIGHT,
    LostReason.TIMING_NOT_RIGHT,
    LostReason.CHOSE_COMPETITOR,
    LostReason.NOT_A_CANDIDATE,
    LostReason.INSURANCE_ISSUES,
)


@frozen(kw_only=True)
class Said:
    """An activity of a lead."""

    lead_id: LeadId
    entry: LogEntry


@frozen(kw_only=True)
class Exam:
    """A first consultation that is agreed on at `booked_at`, and whether the family comes."""

    lead_id: LeadId
    booked_at: datetime
    starts_at: datetime
    comes: bool

    @property
    def ends_at(self) -> datetime:
        """The first instant after it."""
        return self.starts_at + timedelta(hours=1)


@frozen
class Act:
    """Something that happens to a lead at an instant."""

    at: datetime
    what: Said | Move | Loss | Start | Exam


def story(lead: Lead, promise: float, zone: ZoneInfo, random: Random) -> list[Act]:
    """Invent what becomes of a lead that was just captured; a usual `promise` is 1."""
    teller = _Teller(lead_id=lead.id, at=lead.stamps.created_at, zone=zone, random=random)
    _tell(teller, lead, promise)
    return teller.acts


def _tell(teller: "_Teller", lead: Lead, promise: float) -> None:
    answered_live = lead.milestones.first_contact_at is not None
    if not answered_live and not _reached(teller, promise):
        return
    teller.move(Step.CONTACTED)
    if not teller.chance(min(0.96, _SCHEDULES * sqrt(promise))):
        _drift_away(teller, _BEFORE_EXAM, 6, 25)
    elif _came_to_exam(teller):
        _decide(teller, promise)


def _reached(teller: "_Teller", promise: float) -> bool:
    teller.wait(minutes=teller.random.lognormvariate(log(_MINUTES_TO_CALL / promise), _SPREAD))
    for _ in range(_MOST_ATTEMPTS):
        teller.in_hours()
        if teller.chance(_ANSWERS):
            teller.call(CallOutcome.SPOKE)
            return True
        teller.call(teller.random.choice((CallOutcome.VOICEMAIL, CallOutcome.NO_ANSWER)))
        teller.wait(hours=teller.random.uniform(3, 40))
        if teller.chance(_TEXTS_BACK):
            teller.log(LeadActivityType.SMS, ActivityDirection.INBOUND)
            return True
    teller.in_hours()
    teller.log(LeadActivityType.EMAIL, ActivityDirection.OUTBOUND)
    teller.wait(days=teller.random.uniform(4, 12))
    teller.lose(LostReason.NO_RESPONSE)
    return False


def _drift_away(teller: "_Teller", reasons: tuple[LostReason, ...], least: int, most: int) -> None:
    teller.wait(days=teller.random.uniform(least, most))
    teller.in_hours()
    teller.call(CallOutcome.SPOKE)
    teller.lose(teller.random.choice(reasons))


def _came_to_exam(teller: "_Teller") -> bool:
    teller.wait(minutes=teller.random.choice((5, 5, 90, 1500)))
    teller.in_hours()
    teller.move(Step.CONSULTATION_SCHEDULED)
    comes = teller.chance(_SHOWS_UP)
    teller.exam_after(teller.random.randint(3, 14), comes=comes)
    if not comes:
        teller.wait(hours=1)
        teller.call(CallOutcome.VOICEMAIL)
        if not teller.chance(_COMES_LATER):
            teller.wait(days=teller.random.uniform(5, 12))
            teller.lose(LostReason.NO_RESPONSE)
            return False
        teller.exam_after(teller.random.randint(5, 12), comes=True)
    teller.log(LeadActivityType.IN_PERSON, ActivityDirection.INBOUND)
    teller.move(Step.CONSULTATION_COMPLETED)
    return True


def _decide(teller: "_Teller", promise: float) -> None:
    accepts = teller.chance(min(0.9, _ACCEPTS * promise**0.7))
    if accepts and teller.chance(_AT_ONCE):
        _start(teller)
        return
    teller.wait(hours=teller.random.uniform(1, 60))
    teller.in_hours()
    teller.move(Step.PENDING_DECISION)
    if accepts:
        teller.wait(days=teller.random.uniform(1, 20))
        _start(teller)
    else:
        _drift_away(teller, _AFTER_EXAM, 8, 55)


def _start(teller: "_Teller") -> None:
    teller.wait(minutes=40)
    teller.in_hours()
    teller.move(Step.TREATMENT_ACCEPTED)
    teller.wait(days=teller.random.uniform(4, 20))
    teller.in_hours()
    if teller.chance(_BACKS_OUT):
        teller.lose(LostReason.COST_FINANCIAL)
    else:
        teller.start()


@define(kw_only=True)
class _Teller:
    """Tells one story: where it stands in time, and what happened so far."""

    lead_id: LeadId
    at: datetime
    zone: ZoneInfo
    random: Random
    acts: list[Act] = field(factory=list)

    def chance(self, share: float) -> bool:
        return chance(self.random, share)

    def wait(self, *, days: float = 0, hours: float = 0, minutes: float = 0) -> None:
        self.at += timedelta(days=days, hours=hours, minutes=minutes)

    def in_hours(self) -> None:
        self.at = next_open(self.at, self.zone, self.random)

    def exam_after(self, days: int, *, comes: bool) -> None:
        booked_at = self.at
        self.at = consultation(booked_at + timedelta(days=days), self.zone, self.random)
        exam = Exam(lead_id=self.lead_id, booked_at=booked_at, starts_at=self.at, comes=comes)
        self.acts.append(Act(booked_at, exam))

    def call(self, outcome: CallOutcome) -> None:
        self.log(LeadActivityType.PHONE_CALL, ActivityDirection.OUTBOUND, outcome)

    def log(
        self,
        type_: LeadActivityType,
        direction: ActivityDirection,
        outcome: CallOutcome | None = None,
    ) -> None:
        entry = LogEntry(type=type_, direction=direction, call_outcome=outcome, occurred_at=self.at)
        self._happens(Said(lead_id=self.lead_id, entry=entry))

    def move(self, step: Step) -> None:
        self._happens(Move(lead_id=self.lead_id, stage=step, at=self.at))

    def lose(self, reason: LostReason) -> None:
        self._happens(Loss(lead_id=self.lead_id, reason=reason, at=self.at))

    def start(self) -> None:
        self._happens(Start(lead_id=self.lead_id, at=self.at))

    def _happens(self, what: Said | Move | Loss | Start) -> None:
        self.acts.append(Act(self.at, what))
