"""The centre of notices, the messages about them, and outgoing webhooks, on every backend."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from orthocrm import CarrierError, Cond, InvalidInput, LeadTaskType, NewTask, NotFound, Role
from orthocrm.core.errors import OrthoCRMError
from orthocrm.core.ids import NoticeId
from orthocrm.core.messaging import WebhookTarget
from orthocrm.core.notifying import MessageState, NoticeKind, PushTarget
from orthocrm.core.time import DAY
from orthocrm.services.notifications.contacts import ContactDetails
from orthocrm.services.notifications.delivery import FIRST_PAUSE
from orthocrm.services.work import everything
from orthocrm.testing.suite.arranged import together
from tests.flows import files
from tests.flows.carrying import (
    CARRIERS,
    EMAIL,
    PUSH,
    SMS,
    WEBHOOK,
    Bird,
    a_practice,
    a_raven,
    configure,
    held,
    of_user,
    reach,
    states,
)
from tests.flows.practice import House, enquiry
from tests.hooks.plugins import a_deaf_ear

HOUR, TICK = timedelta(hours=1), timedelta(seconds=1)

WINDOW = timedelta(minutes=5)
Opened = Callable[..., House]


@pytest.fixture
def opened(url: str) -> Iterator[Opened]:
    with ExitStack() as stack:

        def open_(*plugins: object, **messaging: Any) -> House:
            return stack.enter_context(a_practice(*plugins, url=url, **messaging))

        yield open_


def capture(house: House, **fields: Any) -> Any:
    return house.front.leads.capture(enquiry(**fields)).lead


NAMES = (
    ("Abigail", "Thornton"), ("Bogdan", "Petrescu"), ("Chiamaka", "Okafor"), ("Dmitri", "Volkov"),
    ("Esperanza", "Quintero"), ("Fumiko", "Hayashi"), ("Gunnar", "Lindqvist"), ("Halima", "Yusuf"),
    ("Ingrid", "Dahl"), ("Joaquin", "Serrano"), ("Katarzyna", "Wozniak"), ("Liam", "Gallagher"),
)  # fmt: skip


def family(house: House, number: int) -> Any:
    """Capture an enquiry of somebody who has nothing in common with the others."""
    first, last = NAMES[number]
    own = {"first_name": first, "last_name": last, "relationship": "SELF"}
    nobody = {"patient_first_name": None, "patient_last_name": None, "email": None}
    return capture(house, phone=f"+1312555{number:04}", **own, **nobody)


def told(house: House, user: str) -> list[tuple[str, int]]:
    """Give the kinds and counts of somebody's notices, oldest first."""
    found = sorted(of_user(house, user), key=lambda notice: notice.id)
    return [(notice.kind, notice.count) for notice in found]


# --- the centre


def test_a_coordinator_is_told_of_a_new_lead_once(opened: Opened) -> None:
    house = opened()
    lead = capture(house, owner=None)
    together(*[house.crm.work] * 3)

    (notice,) = of_user(house, str(lead.ownership.owner))
    assert (notice.kind, notice.lead_id, notice.read_at) == ("lead_assigned", lead.id, None)


def test_nobody_is_told_of_what_they_did_themselves(opened: Opened) -> None:
    house = opened()
    house.coordinator.leads.capture(enquiry(owner="tc-1"))
    house.crm.work()
    assert told(house, "tc-1") == []


def test_a_lead_that_nobody_can_take_is_an_alert_for_the_fallback_person(opened: Opened) -> None:
    house = opened()
    now = house.clock()
    for user in ("tc-1", "tc-2"):
        house.admin.settings.add_absence(user, now, now + DAY)
    capture(house)
    house.crm.work()
    assert told(house, "manager") == [("needs_assignment", 1)]


def test_others_hear_of_a_lead_whose_fallback_person_is_away_as_well(opened: Opened) -> None:
    house = opened()
    now = house.clock()
    reception = ContactDetails(email="reception@example.com")
    house.admin.notifications.set_contact(reception, "reception")
    for user in ("tc-1", "tc-2", "manager"):
        house.admin.settings.add_absence(user, now, now + DAY)
    lead = capture(house)
    house.crm.work()
    logged = [entry.activity for entry in house.coordinator.leads.timeline(lead.id).entries]
    (decision,) = [one.decision for one in logged if one is not None and one.decision]
    assert (decision.chosen, decision.fallback_away) == ("manager", True)
    assert {u: told(house, u) for u in ("manager", "reception", "tc-1", "tc-2")} == {
        "manager": [("needs_assignment", 1)],
        "reception": [("needs_assignment", 1)],
        "tc-1": [],
        "tc-2": [],
    }


