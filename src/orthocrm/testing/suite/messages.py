"""Messages: each is claimed by one worker, and again only when its lease has run out."""

import threading
from datetime import datetime, timedelta

from attrs import evolve

from orthocrm.core.errors import AlreadyExists, StaleVersion
from orthocrm.core.notifying import Message, MessageChannel, MessageState, Purpose
from orthocrm.core.ports import Backend
from orthocrm.core.query import Cond
from orthocrm.core.settings import Clinic
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories import a_lead, a_message
from orthocrm.testing.suite.arranged import (
    A_LEASE,
    A_MOMENT,
    PATIENCE_SECONDS,
    Capability,
    Rules,
    a_practice,
    exact,
    failing,
    store,
    stored,
    together,
)

NOW = MONDAY_MORNING
TICK = timedelta(microseconds=1)


def _put(backend: Backend, clinic: Clinic, *given: Message) -> None:
    store(backend, clinic, "messages", given)


def _claim(backend: Backend, clinic: Clinic, now: datetime = NOW, most: int = 10) -> list[Message]:
    with backend.begin(clinic.id) as unit:
        return list(unit.messages.claim(now, A_LEASE, most))


def _settle(backend: Backend, clinic: Clinic, message: Message) -> bool:
    with backend.begin(clinic.id) as unit:
        return unit.messages.settle(message)


def _now(backend: Backend, clinic: Clinic, message: Message) -> Message:
    found: Message = stored(backend, clinic, "messages", [message.id])[message.id]
    return found


def _ids(messages: list[Message]) -> list[str]:
    return [message.id for message in messages]


def _sent(message: Message) -> Message:
    return evolve(message, state=MessageState.SENT, sent_at=NOW)


