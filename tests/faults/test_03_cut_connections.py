"""Fault 3. The line to PostgreSQL breaks before or after a commit: nothing, or exactly one effect.

A day's work is done again and again, each time with the line cut at another commit, and whoever
meets an error repeats what it did, under the same key. A commit whose answer was lost counts.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from typing import TypeVar

import attrs
import pytest
from sqlalchemy import make_url

import orthocrm
from orthocrm import Conflict, NewAppointment
from orthocrm.core.audit import DONE
from orthocrm.core.errors import BackendError
from orthocrm.core.messaging import Messaging
from orthocrm.core.notifying import MessageChannel, MessageState
from orthocrm.services.notifications.gating import LEASE
from orthocrm.services.work import everything
from orthocrm.testing.clock import FrozenClock
from orthocrm.testing.factories import a_message
from tests.faults.post import Post
from tests.faults.proxy import Cut, Line, between
from tests.flows.conftest import KEYS
from tests.flows.practice import House, enquiry
from tests.flows.scheduling import open_the_diary, wish

T = TypeVar("T")
TRIES = 5
SHORT = [(1, Cut.BEFORE), (1, Cut.AFTER), (2, Cut.BEFORE), (2, Cut.AFTER)]


@attrs.define
class Practice:
    """A house at the other end of a line, and the carrier of its letters."""

    house: House
    line: Line
    post: Post


@pytest.fixture
def practice(migrated_postgres_url: str) -> Iterator[Practice]:
    url = make_url(migrated_postgres_url)
    with between(str(url.query["host"])) as (line, directory):
        there = url.set(query={"host": directory}).render_as_string(hide_password=False)
        post, clock = Post(), FrozenClock()
        with closing(
            orthocrm.connect(there, keys=KEYS, clock=clock, discover_plugins=False, plugins=[post])
        ) as crm:
            clinic = crm.create_clinic(name="Bright Smiles", timezone="America/Chicago")
            house = House(crm, clinic, clock)
            house.admin.settings.add_coordinator("tc-1", "Ana")
            open_the_diary(house)
            settings = house.admin.settings.practice().clinic.settings
            messaging = Messaging(carriers=((MessageChannel.EMAIL, "post"),))
            house.admin.settings.change(attrs.evolve(settings, messaging=messaging, rules=()))
            crm.work()
            yield Practice(house, line, post)


def _until_done(work: Callable[[], T]) -> tuple[T, int]:
    """Do something until it succeeds, and tell how often it failed."""
    for failures in range(TRIES):
        try:
            return work(), failures
        except (BackendError, Conflict):
            continue
    pytest.fail("one cut broke it for good")


def _a_day(practice: Practice, number: int) -> int:
    """Capture, book, write, and let a worker send; give how many calls failed."""
    house = practice.house
    given = enquiry(phone=f"+1 312 555 {number:04}", delivery_key=f"form-{number}")
    captured, first = _until_done(lambda: house.front.leads.capture(given))
    lead = captured.lead
    new: NewAppointment = wish(lead, starts_at=wish().starts_at + number * timedelta(days=1))
    new = attrs.evolve(new, key=f"visit-{number}", is_manual=True)
    booked, second = _until_done(lambda: house.front.scheduling.book(new))
    message = a_message(house.clinic, lead, house.clock(), to="maria@example.com")
    _, third = _until_done(lambda: _stored(house, message))
    done, failed = _until_done(house.crm.work)
    for _ in range(2):  # what a lost worker had in hand waits for the end of its lease
        house.clock.advance(LEASE + timedelta(minutes=1))
        done, again = _until_done(house.crm.work)
        failed += again + len(done.errors)
    assert booked.appointment.lead_id == lead.id
    return first + second + third + failed


def _stored(house: House, message: orthocrm.Message) -> None:
    with house.crm._backend.begin(house.clinic.id) as store:
        if message.id not in store.messages.get([message.id]):
            store.messages.add([message])


def _check(practice: Practice, days: int) -> None:
    """Check that each day left one lead with all that belongs to it, one visit and one letter."""
    house = practice.house
    with house.crm._backend.begin(house.clinic.id) as store:
        leads, visits = everything(store.leads), everything(store.appointments)
        ids = Counter(lead.id for lead in leads)
        assert len(leads) == len(visits) == days
        assert Counter(visit.lead_id for visit in visits) == ids
        stays = Counter(stay.lead_id for stay in everything(store.visits))
        assert stays == dict.fromkeys(ids, 2)  # a booking moves its lead on, once
        letters = [m for m in everything(store.messages) if m.appointment_id is None]
        assert {m.state for m in letters} == {MessageState.SENT}
        assert len(letters) == days
        done = [entry.operation for entry in everything(store.audit) if entry.outcome == DONE]
        assert store.outbox.waiting() == 0
    assert Counter(done)["leads.capture"] >= days
    assert len({letter.identity for letter in practice.post.letters}) >= days


@pytest.mark.parametrize("commit, when", SHORT)
def test_a_capture_whose_line_breaks_has_one_effect_after_the_retry(
    practice: Practice, commit: int, when: Cut
) -> None:
    given = enquiry(delivery_key="form")
    house = practice.house
    practice.line.cut(commit, when)
    if commit == 1:
        with pytest.raises(BackendError):
            house.front.leads.capture(given)
        with house.crm._backend.begin(house.clinic.id) as store:
            assert store.leads.count() == (1 if when is Cut.AFTER else 0)
    captured, _ = _until_done(lambda: house.front.leads.capture(given))
    again, _ = _until_done(lambda: house.front.leads.capture(given))
    assert (again.lead.id, again.replayed) == (captured.lead.id, True)
    assert captured.replayed == (when is Cut.AFTER and commit == 1)
    with house.crm._backend.begin(house.clinic.id) as store:
        assert (store.leads.count(), store.visits.count()) == (1, 1)


@pytest.mark.faults
@pytest.mark.slow
def test_a_line_that_breaks_at_any_commit_leaves_one_effect_of_everything(
    practice: Practice,
) -> None:
    practice.line.cut(0, Cut.BEFORE)
    assert _a_day(practice, 0) == 0
    commits, days, failures = practice.line.commits, 1, 0
    for commit in range(1, commits + 1):
        for when in Cut:
            practice.line.cut(commit, when)
            failures += _a_day(practice, days)
            days += 1
            practice.line.cut(0, Cut.BEFORE)
            _check(practice, days)
    assert failures > commits
    print(f"{commits} commits in a day, {days - 1} cuts, {failures} calls failed, none twice")  # noqa: T201 - a figure for the log
