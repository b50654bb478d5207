"""What happened is told after the commit, once, whatever plug-ins do, on every backend."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import Any

import pytest

from orthocrm import (
    BackendError,
    BackwardMove,
    Intake,
    InvalidInput,
    LeadLocked,
    LogEntry,
    Role,
)
from orthocrm.backends.memory import MemoryBackend
from orthocrm.backends.memory.backend import MemoryUnit
from orthocrm.backends.memory.repositories import MemoryOutbox
from orthocrm.core.activity import LeadActivityType
from orthocrm.core.audit import OutboxItem, OutboxState
from orthocrm.core.events import Event, LeadAssigned, LeadCaptured, TaskCreated
from orthocrm.core.ids import ClinicId, OutboxId, UserId
from orthocrm.hooks import Failure, hook
from orthocrm.services.notifications.delivery import FIRST_PAUSE, LEASE, MOST_ATTEMPTS
from orthocrm.testing.suite.arranged import together
from tests.flows.practice import House, enquiry
from tests.hooks.plugins import Ear, a_deaf_ear, a_house, an_ear

A_MOMENT = timedelta(microseconds=1)

Opened = Callable[..., House]


@pytest.fixture
def opened(url: str) -> Iterator[Opened]:
    """Open a practice with plug-ins."""
    with ExitStack() as stack:

        def open_(*plugins: object) -> House:
            return stack.enter_context(a_house(*plugins, url=url))

        yield open_


def waiting(house: House) -> dict[str, int]:
    with house.crm._backend.begin(house.clinic.id) as store:
        found = {state.value: store.outbox.waiting(state) for state in OutboxState}
    return {state: count for state, count in found.items() if count}


def told(ear: Ear) -> list[Event]:
    """Give what an ear heard since it was last asked."""
    heard, ear.heard = ear.heard, []
    return heard


def test_a_plug_in_hears_everything_once_in_order(opened: Opened) -> None:
    ear = an_ear()
    house = opened(ear)
    assert [event.kind for event in told(ear)] == ["clinic_created", *["clinic_configured"] * 2]
    captured = house.front.leads.capture(enquiry())
    heard = told(ear)
    lead, task = captured.lead, captured.tasks[0]
    given: dict[str, Any] = {
        "clinic_id": house.clinic.id,
        "at": house.clock(),
        "by": "front_desk",
        "lead_id": lead.id,
    }

    assert heard == [
        LeadCaptured(channel="MANUAL", source_id=lead.origin.source_id, **given),
        LeadAssigned(before=None, after=UserId("tc-1"), rule="round_robin", **given),
        TaskCreated(
            task_id=task.id,
            assigned_to=task.assigned_to,
            due_at=task.due_at,
            rule="speed_to_lead",
            **given,
        ),
    ]
    assert house.crm.work().failures == ()
    assert told(ear) == []
    assert waiting(house) == {"DONE": 6}


def test_a_plug_in_reads_what_was_committed(opened: Opened) -> None:
    seen: list[str] = []

    def look(event: Event) -> None:
        assert isinstance(event, LeadCaptured)
        desk = house.desk(Role.FRONT_DESK, clinic=house.clinic)
        seen.append(desk.leads.get(event.lead_id).position.stage)

    house = opened(an_ear("lead_captured", answer=look))
    house.lead()
    assert seen == ["new_lead"]


def test_a_plug_in_may_act_itself(opened: Opened) -> None:
    def note(event: Event) -> None:
        assert isinstance(event, LeadCaptured)
        entry = LogEntry(type=LeadActivityType.NOTE, notes="welcome mail sent")
        house.coordinator.followups.log(event.lead_id, entry)

    ear = an_ear("activity_logged")
    house = opened(an_ear("lead_captured", answer=note, name="Greeter"), ear)
    house.lead()
    house.crm.work()
    assert ear.kinds == ["activity_logged"]


def test_what_was_refused_is_never_told(opened: Opened) -> None:
    ear = an_ear()
    house = opened(ear)
    lead = house.lead()
    told(ear)
    with pytest.raises(InvalidInput):
        house.front.leads.capture(Intake())
    with pytest.raises(BackwardMove):
        house.coordinator.pipeline.move(lead.id, "new_lead")
    house.coordinator.pipeline.convert(lead.id)
    told(ear)
    with pytest.raises(LeadLocked):
        house.coordinator.pipeline.move(lead.id, "contacted")
    house.crm.work()
    assert told(ear) == []


def test_what_was_rolled_back_late_is_never_told(opened: Opened) -> None:
    class Broken:
        def register(self, _: object) -> str:
            raise RuntimeError

    ear = an_ear("lead_converted")
    house = opened(ear)
    lead = house.lead()
    house.crm._patients = Broken()
    with pytest.raises(RuntimeError):
        house.desk(Role.ADMIN).pipeline.convert(lead.id)
    house.crm.work()
    assert ear.heard == []
    assert house.coordinator.leads.get(lead.id) == lead


def test_a_plug_in_that_raises_breaks_nothing_and_the_others_hear(
    opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    first, last = an_ear("lead_captured", name="First"), an_ear("lead_captured", name="Last")
    house = opened(first, a_deaf_ear("lead_captured"), last)
    with caplog.at_level(logging.DEBUG):
        captured = house.front.leads.capture(enquiry())

    assert house.front.leads.get(captured.lead.id) == captured.lead
    assert (first.kinds, last.kinds) == (["lead_captured"], ["lead_captured"])
    ours = [record for record in caplog.records if record.name == "orthocrm"]
    assert [(record.levelname, record.getMessage()) for record in ours] == [
        ("ERROR", "plug-in Deaf: lead_captured raised RuntimeError")
    ]
    for secret in ("Maria", "Lopez", "Sofia", "5550142", "example.com"):
        assert secret not in caplog.text


def test_a_plug_in_that_exits_breaks_nothing(opened: Opened) -> None:
    def leave(_: Event) -> None:
        raise SystemExit(1)

    house = opened(an_ear("lead_captured", answer=leave))
    lead = house.lead()
    house.clock.advance(FIRST_PAUSE)
    assert house.crm.work().failures == (Failure("Ear", "lead_captured", "SystemExit"),)
    assert house.coordinator.leads.get(lead.id) == lead


def test_failures_are_repeated_with_growing_pauses_and_parked(opened: Opened) -> None:
    deaf, ear = a_deaf_ear("lead_captured"), an_ear("lead_captured")
    house = opened(deaf, ear)
    house.lead()
    failure = Failure("Deaf", "lead_captured", "RuntimeError")
    pauses = [FIRST_PAUSE * 2**n for n in range(MOST_ATTEMPTS - 1)]
    for attempt, pause in enumerate(pauses, start=1):
        assert len(deaf.heard) == attempt
        house.clock.advance(pause - A_MOMENT)
        assert house.crm.work().failures == ()
        house.clock.advance(A_MOMENT)
        assert house.crm.work().failures == (failure,)
    house.clock.advance(timedelta(hours=20))

    assert house.crm.work().failures == ()
    assert len(deaf.heard) == MOST_ATTEMPTS
    assert waiting(house) == {"DONE": 5, "PARKED": 1}
    assert ear.kinds == ["lead_captured"]


def test_who_has_heard_is_not_told_again(opened: Opened) -> None:
    moods: list[bool] = [False, True]

    def sometimes(_: Event) -> None:
        if not moods.pop(0):
            raise RuntimeError

    ear = an_ear("lead_captured")
    moody = an_ear("lead_captured", name="Moody", answer=sometimes)
    house = opened(ear, moody)
    house.lead()
    house.clock.advance(FIRST_PAUSE)
    assert house.crm.work().failures == ()

    assert (len(ear.heard), len(moody.heard)) == (1, 2)
    assert waiting(house) == {"DONE": 6}


def test_events_wait_for_the_worker_when_nobody_listens(opened: Opened) -> None:
    house = opened()
    house.lead()
    assert waiting(house) == {"PENDING": 6}
    house.crm.work()
    assert waiting(house) == {"DONE": 6}


def test_an_event_of_a_newer_release_waits(opened: Opened) -> None:
    house = opened(an_ear())
    with house.crm._backend.begin(house.clinic.id) as store:
        now = house.clock()
        store.outbox.add(
            [
                OutboxItem(
                    id=OutboxId(house.crm._ids()),
                    clinic_id=house.clinic.id,
                    kind="braces_tightened",
                    payload={},
                    created_at=now,
                    due_at=now,
                )
            ]
        )
    failure = Failure("orthocrm", "braces_tightened", "KeyError")
    assert house.crm.work().failures == (failure,)
    assert waiting(house)["PENDING"] == 1


def test_what_a_killed_process_had_claimed_is_told_after_its_lease(opened: Opened) -> None:
    ends: list[BaseException] = [KeyboardInterrupt()]

    def be_killed_once(_: Event) -> None:
        if ends:
            raise ends.pop()

    ear = an_ear("lead_captured", answer=be_killed_once)
    house = opened(ear)
    with pytest.raises(KeyboardInterrupt):
        house.lead()
    told(ear)
    house.clock.advance(LEASE - A_MOMENT)
    house.crm.work()
    assert told(ear) == []
    house.clock.advance(A_MOMENT)
    house.crm.work()

    assert [event.kind for event in told(ear)] == ["lead_captured"]
    assert waiting(house) == {"DONE": 6}


def test_parallel_workers_tell_each_event_once(opened: Opened) -> None:
    ear = an_ear("lead_captured")
    house = opened(ear)
    leads = together(*[lambda n=n: house.lead(phone=f"312555{n:04}", email=None) for n in range(8)])
    together(*[house.crm.work] * 8)
    assert all(isinstance(event, LeadCaptured) for event in ear.heard)
    heard = sorted(str(getattr(event, "lead_id", None)) for event in ear.heard)
    assert heard == sorted(lead.id for lead in leads)


class Failing(MemoryBackend):
    """A backend that is gone once the outbox is asked for events, until it is mended."""

    broken = False

    @contextmanager
    def begin(self, clinic: ClinicId) -> Iterator[MemoryUnit]:
        with super().begin(clinic) as unit:
            if self.broken:
                unit.outbox = _NoOutbox(unit.outbox)
            yield unit


class _NoOutbox(MemoryOutbox):
    """Takes events, and hands none out."""

    def __init__(self, outbox: MemoryOutbox) -> None:
        super().__init__(outbox._session)

    def claim(self, *_: object) -> Sequence[OutboxItem]:
        raise BackendError("the database is gone")


def test_a_verb_that_is_done_does_not_fail_for_its_outbox(
    caplog: pytest.LogCaptureFixture,
) -> None:
    backend, ear = Failing(), an_ear("lead_captured")

    class Plugin:
        @hook
        def register_backends(self) -> dict[str, Any]:
            return {"failing": lambda _: backend}

    with a_house(Plugin(), ear, url="failing://") as house:
        backend.broken = True
        lead = house.lead()
        assert house.coordinator.leads.get(lead.id) == lead
        assert {error.error for error in house.crm.work().errors} == {"BackendError"}
        backend.broken = False
        house.crm.work()

    assert ear.kinds == ["lead_captured"]
    assert caplog.messages == [
        f"the events of clinic {house.clinic.id} could not be told yet",
        f"clinic {house.clinic.id}: events failed with BackendError",
        f"clinic {house.clinic.id}: late_events failed with BackendError",
    ]
