"""Following up as data: messages, stage automation, escalation and the agenda of a day."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from attrs import evolve

from orthocrm import (
    ActivityDirection,
    CallOutcome,
    Cond,
    FollowUpRule,
    InvalidInput,
    LeadActivityType,
    LeadTaskType,
    LogEntry,
    MessageTemplate,
    NewTask,
    Permission,
    Role,
    Settings,
    Task,
    TaskPriority,
    TaskTemplate,
    Trigger,
)
from orthocrm.core.appointment import Appointment, AppointmentStatus
from orthocrm.core.ids import TaskId, UserId
from orthocrm.core.lead import Lead
from orthocrm.core.messaging import Messaging
from orthocrm.core.notifying import Message, MessageChannel, MessageState
from orthocrm.services.notifications.queueing import Wanted, queue
from orthocrm.services.work import everything
from orthocrm.testing.factories import an_appointment
from tests.flows.following import configure, queued, told
from tests.flows.practice import House, enquiry

SMS, EMAIL = MessageChannel.SMS, MessageChannel.EMAIL
NO_ANSWER = LogEntry(type=LeadActivityType.PHONE_CALL, call_outcome=CallOutcome.NO_ANSWER)
SPOKE = LogEntry(type=LeadActivityType.PHONE_CALL, call_outcome=CallOutcome.SPOKE)
ANSWER = LogEntry(type=LeadActivityType.SMS, direction=ActivityDirection.INBOUND)
DAY = timedelta(days=1)
PAPERS = TaskTemplate(
    name="papers", type=LeadTaskType.PAPERWORK_REMINDER, title="Papers for {patient_first_name}"
)
WELCOME = MessageTemplate(name="welcome", channel=SMS, body="Welcome to {practice}!")


def book(house: House, lead: Lead, **fields: Any) -> Appointment:
    appointment = an_appointment(lead, house.clock(), **fields)
    with house.crm._backend.begin(house.clinic.id) as store:
        store.appointments.add([appointment])
    return appointment


def in_silence(house: House, lead: Lead, times: int = 3) -> None:
    for _ in range(times):
        house.coordinator.followups.log(lead.id, NO_ANSWER)


def rules_of(tasks: tuple[Task, ...]) -> list[str | None]:
    return [task.rule for task in tasks]


def test_without_a_carrier_rules_make_their_tasks_as_ever_and_no_message(house: House) -> None:
    lead = house.lead()
    in_silence(house, lead)
    house.coordinator.pipeline.move(lead.id, "consultation_scheduled")

    assert queued(house) == []
    assert {"break_up", "confirm_consultation"} <= {
        task.rule for task in house.coordinator.followups.open_tasks()
    }


def test_the_break_up_e_mail_is_queued_once_beside_the_task(house: House) -> None:
    configure(house)
    lead = house.lead()

    in_silence(house, lead, times=5)

    (message,) = queued(house)
    assert (message.about, message.channel, message.state, message.lead_id, message.template) == (
        "rule:break_up",
        EMAIL,
        MessageState.PENDING,
        lead.id,
        "break_up",
    )
    assert (message.to, message.due_at) == ("maria@example.com", house.clock())
    assert message.body.startswith("Hello Maria,")
    tasks = house.coordinator.followups.open_tasks()
    assert rules_of(tasks).count("break_up") == 1


def test_an_answer_withdraws_the_break_up_e_mail(house: House) -> None:
    configure(house)
    lead = house.lead()
    in_silence(house, lead)

    house.coordinator.followups.log(lead.id, ANSWER)

    (message,) = queued(house)
    assert (message.state, message.because, message.settled_at) == (
        MessageState.CANCELLED,
        "not_needed",
        house.clock(),
    )
    in_silence(house, lead)
    assert [m.state for m in queued(house)] == [MessageState.CANCELLED, MessageState.PENDING]


def test_giving_a_lead_up_withdraws_what_waits_for_it(house: House) -> None:
    configure(house)
    lead = house.lead()
    in_silence(house, lead)

    house.coordinator.pipeline.lose(lead.id, "NO_RESPONSE")

    assert told(house) == [("rule:break_up", EMAIL, MessageState.CANCELLED)]


def test_what_was_sent_already_is_not_withdrawn(house: House) -> None:
    configure(house)
    lead = house.lead()
    in_silence(house, lead)
    with house.crm._backend.begin(house.clinic.id) as store:
        (message,) = everything(store.messages)
        store.messages.save([evolve(message, state=MessageState.SENT)])

    house.coordinator.pipeline.lose(lead.id, "NO_RESPONSE")

    assert told(house) == [("rule:break_up", EMAIL, MessageState.SENT)]


def test_the_confirmation_names_the_next_appointment(house: House) -> None:
    configure(house)
    lead = house.lead(preferred_contact="TEXT")
    book(house, lead, starts_at=house.clock() + 3 * DAY)
    book(house, lead, starts_at=house.clock() + 2 * DAY)
    book(house, lead, starts_at=house.clock() + DAY, status=AppointmentStatus.CANCELLED)

    house.coordinator.pipeline.move(lead.id, "consultation_scheduled")

    (message,) = queued(house)
    assert (message.about, message.channel, message.to) == (
        "rule:confirm_consultation",
        SMS,
        "+13125550142",
    )
    assert message.body == (
        "Bright Smiles: your visit is on Wednesday, November 4 at 9:00 AM. "
        "Questions or changes: (312) 555-0100"
    )


def test_a_confirmation_that_cannot_say_when_is_left_to_the_task(house: House) -> None:
    configure(house)
    lead = house.lead()

    moved = house.coordinator.pipeline.move(lead.id, "consultation_scheduled")

    assert (rules_of(moved.tasks), queued(house)) == (["confirm_consultation"], [])


def test_leaving_the_stage_withdraws_the_confirmation(house: House) -> None:
    configure(house)
    lead = house.lead()
    book(house, lead)
    house.coordinator.pipeline.move(lead.id, "consultation_scheduled")

    house.coordinator.pipeline.move(lead.id, "consultation_completed")

    assert told(house) == [("rule:confirm_consultation", EMAIL, MessageState.CANCELLED)]


def test_a_family_without_an_address_gets_no_message(house: House) -> None:
    configure(house, messaging=Messaging(carriers=((EMAIL, "smtp"),), phone="1"))
    lead = house.lead(email=None)

    in_silence(house, lead)

    assert queued(house) == []


def with_automation(house: House, stage: str = "contacted", **names: Any) -> None:
    present = house.admin.settings.practice()
    templates = (*present.clinic.settings.message_templates, WELCOME)
    configure(house, task_templates=(PAPERS,), message_templates=templates)
    known = house.admin.settings.practice().stage(stage)
    house.admin.settings.change_stage(evolve(known, **names))


def test_entering_a_stage_makes_its_task_and_queues_its_message_once(house: House) -> None:
    with_automation(house, auto_task="papers", auto_email="welcome")
    lead = house.lead()

    moved = house.coordinator.pipeline.move(lead.id, "contacted")

    assert [(t.rule, t.title) for t in moved.tasks] == [("stage:contacted", "Papers for Sofia")]
    assert moved.lead.milestones.next_action_at == house.clock()
    assert told(house) == [("stage:contacted", SMS, MessageState.PENDING)]
    assert queued(house)[0].body == "Welcome to Bright Smiles!"


def test_the_first_stage_acts_for_new_leads(house: House) -> None:
    with_automation(house, "new_lead", auto_task="papers", auto_email="welcome")

    captured = house.coordinator.leads.capture(enquiry())

    assert rules_of(captured.tasks) == ["speed_to_lead", "stage:new_lead"]
    assert told(house) == [("stage:new_lead", SMS, MessageState.PENDING)]


def test_the_won_stage_may_write_but_makes_no_task(house: House) -> None:
    with_automation(house, "treatment_started", auto_task="papers", auto_email="welcome")

    moved = house.coordinator.pipeline.convert(house.lead().id)

    assert moved.tasks == ()
    assert told(house) == [("stage:treatment_started", SMS, MessageState.PENDING)]


def test_each_visit_of_a_stage_acts_again(house: House) -> None:
    with_automation(house, auto_email="welcome")
    lead = house.lead()
    house.coordinator.pipeline.move(lead.id, "contacted")
    house.coordinator.pipeline.lose(lead.id, "TIMING_NOT_RIGHT")
    house.coordinator.pipeline.reopen(lead.id, "they called")

    assert told(house) == [
        ("stage:contacted", SMS, MessageState.CANCELLED),
        ("stage:contacted", SMS, MessageState.PENDING),
    ]


@pytest.mark.parametrize(
    "names, path", [({"auto_task": "no"}, "auto_task"), ({"auto_email": "papers"}, "auto_email")]
)
def test_a_stage_cannot_name_a_template_that_does_not_exist(
    house: House, names: dict[str, Any], path: str
) -> None:
    configure(house, task_templates=(PAPERS,))
    stage = house.admin.settings.practice().stage("contacted")

    with pytest.raises(InvalidInput) as caught:
        house.admin.settings.change_stage(evolve(stage, **names))
    assert [(p.path, p.code) for p in caught.value.problems] == [(path, "unknown_template")]


def test_a_template_that_a_stage_names_cannot_be_forgotten(house: House) -> None:
    with_automation(house, auto_task="papers")

    with pytest.raises(InvalidInput) as caught:
        configure(house, task_templates=())
    assert [(p.path, p.code) for p in caught.value.problems] == [("task_templates", "in_use")]


def test_a_place_without_known_holidays_is_refused(house: House) -> None:
    with pytest.raises(InvalidInput) as caught:
        configure(house, holidays="XX")
    assert [(p.path, p.code) for p in caught.value.problems] == [("holidays", "unknown_place")]
    with pytest.raises(InvalidInput):
        house.crm.create_clinic(name="B", timezone="UTC", settings=Settings(holidays="XX"))


def test_the_first_call_waits_for_the_day_after_a_holiday(house: House) -> None:
    configure(house, holidays="US")
    house.clock.set(house.clock().replace(month=11, day=26))

    (call,) = house.coordinator.leads.capture(enquiry()).tasks

    assert call.due_at == house.clock() + DAY + timedelta(minutes=5)


def test_a_condition_is_kept_and_decides_whether_a_rule_speaks(house: House) -> None:
    rule = FollowUpRule(
        name="siblings",
        trigger=Trigger.IN_STAGE,
        after=2 * DAY,
        where=Cond("interest", "has", "INVISALIGN"),
        task=LeadTaskType.CALL,
        title="Ask again",
    )
    configure(house, rules=(rule,))
    house.lead()
    wished = house.lead(interests=["INVISALIGN"])
    house.clock.advance(2 * DAY)

    made = house.coordinator.followups.raise_due()

    assert [(task.lead_id, task.rule) for task in made] == [(wished.id, "siblings")]
    assert house.coordinator.followups.raise_due() == ()
    assert house.admin.settings.practice().clinic.settings.rules == (rule,)


def a_task(house: House, lead: Lead, **fields: Any) -> Task:
    new = {"type": LeadTaskType.CALL, "title": "Call", "due_at": house.clock() + DAY, **fields}
    return house.coordinator.followups.add_task(lead.id, NewTask(**new))


def test_a_task_is_put_off_with_the_lead_s_next_action(house: House) -> None:
    configure(house, rules=())
    lead = house.lead()
    task = a_task(house, lead)
    later = house.clock() + 3 * DAY

    put_off = house.coordinator.followups.snooze(task.id, later)

    assert (put_off.due_at, put_off.version) == (later, task.version + 1)
    assert house.coordinator.leads.get(lead.id).milestones.next_action_at == later


@pytest.mark.parametrize("until", [lambda now: now, lambda _: "tomorrow", lambda _: None])
def test_a_task_cannot_be_put_off_into_the_past_or_to_nonsense(
    house: House, until: Callable[[Any], Any]
) -> None:
    task = a_task(house, house.lead())

    with pytest.raises(InvalidInput, match="until"):
        house.coordinator.followups.snooze(task.id, until(house.clock()))
    assert house.coordinator.followups.open_tasks(due_before=task.due_at + DAY)[-1] == task


def test_a_task_long_overdue_is_escalated_once(house: House) -> None:
    configure(house, rules=())
    lead = house.lead()
    task = a_task(house, lead)
    own = a_task(house, lead, assigned_to=UserId("manager"))
    house.clock.advance(2 * DAY)

    house.crm.work()
    house.clock.advance(DAY)
    house.crm.work()

    after = {t.id: t for t in house.admin.followups.open_tasks()}
    assert after[task.id].escalated_at == house.clock() - DAY
    assert after[own.id].escalated_at is None
    assert house.admin.followups.agenda("manager").escalated == (after[task.id],)
    assert house.coordinator.followups.agenda("tc-1").escalated == ()


def test_a_task_that_was_put_off_in_time_is_not_escalated(house: House) -> None:
    configure(house, rules=())
    task = a_task(house, house.lead())
    house.clock.advance(2 * DAY)
    house.coordinator.followups.snooze(task.id, house.clock() + timedelta(hours=1))

    assert house.coordinator.followups.escalate_overdue() == ()


def test_the_agenda_of_a_day_holds_what_there_is_to_do(house: House) -> None:
    configure(house, rules=())
    desk = house.coordinator
    lead = house.lead(owner="tc-1")
    spoken = house.lead(owner="tc-1", phone="+1 312 555 0177", email="b@example.com")
    desk.followups.log(spoken.id, SPOKE)
    desk.followups.log(spoken.id, NO_ANSWER)
    ben = house.lead(owner="tc-2", phone="+1 312 555 0188", email="c@example.com")
    house.clock.advance(timedelta(hours=1))
    now = house.clock()
    late = a_task(house, lead, due_at=now - timedelta(minutes=30))
    urgent = a_task(house, lead, due_at=now - timedelta(minutes=5), priority=TaskPriority.URGENT)
    today = a_task(house, lead, due_at=now + timedelta(hours=2))
    tomorrow = a_task(house, lead, due_at=now + DAY)
    a_task(house, ben, due_at=now)

    seen = desk.followups.agenda()
    after = desk.followups.agenda("tc-1", date(2026, 11, 3))

    assert (seen.user, seen.day) == ("tc-1", date(2026, 11, 2))
    assert [t.id for t in seen.overdue] == [urgent.id, late.id]
    assert [t.id for t in seen.due] == [today.id]
    assert [found.id for found in seen.new_leads] == [lead.id]
    assert [found.id for found in seen.silent] == [spoken.id]
    assert (seen.recalls, seen.escalated) == ((), ())
    assert [t.id for t in after.due] == [tomorrow.id]


def test_the_agenda_of_who_sees_only_the_own_leads_is_the_own(house: House) -> None:
    configure(house, own_leads_only=True)
    house.lead(owner="tc-2")

    seen = house.coordinator.followups.agenda("tc-2")

    assert (seen.user, seen.new_leads, seen.due) == ("tc-1", (), ())


def test_after_a_wrong_number_the_other_one_is_suggested(house: House) -> None:
    lead = house.lead(phone_alt="+1 312 555 0166")
    wrong = LogEntry(type=LeadActivityType.PHONE_CALL, call_outcome=CallOutcome.WRONG_NUMBER)

    logged = house.coordinator.followups.log(lead.id, wrong)

    assert logged.call_instead == lead.contact.phone_alt
    assert "5550166" not in repr(logged)


def test_nobody_puts_off_what_is_not_theirs_to_see(house: House) -> None:
    task = a_task(house, house.lead())
    other = house.crm.create_clinic(name="Other", timezone="UTC")
    stranger = house.desk(Role.TREATMENT_COORDINATOR, clinic=other)

    with pytest.raises(LookupError):
        stranger.followups.snooze(TaskId(task.id), house.clock() + DAY)


def queue_by_hand(house: House, *wishes: Wanted) -> list[Message | None]:
    """Queue as other parts of the library do, in a unit of work of its own."""
    office = house.coordinator.office
    return office.carry_out("tests.queue", Permission.LEAD_UPDATE, lambda work: queue(work, wishes))


def test_the_same_effect_asked_for_twice_is_one_message(house: House) -> None:
    configure(house)
    lead = house.lead()
    wish = Wanted(
        lead=lead,
        template="six_touch_hello",
        key="reminder:1",
        about="appointment:1",
        due_at=house.clock() + DAY,
        not_after=house.clock() + 2 * DAY,
    )

    first, twin, unknown = queue_by_hand(house, wish, wish, evolve(wish, template="nothing"))
    (again,) = queue_by_hand(house, wish)

    assert first is not None
    assert (first, again, unknown) == (twin, first, None)
    assert (first.due_at, first.not_after) == (wish.due_at, wish.not_after)
    assert queued(house) == [first]


def test_a_preview_keeps_nothing_and_a_bad_template_is_refused(house: House) -> None:
    before = house.admin.settings.practice()

    assert house.admin.settings.preview(WELCOME).body == "Welcome to Bright Smiles!"
    with pytest.raises(InvalidInput) as caught:
        house.admin.settings.preview(evolve(WELCOME, body="{member_id}"))

    assert [(p.path, p.code) for p in caught.value.problems] == [("template.body", "personal_data")]
    assert house.admin.settings.practice() == before
