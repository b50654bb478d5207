"""The life of leads under any sequence of verbs, against a model of its own, on every backend."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, TypeVar

import pytest
from attrs import define, field
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

import orthocrm
from orthocrm import (
    BackwardMove,
    CallOutcome,
    Channel,
    ClosedStage,
    Desk,
    InvalidInput,
    Lead,
    LeadActivityType,
    LeadClosed,
    LeadEdit,
    LeadLocked,
    LeadTaskType,
    LogEntry,
    LostReason,
    LostReasonMissing,
    NewTask,
    NobodyToAssign,
    OrthoCRM,
    OrthoCRMError,
    Task,
)
from orthocrm.core.activity import ActivityDirection
from orthocrm.core.ids import LeadId, UserId
from orthocrm.core.lead import StageVisit
from orthocrm.core.query import Aggregate, Measure
from orthocrm.privacy.keys import StaticKeys
from orthocrm.services.work import everything
from orthocrm.testing.clock import FrozenClock
from tests.flows.practice import House, enquiry

R = TypeVar("R")

FIRST, WON, LOST = "new_lead", "treatment_started", "lost"
OPEN_STAGES = (
    FIRST,
    "contacted",
    "consultation_scheduled",
    "consultation_completed",
    "pending_decision",
    "treatment_accepted",
)
TEAM = ("tc-1", "tc-2", "tc-3")
LIVE = (Channel.PHONE, Channel.WALK_IN)
CHANNELS = (*LIVE, Channel.WEB_FORM, Channel.SOCIAL, Channel.MANUAL, Channel.DOCTOR_REFERRAL)

CALL = LeadActivityType.PHONE_CALL
ANSWERED = (
    LogEntry(type=CALL, call_outcome=CallOutcome.SPOKE),
    LogEntry(type=LeadActivityType.SMS, direction=ActivityDirection.INBOUND),
    LogEntry(type=LeadActivityType.IN_PERSON),
)
UNANSWERED = (
    LogEntry(type=CALL, call_outcome=CallOutcome.NO_ANSWER),
    LogEntry(type=CALL, call_outcome=CallOutcome.VOICEMAIL),
    LogEntry(type=LeadActivityType.EMAIL),
)
REMARKS = (LogEntry(type=LeadActivityType.NOTE, notes="prefers mornings"),)

WHEN_ENTERED = {
    "consultation_scheduled": "confirm_consultation",
    "consultation_completed": "consultation_follow_up",
}
WHILE_THERE = {
    "confirm_consultation": "consultation_scheduled",
    "pending_check_in": "pending_decision",
}
UNTIL_ANSWERED = ("speed_to_lead", "escalate_no_contact", "break_up")


@define
class Expected:
    """A lead as the model has it; `tasks` are its open ones by rule, None for those of people."""

    born: datetime
    contacted: bool
    owned: bool
    path: list[tuple[str, datetime]]
    tasks: Counter[str | None] = field(factory=Counter)
    died_in: str | None = None
    unanswered: int = 0
    escalated: bool = False
    checked_in: bool = False
    furthest_order: int = 0
    as_converted: Lead | None = None

    @property
    def stage(self) -> str:
        return self.path[-1][0]

    @property
    def is_closed(self) -> bool:
        return self.stage in (WON, LOST)

    @property
    def status(self) -> str:
        if self.is_closed:
            return "CONVERTED" if self.stage == WON else "LOST"
        return "NEW" if self.stage == FIRST and not self.contacted else "ACTIVE"

    def closed_error(self) -> type[OrthoCRMError] | None:
        if not self.is_closed:
            return None
        return LeadLocked if self.stage == WON else LeadClosed

    def enter(self, stage: str, at: datetime, order: int) -> None:
        self.path.append((stage, at))
        if stage != LOST:
            self.furthest_order = max(self.furthest_order, order)
        self.checked_in = False
        for name, needed in WHILE_THERE.items():
            if stage != needed:
                del self.tasks[name]
        if stage in WHEN_ENTERED and self.owned:
            self.tasks[WHEN_ENTERED[stage]] += 1
        if self.is_closed:
            kept = self.tasks[None] if stage == LOST else 0
            self.tasks = Counter({None: kept})

    def answer(self) -> None:
        self.contacted, self.unanswered = True, 0
        for name in UNTIL_ANSWERED:
            del self.tasks[name]

    def stay_silent(self) -> None:
        self.unanswered += 1
        if self.unanswered == 3 and not self.is_closed:
            self.tasks["break_up"] += 1

    def wait_until(self, now: datetime) -> None:
        """Let the rules speak whose time has passed."""
        if self.is_closed:
            return
        if not (self.contacted or self.escalated) and now - self.born >= timedelta(hours=24):
            self.escalated = True
            self.tasks["escalate_no_contact"] += 1
        stage, since = self.path[-1]
        long = now - since >= timedelta(days=7)
        if stage == "pending_decision" and long and not self.checked_in:
            self.checked_in = True
            self.tasks["pending_check_in"] += 1


class LeadMachine(RuleBasedStateMachine):
    """Any order of the verbs; after each of them the practice is what the model says."""

    leads: Bundle[LeadId] = Bundle("leads")

    def __init__(self, opened: Callable[[], OrthoCRM], clock: FrozenClock) -> None:
        super().__init__()
        self.crm, self.clock = opened(), clock
        self.model: dict[LeadId, Expected] = {}
        self.order = list(OPEN_STAGES)
        self.team: list[str] = []
        self.away: list[tuple[str, datetime, datetime]] = []
        self.fallback = False
        self.manager_works = False
        self.calls = 1

    @initialize(team=st.integers(0, 2), fallback=st.booleans())
    def open_the_practice(self, team: int, fallback: bool) -> None:  # noqa: FBT001 - a drawn value
        self.fallback = fallback
        clinic = self.crm.create_clinic(
            name="Bright Smiles",
            timezone="America/Chicago",
            settings=orthocrm.Settings(fallback=UserId("manager") if fallback else None),
        )
        self.house = House(self.crm, clinic, self.clock)
        for _ in range(team):
            self.hire()

    @rule()
    def change_shifts(self) -> None:
        """From now on the manager works on leads instead of a coordinator, or the other way."""
        self.manager_works = not self.manager_works

    @property
    def desk(self) -> Desk:
        return self.house.admin if self.manager_works else self.house.coordinator

    def expect(self, error: type[OrthoCRMError] | None, verb: Callable[[], R]) -> R | None:
        """Call a verb that succeeds, or is refused in exactly this way."""
        self.calls += 1
        if error is None:
            return verb()
        with pytest.raises(error) as refusal:
            verb()
        assert type(refusal.value) is error
        return None

    def somebody_is_there(self) -> bool:
        now = self.clock()
        away = {user for user, start, end in self.away if start <= now < end}
        return self.fallback or bool(set(self.team) - away)

    def somebody_works_or_is_there(self) -> bool:
        return self.somebody_is_there() or not self.manager_works

    def adopt(self, lead: Expected) -> type[OrthoCRMError] | None:
        """Tell whether an open lead gets a coordinator: a coordinator at work takes it up."""
        if lead.is_closed or lead.owned:
            return None
        return None if self.somebody_works_or_is_there() else NobodyToAssign

    def place(self, stage: str) -> int:
        """The order of a stage, from 1."""
        return [*self.order, WON, LOST].index(stage) + 1

    def enter(self, lead: Expected, stage: str) -> None:
        lead.enter(stage, self.clock(), self.place(stage))

    # What the practice does with leads

    @rule(target=leads, channel=st.sampled_from(CHANNELS))
    def capture(self, channel: Channel) -> LeadId:
        number = len(self.model)
        intake = enquiry(channel=channel, phone=f"+1 312 555 {number:04}", email=None)
        captured = self.expect(None, lambda: self.house.front.leads.capture(intake))
        assert captured is not None
        live, now = channel in LIVE, self.clock()
        lead = Expected(
            born=now,
            contacted=live,
            owned=live or self.somebody_is_there(),
            path=[(FIRST, now)],
            furthest_order=self.place(FIRST),
        )
        if lead.owned and not live:
            lead.tasks["speed_to_lead"] += 1
        self.model[captured.lead.id] = lead
        return captured.lead.id

    @rule(lead_id=leads, stage=st.sampled_from((*OPEN_STAGES, WON, LOST)))
    def move(self, lead_id: LeadId, stage: str) -> None:
        lead = self.model[lead_id]
        error = lead.closed_error() or self.adopt(lead) or self.refusal_to_move(lead, stage)
        self.expect(error, lambda: self.desk.pipeline.move(lead_id, stage))
        if error is None:
            lead.owned = True
            self.enter(lead, stage)

    def refusal_to_move(self, lead: Expected, stage: str) -> type[OrthoCRMError] | None:
        if stage in (WON, LOST):
            return ClosedStage
        return None if self.place(stage) > self.place(lead.stage) else BackwardMove

    @rule(lead_id=leads, reason=st.sampled_from([*LostReason, None]))
    def lose(self, lead_id: LeadId, reason: LostReason | None) -> None:
        lead = self.model[lead_id]
        vague = reason in (None, LostReason.OTHER)
        error = lead.closed_error() or (LostReasonMissing if vague else None)
        self.expect(error, lambda: self.desk.pipeline.lose(lead_id, reason))
        if error is None:
            lead.died_in = lead.stage
            self.enter(lead, LOST)

    @rule(lead_id=leads)
    def convert(self, lead_id: LeadId) -> None:
        lead = self.model[lead_id]
        moved = self.expect(lead.closed_error(), lambda: self.desk.pipeline.convert(lead_id))
        if moved is not None:
            lead.as_converted = moved.lead
            self.enter(lead, WON)

    @rule(lead_id=leads)
    def reopen(self, lead_id: LeadId) -> None:
        lead = self.model[lead_id]
        error = self.refusal_to_reopen(lead)
        self.expect(error, lambda: self.desk.pipeline.reopen(lead_id, "they called again"))
        if error is None:
            assert lead.died_in is not None
            wakes_up = lead.contacted or lead.died_in != FIRST
            lead.owned = lead.owned or wakes_up
            self.enter(lead, lead.died_in)

    def refusal_to_reopen(self, lead: Expected) -> type[OrthoCRMError] | None:
        if lead.stage != LOST:
            return LeadLocked if lead.stage == WON else InvalidInput
        orphan = not lead.owned and lead.contacted
        return NobodyToAssign if orphan and not self.somebody_works_or_is_there() else None

    @rule(lead_id=leads, entry=st.sampled_from(ANSWERED + UNANSWERED + REMARKS))
    def log(self, lead_id: LeadId, entry: LogEntry) -> None:
        lead = self.model[lead_id]
        error = self.adopt(lead)
        self.expect(error, lambda: self.desk.followups.log(lead_id, entry))
        if error is not None or lead.stage == WON:
            return
        lead.owned = lead.owned or not lead.is_closed
        if entry in ANSWERED:
            lead.answer()
        elif entry in UNANSWERED:
            lead.stay_silent()

    @rule(lead_id=leads)
    def assign(self, lead_id: LeadId) -> None:
        lead = self.model[lead_id]
        error = lead.closed_error() or (None if self.somebody_is_there() else NobodyToAssign)
        self.expect(error, lambda: self.desk.assignment.assign(lead_id))
        lead.owned = lead.owned or error is None

    @precondition(lambda self: self.team)
    @rule(lead_id=leads, data=st.data())
    def assign_to(self, lead_id: LeadId, data: st.DataObject) -> None:
        lead, user = self.model[lead_id], data.draw(st.sampled_from(self.team))
        error = lead.closed_error()
        self.expect(error, lambda: self.desk.assignment.assign_to(lead_id, user))
        lead.owned = lead.owned or error is None

    @rule(lead_id=leads)
    def edit(self, lead_id: LeadId) -> None:
        lead = self.model[lead_id]
        error = LeadLocked if lead.stage == WON else None
        edit = LeadEdit(preferred_time=f"not at {self.calls}")
        self.expect(error, lambda: self.desk.leads.edit(lead_id, edit))

    @rule(lead_id=leads, days=st.integers(-1, 9))
    def add_task(self, lead_id: LeadId, days: int) -> None:
        lead = self.model[lead_id]
        error = LeadLocked if lead.stage == WON else None
        due_at = self.clock() + timedelta(days=days)
        new = NewTask(type=LeadTaskType.CUSTOM, title="Send the brochure", due_at=due_at)
        self.expect(error, lambda: self.desk.followups.add_task(lead_id, new))
        lead.tasks[None] += error is None

    @rule(data=st.data(), verb=st.sampled_from(["complete", "cancel"]))
    def finish_task(self, data: st.DataObject, verb: str) -> None:
        tasks = self.stored("tasks")
        if not tasks:
            return
        task: Task = data.draw(st.sampled_from(tasks))
        error = None if task.is_open else InvalidInput
        self.expect(error, lambda: getattr(self.desk.followups, verb)(task.id))
        if error is None:
            self.model[task.lead_id].tasks[task.rule] -= 1

    # What happens around them

    @precondition(lambda self: len(self.team) < len(TEAM))
    @rule()
    def hire(self) -> None:
        user = TEAM[len(self.team)]
        self.expect(None, lambda: self.house.admin.settings.add_coordinator(user, user.upper()))
        self.team.append(user)

    @precondition(lambda self: self.team)
    @rule(data=st.data(), days=st.integers(1, 5))
    def leave(self, data: st.DataObject, days: int) -> None:
        user, now = data.draw(st.sampled_from(self.team)), self.clock()
        end = now + timedelta(days=days)
        self.expect(None, lambda: self.house.admin.settings.add_absence(user, now, end))
        self.away.append((user, now, end))

    @rule(order=st.permutations(OPEN_STAGES))
    def reorder(self, order: list[str]) -> None:
        stages = [*order, WON, LOST]
        self.expect(None, lambda: self.house.admin.settings.reorder_stages(stages))
        self.order = order

    @rule(hours=st.sampled_from([1, 23, 25, 169]))
    def pass_time(self, hours: int) -> None:
        self.clock.advance(timedelta(hours=hours))

    @rule()
    def work(self) -> None:
        """Do a round: each of its steps is a call of the worker's own."""
        before = len(self.stored("audit"))
        self.expect(None, self.crm.work)
        self.calls += len(self.stored("audit")) - before - 1
        for lead in self.model.values():
            lead.wait_until(self.clock())

    # What holds after each of these

    @invariant()
    def the_practice_is_what_the_model_says(self) -> None:
        self.every_lead_is_where_the_model_has_it()
        self.visits_follow_each_other_and_the_last_one_is_open()
        self.open_tasks_are_those_of_the_rules()
        self.numbers_add_up()
        self.every_call_left_one_audit_entry()

    def stored(self, kind: str) -> tuple[Any, ...]:
        with self.crm._backend.begin(self.house.clinic.id) as store:
            return everything(getattr(store, kind))

    def every_lead_is_where_the_model_has_it(self) -> None:
        found: dict[LeadId, Lead] = {lead.id: lead for lead in self.stored("leads")}
        assert found.keys() == self.model.keys()
        for lead_id, expected in self.model.items():
            lead = found[lead_id]
            assert (lead.status, lead.position.stage) == (expected.status, expected.stage)
            assert (lead.ownership.owner is not None) == expected.owned
            assert expected.owned or lead.status != "ACTIVE"
            assert lead.position.furthest_order == expected.furthest_order
            assert lead.milestones.unanswered == expected.unanswered
            assert (lead.loss is not None) == (lead.status == "LOST")
            assert expected.as_converted in (None, lead)

    def visits_follow_each_other_and_the_last_one_is_open(self) -> None:
        visits: dict[LeadId, list[StageVisit]] = {lead_id: [] for lead_id in self.model}
        for visit in self.stored("visits"):
            visits[visit.lead_id].append(visit)
        for lead in self.stored("leads"):
            own = visits[lead.id]
            assert [(v.stage, v.entered_at) for v in own] == self.model[lead.id].path
            assert [v.left_at for v in own[:-1]] == [after.entered_at for _, after in pairwise(own)]
            assert (own[-1].left_at, own[-1].id) == (None, lead.position.visit_id)

    def open_tasks_are_those_of_the_rules(self) -> None:
        tasks: dict[LeadId, list[Task]] = {lead_id: [] for lead_id in self.model}
        for task in self.stored("tasks"):
            if task.is_open:
                tasks[task.lead_id].append(task)
        for lead in self.stored("leads"):
            own = tasks[lead.id]
            assert Counter(task.rule for task in own) == +self.model[lead.id].tasks
            earliest = min((task.due_at for task in own), default=None)
            assert lead.milestones.next_action_at == earliest

    def numbers_add_up(self) -> None:
        self.calls += 1
        funnel = self.house.admin.analytics.funnel().total
        statuses = Counter(lead.status for lead in self.model.values())
        assert (funnel.leads, funnel.won, funnel.lost, funnel.open) == (
            len(self.model),
            statuses["CONVERTED"],
            statuses["LOST"],
            statuses["NEW"] + statuses["ACTIVE"],
        )
        reached = [step.reached for step in funnel.steps]
        assert reached == sorted(reached, reverse=True)
        assert reached[0] == funnel.leads
        assert funnel.won is not None
        assert funnel.open is not None
        assert sum(s.drop_off for s in funnel.steps) + funnel.open + funnel.won == funnel.leads
        assert sum(s.still_open for s in funnel.steps) == funnel.open
        with self.crm._backend.begin(self.house.clinic.id) as store:
            groups = store.aggregate(Aggregate("leads", (Measure("n"),), by=("status",)))
        assert {group.key[0]: group.values["n"] for group in groups} == statuses

    def every_call_left_one_audit_entry(self) -> None:
        with self.crm._backend.begin(self.house.clinic.id) as store:
            assert store.audit.count() == self.calls