def test_a_bulk_change_is_one_notice(opened: Opened) -> None:
    house = opened()
    for number in range(12):
        family(house, number)
    house.crm.work()
    house.admin.notifications.mark_read()
    before = len(told(house, "tc-2"))
    moved = house.admin.assignment.transfer_all("tc-1", "tc-2").leads
    house.crm.work()

    assert len(moved) > 1
    assert told(house, "tc-2")[before:] == [("leads_assigned", len(moved))]


def test_an_import_is_one_notice_and_its_leads_one_for_each_coordinator(opened: Opened) -> None:
    house = opened()
    rows = [files.a_row(n, first=f"Ann{n}", email=f"a{n}@example.com") for n in range(7)]
    report = files.run(house.desk(Role.ADMIN, "manager"), rows)
    house.crm.work()

    shares = [told(house, user) for user in ("tc-1", "tc-2")]
    assert told(house, "manager") == [("import_finished", report.tally.created)]
    assert [kind for share in shares for kind, _ in share] == ["leads_assigned"] * 2
    assert sum(count for share in shares for _, count in share) == report.tally.created == 7


def test_a_coordinator_is_reminded_of_a_task_once_and_again_when_it_is_put_off(
    opened: Opened,
) -> None:
    house = opened()
    lead, desk = house.lead(), house.coordinator
    due = house.clock() + 3 * HOUR
    new = NewTask(type=LeadTaskType.CALL, title="Call", due_at=due, reminder_at=due - HOUR)
    task, done = desk.followups.add_task(lead.id, new), desk.followups.add_task(lead.id, new)
    desk.followups.complete(done.id)
    house.crm.work()
    reminded = ("task_reminder", 1)
    assert reminded not in told(house, "tc-1")

    house.clock.advance(2 * HOUR + TICK)
    house.crm.work()
    house.crm.work()
    assert told(house, "tc-1").count(reminded) == 1

    desk.followups.snooze(task.id, due + 24 * HOUR)
    house.clock.advance(24 * HOUR)
    house.crm.work()
    assert told(house, "tc-1").count(reminded) == 2


def test_what_is_overdue_and_what_is_escalated_is_told_once(opened: Opened) -> None:
    house = opened()
    lead = house.lead(owner="tc-1")
    due = house.clock() + timedelta(hours=1)
    new = NewTask(type=LeadTaskType.CALL, title="Call", due_at=due)
    task = house.coordinator.followups.add_task(lead.id, new)
    house.crm.work()
    assert told(house, "tc-1") == []

    house.clock.set(due + timedelta(minutes=1))
    assert [house.crm.work().notices for _ in range(3)] == [1, 0, 0]
    assert told(house, "tc-1") == [("task_overdue", 1)]

    house.clock.set(due + DAY + timedelta(minutes=1))
    for _ in range(3):
        house.crm.work()
    assert told(house, "manager") == [("task_escalated", 1)]

    house.coordinator.followups.snooze(task.id, house.clock() + timedelta(hours=1))
    house.clock.advance(timedelta(hours=2))
    house.crm.work()
    assert told(house, "tc-1") == [("task_overdue", 1)] * 2


def test_duplicates_are_told_to_the_coordinator(opened: Opened) -> None:
    house = opened()
    capture(house, owner=None)
    house.crm.work()
    again = capture(house, first_name="Marie")
    house.crm.work()
    kinds = [n.kind for n in of_user(house, str(again.ownership.owner)) if n.lead_id == again.id]
    assert sorted(kinds) == ["duplicates_found", "lead_assigned"]


def test_a_plug_in_that_fails_makes_no_second_notice(opened: Opened) -> None:
    house = opened(a_deaf_ear("lead_assigned"))
    lead = capture(house)
    for _ in range(4):
        house.clock.advance(FIRST_PAUSE * 8)
        house.crm.work()
    notices = of_user(house, str(lead.ownership.owner))
    assert [n.kind for n in notices if n.kind == "lead_assigned"] == ["lead_assigned"]


def test_a_lead_that_is_gone_holds_nothing_up(opened: Opened) -> None:
    house = opened()
    lead = capture(house)
    with house.crm._backend.begin(house.clinic.id) as store:
        for kind in ("visits", "activities", "tasks", "touches"):
            known = everything(getattr(store, kind), Cond("lead_id", "eq", lead.id))
            getattr(store, kind).remove([noun.id for noun in known])
        store.leads.remove([lead.id])
    other = capture(house, phone="+13125550199", email="b@example.com")
    assert house.crm.work().errors == ()
    found = {n.lead_id for user in ("tc-1", "tc-2") for n in of_user(house, user)}
    assert found == {other.id}