class MessageRules(Rules):
    """Claiming and settling."""

    def test_a_claimed_message_is_what_was_added(self, backend: Backend) -> None:
        """Attempts, fence and version have grown by one, and it is due when the lease ends."""
        clinic = a_practice(backend)
        lead = a_lead(clinic)
        store(backend, clinic, "leads", [lead])
        to_family = a_message(clinic, lead, NOW, subject="Hello", not_after=NOW + A_LEASE)
        to_staff = a_message(clinic, None, NOW + TICK)
        _put(backend, clinic, to_family, to_staff)
        claimed = _claim(backend, clinic, NOW + TICK)
        wanted = [
            evolve(one, due_at=NOW + TICK + A_LEASE, attempts=1, fence=1, version=2)
            for one in (to_family, to_staff)
        ]
        assert exact(claimed) == exact(wanted)
        assert [exact(_now(backend, clinic, one)) for one in claimed] == exact(wanted)[1]

    def test_a_message_is_claimed_once_it_is_due(self, backend: Backend) -> None:
        """Not a microsecond earlier."""
        clinic = a_practice(backend)
        message = a_message(clinic)
        _put(backend, clinic, message)
        assert _claim(backend, clinic, NOW - TICK) == []
        assert _ids(_claim(backend, clinic, NOW)) == [message.id]

    def test_the_messages_due_longest_are_claimed_first(self, backend: Backend) -> None:
        """At most as many as were asked for; ids break ties."""
        clinic = a_practice(backend)
        messages = [a_message(clinic, None, NOW + n // 2 * TICK) for n in range(5)]
        _put(backend, clinic, *messages[::-1])
        later = NOW + timedelta(seconds=1)
        assert _ids(_claim(backend, clinic, later, most=2)) == _ids(messages[:2])
        assert _ids(_claim(backend, clinic, later, most=2)) == _ids(messages[2:4])
        assert _ids(_claim(backend, clinic, later, most=2)) == _ids(messages[4:])
        assert _claim(backend, clinic, later, most=2) == []

    def test_only_pending_messages_are_claimed(self, backend: Backend) -> None:
        """What was sent, skipped, cancelled or parked stays as it is."""
        clinic = a_practice(backend)
        messages = [a_message(clinic, state=state) for state in MessageState]
        _put(backend, clinic, *messages)
        assert [one.state for one in _claim(backend, clinic)] == [MessageState.PENDING]

    def test_a_unit_of_work_claims_what_it_has_added(self, backend: Backend) -> None:
        """And can save what it has claimed."""
        clinic = a_practice(backend)
        message = a_message(clinic)
        with backend.begin(clinic.id) as unit:
            unit.messages.add([message])
            [claimed] = unit.messages.claim(NOW, A_LEASE, 1)
            [parked] = unit.messages.save([evolve(claimed, state=MessageState.PARKED)])
        assert exact(_now(backend, clinic, message)) == exact(parked)
        assert (parked.fence, parked.version) == (1, 3)

    def test_a_lease_that_runs_out_frees_the_message(self, backend: Backend) -> None:
        """The next claim gets it with a larger fence; until then nobody does."""
        clinic = a_practice(backend)
        _put(backend, clinic, a_message(clinic))
        [first] = _claim(backend, clinic)
        assert _claim(backend, clinic, NOW + A_LEASE - TICK) == []
        [second] = _claim(backend, clinic, NOW + A_LEASE)
        assert (second.id, second.attempts) == (first.id, 2)
        assert second.fence > first.fence

    def test_an_answer_is_kept(self, backend: Backend) -> None:
        """Everything that tells the outcome, and nothing else of the message."""
        clinic = a_practice(backend)
        _put(backend, clinic, a_message(clinic))
        [message] = _claim(backend, clinic)
        outcome = evolve(
            message,
            state=MessageState.SENT,
            because="second_carrier",
            attempts=7,
            due_at=NOW + TICK,
            carrier="twilio",
            carrier_ref="SM1",
            sent_at=NOW,
            settled_at=NOW + TICK,
        )
        spoiled = evolve(
            outcome,
            key="spoiled",
            channel=MessageChannel.PUSH,
            purpose=Purpose.MARKETING,
            to="spoiled@example.com",
            body="spoiled",
            subject="spoiled",
            user=None,
            about="spoiled",
        )
        assert _settle(backend, clinic, spoiled) is True
        wanted = evolve(outcome, version=message.version + 1)
        assert exact(_now(backend, clinic, message)) == exact(wanted)

    def test_an_answer_may_empty_what_an_earlier_one_filled(self, backend: Backend) -> None:
        """A message that waits again has no carrier yet, and is claimed when it says."""
        clinic = a_practice(backend)
        _put(backend, clinic, a_message(clinic, because="busy", carrier="c", carrier_ref="r"))
        [message] = _claim(backend, clinic)
        again = NOW + timedelta(seconds=5)
        emptied = evolve(message, because=None, carrier=None, carrier_ref=None, due_at=again)
        assert _settle(backend, clinic, emptied) is True
        assert _claim(backend, clinic, again - TICK) == []
        [second] = _claim(backend, clinic, again)
        assert (second.because, second.carrier, second.carrier_ref) == (None, None, None)
        assert second.attempts == 2

    def test_a_late_answer_about_a_message_is_refused(self, backend: Backend) -> None:
        """Once somebody else has claimed the message, only their answer counts."""
        clinic = a_practice(backend)
        _put(backend, clinic, a_message(clinic))
        [slow] = _claim(backend, clinic)
        [quick] = _claim(backend, clinic, NOW + A_LEASE)
        assert _settle(backend, clinic, evolve(slow, state=MessageState.PARKED)) is False
        assert _now(backend, clinic, quick) == quick
        assert _settle(backend, clinic, _sent(quick)) is True
        assert _settle(backend, clinic, slow) is False
        assert _now(backend, clinic, quick).state is MessageState.SENT

    def test_an_answer_about_an_unknown_message_is_refused(self, backend: Backend) -> None:
        """There is nothing to settle."""
        clinic = a_practice(backend)
        assert _settle(backend, clinic, a_message(clinic)) is False

    def test_a_settled_message_can_be_saved_in_the_same_unit(self, backend: Backend) -> None:
        """With the version that a new look at it gives; the one before is stale."""
        clinic = a_practice(backend)
        _put(backend, clinic, a_message(clinic))
        [message] = _claim(backend, clinic)
        with backend.begin(clinic.id) as unit:
            unit.messages.settle(_sent(message))
            held = unit.messages.get([message.id])[message.id]
            [saved] = unit.messages.save([evolve(held, state=MessageState.DELIVERED)])
        assert exact(_now(backend, clinic, message)) == exact(saved)
        with failing(StaleVersion, backend, clinic.id) as unit:
            unit.messages.save([held])

    def test_who_read_a_message_before_its_claim_cannot_save_it(self, backend: Backend) -> None:
        """So that nobody cancels what a worker is sending."""
        clinic = a_practice(backend)
        message = a_message(clinic)
        _put(backend, clinic, message)
        [claimed] = _claim(backend, clinic)
        with failing(StaleVersion, backend, clinic.id) as unit:
            unit.messages.save([evolve(message, state=MessageState.CANCELLED)])
        assert _now(backend, clinic, message) == claimed

    def test_a_message_is_found_by_what_the_carrier_calls_it(self, backend: Backend) -> None:
        """Status reports name nothing else."""
        clinic = a_practice(backend)
        sent, other = (
            a_message(clinic, carrier=carrier, carrier_ref="SM1") for carrier in ("a", "b")
        )
        _put(backend, clinic, sent, other)
        with backend.begin(clinic.id) as unit:
            found = unit.messages.find(Cond("carrier_ref", "eq", "SM1")).items
        assert _ids(list(found)) == [sent.id, other.id]

    def test_the_key_of_a_message_is_unique(self, backend: Backend) -> None:
        """The same effect asked for twice is one message; another clinic may use the same key."""
        clinic, other = a_practice(backend), a_practice(backend)
        _put(backend, clinic, a_message(clinic, key="reminder:1", state=MessageState.SENT))
        with failing(AlreadyExists, backend, clinic.id) as unit:
            unit.messages.add([a_message(clinic, key="reminder:1")])
        _put(backend, other, a_message(other, key="reminder:1"))
        _put(backend, clinic, a_message(clinic, key="reminder:2"))

    def test_messages_do_not_cross_clinics(self, backend: Backend) -> None:
        """A worker of one clinic claims nothing of another, and settles nothing of it."""
        ours, theirs = a_practice(backend), a_practice(backend)
        _put(backend, theirs, a_message(theirs))
        [claimed] = _claim(backend, theirs)
        assert _claim(backend, ours, NOW + A_LEASE) == []
        assert _settle(backend, ours, _sent(claimed)) is False
        assert _now(backend, theirs, claimed) == claimed

    def test_each_message_goes_to_one_of_many_workers(self, backend: Backend) -> None:
        """Threads that claim until nothing is left get every message exactly once."""
        self.needs(Capability.THREADS)
        clinic = a_practice(backend)
        messages = [a_message(clinic) for _ in range(40)]
        _put(backend, clinic, *messages)

        def work() -> list[str]:
            mine: list[str] = []
            while True:
                batch = _claim(backend, clinic, most=3)
                mine.extend(_ids(batch))
                with backend.begin(clinic.id) as unit:
                    settled = [unit.messages.settle(_sent(message)) for message in batch]
                    left = unit.messages.count(Cond("state", "eq", MessageState.PENDING))
                assert all(settled)
                if not left:
                    return mine

        shares = together(*[work] * 4)
        assert sorted(one for share in shares for one in share) == sorted(_ids(messages))

    def test_two_open_units_of_work_never_claim_the_same_message(self, backend: Backend) -> None:
        """The second passes over what the first is taking, or waits until it is taken."""
        self.needs(Capability.THREADS)
        clinic = a_practice(backend)
        messages = [a_message(clinic) for _ in range(4)]
        _put(backend, clinic, *messages)
        claimed, answered = threading.Event(), threading.Event()

        def first() -> list[str]:
            with backend.begin(clinic.id) as unit:
                mine = list(unit.messages.claim(NOW, A_LEASE, 2))
                claimed.set()
                answered.wait(A_MOMENT)
            return _ids(mine)

        def second() -> list[str]:
            assert claimed.wait(PATIENCE_SECONDS)
            with backend.begin(clinic.id) as unit:
                mine = list(unit.messages.claim(NOW, A_LEASE, 4))
                answered.set()
            return _ids(mine)

        ours, theirs = together(first, second)
        assert (ours, theirs) == (_ids(messages[:2]), _ids(messages[2:]))