KEYS = StaticKeys({1: bytes(range(32))})
PHASES = (Phase.reuse, Phase.generate, Phase.shrink)


def connected(url: str, clock: FrozenClock) -> OrthoCRM:
    crm = orthocrm.connect(url, keys=KEYS, clock=clock, discover_plugins=False)
    crm.migrate()
    return crm


def machine(opened: Callable[[], OrthoCRM], clock: FrozenClock) -> type[LeadMachine]:
    class Here(LeadMachine):
        def __init__(self) -> None:
            super().__init__(opened, clock)

    return Here


def test_any_sequence_of_verbs_keeps_the_rules_in_memory() -> None:
    clock = FrozenClock()
    run_state_machine_as_test(
        machine(lambda: connected("memory://", clock), clock),
        settings=settings(max_examples=60, stateful_step_count=40, deadline=None, phases=PHASES),
    )


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_any_sequence_of_verbs_keeps_the_rules_on(
    engine: str, request: pytest.FixtureRequest
) -> None:
    clock = FrozenClock()
    with connected(str(request.getfixturevalue(f"migrated_{engine}_url")), clock) as crm:
        run_state_machine_as_test(
            machine(lambda: crm, clock),
            settings=settings(
                max_examples=10, stateful_step_count=20, deadline=None, phases=PHASES
            ),
        )
