"""Many at once: fair shares, no lead without a coordinator, nothing lost, nothing twice."""

import multiprocessing
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest

import orthocrm
from orthocrm import Actor, Captured, Channel, LeadTaskType, LogEntry, NewTask, OrthoCRM, Role
from orthocrm.core.activity import LeadActivityType
from orthocrm.core.ids import ClinicId
from orthocrm.core.lead import Lead
from orthocrm.core.task import Task
from orthocrm.privacy.keys import StaticKeys
from orthocrm.services.work import everything
from orthocrm.testing.clock import FrozenClock
from orthocrm.testing.suite.arranged import together
from tests.flows.practice import House, enquiry

KEYS = StaticKeys({1: bytes(range(32))})
THREADS = 32
EACH = 3
PROCESSES = 3
PATIENCE_SECONDS = 60


def opened(url: str, clock: FrozenClock) -> OrthoCRM:
    crm = orthocrm.connect(url, keys=KEYS, clock=clock, discover_plugins=False)
    crm.migrate()
    return crm


@pytest.fixture
def empty(url: str, clock: FrozenClock) -> Iterator[House]:
    """A practice without coordinators."""
    with opened(url, clock) as crm:
        yield House(crm, crm.create_clinic(name="Bright Smiles", timezone="UTC"), clock)


def capture_some(house: House, number: int, count: int = EACH) -> list[Lead]:
    """Capture different enquiries as one front desk among many."""
    desk = house.desk(Role.FRONT_DESK, f"front-{number}")
    phones = [f"+1 312 {number:03} {i:04}" for i in range(count)]
    return [desk.leads.capture(enquiry(phone=phone, email=None)).lead for phone in phones]


def capture_at_once(house: House, threads: int, first: int = 0) -> list[Lead]:
    works = [lambda n=n: capture_some(house, n) for n in range(first, first + threads)]
    return [lead for captured in together(*works) for lead in captured]


def stored(house: House) -> tuple[Lead, ...]:
    with house.crm._backend.begin(house.clinic.id) as store:
        return everything(store.leads)


def shares(house: House) -> Counter[str | None]:
    return Counter(lead.ownership.owner for lead in stored(house))


def test_parallel_captures_share_equally(empty: House) -> None:
    for user in ("tc-1", "tc-2", "tc-3", "tc-4", "tc-5"):
        empty.admin.settings.add_coordinator(user, user)
    captured = capture_at_once(empty, THREADS)

    assert {lead.id for lead in stored(empty)} == {lead.id for lead in captured}
    assert len(captured) == THREADS * EACH
    counts = shares(empty)
    assert counts.keys() == {"tc-1", "tc-2", "tc-3", "tc-4", "tc-5"}
    assert max(counts.values()) - min(counts.values()) <= 1


def test_parallel_captures_follow_the_weights(empty: House) -> None:
    for user, weight in (("tc-1", 1), ("tc-2", 2), ("tc-3", 3)):
        empty.admin.settings.add_coordinator(user, user, weight=weight)
    capture_at_once(empty, THREADS)

    assert shares(empty) == {"tc-1": 16, "tc-2": 32, "tc-3": 48}


def test_parallel_captures_leave_a_whole_record(empty: House) -> None:
    empty.admin.settings.add_coordinator("tc-1", "Ana")
    captured = capture_at_once(empty, 8)

    with empty.crm._backend.begin(empty.clinic.id) as store:
        tasks, visits = everything(store.tasks), everything(store.visits)
        audited, waiting = everything(store.audit), store.outbox.waiting()
    ids = sorted(lead.id for lead in captured)
    assert sorted(task.lead_id for task in tasks) == ids
    assert sorted(visit.lead_id for visit in visits) == ids
    named = [entry.objects for entry in audited if entry.operation == "leads.capture"]
    assert sorted(objects[-1] for objects in named) == ids  # before it, those that are named alike
    assert waiting == 2 + 3 * len(ids)


def test_one_delivery_from_many_threads_makes_one_lead(house: House) -> None:
    delivery = enquiry(delivery_key="event-1", channel=Channel.SOCIAL)
    captured = together(*[lambda: house.front.leads.capture(delivery)] * 20)

    (lead,) = stored(house)
    assert {result.lead.id for result in captured} == {lead.id}
    assert Counter(result.replayed for result in captured) == {False: 1, True: 19}


