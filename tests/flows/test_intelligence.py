"""Forecasts, times to call, next actions and tones, on every backend."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from attrs import evolve

import orthocrm
from orthocrm import (
    ActivityDirection,
    CallOutcome,
    InvalidInput,
    LeadActivityType,
    LogEntry,
    MessageChannel,
    NotFound,
    Permission,
    Role,
    Settings,
)
from orthocrm.core.errors import Forbidden, LeadLocked, TooLittleHistory
from orthocrm.core.ids import LeadId, UserId
from orthocrm.core.lead import Lead
from orthocrm.core.notifying import Notice, NoticeKind
from orthocrm.core.rules import FollowUpRule, Trigger
from orthocrm.core.task import LeadTaskType, Task
from orthocrm.intelligence.forecast import Method
from orthocrm.intelligence.next_action import Because, Means
from orthocrm.intelligence.sentiment import Tone
from orthocrm.privacy.consent import NewConsent
from orthocrm.services.intelligence import acting
from orthocrm.services.work import Work
from orthocrm.testing.clock import FrozenClock
from orthocrm.testing.factories import a_lead, an_activity
from tests.flows.counting import cost, watched
from tests.flows.practice import House, enquiry
from tests.flows.scheduling import open_the_diary, wish
from tests.support.pasts import bring_a_past

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
UPSET = "This is too expensive, we went with another orthodontist."


def wrote(text: str, kind: LeadActivityType = LeadActivityType.EMAIL) -> LogEntry:
    return LogEntry(type=kind, direction=ActivityDirection.INBOUND, notes=text)


def alarms(house: House, lead: Lead) -> list[Task]:
    tasks = house.admin.leads.timeline(lead.id).open_tasks
    return [task for task in tasks if task.rule == "upset_family"]


def upset_notices(house: House, user: str) -> list[Notice]:
    found = house.desk(Role.CLINIC_ADMIN, user).notifications.notices().notices
    return [notice for notice in found if notice.kind == NoticeKind.FAMILY_UPSET]


def store_calls(house: House, leads: Sequence[Lead], answered: Mapping[int, int]) -> None:
    """Store twenty calls for each hour of November afternoons, so many of them answered."""
    calls = [
        an_activity(
            lead,
            datetime(2026, 10, 5 + i % 5, hour, 10, tzinfo=UTC),
            type=LeadActivityType.PHONE_CALL,
            direction=ActivityDirection.OUTBOUND,
            call_outcome=CallOutcome.SPOKE if i < reached else CallOutcome.NO_ANSWER,
        )
        for hour, reached in answered.items()
        for i in range(20)
        for lead in [leads[i % len(leads)]]
    ]
    with house.crm._backend.begin(house.clinic.id) as store:
        store.leads.add(leads)
        store.activities.add(calls)


@pytest.fixture
def at_hand(clock: FrozenClock) -> Iterator[House]:
    """A practice in memory, for rules that no storage has a part in."""
    with orthocrm.connect("memory://", clock=clock, discover_plugins=False) as crm:
        clinic = crm.create_clinic(
            name="Bright Smiles",
            timezone="America/Chicago",
            settings=Settings(fallback=UserId("manager")),
        )
        house = House(crm, clinic, clock)
        house.admin.settings.add_coordinator(UserId("tc-1"), "Ana")
        house.admin.settings.add_coordinator(UserId("tc-2"), "Ben")
        yield house


class TestForecast:
    def test_the_months_ahead_follow_from_those_behind(self, house: House) -> None:
        bring_a_past(house, 30, lambda place: 4 + place % 3, owner="tc-1")
        told = house.admin.intelligence.forecast(months=3)

        assert [month.first for month in told.months] == [
            date(2026, 11, 1),
            date(2026, 12, 1),
            date(2027, 1, 1),
        ]
        assert [month.count for month in told.history] == [4 + i % 3 for i in range(30)]
        assert (told.history[0].first, told.history[-1].first) == (
            date(2024, 5, 1),
            date(2026, 10, 1),
        )
        assert all(4 <= month.mean <= 6 for month in told.basis.series.months)
        assert {Method.SEASONAL_NAIVE, Method.THETA} < set(told.basis.series.backtest.accuracy)

    def test_fewer_come_where_nobody_is_open(self, at_hand: House) -> None:
        bring_a_past(at_hand, 30, lambda place: 2 + 5 * (place % 2), owner="tc-1")
        told = at_hand.admin.intelligence.forecast(months=8)

        alone, both = told.basis.series.months[0], told.months[0].expected
        assert both.mean < alone.mean / 2
        assert both.low <= both.mean <= both.high
        assert told.basis.weights[0] > 0.5
        assert told.basis.weights[6:] == (0.0, 0.0)

    def test_open_leads_are_asked_where_they_stand(self, house: House) -> None:
        bring_a_past(house, 30, lambda _: 4, owner="tc-1")
        usual = house.admin.intelligence.forecast(months=1)
        signed = [
            evolve(lead, id=new, conversion=None, status=house.lead().status)
            for lead, new in zip(
                _signed(house, 12), (LeadId(house.crm._ids()) for _ in range(12)), strict=True
            )
        ]
        with house.crm._backend.begin(house.clinic.id) as store:
            store.leads.add(signed)
        fuller = house.admin.intelligence.forecast(months=1)

        assert usual.basis.open_leads is not None
        assert fuller.basis.open_leads is not None
        stood = fuller.basis.open_leads
        assert stood.chances["accepted_at"][0] > 0.9
        assert stood.months[0] - usual.basis.open_leads.months[0] == pytest.approx(12, abs=1)
        assert fuller.months[0].expected.mean > usual.months[0].expected.mean

    def test_contracts_are_foretold_as_well(self, at_hand: House) -> None:
        bring_a_past(at_hand, 26, lambda _: 2, owner="tc-1")
        told = at_hand.admin.intelligence.forecast("acceptances", 2)
        assert {month.count for month in told.history} == {2}

    def test_a_coordinator_is_told_of_the_own_leads(self, house: House) -> None:
        bring_a_past(house, 30, lambda _: 5, owner="tc-1")
        bring_a_past(house, 30, lambda _: 2, owner="tc-2")
        own = house.desk(Role.TREATMENT_COORDINATOR, "tc-2").intelligence.forecast()
        whole = house.desk(Role.DOCTOR).intelligence.forecast()

        assert {month.count for month in own.history} == {2}
        assert {month.count for month in whole.history} == {7}

    def test_small_months_are_not_shown_to_who_sees_no_leads(self, at_hand: House) -> None:
        settings = at_hand.admin.settings.practice().clinic.settings
        reporting = evolve(settings.reporting, smallest_group=4)
        at_hand.admin.settings.change(evolve(settings, reporting=reporting))
        bring_a_past(at_hand, 30, lambda place: 2 + 4 * (place % 2))
        doctor = at_hand.desk(Role.DOCTOR).intelligence.forecast()
        admin = at_hand.admin.intelligence.forecast()

        assert {month.count for month in doctor.history} == {None, 6}
        assert {month.count for month in admin.history} == {2, 6}
        assert set(doctor.basis.series.methods) == {Method.COMBINED}
        assert doctor.basis.open_leads is not None
        assert doctor.basis.open_leads.pairs == ()

    @pytest.mark.parametrize("months", [0, 10, 23])
    def test_too_short_a_past_says_how_much_is_missing(self, at_hand: House, months: int) -> None:
        bring_a_past(at_hand, months)
        with pytest.raises(TooLittleHistory) as refusal:
            at_hand.admin.intelligence.forecast()
        assert refusal.value.missing == 24 - months

    def test_the_past_of_another_clinic_does_not_count(self, at_hand: House) -> None:
        other = at_hand.crm.create_clinic(name="Other", timezone="UTC")
        bring_a_past(House(at_hand.crm, other, at_hand.clock), 30)
        with pytest.raises(TooLittleHistory):
            at_hand.admin.intelligence.forecast()


def _signed(house: House, number: int) -> Sequence[Lead]:
    """Give leads that signed last month."""
    clinic = house.clinic
    asked = house.clock() - 30 * DAY
    leads = [a_lead(clinic, owner="tc-1", created_at=asked) for _ in range(number)]
    return [
        evolve(
            lead,
            milestones=evolve(
                lead.milestones,
                first_attempt_at=asked,
                first_contact_at=asked,
                scheduled_at=asked + DAY,
                completed_at=asked + 10 * DAY,
                accepted_at=asked + 20 * DAY,
            ),
        )
        for lead in leads
    ]


class TestTimesToCall:
    def test_the_best_hour_comes_first(self, house: House) -> None:
        leads = [a_lead(house.clinic, owner="tc-1") for _ in range(3)]
        store_calls(house, leads, {15: 2, 16: 3, 17: 2, 18: 18, 19: 2, 20: 3})
        times = house.admin.intelligence.contact_times()
        advice = house.front.intelligence.call_times(leads[0].id, 2)

        assert (times.tried, times.reached) == (120, 30)
        assert times.differs
        assert times.best[0].hour == 13
        assert advice.zone == "America/Chicago"
        assert advice.times[0].hour == 13
        assert advice.times[0].rate is not None

    def test_without_a_difference_the_next_hours_come_first(self, at_hand: House) -> None:
        lead = at_hand.lead()
        advice = at_hand.front.intelligence.call_times(lead.id, 1)

        assert advice.verdict == "no call was logged yet"
        assert advice.times[0].starts_at == at_hand.clock()
        assert {time.rate for time in advice.times} == {None}

    def test_only_open_hours_outside_quiet_ones_are_named(self, at_hand: House) -> None:
        pacific = at_hand.lead(phone="+1 415 555 0142")
        advice = at_hand.front.intelligence.call_times(pacific.id, 1)

        assert advice.zone == "America/Los_Angeles"
        assert advice.times[0].starts_at == datetime(2026, 11, 2, 16, tzinfo=UTC)
        assert advice.times[0].hour == 8
        assert all(time.ends_at <= datetime(2026, 11, 2, 23, tzinfo=UTC) for time in advice.times)

    def test_a_coordinator_is_told_of_calls_to_the_own_leads(self, house: House) -> None:
        store_calls(house, [a_lead(house.clinic, owner="tc-1")], {16: 4, 17: 5})
        mine = house.coordinator.intelligence.contact_times()
        other = house.desk(Role.TREATMENT_COORDINATOR, "tc-2").intelligence.contact_times()

        assert (mine.tried, other.tried) == (40, 0)
        with pytest.raises(Forbidden):
            house.desk(Role.MARKETING_MANAGER).intelligence.contact_times()

    def test_a_family_that_wants_no_contact_is_called_at_no_time(self, at_hand: House) -> None:
        lead = a_lead(at_hand.clinic, owner="tc-1")
        silent = evolve(lead, enquiry=evolve(lead.enquiry, no_contact=True))
        with at_hand.crm._backend.begin(at_hand.clinic.id) as store:
            store.leads.add([silent])
        advice = at_hand.front.intelligence.call_times(silent.id)
        assert (advice.times, advice.because) == ((), "no_contact")

    def test_a_converted_lead_is_not_called_for_its_enquiry(self, at_hand: House) -> None:
        lead = at_hand.coordinator.pipeline.convert(at_hand.lead().id).lead
        with pytest.raises(LeadLocked):
            at_hand.front.intelligence.call_times(lead.id)

    @pytest.mark.parametrize("days", [0, 32, True, "7"])
    def test_the_days_have_bounds(self, at_hand: House, days: int) -> None:
        with pytest.raises(InvalidInput, match="days"):
            at_hand.front.intelligence.call_times(at_hand.lead().id, days)


class TestNextActions:
    def test_everything_that_is_due_is_ranked_with_its_reason(self, house: House) -> None:
        open_the_diary(house)
        asked, new, unconfirmed, silent = (
            house.lead(owner="tc-1", email=f"{name}@example.com", phone=f"31255501{i}0")
            for i, name in enumerate("abcd")
        )
        desk = house.coordinator.followups
        for lead in (asked, unconfirmed):
            desk.log(lead.id, LogEntry(type=LeadActivityType.IN_PERSON))
        for _ in range(3):
            desk.log(
                silent.id,
                LogEntry(type=LeadActivityType.PHONE_CALL, call_outcome=CallOutcome.NO_ANSWER),
            )
        house.front.scheduling.book(wish(unconfirmed, starts_at=_next_visit(house)))
        house.clock.advance(HOUR)
        desk.log(asked.id, wrote("Which documents do we have to bring?"))
        house.clock.advance(HOUR)
        found = house.coordinator.intelligence.next_actions()

        assert [(action.lead_id, action.because) for action in found[:2]] == [
            (asked.id, Because.ANSWER_WAITING),
            (new.id, Because.FIRST_CONTACT_DUE),
        ]
        reasons = {action.lead_id: {action.because, *action.also} for action in found}
        assert Because.BREAK_UP_DUE in reasons[silent.id]
        assert Because.CONSULTATION_UNCONFIRMED in reasons[unconfirmed.id]

    def test_an_answer_of_ours_ends_the_waiting(self, at_hand: House) -> None:
        lead = at_hand.lead(owner="tc-1")
        desk = at_hand.coordinator
        desk.followups.log(lead.id, wrote("Which documents do we have to bring?"))
        at_hand.clock.advance(HOUR)
        assert Because.ANSWER_WAITING in _reasons(desk.intelligence.next_actions())
        desk.followups.log(lead.id, LogEntry(type=LeadActivityType.EMAIL, notes="your card"))
        assert Because.ANSWER_WAITING not in _reasons(desk.intelligence.next_actions())

    def test_consent_and_quiet_hours_decide_by_which_means(self, house: House) -> None:
        lead = house.lead(owner="tc-1", preferred_contact="TEXT")
        desk = house.coordinator.intelligence

        def means() -> list[Means]:
            return [action.means for action in desk.next_actions() if action.lead_id == lead.id]

        assert means() == [Means.CALL]
        house.front.notifications.record_consent(
            lead.id, NewConsent(channel=MessageChannel.SMS, granted=True, evidence="on paper")
        )
        assert means() == [Means.SMS]
        house.clock.set(datetime(2026, 11, 3, 4, tzinfo=UTC))
        assert means() == [Means.EMAIL]
        house.front.notifications.record_consent(
            lead.id, NewConsent(channel=MessageChannel.EMAIL, granted=False)
        )
        assert means() == []

    def test_everybody_gets_the_own_list_and_a_manager_any(self, at_hand: House) -> None:
        lead = at_hand.lead(owner="tc-1")
        other = at_hand.desk(Role.TREATMENT_COORDINATOR, "tc-2")
        assert [a.lead_id for a in at_hand.coordinator.intelligence.next_actions()] == [lead.id]
        assert other.intelligence.next_actions() == ()
        assert [a.lead_id for a in at_hand.admin.intelligence.next_actions("tc-1")] == [lead.id]

    def test_nothing_of_closed_leads_or_of_another_clinic_is_put_forward(
        self, house: House
    ) -> None:
        house.coordinator.pipeline.convert(house.lead(owner="tc-1").id)
        house.coordinator.pipeline.lose(house.lead(owner="tc-1").id, "RELOCATED")
        other = house.crm.create_clinic(name="Other", timezone="UTC")
        theirs = house.desk(Role.TREATMENT_COORDINATOR, "tc-1", other)
        theirs.leads.capture(enquiry())
        assert house.coordinator.intelligence.next_actions() == ()

    @pytest.mark.parametrize("most", [0, 201, True, "5"])
    def test_the_length_of_the_list_has_bounds(self, at_hand: House, most: int) -> None:
        with pytest.raises(InvalidInput, match="most"):
            at_hand.coordinator.intelligence.next_actions(most=most)


def _next_visit(house: House) -> datetime:
    return house.clock().replace(hour=16) + DAY


def _reasons(found: Sequence[object]) -> set[Because]:
    return {because for action in found for because in (action.because, *action.also)}  # type: ignore[attr-defined] # next actions


class TestTones:
    def test_an_upset_family_is_noticed_once(self, house: House) -> None:
        lead = house.lead(owner="tc-1")
        desk = house.front.followups
        first = desk.log(lead.id, wrote(UPSET))
        second = desk.log(lead.id, wrote("Nobody ever called us back."))
        house.crm.work()

        assert [task.rule for task in first.tasks] == ["upset_family"]
        assert second.tasks == ()
        assert [task.assigned_to for task in alarms(house, lead)] == ["tc-1"]
        for user in ("tc-1", "manager"):
            assert [n.lead_id for n in upset_notices(house, user)] == [lead.id, lead.id]

    def test_one_message_of_a_family_with_two_children_alarms_once(self, house: House) -> None:
        first, second = house.lead(owner="tc-1"), house.lead(patient_first_name="Ben")
        house.front.followups.log_many([(first.id, wrote(UPSET)), (second.id, wrote(UPSET))])
        assert len(alarms(house, first) + alarms(house, second)) == 1

    @pytest.mark.parametrize(
        "entry, alarmed",
        [
            (wrote(UPSET, LeadActivityType.SMS), True),
            (LogEntry(type=LeadActivityType.NOTE, notes=UPSET), True),
            (LogEntry(type=LeadActivityType.EMAIL, notes=UPSET), False),
            (wrote("How much do braces cost?"), False),
            (wrote("Thank you so much, we love the office!"), False),
            (wrote(""), False),
        ],
        ids=["text", "note", "our own e-mail", "question", "praise", "nothing"],
    )
    def test_what_families_write_is_looked_at(
        self,
        at_hand: House,
        entry: LogEntry,
        alarmed: bool,  # noqa: FBT001 - a parameter of the test
    ) -> None:
        lead = at_hand.lead(owner="tc-1")
        at_hand.front.followups.log(lead.id, entry)
        assert bool(alarms(at_hand, lead)) is alarmed

    def test_a_converted_family_is_noticed_without_a_task(self, at_hand: House) -> None:
        lead = at_hand.coordinator.pipeline.convert(at_hand.lead(owner="tc-1").id).lead
        logged = at_hand.front.followups.log(lead.id, wrote(UPSET))
        at_hand.crm.work()

        assert logged.tasks == ()
        assert [notice.lead_id for notice in upset_notices(at_hand, "manager")] == [lead.id]

    def test_a_clinic_may_choose_what_happens_or_that_nothing_does(self, at_hand: House) -> None:
        settings = at_hand.admin.settings.practice().clinic.settings
        own = FollowUpRule(
            name="ours", trigger=Trigger.UPSET, task=LeadTaskType.EMAIL, title="Apologise"
        )
        at_hand.admin.settings.change(evolve(settings, rules=(*settings.rules, own)))
        first = at_hand.front.followups.log(at_hand.lead(owner="tc-1").id, wrote(UPSET))
        at_hand.admin.settings.change(evolve(settings, sentiment=None))
        second = at_hand.front.followups.log(at_hand.lead(owner="tc-1").id, wrote(UPSET))

        assert [task.rule for task in first.tasks] == ["ours"]
        assert second.tasks == ()

    def test_two_messages_at_once_make_one_task(self, at_hand: House) -> None:
        lead = at_hand.lead(owner="tc-1")
        second = wrote("Nobody ever called us back.", LeadActivityType.SMS)
        at_hand.front.followups.log_many([(lead.id, wrote(UPSET)), (lead.id, second)])
        assert len(alarms(at_hand, lead)) == 1

    def test_the_open_lead_of_a_family_gets_the_task(self, at_hand: House) -> None:
        lost = at_hand.lead(owner="tc-1")
        at_hand.coordinator.pipeline.lose(lost.id, "RELOCATED")
        sister = at_hand.lead(owner="tc-1", patient_first_name="Ben")
        at_hand.front.followups.log_many([(lost.id, wrote(UPSET)), (sister.id, wrote(UPSET))])
        assert (len(alarms(at_hand, lost)), len(alarms(at_hand, sister))) == (0, 1)

    def test_nobody_is_sent_after_a_family_that_wants_to_be_left_alone(
        self, at_hand: House
    ) -> None:
        lead = at_hand.lead(owner="tc-1")
        at_hand.front.followups.log(lead.id, wrote("Terrible! Stop texting me."))
        at_hand.crm.work()
        assert alarms(at_hand, lead) == []
        assert [n.lead_id for n in upset_notices(at_hand, "manager")] == [lead.id]

    def test_what_was_written_long_ago_alarms_nobody(self, at_hand: House) -> None:
        lead = at_hand.lead(owner="tc-1")
        old = evolve(wrote(UPSET), occurred_at=at_hand.clock() - 8 * DAY)
        assert at_hand.front.followups.log(lead.id, old).tasks == ()

    def test_tones_of_a_lead_are_read_newest_first(self, house: House) -> None:
        lead = house.lead()
        house.front.followups.log(lead.id, wrote("Thank you so much!"))
        house.clock.advance(HOUR)
        house.front.followups.log(lead.id, wrote(UPSET))
        found = house.front.intelligence.tones(lead.id)
        assert [message.sentiment.tone for message in found] == [Tone.NEGATIVE, Tone.POSITIVE]

    def test_a_lead_of_another_clinic_is_not_found(self, house: House) -> None:
        other = house.crm.create_clinic(name="Other", timezone="UTC")
        lead = house.desk(Role.OPERATOR, clinic=other).leads.capture(enquiry()).lead
        for verb in (house.front.intelligence.tones, house.front.intelligence.call_times):
            with pytest.raises(NotFound):
                verb(lead.id)


@pytest.fixture
def counted(migrated_sqlite_url: str, clock: FrozenClock) -> Iterator[House]:
    with watched(migrated_sqlite_url, clock) as house:
        house.admin.settings.add_coordinator(UserId("tc-1"), "Ana")
        yield house


@pytest.mark.parametrize("number", [1, 3])
def test_a_list_of_actions_takes_as_many_statements_however_long_it_is(
    counted: House, number: int
) -> None:
    for i in range(number):
        lead = counted.lead(owner="tc-1", email=f"f{i}@example.com", phone=f"31255501{i}0")
        counted.coordinator.followups.log(lead.id, wrote("When can we come?"))
    counted.coordinator.intelligence.next_actions()

    assert cost(counted.coordinator.intelligence.next_actions) == 16


@pytest.mark.parametrize("number", [1, 3])
def test_a_forecast_takes_as_many_statements_however_much_there_is(
    counted: House, number: int
) -> None:
    bring_a_past(counted, 26, lambda _: number)
    counted.admin.intelligence.forecast()

    assert cost(counted.admin.intelligence.forecast) == 5


def test_scores_lift_a_lead_that_has_gone_cold(at_hand: House) -> None:
    cold = at_hand.lead(owner="tc-1")
    at_hand.coordinator.followups.log(cold.id, LogEntry(type=LeadActivityType.IN_PERSON))
    at_hand.clock.advance(6 * DAY)

    def known(work: Work, leads: Sequence[Lead]) -> Mapping[LeadId, float]:
        return {lead.id: 0.9 for lead in leads if work.clinic_id == lead.clinic_id}

    (action,) = at_hand.coordinator.office.carry_out(
        "intelligence.next_actions",
        Permission.LEAD_READ,
        lambda work: acting.actions(work, None, 10, known),
    )
    assert Because.PROMISING_AND_COLD in (action.because, *action.also)
    assert action.score == 0.9