def test_notices_are_read_page_by_page_and_marked(opened: Opened) -> None:
    house = opened()
    for number in range(5):
        family(house, number)
    house.admin.assignment.transfer_all("tc-2", "tc-1")
    house.crm.work()
    desk = house.coordinator.notifications
    first = desk.notices(size=2)
    second = desk.notices(size=2, cursor=first.cursor)
    known = desk.notices().notices

    assert (*first.notices, *second.notices) == known[:4]
    assert desk.unread() == len(known)
    assert desk.mark_read([first.notices[0].id, first.notices[1].id]) == 2
    assert desk.mark_read([first.notices[0].id]) == 0
    assert len(desk.notices(unread=True).notices) == desk.unread() == len(known) - 2
    assert desk.mark_read() == len(known) - 2
    assert desk.unread() == 0
    with pytest.raises(InvalidInput, match="cursor"):
        desk.notices(unread=True, size=2, cursor=first.cursor)


@pytest.mark.parametrize(
    "given, refusal",
    [
        ("0190c0de", InvalidInput),
        ([5], InvalidInput),
        (5, InvalidInput),
        (["n"] * 501, InvalidInput),
        ([NoticeId("nothing")], NotFound),
    ],
)
def test_notices_that_are_none_are_not_marked(
    opened: Opened, given: Any, refusal: type[OrthoCRMError]
) -> None:
    house = opened()
    with pytest.raises(refusal):
        house.coordinator.notifications.mark_read(given)


# --- messages about notices


def test_notices_of_a_window_are_gathered_into_one_message(opened: Opened) -> None:
    bird = Bird()
    house = opened(bird)
    for user in ("tc-1", "tc-2"):
        reach(house, user)
    for number in range(6):
        family(house, number)
    house.crm.work()
    assert bird.letters == []
    house.clock.advance(WINDOW)
    together(*[house.crm.work] * 3)

    assert sorted(letter.to for letter in bird.letters) == [
        "tc-1@practice.example",
        "tc-2@practice.example",
    ]
    assert {letter.body for letter in bird.letters} == {"3 new leads for you"}
    assert {letter.subject for letter in bird.letters} == {"Bright Smiles: 3 new leads for you"}
    house.clock.advance(WINDOW * 3)
    house.crm.work()
    assert len(bird.letters) == 2


def test_what_was_read_or_is_muted_needs_no_message(opened: Opened) -> None:
    bird = Bird()
    house = opened(bird)
    reach(house, "tc-1")
    reach(house, "tc-2", muted=(NoticeKind.LEAD_ASSIGNED,))
    for number in range(4):
        family(house, number)
    house.crm.work()
    house.coordinator.notifications.mark_read()
    house.clock.advance(WINDOW)
    house.crm.work()

    assert bird.letters == []
    assert states(house) == [(MessageState.SKIPPED, "read")]
    assert len(told(house, "tc-2")) == 2


def test_somebody_is_told_on_every_channel_that_they_chose(opened: Opened) -> None:
    birds = (Bird(), a_raven(), Bird(name="dove", channel=PUSH))
    house = opened(*birds, carriers=(*CARRIERS, (PUSH, "dove")))
    browser = PushTarget(endpoint="https://push.example/1", p256dh="key", auth="auth")
    reach(house, "tc-1", phone="312 555 0188", push=(browser,), channels=(EMAIL, SMS, PUSH))
    capture(house, owner=None)
    house.admin.assignment.transfer_all("tc-2", "tc-1")
    house.crm.work()
    house.clock.advance(WINDOW)
    house.crm.work()

    assert [[letter.to for letter in bird.letters] for bird in birds] == [
        ["tc-1@practice.example"],
        ["+13125550188"],
        [browser.address],
    ]


def test_a_subscription_that_is_gone_is_forgotten(opened: Opened) -> None:
    def gone(_: object) -> Any:
        raise CarrierError("gone", permanent=True)

    house = opened(Bird(name="dove", channel=PUSH, answer=gone), carriers=((PUSH, "dove"),))
    browser = PushTarget(endpoint="https://push.example/1", p256dh="key", auth="auth")
    for user in ("tc-1", "tc-2"):
        reach(house, user, push=(browser,), channels=(PUSH,))
    lead = capture(house)
    house.crm.work()
    house.clock.advance(WINDOW)
    house.crm.work()
    owner = house.desk(Role.TREATMENT_COORDINATOR, str(lead.ownership.owner))
    assert owner.notifications.contact().push == ()