def test_batches_of_the_same_deliveries_in_any_order_all_get_through(house: House) -> None:
    """Two batches that wait for one another would never end: one of them would be refused."""
    batch = [
        enquiry(delivery_key=f"event-{n}", channel=Channel.SOCIAL, phone=f"+1 312 555 {n:04}")
        for n in range(12)
    ]
    orders = [batch if n % 2 else batch[::-1] for n in range(6)]
    works = [lambda order=order: house.front.leads.capture_many(order) for order in orders]
    results = together(*works)

    ids = {lead.id for lead in stored(house)}
    assert len(ids) == len(batch)
    told = [one for result in results for one in result if isinstance(one, Captured)]
    assert len(told) == len(batch) * len(orders)
    assert {one.lead.id for one in told} == ids


def test_one_form_from_many_threads_makes_one_lead(house: House) -> None:
    form = enquiry(channel=Channel.WEB_FORM)
    captured = together(*[lambda: house.front.leads.capture(form)] * 20)
    assert {result.lead.id for result in captured} == {lead.id for lead in stored(house)}
    assert len(stored(house)) == 1


def test_rules_speak_once_however_many_workers_there_are(house: House) -> None:
    leads = capture_at_once(house, 4)
    house.clock.advance(timedelta(hours=25))
    worked = together(*[house.crm.work] * 8)

    made = [task for round_ in worked for task in round_.tasks]
    assert sorted(task.lead_id for task in made) == sorted(lead.id for lead in leads)
    assert {task.rule for task in made} == {"escalate_no_contact"}


def test_verbs_about_one_lead_wait_for_each_other(house: House) -> None:
    desk, lead = house.coordinator, house.lead()
    note = LogEntry(type=LeadActivityType.NOTE, notes="prefers mornings")
    new = NewTask(type=LeadTaskType.CUSTOM, title="Send", due_at=house.clock())
    tasks: list[Task] = [desk.followups.add_task(lead.id, new) for _ in range(6)]
    together(
        *[lambda task=task: desk.followups.complete(task.id) for task in tasks],
        *[lambda: desk.followups.log(lead.id, note)] * 3,
        *[lambda: desk.followups.add_task(lead.id, new)] * 3,
        *[lambda: desk.assignment.assign(lead.id)] * 3,
        lambda: desk.pipeline.move(lead.id, "consultation_completed"),
    )

    timeline = desk.leads.timeline(lead.id)
    assert len(timeline.open_tasks) == 5  # the three, the call and the follow-up
    assert Counter(entry.what for entry in timeline.entries) == {
        "LEAD_CAPTURED": 1,
        "TASK_CREATED": 11,
        "TASK_COMPLETED": 6,
        "NOTE": 3,
        "ASSIGNMENT_CHANGE": 4,
        "STAGE_CHANGE": 1,
    }


def capture_elsewhere(url: str, clinic: ClinicId, process: int) -> list[str]:
    """Capture from several threads of a process of its own."""
    clock = FrozenClock()
    with opened(url, clock) as crm:
        known = next(each for each in crm.clinics() if each.id == clinic)
        captured = capture_at_once(House(crm, known, clock), 4, first=100 * process)
        return [lead.id for lead in captured]


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_processes_share_equally(
    engine: str, request: pytest.FixtureRequest, clock: FrozenClock
) -> None:
    url = str(request.getfixturevalue(f"{engine}_url"))
    with opened(url, clock) as crm:
        house = House(crm, crm.create_clinic(name="Bright Smiles", timezone="UTC"), clock)
        for user in ("tc-1", "tc-2", "tc-3"):
            house.admin.settings.add_coordinator(user, user)
        given = [(url, house.clinic.id, process) for process in range(PROCESSES)]
        with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
            captured = pool.starmap_async(capture_elsewhere, given).get(PATIENCE_SECONDS)

        ids = sorted(lead_id for part in captured for lead_id in part)
        assert [lead.id for lead in stored(house)] == ids
        assert len(ids) == PROCESSES * 4 * EACH
        assert shares(house) == {"tc-1": 12, "tc-2": 12, "tc-3": 12}


def test_an_absence_is_seen_by_everybody_at_once(empty: House) -> None:
    for user in ("tc-1", "tc-2"):
        empty.admin.settings.add_coordinator(user, user)
    capture_at_once(empty, 2)
    now = empty.clock()
    actor = Actor(user="manager", clinic=empty.clinic.id, roles={Role.CLINIC_ADMIN})
    empty.crm.acting_as(actor).settings.add_absence("tc-2", now, now + timedelta(days=1))
    captured = capture_at_once(empty, 8, first=10)

    assert {lead.ownership.owner for lead in captured} == {"tc-1"}
