from datetime import datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from orthocrm.core.activity import LeadActivityType
from orthocrm.core.errors import (
    BackwardMove,
    ClosedStage,
    InvalidInput,
    LeadClosed,
    LeadLocked,
    LostReasonMissing,
    NobodyToAssign,
)
from orthocrm.core.events import LeadConverted, LeadLost, LeadReopened, StageChanged
from orthocrm.core.ids import StageSlug, UserId
from orthocrm.core.lead import Conversion, Lead, LeadStatus, LostReason, Milestones, Ownership
from orthocrm.core.settings import Practice
from orthocrm.pipeline.progression import (
    Transition,
    converted,
    in_force,
    lost,
    moved,
    reached_since,
    reopened,
)
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories import COORDINATOR, a_stage, a_visit
from tests.support.practices import a_lead_of, a_practice, new_ids

PRACTICE = a_practice()
NOW = MONDAY_MORNING + timedelta(days=3)


def doing(at: datetime | None = None) -> dict[str, Any]:
    return {"at": at, **acting()}


def acting() -> dict[str, Any]:
    return {"now": NOW, "by": COORDINATOR, "ids": new_ids()}


def move(lead: Lead, slug: str, practice: Practice = PRACTICE) -> Transition:
    return moved(lead, slug, practice, **doing())


def lose(lead: Lead, reason: Any = LostReason.RELOCATED, notes: str | None = None) -> Transition:
    return lost(lead, reason, notes, PRACTICE, **doing())


def convert(lead: Lead, at: datetime | None = None) -> Transition:
    return converted(lead, "patient-1", PRACTICE, **doing(at))


def reopen(lead: Lead, reason: Any = "they called back", practice: Practice = PRACTICE) -> Lead:
    return reopened(lead, reason, practice, **acting()).lead


def a_lead_in(stage: str, **fields: Any) -> Lead:
    return a_lead_of(PRACTICE, stage=stage, **fields)


def test_a_move_records_both_visits_the_activity_and_the_event() -> None:
    lead = a_lead_in("new_lead")
    at = NOW - timedelta(hours=1)

    done = moved(lead, "contacted", PRACTICE, **doing(at))

    assert done.closed == a_visit(lead, left_at=at)
    assert done.opened == a_visit(done.lead)
    assert (done.opened.stage, done.opened.entered_at, done.opened.left_at) == (
        "contacted",
        at,
        None,
    )
    assert done.opened.id != done.closed.id
    assert (done.activity.type, done.activity.previous_stage, done.activity.new_stage) == (
        LeadActivityType.STAGE_CHANGE,
        "new_lead",
        "contacted",
    )
    assert (done.activity.occurred_at, done.activity.created_at) == (at, NOW)
    assert done.event == StageChanged(
        clinic_id=lead.clinic_id,
        at=NOW,
        by=COORDINATOR,
        lead_id=lead.id,
        before=StageSlug("new_lead"),
        after=StageSlug("contacted"),
    )
    assert (done.lead.status, done.lead.position.order) == (LeadStatus.ACTIVE, 2)
    assert done.lead.stamps.updated_at == NOW


def test_rule_4_stages_may_be_skipped() -> None:
    lead = move(a_lead_in("new_lead"), "pending_decision").lead

    assert (lead.position.stage, lead.position.furthest, lead.position.furthest_order) == (
        "pending_decision",
        "pending_decision",
        5,
    )


@pytest.mark.parametrize("slug", ["contacted", "new_lead", "consultation_scheduled"])
def test_rule_4_a_lead_cannot_move_back_or_stay(slug: str) -> None:
    with pytest.raises(BackwardMove) as caught:
        move(a_lead_in("consultation_scheduled"), slug)

    assert (caught.value.held, caught.value.wanted) == ("consultation_scheduled", slug)


