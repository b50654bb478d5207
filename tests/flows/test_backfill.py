"""A practice brings its past: what stands then, what is refused, and that nothing goes out."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from attrs import evolve

from orthocrm import (
    Cond,
    Forbidden,
    History,
    Intake,
    Past,
    PastKind,
    Period,
    Role,
)
from orthocrm.core.activity import CallOutcome
from orthocrm.core.appointment import AppointmentStatus
from orthocrm.core.lead import LeadStatus, LostReason
from orthocrm.core.query import EVERYTHING
from orthocrm.services.work import everything
from tests.flows.practice import House

CAME = datetime(2026, 3, 2, 15, tzinfo=UTC)
DAY = timedelta(days=1)


def history(reference: str = "old-1", *events: Past, at: datetime = CAME, **fields: Any) -> History:
    asked = {
        "first_name": "Maria",
        "last_name": "Lopez",
        "email": f"{reference}@example.com",
        "source": "Print advertising",
        "external_ref": reference,
        "received_at": at,
        **fields,
    }
    return History(intake=Intake(**asked), events=events)


def past(kind: str, days: float, **fields: Any) -> Past:
    return Past(kind=PastKind(kind), at=CAME + days * DAY, **fields)


STARTED = history(
    "started",
    past("converted", 30, patient_ref="p-7"),
    past("assigned", 0.01, owner="left-long-ago"),
    past("contacted", 0.02, call_outcome=CallOutcome.SPOKE, by="left-long-ago"),
    past("assigned", 9, owner="tc-1"),
    past(
        "appointment",
        8,
        provider="dr-1",
        status=AppointmentStatus.COMPLETED,
        booked_at=CAME + DAY,
        minutes=45,
    ),
    past("moved", 20, stage="treatment_accepted", by="tc-1"),
    past("task", 1, owner="tc-1", done_at=CAME + 2 * DAY),
)
LOST = history(
    "lost",
    past("assigned", 0, owner="tc-2"),
    past("contacted", 1, call_outcome=CallOutcome.NO_ANSWER),
    past("appointment", 5, provider="dr-1", status=AppointmentStatus.NO_SHOW),
    past("lost", 12, reason=LostReason.COST_FINANCIAL),
)


def rows(house: House, table: str, where: Any = EVERYTHING) -> Sequence[Any]:
    office = house.desk(Role.OPERATOR).office
    with office.backend.begin(office.actor.clinic) as store:
        return everything(getattr(store, table), where)


def test_a_lead_lives_its_past_again(house: House) -> None:
    report = house.desk(Role.OPERATOR).imports.backfill([STARTED, LOST])
    assert (report.tally.created, report.tally.problems) == (2, ())
    started, lost = (
        house.desk(Role.OPERATOR).leads.find(Cond("import_id", "eq", report.import_id), mine=False)
    ).leads
    if started.conversion is None:
        started, lost = lost, started
    assert (started.stamps.created_at, started.status) == (CAME, LeadStatus.CONVERTED)
    assert started.conversion is not None
    assert (started.conversion.at, started.conversion.patient_ref) == (CAME + 30 * DAY, "p-7")
    assert (started.ownership.owner, started.ownership.first_owner) == ("tc-1", "left-long-ago")
    milestones = started.milestones
    assert (milestones.scheduled_at, milestones.completed_at) == (CAME + DAY, CAME + 8 * DAY)
    assert milestones.accepted_at == CAME + 20 * DAY
    assert milestones.first_contact_at == CAME + 0.02 * DAY
    assert lost.loss is not None
    assert (lost.loss.at, lost.loss.stage) == (CAME + 12 * DAY, "consultation_scheduled")


def test_every_visit_has_its_own_days(house: House) -> None:
    house.desk(Role.OPERATOR).imports.backfill([STARTED])
    (lead,) = house.desk(Role.OPERATOR).leads.find(mine=False).leads
    visits = sorted(rows(house, "visits", Cond("lead_id", "eq", lead.id)), key=lambda v: v.order)
    assert [
        (v.stage, v.entered_at - CAME, None if v.left_at is None else v.left_at - CAME)
        for v in visits
    ] == [
        ("new_lead", 0 * DAY, DAY),
        ("consultation_scheduled", DAY, 8 * DAY),
        ("consultation_completed", 8 * DAY, 20 * DAY),
        ("treatment_accepted", 20 * DAY, 30 * DAY),
        ("treatment_started", 30 * DAY, None),
    ]
    assert [v.ms for v in visits[:-1]] == [days * 86_400_000 for days in (1, 7, 12, 10)]


def test_metrics_of_the_past_are_right_at_once(house: House) -> None:
    house.desk(Role.OPERATOR).imports.backfill([STARTED, LOST])
    desk, march = house.desk(Role.OPERATOR).analytics, Period.month(2026, 3)
    assert desk.outcomes(march).total.leads == 2
    assert desk.measure("show_rate", march).total.value == 0.5
    assert desk.measure("acceptance_rate", march).total.value == 1
    assert desk.measure("conversions", Period.month(2026, 4)).total.value == 1
    assert desk.measure("losses", march, "lost_reason")["COST_FINANCIAL"].value == 1
    by_first = desk.measure("conversion_rate", march, "first_owner")
    assert by_first["left-long-ago"].numerator == 1
    snapshot = {str(one.stage): one.leads for one in desk.snapshot(CAME + 6 * DAY)}
    assert snapshot["consultation_scheduled"] == 2
    assert desk.measure("stage_entries", march, "stage")["consultation_scheduled"].value == 2


def waiting(house: House) -> int:
    office = house.desk(Role.OPERATOR).office
    with office.backend.begin(office.actor.clinic) as store:
        return store.outbox.waiting()


def test_nothing_goes_out_for_the_past(house: House) -> None:
    before = waiting(house)
    house.desk(Role.OPERATOR).imports.backfill([STARTED, LOST])
    assert waiting(house) - before == len(("import_progressed", "import_finished"))
    assert [task.status for task in rows(house, "tasks")] == ["COMPLETED"]
    for table in ("notices", "messages"):
        assert rows(house, table) == ()


def test_a_backfill_is_audited_as_an_import_and_can_be_taken_back(house: House) -> None:
    report = house.desk(Role.OPERATOR).imports.backfill([STARTED, LOST])
    assert report.import_id is not None
    trail = house.desk(Role.OPERATOR).privacy.trail(size=10).entries
    (entry,) = [one for one in trail if one.operation == "imports.backfill_batch"]
    assert [change["kind"] for change in entry.changes] == ["import_progressed"]
    assert len(entry.objects) == len((report.import_id, "started", "lost"))
    reverted = house.desk(Role.OPERATOR).imports.revert(report.import_id)
    assert (reverted.removed, reverted.kept) == (2, 0)
    assert house.desk(Role.OPERATOR).analytics.outcomes().total.leads == 0
    assert house.desk(Role.OPERATOR).analytics.measure("show_rate").total.value is None


def test_what_is_there_already_is_left_as_it_is(house: House) -> None:
    house.desk(Role.OPERATOR).imports.backfill([STARTED])
    again = house.desk(Role.OPERATOR).imports.backfill([STARTED, LOST, LOST]).tally
    assert (again.created, again.unchanged, again.refused) == (1, 2, 0)
    assert house.desk(Role.OPERATOR).analytics.outcomes().total.leads == 2


def test_a_dry_run_stores_nothing(house: House) -> None:
    report = house.desk(Role.OPERATOR).imports.backfill([STARTED], dry_run=True)
    assert (report.import_id, report.tally.created) == (None, 1)
    assert house.desk(Role.OPERATOR).analytics.outcomes().total.leads == 0


BAD = [
    (past("moved", 1, stage="nowhere"), "unknown_stage"),
    (past("moved", 1), "required"),
    (past("assigned", 1), "required"),
    (past("appointment", 1, provider="dr-1"), "required"),
    (past("appointment", 1, provider="dr-1", status=AppointmentStatus.BOOKED), "not_over"),
    (past("contacted", 1), "required"),
    (past("lost", 1), "lost_reason_missing"),
    (past("moved", 999, stage="contacted"), "in_the_future"),
    (evolve(past("moved", 1, stage="contacted"), at=datetime(2026, 3, 3)), "naive_datetime"),  # noqa: DTZ001 - the fault
]


@pytest.mark.parametrize("event,code", BAD)
def test_an_event_that_cannot_be_is_reported_and_the_rest_stands(
    house: House, event: Past, code: str
) -> None:
    tally = (
        house.desk(Role.OPERATOR)
        .imports.backfill(
            [history("a", event, past("assigned", 0, owner="tc-1"), past("converted", 3))]
        )
        .tally
    )
    assert (tally.created, tally.refused) == (1, 0)
    assert [(bad.number, bad.code) for bad in tally.problems] == [(1, code)]
    assert house.desk(Role.OPERATOR).analytics.measure("conversions").total.value == 1


def test_backward_moves_and_events_after_the_end_are_reported(house: House) -> None:
    events = (
        past("moved", 1, stage="pending_decision"),
        past("moved", 2, stage="contacted"),
        past("converted", 3),
        past("moved", 4, stage="treatment_accepted"),
    )
    tally = house.desk(Role.OPERATOR).imports.backfill([history("a", *events)]).tally
    assert [bad.code for bad in tally.problems] == ["backward_move", "lead_locked"]
    assert tally.created == 1


@pytest.mark.parametrize(
    "bad",
    [
        "Qz",
        History(intake=Intake(first_name="Qz", received_at=CAME)),
        history("a", received_at=None),
        history("a", email="Qz"),
        evolve(history("a"), events=cast("Any", [past("converted", 1)])),
    ],
)
def test_a_history_that_cannot_be_read_is_refused_by_its_number(house: House, bad: Any) -> None:
    tally = house.desk(Role.OPERATOR).imports.backfill([LOST, bad]).tally
    assert (tally.created, tally.refused) == (1, 1)
    assert {problem.number for problem in tally.problems} == {2}
    assert "Qz" not in "".join(problem.message for problem in tally.problems)


def test_only_who_may_do_all_of_it_brings_a_past(house: House) -> None:
    for role in (Role.FRONT_DESK, Role.DOCTOR, Role.AGENT):
        with pytest.raises(Forbidden):
            house.desk(role).imports.backfill([STARTED])
