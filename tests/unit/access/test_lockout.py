"""Lockout: how long who fails has to wait."""

from datetime import timedelta

import pytest
from attrs import evolve

from orthocrm.access import lockout
from orthocrm.testing.clock import MONDAY_MORNING as NOW
from orthocrm.testing.factories import a_clinic, some_attempts

FAILED = some_attempts(a_clinic(), last_at=NOW)


@pytest.mark.parametrize(
    "failures, minutes",
    [(0, 0), (1, 0), (4, 0), (5, 1), (6, 2), (7, 4), (8, 8), (9, 16), (10, 32), (11, 60), (99, 60)],
)
def test_the_wait_doubles_up_to_an_hour(failures: int, minutes: int) -> None:
    assert lockout.wait_after(failures) == timedelta(minutes=minutes)


@pytest.mark.parametrize("failures", [100, 101, 10**9])
def test_a_hundred_failures_lock_until_they_are_forgotten(failures: int) -> None:
    assert lockout.wait_after(failures) == lockout.FORGOTTEN_AFTER


def test_an_address_is_locked_until_its_wait_is_over() -> None:
    fifth = evolve(FAILED, failures=5)
    until = NOW + timedelta(minutes=1)
    assert lockout.locked_until(None, NOW) is None
    assert lockout.locked_until(evolve(FAILED, failures=4), NOW) is None
    assert lockout.locked_until(fifth, NOW) == until
    assert lockout.locked_until(fifth, until - timedelta(microseconds=1)) == until
    assert lockout.locked_until(fifth, until) is None


def test_failures_add_up_until_they_are_forgotten() -> None:
    assert lockout.failures_after(None, NOW) == 1
    assert lockout.failures_after(evolve(FAILED, failures=7), NOW + timedelta(days=29)) == 8
    late = NOW + lockout.FORGOTTEN_AFTER
    assert lockout.failures_after(evolve(FAILED, failures=7), late) == 1
    assert lockout.is_forgotten(FAILED, late)
