"""Ten thousand reminders due in one minute, four workers, one killed every second: each sent once.

Nobody can tell whether a worker that dies in the middle of a call has sent its letter. Such a
letter goes again under the same key, by which carriers know it: that is one effect.
"""

import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import attrs
import pytest
from attrs import evolve

from orthocrm import Appointment, Clinic, OrthoCRM, Permission, ReminderRule, Role
from orthocrm.core.appointment import AppointmentStatus
from orthocrm.core.ids import UserId
from orthocrm.core.lead import Lead
from orthocrm.core.messaging import Messaging
from orthocrm.core.notifying import MessageChannel, MessageState
from orthocrm.core.query import Aggregate, Cond, Measure, both
from orthocrm.services.notifications.gating import BATCH, LEASE
from orthocrm.services.scheduling import reminding
from orthocrm.services.work import Work, everything
from orthocrm.testing.factories import an_appointment
from orthocrm.testing.plugin_suite import HttpCarrier
from tests.faults.processes import a_clinic, killed, opened, started
from tests.faults.victim import enquiry
from tests.flows.practice import House

SHORT, LONG = 100, 10_000
AMOUNTS = pytest.mark.parametrize(
    "amount", [SHORT, pytest.param(LONG, marks=[pytest.mark.faults, pytest.mark.slow])]
)
WORKERS = 4
MOST_WAVES = 60
PATIENCE_SECONDS = 3.0
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
DAY_BEFORE = ReminderRule(name="day", channel=MessageChannel.EMAIL, before=DAY)


def _reminded(crm: OrthoCRM, amount: int) -> Clinic:
    """Make a clinic with so many appointments, whose reminders are due within one minute."""
    clinic = a_clinic(crm)
    house = House(crm, clinic, None)  # type: ignore[arg-type]  # nobody asks for the time
    settings = house.admin.settings.practice().clinic.settings
    messaging = Messaging(carriers=((MessageChannel.EMAIL, "post"),), phone="(312) 555-0100")
    chosen = evolve(settings, messaging=messaging, reminders=(DAY_BEFORE,), rules=())
    house.admin.settings.change(chosen)
    desk = house.desk(Role.OPERATOR)
    leads = [desk.leads.capture(enquiry(number)).lead for number in range(amount // 20)]
    first = datetime.now(UTC) + DAY + MINUTE

    def plan(work: Work) -> None:
        visits = [_visit(leads[i % len(leads)], first + i * MINUTE / amount) for i in range(amount)]
        work.store.appointments.add(visits)
        reminding.plan(work, visits)

    desk.scheduling._office.carry_out("tests.remind", Permission.APPOINTMENT_MANAGE, plan)
    return clinic


def _visit(lead: Lead, starts_at: datetime) -> Appointment:
    booked = AppointmentStatus.BOOKED
    return an_appointment(lead, provider=UserId("dr"), starts_at=starts_at, status=booked)


@attrs.define
class Storm:
    """Workers on one clock, `later` seconds ahead, of which one after the other is killed."""

    url: str
    server: HttpCarrier
    crm: OrthoCRM
    clinic: Clinic
    chance: random.Random
    kills: int = 0

    def blow(self, later: int, is_time: Callable[[], bool]) -> None:
        """Work until nothing waits any more, or what is left waits for the end of a lease."""
        nursery = started("nursery", self.url, self.server.url, str(later))
        workers = [_born(nursery) for _ in range(WORKERS)]
        known, ends = self.pending(), time.monotonic() + PATIENCE_SECONDS
        while left := self.pending():
            if left < known or self._due(later):
                known, ends = left, time.monotonic() + PATIENCE_SECONDS
            elif time.monotonic() > ends:
                break
            if is_time():
                os.kill(workers.pop(self.chance.randrange(WORKERS)), signal.SIGKILL)
                self.kills += 1
                workers.append(_born(nursery))
            time.sleep(0.01)
        for worker in workers:
            os.kill(worker, signal.SIGKILL)
        killed(nursery)

    def pending(self, *conditions: Cond) -> int:
        """Count the messages that wait, or that a worker holds or held."""
        where = both(Cond("state", "eq", MessageState.PENDING), *conditions)
        with self.crm._backend.begin(self.clinic.id) as store:
            return store.messages.count(where)

    def _due(self, later: int) -> int:
        now = datetime.now(UTC) + timedelta(seconds=later)
        return self.pending(Cond("due_at", "le", now))


def _born(nursery: subprocess.Popen[str]) -> int:
    """Have another worker, and give its process."""
    assert nursery.stdin is not None
    assert nursery.stdout is not None
    nursery.stdin.write("go\n")
    nursery.stdin.flush()
    return int(nursery.stdout.readline())


def _each_second() -> Callable[[], bool]:
    ends = time.monotonic() + 1

    def is_time() -> bool:
        nonlocal ends
        if time.monotonic() < ends:
            return False
        ends = max(ends + 1, time.monotonic())
        return True

    return is_time


def _in_the_middle(server: HttpCarrier) -> Callable[[], bool]:
    """Kill once, when some of the letters have come: a short run may not last a second."""
    some, is_done = SHORT // 6, False

    def is_time() -> bool:
        nonlocal is_done
        if is_done or len(server.received) < some:
            return False
        is_done = True
        return True

    return is_time


@AMOUNTS
def test_each_reminder_is_sent_once_though_a_worker_is_killed_every_second(
    url: str, server: HttpCarrier, amount: int
) -> None:
    begun = time.monotonic()
    with opened(url) as crm:
        clinic = _reminded(crm, amount)
        storm = Storm(url, server, crm, clinic, random.Random(amount))
        assert storm.pending() == amount
        waves, later = 0, 180
        is_time = _each_second() if amount == LONG else _in_the_middle(server)
        while storm.pending():
            assert waves < MOST_WAVES
            storm.blow(later, is_time)
            waves, later = waves + 1, later + LEASE.seconds + 1
        with crm._backend.begin(clinic.id) as store:
            groups = store.aggregate(Aggregate("messages", (Measure("n"),), by=("state",)))
            keys = {message.key for message in everything(store.messages)}
    came = Counter(letter.headers["idempotency-key"] for letter in server.received)
    assert [(g.key, g.values["n"]) for g in groups] == [((MessageState.SENT,), amount)]
    assert len(keys) == len(came) == amount
    dead = storm.kills + waves * WORKERS
    assert came.total() - amount <= dead * BATCH
    assert storm.kills > 1 or amount == SHORT
    repeats, seconds = came.total() - amount, time.monotonic() - begun
    print(  # noqa: T201 - figures for the log
        f"{amount} reminders, {storm.kills} kills in {waves} waves, {seconds:.0f} s, "
        f"{repeats} repeats under the same key"
    )
