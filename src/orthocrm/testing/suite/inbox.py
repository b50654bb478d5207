"""The inbox and kept answers: each delivery has one worker, and each line its order."""

from datetime import datetime, timedelta

from attrs import evolve

from orthocrm.core.answers import AnswerState
from orthocrm.core.errors import AlreadyExists
from orthocrm.core.inbox import Inbound, InboundState
from orthocrm.core.ports import Backend
from orthocrm.core.query import Cond
from orthocrm.core.settings import Clinic
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories import a_kept_answer, an_inbound
from orthocrm.testing.suite.arranged import (
    A_LEASE,
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


def _put(backend: Backend, clinic: Clinic, *given: Inbound) -> None:
    store(backend, clinic, "inbox", given)


def _claim(backend: Backend, clinic: Clinic, now: datetime = NOW, most: int = 10) -> list[Inbound]:
    with backend.begin(clinic.id) as unit:
        return list(unit.inbox.claim(now, A_LEASE, most))


def _settle(backend: Backend, clinic: Clinic, inbound: Inbound) -> bool:
    with backend.begin(clinic.id) as unit:
        return unit.inbox.settle(inbound)


def _now(backend: Backend, clinic: Clinic, inbound: Inbound) -> Inbound:
    found: Inbound = stored(backend, clinic, "inbox", [inbound.id])[inbound.id]
    return found


def _ids(inbox: list[Inbound]) -> list[str]:
    return [one.id for one in inbox]


def _done(one: Inbound) -> Inbound:
    return evolve(one, state=InboundState.DONE, settled_at=NOW)


class InboxRules(Rules):
    """Claiming and settling deliveries, and answers that are kept once."""

    def test_a_claimed_delivery_is_what_was_added(self, backend: Backend) -> None:
        """Attempts, fence and version have grown by one, and it is due when the lease ends."""
        clinic = a_practice(backend)
        one = an_inbound(clinic, headers={"A": "b"}, url="https://practice.example")
        _put(backend, clinic, one)
        assert _claim(backend, clinic, NOW - TICK) == []
        claimed = _claim(backend, clinic)
        wanted = evolve(one, due_at=NOW + A_LEASE, attempts=1, fence=1, version=2)
        assert exact(claimed) == exact([wanted])
        assert _claim(backend, clinic, NOW + A_LEASE - TICK) == []
        assert [again.fence for again in _claim(backend, clinic, NOW + A_LEASE)] == [2]

    def test_a_line_keeps_its_order(self, backend: Backend) -> None:
        """Leased ones and those that wait for another try are in the way of those behind them."""
        clinic = a_practice(backend)
        first, second, other = (an_inbound(clinic, line=line) for line in ("a", "a", "b"))
        loose = [an_inbound(clinic) for _ in range(2)]
        _put(backend, clinic, second, first, other, *loose)
        claimed = _claim(backend, clinic)
        assert _ids(claimed) == [first.id, other.id, *_ids(loose)]
        assert _claim(backend, clinic) == []
        assert all(_settle(backend, clinic, _done(one)) for one in claimed[1:])
        later = NOW + timedelta(hours=1)
        assert _settle(backend, clinic, evolve(claimed[0], due_at=later)) is True
        assert _claim(backend, clinic, later - TICK) == []
        [again] = _claim(backend, clinic, later)
        assert again.id == first.id
        assert _settle(backend, clinic, _done(again)) is True
        assert _ids(_claim(backend, clinic, later)) == [second.id]

    def test_what_is_parked_lets_others_of_its_line_pass(self, backend: Backend) -> None:
        """A person looks at it, and that may take days."""
        clinic = a_practice(backend)
        parked = an_inbound(clinic, line="a", state=InboundState.PARKED)
        behind = an_inbound(clinic, line="a")
        _put(backend, clinic, parked, behind)
        assert _ids(_claim(backend, clinic)) == [behind.id]

    def test_only_the_outcome_of_a_delivery_is_kept(self, backend: Backend) -> None:
        """By whoever claimed it last."""
        clinic = a_practice(backend)
        _put(backend, clinic, an_inbound(clinic))
        [slow] = _claim(backend, clinic)
        [quick] = _claim(backend, clinic, NOW + A_LEASE)
        assert _settle(backend, clinic, _done(slow)) is False
        outcome = evolve(
            quick, state=InboundState.PARKED, because="busy", attempts=7, settled_at=NOW
        )
        spoiled = evolve(outcome, name="spoiled", body=b"spoiled", line="spoiled", whose=("x",))
        assert _settle(backend, clinic, spoiled) is True
        wanted = evolve(outcome, version=quick.version + 1)
        assert exact(_now(backend, clinic, quick)) == exact(wanted)
        assert _settle(backend, clinic, an_inbound(clinic)) is False

    def test_each_delivery_goes_to_one_of_many_workers(self, backend: Backend) -> None:
        """Those of one line one after the other."""
        self.needs(Capability.THREADS)
        clinic = a_practice(backend)
        given = [an_inbound(clinic, line=f"line {n % 3}" if n % 2 else "") for n in range(20)]
        _put(backend, clinic, *given)

        def work() -> list[Inbound]:
            mine: list[Inbound] = []
            while True:
                batch = _claim(backend, clinic, most=3)
                mine.extend(batch)
                with backend.begin(clinic.id) as unit:
                    assert all(unit.inbox.settle(_done(one)) for one in batch)
                    if not unit.inbox.count(Cond("state", "eq", InboundState.PENDING)):
                        return mine

        shares = together(*[work] * 3)
        assert sorted(one.id for share in shares for one in share) == sorted(_ids(given))

    def test_deliveries_do_not_cross_clinics(self, backend: Backend) -> None:
        """A line of the same name in another clinic is another line."""
        ours, theirs = a_practice(backend), a_practice(backend)
        _put(backend, theirs, an_inbound(theirs, line="a"))
        _put(backend, ours, an_inbound(ours, line="a"))
        [claimed] = _claim(backend, theirs)
        assert _settle(backend, ours, _done(claimed)) is False
        assert len(_claim(backend, ours)) == 1

    def test_the_key_of_an_answer_is_unique(self, backend: Backend) -> None:
        """Of two requests with one key that come at once, one goes on."""
        clinic, other = a_practice(backend), a_practice(backend)
        first = a_kept_answer(clinic, key="k")
        store(backend, clinic, "answers", [first])
        with failing(AlreadyExists, backend, clinic.id) as unit:
            unit.answers.add([a_kept_answer(clinic, key="k")])
        store(backend, other, "answers", [a_kept_answer(other, key="k")])
        with backend.begin(clinic.id) as unit:
            unit.answers.save([evolve(first, state=AnswerState.KEPT, status=200, body="{}")])
            unit.answers.remove([first.id])
            unit.answers.add([a_kept_answer(clinic, key="k")])
