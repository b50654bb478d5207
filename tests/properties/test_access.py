"""Codes, tokens and lockout hold whatever instant, secret or number of failures there is."""

import base64
from datetime import UTC, datetime, timedelta

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from orthocrm.access import codes, lockout
from orthocrm.access.tokens import TokenKind, new_token, read_token
from orthocrm.core.access import Attempts
from orthocrm.testing.factories import a_clinic, some_attempts

CLINIC = a_clinic()
NOW = datetime(2026, 11, 2, 15, tzinfo=UTC)

instants = st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the zone is given beside
secrets = st.binary(min_size=20, max_size=20).map(lambda raw: base64.b32encode(raw).decode())


@given(secret=secrets, now=instants, late=st.integers(-120, 120))
def test_a_code_opens_within_a_step_of_its_own(secret: str, now: datetime, late: int) -> None:
    shown = now + timedelta(seconds=late)
    code = codes.code_at(secret, shown)
    step = codes.step_of(secret, code, now, 0)
    if abs(codes.step_at(shown) - codes.step_at(now)) <= 1:
        assert step is not None
        assert codes.step_of(secret, code, now, step) != step
    if step is not None:
        assert abs(step - codes.step_at(now)) <= 1
        assert codes.code_at(secret, datetime.fromtimestamp(step * codes.STEP, UTC)) == code


@given(secret=secrets, start=instants, moves=st.lists(st.integers(0, 45), max_size=12))
def test_no_step_is_ever_used_twice(secret: str, start: datetime, moves: list[int]) -> None:
    now, last, used = start, 0, list[int]()
    for move in moves:
        now += timedelta(seconds=move)
        step = codes.step_of(secret, codes.code_at(secret, now), now, last)
        if step is not None:
            used.append(step)
            last = step
    assert used == sorted(set(used))


@given(failures=st.integers(0, 300))
def test_one_failure_more_never_makes_the_wait_shorter(failures: int) -> None:
    assert lockout.wait_after(failures) <= lockout.wait_after(failures + 1)


@given(waits=st.lists(st.integers(0, 7200), max_size=60))
def test_whoever_guesses_has_few_guesses_an_hour(waits: list[int]) -> None:
    """A machine that guesses whenever it may: 5 at first, then as the waits allow."""
    now, attempts, guesses = NOW, None, list[datetime]()
    for seconds in waits:
        now += timedelta(seconds=seconds)
        if lockout.locked_until(attempts, now) is None:
            attempts = _failed(attempts, now)
            guesses.append(now)
    for first in guesses:
        within = [at for at in guesses if first <= at < first + lockout.LONGEST_WAIT]
        assert len(within) <= 11


def _failed(attempts: Attempts | None, now: datetime) -> Attempts:
    failures = lockout.failures_after(attempts, now)
    return evolve(attempts or some_attempts(CLINIC), failures=failures, last_at=now)


@given(kind=st.sampled_from(TokenKind), owner=st.text(min_size=1, max_size=100))
def test_tokens_say_what_was_written(kind: TokenKind, owner: str) -> None:
    drawn = new_token(kind, CLINIC.id, owner)
    read = read_token(drawn.token, kind)
    assert read is not None
    assert (read.clinic, read.owner, read.digest) == (CLINIC.id, owner, drawn.digest)


@given(text=st.text(max_size=300), kind=st.sampled_from(TokenKind))
def test_no_other_text_is_a_token(text: str, kind: TokenKind) -> None:
    assert read_token(text, kind) is None


@given(raw=st.text(max_size=60))
def test_any_text_is_a_code_or_none(raw: str) -> None:
    code = codes.read_code(raw)
    assert code is None or len(code) in (6, 16)
