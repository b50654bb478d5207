"""Deliveries: a request that comes again has no second effect."""

import threading
from contextlib import suppress
from datetime import timedelta
from typing import Any

from attrs import evolve

from orthocrm.core.audit import ERASED, KEYED, Delivery
from orthocrm.core.ids import UserId
from orthocrm.core.ports import Backend
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories import a_delivery
from orthocrm.testing.suite.arranged import (
    A_MOMENT,
    PATIENCE_SECONDS,
    Capability,
    Rules,
    a_practice,
    exact,
    together,
)

RESULT = {"lead": "lead-1", "tasks": ["t-1"], "decision": None, "scores": [["x", 97, True]]}


class Failed(Exception):
    """The first request came to nothing."""


class DeliveryRules(Rules):
    """Claiming, finishing and expiring."""

    def test_the_first_claim_registers_the_delivery(self, backend: Backend) -> None:
        """Later ones get what holds its key, with the result of the first."""
        clinic = a_practice(backend)
        first = a_delivery(clinic)
        with backend.begin(clinic.id) as unit:
            assert unit.deliveries.claim(first) is None
            unit.deliveries.finish(first, RESULT)
        later = evolve(first, fingerprint="0" * 64, created_at=MONDAY_MORNING + timedelta(days=400))
        for _ in range(2):
            with backend.begin(clinic.id) as unit:
                assert exact(unit.deliveries.claim(later)) == exact(evolve(first, result=RESULT))

    def test_a_delivery_without_result_holds_its_key_too(self, backend: Backend) -> None:
        """Whoever registers and does not finish has registered all the same."""
        clinic = a_practice(backend)
        first = a_delivery(clinic)
        with backend.begin(clinic.id) as unit:
            assert unit.deliveries.claim(first) is None
        with backend.begin(clinic.id) as unit:
            assert exact(unit.deliveries.claim(first)) == exact(first)

    def test_a_delivery_can_be_looked_up_without_a_claim(self, backend: Backend) -> None:
        """Whoever only asks registers nothing."""
        clinic = a_practice(backend)
        first = a_delivery(clinic)
        with backend.begin(clinic.id) as unit:
            assert unit.deliveries.known(first) is None
            assert unit.deliveries.claim(first) is None
            unit.deliveries.finish(first, RESULT)
        later = evolve(first, fingerprint="0" * 64, created_at=MONDAY_MORNING + timedelta(days=400))
        with backend.begin(clinic.id) as unit:
            assert exact(unit.deliveries.known(later)) == exact(evolve(first, result=RESULT))
            assert unit.deliveries.known(evolve(first, key="key:other")) is None

    def test_a_claim_is_seen_within_its_unit_of_work(self, backend: Backend) -> None:
        """A batch may hold the same delivery twice."""
        clinic = a_practice(backend)
        delivery = a_delivery(clinic)
        with backend.begin(clinic.id) as unit:
            assert unit.deliveries.claim(delivery) is None
            assert unit.deliveries.claim(delivery) == delivery
            unit.deliveries.finish(delivery, RESULT)
            assert unit.deliveries.claim(delivery) == evolve(delivery, result=RESULT)

    def test_operation_user_and_key_make_a_delivery(self, backend: Backend) -> None:
        """Who differs in one of them is somebody else."""
        clinic = a_practice(backend)
        first = a_delivery(clinic, "key:ä")
        others = (
            evolve(first, operation="leads.import"),
            evolve(first, user=UserId("tc-2")),
            evolve(first, key="key:Ä"),
            evolve(first, key="key:"),
        )
        with backend.begin(clinic.id) as unit:
            assert unit.deliveries.claim(first) is None
        with backend.begin(clinic.id) as unit:
            assert [unit.deliveries.claim(other) for other in others] == [None] * 4
            unit.deliveries.finish(others[0], {"lead": "other"})
        with backend.begin(clinic.id) as unit:
            assert unit.deliveries.claim(first) == first
            assert unit.deliveries.claim(others[0]) == evolve(others[0], result={"lead": "other"})

    def test_an_expired_holder_is_replaced(self, backend: Backend) -> None:
        """A holder created before `since` has expired; one created at `since` has not."""
        clinic = a_practice(backend)
        first = a_delivery(clinic)
        second = evolve(
            first, created_at=MONDAY_MORNING + timedelta(minutes=9), fingerprint="2" * 64
        )
        with backend.begin(clinic.id) as unit:
            unit.deliveries.claim(first)
            unit.deliveries.finish(first, RESULT)
        tick = timedelta(microseconds=1)
        with backend.begin(clinic.id) as unit:
            assert unit.deliveries.claim(second, MONDAY_MORNING) == evolve(first, result=RESULT)
        with backend.begin(clinic.id) as unit:
            assert unit.deliveries.claim(second, MONDAY_MORNING + tick) is None
        with backend.begin(clinic.id) as unit:
            assert unit.deliveries.claim(first) == second

    def test_a_result_is_not_shared_with_the_caller(self, backend: Backend) -> None:
        """A mapping changed after it was recorded changes nothing recorded."""
        clinic = a_practice(backend)
        delivery, result = a_delivery(clinic), {"lead": "lead-1"}
        with backend.begin(clinic.id) as unit:
            unit.deliveries.claim(delivery)
            unit.deliveries.finish(delivery, result)
        result["lead"] = "spoiled"
        with backend.begin(clinic.id) as unit:
            held = unit.deliveries.claim(delivery)
        assert held == evolve(delivery, result={"lead": "lead-1"})

    def test_a_second_claim_waits_for_the_first(self, backend: Backend) -> None:
        """It gets the result of the unit of work that was under way."""
        self.needs(Capability.THREADS)
        clinic = a_practice(backend)
        delivery = a_delivery(clinic)
        claimed, answered = threading.Event(), threading.Event()

        def first() -> Delivery | None:
            with backend.begin(clinic.id) as unit:
                held = unit.deliveries.claim(delivery)
                claimed.set()
                answered.wait(A_MOMENT)
                unit.deliveries.finish(delivery, RESULT)
            return held

        def second() -> Delivery | None:
            assert claimed.wait(PATIENCE_SECONDS)
            with backend.begin(clinic.id) as unit:
                held = unit.deliveries.claim(delivery)
                answered.set()
            return held

        assert together(first, second) == [None, evolve(delivery, result=RESULT)]

    def test_a_second_claim_takes_over_what_came_to_nothing(self, backend: Backend) -> None:
        """When the first unit of work is dropped, the one that waited registers the delivery."""
        self.needs(Capability.THREADS)
        clinic = a_practice(backend)
        delivery = a_delivery(clinic)
        claimed, answered = threading.Event(), threading.Event()

        def first() -> None:
            with suppress(Failed), backend.begin(clinic.id) as unit:
                unit.deliveries.claim(delivery)
                claimed.set()
                answered.wait(A_MOMENT)
                raise Failed

        def second() -> Delivery | None:
            assert claimed.wait(PATIENCE_SECONDS)
            with backend.begin(clinic.id) as unit:
                held = unit.deliveries.claim(delivery)
                answered.set()
                unit.deliveries.finish(delivery, {"by": "second"})
            return held

        assert together(first, second) == [None, None]
        with backend.begin(clinic.id) as unit:
            assert unit.deliveries.claim(delivery) == evolve(delivery, result={"by": "second"})

    def test_of_many_at_once_one_registers(self, backend: Backend) -> None:
        """The same request twenty times at once has one effect."""
        self.needs(Capability.THREADS)
        clinic = a_practice(backend)
        delivery = a_delivery(clinic)

        def request(number: int) -> int:
            with backend.begin(clinic.id) as unit:
                held = unit.deliveries.claim(delivery)
                if held is None:
                    unit.deliveries.finish(delivery, {"winner": number})
                    return number
            assert held.result is not None
            return int(held.result["winner"])

        answers = together(*(lambda n=n: request(n) for n in range(20)))
        assert len(set(answers)) == 1

    def test_what_came_of_a_delivery_is_forgotten(self, backend: Backend) -> None:
        """By the ids in its result; one that says `KEYED` stays known by its key alone."""
        clinic = a_practice(backend)
        by_key, by_content, other = (a_delivery(clinic, f"key:{n}") for n in range(3))
        told = {"tasks": ["t-1"], "known_by": KEYED}
        with backend.begin(clinic.id) as unit:
            results: tuple[dict[str, Any], ...] = (
                {"lead": "l-1", **told},
                {"lead": "l-1"},
                {"lead": "l-11", **told},
            )
            for one, result in zip((by_key, by_content, other), results, strict=True):
                unit.deliveries.claim(one)
                unit.deliveries.finish(one, result)
        with backend.begin(clinic.id) as unit:
            unit.deliveries.forget(["l-1", "nothing"])
        with backend.begin(clinic.id) as unit:
            gone = unit.deliveries.claim(evolve(by_key, fingerprint="2" * 64))
            assert exact(gone) == exact(evolve(by_key, fingerprint="", result=dict(ERASED)))
            assert unit.deliveries.claim(by_content) is None
            assert exact(unit.deliveries.claim(other)) == exact(evolve(other, result=results[2]))
