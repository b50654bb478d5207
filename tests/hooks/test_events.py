"""Every event has its hook, every hook its event and its test."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from attrs import evolve

from orthocrm import (
    SIX_TOUCH,
    ActivityDirection,
    CallOutcome,
    Delivered,
    LeadActivityType,
    LeadEdit,
    LeadTaskType,
    LogEntry,
    Merge,
    MessageChannel,
    NewTask,
    NewTouch,
    Role,
    Sent,
    TaskEdit,
)
from orthocrm.core.events import KINDS
from orthocrm.core.forms import FormDefinition, FormField
from orthocrm.core.ids import AppointmentId, UserId
from orthocrm.core.keyring import KeyLayer
from orthocrm.core.lead import Lead
from orthocrm.core.messaging import Messaging
from orthocrm.core.retention import Retention
from orthocrm.core.task import Task
from orthocrm.followup.sending import LONGEST_PAUSE, MOST_ATTEMPTS
from orthocrm.hooks import Specs
from orthocrm.privacy.consent import NewConsent
from orthocrm.services.access.users import NewUser
from orthocrm.services.notifications.settling import Outcome
from orthocrm.services.scheduling.waiting import NewWaitlistEntry
from orthocrm.testing.factories import a_message
from tests.flows import files
from tests.flows.practice import House
from tests.flows.scheduling import HOUR, TUESDAY, open_the_diary, wish
from tests.hooks import test_contributions, test_refusals
from tests.hooks.plugins import a_house, an_ear
from tests.security.operations import learnt
from tests.support.zone_data import ALWAYS_SUMMER, zone_data

NO_ANSWER = LogEntry(type=LeadActivityType.PHONE_CALL, call_outcome=CallOutcome.NO_ANSWER)
COMPLAINT = LogEntry(
    type=LeadActivityType.EMAIL,
    direction=ActivityDirection.INBOUND,
    notes="This is too expensive, we went with another orthodontist.",
)
HOOKS = {name for name in vars(Specs) if not name.startswith("_")}


def deliver_what_cannot_be_read(house: House) -> None:
    """Let a form of the web site send a field that it does not have."""
    form = FormDefinition(
        slug="contact", title="Contact", fields=(FormField(name="phone"),), signed=False
    )
    house.admin.settings.save_form(form)
    form_type = {"content-type": "application/x-www-form-urlencoded"}
    given = Delivered(body=b"shoe_size=9", headers=form_type, form="contact")
    house.desk(Role.WEB_FORM).inbox.take_leads("web_form", given)


def a_task(house: House) -> Task:
    new = NewTask(type=LeadTaskType.CALL, title="Call", due_at=house.clock() + timedelta(days=1))
    return house.coordinator.followups.add_task(house.lead().id, new)


def lost(house: House) -> Lead:
    return house.coordinator.pipeline.lose(house.lead().id, "RELOCATED").lead


def log_without_an_answer(house: House, times: int) -> None:
    lead = house.lead()
    for _ in range(times):
        house.coordinator.followups.log(lead.id, NO_ANSWER)


def import_a_file(house: House) -> object:
    return files.run(house.desk(Role.IMPORTER), [files.a_row(1)]).import_id


def revert_an_import(house: House) -> None:
    desk = house.desk(Role.IMPORTER)
    report = files.run(desk, [files.a_row(1)])
    assert report.import_id is not None
    desk.imports.revert(report.import_id)


def hand_everything_over(house: House) -> None:
    owner = house.lead().ownership.owner
    assert owner is not None
    other = "tc-2" if owner == "tc-1" else "tc-1"
    house.admin.assignment.transfer_all(owner, other)


LATER = date(2027, 6, 1)


def recalled(house: House) -> None:
    lead = house.lead()
    house.coordinator.pipeline.observe(lead.id, LATER)
    house.coordinator.pipeline.recall(lead.id)


def in_a_sequence(house: House) -> Lead:
    settings = house.admin.settings.practice().clinic.settings
    house.admin.settings.change(evolve(settings, sequences=(SIX_TOUCH,)))
    lead = house.lead()
    house.coordinator.followups.start_sequence(lead.id, "six_touch")
    return lead


def agree(house: House) -> object:
    yes = NewConsent(channel=MessageChannel.SMS, granted=True, evidence="signed on paper")
    return house.front.notifications.record_consent(house.lead().id, yes)


def break_the_glass(house: House) -> Lead:
    lead = house.lead()
    house.desk(Role.DOCTOR).privacy.break_glass(lead.id, "a fall")
    return lead


def end_an_emergency(house: House) -> None:
    house.desk(Role.DOCTOR).privacy.end_emergency(break_the_glass(house).id)


def wait_for_a_carrier_in_vain(house: House) -> None:
    settings = house.admin.settings.practice().clinic.settings
    messaging = Messaging(carriers=((MessageChannel.EMAIL, "nobody"),))
    house.admin.settings.change(evolve(settings, rules=(), messaging=messaging))
    lead = house.lead()
    with house.crm._backend.begin(house.clinic.id) as store:
        store.messages.add([a_message(house.clinic, lead, house.clock(), to="maria@example.com")])
    for _ in range(MOST_ATTEMPTS - 1):
        house.crm.work()
        house.clock.advance(LONGEST_PAUSE)


def remind_a_family(house: House) -> None:
    open_the_diary(house)
    settings = house.admin.settings.practice().clinic.settings
    messaging = Messaging(carriers=((MessageChannel.EMAIL, "post"),), phone="(312) 555-0100")
    chosen = evolve(settings, rules=(), reminders=(), messaging=messaging)
    house.admin.settings.change(chosen)
    appointment = house.front.scheduling.book(wish(house.lead())).appointment
    reminder = house.front.scheduling.remind(appointment.id)
    worker = house.desk(Role.WORKER).notifications
    outgoing = [o for o in worker.take().outgoing if o.message.id == reminder.message_id]
    worker.settle([Outcome(outgoing=one, result=Sent()) for one in outgoing])


def leave_a_task_undone(house: House) -> None:
    settings = house.admin.settings.practice().clinic.settings
    house.admin.settings.change(evolve(settings, rules=(), fallback=UserId("manager")))
    a_task(house)
    house.clock.advance(timedelta(days=2))


def merged(house: House) -> Merge:
    return house.coordinator.leads.merge(house.lead().id, house.lead().id)


def visit(house: House, act: str = "book", *, past: bool = False, **fields: Any) -> AppointmentId:
    """Open the diary and make an appointment for a lead."""
    open_the_diary(house)
    if past:
        fields |= {"is_manual": True, "starts_at": house.clock() - timedelta(days=1)}
    made = getattr(house.front.scheduling, act)(wish(house.lead(), **fields))
    return AppointmentId(made.appointment.id)


def free_a_time_for_which_somebody_waits(house: House) -> None:
    appointment = visit(house)
    waits = NewWaitlistEntry(type="consultation", patient_ref="p-2")
    house.front.scheduling.join_waitlist(waits)
    house.front.scheduling.cancel(appointment)


def change_the_clocks(house: House, *, is_taken: bool = False) -> None:
    """Book by other rules than hold then; `is_taken` by somebody who knows the new ones."""
    with TemporaryDirectory() as folder, zone_data(Path(folder), ALWAYS_SUMMER):
        visit(house)
    if is_taken:
        house.front.scheduling.book(wish(starts_at=TUESDAY + HOUR))
    house.crm.work()


def leave_a_lost_lead_alone(house: House) -> None:
    settings = house.admin.settings.practice().clinic.settings
    house.admin.settings.change(evolve(settings, retention=Retention(archive_after=1)))
    lost(house)
    house.clock.advance(timedelta(days=32))


ON_SQLITE = ("keys_destroyed",)
"""What happens where there are keys only."""

SCENARIOS: dict[str, Callable[[House], object]] = {
    "appointment_booked": visit,
    "appointment_requested": lambda h: visit(h, "request"),
    "appointment_confirmed": lambda h: h.front.scheduling.confirm(visit(h)),
    "appointment_moved": lambda h: h.front.scheduling.reschedule(visit(h), TUESDAY + HOUR),
    "appointment_shifted": change_the_clocks,
    "appointment_stranded": lambda h: change_the_clocks(h, is_taken=True),
    "appointment_cancelled": lambda h: h.front.scheduling.cancel(visit(h)),
    "appointment_declined": lambda h: h.front.scheduling.decline(visit(h, "request")),
    "appointment_completed": lambda h: h.front.scheduling.complete(visit(h, past=True)),
    "appointment_no_show": lambda h: h.front.scheduling.no_show(visit(h, past=True)),
    "reminder_sent": remind_a_family,
    "slot_offered": free_a_time_for_which_somebody_waits,
    "clinic_created": lambda h: h.crm.create_clinic(name="Braces & Co", timezone="UTC"),
    "clinic_configured": lambda h: h.admin.settings.rename("Brighter Smiles"),
    "access_changed": lambda h: h.desk(Role.OPERATOR).access.add_user(
        NewUser(name="Zoe", roles=[Role.DOCTOR])
    ),
    "lead_captured": lambda h: h.lead(),
    "lead_updated": lambda h: h.coordinator.leads.edit(h.lead().id, LeadEdit(notes="new")),
    "touch_added": lambda h: h.coordinator.sources.add_touch(
        h.lead().id, NewTouch(source="Print advertising")
    ),
    "duplicate_rejected": lambda h: h.coordinator.leads.not_duplicate(h.lead().id, h.lead().id),
    "household_linked": lambda h: h.coordinator.leads.link_household([h.lead().id, h.lead().id]),
    "leads_unlinked": lambda h: h.coordinator.leads.unlink(h.lead().id, h.lead().id),
    "leads_merged": merged,
    "leads_unmerged": lambda h: h.coordinator.leads.unmerge(merged(h).id),
    "lead_assigned": lambda h: h.lead(),
    "leads_assigned": hand_everything_over,
    "stage_changed": lambda h: h.coordinator.pipeline.move(h.lead().id, "contacted"),
    "lead_lost": lost,
    "lead_converted": lambda h: h.coordinator.pipeline.convert(h.lead().id),
    "lead_reopened": lambda h: h.coordinator.pipeline.reopen(lost(h).id, "they called again"),
    "lead_observed": lambda h: h.coordinator.pipeline.observe(h.lead().id, LATER),
    "lead_recalled": recalled,
    "activity_logged": lambda h: h.coordinator.followups.log(h.lead().id, NO_ANSWER),
    "task_created": lambda h: h.lead(),
    "task_completed": lambda h: h.coordinator.followups.complete(a_task(h).id),
    "task_cancelled": lambda h: h.coordinator.followups.cancel(a_task(h).id),
    "task_edited": lambda h: h.coordinator.followups.edit_task(
        a_task(h).id, TaskEdit(in_progress=True)
    ),
    "task_snoozed": lambda h: h.coordinator.followups.snooze(
        a_task(h).id, h.clock() + timedelta(days=2)
    ),
    "task_escalated": leave_a_task_undone,
    "sequence_started": in_a_sequence,
    "sequence_ended": lambda h: h.coordinator.followups.stop_sequence(in_a_sequence(h).id),
    "lost_suggested": lambda h: log_without_an_answer(h, 3),
    "upset_noticed": lambda h: h.coordinator.followups.log(h.lead().id, COMPLAINT),
    "consent_recorded": agree,
    "emergency_begun": break_the_glass,
    "emergency_ended": end_an_emergency,
    "message_parked": wait_for_a_carrier_in_vain,
    "delivery_parked": deliver_what_cannot_be_read,
    "import_progressed": import_a_file,
    "import_finished": import_a_file,
    "import_reverted": revert_an_import,
    "model_trained": lambda h: h.admin.intelligence.adopt(*learnt()),
    "key_rotation_begun": lambda h: h.desk(Role.OPERATOR).keys.rotate(KeyLayer.OUTERMOST),
    "keys_destroyed": lambda h: h.desk(Role.OPERATOR).keys.rotate(KeyLayer.CLINIC),
    "lead_archived": leave_a_lost_lead_alone,
    "lead_erased": lambda h: h.admin.privacy.erase(h.lead().id),
}
"""What makes an event of each kind happen exactly once."""


def test_there_is_one_notify_hook_for_each_event_class() -> None:
    notify = {name for name in HOOKS if not name.startswith(("register_", "before_"))}
    assert notify == set(KINDS)


def test_every_notify_hook_takes_the_event_of_its_name() -> None:
    taken = {kind: getattr(Specs, kind).__annotations__["event"] for kind in KINDS}
    assert taken == KINDS


def test_every_hook_has_a_test() -> None:
    tests = [*vars(test_contributions), *vars(test_refusals)]
    named = {h for h in HOOKS if any(test.startswith(f"test_{h}") for test in tests)}
    assert named | SCENARIOS.keys() == HOOKS


@pytest.mark.parametrize("kind", sorted(SCENARIOS))
def test_a_plug_in_hears_what_happened_once(kind: str) -> None:
    ear = an_ear(kind)
    with a_house(ear, url="sqlite://" if kind in ON_SQLITE else "memory://") as house:
        ear.heard.clear()
        SCENARIOS[kind](house)
        house.crm.work()
        (event,) = ear.heard

    assert type(event) is KINDS[kind]
    assert (event.kind, event.at) == (kind, house.clock())