@pytest.mark.parametrize("slug, verb", [("treatment_started", "convert"), ("lost", "lose")])
def test_won_and_lost_are_not_entered_by_a_move(slug: str, verb: str) -> None:
    with pytest.raises(ClosedStage) as caught:
        move(a_lead_in("new_lead"), slug)

    assert caught.value.verb == verb


@pytest.mark.parametrize("slug", ["nowhere", "", None, 7, ["contacted"]])
def test_an_unknown_stage_is_named_as_such(slug: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        move(a_lead_in("new_lead"), slug)

    assert [(p.path, p.code) for p in caught.value.problems] == [("stage", "unknown_stage")]


def test_forward_is_judged_by_the_order_of_now_and_recorded_for_ever() -> None:
    lead = a_lead_in("pending_decision")
    swapped = tuple(
        evolve(
            stage,
            order={"contacted": 5, "pending_decision": 2}.get(stage.slug, stage.order),
        )
        for stage in PRACTICE.stages
    )
    practice = evolve(PRACTICE, stages=swapped)

    after = move(lead, "contacted", practice).lead.position

    assert (after.stage, after.order) == ("contacted", 5)
    assert (after.furthest, after.furthest_order) == ("pending_decision", 5)


def test_a_stage_that_is_gone_is_judged_by_its_recorded_order() -> None:
    lead = a_lead_in("old_stage", order=3)

    with pytest.raises(BackwardMove):
        move(lead, "contacted")
    assert move(lead, "consultation_completed").lead.position.order == 4


def test_rule_2_a_lead_without_a_coordinator_does_not_become_active() -> None:
    with pytest.raises(NobodyToAssign):
        move(evolve(a_lead_in("new_lead"), ownership=Ownership()), "contacted")


def test_milestones_are_set_once_for_each_step_reached_or_passed() -> None:
    first = NOW - timedelta(days=2)
    lead = moved(a_lead_in("contacted"), "consultation_completed", PRACTICE, **doing(first)).lead

    after = move(lead, "treatment_accepted").lead

    assert after.milestones == Milestones(
        scheduled_at=first, completed_at=first, accepted_at=NOW, days_to_accept=2
    )


def test_a_stage_past_contacted_is_no_contact_by_itself() -> None:
    assert move(a_lead_in("new_lead"), "pending_decision").lead.milestones.first_contact_at is None


def test_a_clinic_without_the_usual_stages_sets_no_milestones() -> None:
    stages = (
        *(stage for stage in PRACTICE.stages if stage.is_terminal or stage.is_default),
        a_stage(PRACTICE.clinic, "evaluation", 2),
    )
    practice = evolve(PRACTICE, stages=stages)

    assert move(a_lead_in("new_lead"), "evaluation", practice).lead.milestones == Milestones()


@pytest.mark.parametrize(
    "at, code",
    [
        (datetime(2026, 11, 2, 9, 0), "naive_datetime"),  # noqa: DTZ001 - the point
        (NOW + timedelta(days=1), "in_the_future"),
        ("2026-11-02", "not_an_instant"),
    ],
)
def test_the_time_of_a_change_is_aware_and_past(at: Any, code: str) -> None:
    for change in (
        lambda: moved(a_lead_in("new_lead"), "contacted", PRACTICE, **doing(at)),
        lambda: convert(a_lead_in("contacted"), at),
        lambda: lost(a_lead_in("contacted"), "RELOCATED", None, PRACTICE, **doing(at)),
    ):
        with pytest.raises(InvalidInput) as caught:
            change()
        assert [(p.path, p.code) for p in caught.value.problems] == [("at", code)]


def test_rule_5_a_lost_lead_keeps_why_where_and_how_far() -> None:
    lead = a_lead_in("consultation_completed")

    done = lose(lead, "COST_FINANCIAL", " too dear ")

    assert done.lead.status is LeadStatus.LOST
    assert done.lead.loss is not None
    assert (done.lead.loss.reason, done.lead.loss.notes) == (LostReason.COST_FINANCIAL, "too dear")
    assert (done.lead.loss.stage, done.lead.loss.order, done.lead.loss.at) == (
        "consultation_completed",
        4,
        NOW,
    )
    assert (done.lead.position.stage, done.lead.position.furthest) == (
        "lost",
        "consultation_completed",
    )
    assert (done.activity.outcome, done.activity.notes) == ("COST_FINANCIAL", "too dear")
    assert done.event == LeadLost(
        clinic_id=lead.clinic_id,
        at=NOW,
        by=COORDINATOR,
        lead_id=lead.id,
        before=StageSlug("consultation_completed"),
        reason=LostReason.COST_FINANCIAL,
    )


@pytest.mark.parametrize("stage", ["new_lead", "contacted", "treatment_accepted"])
def test_rule_4_lost_is_entered_from_any_open_stage(stage: str) -> None:
    assert lose(a_lead_in(stage)).lead.position.stage == "lost"


@pytest.mark.parametrize(
    "reason, notes, path",
    [
        (None, None, "reason"),
        ("", None, "reason"),
        (None, "no idea", "reason"),
        (LostReason.OTHER, None, "notes"),
        ("OTHER", "  ", "notes"),
    ],
)
def test_rule_5_lost_without_a_reason_is_refused(
    reason: Any,
    notes: str | None,
    path: str,
) -> None:
    with pytest.raises(LostReasonMissing) as caught:
        lose(a_lead_in("contacted"), reason, notes)

    assert caught.value.path == path


@pytest.mark.parametrize(
    "reason, notes, problem",
    [
        ("BORED", None, ("reason", "unknown_value")),
        (7, None, ("reason", "wrong_type")),
        ("RELOCATED", "x" * 10_000_000, ("notes", "too_long")),
    ],
)
def test_a_reason_that_cannot_be_read_is_refused(
    reason: Any,
    notes: str | None,
    problem: tuple[str, str],
) -> None:
    with pytest.raises(InvalidInput) as caught:
        lose(a_lead_in("contacted"), reason, notes)

    assert [(p.path, p.code) for p in caught.value.problems] == [problem]


def test_a_conversion_enters_the_won_stage_and_credits_the_owner() -> None:
    lead = a_lead_in("contacted", owner="tc-2")

    done = convert(lead)

    assert done.lead.status is LeadStatus.CONVERTED
    assert done.lead.conversion == Conversion(at=NOW, patient_ref="patient-1", owner=UserId("tc-2"))
    assert (done.lead.position.stage, done.lead.position.furthest) == (
        "treatment_started",
        "treatment_started",
    )
    assert done.lead.milestones == Milestones(ms_to_convert=3 * 24 * 3600 * 1000)
    assert done.event == LeadConverted(
        clinic_id=lead.clinic_id,
        at=NOW,
        by=COORDINATOR,
        lead_id=lead.id,
        before=StageSlug("contacted"),
        patient_ref="patient-1",
        converted_at=NOW,
    )


def test_a_conversion_before_the_creation_is_kept_as_the_data_error_that_it_is() -> None:
    early = MONDAY_MORNING - timedelta(hours=1)

    done = convert(a_lead_in("new_lead"), early)

    assert done.lead.milestones.ms_to_convert == -3600 * 1000
    assert done.closed.left_at == early


@pytest.mark.parametrize("patient_ref", [None, "", "  ", 7, "p" * 256])
def test_a_conversion_names_the_patient(patient_ref: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        converted(a_lead_in("contacted"), patient_ref, PRACTICE, **doing())

    assert [p.path for p in caught.value.problems] == ["patient_ref"]


def test_rule_7_a_converted_lead_changes_no_more() -> None:
    lead = convert(a_lead_in("contacted")).lead

    for change in (
        lambda: move(lead, "pending_decision"),
        lambda: lose(lead),
        lambda: convert(lead),
        lambda: reopen(lead),
    ):
        with pytest.raises(LeadLocked):
            change()


def test_a_lost_lead_is_closed_until_it_is_reopened() -> None:
    lead = lose(a_lead_in("contacted")).lead

    for change in (
        lambda: move(lead, "pending_decision"),
        lambda: lose(lead),
        lambda: convert(lead),
    ):
        with pytest.raises(LeadClosed) as caught:
            change()
        assert caught.value.status == LeadStatus.LOST


def test_a_reopened_lead_is_back_where_it_died() -> None:
    before = lose(a_lead_in("pending_decision")).lead

    done = reopened(before, "they called back", PRACTICE, **acting())

    assert (done.lead.status, done.lead.position.stage, done.lead.loss) == (
        LeadStatus.ACTIVE,
        "pending_decision",
        None,
    )
    assert done.lead.position.entered_at == NOW
    assert (done.closed.stage, done.opened.stage) == ("lost", "pending_decision")
    assert done.activity.notes == "they called back"
    assert done.event == LeadReopened(
        clinic_id=before.clinic_id,
        at=NOW,
        by=COORDINATOR,
        lead_id=before.id,
        after=StageSlug("pending_decision"),
    )


def test_a_lead_lost_before_any_contact_reopens_as_new() -> None:
    assert reopen(lose(a_lead_in("new_lead")).lead).status is LeadStatus.NEW


def test_a_stage_that_is_gone_is_replaced_by_the_furthest_open_one() -> None:
    lead = lose(a_lead_in("pending_decision")).lead
    stages = tuple(stage for stage in PRACTICE.stages if stage.slug != "pending_decision")
    without = evolve(PRACTICE, stages=stages)
    only_later = evolve(
        PRACTICE, stages=tuple(s for s in stages if s.is_terminal or s.order > 5 or s.is_default)
    )

    assert reopen(lead, practice=without).position.stage == "consultation_completed"
    assert reopen(lead, practice=only_later).position.stage == "new_lead"


@pytest.mark.parametrize("reason", ["", None, 5, "x" * 10_001])
def test_reopening_needs_a_reason(reason: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        reopen(lose(a_lead_in("contacted")).lead, reason)

    assert [p.path for p in caught.value.problems] == ["reason"]


def test_only_a_lost_lead_reopens() -> None:
    with pytest.raises(InvalidInput) as caught:
        reopen(a_lead_in("contacted"))
    with pytest.raises(LeadClosed):
        reopen(evolve(lose(a_lead_in("contacted")).lead, status=LeadStatus.ARCHIVED))

    assert [p.code for p in caught.value.problems] == ["not_lost"]


def test_a_position_in_a_stage_that_is_gone_falls_back_to_the_last_open_one_before_it() -> None:
    held = a_lead_in("pending_decision").position
    rest = [stage for stage in PRACTICE.stages if stage.slug != held.stage]
    without = evolve(
        PRACTICE, stages=tuple(evolve(s, order=n) for n, s in enumerate(rest, start=1))
    )
    placed = in_force(held, without)
    assert (placed.stage, placed.order) == ("consultation_completed", 4)
    assert placed.visit_id == held.visit_id
    assert in_force(held, PRACTICE) == held


def test_visits_of_open_stages_set_the_milestones_that_they_reach() -> None:
    at, lead = NOW - timedelta(hours=2), a_lead_in("contacted")
    visits = [
        a_visit(lead, stage="lost", order=8, entered_at=NOW),
        a_visit(lead, stage="gone", order=6, entered_at=at),
        a_visit(lead, stage="consultation_completed", order=4, entered_at=NOW),
        a_visit(lead, stage="consultation_scheduled", order=3, entered_at=at),
    ]
    assert reached_since(Milestones(), visits, PRACTICE) == Milestones(
        scheduled_at=at, completed_at=NOW
    )
    known = Milestones(scheduled_at=at - timedelta(days=1))
    assert reached_since(known, visits, PRACTICE).scheduled_at == known.scheduled_at