@pytest.mark.parametrize(
    "details, problem",
    [
        ({"email": "nonsense"}, ("email", "not_an_email")),
        ({"phone": "12"}, ("phone", "not_a_phone")),
        ({"email": 5}, ("email", "wrong_type")),
        ({"channels": (EMAIL,)}, ("channels", "no_address")),
        ({"channels": (WEBHOOK,)}, ("channels", "no_address")),
        ({"channels": "EMAIL"}, ("channels", "not_a_list")),
        ({"channels": ("LETTER",)}, ("channels", "unknown_value")),
        ({"muted": ("everything",)}, ("muted", "unknown_value")),
        ({"muted": 5}, ("muted", "not_a_list")),
        ({"push": ("https://push.example",)}, ("push", "wrong_type")),
        (
            {"push": (PushTarget(endpoint="http://x", p256dh="k", auth="a"),)},
            ("push.endpoint", "not_https"),
        ),
        (
            {"push": (PushTarget(endpoint="https://x", p256dh="", auth="a"),)},
            ("push.p256dh", "required"),
        ),
        (
            {"push": (PushTarget(endpoint="https://x", p256dh="k", auth="a"),) * 11},
            ("push", "too_many"),
        ),
    ],
)
def test_how_somebody_is_reached_is_checked(
    opened: Opened, details: dict[str, Any], problem: tuple[str, str]
) -> None:
    house = opened()
    with pytest.raises(InvalidInput) as refusal:
        house.coordinator.notifications.set_contact(ContactDetails(**details))
    assert problem in [(one.path, one.code) for one in refusal.value.problems]


def test_how_somebody_is_reached_is_kept_and_replaced(opened: Opened) -> None:
    house = opened()
    desk = house.coordinator.notifications
    assert desk.contact().channels == ()
    reach(house, "tc-1")
    details = ContactDetails(phone="312 555 0188", channels=(SMS,))
    desk.set_contact(details)
    assert (desk.contact().email, desk.contact().phone) == (None, "+13125550188")
    with pytest.raises(InvalidInput, match="ContactDetails"):
        desk.set_contact({"email": "a@example.com"})  # type: ignore[arg-type]  # as callers may err


# --- outgoing webhooks


def hooked(opened: Opened, *plugins: object, **fields: Any) -> tuple[House, Bird]:
    swift = Bird(name="swift", channel=WEBHOOK)
    target = WebhookTarget(name="host", url="https://host.example/in", **fields)
    carriers = (*CARRIERS, (WEBHOOK, "swift"))
    return opened(swift, *plugins, carriers=carriers, webhooks=(target,)), swift


def test_events_go_to_every_target_once_as_codes_and_ids(opened: Opened) -> None:
    house, swift = hooked(opened, a_deaf_ear("lead_captured"), kinds=("lead_captured",))
    swift.letters.clear()
    lead = capture(house)
    for _ in range(4):
        house.clock.advance(FIRST_PAUSE * 8)
        house.crm.work()

    (letter,) = swift.letters
    said = json.loads(letter.body)
    assert (letter.to, letter.target) == ("https://host.example/in", "host")
    assert (said["type"], said["data"]["lead_id"]) == ("lead_captured", lead.id)
    assert not {"Maria", "Lopez", "maria@example.com", "5550142"} & set(letter.body.split('"'))


def test_a_target_without_kinds_gets_everything_and_an_inactive_one_nothing(
    opened: Opened,
) -> None:
    house, swift = hooked(opened)
    swift.letters.clear()
    capture(house)
    house.crm.work()
    assert [json.loads(letter.body)["type"] for letter in swift.letters] == [
        "lead_captured",
        "lead_assigned",
    ]
    capture(house, phone="+13125550177", email=None)
    messaging = house.admin.settings.practice().clinic.settings.messaging
    off = evolve(messaging.webhooks[0], is_active=False)
    swift.letters.clear()
    configure(house, messaging=evolve(messaging, webhooks=(off,)))
    house.crm.work()
    assert swift.letters == []


def test_a_target_that_was_removed_meanwhile_gets_nothing(opened: Opened) -> None:
    house, swift = hooked(opened)
    desk = house.desk(Role.WORKER)
    house.crm.work()
    swift.letters.clear()
    capture(house)
    house.crm._deliver(house.clinic.id)
    messaging = house.admin.settings.practice().clinic.settings.messaging
    configure(house, messaging=evolve(messaging, webhooks=()))
    taken = desk.notifications.take()
    assert (taken.outgoing, taken.skipped) == ((), 2)
    assert {because for state, because in states(house) if state is MessageState.SKIPPED} == {
        "not_wanted"
    }
    assert all(message.body for message in held(house))
